"""What the Web Vitals of a page were measured with; FID and unused code, which are told for information and never judged."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

from gonogo.probes.browser.facts import Conditions, Coverage
from gonogo.reports.text import plural

_STATES = {"first": "first load", "stored": "with stored consent"}
_UNWATCHED = "not measured: no warm-up was planned, which looks for it"


@dataclass(frozen=True, slots=True)
class MeasuredVisit:
    """One visit to a page whose times are measured, or that was planned."""

    page: str
    """Path and, where it is not the usual one, device."""
    run: int
    """0 for a warm-up."""
    warm_up: bool = False
    """It looks for unused code, and its times are not judged."""
    pressed: bool = False
    """Something is pressed in it; without that there is no FID."""
    unneeded: bool = False
    """A repetition for a case of doubt that did not arise."""
    failure: str = ""
    """Why it was not observed; all that follows is empty then."""
    browser: str = ""
    device: str = ""
    viewport: tuple[int, int] = (0, 0)
    """CSS pixels."""
    conditions: Conditions | None = None
    fid: tuple[tuple[str, float | None], ...] = ()
    """State of each load, and milliseconds."""
    coverage: tuple[Coverage, ...] = ()
    cut: bool = False
    """There may be more files than `coverage` has."""

    @property
    def seen(self) -> bool:
        return not self.failure and not self.unneeded


@dataclass(frozen=True, slots=True)
class Row:
    name: str
    said: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class MeasuredPage:
    title: str
    rows: tuple[Row, ...]


def pages(visits: Iterable[MeasuredVisit]) -> tuple[MeasuredPage, ...]:
    """Each page, in the order of its first visit."""
    found: dict[str, list[MeasuredVisit]] = {}
    for one in visits:
        found.setdefault(one.page, []).append(one)
    return tuple(MeasuredPage(title, _rows(of)) for title, of in found.items())


def _rows(visits: Sequence[MeasuredVisit]) -> tuple[Row, ...]:
    runs = sorted((one for one in visits if not one.warm_up), key=lambda one: one.run)
    warm = next((one for one in visits if one.warm_up), None)
    seen = [one for one in runs if one.seen]
    return (
        Row("Browser", _alike([(one.browser, one.run) for one in seen])),
        Row("Device", _alike([(_device(one), one.run) for one in seen])),
        Row("Throttling", _alike([(_throttling(one.conditions), one.run) for one in seen])),
        Row("Machine index", _index(seen)),
        Row("Runs", _runs(runs, warm)),
        Row("Legacy FID, for information", _fid(runs, seen)),
        Row("Unused JavaScript, for information", _unused(warm, "script", "script")),
        Row("Unused CSS, for information", _unused(warm, "stylesheet", "style sheet")),
    )


def _alike(told: Sequence[tuple[str, int]]) -> tuple[str, ...]:
    """What holds for every run once, else what holds for which."""
    found: dict[str, list[int]] = {}
    for text, run in told:
        found.setdefault(text or "not told", []).append(run)
    if not found:
        return ("not observed",)
    return tuple(found) if len(found) == 1 else tuple(f"{text} in {_numbers(runs)}" for text, runs in found.items())


def _numbers(runs: Sequence[int]) -> str:
    return f"run{'s' if len(runs) > 1 else ''} {_listed([str(run) for run in runs])}"


def _listed(words: Sequence[str]) -> str:
    """`1`, `1 and 2`, `1, 2 and 3`."""
    *others, last = words
    return f"{', '.join(others)} and {last}" if others else last


def _device(visit: MeasuredVisit) -> str:
    return f"{visit.device}, viewport {visit.viewport[0]} × {visit.viewport[1]} CSS pixels"


def _throttling(at: Conditions | None) -> str:
    if at is None:
        return ""
    said = [f"processor at 1/{at.cpu_slowdown:g} of this machine's speed"] if at.cpu_slowdown != 1 else []
    said += [f"{at.latency_ms:g} ms more for each request"] if at.latency_ms else []
    if at.download_kbps or at.upload_kbps:
        said.append(f"{_speed(at.download_kbps)} down, {_speed(at.upload_kbps)} up")
    return "; ".join(said) or "none: processor and network as they were"


def _speed(kbps: float) -> str:
    return f"{kbps:.6g} kbit/s" if kbps else "no limit"


def _index(seen: Sequence[MeasuredVisit]) -> tuple[str, ...]:
    found = [(one.conditions.host_index, one.run) for one in seen if one.conditions and one.conditions.host_index]
    if not found:
        return ("not told" if seen else "not observed",)
    values = _listed([f"{index:g}" for index, _ in found])
    return (f"{values} before {_numbers([run for _, run in found])}", "higher is faster, not taken after a run")


def _runs(runs: Sequence[MeasuredVisit], warm: MeasuredVisit | None) -> tuple[str, ...]:
    made = [one for one in runs if not one.unneeded]
    observed = sum(one.seen for one in made)
    number = f"{observed}" if observed == len(made) else f"{observed} of {len(made)}"
    after = ", after a warm-up that is not judged" if warm is not None and warm.seen else ""
    said = [f"{number}, each in a fresh browser{after}"]
    if spare := len(runs) - len(made):
        said.append("a further one was not needed" if spare == 1 else f"{spare} further ones were not needed")
    return (*said, *(f"run {one.run} was not observed: {one.failure}" for one in made if not one.seen))


def _fid(runs: Sequence[MeasuredVisit], seen: Sequence[MeasuredVisit]) -> tuple[str, ...]:
    if runs and not any(one.pressed for one in runs):
        return ("not measured: nothing is pressed on this page",)
    states = dict.fromkeys(state for one in seen for state, _ in one.fid)
    if not states:
        return ("not reported" if seen else "not observed",)
    return (*(_fid_of(state, seen) for state in states), "retired in 2024")


def _fid_of(state: str, seen: Sequence[MeasuredVisit]) -> str:
    found = [(dict(one.fid).get(state), one.run) for one in seen]
    values = [f"{ms:.3g}" for ms, _ in found if ms is not None]
    missing = [run for ms, run in found if ms is None]
    said = [f"{_listed(values)} ms"] if values else []
    said += [f"not reported in {_numbers(missing)}"] if missing else []
    return f"{', '.join(said)} ({_STATES.get(state, state)})"


def _unused(warm: MeasuredVisit | None, kind: str, noun: str) -> tuple[str, ...]:
    if warm is None:
        return (_UNWATCHED,)
    if not warm.seen:
        return (f"not observed: {warm.failure}",)
    if not warm.coverage:
        return ("not told by the browser",)
    cut = ("further files were not watched",) if warm.cut else ()
    files = [one for one in warm.coverage if one.type == kind]
    if not files:
        return (f"no {noun} was seen", *cut)
    length, unused = sum(one.length for one in files), sum(one.unused for one in files)
    share = 100 * unused / length if length else 0.0
    said = f"{unused:,} of {length:,} characters ({share:.0f} %) in {plural(len(files), noun)}"
    worst = max(files, key=lambda one: one.unused)
    if len(files) == 1:
        said += f": {_name(worst.url)}"
    elif worst.unused:
        said += f", the most in {_name(worst.url)} ({worst.unused:,} of {worst.length:,})"
    return (said, *cut)


def _name(url: str) -> str:
    """Host and path."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return url
    return f"{parts.netloc}{parts.path}" or url
