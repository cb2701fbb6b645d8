"""The block at the end of a terminal's output: blockers first, the verdict last, where the eye is."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from rich.cells import cell_len, chop_cells

from gonogo.gate.model import (
    Reason,
)
from gonogo.reports.alike import cut, named
from gonogo.reports.model import OUTCOME_WORDS, OUTCOMES, Reading, Report, Row
from gonogo.reports.text import duration, line, plural
from gonogo.result import Decision, Finding, Outcome, Severity

Segment = tuple[str, str]
"""Text, newlines included, and a rich style; `rich.text.Text.assemble(*segments)` takes them as they are."""

BLOCKERS = 20
"""Failed and unobserved checks that are shown; the reports hold all."""
MESSAGE = 300
"""Characters of what was seen."""
SUBJECTS = 5
"""Subjects shown of one check."""
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

    `page` is where verdict.html is, as a person would type it.
    Raises ValueError, KeyError or TypeError when the verdict is not one.
    """
    reading = report.reading
    segments = _segments(report, reading, max(width, 40), page)
    return [(text.encode(encoding, "backslashreplace").decode(encoding), style) for text, style in segments]


def plain(segments: Sequence[Segment]) -> str:
    """The block without styles."""
    return "".join(text for text, _ in segments)


def _segments(report: Report, reading: Reading, width: int, page: str) -> Iterator[Segment]:
    blockers = _blockers(reading)
    shown = blockers[:BLOCKERS]
    for rows in shown:
        first = rows[0]
        if first.outcome is Outcome.UNKNOWN:
            yield from _unseen(rows, width)
        else:
            yield from _failed(rows, report, width)
    if len(blockers) > len(shown):
        yield f"... and {plural(sum(map(len, blockers[BLOCKERS:])), 'more check')}\n\n", "dim"
    keys = {row.result.key for rows in blockers for row in rows}
    yield from _reasons(reading.reasons, keys, width, "bold")
    yield from _reasons(reading.warnings, keys, width, "yellow")
    yield from _counts(reading, width)
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


def _blockers(reading: Reading) -> list[list[Row]]:
    """Rows to act on, worst first; those of one check, or not observed for one and the same reason, stand together."""
    groups: dict[object, list[Row]] = {}
    for row in reading.of(Outcome.FAIL, Outcome.UNKNOWN, Outcome.MISSING):
        said = cut(row.reason, row.result.subject)
        key = said if row.outcome is Outcome.UNKNOWN else (row.check, row.outcome)
        groups.setdefault(key, []).append(row)
    return list(groups.values())


def _unseen(rows: Sequence[Row], width: int) -> Iterator[Segment]:
    checks: dict[str, list[Row]] = {}
    for row in rows:
        checks.setdefault(row.check, []).append(row)
    alone = len(checks) == 1
    yield from _heading(rows[0], rows[0].check if alone else plural(len(checks), "check"))
    yield from _wrapped(rows[0].reason, width, indent=2)
    for group in list(checks.values())[:BLOCKERS]:
        subjects = named([row.subject if alone else row.result.subject for row in group], most=SUBJECTS)
        name = subjects if alone else f"{group[0].severity.value:<9}{group[0].check}  {subjects}"
        yield from _wrapped(name, width, indent=2, hang=9)
    if len(checks) > BLOCKERS:
        yield f"  ... and {plural(len(checks) - BLOCKERS, 'more check')}\n", "dim"
    yield "\n", ""


def _failed(rows: Sequence[Row], report: Report, width: int) -> Iterator[Segment]:
    """One check that failed or is missing, with every subject: the heading and the fix are told once."""
    yield from _heading(rows[0], rows[0].check)
    alike: dict[tuple[str, ...], list[Row]] = {}
    for row in rows:
        alike.setdefault(_said(row), []).append(row)
    groups = list(alike.values())
    for group in groups[:SUBJECTS]:
        yield from _shortfall(group, width)
    if more := sum(map(len, groups[SUBJECTS:])):
        yield f"  ... and {plural(more, 'more subject')}\n", "dim"
    card = report.cards.get(rows[0].check)
    if card and (advice := card.section("Fix")):
        yield from _wrapped(f"fix     {advice.splitlines()[0]}", width, indent=2, hang=8, style="green")
    yield "\n", ""


