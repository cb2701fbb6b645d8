"""Strict-Transport-Security as browsers read it (RFC 6797 §6.1 and §8.1).

Where Chromium and Firefox differ, a field counts only if both would obey it.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

LIMIT = 65_536
"""Characters of a field that are read; browsers refuse header blocks of this size."""

_NAME = r"[!#$%&'*+\-.^_`|~0-9A-Za-z]++"
_SPACE = r"(?:[ \t]|\r\n(?=[ \t]))*+"  # RFC 6797 §6.1 takes linear white space from RFC 2616, folded lines included
_QUOTED = r"\"((?:[^\"\\]|\\.)*+)\""
_DIRECTIVE = re.compile(
    rf"{_SPACE}(?:({_NAME}){_SPACE}(?:={_SPACE}(?:({_NAME})|{_QUOTED}){_SPACE})?)?(?:;|\Z)", re.DOTALL
)
_ESCAPE = re.compile(r"\\(.)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Hsts:
    max_age: int
    """Seconds, as sent. Chromium keeps a policy for one year at most."""
    include_subdomains: bool
    preload: bool
    unknown: tuple[str, ...] = ()
    """Names of directives that browsers ignore, in lower case: often a misspelt `includeSubDomains`."""


def parse(values: Sequence[str]) -> Hsts | str:
    """The policy in force, or why there is none.

    Only the first field is processed (§8.1); a repeated known directive, an includeSubDomains with a value or a bad
    max-age voids it (§6.1).
    """
    if not values:
        return "absent"
    if len(values[0]) > LIMIT:
        return f"longer than {LIMIT} characters, so not read"
    directives = _directives(values[0])
    if isinstance(directives, str):
        return directives
    said: dict[str, str | None] = {}
    for name, value in directives:
        if name in said and name in {"max-age", "includesubdomains"}:
            return f"{name} stands twice, so browsers ignore the header"
        said.setdefault(name, value)
    if said.get("includesubdomains") is not None:
        return "includeSubDomains has a value, so browsers ignore the header"
    age = said.get("max-age")
    if age is None:
        return "without max-age, so browsers ignore it"
    if not (age.isascii() and age.isdigit()):
        return f"max-age={age[:40]!r} is not a number, so browsers ignore the header"
    return Hsts(
        max_age=int(age.lstrip("0")[:18] or "0"),
        include_subdomains="includesubdomains" in said,
        preload="preload" in said and said["preload"] is None,
        unknown=tuple(name for name in said if name not in {"max-age", "includesubdomains", "preload"}),
    )


def several(values: Sequence[str]) -> bool:
    """More than one field was sent: browsers obey the first and drop the others (§8.1)."""
    return len(values) > 1


def _directives(field: str) -> list[tuple[str, str | None]] | str:
    """Each directive's name in lower case and its unquoted value, or why this is no list of directives (§6.1)."""
    found: list[tuple[str, str | None]] = []
    position = 0
    while position < len(field):
        match = _DIRECTIVE.match(field, position)
        if match is None:
            return f"not a list of directives: {field[position : position + 40]!r}"
        position = match.end()
        name, token, quoted = match.groups()
        if name is not None:
            found.append((name.lower(), token if quoted is None else _ESCAPE.sub(r"\1", quoted)))
    return found
