"""Cache-Control (RFC 9111 §5.2) and whether a shared cache may store an answer (§3)."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

LIMIT = 65_536
"""Characters of one field that are read; servers and browsers refuse header blocks of this size."""

HEURISTICALLY_CACHEABLE = frozenset({200, 203, 204, 206, 300, 301, 308, 404, 405, 410, 414, 501})
"""Statuses that a cache may store without being told for how long (RFC 9110 §15.1)."""

_DIRECTIVE = re.compile(
    r"[ \t]*+([!#$%&'*+\-.^_`|~0-9A-Za-z]++)(?:[ \t]*+=[ \t]*+(?:\"((?:[^\"\\]|\\.)*+)\"|([^,;\s\"]*+)))?[ \t]*+(?:,|\Z)",
    re.DOTALL,
)
_ESCAPE = re.compile(r"\\(.)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Storage:
    allowed: bool
    why: str
    """The directive or status that decides, in words."""


def parse(values: Iterable[str]) -> dict[str, str]:
    """Directive to argument (empty for none); names in lower case, of a repeated one the first (§4.2.1).

    What is not a directive is skipped up to the next comma, as caches do.
    """
    found: dict[str, str] = {}
    for name, argument in _directives(values):
        found.setdefault(name, argument)
    return found


def duplicates(values: Iterable[str]) -> tuple[str, ...]:
    """Directives that stand more than once: caches differ in which one they obey (§4.2.1)."""
    return tuple(name for name, count in Counter(name for name, _ in _directives(values)).items() if count > 1)


def seconds(directives: dict[str, str], name: str) -> int | None:
    """A delta-seconds argument (RFC 9111 §1.2.2), or None when it is absent or not a number."""
    text = directives.get(name, "")
    return int(text.lstrip("0")[:18] or "0") if text.isascii() and text.isdigit() else None


def shared_storage(
    values: Iterable[str], *, status: int = 200, authorization: bool = False, expires: bool = False
) -> Storage:
    """Whether a shared cache may store the answer to a GET, and why (§3).

    `authorization`: the request carried an Authorization field. `expires`: the answer carries an Expires field.
    `private` with field names forbids only those fields (§5.2.2.7). Storing is not reusing: no-cache allows it.
    """
    directives = list(_directives(values))
    named = {name for name, _ in directives}
    if "no-store" in named and not ("must-understand" in named and status in HEURISTICALLY_CACHEABLE):
        return Storage(False, "no-store")
    if ("private", "") in directives:
        return Storage(False, "private")
    if authorization and not named & {"public", "s-maxage", "must-revalidate"}:
        return Storage(False, "the request was authorized and nothing makes its answer public (§3.5)")
    for name in ("public", "s-maxage", "max-age"):
        if name in named:
            return Storage(True, name)
    if expires:
        return Storage(True, "Expires")
    if status in HEURISTICALLY_CACHEABLE:
        return Storage(True, f"nothing forbids it and status {status} is cacheable by itself")
    return Storage(False, f"status {status} needs an explicit lifetime")


def http_date(text: str) -> datetime | None:
    """The instant that a Date or Expires field names (RFC 9110 §5.6.7); None for anything else."""
    try:
        found = parsedate_to_datetime(text[:100])
    except (ValueError, TypeError, OverflowError, IndexError):
        return None
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def shared_lifetime(values: Iterable[str], *, expires: Sequence[str] = (), date: datetime | None = None) -> int | None:
    """Seconds for which a shared cache may hand out an answer unasked (§4.2.1), None where nothing says it.

    `expires` counts without s-maxage and max-age; one that is no date, or without a `date`, is in the past (§5.3).
    An unreadable lifetime is none (§4.2.1). stale-while-revalidate adds to it (RFC 5861 §3).
    """
    directives = list(_directives(values))
    said: dict[str, str] = {}
    for name, argument in directives:
        said.setdefault(name, argument)
    if ("no-cache", "") in directives:
        return 0
    name = next((one for one in ("s-maxage", "max-age") if one in said), "")
    if name:
        fresh = seconds(said, name) or 0
    elif expires:
        until = http_date(expires[0])
        fresh = max(0, int((until - date).total_seconds())) if until and date else 0
    else:
        return None
    if said.keys() & {"must-revalidate", "proxy-revalidate"}:
        return fresh
    return fresh + (seconds(said, "stale-while-revalidate") or 0)


TARGETED = (
    "cdn-cache-control",
    "cloudflare-cdn-cache-control",
    "netlify-cdn-cache-control",
    "vercel-cdn-cache-control",
)
"""Fields that the caches they name obey in place of Cache-Control (RFC 9213 §2)."""


def kept_by_cdns(field: Callable[[str], Sequence[str]]) -> str:
    """Which field lets a CDN hand out an answer unasked, in words, whatever Cache-Control says; empty for none.

    `field` gives the values of a header by its name.
    """
    for name in TARGETED:
        if values := field(name):
            lifetime = shared_lifetime(values)
            said = parse(values)
            if shared_storage(values).allowed and (lifetime or (lifetime is None and "public" in said)):
                return f"{name}: {', '.join(values)[:60]}"
    values = field("surrogate-control")
    # Edge Architecture §2.2: `max-age=600+30` allows 30 more seconds.
    said = parse(value.replace("+", ",") for value in values)
    if not said.keys() & {"no-store", "private", "no-cache"} and seconds(said, "max-age"):
        return f"surrogate-control: {', '.join(values)[:60]}"
    given = next(iter(field("x-accel-expires")), "").strip()
    # nginx: seconds, or @ and the second since 1970; zero and `off` keep nothing.
    if given.removeprefix("@")[:18].isdecimal() and given.isascii() and given.removeprefix("@").strip("0"):
        return f"x-accel-expires: {given[:60]}"
    return ""


def _directives(values: Iterable[str]) -> Iterable[tuple[str, str]]:
    """Every directive in the order it stands, its argument without quotes."""
    for whole in values:
        position, value = 0, whole[:LIMIT]
        while position < len(value):
            match = _DIRECTIVE.match(value, position)
            if match is None:
                position = value.find(",", position) + 1 or len(value)
                continue
            position = match.end()
            quoted = match.group(2)
            yield match.group(1).lower(), match.group(3) or "" if quoted is None else _ESCAPE.sub(r"\1", quoted)
