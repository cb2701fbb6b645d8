"""What a narrowed run lists at its end."""

from __future__ import annotations

from gonogo.reports.partial import CHECKS, listing
from gonogo.result import Finding, Outcome, Result, Severity


def _result(check: str, outcome: Outcome, *, reason: str = "", message: str = "") -> Result:
    findings = (Finding("/", "x", "y", message),) if message else ()
    return Result(check, "/", outcome, Severity.HIGH, findings, reason=reason)


def test_what_passed_is_not_listed_and_findings_come_first() -> None:
    told = listing(
        [
            _result("a.b.c", Outcome.UNKNOWN, reason="timeout: no answer"),
            _result("a.b.d", Outcome.PASS),
            _result("a.b.e", Outcome.FAIL, message="/: it is \u20ac5, wanted 6."),
            _result("a.b.f", Outcome.NOT_APPLICABLE, reason="not declared"),
        ]
    )
    assert told == ["  FAIL a.b.e: /: it is \\u20ac5, wanted 6.", "  UNKNOWN a.b.c [/]: timeout: no answer"]


def test_one_reason_of_many_checks_is_told_once() -> None:
    many = [_result(f"a.b.c{number}", Outcome.UNKNOWN, reason="unavailable: none") for number in range(CHECKS + 2)]
    told = listing(many)
    assert told[:2] == [f"  UNKNOWN {CHECKS + 2} results: unavailable: none", "      a.b.c0 [/]"]
    assert told[-1] == "      ... and 2 more results"
    assert len(told) == CHECKS + 2


def test_lines_are_wrapped_and_cut_behind_a_word() -> None:
    told = listing([_result("a.b.c", Outcome.UNKNOWN, reason="word\n" + "words " * 200 + "\x1b[2J")], width=60)
    assert max(map(len, told)) <= 60
    assert " ".join(told).split()[:5] == ["UNKNOWN", "a.b.c", "[/]:", "word;", "words"]
    assert told[-1].endswith("words...")
    assert told[1].startswith("    words")
    assert max(map(len, listing([_result("a.b.c", Outcome.FAIL, message="x" * 5000)]))) <= 80


def test_nothing_of_a_target_steers_the_screen() -> None:
    told = "\n".join(listing([_result("a.b.c", Outcome.FAIL, message="\x1b[2J\r\u202e")]))
    assert told == "  FAIL a.b.c: \\x1b[2J\\r\\u202e"


def test_a_finding_of_many_subjects_is_told_once() -> None:
    told = listing(
        [
            Result("a.b.c", f"/{n}", Outcome.FAIL, Severity.HIGH, (Finding.of(f"/{n}", seen="red", wanted="blue"),))
            for n in range(9)
        ]
    )
    assert " ".join(" ".join(told).split()) == (
        "FAIL a.b.c: /0: red, wanted blue. The same on /1, /2, /3, /4, /5 and 3 more."
    )
