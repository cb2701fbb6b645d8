"""What a run sets out to do, and what is decided at its end."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from math import isfinite
from pathlib import Path
from typing import TYPE_CHECKING

from gonogo.concerns.fixture import Asked
from gonogo.concerns.vitals.fixtures import LOADS
from gonogo.environment.models import Environment
from gonogo.environment.sections.databases import Database
from gonogo.errors import EvidenceMissing
from gonogo.evidence.records import Evidence, PlanEntry, Request, identity
from gonogo.evidence.store import Store
from gonogo.formats.latency import net_percentile
from gonogo.gathering.plan import entries, merge
from gonogo.probes.database.facts import Catalogue
from gonogo.probes.database.request import DatabaseRequest
from gonogo.probes.load.facts import LoadRun
from gonogo.probes.load.request import LoadRequest
from gonogo.run import catalogue
from gonogo.run.target import Target

if TYPE_CHECKING:
    from gonogo.gate.model import Intent, Shard, Verdict


def plan_of(environment: Environment, requests: Sequence[Request]) -> tuple[tuple[Request, ...], tuple[PlanEntry, ...]]:
    """The requests that will be made, each once, and their listing."""
    merged = merge(requests, environment)
    return merged, entries(merged, environment)


def plan_json(listed: Sequence[PlanEntry]) -> list[dict[str, object]]:
    """The plan as `gonogo plan --json` prints it."""
    return [
        {
            "probe": one.probe,
            "method": one.method,
            "target": one.target,
            "role": one.role,
            "lane": one.lane,
            "count": one.count,
            "name": one.name,
            "does": one.does,
            "run": one.run,
        }
        for one in listed
    ]


def intent_of(
    target: Target, scope: catalogue.Scope, *, run_id: str, profile: str, partial: str, started: datetime
) -> Intent:
    """What this run sets out to do."""
    from gonogo.gate.model import Intent

    environment = target.environment
    return Intent(
        run_id=run_id,
        environment=environment.name,
        tier=environment.tier.value,
        release=environment.release.expected if environment.release else "",
        profile=profile,
        environment_digest=target.digest,
        policy_digest=target.rules.policy.digest,
        started=started,
        expected=catalogue.expected(scope, profile),
        not_applicable=catalogue.not_applicable(scope, profile),
        partial=partial,
    )


def conclude(
    run: Path, target: Target, *, at: datetime, read_at: datetime | None = None, shard: Shard | None = None
) -> Verdict:
    """Decide on a finished run's directory and write verdict.json; `shard` is what was read of it a moment ago, `read_at`
    the moment of a replay.

    Raises RunUnreadable when what was written cannot be read back, OSError when it cannot be written.
    """
    from gonogo.gate.decide import decide
    from gonogo.run import folder as rundir

    verdict = decide(
        [shard or rundir.read(run)],
        target.rules.policy,
        waivers=target.rules.waivers,
        attestations=target.rules.attestations,
        at=at,
        read_at=read_at,
        environment=target.environment.name,
    )
    rundir.write_verdict(run, verdict)
    return verdict


def measured(environment: Environment, store: Store) -> list[tuple[str, float]]:
    """The numbers that a policy's budgets may judge: `load.<profile>.p95_ms`, `vitals.<page>.lcp_ms`,
    `database.<name>.<query>.p95_ms` …"""
    from gonogo.formats.latency import percentile

    metrics: list[tuple[str, float]] = []
    for profile in environment.load:
        evidence = store.read(identity(LoadRequest(profile.name)))
        if evidence is not None and evidence.facts is not None:
            load_run = evidence.seen(LoadRun)
            total = load_run.series[0]
            if load_run.healthy and total.requests:
                slow = percentile(total.histogram, 0.95, total=total.requests)
                if isfinite(slow):
                    metrics.append((f"load.{profile.name}.p95_ms", slow))
                metrics.append((f"load.{profile.name}.error_share", total.failures / total.requests))
                metrics.append((f"load.{profile.name}.rate", load_run.achieved_rate))
    for database in environment.databases:
        metrics += _of_database(database, store)
    stored = _Stored(store)
    for subject in LOADS.subjects(environment):
        try:
            runs = LOADS.build(Asked(environment, subject, stored))
        except EvidenceMissing:
            continue
        for name in ("lcp_ms", "cls", "inp_ms", "fcp_ms", "ttfb_ms"):
            with suppress(EvidenceMissing):
                metrics.append((f"vitals.{subject.id}.{name}", runs.series(name).median))
    return metrics


def _of_database(database: Database, store: Store) -> Iterator[tuple[str, float]]:
    """`database.<name>.connect_ms`, `database.<name>.<query>.p95_ms` net of the round trip, as its check judges it …"""
    evidence = store.read(identity(DatabaseRequest(database.name)))
    if evidence is None or evidence.facts is None:
        return
    found, name = evidence.seen(Catalogue), f"database.{database.name}"
    yield f"{name}.connect_ms", found.connect_ms
    yield f"{name}.round_trip_ms", found.round_trip_ms
    if found.max_connections > 0:
        yield f"{name}.connections_share", found.connections / found.max_connections
    for query in found.queries:
        if query.samples_ms and not query.error:
            slow = net_percentile(query.samples_ms, 0.95, round_trip_ms=found.round_trip_ms)
            yield f"{name}.{query.name}.p95_ms", slow


class _Stored:
    """Evidence as it lies in a store, when a run is over."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def evidence(self, request: Request) -> Evidence:
        """Raises EvidenceMissing("unavailable") where the run left none."""
        found = self._store.read(identity(request))
        if found is None:
            raise EvidenceMissing("unavailable", f"no evidence was stored of {request}")
        return found


def utc_now() -> datetime:
    return datetime.now(UTC)
