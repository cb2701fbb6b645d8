"""Clear-Site-Data (W3C Clear Site Data §3.1)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

TYPES = ("cache", "cookies", "storage", "executionContexts", "clientHints", "prefetchCache", "prerenderCache", "*")


@dataclass(frozen=True, slots=True)
class ClearSiteData:
    types: tuple[str, ...]
    """What is cleared, without the quotes; `*` is everything."""
    ignored: tuple[str, ...] = ()
    """What browsers skip: words without quotes or unknown ones, as sent."""

    def clears(self, kind: str) -> bool:
        return kind in self.types or "*" in self.types


def parse(values: Sequence[str]) -> ClearSiteData | str:
    """What the response clears, or why it clears nothing. Types are quoted and case-sensitive."""
    if not values:
        return "absent"
    parts = [part for value in values for found in value.split(",") if (part := found.strip(" \t"))]
    types = tuple(dict.fromkeys(part[1:-1] for part in parts if _known(part)))
    ignored = tuple(dict.fromkeys(part[:80] for part in parts if not _known(part)))
    if not types:
        bare = any(part in TYPES for part in parts)
        return f"{', '.join(ignored)[:200]} {'lacks its quotes' if bare else 'names nothing that browsers know'}"
    return ClearSiteData(types, ignored)


def _known(part: str) -> bool:
    return len(part) > 2 and part[0] == part[-1] == '"' and part[1:-1] in TYPES
