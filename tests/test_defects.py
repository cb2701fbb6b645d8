"""Every check can fail, on its own: each defect of the demo trips exactly the checks that it names.

What the network and the database show is gathered and judged in this process, a tenth of a second a defect, against every
check of the network (and of the database); what the browser shows against every check of the same concern. A sample runs
whole, to the exit status, and `make test-exhaustive` runs all of them whole, against everything.

Each of these tests but the sample is a proof (tests/proofs.py): `--proofs=due` leaves those out that stand.
"""

from __future__ import annotations

from collections.abc import Set as AbstractSet
from pathlib import Path

import pytest
from judging import Judgements, judge, network_checks
from main_job import MainJob, Timed
from proofs import pool_of, timed
from unhurried import QUICK, environment

from gonogo.demo.defects import DEFECTS, Defect, Reach
from gonogo.demo.provider import Demo
from gonogo.result import Outcome
from gonogo.run.catalogue import catalogue

LOAD = {name for name in catalogue() if name.startswith("load.")}
DATABASE = {name for name in catalogue() if name.startswith("database.")}
NETWORK = set(network_checks())
ON_THE_NETWORK = [one for one in DEFECTS if one.reach in {Reach.NETWORK, Reach.SURFACE}]
IN_THE_BROWSER = [one for one in DEFECTS if one.reach is Reach.BROWSER]
UNDER_LOAD = [one for one in DEFECTS if one.reach is Reach.LOAD]
DAILY = ("health-bad", "hsts-short")
"""Whole runs of every day; the rest of the sample is slow."""
SAMPLE = (
    *DAILY, "certificate-expired", "csp-missing", "git-published", "api-open", "index-missing", "tag-before-choice",
    "script-error", "errors-under-load",
)  # fmt: skip


def _proof(defect: Defect) -> object:
    marks = [pytest.mark.proof(defect.id), getattr(pytest.mark, pool_of(defect))]
    return pytest.param(defect, id=defect.id, marks=marks)


def _exhaustive(defect: Defect) -> object:
    return pytest.param(defect, id=defect.id, marks=[pytest.mark.alone] if timed(defect) else [])


def _whole(defect: Defect) -> object:
    marks = [*([] if defect.id in DAILY else [pytest.mark.slow]), *([pytest.mark.alone] if timed(defect) else [])]
    return pytest.param(defect, id=defect.id, marks=marks)


@pytest.fixture
def unless_timed(defect: Defect, quick: Path, tmp_path: Path) -> str | Path:
    """The environment that a defect is judged in: the demo's own budgets where it trips one."""
    if not timed(defect):
        return quick
    (tmp_path / "timed.toml").write_text(environment(hurry=True, **QUICK), encoding="utf-8")
    return tmp_path / "timed.toml"


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


def test_timed_defects_are_few() -> None:
    assert 0 < sum(map(timed, DEFECTS)) < len(DEFECTS) / 10


@pytest.mark.alone
def test_healthy_demo_has_no_finding(timed_run: Timed) -> None:
    """And its browser's part stays within bounds: one start, and on two quiet cores 45 s, which benchmarks/bench_browser.py
    holds it to. Twice that is allowed here, for the machine may be busy with something else."""
    run = timed_run.run
    assert run.told() == ""
    assert run.status == 0, run.output
    assert run.verdict["verdict"] == "GO"
    assert timed_run.starts.number == 1
    assert len(run.visits) >= 15
    assert run.browser_s <= 90, "\n".join(f"{one.ended - one.began:.1f} s {one.name}" for one in run.visits)


def _judged(demo: Demo, *defects: str, env: str | Path = "demo", checks: AbstractSet[str] | None = None) -> Judgements:
    demo.inject(defects)
    try:
        return judge(env, demo.variables, checks=checks)
    finally:
        demo.inject([])


