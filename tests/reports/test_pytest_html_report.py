"""What gonogo puts above pytest-html's table: the verdict and the style that the whole page takes."""

from __future__ import annotations

from hypothesis import given, settings
from report_samples import ANY_WORDS, Words, all_passed, every_outcome

from gonogo.reports import pytest_html


def test_the_verdict_stands_beside_its_sentence_and_links_the_whole() -> None:
    text = pytest_html.prefix(every_outcome())
    assert '<p class="gonogo-verdict"><strong style="background:#a8201a">NO-GO</strong> ' in text
    assert '<a href="verdict.html">' in text
    assert ">GO</strong> All 2 results passed." in pytest_html.prefix(all_passed())


def test_the_style_comes_with_it_and_asks_for_nothing() -> None:
    style = pytest_html.prefix(all_passed()).partition("<style>")[2].partition("</style>")[0]
    assert "@media (prefers-color-scheme:dark)" in style
    assert "<" not in style
    assert "url(" not in style
    assert "@import" not in style


@settings(max_examples=20, deadline=None)
@given(ANY_WORDS)
def test_what_a_target_says_is_text(words: Words) -> None:
    text = pytest_html.prefix(every_outcome(words))
    assert text.count("<style>") == text.count("</style>") == text.count("<strong") == text.count("<p ") == 1
    assert "<script" not in text
    assert "onerror=alert(1)>" not in text
