"""junit.xml: the run for a CI's test view, and the gate's own reasons as a suite, so that any CI shows them.

Every result is a test case. One that passed is an element of one line: its class name and name are the check's id and the
subject; what did not pass has the check's id, severity and title as properties too.

Legal XML 1.0 whatever a target sent. Names are unique: of two equal names GitLab drops the second.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from xml.sax.saxutils import escape, quoteattr

from gonogo.gate.model import (
    Reason,
)
from gonogo.reports.model import DECISION_WORDS, Reading, Report, Row, instant
from gonogo.reports.text import line, lines
from gonogo.result import Decision, Outcome

BODY = 20_000
"""Most characters of one test case's text; GitLab reads no file above 30 MB."""
NAME = 300


@dataclass(slots=True)
class _Case:
    classname: str
    name: str
    seconds: float
    state: str = ""
    """`failure`, `error`, `skipped`, or empty for a pass."""
    message: str = ""
    kind: str = ""
    body: str = ""
    properties: dict[str, str] = field(default_factory=dict)


def junit(report: Report) -> str:
    """The text of junit.xml. Raises ValueError, KeyError or TypeError when the verdict is not one."""
    reading = report.reading
    checks = [_check_case(row) for row in reading.rows] or [_empty()]
    reasons = [_verdict_case(reading), *(_reason_case(one) for one in (*reading.reasons, *reading.warnings))]
    suites = (("gonogo", checks), ("gonogo.gate", reasons))
    states = [Counter(case.state for case in cases) for _, cases in suites]
    whole = {"name": "gonogo", **_numbers(states[0] + states[1]), "time": _seconds(checks)}
    lines = ['<?xml version="1.0" encoding="utf-8"?>', f"<testsuites{_attributes(whole)}>"]
    for (name, cases), state in zip(suites, states, strict=True):
        lines += _suite({"name": name, **_numbers(state), "time": _seconds(cases)}, cases, report, reading)
    return "\n".join((*lines, "</testsuites>", ""))


def _numbers(states: Counter[str]) -> dict[str, str]:
    named = {"failures": "failure", "errors": "error", "skipped": "skipped"}
    return {"tests": str(states.total()), **{key: str(states[state]) for key, state in named.items()}}


def _seconds(cases: Iterable[_Case]) -> str:
    return f"{sum(case.seconds for case in cases):.3f}"


def _attributes(said: Mapping[str, str]) -> str:
    return "".join(f" {name}={quoteattr(value)}" for name, value in said.items())


def _suite(said: dict[str, str], cases: Iterable[_Case], report: Report, reading: Reading) -> Iterator[str]:
    if began := instant(reading.started) or instant(reading.decided_at):
        said["timestamp"] = began.isoformat(timespec="seconds")
    yield f"<testsuite{_attributes(said)}>"
    yield _properties(
        {
            "environment": report.name,
            "tier": report.tier,
            "release": reading.release,
            "profile": reading.profile,
            "run_id": reading.run_id,
            "verdict": reading.decision.value,
            "policy_digest": reading.policy_digest,
        }
    )
    taken: Counter[tuple[str, str]] = Counter()
    for case in cases:
        name = line(case.name, NAME)
        taken[case.classname, name] += 1
        number = taken[case.classname, name]
        yield _element(case, f"{name} #{number}" if number > 1 else name)
    yield "</testsuite>"


def _element(case: _Case, name: str) -> str:
    said = {"classname": line(case.classname, NAME), "name": name, "time": f"{case.seconds:.3f}"}
    if not (case.state or case.body or case.properties):
        return f"<testcase{_attributes(said)}/>"
    inside = _properties(case.properties) if case.properties else ""
    if case.state:
        state = {"message": line(case.message), **({"type": case.kind} if case.kind else {})}
        inside += f"<{case.state}{_attributes(state)}>{escape(lines(case.body, BODY))}</{case.state}>"
    elif case.body:
        inside += f"<system-out>{escape(lines(case.body, BODY))}</system-out>"
    return f"<testcase{_attributes(said)}>{inside}</testcase>"


def _properties(said: Mapping[str, str]) -> str:
    each = (f"<property{_attributes({'name': name, 'value': line(value)})}/>" for name, value in said.items())
    return f"<properties>{''.join(each)}</properties>"


def _check_case(row: Row) -> _Case:
    classname, _, function = row.check.rpartition(".")
    case = _Case(
        classname=classname or row.check,
        name=f"{function}[{row.result.subject}]" if row.result.subject else function,
        seconds=row.result.seconds,
        properties={}
        if row.outcome is Outcome.PASS
        else {"check_id": row.check, "severity": row.severity.value, "title": row.title},
    )
    match row.outcome:
        case Outcome.FAIL:
            case.state, case.kind = "failure", row.severity.value
            first, *others = [finding.message for finding in row.result.findings] or ["It failed without a finding."]
            case.message = f"{first} (and {len(others)} more)" if others else first
            case.body = _findings(row)
        case Outcome.UNKNOWN | Outcome.MISSING:
            case.state, case.kind = "error", row.outcome.value
            case.message, case.body = row.reason, row.reason
        case Outcome.NOT_APPLICABLE:
            case.state, case.message = "skipped", row.reason
        case Outcome.WAIVED:
            case.state, case.message, case.body = "skipped", f"waived: {row.reason}", _findings(row)
        case Outcome.PASS:
            pass
    return case


def _findings(row: Row) -> str:
    return "\n\n".join(
        f"{line(one.message)}\n  seen:   {line(one.seen)}\n  wanted: {line(one.wanted)}" for one in row.result.findings
    )


def _verdict_case(reading: Reading) -> _Case:
    case = _Case("gonogo.gate", "verdict", 0.0, body=f"{reading.word}: {reading.sentence}")
    if reading.decision is not Decision.GO:
        case.state = "error" if reading.decision is Decision.HOLD else "failure"
        case.kind, case.message = reading.decision.value, reading.sentence
    return case


def _reason_case(reason: Reason) -> _Case:
    where = " ".join(part for part in (reason.check, f"[{reason.subject}]" if reason.subject else "") if part)
    case = _Case(f"gonogo.gate.{reason.rule}", where or reason.rule, 0.0, body=_said(reason))
    if reason.decision is not Decision.GO:  # a warning passes, with its words
        case.state = "error" if reason.decision is Decision.HOLD else "failure"
        case.kind, case.message = reason.decision.value, reason.message
    return case


def _said(reason: Reason) -> str:
    about: Iterable[str] = (part.value for part in (reason.severity, reason.outcome) if part is not None)
    word = DECISION_WORDS[reason.decision] if reason.decision is not Decision.GO else "warning"
    return f"{reason.message}\n({', '.join([word, *about])})"


def _empty() -> _Case:
    """Jenkins and others take a file without a test case for a green one."""
    message = "No check reported anything."
    return _Case("gonogo", "evidence", 0.0, "error", message, Outcome.MISSING.value, message)
