"""What is judged of journeys: one visit each."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass, replace

from gonogo.concerns.fixture import Asked, Fixture, Subject, page_visit
from gonogo.environment import models
from gonogo.environment.models import Environment
from gonogo.errors import EvidenceMissing
from gonogo.probes.browser.behaviour import JourneySeen
from gonogo.probes.browser.facts import Visit
from gonogo.probes.browser.request import Step, VisitRequest


@dataclass(frozen=True, slots=True)
class JourneyRun:
    """A declared journey as it was made."""

    declared: models.Journey
    visit: Visit
    seen: JourneySeen
    api: str = ""
    """Origin of the API, which may stand on a domain of its own."""
    pages: Callable[[], tuple[Visit, ...]] = tuple
    """The visits to the declared pages that this run made and saw whole; called only by who compares with them."""

    @property
    def complete(self) -> bool:
        return len(self.seen.steps) == len(self.declared.steps) and not any(step.error for step in self.seen.steps)


def journey_visit(environment: Environment, journey: models.Journey) -> VisitRequest:
    choice = (Step("consent", journey.consent),) if journey.consent else ()
    steps = (Step("goto", f"{environment.site.url}{journey.start}"), *choice, Step("journey", journey.name))
    return VisitRequest(f"journey {journey.name}", steps, device=journey.device)


def made(visit: Visit, declared: models.Journey) -> JourneyRun:
    """The journey of a visit. Raises EvidenceMissing("invalid") when it never began or its choice was not made."""
    if visit.journey is None or any(problem.startswith(("consent", "journey")) for problem in visit.problems):
        raise EvidenceMissing("invalid", f"the journey was not made: {'; '.join(visit.problems) or 'it never began'}")
    return JourneyRun(declared, visit, visit.journey)


def whole(run: JourneyRun) -> None:
    """Raise EvidenceMissing("invalid") when the journey stopped on its way: what comes after says nothing then."""
    if not run.complete:
        reached = f"{len(run.seen.steps)} of {len(run.declared.steps)} steps"
        raise EvidenceMissing("invalid", f"the journey stopped after {reached}; see journeys.steps.complete")


def _journeys(environment: Environment) -> list[Subject[models.Journey]]:
    return [Subject(journey.name, (journey_visit(environment, journey),), journey) for journey in environment.journeys]


def _run(asked: Asked[models.Journey]) -> JourneyRun:
    run = made(asked.facts(Visit), asked.declared)
    return replace(run, api=asked.environment.api_origin, pages=lambda: tuple(_pages(asked)))


def _pages(asked: Asked[models.Journey]) -> Iterable[Visit]:
    for page in asked.environment.site.pages:
        # A run of journeys alone visits no page: then nothing else tells what they would have.
        with suppress(EvidenceMissing):
            visit = asked.facts(Visit, page_visit(asked.environment, page.path))
            if not visit.problems:
                yield visit


JOURNEYS = (Fixture("journey", "[[journeys]]", "A declared journey, as it was made.", _journeys, _run),)
