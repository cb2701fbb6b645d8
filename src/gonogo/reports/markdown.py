"""summary.md: the verdict for a CI's job page (GitHub flavoured Markdown), small enough to be taken."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence

from gonogo.check import Card
from gonogo.gate.model import (
    Reason,
)
from gonogo.reports.model import OUTCOME_WORDS, OUTCOMES, Reading, Report, Row, read, when
from gonogo.reports.policy_table import tables
from gonogo.reports.text import duration, line, plural
from gonogo.result import Decision, Finding, Outcome

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
    return _capped(_chunks(report, read(report)), CAP)


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
    yield from _policy(report, reading)
    yield from _inventory(report)
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
    if reasons:
        yield f"## {heading} ({len(reasons):,})\n\n", 0
        cells = (
            (
                one.severity.value if one.severity else "",
                escape(one.rule),
                escape(one.check),
                escape(one.message, 600),
            )
            for one in reasons
        )
        yield from _table(("Severity", "Rule", "Check", "Why"), cells)


def _rows(heading: str, rows: Sequence[Row]) -> Iterator[_Chunk]:
    if rows:
        yield f"## {heading} ({len(rows):,})\n\n", 0
        cells = ((row.severity.value, escape(row.check), escape(row.subject), escape(row.reason)) for row in rows)
        yield from _table(("Severity", "Check", "Subject", "Why"), cells)


def _findings(rows: Sequence[Row], cards: Mapping[str, Card]) -> Iterator[_Chunk]:
    """The first findings in full, check by check, the others as a table."""
    if not rows:
        return
    yield f"## Findings ({sum(len(row.result.findings) or 1 for row in rows):,})\n\n", 0
    told = 0
    rest: list[tuple[Row, Finding]] = []
    check = ""
    for row in rows:
        for finding in row.result.findings or (Finding(row.subject, "", "", "It failed without a finding."),):
            if told == EXPANDED:
                rest.append((row, finding))
                continue
            told += 1
            if row.check != check:
                check = row.check
                yield f"### {escape(row.title)}\n\n{row.severity.value} · {escape(row.check)}\n\n", 0
                yield from _fix(cards.get(row.check))
            yield _finding(finding), 1
    if rest:
        yield f"### {plural(len(rest), 'more finding')}\n\n", 0
        cells = ((row.severity.value, escape(row.check), escape(one.subject), escape(one.message)) for row, one in rest)
        yield from _table(("Severity", "Check", "Subject", "Finding"), cells)


def _policy(report: Report, reading: Reading) -> Iterator[_Chunk]:
    """The families of the first host, where one of their rules was broken."""
    first = next(iter(tables(report, reading)), None)
    if first is None or not first.broken:
        return
    yield f"## Security policy of {escape(first.host.host)} ({escape(first.summary)})\n\n", 0
    cells = (
        (
            one.policy.family.value,
            OUTCOME_WORDS[one.outcome] if one.outcome else "",
            escape("; ".join(one.policy.in_effect)),
        )
        for one in first.lines
    )
    yield from _table(("Policy", "Verdict", "In effect"), cells)


def _inventory(report: Report) -> Iterator[_Chunk]:
    """The entries that nobody declared; where every one is known, verdict.html suffices."""
    for one in report.inventories:
        if not one.unknown:
            continue
        yield f"## Cookies and storage of {escape(one.where)} ({one.unknown} of {one.total} unknown)\n\n", 0
        cells = (
            (escape(item.name), item.kind, escape(item.party), escape(item.lifetime), escape(item.first_seen))
            for item in one.items
            if not item.known
        )
        yield from _table(("Name", "Kind", "Whose", "Lasts", "First seen at"), cells)


def _fix(card: Card | None) -> Iterator[_Chunk]:
    if card and (fix := card.section("Fix")):
        yield f"Fix: {escape(' '.join(fix.split()), 1_000)}\n\n", 0


def _finding(finding: Finding) -> str:
    said = f"- {escape(finding.message, 600)}\n"
    if finding.seen or finding.wanted:
        said += f"  - seen: {escape(finding.seen)}\n  - wanted: {escape(finding.wanted)}\n"
    return said + "\n"
