"""Web Vitals from evidence to findings: which visits a subject needs, doubt, states, what is missing."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from gonogo.concerns.fixture import Asked, Subject
from gonogo.concerns.vitals.fixtures import budgets_of
from gonogo.concerns.vitals.waterfall import waterfall
from gonogo.environment.load import load
from gonogo.environment.models import Environment
from gonogo.errors import EnvironmentInvalid, EvidenceMissing, Shortfall
from gonogo.evidence import codec as facts
from gonogo.evidence.records import Evidence, Failure, FailureKind, Request, canonical, identity
from gonogo.gathering.plan import entries, merge
from gonogo.probes.browser.facts import BrowserRequest, Conditions, Frame, Load, Transfer, Visit, Vitals
from gonogo.probes.browser.request import Step, VisitRequest
from gonogo.run import catalogue
from gonogo.run.report import summarise

ORIGIN = "https://www.shop.test"
GOOD = Vitals(1000.0, 0.01, 40.0, 500.0, 100.0, "#hero", "#banner", "#menu", tbt_ms=10.0, lcp_parts=(("load", 800.0),))


def environment(**vitals: Any) -> Environment:
    site = {"url": ORIGIN, "plain_url": "http://www.shop.test"}
    consent = {"consent": {}} if vitals.pop("banner", False) else {}
    return Environment.model_validate({"name": "t", "tier": "staging", "site": site, "vitals": vitals} | consent)


def request(url: str, kind: str, size: int, *, third_party: bool = False) -> BrowserRequest:
    return BrowserRequest(url, "GET", kind, third_party, 200, size, "")


DOCUMENT = request(f"{ORIGIN}/", "document", 2000)


def visit(*vitals: Vitals, requests: tuple[BrowserRequest, ...] = (DOCUMENT,), **fields: Any) -> Visit:
    """One load of each state, with the same requests."""
    size = len(requests)
    loads = tuple(
        Load(
            state, one, index * size, (index + 1) * size, (Transfer(f"{ORIGIN}/", "document", 0.0, uncompressed=9000),)
        )
        for index, (state, one) in enumerate(zip(("first", "stored"), vitals, strict=False))
    )
    return Visit(
        "b", "desktop", (1350, 940), (), requests * len(vitals), (), (), vitals[0], "", (), loads=loads, **fields
    )


@dataclass
class Source:
    """Answers by the number of the run; what is not there was not needed."""

    runs: dict[int, Visit | Failure]

    def evidence(self, wanted: Request) -> Evidence:
        assert isinstance(wanted, VisitRequest)
        found = self.runs.get(wanted.run, Failure(FailureKind.UNNEEDED, "not needed"))
        failure = found if isinstance(found, Failure) else None
        told = None if isinstance(found, Failure) else facts.to_json(found)
        return Evidence(identity(wanted), canonical(wanted), "", "", "test", facts=told, failure=failure)


def subjects(check: str, one: Environment) -> dict[str, Subject[Any]]:
    return {subject.id: subject for subject in catalogue.catalogue()[check].subjects(catalogue.Scope(one))}


def judged(check: str, one: Environment, *runs: Visit | Failure, subject: str = "/") -> list[str]:
    """The findings of a check, as it would tell them."""
    entry = catalogue.catalogue()[check]
    source = Source(dict(enumerate(runs, start=1)))
    built = entry.fixture.build(Asked(one, subjects(check, one)[subject], source))
    try:
        entry.function(built)
    except Shortfall as shortfall:
        return [finding.message for finding in shortfall.findings]
    return []


def with_(**metrics: Any) -> Visit:
    return visit(replace(GOOD, **metrics))


ONE = environment(runs=1)
THREE = environment(runs=3)


# --- subjects and plan ---


def test_each_device_and_state_is_a_subject_and_they_share_visits() -> None:
    one = environment(pages=["/", "/shop"], also_on=["mobile"], runs=2, reruns=1, banner=True)
    found = subjects("vitals.loading.lcp", one)
    assert list(found) == [
        "/", "/ with stored consent", "/shop", "/shop with stored consent", "/ on mobile",
        "/ on mobile with stored consent", "/shop on mobile", "/shop on mobile with stored consent",
    ]  # fmt: skip
    assert found["/"].requests == found["/ with stored consent"].requests
    assert [(r.run, r.coverage, r.spare is not None) for r in found["/"].requests if isinstance(r, VisitRequest)] == [
        (0, True, False), (1, False, False), (2, False, False), (3, False, True),
    ]  # fmt: skip
    assert {r.throttle for r in found["/"].requests if isinstance(r, VisitRequest)} == {""}
    assert {r.throttle for r in found["/ on mobile"].requests if isinstance(r, VisitRequest)} == {"mobile"}


def test_the_plan_says_which_visits_are_made_only_if_needed() -> None:
    one = environment(runs=2, reruns=2, warm_up=False)
    plan = entries(merge(subjects("vitals.loading.lcp", one)["/"].requests, one), one)
    assert [entry.method for entry in plan] == ["visit", "visit", "visit if needed", "visit if needed"]


def test_ttfb_is_not_judged_where_the_browser_slows_the_line_down() -> None:
    assert list(subjects("vitals.loading.ttfb", environment(device="mobile", also_on=["desktop"]))) == ["/ on desktop"]
    assert list(subjects("vitals.loading.ttfb", environment(device="mobile", throttling="none"))) == ["/"]


@pytest.mark.parametrize(
    ("check", "fields"),
    [
        ("vitals.responsiveness.inp", {"interaction": "#menu"}),
        ("vitals.responsiveness.inp", {"interactions": [{"selector": "#q", "key": "a"}]}),
        ("vitals.weight.bytes", {"bytes": {"total": 1}}),
        ("vitals.weight.uncompressed", {"uncompressed": {"total": 1}}),
        ("vitals.weight.requests", {"requests": {"total": 1}}),
        ("vitals.weight.third-party", {"third_party": {"requests": 1}}),
        ("vitals.field.lcp", {"field": {"path": "/rum.json"}}),
    ],
)
def test_what_is_not_declared_is_not_asked_for(check: str, fields: dict[str, Any]) -> None:
    assert subjects(check, environment()) == {}
    assert len(subjects(check, environment(**fields))) == 1


def test_an_interaction_of_one_page_is_not_made_on_others() -> None:
    one = environment(pages=["/", "/shop"], interactions=[{"selector": "#q", "key": "Enter", "page": "/shop"}])
    assert list(subjects("vitals.responsiveness.inp", one)) == ["/shop"]


def test_the_last_budget_whose_path_fits_counts_and_the_rest_stays() -> None:
    budgets = [{"path": "/", "lcp_ms": 1000, "bytes": {"script": 5}}, {"path": "/shop", "cls": 0}]
    one = environment(lcp_ms=2000, inp_ms=150, budgets=budgets).vitals
    assert one is not None
    assert (budgets_of(one, "/a").lcp_ms, budgets_of(one, "/a").bytes) == (1000, {"script": 5})
    assert (budgets_of(one, "/shop").lcp_ms, budgets_of(one, "/shop").cls) == (2000, 0)
    assert budgets_of(one, "/shop").inp_ms == 150


# --- findings ---


@pytest.mark.parametrize(
    ("check", "metric", "limit", "told"),
    [
        ("vitals.loading.lcp", "lcp_ms", 2500, "/: LCP is 2501 ms (1 run) at #hero, wanted at most 2500 ms. Its longest part is the load, 800 ms."),
        ("vitals.loading.fcp", "fcp_ms", 1800, "/: FCP is 1801 ms (1 run), wanted at most 1800 ms."),
        ("vitals.loading.ttfb", "ttfb_ms", 800, "/: TTFB is 801 ms (1 run), wanted at most 800 ms."),
        ("vitals.responsiveness.tbt", "tbt_ms", 200, "/: TBT is 201 ms (1 run), wanted at most 200 ms."),
    ],
)  # fmt: skip
def test_a_timing_over_its_budget(check: str, metric: str, limit: float, told: str) -> None:
    assert judged(check, ONE, with_(**{metric: limit + 1.0})) == [told]
    assert judged(check, ONE, with_(**{metric: float(limit)})) == []


def test_inp_and_cls_over_their_budgets() -> None:
    pressed = environment(runs=1, interaction="#menu")
    assert len(judged("vitals.responsiveness.inp", pressed, with_(inp_ms=208.0))) == 1
    assert judged("vitals.responsiveness.inp", pressed, with_(inp_ms=200.0)) == []
    assert judged("vitals.stability.cls", ONE, with_(cls=0.1003)) == [
        "/: CLS is 0.100 (1 run) at #banner, wanted at most 0.1."
    ]


def test_doubt_is_settled_by_the_repetitions() -> None:
    slow, quick = with_(lcp_ms=2600.0), with_(lcp_ms=2400.0)
    assert judged("vitals.loading.lcp", THREE, slow, quick, quick) == []
    assert judged("vitals.loading.lcp", THREE, slow, slow, quick, quick, quick, quick) == []
    assert len(judged("vitals.loading.lcp", THREE, slow, slow, quick, slow, slow, quick)) == 1
    assert len(judged("vitals.loading.lcp", THREE, slow, slow, slow)) == 1


@pytest.mark.parametrize("check", ["vitals.loading.lcp", "vitals.stability.cls", "vitals.headroom.medians"])
def test_a_metric_that_one_run_lacks_is_unknown(check: str) -> None:
    metric = "cls" if "cls" in check else "lcp_ms"
    with pytest.raises(EvidenceMissing, match=f"{metric} is missing in 1 of 3 runs"):
        judged(check, THREE, with_(), with_(**{metric: None}), with_())


def test_a_repetition_that_failed_is_unknown_not_a_verdict_by_the_first_runs() -> None:
    slow, quick = with_(lcp_ms=2600.0), with_(lcp_ms=2400.0)
    with pytest.raises(EvidenceMissing, match="the browser died"):
        judged("vitals.loading.lcp", THREE, slow, slow, quick, Failure(FailureKind.UNAVAILABLE, "the browser died"))


def test_states_are_judged_apart_and_a_missing_one_is_unknown() -> None:
    one = environment(runs=1, banner=True)
    seen = visit(GOOD, replace(GOOD, cls=0.3))
    assert judged("vitals.stability.cls", one, seen) == []
    assert len(judged("vitals.stability.cls", one, seen, subject="/ with stored consent")) == 1
    with pytest.raises(EvidenceMissing, match="no load with stored consent: consent accept: no control"):
        lost = replace(visit(GOOD), problems=("consent accept: no control",))
        judged("vitals.stability.cls", one, lost, subject="/ with stored consent")


def test_a_load_without_a_document_is_unknown() -> None:
    with pytest.raises(EvidenceMissing, match="saw no document"):
        judged("vitals.loading.lcp", ONE, visit(GOOD, requests=(request(f"{ORIGIN}/a.js", "script", 5),)))


def test_a_machine_whose_speed_changed_is_told() -> None:
    at = [Conditions(index, 1.0, 0.0, 0.0, 0.0) for index in (400.0, 390.0, 120.0)]
    runs = [visit(replace(GOOD, fcp_ms=1900.0), conditions=one) for one in at]
    (told,) = judged("vitals.loading.fcp", THREE, *runs)
    assert told.endswith(
        ", wanted at most 1800 ms. This machine was not equally fast: index 120 to 400, higher is faster."
    )


def test_headroom_is_silent_where_the_budget_is_broken() -> None:
    assert judged("vitals.headroom.medians", ONE, with_(cls=0.2)) == []
    (told,) = judged("vitals.headroom.medians", ONE, with_(cls=0.095))
    assert told.startswith("/: CLS is 0.095 (1 run) of at most 0.1 at #banner")
    assert judged("vitals.headroom.medians", environment(runs=1, headroom=0), with_(cls=0.095)) == []


@pytest.mark.parametrize(
    ("check", "metric", "budget", "near", "told"),
    [
        ("vitals.headroom.inp", "inp_ms", 200.0, 190.0, "/: INP is 190 ms (1 run) of at most 200 ms at #menu"),
        ("vitals.headroom.ttfb", "ttfb_ms", 800.0, 760.0, "/: TTFB is 760 ms (1 run) of at most 800 ms"),
    ],
)  # fmt: skip
def test_headroom_of_reaction_and_first_byte(check: str, metric: str, budget: float, near: float, told: str) -> None:
    one = environment(runs=1, interaction="#menu")
    for value in (budget * 0.9, budget + 1):
        assert judged(check, one, with_(**{metric: value})) == []
    (found,) = judged(check, one, with_(**{metric: near}))
    assert found.startswith(told)
    assert judged(check, environment(runs=1, interaction="#menu", headroom=0), with_(**{metric: near})) == []
    with pytest.raises(EvidenceMissing, match=f"{metric} is missing in 1 of 1 runs"):
        judged(check, one, with_(**{metric: None}))


def test_headroom_is_asked_for_where_the_budget_itself_is_judged() -> None:
    for near, kept in (("inp", "responsiveness.inp"), ("ttfb", "loading.ttfb")):
        entries_ = catalogue.catalogue()
        one, other = entries_[f"vitals.headroom.{near}"], entries_[f"vitals.{kept}"]
        assert (one.fixture, one.needs) == (other.fixture, other.needs)


SENT = (
    DOCUMENT,
    request(f"{ORIGIN}/app.js", "script", 50_000),
    request(f"{ORIGIN}/data", "fetch", 700),
    request("https://tag.test/t.js", "script", 30_000, third_party=True),
)


@pytest.mark.parametrize(
    ("check", "budget", "told"),
    [
        ("vitals.weight.bytes", {"bytes": {"script": 79_999}}, "/: script is 80000 bytes, most of it https://www.shop.test/app.js (50000 bytes), wanted at most 79999 bytes."),
        ("vitals.weight.bytes", {"bytes": {"other": 699}}, "/: other is 700 bytes, most of it https://www.shop.test/data (700 bytes), wanted at most 699 bytes."),
        ("vitals.weight.bytes", {"bytes": {"script": 80_000, "total": 82_700}}, ""),
        ("vitals.weight.requests", {"requests": {"total": 3}}, "/: total is 4 requests, wanted at most 3 requests."),
        ("vitals.weight.requests", {"requests": {"total": 4, "script": 2}}, ""),
        ("vitals.weight.uncompressed", {"uncompressed": {"document": 8999}}, "/: document is 9000 bytes, wanted at most 8999 bytes."),
        ("vitals.weight.third-party", {"third_party": {"bytes": 29_999, "requests": 1}}, "/: third-party is 30000 bytes, most of it to tag.test, wanted at most 29999 bytes."),
        ("vitals.weight.third-party", {"third_party": {"requests": 0}}, "/: third-party is 1 requests, most of it to tag.test, wanted at most 0 requests."),
        ("vitals.weight.third-party", {"third_party": {"bytes": 30_000}}, ""),
    ],
)  # fmt: skip
def test_weights(check: str, budget: dict[str, Any], told: str) -> None:
    assert judged(check, environment(runs=1, **budget), visit(GOOD, requests=SENT)) == ([told] if told else [])


# --- what a reader is shown ---


def record(run: int, **fields: Any) -> Evidence:
    asked = VisitRequest("vitals /", (Step("goto", f"{ORIGIN}/"),), measure=True, run=run)
    at = "2026-11-21T00:00:00.000000+00:00"
    return Evidence(identity(asked), canonical(asked), at, at, "test", **fields)


def test_a_repetition_that_was_not_needed_is_shown_as_that_and_not_as_a_failure(tmp_path: Path) -> None:
    shown = summarise(record(4, failure=Failure(FailureKind.UNNEEDED, "not made")), ONE, tmp_path)
    assert (shown.failure, shown.excerpt) == ("", "not made")
    shown = summarise(record(4, failure=Failure(FailureKind.TIMEOUT, "not over")), ONE, tmp_path)
    assert (shown.failure, shown.excerpt) == ("timeout: not over", "")


def test_each_load_has_its_distribution_and_the_first_run_its_waterfalls(tmp_path: Path) -> None:
    seen = visit(GOOD, replace(GOOD, lcp_ms=700.0), conditions=Conditions(400.0, 4.0, 562.5, 1474.56, 675.0))
    told = [summarise(record(run, facts=facts.to_json(seen)), ONE, tmp_path) for run in (1, 2)]
    assert [len(one.drawn.waterfalls) for one in told] == [2, 0]
    assert [name for name, _ in told[0].plots] == ["Web Vitals of /", "Web Vitals of / with stored consent"]
    points = {point.label: (point.value, point.limit) for point in told[0].plots[1][1]}
    assert points["LCP"] == (700.0, 2500)
    assert points["TBT"] == (10.0, 200)
    assert "machine index 400; processor at 1/4, 562.5 ms and 1474.56 kbit/s" in told[0].excerpt


def test_a_waterfall_is_laid_out_in_percent_of_its_last_moment() -> None:
    transfers = (
        Transfer(f"{ORIGIN}/", "document", 0.0, 100.0, 200.0, 5000, 9000),
        Transfer("https://tag.test/t.js", "script", 250.0, 300.0, 500.0),
        Transfer(f"{ORIGIN}/lost", "fetch", 400.0),
    )
    vitals = replace(GOOD, lcp_ms=None, fcp_ms=1000 / 1.02)
    fall = waterfall("/", "t", Load("first", vitals, 0, 3, transfers))
    assert fall is not None
    assert [(row.name, row.left, row.waited, row.received) for row in fall.rows] == [
        ("/", 0.0, 10.0, 10.0), ("tag.test/t.js", 25.0, 5.0, 20.0), ("/lost", 40.0, 60.0, 0.0),
    ]  # fmt: skip
    assert [row.said for row in fall.rows] == ["0 to 200 ms, 5.0 kB", "250 to 500 ms", "never complete"]
    assert [(mark.name, mark.at) for mark in fall.marks] == [("FCP", 98.04)]
    assert waterfall("/", "t", Load("first", vitals, 0, 0, ())) is None


def test_a_warm_up_has_a_film_which_is_never_its_screenshot(tmp_path: Path) -> None:
    warm = VisitRequest("vitals warm-up /", (Step("goto", f"{ORIGIN}/"),), measure=True, coverage=True)
    name = identity(warm)
    seen = visit(GOOD)
    frames = tuple(Frame(ms, f"{name}.film-{number:02}.jpg") for number, ms in enumerate((120, 840, 1500)))
    filmed = replace(seen, loads=(replace(seen.loads[0], frames=frames),), screenshot=f"{name}.png")
    for one in frames[:2]:  # the third was lost
        (tmp_path / one.picture).write_bytes(b"\xff\xd8\xff" + one.picture.encode())
    at = "2026-11-21T00:00:00.000000+00:00"
    names = (*(one.picture for one in frames), f"{name}.png")
    shown = summarise(
        Evidence(name, canonical(warm), at, at, "test", facts=facts.to_json(filmed), attachments=names), ONE, tmp_path
    )
    assert shown.screenshot == f"{name}.png"
    assert shown.drawn.film.page == "/"
    assert [shot.ms for shot in shown.drawn.film.shots] == [120, 840]


# --- budgets_file ---


@pytest.fixture
def loaded(tmp_path: Path) -> Callable[[str], Environment]:
    def read(text: str) -> Environment:
        (tmp_path / "budget.json").write_text(text)
        (tmp_path / "x.toml").write_text(
            f'name = "x"\ntier = "staging"\n[site]\nurl = "{ORIGIN}"\nplain_url = "http://www.shop.test"\n'
            '[vitals]\nbudgets_file = "budget.json"\n[[vitals.budgets]]\npath = "/shop"\nlcp_ms = 900\n'
        )
        return load(str(tmp_path / "x.toml"), folder=tmp_path, process_env={}).environment

    return read


def test_a_budget_file_is_read_before_the_entries_of_the_environment(loaded: Callable[[str], Environment]) -> None:
    vitals = loaded(
        '[{"path": "/*", "timings": [{"metric": "total-blocking-time", "budget": 90}], "resourceSizes": '
        '[{"resourceType": "script", "budget": 2}, {"resourceType": "third-party", "budget": 0}]}]'
    ).vitals
    assert vitals is not None
    front = budgets_of(vitals, "/")
    assert (front.tbt_ms, front.bytes, front.lcp_ms) == (90, {"script": 2048}, 2500)
    assert front.third_party is not None
    assert (front.third_party.bytes, front.third_party.requests) == (0, None)
    assert budgets_of(vitals, "/shop").lcp_ms == 900
    assert budgets_of(vitals, "/shop").bytes == {}


def test_flaws_of_a_budget_file_are_problems_of_the_environment(loaded: Callable[[str], Environment]) -> None:
    with pytest.raises(EnvironmentInvalid) as caught:
        loaded('[{"path": "/*",\n"timings": [{"metric": "speed-index", "budget": 5}]}]')
    assert [(one.line, one.key) for one in caught.value.problems] == [(2, "[0].timings[0].metric")]
    assert caught.value.problems[0].file.endswith("budget.json")


def test_a_budget_file_that_is_not_there(tmp_path: Path) -> None:
    (tmp_path / "x.toml").write_text(
        f'name = "x"\ntier = "staging"\n[site]\nurl = "{ORIGIN}"\n[vitals]\nbudgets_file = "none.json"\n'
    )
    with pytest.raises(EnvironmentInvalid, match=r"6: vitals.budgets_file: found 'none.json'; No such file"):
        load(str(tmp_path / "x.toml"), folder=tmp_path, process_env={})
