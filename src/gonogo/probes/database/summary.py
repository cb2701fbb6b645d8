"""A catalogue in a few lines."""

from __future__ import annotations

from pathlib import Path

from gonogo.environment.models import Environment
from gonogo.evidence.records import Evidence
from gonogo.evidence.summary import Summary, clip
from gonogo.formats.latency import net_percentile
from gonogo.probes.database.facts import Catalogue, QueryTiming


def summary(evidence: Evidence, environment: Environment, folder: Path) -> Summary:  # noqa: ARG001 - one shape for all kinds
    """The server, its tables, migrations and queries."""
    title = f"Catalogue of database {evidence.request.get('database')}"
    if evidence.facts is None:
        return Summary(title)
    found = evidence.seen(Catalogue)
    lines = [
        f"PostgreSQL {found.server_version}, database {found.database}, role {found.role}, {found.tls or 'not encrypted'}; without TLS: {found.plaintext}",
        f"connected in {found.connect_ms:.1f} ms, round trip {found.round_trip_ms:.2f} ms, {found.connections} of {found.max_connections} connections",
        f"migrations: {', '.join(found.applied_migrations) if found.applied_migrations else found.migrations_error or 'none'}",
    ]
    lines += [
        f"{table.name}: {len(table.columns)} columns; indexes {', '.join(index.name for index in table.indexes) or 'none'}"
        for table in found.tables
    ]
    lines += [f"query {query.name}: {_took(query, found.round_trip_ms)}" for query in found.queries]
    return Summary(title, clip(lines))


def _took(query: QueryTiming, round_trip_ms: float) -> str:
    """The number that `database.queries.latency` judges."""
    if not query.samples_ms:
        return query.error or "not run"
    p95 = net_percentile(query.samples_ms, 0.95, round_trip_ms=round_trip_ms)
    return f"p95 {p95:.1f} ms of {len(query.samples_ms)} runs, round trip taken off"
