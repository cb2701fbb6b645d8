"""summary.md: small enough to be taken, and nothing in it that a target wrote as Markdown."""

from __future__ import annotations

import re
from collections import Counter

import pytest
from hypothesis import given, settings
from markdown_it import MarkdownIt
from markdown_it.token import Token
from report_samples import ANY_WORDS, HOSTILE, Words, all_passed, every_outcome, many

from gonogo.reports.markdown import CAP, EXPANDED, escape, markdown

PARSER = MarkdownIt("commonmark").enable(["table", "strikethrough"])


def tokens(text: str) -> list[Token]:
    return [one for block in PARSER.parse(text) for one in (block, *(block.children or []))]


def shown(text: str) -> str:
    return "\n".join(
        "".join(one.content for one in block.children or []) for block in PARSER.parse(text) if block.children
    )


def test_a_broken_policy_of_the_site_is_told_in_one_table() -> None:
    text = markdown(every_outcome())
    assert text.count("## Security policy of") == 1
    assert "| Strict-Transport-Security | fail |" in text
    assert "Security policy of" not in markdown(all_passed())


PLAIN = {"text", "text_special", "inline", "paragraph_open", "paragraph_close"}
"""A text that shows nothing leaves its paragraph out."""
USUAL = Counter(one.type for one in tokens(markdown(every_outcome())) if one.type not in PLAIN)


@settings(max_examples=60, deadline=None)
@given(ANY_WORDS)
def test_no_text_of_a_target_becomes_markup(words: Words) -> None:
    text = markdown(every_outcome(words))
    assert "<" not in text
    assert Counter(one.type for one in tokens(text) if one.type not in PLAIN) == USUAL


@settings(max_examples=100, deadline=None)
@given(HOSTILE)
def test_an_escaped_text_is_one_line_of_plain_text(text: str) -> None:
    inline = PARSER.parseInline(f"a {escape(text)} z")[0].children or []
    assert {one.type for one in inline} <= {"text", "text_special"}
    rendered = "".join(one.content for one in inline)
    assert not re.search(r"@\w|#\d|https?://|www\.|:\w+:", rendered)
    assert not re.search(r"[\x00-\x1f\x7f-\x9f\u202a-\u202e]", rendered)


@pytest.mark.parametrize(
    ("text", "seen"),
    [
        ("a | b", "a | b"),
        ("@octocat", "@\u200boctocat"),
        ("https://x.test:8443 at 02:57", "https:\u200b//x.test:\u200b8443 at 02:57"),
        ("<b>&amp;</b>", "<b>&amp;</b>"),
        ("\x1b[1m", "\\x1b[1m"),
    ],
)
def test_a_reader_sees_the_text_itself(text: str, seen: str) -> None:
    inline = PARSER.parseInline(escape(text))[0].children or []
    assert "".join(one.content for one in inline) == seen


def test_the_verdict_comes_first() -> None:
    assert markdown(every_outcome()).startswith("# ⛔ NO-GO: HSTS lasts at least a year\n\nsecurity.csp.present failed")
    assert markdown(all_passed()).startswith("# ✅ GO: Acme Insights\n\nAll 2 results passed.\n")


def test_findings_have_their_fix_and_what_was_not_observed_its_reason() -> None:
    text = shown(markdown(every_outcome()))
    assert "Fix: send `Strict-Transport-Security: max-age=31536000` on every response." in text.replace("\u200b", "")
    assert "wanted: at least 31536000" in text
    assert "Not observed (2)" in text
    assert "timeout: no answer within 10 s" in text
    assert "Waived (1)" in text
    assert "Not applicable (1)" in text


def test_at_most_fifty_findings_are_expanded_and_the_others_are_rows() -> None:
    text = markdown(many(1_000, apart=True))
    assert text.count("  - seen: ") == EXPANDED
    assert "### 50 more findings" in text
    assert "left out" not in text


def test_a_huge_run_is_cut_at_a_row_and_says_how_many_are_left_out() -> None:
    made = many(40_000, apart=True)
    text = markdown(made)
    assert CAP * 0.95 < len(text.encode()) <= CAP
    *rows, note = text.rstrip("\n").split("\n")[-4:]
    assert rows[0].endswith(" |")
    (left_out,) = re.findall(r"_([\d,]+) rows left out here; verdict\.html has them all\._", note)
    told = text.count("\n| high | ") + text.count("  - seen: ")
    reasons = len(made.verdict["reasons"])  # type: ignore[arg-type]
    assert told + int(left_out.replace(",", "")) == reasons + 4_000  # each failure is a reason and a finding


def test_equal_findings_are_told_once_with_the_first_subjects() -> None:
    text = markdown(many(1_000))
    assert text.count("  - seen: ") == 4  # checks that failed
    assert "The same on /page/120, /page/160, /page/200, /page/240, /page/280 and 19 more." in shown(text)
    assert "## Findings (100)" in text
    assert "## Why NO-GO (100)" in text
    assert text.count("| high | fail |") == 4
    assert len(text) < 20_000
