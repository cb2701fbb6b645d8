"""The plan as text for a terminal: one kind of request after another, with what each visit does."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from textwrap import wrap

from gonogo.evidence.records import PlanEntry
from gonogo.reports.text import line

INDENT = " " * 17
"""Where the method stands, so that what belongs to a line is below it."""


def listing(listed: Sequence[PlanEntry], *, width: int = 80) -> str:
    """Every kind of request, and how many are sent; what a visit does is broken at `width` columns."""
    sent = sum(one.count for one in listed if one.lane != "load")
    load = sum(one.count for one in listed if one.lane == "load")
    told = f"{len(listed)} distinct requests, {sent} sends" + (f" and {load} under load" if load else "")
    return "\n".join((*_lines(listed, width), f"{told}; a browser visit also loads what its page asks for"))


def _lines(listed: Sequence[PlanEntry], width: int) -> Iterator[str]:
    for kind in repeated(listed):
        one = kind.entry
        method = "visit" if one.probe == "browser" else one.method
        who = f" as {one.role}" if one.role != "anonymous" else ""
        yield f"{one.lane:<9} {one.count:>4} × {method:<10} {line(one.target)}{line(who)}"
        hang = f"{INDENT}  "
        yield from wrap(line(kind.said), width, initial_indent=INDENT, subsequent_indent=hang, break_on_hyphens=False)


@dataclass(frozen=True, slots=True)
class Repeated:
    """Entries of the plan that are repetitions of one another, as one."""

    entry: PlanEntry
    """The first of them, with the count of all."""
    runs: tuple[int, ...] = ()

    @property
    def title(self) -> str:
        """`consent reject`, `vitals /, runs 1 to 3`; empty for what has no name."""
        runs = self.runs
        if not runs:
            return self.entry.name
        if len(runs) == 1:
            return f"{self.entry.name}, run {runs[0]}"
        return f"{self.entry.name}, runs {runs[0]} {'and' if len(runs) == 2 else 'to'} {runs[-1]}"

    @property
    def said(self) -> str:
        """`consent reject: reject, reload`; empty where target and method say all."""
        return ": ".join(part for part in (self.title, ", ".join(self.entry.does)) if part)


def repeated(listed: Sequence[PlanEntry]) -> tuple[Repeated, ...]:
    """The plan for a reader: repetitions of a visit stand together, everything else alone and in its place."""
    found: dict[PlanEntry | int, list[PlanEntry]] = {}
    for index, one in enumerate(listed):
        found.setdefault(replace(one, run=0) if one.run else index, []).append(one)
    return tuple(
        Repeated(replace(group[0], count=sum(one.count for one in group)), tuple(one.run for one in group if one.run))
        for group in found.values()
    )
