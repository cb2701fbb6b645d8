"""Referrer-Policy (W3C Referrer Policy §8.1)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

POLICIES = (
    "no-referrer",
    "no-referrer-when-downgrade",
    "same-origin",
    "origin",
    "strict-origin",
    "origin-when-cross-origin",
    "strict-origin-when-cross-origin",
    "unsafe-url",
)


@dataclass(frozen=True, slots=True)
class ReferrerPolicy:
    policy: str
    """The one in force, in lower case."""
    unknown: tuple[str, ...] = ()
    """Words that browsers skip: fallbacks for newer browsers, or misspellings."""


def parse(values: Sequence[str]) -> ReferrerPolicy | str:
    """The last policy that browsers know, or why they take their own default (strict-origin-when-cross-origin)."""
    if not values:
        return "absent"
    words = [word for value in values for part in value.split(",") if (word := part.strip(" \t").lower())]
    known = [word for word in words if word in POLICIES]
    unknown = tuple(dict.fromkeys(word[:80] for word in words if word not in POLICIES))
    if not known:
        return f"no known policy in {', '.join(unknown)[:200]!r}"
    return ReferrerPolicy(known[-1], unknown)