def test_healthy_demo_has_no_finding_on_the_network(demo: Demo, unhurried: Path) -> None:
    judgements = _judged(demo, env=unhurried, checks=NETWORK | DATABASE)
    assert judgements.told() == ""
    assert {one.check for one in judgements.every} == NETWORK | DATABASE


@pytest.mark.parametrize("defect", [_proof(one) for one in ON_THE_NETWORK])
def test_defect_of_the_network_trips_exactly_its_checks(defect: Defect, demo: Demo, unless_timed: str | Path) -> None:
    """Those of the database against its checks too, which take a few hundredths of a second more."""
    checks = NETWORK | DATABASE if DATABASE & set(defect.trips) else NETWORK
    judgements = _judged(demo, defect.id, env=unless_timed, checks=checks)
    assert judgements.checks(Outcome.FAIL) == _expected(defect, checks), judgements.told()


@pytest.mark.slow
@pytest.mark.parametrize("defect", [_proof(one) for one in UNDER_LOAD])
def test_defect_under_load_trips_exactly_its_checks(defect: Defect, demo: Demo) -> None:
    """Against the checks of load and of the network."""
    checks = LOAD | NETWORK
    judgements = _judged(demo, defect.id, checks=checks)
    assert judgements.checks(Outcome.FAIL) == _expected(defect, checks), judgements.told()


@pytest.mark.slow
@pytest.mark.parametrize("defect", [_proof(one) for one in IN_THE_BROWSER])
def test_defect_of_the_browser_trips_exactly_its_checks(defect: Defect, demo: Demo, unless_timed: str | Path) -> None:
    """Against the checks of its own concerns; the other concerns' are held against it by the exhaustive test."""
    concerns = {one.partition(".")[0] for one in defect.trips}
    checks = {one for one in catalogue() if one.partition(".")[0] in concerns}
    judgements = _judged(demo, defect.id, env=unless_timed, checks=checks)
    assert judgements.checks(Outcome.FAIL) == _expected(defect, checks), judgements.told()


@pytest.mark.parametrize("defect", [_whole(one) for one in DEFECTS if one.id in SAMPLE])
def test_defect_trips_exactly_its_checks(defect: Defect, job: MainJob) -> None:
    """Each with the checks that can see it: the network's, the browser's too, or all; see the next test for the rest."""
    if defect.reach in {Reach.NETWORK, Reach.SURFACE}:
        profile = "security" if any(one.startswith(("security.", "exposure.")) for one in defect.trips) else "smoke"
        run = job(f"--profile={profile}", f"--defect={defect.id}")
        selected = {name for name, entry in catalogue().items() if profile in entry.card.profiles}
    elif defect.reach is Reach.BROWSER:
        run, selected = job(f"--defect={defect.id}"), set(catalogue()) - LOAD
    else:
        run, selected = job("--env=demo", f"--defect={defect.id}"), set(catalogue())
    assert run.checks("FAIL") == _expected(defect, selected), run.told()
    assert run.status == 10, run.output


@pytest.mark.exhaustive
@pytest.mark.parametrize("defect", [_exhaustive(one) for one in IN_THE_BROWSER])
def test_defects_of_the_browser_trip_nothing_else(defect: Defect, job: MainJob, unless_timed: str | Path) -> None:
    run = job(f"--env={unless_timed}", f"--defect={defect.id}")
    assert run.checks("FAIL") == _expected(defect, set(catalogue()) - LOAD), run.told()
    assert run.status == 10, run.output


@pytest.mark.exhaustive
@pytest.mark.parametrize("defect", [_exhaustive(one) for one in DEFECTS if one.reach is Reach.NETWORK])
def test_defects_of_the_network_trip_nothing_in_the_browser(
    defect: Defect, job: MainJob, unless_timed: str | Path
) -> None:
    run = job(f"--env={unless_timed}", f"--defect={defect.id}")
    assert run.checks("FAIL") == _expected(defect, set(catalogue()) - LOAD), run.told()
    assert run.status == 10, run.output
