"""What was measured, in drawings: each value beside its limit, how pages came into sight, under which conditions."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from gonogo.concerns.vitals.measured import MeasuredPage, MeasuredVisit, pages
from gonogo.concerns.vitals.waterfall import Film, Waterfall
from gonogo.evidence.summary import Point
from gonogo.reports.model import EvidenceSummary, Report
from gonogo.reports.pictures import address
from gonogo.reports.section import Place, Section

FILM_BYTES = 1_000_000
"""Most bytes of all films in the page."""
_PERCENTILE = re.compile(r"p\d+(?:\.\d+)?")
"""Percentiles of one measurement stand on one scale; other labels measure different things."""


@dataclass(frozen=True, slots=True)
class Drawing:
    """What is drawn of one visit whose times are measured."""

    waterfalls: tuple[Waterfall, ...] = ()
    """Of a first run."""
    film: Film | None = None
    """How a page came into sight, where this was its warm-up."""
    measured: MeasuredVisit | None = None
    """Under which conditions."""


@dataclass(frozen=True, slots=True)
class _Loading:
    """How one load went."""

    fall: Waterfall
    pictures: tuple[tuple[str, str], ...]
    """When, and the picture's address."""


@dataclass(frozen=True, slots=True)
class _Mark:
    """One measured value on a scale, percent of its width."""

    x: float
    text: str
    over: bool


@dataclass(frozen=True, slots=True)
class _Scale:
    """The values of one label, and their limit, on one scale that begins at 0."""

    label: str
    marks: tuple[_Mark, ...]
    limit: float | None
    said: str
    over: bool


def measurements(report: Report) -> Section | None:
    """None where nothing was measured."""
    every = list(report.evidence.values())
    plots, conditions, loadings = _plots(every), _measured(every), _loadings(every)
    if not (plots or conditions):
        return None
    return Section(
        anchor="measured",
        title="Measured",
        template=Path(__file__).with_name("measurements.html.j2"),
        rows={"plots": plots, "measured_pages": conditions, "loadings": loadings},
        place=Place.WAIVERS,
    )


def _drawings(evidence: Iterable[EvidenceSummary]) -> list[Drawing]:
    return [one.drawn for one in evidence if isinstance(one.drawn, Drawing)]


def _loadings(evidence: Iterable[EvidenceSummary]) -> list[_Loading]:
    """Each waterfall; the first of a page with the page's film, while the films fit."""
    every = _drawings(evidence)
    films = {one.film.page: one.film for one in every if one.film}
    left, told = FILM_BYTES, []
    for fall in (fall for one in every for fall in one.waterfalls):
        film = films.pop(fall.page, None)
        size = sum(len(shot.picture) for shot in film.shots) if film else 0
        shown = film.shots if film and size <= left else ()
        left -= size if shown else 0
        pictures = tuple((f"{shot.ms:,} ms", where) for shot in shown if (where := address(shot.picture)))
        told.append(_Loading(fall, pictures))
    return told


def _measured(evidence: Iterable[EvidenceSummary]) -> tuple[MeasuredPage, ...]:
    """Under which conditions each page's Web Vitals were measured."""
    ordered = sorted(evidence, key=lambda summary: (summary.started, summary.id))
    return pages(one.measured for one in _drawings(ordered) if one.measured is not None)


def _plots(evidence: Iterable[EvidenceSummary]) -> list[tuple[str, list[_Scale]]]:
    """(what was measured, its scales); repetitions of one group share theirs."""
    groups: dict[str, dict[str, list[Point]]] = {}
    for one in sorted(evidence, key=lambda summary: (summary.probe, summary.started, summary.id)):
        for name, points in ((one.group or one.title, one.plot), *one.plots):
            for point in points:
                groups.setdefault(name, {}).setdefault(point.label, []).append(point)
    plots = []
    for name, of in groups.items():
        common = max((_end(points) for label, points in of.items() if _PERCENTILE.fullmatch(label)), default=0.0)
        scales = [
            _scale(label, points, common if _PERCENTILE.fullmatch(label) else _end(points))
            for label, points in of.items()
        ]
        plots.append((name, scales))
    return plots


def _end(points: Sequence[Point]) -> float:
    """The right end of a scale that holds these values and their limits."""
    return max(max(point.value, point.limit or 0.0) for point in points) * 1.12 or 1.0


def _scale(label: str, points: Sequence[Point], end: float) -> _Scale:
    limit, unit = points[0].limit, points[0].unit
    values = [point.value for point in points]
    middle = median(values)
    over = limit is not None and middle > limit
    said = _amount(middle, unit) + (f", median of {len(values)}" if len(values) > 1 else "")
    if limit is not None:
        said += f"; limit {_amount(limit, unit)}"
    marks = tuple(
        _Mark(_percent(value, end), _amount(value, unit), limit is not None and value > limit) for value in values
    )
    return _Scale(label, marks, None if limit is None else _percent(limit, end), said, over)


def _percent(value: float, end: float) -> float:
    return round(min(max(100 * value / end, 0.0), 100.0), 2)


def _amount(value: float, unit: str) -> str:
    text = f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"
    return f"{text} {unit}".rstrip()
