"""summary.md: the verdict for a CI's job page (GitHub flavoured Markdown), small enough to be taken."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence

from gonogo.check import Card
from gonogo.gate.model import (
    Reason,
)
from gonogo.reports.alike import Alike, alike, cut, named
from gonogo.reports.model import OUTCOME_WORDS, OUTCOMES, Reading, Report, Row, when
from gonogo.reports.text import duration, line, plural
from gonogo.result import Decision, Outcome

CAP = 900_000
"""Bytes. GitHub drops a whole step summary above 1 MiB, and other steps write into the same file."""
EXPANDED = 50
"""Findings that are told in full, with their fix."""
CELL = 300

_SPECIAL = re.compile(r"[&<>\\`*_\[\]|~$#@^{}!]")
# A zero-width space after these keeps @names, #numbers, :emoji:, addresses and links from being made of plain
# text; an entity alone does not, because GitHub looks for them in what was already rendered. A time or a port
# is left whole.
_STICKY = re.compile(r"[@#](?=\w)|:(?=[^\W\d]|[/+-])|(?<!\d):(?=\d)|(?<!\w)www(?=\.)", re.IGNORECASE)
_MARKS = {Decision.GO: "✅", Decision.HOLD: "⏸️", Decision.NO_GO: "⛔", Decision.ROLLBACK: "⏪"}

_Chunk = tuple[str, int]
"""A piece that is never cut, and how many rows of the report are in it."""


def escape(text: object, limit: int = CELL) -> str:
    """Any text as one bounded line that Markdown shows as it is: no markup, HTML, link, mention, cell."""
    apart = _STICKY.sub("\\g<0>\x00", line(text, limit).strip())
    return _SPECIAL.sub(lambda match: f"&#{ord(match.group())};", apart).replace("\x00", "&#8203;")


def markdown(report: Report) -> str:
    """The text of summary.md, at most `CAP` bytes of UTF-8.

    Raises ValueError, KeyError or TypeError when the verdict is not one.
    """
    return _capped(_chunks(report, report.reading), CAP)


def _capped(chunks: Iterable[_Chunk], cap: int) -> str:
    """As many whole chunks as fit, and a note of how many rows did not."""
    note = "\n_{} left out here; verdict.html has them all._\n"
    kept: list[str] = []
    free = cap - len(note) - 40  # the number and its noun
    left_out = 0
    full = False
    for text, rows in chunks:
        size = len(text.encode())
        full = full or size > free
        if full:
            left_out += rows
        else:
            kept.append(text)
            free -= size
    return "".join(kept) + (note.format(plural(left_out, "row")) if full else "")


def _chunks(report: Report, reading: Reading) -> Iterator[_Chunk]:
    yield f"# {_MARKS[reading.decision]} {reading.word}: {escape(report.title or report.name)}\n\n", 0
    yield f"{escape(reading.sentence, 1_000)}\n\n", 0
    yield _facts(report, reading) + "\n\n", 0
    yield from _table(
        [OUTCOME_WORDS[one] for one in OUTCOMES], [[f"{reading.counts.get(one, 0):,}" for one in OUTCOMES]]
    )
    yield from _reasons(f"Why {reading.word}", reading.reasons)
    for table in (table for section in report.sections for table in section.markdown):
        yield f"## {escape(table.heading)}\n\n", 0
        yield from _table(table.head, ([escape(cell) for cell in row] for row in table.rows))
    yield from _findings(reading.of(Outcome.FAIL), report.cards)
    yield from _rows("Not observed", reading.of(Outcome.UNKNOWN, Outcome.MISSING))
    yield from _reasons("Warnings", reading.warnings)
    yield from _rows("Waived", reading.of(Outcome.WAIVED))
    yield from _rows("Not applicable", reading.of(Outcome.NOT_APPLICABLE))


def _facts(report: Report, reading: Reading) -> str:
    facts = {
        "Environment": f"{report.name} ({report.tier})",
        "Release": reading.release,
        "Profile": reading.profile,
        "Decided": when(reading.decided_at),
        "Took": duration(reading.seconds) if reading.seconds else "",
        "Readiness": f"{reading.readiness:g} %",
        "Run": reading.run_id,
    }
    return " · ".join(f"{name}: **{escape(value)}**" for name, value in facts.items() if value)


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> Iterator[_Chunk]:
    yield f"| {' | '.join(head)} |\n|{' --- |' * len(head)}\n", 0
    for row in rows:
        yield f"| {' | '.join(row)} |\n", 1
    yield "\n", 0


def _reasons(heading: str, reasons: Sequence[Reason]) -> Iterator[_Chunk]:
    """Those of one rule and check stand together; one of them is told."""
    if reasons:
        yield f"## {heading} ({len(reasons):,})\n\n", 0
        groups: dict[tuple[object, ...], list[Reason]] = {}
        for one in reasons:
            message = cut(one.message, one.subject)
            groups.setdefault((one.rule, one.severity, one.decision, one.check, message), []).append(one)
        cells = (
            (
                group[0].severity.value if group[0].severity else "",
                escape(group[0].rule),
                escape(group[0].check),
                escape(group[0].message, 600) + _also([one.subject for one in group[1:]]),
            )
            for group in groups.values()
        )
        yield from _table(("Severity", "Rule", "Check", "Why"), cells)


def _rows(heading: str, rows: Sequence[Row]) -> Iterator[_Chunk]:
    """Those of one check and one reason stand together."""
    if rows:
        yield f"## {heading} ({len(rows):,})\n\n", 0
        groups: dict[tuple[object, ...], list[Row]] = {}
        for row in rows:
            groups.setdefault((row.severity, row.check, cut(row.reason, row.result.subject)), []).append(row)
        cells = (
            (
                group[0].severity.value,
                escape(group[0].check),
                escape(named([row.subject for row in group])),
                escape(group[0].reason),
            )
            for group in groups.values()
        )
        yield from _table(("Severity", "Check", "Subject", "Why"), cells)


def _findings(rows: Sequence[Row], cards: Mapping[str, Card]) -> Iterator[_Chunk]:
    """The first findings in full, check by check, the others as a table."""
    if not rows:
        return
    yield f"## Findings ({sum(len(row.result.findings) or 1 for row in rows):,})\n\n", 0
    first = {row.result.key: row for row in rows}
    told = alike(row.result for row in rows)
    check = ""
    for one in told[:EXPANDED]:
        row = first[one.result.key]
        if row.check != check:
            check = row.check
            yield f"### {escape(row.title)}\n\n{row.severity.value} · {escape(row.check)}\n\n", 0
            yield from _fix(cards.get(row.check))
        yield _finding(one), 1
    if rest := told[EXPANDED:]:
        yield f"### {plural(len(rest), 'more finding')}\n\n", 0
        cells = (
            (
                first[one.result.key].severity.value,
                escape(one.result.check),
                escape(named(one.subjects)),
                escape(one.finding.message),
            )
            for one in rest
        )
        yield from _table(("Severity", "Check", "Subject", "Finding"), cells)


def _also(subjects: Sequence[str]) -> str:
    return f" The same on {escape(named(subjects), 600)}." if subjects else ""


def _fix(card: Card | None) -> Iterator[_Chunk]:
    if card and (fix := card.section("Fix")):
        yield f"Fix: {escape(' '.join(fix.split()), 1_000)}\n\n", 0


def _finding(one: Alike) -> str:
    finding = one.finding
    said = f"- {escape(finding.message, 600)}{_also(one.others)}\n"
    if finding.seen or finding.wanted:
        said += f"  - seen: {escape(finding.seen)}\n  - wanted: {escape(finding.wanted)}\n"
    return said + "\n"
