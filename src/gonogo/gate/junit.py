"""Reads other suites' JUnit XML, which no two writers write alike. What is wrong in a file becomes a problem.

Every element counts, so that duplicates are judged worst first. An `error` is UNKNOWN; a `skipped` is
NOT_APPLICABLE with its reason and UNKNOWN without. A start without a time zone is read as UTC.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime
from xml.parsers import expat

from gonogo.gate.model import FOREIGN_PREFIX, ProblemKind, ReadProblem, Shard
from gonogo.result import Finding, Outcome, Result, Severity

MAX_BYTES = 100_000_000
"""GitLab, the most generous consumer of JUnit files, takes 100 MB a job."""
MAX_WORDS = 2000
"""Characters of a foreign suite's message that are kept."""
MAX_NESTING = 20

_COUNT = re.compile(r"[0-9]{1,12}")


def parse_junit(content: bytes, *, suite: str, name: str) -> Shard:
    """A foreign suite's results, with the id `junit.<suite>` and severity high unless the file says other.

    Listed as problems and read as far as possible: a file that is cut short, not XML, larger than 100 MB, has
    a document type, counts other than its elements, or does not say when it began. `name` is for messages.
    """
    reading = _Junit(f"{FOREIGN_PREFIX}{re.sub(r'[^A-Za-z0-9._-]+', '-', suite)}")
    if len(content) > MAX_BYTES:
        message = f"{name} is larger than {MAX_BYTES} bytes, the most that is read"
        reading.problems.append(ReadProblem(ProblemKind.UNREADABLE, message))
    else:
        reading.feed(content, name)
    if not reading.started:
        message = f"{name} does not say when the suite began"
        reading.problems.append(ReadProblem(ProblemKind.UNDATED, message))
    return Shard(
        intent=None,
        results=tuple(reading.results),
        problems=tuple(reading.problems),
        name=name,
        foreign=suite,
        started=min(reading.started, default=None),
    )


@dataclass(slots=True)
class _Suite:
    """An open `testsuite` or `testsuites` element: what its header says, and what it turned out to hold."""

    header: dict[str, str]
    seen: Counter[str] = field(default_factory=Counter)
    ids: set[str] = field(default_factory=set)


@dataclass(slots=True)
class _Case:
    id: str
    severity: Severity
    marks: list[tuple[str, str]] = field(default_factory=list)
    """(element, message) of each child that says how it went."""


class _Refused(Exception):
    """The document is not one that is read any further."""


_MARKS = {"failure", "error", "skipped", "flakyFailure", "flakyError", "rerunFailure", "rerunError"}
_HEADERS = {"tests": "testcase", "failures": "failure", "errors": "error", "skipped": "skipped"}
_NO_REASON = {"", "unconditional skip", "skipped", "expected test failure"}
"""What pytest and others write where nobody gave a reason."""


