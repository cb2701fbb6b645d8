"""How often something is looked for that takes its time: often at first, then less and less."""

from __future__ import annotations

FIRST_S = 0.25
GROWTH = 1.5
LONGEST_S = 2.0


def pauses(within_s: float) -> tuple[float, ...]:
    """Seconds between one look and the next; together `within_s`, so there is one look more than pauses."""
    found: list[float] = []
    left, pause = within_s, FIRST_S
    while left > 0:
        found.append(min(pause, left))
        left -= pause
        pause = min(pause * GROWTH, LONGEST_S)
    return tuple(found)
