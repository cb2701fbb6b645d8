"""How repeated measurements are held to a budget."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from statistics import median

from gonogo.result import Finding

MOST_ELEMENT = 160


@dataclass(frozen=True, slots=True)
class Series:
    """One metric of a page, run by run. There is at least one value."""

    values: tuple[float, ...]
    again: tuple[float, ...] = ()
    """Of the repetitions that were made because the first runs left a budget in doubt."""

    @property
    def median(self) -> float:
        return median(self.values)

    @property
    def deviation(self) -> float:
        """Median absolute deviation: half of the runs lie no further from the median."""
        return median(abs(value - self.median) for value in self.values)

    def over(self, limit: float) -> bool:
        """The median is over the limit, and either each run is, or the repetitions agree (where any were made)."""
        if self.median <= limit:
            return False
        return min(self.values) > limit or not self.again or median(self.again) > limit


def over_budget(
    page: str, metric: str, series: Series, limit: float, unit: str, *, element: str = "", note: str = ""
) -> list[Finding]:
    """A finding when the runs are over their limit; the spread is told with it, and `note` after it."""
    if not series.over(limit):
        return []
    seen = f"{_amount(series.median, unit)} ({_spread(series, unit)})"
    if element:
        seen += f" at {element[:MOST_ELEMENT]}"
    found = Finding.of(page, seen=seen, wanted=f"at most {_limit(limit, unit)}", what=metric)
    # As a sentence of its own: a number beside the limit would read as what the limit is for.
    return [replace(found, message=f"{found.message} {note[0].upper()}{note[1:]}.") if note else found]


def near_budget(
    page: str, metric: str, series: Series, limit: float, unit: str, *, headroom: float, element: str = ""
) -> list[Finding]:
    """A finding when the median keeps its limit, but lies within the last `headroom` (a share) of it."""
    most = limit * (1 - headroom)
    if series.over(limit) or series.median <= most:
        return []
    seen = f"{_amount(series.median, unit)} ({_spread(series, unit)}) of at most {_limit(limit, unit)}"
    if element:
        seen += f" at {element[:MOST_ELEMENT]}"
    return [Finding.of(page, seen=seen, wanted=f"at most {_amount(most, unit)}", what=metric)]


def heaviest(page: str, what: str, sizes: Sequence[int], limit: int, unit: str, *, worst: str = "") -> list[Finding]:
    """A finding when the heaviest run is over its limit: what is sent does not depend on how busy a machine is."""
    if max(sizes) <= limit:
        return []
    seen = f"{max(sizes)} {unit}" + (f", most of it {worst[:MOST_ELEMENT]}" if worst else "")
    return [Finding.of(page, seen=seen, wanted=f"at most {limit} {unit}", what=what)]


def _spread(series: Series, unit: str) -> str:
    values, digits = series.values, 0 if unit == "ms" else 3
    if len(values) == 1:
        said = "1 run"
    else:
        said = f"median of {len(values)} runs, {min(values):.{digits}f} to {max(values):.{digits}f}"
    if len(values) > 2:
        said += f", MAD {series.deviation:.{digits}f}"
    if series.again:
        said += f"; {median(series.again):.{digits}f} in {len(series.again)} more"
    return said


def _amount(value: float, unit: str) -> str:
    return f"{value:.0f} {unit}" if unit == "ms" else f"{value:.3f} {unit}".rstrip()


def _limit(value: float, unit: str) -> str:
    return f"{value:g} {unit}".rstrip()
