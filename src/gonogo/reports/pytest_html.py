"""What gonogo adds to pytest-html's report: cells and the verdict above the table. All text is escaped."""

from __future__ import annotations

from functools import cache
from html import escape
from pathlib import Path

from gonogo.reports.model import OUTCOME_WORDS, Report, read
from gonogo.reports.text import line
from gonogo.result import Decision, Outcome, Severity

_COLOURS = {
    Decision.GO: "#11683a",
    Decision.HOLD: "#8a5200",
    Decision.NO_GO: "#a8201a",
    Decision.ROLLBACK: "#6b2fa0",
}


def header_cells() -> tuple[str, ...]:
    """`<th>` cells, in the order of `row_cells`; the classes let pytest-html sort by them."""
    names = ("check", "severity", "subject", "verdict")
    return tuple(f'<th class="sortable" data-column-type="{name}">{name.capitalize()}</th>' for name in names)


def row_cells(check: str, severity: Severity | None, subject: str, outcome: Outcome | None) -> tuple[str, ...]:
    """`<td>` cells of one test; empty ones for a test that is no check."""
    texts = {
        "check": line(check),
        "severity": severity.value if severity else "",
        "subject": line(subject),
        "verdict": OUTCOME_WORDS[outcome] if outcome else "",
    }
    return tuple(f'<td class="col-{name}">{escape(text)}</td>' for name, text in texts.items())


def prefix(report: Report) -> str:
    """The verdict as a paragraph of HTML, and a style for the page: dark where the reader's screen is, and no wider than it.

    Raises ValueError, KeyError or TypeError when the verdict is not one.
    """
    reading = read(report)
    # pytest-html has no place in the head for either; browsers take both from the body.
    head = f'<meta name="viewport" content="width=device-width, initial-scale=1"><style>{_style()}</style>'
    return (
        f'<p class="gonogo-verdict"><strong style="background:{_COLOURS[reading.decision]}">{reading.word}</strong> '
        f'{escape(line(reading.sentence, 1_000))} <a href="verdict.html">The whole verdict</a></p>{head}'
    )


@cache
def _style() -> str:
    return (Path(__file__).parent / "pytest_html.css").read_text(encoding="utf-8")
