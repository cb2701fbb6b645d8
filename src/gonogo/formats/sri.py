"""Subresource Integrity: whether a page's foreign scripts and style sheets are pinned (https://www.w3.org/TR/SRI/)."""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass
from urllib.parse import urlsplit

from gonogo.formats.html import Markup

DIGEST_BYTES = {"sha256": 32, "sha384": 48, "sha512": 64}
"""Algorithms a browser must know, weakest first (§3.2), and the length of their digests."""

MAX_LENGTH = 8192
DEFAULT_PORTS = {"http": 80, "https": 443}


@dataclass(frozen=True, slots=True)
class Integrity:
    """What an integrity attribute demands: only the digests of its strongest algorithm count (§3.3.4)."""

    algorithm: str
    digests: frozenset[bytes]
    ignored: tuple[str, ...] = ()
    """Items that browsers pass over: unknown algorithms and malformed digests."""


def parse(text: str) -> Integrity | str:
    """What an integrity attribute demands, or why it protects nothing. Any text is accepted."""
    found: dict[str, set[bytes]] = {}
    ignored = []
    for item in text[:MAX_LENGTH].split():
        name, _, rest = item.partition("-")
        digest = _digest(name.lower(), rest.partition("?")[0])
        if digest:
            found.setdefault(name.lower(), set()).add(digest)
        else:
            ignored.append(item[:120])
    for algorithm in reversed(DIGEST_BYTES):
        if algorithm in found:
            return Integrity(algorithm, frozenset(found[algorithm]), tuple(ignored))
    return "empty" if not ignored else f"{ignored[0]!a} is no SHA-256, SHA-384 or SHA-512 digest in base64"


def _digest(algorithm: str, text: str) -> bytes:
    size = DIGEST_BYTES.get(algorithm, 0)
    letters = text.replace("-", "+").replace("_", "/").rstrip("=")
    try:
        digest = base64.b64decode(letters + "=" * (-len(letters) % 4), validate=True)
    except (binascii.Error, ValueError):
        return b""
    return digest if len(digest) == size else b""


@dataclass(frozen=True, slots=True)
class Unpinned:
    """A script or style sheet that is not protected, or that its protection keeps from loading."""

    element: str
    url: str
    """As the page writes it, shortened."""
    seen: str
    wanted: str
    message: str


LOADED_LINKS = frozenset({"stylesheet", "modulepreload"})
MAX_FOUND = 50


def unpinned(markup: Markup, page_url: str) -> tuple[Unpinned, ...]:
    """Foreign scripts, style sheets and preloaded modules without effective integrity; at most one finding for each.

    Foreign is what has another origin than `page_url`, after resolving against the base element. The page's own files
    need no integrity, but an attribute that is there must hold.
    """
    loads = [
        ("script", one.src, one.integrity, one.crossorigin) for one in markup.scripts if one.src and one.executes
    ] + [
        (f"link {' '.join(sorted(one.rel & LOADED_LINKS))}", one.href, one.integrity, one.crossorigin)
        for one in markup.links
        if one.href and one.rel & LOADED_LINKS
    ]
    found: dict[tuple[str, str], Unpinned] = {}
    for element, url, integrity, crossorigin in loads:
        is_module = "modulepreload" in element
        if fault := _fault(markup.absolute(url, page_url), url, page_url, integrity, crossorigin, is_module=is_module):
            seen, wanted = fault
            shown = url if len(url) <= 120 else f"{url[:119]}…"
            found.setdefault((element, url), Unpinned(element, shown, seen, wanted, f"{element} {shown} is {seen}"))
    return tuple(found.values())[:MAX_FOUND]


def _fault(
    absolute: str, url: str, page_url: str, integrity: str, crossorigin: str | None, *, is_module: bool
) -> tuple[str, str] | None:
    """What is wrong with one load, and what is wanted."""
    there, here = origin(absolute), origin(page_url)
    if not there:
        return None
    demanded = parse(integrity)
    if there == here:
        if integrity.strip() and isinstance(demanded, str):
            return f"with an integrity that protects nothing: {demanded}", "a SHA-384 digest"
        return None
    if there.startswith("http://") and not here.startswith("http://"):
        return "fetched over http", "https with integrity and crossorigin"
    if isinstance(demanded, str):
        said = "without integrity" if not integrity.strip() else f"with an integrity that protects nothing: {demanded}"
        return said, "integrity and crossorigin"
    if crossorigin is None and not is_module:
        return "with integrity but without crossorigin, so browsers refuse it", 'crossorigin="anonymous"'
    return ("without a scheme", "https://") if url.startswith("//") else None


def origin(url: str) -> str:
    """`https://host:port` of a web URL, so that two origins can be compared; empty for any other."""
    try:
        parts = urlsplit(url)
        port = parts.port if parts.port is not None else DEFAULT_PORTS.get(parts.scheme)
    except ValueError:
        return ""
    if parts.scheme not in DEFAULT_PORTS or not parts.hostname:
        return ""
    return f"{parts.scheme}://{parts.hostname}:{port}"
