"""Something sent with a tag, and looked for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar
from urllib.parse import urlsplit

from gonogo.environment.models import Environment
from gonogo.environment.sections.errors import Row, Sending
from gonogo.evidence.records import Lane, PlanEntry, identity
from gonogo.formats.polling import pauses
from gonogo.probes.browser.request import VisitRequest


@dataclass(frozen=True, slots=True)
class TripRequest:
    """Something is sent with a tag of the run's own, and looked for until it is there, or gone."""

    probe: ClassVar[str] = "trip"
    name: str
    """`errors` or `deletion`: which of the declared ones."""
    visit: VisitRequest | None = None
    """The visit that sends it, in place of a request; it is gathered once like any other."""
    lane: Lane = Lane.TRIP


def plan_lines(request: TripRequest, environment: Environment) -> tuple[PlanEntry, ...]:
    """What is sent, and the looks for it, so many times at most; a visit that sends it stands in the plan by itself."""
    origin, name = environment.api_origin, identity(request)

    def sent(sending: Sending) -> PlanEntry:
        return entry(sending.method, f"{origin}{sending.path}", sending.role, 1)

    def entry(method: str, target: str, role: str, count: int) -> PlanEntry:
        return PlanEntry("trip", method, target, role, request.lane.value, count, name, f"{request.name} round trip")

    def read(row: Row, times: int) -> PlanEntry:
        database = next(one for one in environment.databases if one.name == row.database)
        parts = urlsplit(database.url.get_secret_value())
        target = f"{parts.hostname}:{parts.port or 5432}{parts.path} {row.table}"
        return entry("connect", target, parts.username or "", times)

    def looks(within_s: float) -> int:
        return len(pauses(within_s)) + 1

    listed: list[PlanEntry] = []
    errors, deletion = environment.error_round_trip, environment.deletion
    if request.name == "errors" and errors is not None:
        listed += [sent(errors.request)] if errors.request and request.visit is None else []
        listed += [read(errors.row, 1)] if errors.row else []
        if errors.alert:
            listed.append(entry("GET", errors.alert.url, errors.alert.role, looks(errors.alert.within_s)))
    if request.name == "deletion" and deletion is not None:
        listed += [sent(deletion.create), sent(deletion.ask)]
        for trace in deletion.traces:
            if trace.row is not None:
                listed.append(read(trace.row, 2))
            else:
                url, times = f"{origin}{trace.path}", 2 * looks(deletion.within_s)
                listed.append(entry("GET", url, trace.role, times))
    return tuple(listed)
