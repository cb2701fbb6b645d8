"""The plan as text for a terminal: one kind of request after another, with what each visit does."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from textwrap import wrap

from gonogo.evidence.plan import kinds
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
    for kind in kinds(listed):
        one = kind.entry
        method = "visit" if one.probe == "browser" else one.method
        who = f" as {one.role}" if one.role != "anonymous" else ""
        yield f"{one.lane:<9} {one.count:>4} × {method:<10} {line(one.target)}{line(who)}"
        hang = f"{INDENT}  "
        yield from wrap(line(kind.said), width, initial_indent=INDENT, subsequent_indent=hang, break_on_hyphens=False)
