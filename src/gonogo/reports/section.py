"""What a concern adds to a run's report: a section of verdict.html and tables of summary.md. No writer knows which there are."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from gonogo.reports.model import Report


class Place(StrEnum):
    """Behind which part of the page a section stands."""

    FINDINGS = "findings"
    WAIVERS = "waivers"


@dataclass(frozen=True, slots=True)
class SummaryTable:
    """A table of summary.md. All text is plain: the writer bounds and escapes it."""

    heading: str
    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


@dataclass(frozen=True, slots=True)
class Section:
    """One entry of the page's contents, and what stands there."""

    anchor: str
    """The id of the template's first heading; unique in the page."""
    title: str
    """In the contents; a word or three."""
    template: Path
    """A Jinja template with its own `<section>` elements. It has the page's filters and may import `macros.html.j2`."""
    rows: Mapping[str, object]
    """What the template is given; all text in it is bounded by a filter of the template (`line`, `lines`)."""
    count: int = 0
    """What stands beside the title: entries that a reader should look at; 0 is not shown."""
    place: Place = Place.FINDINGS
    markdown: tuple[SummaryTable, ...] = field(default=())


Maker = Callable[["Report"], Section | None]
"""Makes a section of a run; None where there is nothing to tell. It is called once, when the first writer asks."""