class _Junit:
    """Reads one document as a stream, so that what stands before a cut is kept."""

    def __init__(self, check: str) -> None:
        self.check = check
        self.results: list[Result] = []
        self.problems: list[ReadProblem] = []
        self.started: list[datetime] = []
        self._suites: list[_Suite] = []
        self._case: _Case | None = None
        self._words: list[str] = []
        self._depth = 0

    def feed(self, content: bytes, name: str) -> None:
        parser = expat.ParserCreate()
        parser.buffer_text = True
        parser.StartDoctypeDeclHandler = self._doctype
        parser.StartElementHandler = self._start
        parser.EndElementHandler = self._end
        parser.CharacterDataHandler = self._characters
        try:
            parser.Parse(content, True)
        except expat.ExpatError as error:
            cut = self._depth > 0 or not content.strip()
            kind = ProblemKind.TRUNCATED if cut else ProblemKind.UNREADABLE
            self.problems.append(ReadProblem(kind, f"{name} is cut short or not XML: {error}"))
        except _Refused as refused:
            self.problems.append(ReadProblem(ProblemKind.UNREADABLE, f"{name}: {refused}"))

    def _doctype(self, *_: object) -> None:
        # Entities can make a small file expand without bound; no JUnit writer needs them.
        raise _Refused("has a document type declaration, which is refused")

    def _start(self, tag: str, attributes: dict[str, str]) -> None:
        if self._depth == 0 and tag not in {"testsuite", "testsuites"}:
            raise _Refused(f"begins with <{tag[:60]}>, wanted <testsuites> or <testsuite>")
        self._depth += 1
        if tag in {"testsuite", "testsuites"}:
            if len(self._suites) == MAX_NESTING:
                raise _Refused(f"nests more than {MAX_NESTING} suites")
            self._suites.append(_Suite(attributes))
            self._date(attributes.get("timestamp", ""))
        elif tag == "testcase":
            identity = "::".join(part for part in (attributes.get("classname", ""), attributes.get("name", "")) if part)
            self._case = _Case(identity or "(unnamed)", Severity.HIGH)
            for suite in self._suites:
                suite.seen["testcase"] += 1
                suite.ids.add(self._case.id)
        elif self._case is not None and tag in _MARKS:
            self._case.marks.append((tag, _message(attributes)))
            self._words = []
            for suite in self._suites:
                suite.seen[tag] += 1
        elif self._case is not None and tag == "property" and attributes.get("name") == "severity":
            self._case.severity = _severity(attributes.get("value", ""))

    def _characters(self, text: str) -> None:
        if self._case is not None and self._case.marks and len(self._words) < MAX_WORDS:
            self._words.append(text[:MAX_WORDS])

    def _end(self, tag: str) -> None:
        self._depth -= 1
        if tag in {"testsuite", "testsuites"}:
            self._compare(self._suites.pop())
        elif tag in _MARKS and self._case is not None:
            mark, said = self._case.marks[-1]
            if mark == tag and not said:
                self._case.marks[-1] = (mark, " ".join("".join(self._words).split())[:MAX_WORDS])
        elif tag == "testcase" and self._case is not None:
            self.results += _judged(self.check, self._case)
            self._case = None

    def _date(self, text: str) -> None:
        try:
            time = datetime.fromisoformat(text)
            self.started.append(time.replace(tzinfo=UTC) if time.utcoffset() is None else time.astimezone(UTC))
        except (ValueError, OverflowError):
            return

    def _compare(self, suite: _Suite) -> None:
        for attribute, element in _HEADERS.items():
            if (said := suite.header.get(attribute)) is None:
                continue
            seen = suite.seen[element]
            # pytest writes two elements for a test that fails and whose teardown fails, and counts it once.
            least = len(suite.ids) if attribute == "tests" else seen
            if not _COUNT.fullmatch(said) or not least <= int(said) <= seen:
                name = suite.header.get("name", "")[:60]
                message = f"suite {name!r} says {attribute}={said[:20]!r} and holds {seen}"
                self.problems.append(ReadProblem(ProblemKind.COUNTS, message))


def _severity(text: str) -> Severity:
    """What the suite says, or high: an unknown word must not weaken a failure."""
    return Severity(text) if text in set(Severity) else Severity.HIGH


def _message(attributes: dict[str, str]) -> str:
    said = " ".join(attributes.get("message", "").split())[:MAX_WORDS]
    return f"expected to fail: {said}" if said and attributes.get("type") == "pytest.xfail" else said


def _judged(check: str, case: _Case) -> list[Result]:
    """A result for each thing that a testcase says of itself; a plain one passed."""
    results = []
    for mark, message in case.marks or [("", "")]:
        outcome, reason = Outcome.PASS, ""
        findings: tuple[Finding, ...] = ()
        if mark in {"failure", "flakyFailure", "rerunFailure"}:
            outcome = Outcome.FAIL
            said = message or "it failed without a message"
            findings = (Finding(case.id, said, "pass", f"{case.id}: {said}"),)
        elif mark in {"error", "flakyError", "rerunError"}:
            outcome, reason = Outcome.UNKNOWN, message or "it ended in an error without a message"
        elif mark == "skipped":
            given = message.casefold() not in _NO_REASON
            outcome = Outcome.NOT_APPLICABLE if given else Outcome.UNKNOWN
            reason = message if given else "it was skipped without a reason"
        results.append(Result(check, case.id, outcome, case.severity, findings=findings, reason=reason))
    if case.marks and all(mark.startswith("flaky") for mark, _ in case.marks):
        results.append(Result(check, case.id, Outcome.PASS, case.severity))
    return results