def _shortfall(rows: Sequence[Row], width: int) -> Iterator[Segment]:
    """What the first of these subjects shows, and which others show the same."""
    first = rows[0]
    if first.outcome is Outcome.MISSING:
        yield from _wrapped(f"{first.subject}: {first.reason}", width, indent=2)
    elif not first.result.findings:
        yield from _wrapped(f"{first.subject}: it failed without a finding", width, indent=2)
    for finding in first.result.findings[:FINDINGS]:
        yield from _finding(finding, width)
    if (more := len(first.result.findings) - FINDINGS) > 0:
        yield f"  ... and {plural(more, 'more finding')}\n", "dim"
    if others := [row.subject for row in rows[1:]]:
        rest = f" {'subject' if len(others) == SUBJECTS + 1 else 'subjects'}" if len(others) > SUBJECTS else ""
        yield from _wrapped(f"the same: {named(others, most=SUBJECTS, limit=60)}{rest}", width, indent=2, hang=10)


def _said(row: Row) -> tuple[str, ...]:
    """What a row says, without its subject."""
    if not row.result.findings:
        return (row.outcome.value, cut(row.reason, row.result.subject))
    return tuple(cut(one.message, one.subject, row.result.subject) for one in row.result.findings)


def _heading(row: Row, name: str) -> Iterator[Segment]:
    yield f"{row.severity.value.upper():<9}", _SEVERITY_STYLES[row.severity]
    yield f"{OUTCOME_WORDS[row.outcome]:<8} ", _OUTCOME_STYLES[row.outcome]
    yield f"{line(name, 120)}\n", "bold"


def _finding(finding: Finding, width: int) -> Iterator[Segment]:
    """The message alone where it says all, else the parts."""
    message = line(finding.message)
    if len(message) <= MESSAGE and finding.seen in finding.message and finding.wanted in finding.message:
        yield from _wrapped(message, width, indent=2)
        return
    yield from _wrapped(line(finding.message or finding.subject, MESSAGE), width, indent=2)
    yield from _wrapped(f"seen    {line(finding.seen, MESSAGE)}", width, indent=2, hang=8)
    yield from _wrapped(f"wanted  {line(finding.wanted, MESSAGE)}", width, indent=2, hang=8)


def _reasons(reasons: Sequence[Reason], told: set[tuple[str, str]], width: int, style: str) -> Iterator[Segment]:
    """Reasons that no row above has told already: evidence, budgets, attestations."""
    others = [one for one in reasons if (one.check, one.subject) not in told]
    for one in others[:BLOCKERS]:
        yield from _wrapped(f"{one.rule}: {one.message}", width, hang=2, style=style)
    if len(others) > BLOCKERS:
        yield f"... and {plural(len(others) - BLOCKERS, 'more reason')}\n", "dim"
    if others:
        yield "\n", ""


def _counts(reading: Reading, width: int) -> Iterator[Segment]:
    used = 0
    for outcome in OUTCOMES:
        if number := reading.counts.get(outcome, 0):
            text = f"{number:,} {OUTCOME_WORDS[outcome]}"
            fits = used + 2 + len(text) <= width
            yield (", " if fits else ",\n") if used else "", ""
            yield text, _OUTCOME_STYLES[outcome]
            used = (used + 2 if fits and used else 0) + len(text)
    yield "\n", ""


def _wrapped(text: object, width: int, *, indent: int = 0, hang: int = 0, style: str = "") -> Iterator[Segment]:
    """The text as one safe line, broken at spaces, or anywhere in a word longer than a line."""
    room = width - indent
    rows: list[str] = []
    current = ""
    for word in line(text).split(" "):
        joined = f"{current} {word}" if current else word
        if cell_len(joined) <= room - (hang if rows else 0):
            current = joined
        elif cell_len(word) <= room - hang:
            rows.append(current)
            current = word
        else:
            # The first piece fills up this line; those after it fit any line.
            first, *others = chop_cells(joined, room - (hang if rows else 0))
            rows.append(first)
            *full, current = chop_cells("".join(others), room - hang) or [""]
            rows.extend(full)
    rows.append(current)
    for number, one in enumerate(rows):
        yield " " * (indent + (hang if number else 0)) + one.rstrip() + "\n", style
