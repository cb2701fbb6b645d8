"""The pages in a real browser: nothing is wider than what holds it, on a desk and on a telephone, and dark where wished."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import async_playwright
from report_samples import every_outcome, inventory, many

from gonogo.concerns.consent.report import State
from gonogo.concerns.consent.report import kept as section_of
from gonogo.evidence.records import PlanEntry
from gonogo.probes.browser.browsers import launch
from gonogo.reports.html import html
from gonogo.reports.pytest_html import prefix, row_cells
from gonogo.result import Outcome, Severity

pytestmark = pytest.mark.wait

WIDTHS = (320, 390, 768, 1024, 1280, 1600)
STATES = ("before a choice", "after a rejection", "after acceptance", "after withdrawal", "with Global Privacy Control")
PAGE_WIDTH = "document.documentElement.scrollWidth"
OVERFULL = """
() => [...document.querySelectorAll('.card')]
  .filter(card => card.scrollWidth > card.clientWidth + 1)
  .map(card => card.getAttribute('aria-label') || card.textContent.trim().slice(0, 60))
"""
"""Cards whose content is wider than they are; a table that scrolls by itself makes its own box full, not its card."""
NARROW_GAPS = """
() => {
  const heads = [...document.querySelectorAll('.inventory thead .state')];
  const spans = heads.map(head => {
    const range = document.createRange();
    range.selectNodeContents(head);
    return range.getBoundingClientRect();
  });
  return spans.slice(1).map((span, index) => span.left - spans[index].right);
}
"""
REPORT = """<!doctype html><html><head><style>body {min-width: 800px; color: #999} h1, p {color: black}</style></head><body>
<div class="summary">PREFIX</div>
<table id="results-table"><tbody><tr>CELLS</tr><tr><td colspan="8"><div class="logwrapper"><div class="logexpander"></div>
<div class="log">WORDS</div></div></td></tr></tbody></table></body></html>"""


async def _seen(page_file: Path, *scripts: str, scheme: Any = "light") -> dict[int, list[Any]]:
    """What the scripts tell at each width, with everything unfolded."""
    told = {}
    async with async_playwright() as playwright:
        browser, _ = await launch(playwright)
        for width in WIDTHS:
            page = await browser.new_page(viewport={"width": width, "height": 900}, color_scheme=scheme)
            await page.goto(page_file.as_uri())
            await page.evaluate("document.querySelectorAll('details').forEach(one => one.open = true)")
            told[width] = [await page.evaluate(script) for script in scripts]
            await page.close()
        await browser.close()
    return told


@pytest.fixture
def verdict_page(tmp_path: Path) -> Path:
    plan = (PlanEntry("browser", "visit", "https://www.acme.test/", "anonymous", "browser", 4, "", "x", ("y " * 40,)),)
    kept = inventory()
    states = tuple(State(name, "") for name in STATES)
    items = tuple(replace(item, kept=(True,) * len(states)) for item in kept.items)
    made = every_outcome()
    shown = (section_of([replace(kept, states=states, items=items)]), *made.makers)
    told = replace(made, plan=plan, makers=tuple(one for one in shown if one is not made.makers[1]))
    file = tmp_path / "verdict.html"
    file.write_text(html(replace(told, verdict=many(1_500).verdict, results=many(1_500).results)), encoding="utf-8")
    return file


@pytest.mark.slow
def test_no_card_of_the_verdict_is_overfull_and_heads_stand_apart(verdict_page: Path) -> None:
    for width, (page_width, overfull, gaps) in asyncio.run(
        _seen(verdict_page, PAGE_WIDTH, OVERFULL, NARROW_GAPS)
    ).items():
        assert page_width == width
        assert overfull == [] or width < 700, (width, overfull)
        assert width < 1280 or all(gap >= 8 for gap in gaps), (width, gaps)


@pytest.mark.slow
def test_the_report_of_pytest_html_fits_and_turns_dark(tmp_path: Path) -> None:
    cells = "".join(row_cells("security.csp.present", Severity.CRITICAL, "x" * 300, Outcome.UNKNOWN))
    cells += f'<td class="col-testId">{"test" * 60}</td><td>00:00:12</td><td></td>'
    text = REPORT.replace("PREFIX", prefix(every_outcome())).replace("CELLS", cells).replace("WORDS", "word " * 90)
    file = tmp_path / "report.html"
    file.write_text(text, encoding="utf-8")
    covered = """
    () => {
      const mark = document.querySelector('.gonogo-verdict strong').getBoundingClientRect();
      const range = document.createRange();
      range.selectNodeContents(document.querySelector('.gonogo-verdict').childNodes[1]);
      return [...range.getClientRects()].some(line => line.top > mark.top + 5 && line.top < mark.bottom - 5);
    }
    """
    ink = "getComputedStyle(document.querySelector('.log')).color"
    for scheme, wanted in (("light", "rgb(26, 29, 33)"), ("dark", "rgb(231, 234, 238)")):
        told = asyncio.run(_seen(file, PAGE_WIDTH, covered, ink, scheme=scheme))
        assert told == {width: [width, False, wanted] for width in WIDTHS}
