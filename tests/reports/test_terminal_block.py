"""The terminal block: fits 80 columns, the verdict last, nothing of the target steers the terminal."""

from __future__ import annotations

import re

from hypothesis import given, settings
from hypothesis import strategies as st
from report_samples import ANY_WORDS, Words, all_passed, every_outcome, many, report
from rich.cells import cell_len
from rich.text import Text

from gonogo.reports.terminal import BLOCKERS, block, plain
from gonogo.result import Outcome, Result, Severity


@settings(max_examples=60, deadline=None)
@given(ANY_WORDS, st.sampled_from([40, 80, 100]))
def test_lines_fit_and_nothing_steers_the_terminal(words: Words, width: int) -> None:
    text = plain(block(every_outcome(words), width=width))
    assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]", text)
    text.encode()
    # A check's id stands whole after its marks, so that it can be copied.
    long = [line for line in text.splitlines() if cell_len(line) > width]
    assert all(re.match(r"[A-Z]+ +\w+ +[\w.-]+$", line) for line in long)


@settings(max_examples=30, deadline=None)
@given(ANY_WORDS)
def test_an_ascii_terminal_gets_ascii(words: Words) -> None:
    assert plain(block(every_outcome(words), encoding="ascii")).isascii()


def test_the_verdict_is_the_last_line() -> None:
    assert plain(block(every_outcome())).splitlines()[-1] == " NO-GO "
    assert plain(block(all_passed())).splitlines()[-2:] == ["All 2 results passed.", " GO "]


def test_a_blocker_is_told_with_subject_seen_wanted_and_the_first_line_of_its_fix() -> None:
    text = plain(block(every_outcome(), page="reports/latest/verdict.html"))
    assert (
        "HIGH     fail     security.hsts.max-age\n"
        "  /pricing: max-age is 60, wanted at least 31536000.\n"
        "  /pricing: max-age is 60, wanted at least 31536000.\n"
        "  fix     send `Strict-Transport-Security: max-age=31536000`\n"
    ) in text
    assert "HIGH     unknown  database.role.read-only\n  timeout: no answer within 10 s\n  /pricing\n" in text
    assert "HIGH     missing  availability.metrics.readable\n" in text
    assert "2 fail, 1 unknown, 1 missing, 1 waived, 2 pass, 1 not applicable\n" in text
    assert "Report: reports/latest/verdict.html\n" in text


def test_seen_and_wanted_stand_apart_where_the_message_does_not_say_them() -> None:
    text = plain(block(every_outcome(Words(message="It is short.", seen="one\x1b[2J", wanted="two"))))
    assert "  It is short.\n  seen    one\\x1b[2J\n  wanted  two\n" in text


def test_an_outage_is_told_once() -> None:
    down = [
        Result(f"database.schema.part-{index}", "main", Outcome.UNKNOWN, Severity.HIGH, reason="connect: refused")
        for index in range(6)
    ]
    text = plain(block(report(down)))
    assert "HIGH     unknown  6 checks\n  connect: refused\n  high     database.schema.part-0  main\n" in text
    assert text.count("  connect: refused\n") == 1


def test_a_wall_of_failures_is_cut_and_counted() -> None:
    text = plain(block(many(1_000)))
    assert text.count("HIGH     fail") == len(
        {result.check for result in many(1_000).results if result.outcome is Outcome.FAIL}
    )
    assert re.search(r"more\s+subjects\n", text)
    checks = [Result(f"security.part.check-{n}", "/", Outcome.FAIL, Severity.HIGH, ()) for n in range(100)]
    walled = plain(block(report(checks)))
    assert walled.count("HIGH     fail") == BLOCKERS
    assert "... and 80 more checks\n" in walled


def test_rich_takes_the_segments_as_they_are() -> None:
    segments = block(every_outcome())
    assert Text.assemble(*segments).plain == plain(segments)
    styles = dict(segments)
    assert styles[" NO-GO "] == "bold white on red"
    assert dict(block(all_passed()))[" GO "] == "bold white on green"
