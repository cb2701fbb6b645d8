"""What a PostgreSQL server says of itself, read in one READ ONLY transaction by a role without privileges.

Only catalogs are read, beside declared queries and the migration ledger: no `count(*)`, no EXPLAIN ANALYZE.
Each group of questions has a savepoint, so that one that fails takes no other with it. Settings last for the
transaction only: a pooler hands a session with its settings to the next client, and refuses them at start-up.
"""

from __future__ import annotations

import ctypes
import re
import sys
from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from statistics import median
from time import perf_counter
from typing import TYPE_CHECKING, Any, LiteralString

from gonogo.environment.sections.databases import Database, Migrations, Query
from gonogo.probes.database.facts import Catalogue, IndexFacts, QueryTiming, TableFacts
from gonogo.probes.database.postgres_session import explain
from gonogo.probes.database.request import TIMED_RUNS

if TYPE_CHECKING:
    import psycopg

    Connection = psycopg.Connection[Any]

MAX_TABLES = 2_000
MAX_MIGRATIONS = 10_000
STATEMENT_S = 5.0
"""Most time of one statement on the server."""
LOCK_MS = 200
"""We queue for a lock no longer: whoever queues behind us waits too."""
ROUND_TRIPS = 5

_UNREADABLE = "(not readable: the table is locked)"

# Declared tables first, then those that we may write to, partitions last: the limit hides nothing of weight.
_TABLES: LiteralString = """
    select found.oid::int8, found.schema, found.name, found.writable
      from (select c.oid, n.nspname::text as schema, c.relname::text as name, c.relispartition,
                   coalesce(has_table_privilege(c.oid, 'INSERT, UPDATE, DELETE, TRUNCATE')
                            or has_any_column_privilege(c.oid, 'INSERT, UPDATE'), false) as writable
              from pg_class c join pg_namespace n on n.oid = c.relnamespace
             where c.relkind in ('r', 'p', 'f', 'v', 'm')
               and n.nspname <> 'information_schema' and not starts_with(n.nspname::text, 'pg_')) found
     order by (found.name = any(%(declared)s) or found.schema || '.' || found.name = any(%(declared)s)) desc,
              found.writable desc, found.relispartition, found.schema, found.name
     limit %(limit)s
"""
_COLUMNS: LiteralString = """
    select attrelid::int8, attname::text, format_type(atttypid, atttypmod)
      from pg_attribute
     where attrelid = any(%s::oid[]) and attnum > 0 and not attisdropped
     order by attrelid, attnum
"""
# No function here may open the table itself (pg_get_expr and pg_get_indexdef do): DDL would make us wait.
_INDEXES: LiteralString = """
    select i.indrelid::int8, i.indexrelid::int8, c.relname::text, i.indisunique,
           i.indisvalid and i.indisready and i.indislive, i.indpred is not null,
           array(select a.attname::text
                   from unnest(i.indkey::int2[]) with ordinality as k(attnum, position)
                   left join pg_attribute a on a.attrelid = i.indrelid and a.attnum = k.attnum
                  where k.position <= i.indnkeyatts
                  order by k.position)
      from pg_index i join pg_class c on c.oid = i.indexrelid
     where i.indrelid = any(%s::oid[])
     order by i.indrelid, c.relname
"""
_INDEX_TEXTS: LiteralString = """
    select i.indexrelid::int8, pg_get_expr(i.indpred, i.indrelid, true),
           array(select pg_get_indexdef(i.indexrelid, position, true)
                   from generate_series(1, i.indnkeyatts) as position order by position)
      from pg_index i
     where i.indexrelid = any(%s::oid[])
       and not exists (select from pg_locks l
                        where l.locktype = 'relation' and l.relation = i.indrelid
                          and l.mode = 'AccessExclusiveLock'
                          and l.database = (select oid from pg_database where datname = current_database()))
"""
_SERVER: LiteralString = """
    select current_setting('server_version'), current_database()::text, current_user::text,
           coalesce((select rolsuper from pg_roles where rolname = current_user), false), pg_is_in_recovery(),
           (select coalesce(sum(numbackends), 0)::int8 from pg_stat_database),
           current_setting('max_connections')::int8
"""
# Columns by which a tool marks a migration that is not wholly applied: Flyway, golang-migrate, Prisma.
_LEDGER_MARKS: dict[tuple[str, str], LiteralString] = {
    ("success", "boolean"): "success",
    ("dirty", "boolean"): "not dirty",
    ("finished_at", "timestamp with time zone"): "finished_at is not null",
    ("rolled_back_at", "timestamp with time zone"): "rolled_back_at is null",
}
_COMMENTS = re.compile(r"(?:\s+|--[^\n]*(?:\n|$)|/\*.*?\*/)*", re.DOTALL)


