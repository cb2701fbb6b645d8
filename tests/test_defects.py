"""Every check can fail, on its own: each defect of the demo trips exactly the checks that it names.

What the network shows is gathered and judged in this process, a tenth of a second a defect, against every check of the
network; what the browser shows against every check of the same concern. A sample runs whole, to the exit status, and
`make test-exhaustive` runs all of them whole, against everything.
"""

from __future__ import annotations

from collections.abc import Set as AbstractSet
from pathlib import Path

import pytest
from judging import Judgements, judge, network_checks
from main_job import ROOT, MainJob, Starts

from gonogo.catalogue import catalogue
from gonogo.demo.defects import DEFECTS, Defect, Reach
from gonogo.demo.provider import Demo
from gonogo.result import Outcome

LOAD = {name for name in catalogue() if name.startswith("load.")}
ON_THE_NETWORK = [one for one in DEFECTS if one.reach in {Reach.NETWORK, Reach.SURFACE}]
IN_PROCESS = [one for one in ON_THE_NETWORK if set(one.trips) & set(network_checks())]
IN_THE_BROWSER = [one for one in DEFECTS if one.reach is Reach.BROWSER]
SAMPLE = {
    "health-bad", "certificate-expired", "hsts-short", "csp-missing", "git-published", "api-open",
    "tag-before-choice", "script-error", "errors-under-load",
}  # fmt: skip
SLOW = {"tag-before-choice", "script-error"}
"""Whole runs of half a minute; one of the browser's and one of the load's are left for every day."""
WHOLE = [*(one for one in ON_THE_NETWORK if one not in IN_PROCESS), *(one for one in DEFECTS if one.id in SAMPLE)]
UNDER_LOAD = [one for one in DEFECTS if one.reach is Reach.LOAD and one not in WHOLE]


@pytest.fixture
def quick(tmp_path: Path) -> Path:
    """The demo without load and with one run of Web Vitals, for defects that load cannot show."""
    environments = ROOT / "environments"
    path = tmp_path / "quick.toml"
    path.write_text(
        f'extends = "{environments / "demo.toml"}"\npolicy = "{environments / "policies" / "strict.toml"}"\nload = []\n[vitals]\nruns = 1\n[consent]\nsettle_s = 0.3\n'
    )
    return path


def _expected(defect: Defect, selected: set[str]) -> set[str]:
    wanted = set(defect.trips) & selected
    assert wanted, f"{defect.id} trips nothing that is run"
    return wanted


def test_every_check_has_a_defect() -> None:
    tripped = {check for defect in DEFECTS for check in defect.trips}
    assert set(catalogue()) - tripped == set()
    assert tripped - set(catalogue()) == set()


def test_defect_ids_are_unique() -> None:
    assert len({defect.id for defect in DEFECTS}) == len(DEFECTS)


@pytest.mark.timing
def test_healthy_demo_has_no_finding(job: MainJob, tmp_path: Path) -> None:
    """And its browser's part stays within bounds: one start, and on two quiet cores 45 s, which benchmarks/bench_browser.py
    holds it to. Twice that is allowed here, for other tests may run beside."""
    starts = Starts(tmp_path / "starts")
    run = job("--env=demo", *starts.arguments, env=starts.env)
    assert run.told() == ""
    assert run.status == 0, run.output
    assert run.verdict["verdict"] == "GO"
    assert starts.number == 1
    assert len(run.visits) >= 15
    assert run.browser_s <= 90, "\n".join(f"{one.ended - one.began:.1f} s {one.name}" for one in run.visits)


def _judged(demo: Demo, *defects: str, env: str | Path = "demo", checks: AbstractSet[str] | None = None) -> Judgements:
    demo.inject(defects)
    try:
        return judge(env, demo.variables, checks=checks)
    finally:
        demo.inject([])


def test_healthy_demo_has_no_finding_on_the_network(demo: Demo) -> None:
    judgements = _judged(demo)
    assert judgements.told() == ""
    assert {one.check for one in judgements.every} == set(network_checks())


