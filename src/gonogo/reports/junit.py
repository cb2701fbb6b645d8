"""junit.xml: the run for a CI's test view, and the gate's own reasons as a suite, so that any CI shows them.

Legal XML 1.0 whatever a target sent. Names are unique: of two equal names GitLab drops the second.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from xml.etree import ElementTree as ET  # only written with, never read with

from gonogo.gate.model import (
    Reason,
)
from gonogo.reports.model import DECISION_WORDS, Reading, Report, Row, instant, read
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
    reading = read(report)
    checks = [_check_case(row) for row in reading.rows] or [_empty()]
    reasons = [_verdict_case(reading), *(_reason_case(one) for one in (*reading.reasons, *reading.warnings))]
    root = ET.Element("testsuites", {"name": "gonogo"})
    for name, cases in (("gonogo", checks), ("gonogo.gate", reasons)):
        root.append(_suite(name, cases, report, reading))
    for key in ("tests", "failures", "errors", "skipped"):
        root.set(key, str(sum(int(suite.get(key, "0")) for suite in root)))
    root.set("time", f"{sum(case.seconds for case in checks):.3f}")
    ET.indent(root)
    return '<?xml version="1.0" encoding="utf-8"?>\n' + ET.tostring(root, encoding="unicode") + "\n"


def _suite(name: str, cases: list[_Case], report: Report, reading: Reading) -> ET.Element:
    states = Counter(case.state for case in cases)
    suite = ET.Element(
        "testsuite",
        {
            "name": name,
            "tests": str(len(cases)),
            "failures": str(states["failure"]),
            "errors": str(states["error"]),
            "skipped": str(states["skipped"]),
            "time": f"{sum(case.seconds for case in cases):.3f}",
        },
    )
    if began := instant(reading.started) or instant(reading.decided_at):
        suite.set("timestamp", began.isoformat(timespec="seconds"))
    said = {
        "environment": report.name,
        "tier": report.tier,
        "release": reading.release,
        "profile": reading.profile,
        "run_id": reading.run_id,
        "verdict": reading.decision.value,
        "policy_digest": reading.policy_digest,
    }
    _properties(suite, said)
    taken: Counter[tuple[str, str]] = Counter()
    for case in cases:
        name = line(case.name, NAME)
        taken[case.classname, name] += 1
        number = taken[case.classname, name]
        suite.append(_element(case, f"{name} #{number}" if number > 1 else name))
    return suite


def _element(case: _Case, name: str) -> ET.Element:
    attributes = {
        "classname": line(case.classname, NAME),
        "name": name,
        "time": f"{case.seconds:.3f}",
    }
    element = ET.Element("testcase", attributes)
    _properties(element, case.properties)
    if case.state:
        state = ET.SubElement(element, case.state, {"message": line(case.message)})
        if case.kind:
            state.set("type", case.kind)
        state.text = lines(case.body, BODY)
    elif case.body:
        ET.SubElement(element, "system-out").text = lines(case.body, BODY)
    return element


def _properties(parent: ET.Element, said: dict[str, str]) -> None:
    if said:
        properties = ET.SubElement(parent, "properties")
        for name, value in said.items():
            ET.SubElement(properties, "property", {"name": name, "value": line(value)})


def _check_case(row: Row) -> _Case:
    classname, _, function = row.check.rpartition(".")
    case = _Case(
        classname=classname or row.check,
        name=f"{function}[{row.result.subject}]" if row.result.subject else function,
        seconds=row.result.seconds,
        properties={"check_id": row.check, "severity": row.severity.value, "title": row.title},
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