def read(connection: Connection, declared: Database, *, connect_ms: float, deadline: float) -> Catalogue:
    """Everything but the answer to a connection without TLS. `deadline` is of time.perf_counter.

    Raises psycopg.Error where the catalogue itself cannot be read.
    """
    connection.execute("begin read only")
    statement_ms = max(1, round(min(STATEMENT_S, deadline - perf_counter()) * 1000))
    _set(connection, "statement_timeout", f"{statement_ms}ms")
    _set(connection, "lock_timeout", f"{LOCK_MS}ms")
    _set(connection, "idle_in_transaction_session_timeout", "30s")
    round_trip_ms = median(_timed(connection, "select 1") for _ in range(ROUND_TRIPS))
    with _savepoint(connection):
        _set(connection, "search_path", "pg_catalog")  # so that no function of ours is one of theirs
        server = connection.execute(_SERVER).fetchone()
        assert server is not None
        tables = _tables(connection, [table.name for table in declared.tables])
    applied, migrations_error = _applied(connection, declared.migrations)
    queries = tuple(_timings(connection, declared.queries, deadline))
    connection.execute("rollback")
    version, database, role, superuser, in_recovery, connections, max_connections = server
    return Catalogue(
        server_version=version,
        database=database,
        role=role,
        superuser=superuser,
        in_recovery=in_recovery,
        tls=_tls_version(connection),
        plaintext="not tried",
        tables=tables,
        applied_migrations=applied,
        migrations_error=migrations_error,
        queries=queries,
        round_trip_ms=round_trip_ms,
        connect_ms=connect_ms,
        connections=connections,
        max_connections=max_connections,
    )


def _set(connection: Connection, name: str, value: str) -> None:
    connection.execute("select set_config(%s, %s, true)", (name, value))


@contextmanager
def _savepoint(connection: Connection) -> Iterator[None]:
    """Whatever happens inside, settings included, is undone; an error leaves the transaction usable."""
    with connection.transaction(force_rollback=True):
        yield


def _timed(connection: Connection, sql: str) -> float:
    """Milliseconds of one statement. The extended protocol (binary) allows one statement only."""
    began = perf_counter()
    connection.execute(sql.encode(), binary=True)
    return (perf_counter() - began) * 1000


def _tables(connection: Connection, declared: list[str]) -> tuple[TableFacts, ...]:
    found = connection.execute(_TABLES, {"declared": declared, "limit": MAX_TABLES}).fetchall()
    oids = [row[0] for row in found]
    columns: defaultdict[int, list[tuple[str, str]]] = defaultdict(list)
    for table, name, kind in connection.execute(_COLUMNS, (oids,)):
        columns[table].append((name, kind))
    indexes = _indexes(connection, oids)
    return tuple(
        TableFacts(f"{schema}.{name}", tuple(columns[oid]), tuple(indexes[oid]), writable)
        for oid, schema, name, writable in sorted(found, key=lambda row: row[1:3])
    )


def _indexes(connection: Connection, tables: list[int]) -> dict[int, list[IndexFacts]]:
    rows = connection.execute(_INDEXES, (tables,)).fetchall()
    texts = _index_texts(connection, [oid for _, oid, _, _, _, partial, keys in rows if partial or None in keys])
    indexes: defaultdict[int, list[IndexFacts]] = defaultdict(list)
    for table, oid, name, unique, valid, partial, keys in rows:
        predicate, spelled = texts.get(oid, (None, [_UNREADABLE] * len(keys)))
        columns = tuple(text if key is None else key for key, text in zip(keys, spelled, strict=True))
        indexes[table].append(IndexFacts(name, columns, unique, valid, (predicate or _UNREADABLE) if partial else ""))
    return indexes


