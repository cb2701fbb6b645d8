"""What a concern adds to the report, seen by writers that know nothing of it."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from report_samples import ANY_WORDS, Words, all_passed, every_outcome
from test_html_page import Page

from gonogo.reports.html import html
from gonogo.reports.markdown import markdown
from gonogo.reports.model import Report
from gonogo.reports.section import Maker, Place, Section, SummaryTable

TEMPLATE = """{% from "macros.html.j2" import outcome_mark %}
<section aria-labelledby="dns"><h2 id="dns">Names</h2>
{% for name in names %}<p>{{ name|line(40) }}</p>
{% endfor %}</section>
"""


def made(folder: Path, *names: str, **more: object) -> Maker:
    template = folder / "dns.html.j2"
    template.write_text(TEMPLATE)
    table = SummaryTable("Names", ("Name",), tuple((name,) for name in names))
    section = Section("dns", "Names", template, {"names": names}, count=len(names), markdown=(table,), **more)  # type: ignore[arg-type]
    return lambda report: section if names else None


def order(report: Report) -> list[str | None]:
    return [one.get("aria-labelledby") for one in Page(html(report)).all("section")]


def test_a_section_stands_where_it_belongs_with_its_entry_and_its_table(tmp_path: Path) -> None:
    report = replace(every_outcome(), makers=(made(tmp_path, "acme.test", "two"),))
    page = Page(html(report))
    assert {"href": "#dns"} in page.all("a")
    assert any("Names" in one and "2" in one for one in page.text["li"])
    assert order(report).index("findings") < order(report).index("dns") < order(report).index("unknown")
    assert "## Names\n\n| Name |\n| --- |\n| acme.test |\n| two |\n" in markdown(report)


def test_a_late_section_stands_behind_the_waivers(tmp_path: Path) -> None:
    report = replace(every_outcome(), makers=(made(tmp_path, "acme.test", place=Place.WAIVERS),))
    assert order(report).index("waivers") < order(report).index("dns") < order(report).index("all")


def test_nothing_is_told_where_a_maker_has_nothing(tmp_path: Path) -> None:
    report = replace(all_passed(), makers=(made(tmp_path),))
    assert html(report) == html(replace(report, makers=()))
    assert markdown(report) == markdown(replace(report, makers=()))


def test_a_maker_is_asked_once_for_all_writers(tmp_path: Path) -> None:
    asked: list[Report] = []

    def maker(report: Report) -> None:
        asked.append(report)

    report = replace(all_passed(), makers=(maker,))
    html(report)
    markdown(report)
    assert len(asked) == 1


@given(ANY_WORDS)
def test_what_a_target_says_is_text(tmp_path_factory: pytest.TempPathFactory, words: Words) -> None:
    folder = tmp_path_factory.mktemp("section")
    usual = Page(html(replace(all_passed(), makers=(made(folder, "x"),))))
    assert Page(html(replace(all_passed(), makers=(made(folder, words.subject),)))).shape == usual.shape


WRITERS = ("html", "junit", "markdown", "model", "partial", "pytest_html", "section", "terminal", "write")
OF_CONCERNS = {"fixes", "inventory", "measured", "measurements", "policy", "policy_table", "undecided", "waterfall"}


@pytest.mark.parametrize("writer", WRITERS)
def test_no_writer_knows_a_section(writer: str) -> None:
    file = Path(__file__).parents[2] / "src" / "gonogo" / "reports" / f"{writer}.py"
    named = re.findall(r"^\s*from gonogo\.(?:reports|concerns)\.([\w.]+) import", file.read_text(), re.MULTILINE)
    assert not {name for name in named if name in OF_CONCERNS or "concerns" in name}
