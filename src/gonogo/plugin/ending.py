"""How a run ends: the receipt, the verdict, the reports, the words on the terminal and the exit status."""

from __future__ import annotations

import traceback
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from gonogo.errors import GonogoError
from gonogo.plugin.begin import State
from gonogo.result import ExitStatus, Outcome
from gonogo.run.conclude import conclude, measured, utc_now

if TYPE_CHECKING:
    from gonogo.gate.model import Receipt


def shown(path: Path) -> str:
    """A path as a person would type it from here."""
    try:
        return str(path.relative_to(Path.cwd()))
    except ValueError:
        return str(path)


def finish(state: State, session: pytest.Session, exitstatus: int) -> None:
    """End the gathering, decide and report; the last word on the exit status is set on the session."""
    interrupted = int(exitstatus) not in (0, 1, 5)
    if state.gatherer is not None:
        if interrupted or state.partial:
            state.gatherer.stop()
        else:
            state.gatherer.finish()
    if state.worker or state.folder is None:
        return
    if state.progress is not None:
        state.progress.close()
    if state.log is not None:
        with suppress(OSError):
            state.log.close()
    if state.demo is not None:
        state.demo.stop()
    try:
        session.exitstatus = _conclude(state, interrupted, int(exitstatus))
    except Exception as error:  # noqa: BLE001 - whatever it was, the process must not end with a status of pytest's
        state.verdict = None
        state.trouble = f"no verdict could be written: {type(error).__name__}: {state.scrub(str(error))[:500]}"
        if not isinstance(error, GonogoError | OSError):
            state.trouble += "\n" + traceback.format_exc(limit=-3)
        session.exitstatus = int(ExitStatus.INTERNAL)


def _conclude(state: State, interrupted: bool, exitstatus: int) -> int:
    """Write the receipt, decide, write the reports; returns the exit status."""
    from gonogo.run import folder as rundir

    assert state.folder is not None
    if interrupted:
        return exitstatus or int(ExitStatus.INTERNAL)
    finished = utc_now()
    if state.replay is not None:
        stored = rundir.read(state.replay).receipt
        assert stored is not None
        finished = stored.finished
    assert state.store is not None
    receipt = rundir.write_receipt(
        state.folder, finished=finished, metrics=measured(state.target.environment, state.store), others=state.others
    )
    if state.partial:
        # 0 is GO and nothing else: a narrowed run keeps pytest's status unless that would look like a GO.
        judged = any(result.outcome in {Outcome.PASS, Outcome.FAIL} for result in state.results)
        return exitstatus or int(ExitStatus.HOLD if judged else pytest.ExitCode.NO_TESTS_COLLECTED)
    return _decide(state, receipt)


def _decide(state: State, receipt: Receipt) -> int:
    assert state.folder is not None
    from gonogo.reports.write import write_all
    from gonogo.run import folder as rundir
    from gonogo.run.report import report_of

    # Read once: what decides is what lies on the disk, and the reports tell the same.
    shard = rundir.read(state.folder)
    state.verdict = verdict = conclude(
        state.folder,
        state.target,
        at=receipt.finished,
        read_at=None if state.replay is None else utc_now(),
        shard=shard,
    )
    state.report = report_of(state.folder, state.target.environment, verdict, scrub=state.scrub, shard=shard)
    write_all(state.report, state.folder)
    return int(verdict.exit_status)


def summarise(terminalreporter: Any, state: State) -> None:
    assert state.folder is not None
    write = terminalreporter.write_line
    terminalreporter.ensure_newline()
    if state.partial:
        write(f"partial run ({state.partial}): no verdict, and that is not a GO")
        write(f"results: {shown(state.folder)}")
        from gonogo.reports.partial import listing

        for told in listing(state.results, width=min(terminalreporter._tw.fullwidth, 100)):
            write(told)
        return
    if state.trouble:
        write(state.scrub(state.trouble), red=True)
    if state.verdict is None:
        write("No verdict: the run was interrupted or could not be decided. That is not a GO.", red=True, bold=True)
        return
    _write_block(terminalreporter, state)
    if state.verdict.lapsed:
        write(state.verdict.lapsed, red=True, bold=True)


def _write_block(terminalreporter: Any, state: State) -> None:
    from rich.console import Console
    from rich.text import Text

    from gonogo.reports.terminal import block

    assert state.report is not None
    assert state.folder is not None
    stream = terminalreporter._tw._file
    width = min(terminalreporter._tw.fullwidth, 100)
    segments = block(
        state.report,
        width=width,
        encoding=getattr(stream, "encoding", None) or "ascii",
        page=shown(state.folder / "verdict.html"),
    )
    console = Console(
        file=stream, width=width, highlight=False, force_terminal=terminalreporter._tw.hasmarkup, soft_wrap=True
    )
    console.print(Text.assemble(*segments), end="")
