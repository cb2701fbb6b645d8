"""The hooks of one run: collection, judging, results, the end, and what pytest-html shows."""

from __future__ import annotations

import gc
import json
import signal
import threading
from collections import Counter
from collections.abc import Callable, Generator, Sequence
from contextlib import suppress
from functools import wraps
from pathlib import Path
from typing import Any

import pytest

from gonogo.errors import EvidenceMissing
from gonogo.evidence.records import STAGES, Request, identity
from gonogo.plugin.begin import State, plan_and_gather
from gonogo.plugin.ending import finish, summarise
from gonogo.plugin.fixtures import JUDGED, judgement, requests_of_tests, stage
from gonogo.plugin.options import distributed, narrowed, unwritable
from gonogo.plugin.outcome import PROPERTY, hand_over, handed, hide_secrets, note, result_of
from gonogo.plugin.progress import Progress
from gonogo.result import ExitStatus
from gonogo.run import catalogue
from gonogo.run import target as runs
from gonogo.run.conclude import intent_of
from gonogo.run.gatherer import hold

JUDGEMENT_S = 20
"""Most time of one judgement; evidence is waited for before."""


def unless_gone(send: Callable[..., None]) -> Callable[..., None]:
    """What xdist sends to a worker that was killed a moment ago is lost, not an internal error that ends the whole run:
    that the worker is down reaches xdist by its closed channel, and its tests then go to another."""

    @wraps(send)
    def sent(name: str, **parameters: object) -> None:
        with suppress(OSError):
            send(name, **parameters)

    return sent


