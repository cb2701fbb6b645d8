"""One record of evidence in a few lines, for a reader."""

from __future__ import annotations

from dataclasses import dataclass

from gonogo.evidence.records import Evidence, FailureKind


@dataclass(frozen=True, slots=True)
class Point:
    """One measured number and the limit it was judged by."""

    label: str
    value: float
    limit: float | None = None
    unit: str = ""


@dataclass(frozen=True, slots=True)
class Attached:
    """A file beside an evidence record: the element that broke a rule, the trace of a journey that failed."""

    name: str
    said: str
    """What it shows."""
    image: bytes = b""
    """The picture itself, where it is one that is to be shown in the page."""


@dataclass(frozen=True, slots=True)
class Summary:
    """What a record says, in a few lines."""

    title: str
    excerpt: str = ""
    points: tuple[Point, ...] = ()
    screenshot: str = ""
    """File name of the picture that shows what was seen; empty for none."""
    image: bytes = b""
    """That picture, where it is to be shown in the page."""
    attached: tuple[Attached, ...] = ()


MAX_LINES = 40
MAX_LINE = 300
"""Characters."""


def clip(lines: list[str]) -> str:
    """The first lines, each cut to a length that a person reads."""
    shown = [line[:MAX_LINE] for line in lines[:MAX_LINES]]
    if len(lines) > MAX_LINES:
        shown.append(f"… and {len(lines) - MAX_LINES} more lines")
    return "\n".join(shown)


def failure_text(evidence: Evidence) -> str:
    """Why there are no facts; a repetition that was not needed has not failed."""
    failure = evidence.failure
    if failure is None or failure.kind is FailureKind.UNNEEDED:
        return ""
    return f"{failure.kind}: {failure.message}"[:1000]
