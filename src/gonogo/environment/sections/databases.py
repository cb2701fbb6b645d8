"""[[databases]]."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated

from pydantic import AfterValidator, Field

from gonogo.environment.model import Mark, Model, Secret
from gonogo.environment.slips import Slip, Told
from gonogo.environment.values import FolderName, Name, Positive, _split


def _database_url(value: Secret) -> Secret:
    parts = _split(value.get_secret_value())
    if parts.scheme.partition("+")[0] not in {"postgresql", "postgres"} or not parts.hostname:
        raise ValueError("must be a postgresql:// URL with a host")
    return value


class Table(Model):
    """One table that must exist."""

    name: Name
    """`table` or `schema.table`."""
    columns: tuple[str, ...] = ()
    """Columns that it must have, among others."""


class Index(Model):
    """One index that must exist and be valid."""

    table: Name
    """`table` or `schema.table`."""
    columns: Annotated[tuple[str, ...], Field(min_length=1)]
    """Leading key columns, in order; the index's name does not matter."""
    unique: bool = False
    """Whether it must be unique."""


class Migrations(Model):
    """Which migrations must have been applied."""

    table: Name
    """Ledger table: `schema_migrations`."""
    column: str = "version"
    """Its column of migration ids."""
    directory: FolderName = ""
    """Folder of migration files, from the environment file; a file's id is its name up to the first `_`."""
    expected: tuple[str, ...] = ()
    """Ids that must be applied, where there is no directory."""

    @classmethod
    def slips(cls, said: Told) -> Iterator[Slip]:
        if not said.get("directory") and not said.get("expected"):
            yield Slip((), "needs `directory` or `expected`, which tell the migrations that must have been applied")


class Query(Model):
    """One query whose latency is judged."""

    name: Name
    """Names the query in results."""
    sql: str
    """One SELECT."""
    p95_ms: Positive = 100
    """95th percentile of its duration, at most, milliseconds."""


class Database(Model):
    """One PostgreSQL database, read with a role that cannot write."""

    name: Name
    """Names the database in results; unique."""
    url: Annotated[Secret, AfterValidator(_database_url), Mark.REACHED]
    """postgresql://user:password@host:port/database"""
    tls: bool = True
    """verify-full, and a connection without TLS must be refused."""
    tables: tuple[Table, ...] = ()
    """Tables that must exist."""
    indexes: tuple[Index, ...] = ()
    """Indexes that must exist."""
    migrations: Migrations | None = None
    """Migrations that must have been applied."""
    queries: tuple[Query, ...] = ()
    """Queries whose latency is judged."""
    connect_max_ms: Positive = 1000
    """Budget of a connection with TLS and login, milliseconds."""