class Session:
    """The hooks of one run."""

    def __init__(self, config: pytest.Config, state: State) -> None:
        self.config = config
        self.state = state
        self._nodes = 0
        self._collected = 0

    # --- collection ---

    @pytest.hookimpl(trylast=True)
    def pytest_sessionstart(self) -> None:
        from gonogo.run import folder as rundir

        state = self.state
        if state.worker or state.folder is None:
            return
        state.partial = narrowed(self.config)
        intent = intent_of(
            state.target,
            state.scope,
            run_id=state.run_id,
            profile=state.profile,
            partial=state.partial,
            started=state.started,
        )
        try:
            rundir.write_intent(state.folder, intent)
            state.log = rundir.open_results(state.folder, state.target.door)
        except OSError as error:
            pytest.exit(unwritable(self.config, error), returncode=int(ExitStatus.INTERNAL))
        expected = Counter(one.check.partition(".")[0] for one in intent.expected)
        expected.update(check.partition(".")[0] for check, _, _ in intent.not_applicable)
        reporter: Any = self.config.pluginmanager.get_plugin("terminalreporter")
        if reporter is not None and self.config.option.verbose == 0:
            reporter.showfspath = False
            reporter._show_progress_info = False
            state.progress = Progress(reporter._tw._file, expected, evidence=self._gathering)

    def _gathering(self) -> str:
        gatherer = self.state.gatherer
        if gatherer is None:
            return "stored evidence"
        now = gatherer.progress
        return f"evidence {now.done} of {now.planned} ({'+'.join(now.running) or 'waiting'})"

    @pytest.hookimpl(optionalhook=True)
    def pytest_configure_node(self, node: Any) -> None:
        state, option = self.state, self.config.option
        self._nodes += 1
        node.sendcommand = unless_gone(node.sendcommand)
        node.workerinput[PROPERTY] = json.dumps(
            {
                "name": state.name if not state.name.endswith(".toml") else str(Path(state.name).resolve()),
                "profile": state.profile,
                "folder": str(state.folder.resolve()) if state.folder else "",
                "run_id": state.run_id,
                "started": state.started.isoformat(),
                "variables": state.variables,
                "env_dir": str(Path(option.gonogo_env_dir or runs.environments_folder(self.config.rootpath)).resolve()),
                "policy": str(Path(option.gonogo_policy).resolve()) if option.gonogo_policy else "",
                "replay": str(state.replay.resolve()) if state.replay else "",
            }
        )

    @pytest.hookimpl(trylast=True)
    def pytest_collection_modifyitems(self, config: pytest.Config, items: list[pytest.Item]) -> None:
        kept: list[pytest.Item] = []
        left: list[pytest.Item] = []
        for item in items:
            judged = judgement(item)
            if judged is not None:
                item.stash[JUDGED] = judged
            (kept if judged is None or self.state.profile in judged.card.profiles else left).append(item)
        if left:
            config.hook.pytest_deselected(items=left)
        kept.sort(key=lambda item: stage(item.stash[JUDGED].subject) if JUDGED in item.stash else len(STAGES))
        items[:] = kept

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        # What is loaded by now stays to the end; the collections to come, five of them at pytest's end, pass it by.
        gc.freeze()
        state = self.state
        if state.folder is None or state.store is None or state.replay is not None or self.config.option.collectonly:
            return
        if state.worker or distributed(self.config):
            return
        try:
            self._gather(
                [one for item in session.items if JUDGED in item.stash for one in item.stash[JUDGED].subject.requests]
            )
        except OSError as error:
            pytest.exit(unwritable(self.config, error), returncode=int(ExitStatus.INTERNAL))

    def _gather(self, wanted: Sequence[Request]) -> None:
        """Gather what the selected tests need beside what is gathered already; then times may be measured."""
        state = self.state
        if state.gatherer is None:
            return
        if any(identity(one) not in state.planned for one in wanted):
            whole = [] if state.partial else catalogue.requests(state.scope, state.profile)
            plan_and_gather(state, [*whole, *wanted])
        state.gatherer.settle()

    @pytest.hookimpl(optionalhook=True)
    def pytest_xdist_node_collection_finished(self, ids: Sequence[str]) -> None:
        """The workers' selection is known here by the names of their tests alone."""
        self._collected += 1
        if self._collected < self._nodes or self.state.gatherer is None:
            return
        try:
            self._gather(requests_of_tests(ids, self.state.scope, self.state.profile) if self.state.partial else ())
        except OSError as error:
            pytest.exit(unwritable(self.config, error), returncode=int(ExitStatus.INTERNAL))

    # --- judging ---

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(
        self, item: pytest.Item, call: pytest.CallInfo[None]
    ) -> Generator[None, pytest.TestReport, pytest.TestReport]:
        report = yield
        judged = item.stash.get(JUDGED, None)
        if judged is not None:
            judged.seconds += call.duration
            note(self.state, judged, report, call)
            # The report that settles the test carries its result; a teardown that fails afterwards adds a worse one.
            if report.when == "call" or not report.passed:
                hand_over(self.state, report, result_of(self.state, judged))
        hide_secrets(self.state, report)
        return report

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_setup(self, item: pytest.Item) -> None:
        """While times are measured nothing is judged: it would be in them."""
        if JUDGED in item.stash and self.state.replay is None:
            hold(self.state.store, self.state.tick)

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_call(self, item: pytest.Item) -> Generator[None, None, None]:
        """Judging is quick; what a target sends (a pattern in its OpenAPI document) may not make it endless."""
        if JUDGED not in item.stash or threading.current_thread() is not threading.main_thread():
            return (yield)

        def expire(*_: object) -> None:
            raise EvidenceMissing("invalid", f"the judgement took longer than {JUDGEMENT_S} s")

        before = signal.signal(signal.SIGALRM, expire)
        signal.setitimer(signal.ITIMER_REAL, JUDGEMENT_S)
        try:
            return (yield)
        finally:
            signal.setitimer(signal.ITIMER_REAL, 0)
            signal.signal(signal.SIGALRM, before)

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        from gonogo.run import folder as rundir

        state = self.state
        if state.worker or state.log is None:
            return
        result = handed(report)
        if result is None:
            if report.failed and str(report.when) == "???":
                state.trouble = f"a worker crashed while it ran {report.nodeid}"
            elif report.failed and "checks/" not in report.nodeid:
                # Of a file outside of the rootdir, the id has no path.
                where = report.location[0] if report.nodeid.startswith("::") else ""
                state.others.append(f"{where}{report.nodeid} failed")
            return
        state.results.append(result)
        try:
            rundir.append_result(state.log, result)
        except OSError as error:
            # The receipt will not hold what could not be written, so the gate sees it as missing.
            state.trouble = unwritable(self.config, error)
        if state.progress is not None:
            state.progress.result(result.check.partition(".")[0], result.outcome)

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        hide_secrets(self.state, report)
        if report.failed:
            self.state.others.append(f"{report.nodeid} cannot be collected")

    @pytest.hookimpl(tryfirst=True)
    def pytest_report_teststatus(self, report: pytest.TestReport, config: pytest.Config) -> tuple[str, str, str] | None:
        if self.state.progress is None or config.option.verbose > 0:
            return None
        if report.when == "call" or (report.when == "setup" and not report.passed):
            return (report.outcome if report.when == "call" or report.skipped else "error", "", report.outcome.upper())
        return ("", "", "") if report.passed else ("error", "", "ERROR")

    # --- the end ---

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_sessionfinish(self, session: pytest.Session, exitstatus: int) -> Generator[None, None, None]:
        """Decides before other plugins report, and has the last word on the status after them."""
        finish(self.state, session, exitstatus)
        status = session.exitstatus
        try:
            yield
        finally:
            session.exitstatus = status or (int(ExitStatus.INTERNAL) if self.state.trouble else 0)

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_terminal_summary(self, terminalreporter: Any) -> Generator[None, None, None]:
        # After every other plugin's summary: the verdict is what a person looks for at the end.
        yield
        if not self.state.worker and self.state.folder is not None:
            summarise(terminalreporter, self.state)

    def pytest_unconfigure(self) -> None:
        state = self.state
        if state.gatherer is not None:
            state.gatherer.stop()
        if state.demo is not None:
            state.demo.stop()

    # --- pytest-html ---

    @pytest.hookimpl(optionalhook=True)
    def pytest_html_report_title(self, report: Any) -> None:
        report.title = f"gonogo: {self.state.target.environment.title or self.state.target.environment.name}"
        from gonogo.reports.pytest_html import bound

        self.state.rows = bound(self.config.pluginmanager, report)

    @pytest.hookimpl(optionalhook=True)
    def pytest_html_results_summary(self, prefix: list[str]) -> None:
        if self.state.report is not None:
            from gonogo.reports.pytest_html import prefix as verdict_above

            prefix.insert(0, verdict_above(self.state.report))
        if self.state.rows is not None:
            from gonogo.reports.pytest_html import note

            prefix.append(note(self.state.rows.left_out))

    @pytest.hookimpl(optionalhook=True)
    def pytest_html_results_table_header(self, cells: list[str]) -> None:
        from gonogo.reports.pytest_html import header_cells

        cells[1:1] = header_cells()

    @pytest.hookimpl(optionalhook=True)
    def pytest_html_results_table_row(self, report: Any, cells: list[str]) -> None:
        from gonogo.reports.pytest_html import row_cells

        result = handed(report)
        cells[1:1] = (
            row_cells(result.check, result.severity, result.subject, result.outcome)
            if result
            else row_cells("", None, "", None)
        )


class OtherReports:
    """Stands between other plugins' reports and pytest's end: one that cannot be written is told, not a crash."""

    def __init__(self, config: pytest.Config, state: State) -> None:
        self.config = config
        self.state = state

    @pytest.hookimpl(wrapper=True, trylast=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> Generator[None, None, None]:
        try:
            yield
        except OSError as error:
            self.state.trouble = f"a report could not be written: {unwritable(self.config, error)}"
            session.exitstatus = session.exitstatus or int(ExitStatus.INTERNAL)
