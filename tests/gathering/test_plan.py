"""The plan says what each request is for, so that a reader knows before the run what it will do."""

from __future__ import annotations

from dataclasses import replace

import pytest
from main_job import ROOT

from gonogo.demo.provider import planned_variables
from gonogo.environment.models import Environment
from gonogo.evidence.records import Lane, PlanEntry
from gonogo.gathering.plan import entries
from gonogo.probes.browser.assess import Assessment
from gonogo.probes.browser.request import WORDS, Spare, Step, VisitRequest
from gonogo.probes.browser.walk import _Walk
from gonogo.probes.http.request import HttpRequest
from gonogo.reports.plan import repeated
from gonogo.run import catalogue
from gonogo.run import target as runs
from gonogo.run.conclude import plan_of

SITE = "https://www.acme.test"
ENVIRONMENT = Environment.model_validate({"name": "t", "tier": "staging", "site": {"url": SITE}})


def _visit(*steps: Step, **more: object) -> VisitRequest:
    fields = {"name": "consent reject", "steps": (Step("goto", f"{SITE}/"), *steps)}
    return VisitRequest(**{**fields, **more})  # type: ignore[arg-type]


def _listed(*requests: VisitRequest | HttpRequest) -> list[PlanEntry]:
    return list(entries(requests, ENVIRONMENT))


def test_a_visit_is_listed_with_its_name_and_what_it_does() -> None:
    (entry,) = _listed(
        _visit(
            Step("wait", "0.5"),
            Step("snapshot", "first"),
            Step("consent", "reject"),
            Step("reload"),
            Step("scroll"),
            Step("goto", f"{SITE}/pricing?a=1"),
            Step("goto", "https://other.test/x"),
            Step("restart"),
            Step("journey", "figures"),
            Step("throw", "words"),
            Step("sink"),
            Step("expire", "181"),
            Step("wait", "5"),
        )
    )
    assert entry.name == "consent reject"
    assert entry.target == f"{SITE}/"
    assert entry.does == (
        "reject",
        "reload",
        "scroll",
        "open /pricing?a=1",
        "open https://other.test/x",
        "restart the browser",
        "walk journey figures",
        "throw an error",
        "write to innerHTML",
        "181 days later",
        "wait 5 s",
    )


def test_how_a_visit_differs_from_a_usual_one_is_said_first() -> None:
    (entry,) = _listed(
        _visit(
            device="mobile",
            throttle="mobile",
            gpc=True,
            locale="de-DE",
            timezone="Europe/Berlin",
            coverage=True,
            spare=Spare(3, (("first", "lcp_ms", 2500.0),)),
            run=4,
        )
    )
    assert entry.does == (
        "only if the first 3 runs leave a budget in doubt",
        "on mobile",
        "slowed down as mobile",
        "with Global Privacy Control",
        "in de-DE",
        "in Europe/Berlin",
        "telling which code is used",
    )
    assert entry.run == 4


def test_the_value_of_a_cookie_is_not_told() -> None:
    (entry,) = _listed(_visit(Step("cookie", "consent=s3cret")))
    assert entry.does == ("put cookie consent",)


def test_each_step_of_the_browser_has_words_of_its_own() -> None:
    walked = {*Assessment.actions, *_Walk._actions, "goto", "reload", "again", "policy"}
    assert walked - {"snapshot"} == set(WORDS)


def test_a_step_that_is_not_known_is_told_as_it_stands() -> None:
    (entry,) = _listed(_visit(Step("juggle", "3 balls")))
    assert entry.does == ("juggle 3 balls",)


def test_headers_tell_apart_requests_of_one_address() -> None:
    listed = _listed(HttpRequest(f"{SITE}/api", headers=(("Origin", "https://evil.test"),)), HttpRequest(f"{SITE}/api"))
    assert [entry.does for entry in listed] == [("Origin: https://evil.test",), ()]


def test_repetitions_are_one_kind() -> None:
    one = _visit(lane=Lane.VITALS, name="vitals /", run=1)
    spare = replace(one, run=4, spare=Spare(3, ()))
    listed = _listed(one, replace(one, run=2), replace(one, run=3), spare, replace(spare, run=5), HttpRequest(SITE))
    assert [(kind.runs, kind.entry.count) for kind in repeated(listed)] == [((1, 2, 3), 3), ((4, 5), 2), ((), 1)]
    assert [kind.title for kind in repeated(listed)] == ["vitals /, runs 1 to 3", "vitals /, runs 4 and 5", ""]


def test_no_two_kinds_of_visit_of_the_demo_read_the_same() -> None:
    environment = runs.target("demo", folder=ROOT / "environments", variables=planned_variables()).environment
    _, listed = plan_of(environment, catalogue.requests(catalogue.Scope(environment), "full"))
    visits = [kind for kind in repeated(listed) if kind.entry.probe == "browser"]
    assert len({(kind.title, kind.entry.does) for kind in visits}) == len(visits)
    assert all(kind.title for kind in visits)
    told = {kind.entry.name: kind.entry.does for kind in visits}
    assert "accept" in told["consent accept"]
    assert "reject" in told["consent reject"]
    assert "throw an error" in told["script"]
    assert "walk journey figures" in told["journey figures"]


@pytest.mark.parametrize("key", ["name", "does", "run"])
def test_a_plan_that_was_written_before_is_still_read(key: str) -> None:
    old = PlanEntry("browser", "visit", SITE, "anonymous", "browser", 1)
    assert not getattr(old, key)
    assert repeated([old])[0].title == ""