@pytest.mark.parametrize("defect", [pytest.param(one, id=one.id) for one in IN_PROCESS])
def test_defect_of_the_network_trips_exactly_its_checks(defect: Defect, demo: Demo) -> None:
    judgements = _judged(demo, defect.id)
    assert judgements.checks(Outcome.FAIL) == _expected(defect, set(network_checks())), judgements.told()


@pytest.mark.slow
@pytest.mark.timing
@pytest.mark.parametrize("defect", [pytest.param(one, id=one.id) for one in UNDER_LOAD])
def test_defect_under_load_trips_exactly_its_checks(defect: Defect, demo: Demo) -> None:
    """Against the checks of load and of the network."""
    checks = LOAD | set(network_checks())
    judgements = _judged(demo, defect.id, checks=checks)
    assert judgements.checks(Outcome.FAIL) == _expected(defect, checks), judgements.told()


def _measures(defect: Defect) -> bool:
    """What it trips is a time or hangs on one."""
    return any(one.startswith("vitals.") for one in defect.trips)


@pytest.mark.slow
@pytest.mark.parametrize(
    "defect",
    [pytest.param(one, id=one.id, marks=[pytest.mark.timing] if _measures(one) else []) for one in IN_THE_BROWSER],
)
def test_defect_of_the_browser_trips_exactly_its_checks(defect: Defect, demo: Demo, quick: Path) -> None:
    """Against the checks of its own concerns; the other concerns' are held against it by the exhaustive test."""
    concerns = {one.partition(".")[0] for one in defect.trips}
    checks = {one for one in catalogue() if one.partition(".")[0] in concerns}
    judgements = _judged(demo, defect.id, env=quick, checks=checks)
    assert judgements.checks(Outcome.FAIL) == _expected(defect, checks), judgements.told()


@pytest.mark.parametrize(
    "defect", [pytest.param(one, id=one.id, marks=[pytest.mark.slow] if one.id in SLOW else []) for one in WHOLE]
)
def test_defect_trips_exactly_its_checks(defect: Defect, job: MainJob, quick: Path) -> None:
    """Each with the checks that can see it: the network's, the browser's too, or all; see the next test for the rest."""
    if defect.reach in {Reach.NETWORK, Reach.SURFACE}:
        profile = "security" if any(one.startswith(("security.", "exposure.")) for one in defect.trips) else "smoke"
        run = job("--env=demo", f"--profile={profile}", f"--defect={defect.id}")
        selected = {name for name, entry in catalogue().items() if profile in entry.card.profiles}
    elif defect.reach is Reach.BROWSER:
        run, selected = job(f"--env={quick}", f"--defect={defect.id}"), set(catalogue()) - LOAD
    else:
        run, selected = job("--env=demo", f"--defect={defect.id}"), set(catalogue())
    assert run.checks("FAIL") == _expected(defect, selected), run.told()
    assert run.status == 10, run.output


@pytest.mark.exhaustive
@pytest.mark.parametrize("defect", [pytest.param(one, id=one.id) for one in DEFECTS if one.reach is Reach.BROWSER])
def test_defects_of_the_browser_trip_nothing_else(defect: Defect, job: MainJob, quick: Path) -> None:
    run = job(f"--env={quick}", f"--defect={defect.id}")
    assert run.checks("FAIL") == _expected(defect, set(catalogue()) - LOAD), run.told()
    assert run.status == 10, run.output


@pytest.mark.exhaustive
@pytest.mark.parametrize("defect", [pytest.param(one, id=one.id) for one in DEFECTS if one.reach is Reach.NETWORK])
def test_defects_of_the_network_trip_nothing_in_the_browser(defect: Defect, job: MainJob, quick: Path) -> None:
    run = job(f"--env={quick}", f"--defect={defect.id}")
    assert run.checks("FAIL") == _expected(defect, set(catalogue()) - LOAD), run.told()
    assert run.status == 10, run.output
