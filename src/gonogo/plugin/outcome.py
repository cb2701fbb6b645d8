"""From pytest's report of a test to a result of ours, and back from a worker to the process that decides."""

from __future__ import annotations

import traceback
from pathlib import Path
from typing import Any

import pytest

from gonogo.errors import EvidenceMissing, Shortfall
from gonogo.plugin.begin import State
from gonogo.plugin.fixtures import Judged
from gonogo.result import Finding, Outcome, Result, decode, encode

PROPERTY = "gonogo"
"""Name of the user property that carries a result's JSON line from a worker to the controller."""
MAX_SHOWN = 4000
"""Characters of a failure's text that pytest is given; everything is in results.jsonl."""


def note(state: State, judged: Judged, report: pytest.TestReport, call: pytest.CallInfo[None]) -> None:
    error = call.excinfo.value if call.excinfo is not None else None
    if report.passed:
        if report.when == "call" and judged.outcome is None:
            judged.outcome = Outcome.PASS
    elif report.skipped:
        reason = judged.excluded or f"skipped: {report.longrepr[2] if isinstance(report.longrepr, tuple) else error}"
        judged.outcome = Outcome.NOT_APPLICABLE if judged.excluded else Outcome.UNKNOWN
        judged.reason = reason
    elif report.when == "call" and isinstance(error, Shortfall):
        judged.outcome, judged.findings = Outcome.FAIL, error.findings
        report.longrepr = state.scrub(str(error))[:MAX_SHOWN]
    elif report.when == "call" and isinstance(error, AssertionError):
        text = state.scrub(str(error)).partition("\n")[0] or "an assertion does not hold"
        judged.outcome = Outcome.FAIL
        judged.findings = (Finding(judged.subject.id, text, "the assertion to hold", f"{judged.subject.id}: {text}"),)
    elif isinstance(error, EvidenceMissing):
        judged.outcome, judged.reason = Outcome.UNKNOWN, f"{error.kind}: {error.message}"
        report.longrepr = state.scrub(f"UNKNOWN {judged.reason}")[:MAX_SHOWN]
    else:
        last = traceback.extract_tb(error.__traceback__)[-1] if error is not None and error.__traceback__ else None
        where = f" at {Path(last.filename).name}:{last.lineno}" if last else ""
        judged.outcome = Outcome.UNKNOWN
        judged.reason = f"crash: {type(error).__name__}: {state.scrub(str(error))[:300]}{where}"


def result_of(state: State, judged: Judged) -> Result:
    outcome = judged.outcome or Outcome.UNKNOWN
    reason = judged.reason or ("" if judged.outcome is not None else "crash: the test ended without an outcome")
    scrub = state.scrub
    return Result(
        check=judged.card.id,
        subject=judged.subject.id,
        outcome=outcome,
        severity=judged.card.severity,
        findings=tuple(
            Finding(scrub(one.subject), scrub(one.seen), scrub(one.wanted), scrub(one.message))
            for one in judged.findings
        )
        if outcome is Outcome.FAIL
        else (),
        evidence=tuple(judged.asked.looked_at) if judged.asked else (),
        seconds=judged.seconds,
        reason=scrub(reason) if outcome in {Outcome.UNKNOWN, Outcome.NOT_APPLICABLE} else "",
    )


def hand_over(state: State, report: pytest.TestReport, result: Result) -> None:
    """To the process that decides: as JSON text from a worker, as it is within one process."""
    if state.worker:
        report.user_properties.append((PROPERTY, encode(result)))
    else:
        report.__dict__[PROPERTY] = result


def hide_secrets(state: State, report: pytest.TestReport | pytest.CollectReport) -> None:
    scrub = state.scrub
    if report.longrepr is not None and not isinstance(report.longrepr, tuple):
        text = str(report.longrepr)
        if (clean := scrub(text)) != text:
            report.longrepr = clean
    report.sections = [(scrub(title), scrub(content)) for title, content in report.sections]


def handed(report: Any) -> Result | None:
    """The result that a report carries; None when it is of no check, or not the report that settles it."""
    result = report.__dict__.get(PROPERTY)
    if result is None:
        line = next((value for name, value in getattr(report, "user_properties", ()) if name == PROPERTY), None)
        if line is not None:
            report.__dict__[PROPERTY] = result = decode(str(line))
    return result if isinstance(result, Result) else None
