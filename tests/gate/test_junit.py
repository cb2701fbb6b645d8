"""Foreign JUnit files: every element counts, and nothing hostile or damaged passes for a result."""

from __future__ import annotations

from pathlib import Path

import pytest
from gate_worlds import START, judged, world
from hypothesis import given, settings
from hypothesis import strategies as st

from gonogo.errors import RunUnreadable
from gonogo.gate import Decision, ProblemKind, Shard
from gonogo.gate.junit import parse_junit
from gonogo.result import Outcome, Severity
from gonogo.run import folder as rundir

WHEN = START.isoformat()


def parsed(text: str) -> Shard:
    return parse_junit(text.encode(), suite="unit", name="unit.xml")


def suite(body: str, header: str = "") -> str:
    return f'<testsuites><testsuite name="s" timestamp="{WHEN}" {header}>{body}</testsuite></testsuites>'


def case(body: str = "", name: str = "a") -> str:
    return f'<testcase classname="tests.test_x" name="{name}">{body}</testcase>'


def said(shard: Shard) -> list[tuple[str, Outcome, str]]:
    return [(one.subject, one.outcome, one.reason) for one in shard.results]


def kinds(shard: Shard) -> set[ProblemKind]:
    return {problem.kind for problem in shard.problems}


@pytest.mark.parametrize(
    ("body", "outcomes"),
    [
        ("", [(Outcome.PASS, "")]),
        ('<failure message="no"/>', [(Outcome.FAIL, "")]),
        ('<error message="boom"/>', [(Outcome.UNKNOWN, "boom")]),
        ("<error>\n  Traceback\n  </error>", [(Outcome.UNKNOWN, "Traceback")]),
        ('<skipped message="needs linux"/>', [(Outcome.NOT_APPLICABLE, "needs linux")]),
        ("<skipped/>", [(Outcome.UNKNOWN, "it was skipped without a reason")]),
        ('<skipped message="unconditional skip"/>', [(Outcome.UNKNOWN, "it was skipped without a reason")]),
        (
            '<skipped type="pytest.xfail" message="bug 7"/>',
            [(Outcome.NOT_APPLICABLE, "expected to fail: bug 7")],
        ),
        ('<failure message="no"/><error message="boom"/>', [(Outcome.FAIL, ""), (Outcome.UNKNOWN, "boom")]),
        ('<flakyFailure message="once"/>', [(Outcome.FAIL, ""), (Outcome.PASS, "")]),
        ('<failure message="no"/><rerunFailure message="again"/>', [(Outcome.FAIL, ""), (Outcome.FAIL, "")]),
        ("<system-out>error failure</system-out>", [(Outcome.PASS, "")]),
    ],
)
def test_what_a_testcase_says(body: str, outcomes: list[tuple[Outcome, str]]) -> None:
    shard = parsed(suite(case(body)))
    assert said(shard) == [("tests.test_x::a", outcome, reason) for outcome, reason in outcomes]
    assert shard.problems == ()
    assert (shard.foreign, shard.started) == ("unit", START)
    assert {(one.check, one.severity) for one in shard.results} == {("junit.unit", Severity.HIGH)}


@pytest.mark.parametrize(
    ("word", "severity"), [("critical", Severity.CRITICAL), ("low", Severity.LOW), ("x", Severity.HIGH)]
)
def test_a_suite_may_say_how_severe(word: str, severity: Severity) -> None:
    shard = parsed(suite(case(f'<properties><property name="severity" value="{word}"/></properties><failure/>')))
    assert [one.severity for one in shard.results] == [severity]


@pytest.mark.parametrize(
    ("header", "fits"),
    [
        ('tests="3" failures="1" errors="1" skipped="0"', True),
        ('tests="2"', True),  # pytest counts a failed test whose teardown fails once
        ('tests="1"', False),
        ('tests="4"', False),
        ('failures="0"', False),
        ('errors="2"', False),
        ('skipped="1"', False),
        ('tests="many"', False),
        (f'tests="{"9" * 5000}"', False),
        ('tests="-3"', False),
    ],
)
def test_a_header_that_lies_is_a_problem(header: str, fits: bool) -> None:
    body = case('<failure message="no"/>') + case('<error message="teardown"/>') + case(name="b")
    assert kinds(parsed(suite(body, header))) == (set() if fits else {ProblemKind.COUNTS})


