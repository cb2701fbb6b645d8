"""What the database's checks judge: catalogues and timed queries."""

from __future__ import annotations

from dataclasses import dataclass

from gonogo.concerns.fixture import Asked, Fixture, Subject
from gonogo.environment import models
from gonogo.environment.models import Environment
from gonogo.errors import EvidenceMissing
from gonogo.evidence.records import Failure, FailureKind
from gonogo.formats.latency import net_percentile
from gonogo.probes.database.facts import Catalogue, QueryTiming
from gonogo.probes.database.request import DatabaseRequest


@dataclass(frozen=True, slots=True)
class DatabaseAnswer:
    """A declared database: its catalogue, or why it could not be read."""

    declared: models.Database
    catalogue: Catalogue | None
    failure: Failure | None


@dataclass(frozen=True, slots=True)
class DatabaseCatalogue:
    declared: models.Database
    catalogue: Catalogue
    expected_migrations: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class TimedQuery:
    """A declared query and its runs. One that was stopped is judged too where it had run longer than its budget by then:
    that much is known."""

    declared: models.Query
    timing: QueryTiming
    round_trip_ms: float

    @property
    def p95_ms(self) -> float:
        """By nearest rank, less the round trip of an empty query; at least that, where a run was stopped."""
        return net_percentile(self.timing.samples_ms, 0.95, round_trip_ms=self.round_trip_ms)


def _databases(environment: Environment) -> list[Subject[models.Database]]:
    return [Subject(one.name, (DatabaseRequest(one.name),), one) for one in environment.databases]


def _answer(asked: Asked[models.Database]) -> DatabaseAnswer:
    evidence = asked.evidence()
    if evidence.failure is None:
        return DatabaseAnswer(asked.declared, evidence.seen(Catalogue), None)
    if evidence.failure.kind in {
        FailureKind.GUARD,
        FailureKind.UNAVAILABLE,
        FailureKind.DEADLINE,
        FailureKind.CRASH,
        FailureKind.INVALID,
    }:
        raise EvidenceMissing(evidence.failure.kind, evidence.failure.message)
    return DatabaseAnswer(asked.declared, None, evidence.failure)


def _catalogue(asked: Asked[models.Database]) -> DatabaseCatalogue:
    migrations = asked.declared.migrations
    return DatabaseCatalogue(asked.declared, asked.facts(Catalogue), migrations.expected if migrations else ())


def _queries(environment: Environment) -> list[Subject[models.Query]]:
    return [
        Subject(f"{database.name}: {query.name}", (DatabaseRequest(database.name),), query)
        for database in environment.databases
        for query in database.queries
    ]


def _timed(asked: Asked[models.Query]) -> TimedQuery:
    query = asked.declared
    catalogue = asked.facts(Catalogue)
    timing = next((one for one in catalogue.queries if one.name == query.name), None)
    if timing is None or not timing.samples_ms:
        raise EvidenceMissing("invalid", f"{query.name}: {timing.error if timing else 'it was not run'}")
    found = TimedQuery(query, timing, catalogue.round_trip_ms)
    if timing.error and found.p95_ms <= query.p95_ms:
        raise EvidenceMissing("invalid", f"{query.name}: {timing.error}")
    return found


DATABASE = (
    Fixture(
        "database_answer",
        "[[databases]]",
        "A database's catalogue, or why it could not be read.",
        _databases,
        _answer,
    ),
    Fixture("database", "[[databases]]", "A database's catalogue.", _databases, _catalogue),
    Fixture("query", "[[databases.queries]]", "A declared query's timings.", _queries, _timed),
)
