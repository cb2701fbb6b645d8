"""Strict-Transport-Security as browsers read it (RFC 6797 §6.1 and §8.1)."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

_NAME = r"[!#$%&'*+\-.^_`|~0-9A-Za-z]+"
_DIRECTIVE = re.compile(rf"[ \t]*(?:({_NAME})[ \t]*(?:=[ \t]*(?:({_NAME})|\"((?:[^\"\\]|\\.)*)\")[ \t]*)?)?(?:;|\Z)")


@dataclass(frozen=True, slots=True)
class Hsts:
    max_age: int
    """Seconds."""
    include_subdomains: bool
    preload: bool


def parse(values: Sequence[str]) -> Hsts | str:
    """The policy in force, or why there is none.

    Only the first field is processed (§8.1); a repeated directive or a bad max-age voids it (§6.1).
    """
    if not values:
        return "absent"
    field, seen = values[0][:8192], {}
    position = 0
    while position < len(field):
        found = _DIRECTIVE.match(field, position)
        if found is None:
            return f"not a list of directives: {field[position : position + 40]!r}"
        position = found.end()
        if found.group(1) is None:
            continue
        name = found.group(1).lower()
        if name in seen:
            return f"{name} stands twice, so browsers ignore the header"
        seen[name] = found.group(2) if found.group(2) is not None else found.group(3)
    age = seen.get("max-age")
    if age is None:
        return "without max-age, so browsers ignore it"
    if not (age.isascii() and age.isdigit()):
        return f"max-age={age[:40]!r} is not a number, so browsers ignore the header"
    return Hsts(int(age[:18]), "includesubdomains" in seen, "preload" in seen)
