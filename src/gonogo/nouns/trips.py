"""Nouns of what is sent with the run's tag and looked for: an error of our own, and a person who asks to be deleted."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from gonogo.environment import models
from gonogo.environment.models import Environment, Tier
from gonogo.errors import EvidenceMissing
from gonogo.evidence.records import TripRequest
from gonogo.evidence.trips import Look, Sent, Trip
from gonogo.nouns.analytics import script_visit, throws
from gonogo.nouns.core import Noun, Sight, Subject, facts


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


def _errors(wanted: Callable[[models.ErrorRoundTrip], object]) -> Callable[[Environment], list[Subject]]:
    def subjects(environment: Environment) -> list[Subject]:
        declared, request = environment.error_round_trip, _error_trip(environment)
        if declared is None or request is None or not wanted(declared):
            return []
        name = declared.row.table if declared.row else "alert"
        return [Subject(name, (request, *([request.visit] if request.visit else [])), declared)]

    return subjects


def _build_error(environment: Environment, subject: Subject, sight: Sight) -> ErrorTrip:
    assert isinstance(subject.declared, models.ErrorRoundTrip)
    tracking = environment.error_tracking
    assert tracking is not None
    trip = facts(sight, subject.requests[0], Trip)
    if untaken := [one for one in trip.sent if not one.taken]:
        said = untaken[0].problem or f"it answered {untaken[0].status}"
        raise EvidenceMissing("invalid", f"no error could be raised: {untaken[0].what}: {said}")
    release = tracking.release or (environment.release.expected if environment.release else "")
    return ErrorTrip(subject.declared, release, tracking.environment, trip)


# --- deletion ---


def _deletion(environment: Environment) -> list[Subject]:
    declared = environment.deletion
    if declared is None or environment.tier is Tier.PRODUCTION:
        return []
    return [Subject(declared.ask.path, (TripRequest("deletion"),), declared)]


def _deletion_traces(environment: Environment) -> list[Subject]:
    declared = environment.deletion
    made = _deletion(environment)
    return [Subject(trace.name, made[0].requests, trace) for trace in declared.traces] if declared and made else []


def _made(subject: Subject, sight: Sight) -> Trip:
    """The trip. Raises EvidenceMissing("invalid") when there was nobody to delete."""
    trip = facts(sight, subject.requests[0], Trip)
    created = trip.answer("create")
    if created is None or not created.taken:
        said = f"it answered {created.status}" if created else "nothing was sent"
        raise EvidenceMissing("invalid", f"nobody could be made to delete: {said}")
    return trip


def _build_deletion(environment: Environment, subject: Subject, sight: Sight) -> DeletionTrip:  # noqa: ARG001 - one shape for all nouns
    assert isinstance(subject.declared, models.Deletion)
    asked = _made(subject, sight).answer("ask")
    if asked is None or asked.problem:
        raise EvidenceMissing("invalid", f"the deletion was not asked for: {asked.problem if asked else 'no request'}")
    return DeletionTrip(subject.declared, asked)


def _build_trace(environment: Environment, subject: Subject, sight: Sight) -> DeletedTrace:
    declared = environment.deletion
    assert isinstance(subject.declared, models.Trace)
    assert declared is not None
    trip = _made(subject, sight)
    asked = trip.answer("ask")
    if asked is None or not asked.taken:
        raise EvidenceMissing("invalid", "the deletion was not accepted; see privacy.deletion.accepted")
    before, after = trip.look(subject.id), trip.look(subject.id, "gone")
    if before is None or not before.met:
        said = (before.problem if before else "") or f"nothing held the tag within {declared.within_s:g} s"
        raise EvidenceMissing("invalid", f"the person was not seen there before: {said}")
    if after is None or after.problem:
        raise EvidenceMissing("invalid", f"afterwards it could not be told: {after.problem if after else 'no look'}")
    return DeletedTrace(subject.declared, declared.within_s, after)


TRIPS: tuple[Noun, ...] = (
    Noun(
        "error_row",
        "[error_tracking.round_trip.row]",
        "An error of our own, and its row.",
        _errors(lambda declared: declared.row),
        _build_error,
    ),
    Noun(
        "labelled_error_row",
        "[error_tracking.round_trip.row] release or environment",
        "The same, where the row must say which deploy it is from.",
        _errors(lambda declared: declared.row and (declared.row.release or declared.row.environment)),
        _build_error,
    ),
    Noun(
        "error_alert",
        "[error_tracking.round_trip.alert]",
        "An error of our own, and its alert.",
        _errors(lambda declared: declared.alert),
        _build_error,
    ),
    Noun("deletion", "[privacy.deletion]", "A person of our own asks to be deleted.", _deletion, _build_deletion),
    Noun(
        "deletion_trace",
        "[[privacy.deletion.traces]]",
        "A place that held the person's data.",
        _deletion_traces,
        _build_trace,
    ),
)
