"""What a database's catalogue and its declared queries showed.

Times are seconds unless a name says `_ms`; sizes are bytes; instants are UTC ISO 8601 text.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class IndexFacts:
    name: str
    columns: tuple[str, ...]
    """Key columns in order; an expression stands as its text, INCLUDE columns are not among them."""
    unique: bool
    valid: bool
    predicate: str
    """The WHERE of a partial index, or empty."""


@dataclass(frozen=True, slots=True)
class TableFacts:
    name: str
    """`schema.table`."""
    columns: tuple[tuple[str, str], ...]
    """Name and type, as format_type gives it."""
    indexes: tuple[IndexFacts, ...]
    writable: bool
    """Our role may INSERT, UPDATE, DELETE or TRUNCATE."""


@dataclass(frozen=True, slots=True)
class QueryTiming:
    name: str
    samples_ms: tuple[float, ...]
    """Warm runs in order, client-measured, round trip included."""
    error: str


@dataclass(frozen=True, slots=True)
class Catalogue:
    server_version: str
    database: str
    role: str
    superuser: bool
    in_recovery: bool
    tls: str
    """TLS version of our own connection; empty when it is not encrypted."""
    plaintext: str
    """Answer to a connection without TLS: `refused`, `accepted`, `not tried` or `unknown: …`."""
    tables: tuple[TableFacts, ...]
    applied_migrations: tuple[str, ...] | None
    """Identifiers in the ledger table, in order; None when it cannot be read."""
    migrations_error: str
    queries: tuple[QueryTiming, ...]
    round_trip_ms: float
    connect_ms: float
    connections: int
    max_connections: int
