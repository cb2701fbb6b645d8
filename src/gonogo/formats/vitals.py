"""How repeated measurements are held to a budget."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import median

from gonogo.result import Finding


def over_budget(
    page: str, metric: str, values: Sequence[float], limit: float, unit: str, *, element: str = ""
) -> list[Finding]:
    """A finding when the median of the runs is over its limit; the spread is told with it."""
    middle = median(values)
    if middle <= limit:
        return []
    digits = 0 if unit == "ms" else 3
    suffix = f" {unit}" if unit else ""
    seen = f"{middle:.{digits}f}{suffix} (median of {len(values)} runs, {min(values):.{digits}f} to {max(values):.{digits}f})"
    if element:
        seen += f" at {element[:80]}"
    return [Finding.of(page, seen=seen, wanted=f"at most {limit:g}{suffix}", what=metric)]
