"""What a page's Web Vitals were measured with, FID and unused code: for information, and honest where it was not seen."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

from hypothesis import given, settings
from report_samples import ANY_WORDS, Words, evidence, report

from gonogo.concerns.vitals.measured import MeasuredVisit, pages
from gonogo.concerns.vitals.report import Drawing
from gonogo.environment.models import Environment
from gonogo.evidence import codec as facts
from gonogo.evidence.records import Evidence, Failure, FailureKind, canonical, identity
from gonogo.probes.browser.facts import MOST_COVERED, Conditions, Coverage, Load, Visit, Vitals
from gonogo.probes.browser.request import Spare, Step, VisitRequest
from gonogo.reports.html import html
from gonogo.run.report import summarise

SITE = "https://www.shop.test"
ENVIRONMENT = Environment.model_validate(
    {"name": "t", "tier": "staging", "site": {"url": SITE}, "vitals": {"pages": ["/"], "also_on": ["mobile"]}}
)
UNSLOWED = Conditions(351.8, 1.0, 0.0, 0.0, 0.0)
PHONE = Conditions(351.8, 4.0, 562.5, 1474.56, 675.0)
RUN = MeasuredVisit(
    "/",
    run=1,
    pressed=True,
    browser="chromium 156",
    device="desktop",
    viewport=(1350, 940),
    conditions=UNSLOWED,
    fid=(("first", 3.23), ("stored", 14.2)),
)
WARM = replace(
    RUN,
    run=0,
    pressed=False,
    warm_up=True,
    fid=(("first", None),),
    coverage=(
        Coverage("script", f"{SITE}/", 370, 0),
        Coverage("script", f"{SITE}/app.js", 10_506, 6_004),
        Coverage("stylesheet", f"{SITE}/site.css", 6_008, 2_057),
    ),
)


def told(*visits: MeasuredVisit) -> dict[str, str]:
    (page,) = pages(visits)
    return {row.name.removesuffix(", for information"): "; ".join(row.said) for row in page.rows}


def test_a_page_says_with_what_it_was_measured() -> None:
    slow = Conditions(64.0, 1.0, 0.0, 0.0, 0.0)
    said = told(WARM, RUN, replace(RUN, run=2, conditions=slow, fid=(("first", 6.2), ("stored", 7.7))))
    assert said == {
        "Browser": "chromium 156",
        "Device": "desktop, viewport 1350 × 940 CSS pixels",
        "Throttling": "none: processor and network as they were",
        "Machine index": "351.8 and 64 before runs 1 and 2; higher is faster, not taken after a run",
        "Runs": "2, each in a fresh browser, after a warm-up that is not judged",
        "Legacy FID": "3.23 and 6.2 ms (first load); 14.2 and 7.7 ms (with stored consent); retired in 2024",
        "Unused JavaScript": "6,004 of 10,876 characters (55 %) in 2 scripts, the most in www.shop.test/app.js (6,004 of 10,506)",
        "Unused CSS": "2,057 of 6,008 characters (34 %) in 1 style sheet: www.shop.test/site.css",
    }


def test_a_phone_is_slowed_down_as_stated() -> None:
    phone = replace(RUN, page="/ on mobile", device="mobile", viewport=(412, 823), conditions=PHONE)
    assert told(phone)["Throttling"] == (
        "processor at 1/4 of this machine's speed; 562.5 ms more for each request; 1474.56 kbit/s down, 675 kbit/s up"
    )
    assert [page.title for page in pages([RUN, phone])] == ["/", "/ on mobile"]


def test_what_differs_between_runs_is_told_of_each() -> None:
    said = told(RUN, replace(RUN, run=2, browser="chromium 157", conditions=PHONE))
    assert said["Browser"] == "chromium 156 in run 1; chromium 157 in run 2"
    assert said["Throttling"].startswith("none: processor and network as they were in run 1; processor at 1/4")


def test_what_was_not_seen_is_said_with_its_reason() -> None:
    unseen = MeasuredVisit("/", run=2, pressed=True, failure="timeout: not over")
    said = told(replace(RUN, fid=(("first", None), ("stored", 2.0))), unseen)
    assert said["Runs"] == "1 of 2, each in a fresh browser; run 2 was not observed: timeout: not over"
    assert said["Legacy FID"] == ("not reported in run 1 (first load); 2 ms (with stored consent); retired in 2024")
    assert said["Machine index"] == "351.8 before run 1; higher is faster, not taken after a run"
    assert said["Unused JavaScript"] == said["Unused CSS"] == "not measured: no warm-up was planned, which looks for it"
    assert told(replace(RUN, conditions=None))["Throttling"] == "not told"
    assert told(replace(RUN, conditions=None))["Machine index"] == "not told"
    nothing = told(unseen)
    assert nothing.pop("Runs") == "0 of 1, each in a fresh browser; run 2 was not observed: timeout: not over"
    assert nothing.pop("Unused JavaScript") == nothing.pop("Unused CSS") == said["Unused CSS"]
    assert nothing == dict.fromkeys(("Browser", "Device", "Throttling", "Machine index", "Legacy FID"), "not observed")


def test_a_page_on_which_nothing_is_pressed_has_no_fid() -> None:
    assert (
        told(replace(RUN, pressed=False, fid=(("first", None),)))["Legacy FID"]
        == "not measured: nothing is pressed on this page"
    )


def test_unused_code_that_the_warm_up_did_not_tell_is_not_none() -> None:
    assert told(replace(WARM, coverage=()), RUN)["Unused CSS"] == "not told by the browser"
    failed = MeasuredVisit("/", run=0, warm_up=True, failure="connect: refused")
    assert told(failed, RUN)["Unused JavaScript"] == "not observed: connect: refused"
    only = replace(WARM, coverage=WARM.coverage[:1])
    assert told(only, RUN)["Unused CSS"] == "no style sheet was seen"
    assert told(only, RUN)["Unused JavaScript"] == "0 of 370 characters (0 %) in 1 script: www.shop.test/"
    cut = replace(WARM, cut=True)
    assert told(cut, RUN)["Unused CSS"].endswith("; further files were not watched")


def test_repetitions_that_were_not_needed_are_no_failures() -> None:
    spare = MeasuredVisit("/", run=2, pressed=True, unneeded=True)
    assert told(RUN, spare)["Runs"] == "1, each in a fresh browser; a further one was not needed"
    assert (
        told(RUN, spare, replace(spare, run=3))["Runs"] == "1, each in a fresh browser; 2 further ones were not needed"
    )


# --- from evidence to the page ---


def _record(*steps: Step, seen: Visit | Failure, **more: Any) -> Evidence:
    fields = {"name": "vitals /", "steps": (Step("goto", f"{SITE}/"), *steps), "measure": True, "run": 1}
    asked = VisitRequest(**{**fields, **more})
    at = "2026-11-21T00:00:00.000000+00:00"
    failed = isinstance(seen, Failure)
    kept: dict[str, Any] = {"failure": seen} if failed else {"facts": facts.to_json(seen)}
    return Evidence(identity(asked), canonical(asked), at, at, "test", **kept)


def _visit(**more: Any) -> Visit:
    vitals = Vitals(1000.0, 0.0, 40.0, 500.0, 100.0, "#hero", "", "", tbt_ms=0.0, fid_ms=3.25)
    load = Load("first", vitals, 0, 0, ())
    fields = {"loads": (load,), "conditions": UNSLOWED, **more}
    return Visit("chromium 156", "desktop", (1350, 940), (), (), (), (), vitals, "", (), **fields)


def test_evidence_is_read_as_it_was_gathered(tmp_path: Path) -> None:
    def shown(record: Evidence) -> MeasuredVisit | None:
        drawn = summarise(record, ENVIRONMENT, tmp_path).drawn
        return drawn.measured if isinstance(drawn, Drawing) else None

    one = shown(_record(Step("interact", "#x"), seen=_visit()))
    assert one == replace(RUN, fid=(("first", 3.25),))
    warm = shown(_record(seen=_visit(coverage=WARM.coverage), coverage=True, run=0))
    assert warm is not None
    assert (warm.warm_up, warm.coverage, warm.cut) == (True, WARM.coverage, False)
    many = shown(_record(seen=_visit(coverage=WARM.coverage[:1] * MOST_COVERED), coverage=True, run=0))
    assert many is not None
    assert many.cut
    spare = shown(_record(seen=Failure(FailureKind.UNNEEDED, "not made"), spare=Spare(3, ()), run=4))
    assert spare is not None
    assert (spare.unneeded, spare.failure) == (True, "")
    lost = shown(_record(seen=Failure(FailureKind.TIMEOUT, "not over"), device="mobile"))
    assert lost is not None
    assert (lost.page, lost.unneeded, lost.failure) == ("/ on mobile", False, "timeout: not over")
    assert shown(_record(seen=_visit(), measure=False)) is None


def test_the_page_shows_it_where_every_run_failed_too() -> None:
    lost = MeasuredVisit("/", run=1, failure="timeout: not over")
    page = html(report([], summaries=[evidence("visit-1", drawn=Drawing(measured=lost))]))
    assert 'href="#measured"' in page
    assert "How / was measured" in page
    assert "run 1 was not observed: timeout: not over" in page


@settings(max_examples=20, deadline=None)
@given(ANY_WORDS)
def test_what_a_target_says_is_shown_and_not_run(words: Words) -> None:
    hostile = replace(
        WARM, page=words.subject, browser=words.seen, failure="", coverage=(Coverage("script", words.wanted, 10, 5),)
    )
    page = html(report([], summaries=[evidence("visit-1", drawn=Drawing(measured=hostile))]))
    assert "<script" not in page
    assert page.count("<h1>") == 1
