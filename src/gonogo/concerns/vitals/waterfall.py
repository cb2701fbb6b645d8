"""When each resource of a measured load was asked for, answered and complete, laid out for a drawing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

from gonogo.probes.browser.facts import Load

MOST_ROWS = 30
SHOWN = 60


@dataclass(frozen=True, slots=True)
class Row:
    """One resource; positions are percent of the width."""

    name: str
    kind: str
    said: str
    """`12 to 45 ms, 8.1 kB`."""
    left: float
    waited: float
    received: float


@dataclass(frozen=True, slots=True)
class Mark:
    name: str
    at: float
    said: str


@dataclass(frozen=True, slots=True)
class Shot:
    """What a page showed from a moment on."""

    ms: int
    picture: bytes
    """JPEG."""


@dataclass(frozen=True, slots=True)
class Film:
    """How a page came into sight, in a load of its own whose times are not judged."""

    page: str
    shots: tuple[Shot, ...]


@dataclass(frozen=True, slots=True)
class Waterfall:
    page: str
    """Path and, where it is not the usual one, device; a film of the same page belongs to it."""
    title: str
    rows: tuple[Row, ...]
    marks: tuple[Mark, ...]
    left_out: int
    """Resources beyond MOST_ROWS."""


def waterfall(page: str, title: str, load: Load) -> Waterfall | None:
    """None where nothing was fetched."""
    vitals = load.vitals
    marks = [(name, ms) for name, ms in (("FCP", vitals.fcp_ms), ("LCP", vitals.lcp_ms)) if ms is not None]
    ends = [*(one.end_ms or one.response_ms or one.start_ms for one in load.transfers), *(ms for _, ms in marks)]
    if not load.transfers:
        return None
    whole = max(ends) * 1.02 or 1.0
    site = urlsplit(load.transfers[0].url).netloc
    rows: list[Row] = []
    for one in load.transfers[:MOST_ROWS]:
        end = max(one.end_ms or whole, one.start_ms)
        answered = min(max(one.response_ms or end, one.start_ms), end)
        size = f", {one.transferred / 1000:.1f} kB" if one.transferred else ""
        said = f"{one.start_ms:.0f} to {end:.0f} ms{size}" if one.end_ms is not None else "never complete"
        left, middle, right = (_percent(ms, whole) for ms in (one.start_ms, answered, end))
        rows.append(Row(_name(one.url, site), one.type, said, left, middle - left, right - middle))
    shown = tuple(Mark(name, _percent(ms, whole), f"{ms:.0f} ms") for name, ms in marks)
    return Waterfall(page, title, tuple(rows), shown, max(len(load.transfers) - MOST_ROWS, 0))


def first_loads(page: str, title: str, loads: Sequence[Load]) -> tuple[Waterfall, ...]:
    """One drawing for each load of a visit."""
    drawn = (waterfall(page, f"{title}, {load.state} load", load) for load in loads)
    return tuple(one for one in drawn if one is not None)


def _name(url: str, site: str) -> str:
    """The path of one's own resources, the host before it of others'; the end of a long one tells more than its middle."""
    parts = urlsplit(url)
    name = parts.path if parts.netloc == site else f"{parts.netloc}{parts.path}"
    return name if len(name) <= SHOWN else f"{name[: SHOWN // 2]}…{name[1 - SHOWN // 2 :]}"


def _percent(ms: float, whole: float) -> float:
    return round(min(max(100 * ms / whole, 0.0), 100.0), 2)
