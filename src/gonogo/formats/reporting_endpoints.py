"""Reporting-Endpoints (W3C Reporting API §3.2)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import urljoin, urlsplit

from gonogo.formats import structured_fields
from gonogo.formats.structured_fields import Item, Member


@dataclass(frozen=True, slots=True)
class Endpoints:
    urls: Mapping[str, str]
    """Endpoint name to absolute URL: the names that `report-to` may use."""
    ignored: tuple[str, ...] = ()
    """Why browsers skip an endpoint, one line each."""


def parse(values: Sequence[str], *, url: str) -> Endpoints | str:
    """The endpoints of the response at `url`, or why there are none. Relative addresses count from `url`."""
    members = structured_fields.dictionary(values)
    if isinstance(members, str):
        return members
    urls, ignored = {}, []
    for name, member in members.items():
        target = _target(member, url)
        if target is None:
            ignored.append(f"{name[:40]} is not a quoted https address")
        else:
            urls[name] = target
    return Endpoints(urls, tuple(ignored))


def _target(member: Member, base: str) -> str | None:
    """The absolute address, or None where browsers skip the endpoint: no string, no address or not secure."""
    if not isinstance(member, Item) or not isinstance(member.value, str):
        return None
    try:
        target = urljoin(base, member.value)
        parts = urlsplit(target)
    except ValueError:
        return None
    return target if parts.scheme == "https" and parts.hostname else None