def test_a_cut_file_keeps_what_stands_before_the_cut() -> None:
    text = suite(case(name="a") + case("<failure/>", name="b") + case(name="c"))
    shard = parsed(text[: text.index('name="c"')])
    assert [(one.subject, one.outcome) for one in shard.results] == [
        ("tests.test_x::a", Outcome.PASS),
        ("tests.test_x::b", Outcome.FAIL),
    ]
    assert kinds(shard) == {ProblemKind.TRUNCATED}


BOMB = f"""<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "{"a" * 50}"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]>
<testsuite tests="1" timestamp="{WHEN}"><testcase name="&b;"/></testsuite>"""


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("", ProblemKind.TRUNCATED),
        ("   \n", ProblemKind.TRUNCATED),
        ("not xml", ProblemKind.UNREADABLE),
        ("<html><body/></html>", ProblemKind.UNREADABLE),
        (BOMB, ProblemKind.UNREADABLE),
        ('<!DOCTYPE x SYSTEM "file:///etc/hostname"><testsuite/>', ProblemKind.UNREADABLE),
        ("<testsuite>" * 1000, ProblemKind.UNREADABLE),
    ],
)
def test_what_is_no_junit_file_gives_no_result(text: str, kind: ProblemKind) -> None:
    shard = parsed(text)
    assert shard.results == ()
    assert kind in kinds(shard)
    assert judged([*world(), shard]).decision is Decision.NO_GO


def test_a_file_without_a_date_is_not_fresh() -> None:
    shard = parsed("<testsuite><testcase name='a'/></testsuite>")
    assert kinds(shard) == {ProblemKind.UNDATED}
    assert judged([*world(), shard]).decision is Decision.NO_GO


@pytest.mark.parametrize(
    ("stamp", "dated"), [("2026-11-20T12:00:00", True), ("2026-11-20T14:00:00+02:00", True), ("x", False)]
)
def test_dates(stamp: str, dated: bool) -> None:
    shard = parsed(f'<testsuite timestamp="{stamp}"><testcase name="a"/></testsuite>')
    assert shard.started == (START if dated else None)


def test_a_foreign_suite_alone_is_no_release() -> None:
    assert judged([parsed(suite(case()))]).decision is Decision.NO_GO


def test_a_foreign_failure_stops_a_release_and_a_reasoned_skip_does_not() -> None:
    assert judged([*world(), parsed(suite(case()))]).decision is Decision.GO
    assert (
        judged([*world(), parsed(suite(case('<skipped message="needs linux"/>') + case(name="b")))]).decision
        is Decision.GO
    )
    verdict = judged([*world(), parsed(suite(case('<failure message="1 != 2"/>')))])
    assert [(reason.rule, reason.check, reason.subject) for reason in verdict.reasons] == [
        ("fail", "junit.unit", "tests.test_x::a")
    ]
    assert "1 != 2" in verdict.reasons[0].message


def test_files_are_read_from_disk(tmp_path: Path) -> None:
    (tmp_path / "api.xml").write_text(suite(case()))
    shard = rundir.read_junit(tmp_path / "api.xml")
    assert (shard.foreign, [one.check for one in shard.results]) == ("api", ["junit.api"])
    assert rundir.read_junit(tmp_path / "api.xml", suite="contract").foreign == "contract"
    with pytest.raises(RunUnreadable, match=r"none\.xml"):
        rundir.read_junit(tmp_path / "none.xml")


@given(
    st.binary(max_size=200) | st.text(alphabet='<>/="testcaseuifralo &;!', max_size=120).map(str.encode),
    st.data(),
)
@settings(max_examples=300, deadline=None)
def test_no_bytes_make_reading_fail(noise: bytes, data: st.DataObject) -> None:
    whole = suite(case() + case("<failure/>", name="b")).encode()
    place = data.draw(st.integers(0, len(whole)))
    parse_junit(noise, suite="s", name="s.xml")
    parse_junit(whole[:place] + noise + whole[place:], suite="s", name="s.xml")
