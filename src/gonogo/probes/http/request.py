"""What can be asked over HTTP."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import ClassVar

from gonogo.environment.models import Environment
from gonogo.evidence.records import UNNAMED, Lane, PlanEntry, identity


@dataclass(frozen=True, slots=True)
class HttpRequest:
    """One HTTP request on the wire; redirects are never followed by the request itself."""

    probe: ClassVar[str] = "http"
    url: str
    method: str = "GET"
    role: str = "anonymous"
    headers: tuple[tuple[str, str], ...] = ()
    lane: Lane = Lane.NETWORK
    follow: int = field(default=0, metadata=UNNAMED)
    """How many redirects are gathered as further requests of their own. Not part of the id."""


@dataclass(frozen=True, slots=True)
class BurstRequest:
    """The same GET up to `count` times, one after another, until one is refused with 429 or 403."""

    probe: ClassVar[str] = "burst"
    url: str
    count: int
    role: str = "anonymous"
    lane: Lane = Lane.RATE


def joined(known: HttpRequest, other: HttpRequest) -> HttpRequest:
    """Two requests that differ in how far they are followed: the longer of the two."""
    return replace(known, follow=max(known.follow, other.follow))


def http_lines(request: HttpRequest, environment: Environment) -> tuple[PlanEntry, ...]:  # noqa: ARG001 - one shape for all kinds
    """One line; redirects that it may be followed along are not known beforehand."""
    does = tuple(f"{header}: {value}" for header, value in request.headers)
    lane, name = request.lane.value, identity(request)
    return (PlanEntry("http", request.method, request.url, request.role, lane, 1, name, does=does),)


def burst_lines(request: BurstRequest, environment: Environment) -> tuple[PlanEntry, ...]:  # noqa: ARG001
    """One line; `count` is the most that is sent."""
    return (PlanEntry("burst", "GET", request.url, request.role, request.lane.value, request.count, identity(request)),)
