"""Nouns of journeys: one visit each."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass, replace

from gonogo.environment import models
from gonogo.environment.models import Environment
from gonogo.errors import EvidenceMissing
from gonogo.evidence.behaviour import JourneySeen
from gonogo.evidence.facts import Visit
from gonogo.evidence.records import Step, VisitRequest
from gonogo.nouns.core import Noun, Sight, Subject, facts, page_visit


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


def _where(condition: Callable[[models.Journey], object]) -> Callable[[Environment], list[Subject]]:
    def subjects(environment: Environment) -> list[Subject]:
        return [
            Subject(journey.name, (journey_visit(environment, journey),), journey)
            for journey in environment.journeys
            if condition(journey)
        ]

    return subjects


def _guarded(journey: models.Journey) -> bool:
    return any(step.goto and step.status for step in journey.steps)


def _build(environment: Environment, subject: Subject, sight: Sight) -> JourneyRun:
    assert isinstance(subject.declared, models.Journey)
    run = made(facts(sight, subject.requests[0], Visit), subject.declared)
    return replace(run, api=environment.api_origin, pages=lambda: tuple(_pages(environment, sight)))


def _pages(environment: Environment, sight: Sight) -> Iterable[Visit]:
    for page in environment.site.pages:
        # A run of journeys alone visits no page: then nothing else tells what they would have.
        with suppress(EvidenceMissing):
            visit = facts(sight, page_visit(environment, page.path), Visit)
            if not visit.problems:
                yield visit


JOURNEYS: tuple[Noun, ...] = (
    Noun("journey", "[[journeys]]", "A declared journey, as it was made.", _where(lambda _: True), _build),
    Noun(
        "guarded_journey",
        "[[journeys.steps]] goto with status",
        "A journey that opens pages whose status is declared.",
        _where(_guarded),
        _build,
    ),
    Noun(
        "fresh_journey",
        "[journeys.fresh]",
        "A journey whose data says how old it is.",
        _where(lambda journey: journey.fresh),
        _build,
    ),
)
