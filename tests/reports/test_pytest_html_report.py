"""What gonogo puts above pytest-html's table: the verdict and the style that the whole page takes."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections import Counter
from html import unescape
from pathlib import Path

import pytest
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


CHECKS = "import pytest\n\n\n@pytest.mark.parametrize('n', range({}))\ndef test_held(n):\n    assert n not in {}\n"
PLUGIN = """
from gonogo.reports import pytest_html

pytest_html.PASSED = {}


def pytest_configure(config):
    global manager
    manager = config.pluginmanager


def pytest_html_report_title(report):
    global rows
    rows = pytest_html.bound(manager, report)


def pytest_html_results_summary(prefix):
    prefix.append(pytest_html.note(rows.left_out))
"""


@pytest.mark.parametrize("workers", [[], ["-n2"]], ids=["serial", "two workers"])
def test_rows_that_passed_are_bounded_and_everything_else_is_shown(tmp_path: Path, workers: list[str]) -> None:
    (tmp_path / "test_checks.py").write_text(CHECKS.format(40, "{35, 39}"))
    (tmp_path / "conftest.py").write_text(PLUGIN.format(10))
    (tmp_path / "pytest.ini").write_text("[pytest]\n")
    arguments = ["--html=report.html", "--self-contained-html", "-p", "no:locust", "-p", "no:cacheprovider", *workers]
    done = subprocess.run([sys.executable, "-m", "pytest", *arguments], cwd=tmp_path, capture_output=True, text=True)
    assert "2 failed, 38 passed" in done.stdout
    assert "Generated html report" in done.stdout
    text = (tmp_path / "report.html").read_text()
    data = json.loads(unescape(re.search(r'data-jsonblob="([^"]*)"', text)[1]))  # type: ignore[index]
    shown = Counter(row["result"] for rows in data["tests"].values() for row in rows)
    assert shown == {"Passed": 10, "Failed": 2}
    assert "28 further tests that passed have no row here" in text
    assert "40 tests took" in text
    assert re.search(r"38\s+Passed", text)


def test_nothing_is_said_where_every_row_is_shown() -> None:
    assert pytest_html.note(0) == ""
