"""Every check can fail, on its own: each defect of the demo trips exactly the checks that it names."""

from __future__ import annotations

import pytest

from gonogo.catalogue import catalogue
from gonogo.demo.defects import DEFECTS, Defect, Reach


def test_every_check_has_a_defect() -> None:
    tripped = {check for defect in DEFECTS for check in defect.trips}
    assert set(catalogue()) - tripped == set()
    assert tripped - set(catalogue()) == set()


def test_defect_ids_are_unique() -> None:
    assert len({defect.id for defect in DEFECTS}) == len(DEFECTS)


@pytest.mark.xdist_group("demo")
def test_healthy_demo_has_no_finding(job) -> None:  # type: ignore[no-untyped-def]
    run = job("--env=demo")
    assert run.told() == ""
    assert run.status == 0, run.output
    assert run.verdict["verdict"] == "GO"


@pytest.mark.parametrize("defect", [pytest.param(one, id=one.id) for one in DEFECTS])
def test_defect_trips_exactly_its_checks(defect: Defect, job) -> None:  # type: ignore[no-untyped-def]
    """Defects that only the network shows are run against the network's checks; `test_all_defects_whole` runs all."""
    profile = "smoke" if defect.reach is Reach.NETWORK else "full"
    run = job("--env=demo", f"--profile={profile}", f"--defect={defect.id}")
    wanted = {check for check in defect.trips if profile in catalogue()[check].card.profiles}
    assert wanted, f"{defect.id} trips no check of profile {profile}"
    assert run.checks("FAIL") == wanted, run.told()
    assert run.status == 10, run.output
