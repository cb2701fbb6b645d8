"""What axe-core left to a person: from the visits' evidence to the page, apart from what passed and what failed."""

from __future__ import annotations

import re
from dataclasses import replace
from html import unescape
from pathlib import Path

import pytest
from main_job import ROOT
from report_samples import START, Words, all_passed, every_outcome, report
from report_samples import undecided as sample

from gonogo.concerns.accessibility.fixtures import accessibility_visit, accessible_paths, state_labels
from gonogo.concerns.accessibility.report import OpenPage, to_look_at
from gonogo.concerns.accessibility.undecided import MOST_ELEMENTS, undecided
from gonogo.demo.provider import Demo
from gonogo.environment.model import Tier
from gonogo.environment.models import Environment
from gonogo.environment.sections.accessibility import Accessibility as Declared
from gonogo.environment.sections.accessibility import AccessibleState
from gonogo.environment.sections.consent import Consent
from gonogo.environment.sections.site import Site
from gonogo.evidence.codec import to_json
from gonogo.evidence.records import Evidence, Failure, FailureKind, Request, canonical, identity
from gonogo.evidence.store import Store
from gonogo.gate import Policy, decide
from gonogo.probes.browser.accessibility import Accessibility, AxeNode, AxeRule, AxeRun
from gonogo.probes.browser.facts import Visit
from gonogo.reports.html import html
from gonogo.result import Outcome, Result, Severity
from gonogo.run import target as runs
from gonogo.run.folder import DOOR
from gonogo.run.report import report_of

HELP = "https://dequeuniversity.com/rules/axe/4.11/color-contrast?application=axeAPI"
WHY = "Element's background color could not be determined due to a background image"
ENVIRONMENT = Environment(
    name="shop",
    tier=Tier.STAGING,
    site=Site(url="https://www.shop.test"),
    consent=Consent(),
    accessibility=Declared(states=(AccessibleState(name="menu open", clicks=("#menu",), shows="#items"),)),
)


def node(number: int = 1, html: str = "<p class=hero>Save</p>") -> AxeNode:
    return AxeNode(f".hero:nth-child({number})", html, f"Fix any of the following:\n  {WHY}")


def rule(name: str = "color-contrast", *, count: int = 1, url: str = HELP, html: str = "<p>x</p>") -> AxeRule:
    nodes = tuple(node(number + 1, html) for number in range(min(count, 10)))
    return AxeRule(name, "serious", ("wcag2aa", "wcag143"), "Elements must have enough contrast", url, count, nodes)


def axe(label: str, *incomplete: AxeRule, unseen: tuple[str, ...] = ()) -> AxeRun:
    return AxeRun(label, "https://www.shop.test/", "4.11.0", (1350, 940), (), incomplete, 20, 1, unseen)


def visit(*found: AxeRun, problems: tuple[str, ...] = ()) -> Visit:
    return Visit("b", "desktop", (1, 1), (), (), (), (), None, "", problems, accessibility=Accessibility(axe=found))


def told(seen: Visit | Failure) -> OpenPage:
    (page,) = undecided(ENVIRONMENT, [record(accessibility_visit(ENVIRONMENT, "/"), seen)])
    return page


def record(request: Request, seen: Visit | Failure) -> Evidence:
    at = "2026-11-21T02:57:16+00:00"
    facts, failure = (None, seen) if isinstance(seen, Failure) else (to_json(seen), None)
    return Evidence(identity(request), canonical(request), at, at, "unit", facts=facts, failure=failure)


def section(pages: list[OpenPage]) -> str:
    """The markup of the section."""
    page = html(replace(all_passed(), makers=(to_look_at(pages),)))
    return page.partition('<section aria-labelledby="undecided">')[2].partition("</section>")[0]


def words(markup: str) -> str:
    return " ".join(unescape(re.sub(r"<[^>]*>", " ", markup)).split())


ALL = ("as loaded", "banner closed", "state: menu open")


def test_each_state_is_told_and_those_alike_together() -> None:
    page = told(visit(axe(ALL[0], rule()), axe(ALL[1], rule()), axe(ALL[2])))
    assert [(state.names, [one.id for one in state.rules]) for state in page.states] == [
        (("as loaded", "banner closed"), ["color-contrast"]),
        (("state: menu open",), []),
    ]
    assert (page.path, page.rules, page.quiet) == ("/", 1, ("state: menu open",))
    (only,) = page.states[0].rules
    assert (only.help, only.criteria, only.url) == ("Elements must have enough contrast", "WCAG 1.4.3", HELP)
    (element,) = only.elements
    assert (element.target, element.html, element.why) == (".hero:nth-child(1)", "<p>x</p>", WHY)


def test_what_is_cut_is_counted() -> None:
    page = told(visit(axe(ALL[0], rule(count=300)), axe(ALL[1]), axe(ALL[2])))
    (only,) = page.states[0].rules
    assert (only.count, len(only.elements), only.more) == (300, MOST_ELEMENTS, 300 - MOST_ELEMENTS)
    assert "297 more elements, not listed." in words(section([page]))


