"""What is sent with the run's tag and looked for: an error of our own, and a person who asks to be deleted."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from gonogo.concerns.analytics import script_visit, throws
from gonogo.concerns.fixture import Asked, Fixture, Subject
from gonogo.environment import models
from gonogo.environment.model import Tier
from gonogo.environment.models import Environment
from gonogo.errors import EvidenceMissing
from gonogo.probes.round_trip.facts import Look, Sent, Trip
from gonogo.probes.round_trip.request import TripRequest


@dataclass(frozen=True, slots=True)
class ErrorTrip:
    """An error of our own, and where it was seen."""

    declared: models.ErrorRoundTrip
    release: str
    environment: str
    """What the row must say; each empty for any, but one."""
    trip: Trip

    @property
    def row(self) -> Look | None:
        return self.trip.look("row")

    @property
    def alert(self) -> Look | None:
        return self.trip.look("alert")


@dataclass(frozen=True, slots=True)
class DeletionTrip:
    """A person of our own, and how the request to delete them was answered."""

    declared: models.Deletion
    asked: Sent


@dataclass(frozen=True, slots=True)
class DeletedTrace:
    """A place that showed the person before, and what it shows after."""

    declared: models.Trace
    within_s: float
    after: Look


# --- errors ---


def _error_trip(environment: Environment) -> TripRequest | None:
    """None where none is declared, or where no error may be provoked."""
    tracking, declared = environment.error_tracking, environment.error_round_trip
    if tracking is None or declared is None or not tracking.provoke:
        return None
    if declared.request is not None:
        return TripRequest("errors")
    return TripRequest("errors", script_visit(environment)) if throws(environment) else None


class OwnError(NamedTuple):
    """What the environment declares of an error that is ours."""

    tracking: models.ErrorTracking
    trip: models.ErrorRoundTrip


def _errors(environment: Environment) -> list[Subject[OwnError]]:
    tracking, trip, request = environment.error_tracking, environment.error_round_trip, _error_trip(environment)
    if tracking is None or trip is None or request is None:
        return []
    name = trip.row.table if trip.row else "alert"
    return [Subject(name, (request, *([request.visit] if request.visit else [])), OwnError(tracking, trip))]


def _error(asked: Asked[OwnError]) -> ErrorTrip:
    tracking, declared = asked.declared
    trip = asked.facts(Trip)
    if untaken := [one for one in trip.sent if not one.taken]:
        said = untaken[0].problem or f"it answered {untaken[0].status}"
        raise EvidenceMissing("invalid", f"no error could be raised: {untaken[0].what}: {said}")
    known = asked.environment.release
    release = tracking.release or (known.expected if known else "")
    return ErrorTrip(declared, release, tracking.environment, trip)


# --- deletion ---


class Held(NamedTuple):
    """A place that holds the person's data, and how long it may hold them."""

    trace: models.Trace
    within_s: float


def _deletion(environment: Environment) -> list[Subject[models.Deletion]]:
    declared = environment.deletion
    if declared is None or environment.tier is Tier.PRODUCTION:
        return []
    return [Subject(declared.ask.path, (TripRequest("deletion"),), declared)]


def _traces(environment: Environment) -> list[Subject[Held]]:
    return [
        Subject(trace.name, one.requests, Held(trace, one.declared.within_s))
        for one in _deletion(environment)
        for trace in one.declared.traces
    ]


def _made(trip: Trip) -> Trip:
    """The trip. Raises EvidenceMissing("invalid") when there was nobody to delete."""
    created = trip.answer("create")
    if created is None or not created.taken:
        said = f"it answered {created.status}" if created else "nothing was sent"
        raise EvidenceMissing("invalid", f"nobody could be made to delete: {said}")
    return trip


def _deletion_trip(asked: Asked[models.Deletion]) -> DeletionTrip:
    answer = _made(asked.facts(Trip)).answer("ask")
    if answer is None or answer.problem:
        said = answer.problem if answer else "no request"
        raise EvidenceMissing("invalid", f"the deletion was not asked for: {said}")
    return DeletionTrip(asked.declared, answer)


def _trace(asked: Asked[Held]) -> DeletedTrace:
    trip = _made(asked.facts(Trip))
    answer = trip.answer("ask")
    if answer is None or not answer.taken:
        raise EvidenceMissing("invalid", "the deletion was not accepted; see privacy.deletion.accepted")
    before, after = trip.look(asked.id), trip.look(asked.id, "gone")
    if before is None or not before.met:
        said = (before.problem if before else "") or f"nothing held the tag within {asked.declared.within_s:g} s"
        raise EvidenceMissing("invalid", f"the person was not seen there before: {said}")
    if after is None or after.problem:
        raise EvidenceMissing("invalid", f"afterwards it could not be told: {after.problem if after else 'no look'}")
    return DeletedTrace(*asked.declared, after)


ROUND_TRIPS = (
    Fixture(
        "error_trip", "[error_tracking.round_trip]", "An error of our own, and where it was seen.", _errors, _error
    ),
    Fixture("deletion", "[privacy.deletion]", "A person of our own asks to be deleted.", _deletion, _deletion_trip),
    Fixture("deletion_trace", "[[privacy.deletion.traces]]", "A place that held the person's data.", _traces, _trace),
)
