"""What can be asked of a database."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar
from urllib.parse import urlsplit

from gonogo.environment.models import Environment
from gonogo.evidence.records import Lane, PlanEntry, identity

TIMED_RUNS = 20
"""Of each declared query, after one that warms up."""


@dataclass(frozen=True, slots=True)
class DatabaseRequest:
    """The catalogue of a declared database and the timings of its declared queries, in one read-only transaction."""

    probe: ClassVar[str] = "database"
    database: str
    lane: Lane = Lane.DATABASE


def plan_lines(request: DatabaseRequest, environment: Environment) -> tuple[PlanEntry, ...]:
    """The connection, the one without TLS that must be refused, and each declared query with its executions."""
    database = next(one for one in environment.databases if one.name == request.database)
    parts = urlsplit(database.url.get_secret_value())
    target = f"{parts.hostname}:{parts.port or 5432}{parts.path}"
    user, lane, name = parts.username or "", request.lane.value, identity(request)
    lines = [PlanEntry("database", "connect", target, user, lane, 1, name)]
    if database.tls:
        plain = "without TLS, which must be refused"
        lines.append(PlanEntry("database", "connect", target, user, lane, 1, name, plain))
    lines += [
        PlanEntry("database", "query", target, user, lane, 1 + TIMED_RUNS, name, query.name)
        for query in database.queries
    ]
    return tuple(lines)
