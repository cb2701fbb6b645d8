"""What gonogo adds to pytest-html's report: cells and the verdict above the table; and how long its table may become.

All text is escaped.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from html import escape
from pathlib import Path
from typing import Any

from pluggy import HookimplMarker, PluginManager

from gonogo.reports.model import OUTCOME_WORDS, Report
from gonogo.reports.text import line, plural
from gonogo.result import Decision, Outcome, Severity

PASSED = 3_000
"""Most rows of tests that passed; a page of 50,000 rows is 60 MB, and few browsers show it."""
PHASES = frozenset({"setup", "call", "teardown"})
_hook = HookimplMarker("pytest")
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
    reading = report.reading
    # pytest-html has no place in the head for either; browsers take both from the body.
    head = f'<meta name="viewport" content="width=device-width, initial-scale=1"><style>{_style()}</style>'
    return (
        f'<p class="gonogo-verdict"><strong style="background:{_COLOURS[reading.decision]}">{reading.word}</strong> '
        f'{escape(line(reading.sentence, 1_000))} <a href="verdict.html">The whole verdict</a></p>{head}'
    )


@cache
def _style() -> str:
    return (Path(__file__).parent / "pytest_html.css").read_text(encoding="utf-8")


def note(left_out: int) -> str:
    """What the table does not show, as a paragraph of HTML; empty where it shows all."""
    if not left_out:
        return ""
    told = plural(left_out, "further test that passed has", "further tests that passed have")
    return (
        f"<p>{told} no row here: the table holds the first {PASSED:,} that passed, and everything else. "
        "results.jsonl and junit.xml have each.</p>"
    )


def bound(manager: PluginManager, data: Any) -> Rows | None:
    """Put `Rows` in the place of pytest-html's own plugin; call it in the hook for the title, with what that was given."""
    from pytest_html.basereport import BaseReport

    page = next((one for one in manager.get_plugins() if isinstance(one, BaseReport)), None)
    if page is None:
        return None
    manager.unregister(page)
    rows = Rows(page, data)
    manager.register(rows, "gonogo-html-rows")
    return rows


class Rows:
    """Stands between pytest and pytest-html's report, and gives it each test's reports when the test is over.

    A test that passed when `PASSED` others had is counted there and not handed over, so that neither time nor memory is
    spent on its row.
    """

    def __init__(self, page: Any, data: Any) -> None:
        """`page` is the plugin that pytest-html registered, `data` what its hook for the title was given."""
        self._page = page
        self._data = data
        self._open: dict[str, list[Any]] = {}
        self._passed = 0
        self.left_out = 0

    @_hook(trylast=True)
    def pytest_runtest_logreport(self, report: Any) -> None:
        if report.when not in PHASES:
            self._page.pytest_runtest_logreport(report)
            return
        self._open.setdefault(report.nodeid, []).append(report)
        if report.when == "teardown":
            self._hand_over(report.nodeid, self._open.pop(report.nodeid))

    def _hand_over(self, test: str, reports: Sequence[Any]) -> None:
        if all(one.outcome == "passed" and not hasattr(one, "wasxfail") for one in reports):
            self._passed += 1
            if self._passed > PASSED:
                self.left_out += 1
                self._data.outcomes = "passed"  # counts one more
                return
        for one in reports:
            self._page.pytest_runtest_logreport(one)
        # A finished test's reports are never read again; pytest-html would keep them to the end.
        getattr(self._page, "_reports", {}).pop(test, None)

    @_hook(trylast=True)
    def pytest_collection_finish(self, session: Any) -> None:
        self._page.pytest_collection_finish(session)

    @_hook(trylast=True)
    def pytest_collectreport(self, report: Any) -> None:
        self._page.pytest_collectreport(report)

    @_hook(trylast=True)
    def pytest_sessionfinish(self, session: Any) -> None:
        for reports in self._open.values():  # of tests that never ended
            for one in reports:
                self._page.pytest_runtest_logreport(one)
        self._page.pytest_sessionfinish(session)

    @_hook(trylast=True)
    def pytest_terminal_summary(self, terminalreporter: Any) -> None:
        self._page.pytest_terminal_summary(terminalreporter)
