"""What load judges: runs of declared profiles."""

from __future__ import annotations

from dataclasses import dataclass

from gonogo.concerns.fixture import Asked, Fixture, Subject
from gonogo.environment import models
from gonogo.environment.models import Environment
from gonogo.errors import EvidenceMissing
from gonogo.probes.load.facts import LoadRun
from gonogo.probes.load.request import LoadRequest


@dataclass(frozen=True, slots=True)
class LoadResult:
    declared: models.LoadProfile
    run: LoadRun


def _profiles(environment: Environment) -> list[Subject[models.LoadProfile]]:
    return [Subject(profile.name, (LoadRequest(profile.name),), profile) for profile in environment.load]


def _result(asked: Asked[models.LoadProfile]) -> LoadResult:
    run = asked.facts(LoadRun)
    if (
        run.errors
        and all(kind.startswith("tls") for kind, _ in run.errors)
        and run.series[0].failures == run.series[0].requests
    ):
        raise EvidenceMissing("tls", f"no request got through: {run.errors[0][0]}")
    if not run.healthy:
        raise EvidenceMissing("invalid", f"the load generator could not keep its promise: {run.unhealthy_reason}")
    return LoadResult(asked.declared, run)


LOAD = (Fixture("load", "[[load]]", "A load profile's run.", _profiles, _result),)
