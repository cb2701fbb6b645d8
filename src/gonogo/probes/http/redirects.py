"""Redirects as further requests: the same rule for the collector that gathers them and the check that judges them."""

from __future__ import annotations

from dataclasses import replace
from urllib.parse import urljoin, urlsplit

from gonogo.probes.http.facts import Exchange
from gonogo.probes.http.request import HttpRequest


def origin(url: str) -> tuple[str, str, int]:
    """Scheme, host and port (RFC 6454). Raises ValueError when the URL has a bad port."""
    parts = urlsplit(url)
    return (parts.scheme, (parts.hostname or "").lower(), parts.port or (443 if parts.scheme == "https" else 80))


def absolute(url: str, location: str) -> str:
    """A Location resolved against the address that sent it; empty where it is none."""
    try:
        return urljoin(url, location) if location else ""
    except ValueError:
        return ""


def next_hop(request: HttpRequest, exchange: Exchange) -> HttpRequest | None:
    """The request that a redirect leads to, or None when there is none, or `request.follow` allows no more.

    Credentials are not carried to another origin (RFC 9110 §15.4).
    """
    location = exchange.location
    if location is None or request.follow < 1 or any(ord(one) < 33 or ord(one) == 127 for one in location):
        return None
    try:
        url = urljoin(request.url, location)
        parts = urlsplit(url)
        same = origin(url) == origin(request.url)
    except ValueError:
        return None
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        return None
    return replace(
        request,
        url=parts._replace(fragment="", path=parts.path or "/").geturl(),
        role=request.role if same else "anonymous",
        follow=request.follow - 1,
    )