@pytest.mark.parametrize(
    ("seen", "unseen"),
    [
        (Failure(FailureKind.TIMEOUT, "too late"), [(ALL, "timeout: too late")]),
        (visit(axe(ALL[0]), axe(ALL[2])), [((ALL[1],), "banner closed: the visit ended early")]),
        (
            visit(*map(axe, ALL), problems=("click #menu: not there",)),
            [((ALL[2],), "the state was not reached: click #menu: not there")],
        ),
        (
            visit(*map(axe, ALL), problems=("consent reject: no control",)),
            [((ALL[1],), "banner closed: consent reject: no control")],
        ),
        (
            visit(axe(ALL[0], unseen=("https://x.test: no script runs in it",)), axe(ALL[1]), axe(ALL[2])),
            [((ALL[0],), "frames that could not be judged: https://x.test: no script runs in it")],
        ),
    ],
)
def test_a_state_that_was_not_assessed_is_not_a_state_without_questions(
    seen: Visit | Failure, unseen: list[tuple[tuple[str, ...], str]]
) -> None:
    page = told(seen)
    assert [(state.names, state.unseen) for state in page.states if state.unseen] == unseen
    assert not set(page.quiet) & {name for names, _ in unseen for name in names}
    shown = words(section([page]))
    assert all(f"not observed {', '.join(names)}: {why}" in shown for names, why in unseen)


def test_a_run_that_assessed_no_page_has_no_section() -> None:
    assert undecided(ENVIRONMENT, []) == ()
    assert undecided(ENVIRONMENT.model_copy(update={"accessibility": None}), []) == ()
    assert 'id="undecided"' not in html(all_passed())


def test_it_is_taken_neither_for_a_pass_nor_for_a_failure() -> None:
    shown = words(section([told(visit(axe(ALL[0], rule()), axe(ALL[1]), axe(ALL[2])))]))
    assert "axe-core could not decide these; a person must look." in shown
    assert "neither a pass nor a failure" in shown
    assert f"Not decided: {WHY}" in shown
    assert "Nothing was left undecided: banner closed, state: menu open." in shown
    assert not re.search(r"100|%|[Ff]ix any|is accessible|passed\b|failed\b", shown)


def test_a_page_without_open_questions_is_not_called_accessible() -> None:
    shown = words(section([told(visit(*map(axe, ALL)))]))
    assert "Nothing was left undecided on / ." in shown
    assert "could not decide these" not in shown
    assert "a page without an entry here may have barriers too" in shown


def test_it_is_folded_when_long() -> None:
    short = told(visit(axe(ALL[0], rule()), axe(ALL[1]), axe(ALL[2])))
    long = told(visit(axe(ALL[0], *(rule(f"rule-{number}", count=9) for number in range(3))), axe(ALL[1]), axe(ALL[2])))
    assert re.findall(r"<details[^>]*>", section([short])) == ['<details class="card open-state" open>']
    assert re.findall(r"<details[^>]*>", section([long])) == ['<details class="card open-state">']
    assert "as loaded 3 rules, 27 elements" in words(section([long]))


def test_hostile_html_is_shown_as_text() -> None:
    hostile = "</code></details><script>alert(1)</script><img src=x onerror=alert(1)>\x1b[31m\u202e"
    plain = section([told(visit(axe(ALL[0], rule()), axe(ALL[1]), axe(ALL[2])))])
    markup = section([told(visit(axe(ALL[0], rule(html=hostile)), axe(ALL[1]), axe(ALL[2])))])
    assert re.findall(r"<[^>]*>", markup) == re.findall(r"<[^>]*>", plain)
    assert hostile.replace("\x1b", "\\x1b").replace("\u202e", "\\u202e") in unescape(markup)


@pytest.mark.parametrize(
    ("url", "linked"),
    [
        (HELP, True),
        ("javascript:alert(1)", False),
        ("http://dequeuniversity.com/rules", False),
        ("https://dequeuniversity.com@evil.test/", False),
        ("https://[", False),
    ],
)
def test_only_the_rules_own_page_is_linked(url: str, *, linked: bool) -> None:
    page = told(visit(axe(ALL[0], rule(url=url)), axe(ALL[1]), axe(ALL[2])))
    assert re.findall(r'href="([^"]*)"', section([page])) == ([url] if linked else [])


def test_the_contents_lead_to_it() -> None:
    page = html(every_outcome())
    assert '<li><a href="#undecided">To look at</a> <b>2</b></li>' in page
    assert page.count('id="undecided"') == 1
    assert section([sample(Words())])


def test_what_was_left_open_on_a_page_that_passes_reaches_the_report(demo: Demo, tmp_path: Path) -> None:
    """Records as a run of the demo leaves them, read back from its directory."""
    environment = runs.target("demo", folder=ROOT / "environments", variables=demo.variables, decides=False).environment
    (tmp_path / "evidence").mkdir()
    store = Store(tmp_path / "evidence", DOOR)
    for path in accessible_paths(environment):
        left = [rule(f"open-{path.strip('/') or 'start'}", count=5)]
        seen = visit(*(axe(label, *left) for label in state_labels(environment, path)))
        store.write(record(accessibility_visit(environment, path), seen))
    result = Result("accessibility.axe.critical-and-serious", "/", Outcome.PASS, Severity.HIGH)
    verdict = decide([], Policy(), at=START)
    made = report_of(tmp_path, environment, verdict, scrub=str)
    passed = replace(report([result]), makers=made.makers)
    shown = words(html(passed).partition('<section aria-labelledby="undecided">')[2].partition("</section>")[0])
    (told,) = [one for one in made.sections if one.anchor == "undecided"]
    assert [page.path for page in told.rows["undecided"]] == ["/", "/pricing", "/privacy", "/dashboard"]
    for name in ("open-start", "open-pricing", "open-dashboard", "open-privacy"):
        assert f"undecided {name} 5 elements" in shown
    assert "as loaded, banner closed, state: figures shown, state: cookie settings 1 rule, 5 elements" in shown
