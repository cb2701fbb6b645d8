"""Cache-Control (RFC 9111 §5.2) and whether a shared cache may store an answer (§3)."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

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
