"""The block at the end of a terminal's output: blockers first, the verdict last, where the eye is."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from rich.cells import cell_len, chop_cells

from gonogo.gate.model import Decision, Reason
from gonogo.reports.model import OUTCOME_WORDS, OUTCOMES, Reading, Report, Row, read
from gonogo.reports.text import duration, line, plural
from gonogo.result import Finding, Outcome, Severity

Segment = tuple[str, str]
"""Text, newlines included, and a rich style; `rich.text.Text.assemble(*segments)` takes them as they are."""

BLOCKERS = 20
"""Failed and unobserved checks that are shown; the reports hold all."""
FINDINGS = 3
"""Findings shown of one check and subject."""

_DECISION_STYLES = {
    Decision.GO: "bold white on green",
    Decision.HOLD: "bold black on yellow",
    Decision.NO_GO: "bold white on red",
    Decision.ROLLBACK: "bold white on magenta",
}
_SEVERITY_STYLES = {
    Severity.CRITICAL: "bold red",
    Severity.HIGH: "red",
    Severity.MEDIUM: "yellow",
    Severity.LOW: "cyan",
}
_OUTCOME_STYLES = {
    Outcome.PASS: "green",
    Outcome.FAIL: "bold red",
    Outcome.UNKNOWN: "bold yellow",
    Outcome.MISSING: "bold yellow",
    Outcome.WAIVED: "magenta",
    Outcome.NOT_APPLICABLE: "dim",
}


def block(report: Report, *, width: int = 80, encoding: str = "utf-8", page: str = "") -> list[Segment]:
    """The lines to print, as styled segments; what the terminal's encoding cannot show stands as `\\u2014`.

    `page` is where verdict.html is, as a person would type it. Raises ValueError, KeyError or TypeError when the
    verdict is not one.
    """
    reading = read(report)
    segments = _segments(report, reading, max(width, 40), page)
    return [(text.encode(encoding, "backslashreplace").decode(encoding), style) for text, style in segments]


def plain(segments: Sequence[Segment]) -> str:
    """The block without styles."""
    return "".join(text for text, _ in segments)


def _segments(report: Report, reading: Reading, width: int, page: str) -> Iterator[Segment]:
    failed, unseen = reading.of(Outcome.FAIL), reading.of(Outcome.UNKNOWN, Outcome.MISSING)
    shown = sorted((*failed, *unseen), key=lambda row: row.order)
    for row in shown[:BLOCKERS]:
        yield from _row(row, report, width)
    if len(shown) > BLOCKERS:
        yield f"  ... and {plural(len(shown) - BLOCKERS, 'more check')}\n\n", "dim"
    told = {row.result.key for row in shown[:BLOCKERS]}
    yield from _reasons(reading.reasons, told, width, "bold")
    yield from _reasons(reading.warnings, told, width, "yellow")
    yield from _counts(reading)
    facts = [
        report.title or report.name,
        f"release {reading.release}" if reading.release else "",
        reading.profile,
    ]
    facts.append(duration(reading.seconds) if reading.seconds else "")
    yield from _wrapped(", ".join(part for part in facts if part), width, style="dim")
    if page:
        yield f"Report: {line(page)}\n", ""
    yield from _wrapped(reading.sentence, width)
    yield f" {reading.word} ", _DECISION_STYLES[reading.decision]
    yield "\n", ""


def _row(row: Row, report: Report, width: int) -> Iterator[Segment]:
    yield f"{row.severity.value.upper():<9}", _SEVERITY_STYLES[row.severity]
    yield f"{OUTCOME_WORDS[row.outcome]:<8} ", _OUTCOME_STYLES[row.outcome]
    yield f"{line(row.check, 120)}\n", "bold"
    if row.outcome is not Outcome.FAIL:
        yield from _wrapped(f"{row.subject}: {row.reason}", width, indent=2)
    for finding in row.result.findings[:FINDINGS]:
        yield from _finding(finding, width)
    if (more := len(row.result.findings) - FINDINGS) > 0:
        yield f"  ... and {plural(more, 'more finding')}\n", "dim"
    if row.outcome is Outcome.FAIL and not row.result.findings:
        yield from _wrapped(f"{row.subject}: it failed without a finding", width, indent=2)
    card = report.cards.get(row.check)
    if row.outcome is Outcome.FAIL and card and (fix := card.section("Fix")):
        yield from _wrapped(f"fix     {fix.splitlines()[0]}", width, indent=2, hang=8, style="green")
    yield "\n", ""


def _finding(finding: Finding, width: int) -> Iterator[Segment]:
    yield from _wrapped(finding.subject or "the whole system", width, indent=2)
    yield from _wrapped(f"seen    {line(finding.seen, 300)}", width, indent=2, hang=8)
    yield from _wrapped(f"wanted  {line(finding.wanted, 300)}", width, indent=2, hang=8)


def _reasons(
    reasons: Sequence[Reason], told: set[tuple[str, str]], width: int, style: str
) -> Iterator[Segment]:
    """Reasons that no row above has told already: evidence, budgets, attestations."""
    others = [one for one in reasons if (one.check, one.subject) not in told]
    for one in others[:BLOCKERS]:
        yield from _wrapped(f"{one.rule}: {one.message}", width, hang=2, style=style)
    if len(others) > BLOCKERS:
        yield f"... and {plural(len(others) - BLOCKERS, 'more reason')}\n", "dim"
    if others:
        yield "\n", ""


def _counts(reading: Reading) -> Iterator[Segment]:
    between = ""
    for outcome in OUTCOMES:
        if number := reading.counts.get(outcome, 0):
            yield between, ""
            yield f"{number:,} {OUTCOME_WORDS[outcome]}", _OUTCOME_STYLES[outcome]
            between = ", "
    yield "\n", ""


def _wrapped(
    text: object, width: int, *, indent: int = 0, hang: int = 0, style: str = ""
) -> Iterator[Segment]:
    """The text as one safe line, broken at spaces, or anywhere in a word longer than a line."""
    room = width - indent
    rows: list[str] = []
    current = ""
    for word in line(text).split(" "):
        room_now = room - (hang if rows else 0)
        joined = f"{current} {word}" if current else word
        if cell_len(joined) <= room_now:
            current = joined
            continue
        if current.strip():
            rows.append(current)
            room_now = room - hang
        *full, current = chop_cells(word, room_now) or [""]
        rows.extend(full)
    rows.append(current)
    for number, one in enumerate(rows):
        yield " " * (indent + (hang if number else 0)) + one.rstrip() + "\n", style
