"""What says the same of many subjects is one finding; what differs in anything but the subject's name is not."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from report_samples import HOSTILE

from gonogo.reports.alike import alike, cut, named
from gonogo.result import Finding, Outcome, Result, Severity


def failed(subject: str, *findings: Finding, check: str = "security.hsts.max-age") -> Result:
    return Result(check, subject, Outcome.FAIL, Severity.HIGH, findings)


@pytest.mark.parametrize(
    ("text", "name", "kept"),
    [
        ("/pricing: max-age is 60.", "/pricing", "*: max-age is 60."),
        ("https://www.acme.test/ answered 500", "/", "https://www.acme.test* answered 500"),
        ("https://www.acme.test/pricing?a=1 answered", "/pricing", "https://www.acme.test/pricing?a=1 answered"),
        ("sent text/html; charset=utf-8", "/", "sent text/html; charset=utf-8"),
        ("/page/1 and /page/10", "/page/1", "* and /page/10"),
        ("/page/10: no", "/page/1", "/page/10: no"),
        ("it ends with /pricing.", "/pricing", "it ends with *."),
        ("/pricing.html: no", "/pricing", "/pricing.html: no"),
        ("main: the main table, and mainly this", "main", "*: the * table, and mainly this"),
        ("//cdn.acme.test", "/", "//cdn.acme.test"),
        ("nothing of it", "", "nothing of it"),
    ],
)
def test_a_name_is_cut_where_it_stands_alone(text: str, name: str, kept: str) -> None:
    assert cut(text, name).replace("\x00", "*") == kept


def test_the_same_of_many_subjects_is_one_finding() -> None:
    told = alike(failed(path, Finding.of(path, seen="60", wanted="at least 300")) for path in ("/", "/a", "/a/b"))
    assert [(one.finding.subject, one.subjects) for one in told] == [("/", ("/", "/a", "/a/b"))]
    assert told[0].others == ("/a", "/a/b")


def test_what_differs_is_told_apart() -> None:
    told = alike(
        [
            failed("/", Finding.of("/", seen="60", wanted="at least 300")),
            failed("/a", Finding.of("/a", seen="61", wanted="at least 300")),
            failed("/", Finding.of("/", seen="60", wanted="at least 300"), check="security.hsts.present"),
        ]
    )
    assert len(told) == 3


def test_a_failure_without_a_finding_says_so() -> None:
    told = alike([failed("/"), failed("/a"), failed("")])
    assert [one.finding.message for one in told] == ["/: it failed without a finding."]
    assert told[0].subjects == ("/", "/a", "the whole system")


@given(st.lists(st.tuples(HOSTILE, HOSTILE), max_size=8))
def test_no_finding_is_lost(pairs: list[tuple[str, str]]) -> None:
    """Each is the first of its group, or its message is the first's with another subject, which is listed."""
    results = [failed(subject, Finding.of(subject, seen=seen, wanted="none")) for subject, seen in pairs]
    told = alike(results)
    for result in results:
        finding = result.findings[0]
        assert any(
            finding.subject in one.subjects
            and cut(one.finding.message, one.finding.subject) == cut(finding.message, finding.subject)
            for one in told
        )


def test_the_first_are_named_and_the_others_counted() -> None:
    assert named(["/a", "/b"]) == "/a, /b"
    assert named([f"/{n}" for n in range(1_007)]) == "/0, /1, /2, /3, /4 and 1,002 more"
    assert named([]) == ""
    assert named(["a\nb\x1b"]) == "a\\nb\\x1b"
