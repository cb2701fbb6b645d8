"""Every check can fail, on its own: each defect of the demo trips exactly the checks that it names."""

from __future__ import annotations

from pathlib import Path

import pytest
from main_job import ROOT, MainJob

from gonogo.catalogue import catalogue
from gonogo.demo.defects import DEFECTS, Defect, Reach

LOAD = {name for name in catalogue() if name.startswith("load.")}


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


@pytest.mark.parametrize("defect", [pytest.param(one, id=one.id) for one in DEFECTS])
def test_defect_trips_exactly_its_checks(defect: Defect, job: MainJob, quick: Path) -> None:
    """Each with the checks that can see it: the network's, the browser's too, or all; see the next test for the rest."""
    if defect.reach is Reach.NETWORK:
        run = job("--env=demo", "--profile=smoke", f"--defect={defect.id}")
        selected = {name for name, entry in catalogue().items() if "smoke" in entry.card.profiles}
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