def _index_texts(connection: Connection, indexes: list[int]) -> dict[int, tuple[str | None, list[str]]]:
    """Predicate and key columns as SQL, where no one holds the table."""
    import psycopg

    if not indexes:
        return {}
    try:
        with _savepoint(connection):
            return {oid: (predicate, keys) for oid, predicate, keys in connection.execute(_INDEX_TEXTS, (indexes,))}
    except (psycopg.errors.LockNotAvailable, psycopg.errors.InsufficientPrivilege):  # locked a moment ago
        return {}


def _applied(connection: Connection, ledger: Migrations | None) -> tuple[tuple[str, ...] | None, str]:
    """Identifiers of applied migrations, or None and why not."""
    import psycopg
    from psycopg import sql

    if ledger is None:
        return None, "no migrations are declared"
    table = sql.Identifier(*ledger.table.split("."))
    column = sql.Identifier(ledger.column)
    try:
        with _savepoint(connection):
            fields = connection.execute(
                "select attname::text, format_type(atttypid, atttypmod) from pg_catalog.pg_attribute"
                " where attrelid = to_regclass(%s) and attnum > 0 and not attisdropped",
                (table.as_string(connection),),
            )
            marks = [sql.SQL(_LEDGER_MARKS[field]) for field in fields if field in _LEDGER_MARKS]
            kept = sql.SQL(" and ").join([sql.SQL("{} is not null").format(column), *marks])
            rows = connection.execute(
                sql.SQL("select {}::text from {} as ledger where {} order by ledger.{} limit {}").format(
                    column, table, kept, column, sql.Literal(MAX_MIGRATIONS + 1)
                )
            ).fetchall()
    except psycopg.Error as error:
        if connection.broken:
            raise
        return None, f"{ledger.table}.{ledger.column}: {explain(error)[1]}"
    if len(rows) > MAX_MIGRATIONS:
        return None, f"{ledger.table}: more than {MAX_MIGRATIONS} rows"
    return tuple(row[0] for row in rows), ""


def _timings(connection: Connection, queries: Sequence[Query], deadline: float) -> Iterator[QueryTiming]:
    """Each query in turn, each with its share of the time that is left."""
    for position, query in enumerate(queries):
        share = (deadline - perf_counter()) / (len(queries) - position)
        yield _timing(connection, query, max(share, 0.0))


def _timing(connection: Connection, query: Query, seconds: float) -> QueryTiming:
    """One warm-up, then the timed runs. A run that statement_timeout ends counts with the time that it took:
    the query needs at least that, and `error` says so."""
    import psycopg

    statement = query.sql.strip().rstrip(";")
    first = statement[len(_COMMENTS.match(statement)[0]) :].split(None, 1)[:1]  # type: ignore[index]
    if not first or first[0].lower().strip("(") not in {"select", "with", "values", "table", ""}:
        return QueryTiming(query.name, (), "not run: it must be one SELECT")
    samples: list[float] = []
    ends = perf_counter() + seconds
    began = perf_counter()
    try:
        with _savepoint(connection):
            for run in range(1 + TIMED_RUNS):
                left = min(STATEMENT_S, ends - perf_counter())
                if left <= 0:
                    error = f"stopped after {len(samples)} of {TIMED_RUNS} runs: the time for it was over"
                    return QueryTiming(query.name, tuple(samples), error)
                _set(connection, "statement_timeout", f"{max(1, round(left * 1000))}ms")
                began = perf_counter()
                milliseconds = _timed(connection, statement)
                if run:
                    samples.append(milliseconds)
    except psycopg.Error as error:
        if connection.broken:
            raise
        took = (perf_counter() - began) * 1000
        if isinstance(error, psycopg.errors.QueryCanceled):
            samples.append(took)
        return QueryTiming(query.name, tuple(samples), f"{explain(error)[1]} after {took:.0f} ms")
    return QueryTiming(query.name, tuple(samples), "")


def _tls_version(connection: Connection) -> str:
    """As libpq sees it; the server's pg_stat_ssl would describe the pooler's connection instead of ours."""
    if not connection.pgconn.ssl_in_use:
        return ""
    extension = sys.modules[type(connection.pgconn).__module__].__file__
    try:
        attribute = ctypes.CDLL(extension).PQsslAttribute
    except (OSError, AttributeError):  # psycopg's pure Python form: the library is not the module
        return "TLS"
    attribute.restype = ctypes.c_char_p
    pointer: int = connection.pgconn.pgconn_ptr  # type: ignore[attr-defined]
    version = attribute(ctypes.c_void_p(pointer), b"protocol")
    return version.decode() if version else "TLS"
