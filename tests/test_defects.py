"""Every check can fail, on its own: each defect of the demo trips exactly the checks that it names.

What the network shows is gathered and judged in this process, a tenth of a second a defect; browser and load need whole
runs. Some defects of the network are run whole as well, to the exit status.
"""

from __future__ import annotations

from pathlib import Path

import pytest
from judging import Judgements, judge, network_checks
from main_job import ROOT, MainJob

from gonogo.catalogue import catalogue
from gonogo.demo.defects import DEFECTS, Defect, Reach
from gonogo.demo.provider import Demo
from gonogo.result import Outcome

LOAD = {name for name in catalogue() if name.startswith("load.")}
ON_THE_NETWORK = [one for one in DEFECTS if one.reach in {Reach.NETWORK, Reach.SURFACE}]
IN_PROCESS = [one for one in ON_THE_NETWORK if set(one.trips) & set(network_checks())]
WHOLE = [
    *(one for one in ON_THE_NETWORK if one not in IN_PROCESS),
    *(one for one in DEFECTS if one.reach in {Reach.BROWSER, Reach.LOAD}),
    *(one for one in IN_PROCESS if one.id in {"health-bad", "certificate-expired", "hsts-short", "csp-missing", "git-published", "api-open"}),
]  # fmt: skip


@pytest.fixture
def quick(tmp_path: Path) -> Path:
    """The demo without load and with one run of Web Vitals, for defects that load cannot show."""
    environments = ROOT / "environments"
    path = tmp_path / "quick.toml"
    path.write_text(
        f'extends = "{environments / "demo.toml"}"\npolicy = "{environments / "policies" / "strict.toml"}"\nload = []\n[vitals]\nruns = 1\n[consent]\nsettle_s = 0.5\n'
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


def test_healthy_demo_has_no_finding(job: MainJob) -> None:
    run = job("--env=demo")
    assert run.told() == ""
    assert run.status == 0, run.output
    assert run.verdict["verdict"] == "GO"


def _judged(demo: Demo, *defects: str) -> Judgements:
    demo.inject(defects)
    try:
        return judge("demo", demo.variables)
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


@pytest.mark.parametrize("defect", [pytest.param(one, id=one.id) for one in WHOLE])
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


@pytest.mark.slow
@pytest.mark.parametrize("defect", [pytest.param(one, id=one.id) for one in DEFECTS if one.reach is Reach.NETWORK])
def test_defects_of_the_network_trip_nothing_in_the_browser(defect: Defect, job: MainJob, quick: Path) -> None:
    run = job(f"--env={quick}", f"--defect={defect.id}")
    assert run.checks("FAIL") == _expected(defect, set(catalogue()) - LOAD), run.told()
    assert run.status == 10, run.output
