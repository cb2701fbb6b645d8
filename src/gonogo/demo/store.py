"""The demo's database: roles, migrations, seed and the queries of its API."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path

import psycopg
from psycopg import sql

from gonogo.demo.postgres import PostgresServer

MIGRATIONS = Path(__file__).parent / "migrations"
DATABASE = "acme"
APP_ROLE = "acme_app"
VERIFIER_ROLE = "gonogo_verifier"
CONNECTIONS = 4
STATEMENT_TIMEOUT = "5s"

LEDGER = """
create table schema_migrations (version text primary key, applied_at timestamptz not null default now());
"""

ROLES = """
create role {app} login password {app_password} connection limit 16;
create role {verifier} login password {verifier_password} connection limit 6;
grant pg_monitor to {verifier};
revoke all on database {database} from public;
grant connect on database {database} to {app}, {verifier};
"""

GRANTS = """
grant usage on schema public to {app}, {verifier};
grant select, insert on all tables in schema public to {app};
grant delete on people, newsletter_subscriptions to {app};
grant select on all tables in schema public to {verifier};
"""

# Two weeks of events, at most one each 200 s, with busy and quiet days; the same shape at every start.
SEED = """
insert into events (occurred_at, name, session_id, properties)
select
    now() - i * interval '200 seconds',
    (array['page_view', 'page_view', 'sign_up', 'report_opened', 'export_started'])[1 + (i * 7) % 5],
    md5((i / 8)::text)::uuid,
    jsonb_build_object('path', (array['/', '/pricing', '/dashboard'])[1 + i % 3], 'ms', 20 + (i * 37) % 400)
from generate_series(0, 6048) as i
where (i * 31 + i / 7) % 100 < 65 + 30 * sin(i / 460.0);
insert into error_logs (occurred_at, environment, severity, code, message, context)
select
    now() - i * interval '5 hours', 'demo', (array['info', 'warning', 'error'])[1 + i % 3],
    'E' || (100 + i % 7), 'seeded entry ' || i, '{}'
from generate_series(1, 60) as i;
insert into performance_metrics (recorded_at, metric, value)
select now() - i * interval '1 minute', 'request_ms', 5 + (i * 13) % 40 from generate_series(1, 200) as i;
analyze;
"""


def prepare(server: PostgresServer, *, app_password: str, verifier_password: str) -> None:
    """Create the database with its roles, apply every migration and seed it. Raises psycopg.Error."""
    names = {
        "app": sql.Identifier(APP_ROLE),
        "verifier": sql.Identifier(VERIFIER_ROLE),
        "database": sql.Identifier(DATABASE),
        "app_password": sql.Literal(app_password),
        "verifier_password": sql.Literal(verifier_password),
    }
    server.execute(f"create database {DATABASE} strategy file_copy")
    text = sql.SQL(ROLES).format(**names).as_string(None)
    server.execute(text)
    migrate(server)
    server.execute(sql.SQL(GRANTS).format(**names).as_string(None) + SEED, database=DATABASE)


def migrate(server: PostgresServer) -> None:
    """Apply, in order, each file of MIGRATIONS and record its version: its name up to the first `_`."""
    steps = [LEDGER]
    for file in sorted(MIGRATIONS.glob("*.sql")):
        version = sql.Literal(file.stem.partition("_")[0]).as_string(None)
        steps.append(
            f"begin;\n{file.read_text()}\ninsert into schema_migrations (version) values ({version});\ncommit;\n"
        )
    server.execute("".join(steps), database=DATABASE)


@dataclass(frozen=True, slots=True)
class Stats:
    events: int
    sessions: int
    top_events: tuple[tuple[str, int], ...]


@dataclass(frozen=True, slots=True)
class Engagement:
    sessions: int
    events: int
    single_event_sessions: int
    session_seconds: float


@dataclass(frozen=True, slots=True)
class Point:
    day: date
    events: int
    sessions: int


@dataclass(frozen=True, slots=True)
class Row:
    id: int
    occurred_at: datetime
    name: str
    session_id: str


class Store:
    """The application's connections and the queries it makes through them."""

    def __init__(self, dsn: str) -> None:
        self._dsn = dsn
        self._idle: asyncio.Queue[psycopg.AsyncConnection] = asyncio.Queue()

    async def open(self) -> None:
        """Connect. Raises psycopg.OperationalError."""
        for _ in range(CONNECTIONS):
            self._idle.put_nowait(await self._connect())

    async def close(self) -> None:
        while not self._idle.empty():
            await self._idle.get_nowait().close()

    async def _connect(self) -> psycopg.AsyncConnection:
        return await psycopg.AsyncConnection.connect(
            self._dsn,
            autocommit=True,
            connect_timeout=5,
            application_name="acme-insights",
            options=f"-c statement_timeout={STATEMENT_TIMEOUT}",
        )

    @asynccontextmanager
    async def _connection(self) -> AsyncIterator[psycopg.AsyncConnection]:
        connection = await self._idle.get()
        try:
            if connection.closed:
                connection = await self._connect()
            yield connection
        finally:
            self._idle.put_nowait(connection)

    async def ping(self) -> float:
        """Milliseconds of one round trip. Raises psycopg.Error."""
        started = time.perf_counter()
        async with self._connection() as connection:
            await connection.execute("select 1")
        return (time.perf_counter() - started) * 1000

    async def stats(self, *, days: int = 7) -> Stats:
        async with self._connection() as connection:
            found = await connection.execute(
                "select name, count(*), count(distinct session_id) from events "
                "where occurred_at > now() - make_interval(days => %s) "
                "group by grouping sets ((name), ()) order by name nulls first",
                (days,),
            )
            (_, events, sessions), *named = await found.fetchall()
        top = sorted(((name, count) for name, count, _ in named), key=lambda pair: (-pair[1], pair[0]))
        return Stats(events=events, sessions=sessions, top_events=tuple(top))

    async def engagement(self, *, days: int = 7) -> Engagement:
        async with self._connection() as connection:
            found = await connection.execute(
                "select count(*), coalesce(sum(n), 0), count(*) filter (where n = 1),"
                " coalesce(avg(extract(epoch from length)), 0) from"
                " (select count(*) as n, max(occurred_at) - min(occurred_at) as length from events"
                " where occurred_at > now() - make_interval(days => %s) group by session_id) as one",
                (days,),
            )
            row = await found.fetchone()
        assert row is not None
        return Engagement(int(row[0]), int(row[1]), int(row[2]), float(row[3]))

    async def trends(self, *, days: int) -> tuple[Point, ...]:
        """One point a UTC day, oldest first, today included."""
        async with self._connection() as connection:
            found = await connection.execute(
                "select day::date, count(events.id), count(distinct session_id) from generate_series("
                " date_trunc('day', now() at time zone 'utc') - make_interval(days => %(days)s - 1),"
                " date_trunc('day', now() at time zone 'utc'), '1 day') as day"
                " left join events on occurred_at >= day at time zone 'utc'"
                " and occurred_at < (day + interval '1 day') at time zone 'utc' group by day order by day",
                {"days": days},
            )
            return tuple(Point(*row) for row in await found.fetchall())

    async def export(self, *, limit: int = 100) -> tuple[Row, ...]:
        async with self._connection() as connection:
            found = await connection.execute(
                "select id, occurred_at, name, session_id::text from events"
                " order by occurred_at desc, id desc limit %s",
                (limit,),
            )
            rows = await found.fetchall()
        return tuple(Row(id_, at.astimezone(UTC), name, who) for id_, at, name, who in rows)

    async def record_error(self, *, environment: str, release: str, severity: str, message: str, source: str) -> None:
        async with self._connection() as connection:
            await connection.execute(
                "insert into error_logs (environment, release, severity, code, message, context)"
                " values (%s, %s, %s, 'CLIENT', %s, jsonb_build_object('source', %s::text))",
                (environment, release, severity, message, source),
            )

    async def add_person(self, email: str) -> int:
        """Their id; they are subscribed to the newsletter too. Raises psycopg.Error for an address that is known."""
        async with self._connection() as connection, connection.transaction():
            found = await connection.execute("insert into people (email) values (%s) returning id", (email,))
            row = await found.fetchone()
            await connection.execute("insert into newsletter_subscriptions (email) values (%s)", (email,))
        assert row is not None
        return int(row[0])

    async def person(self, person: int) -> str | None:
        """Their address, or None where there is nobody with this id."""
        async with self._connection() as connection:
            found = await connection.execute("select email from people where id = %s", (person,))
            row = await found.fetchone()
        return None if row is None else str(row[0])

    async def erase(self, person: int) -> None:
        """Delete a person wherever they are."""
        async with self._connection() as connection:
            await connection.execute(
                "with gone as (delete from people where id = %s returning email)"
                " delete from newsletter_subscriptions using gone where newsletter_subscriptions.email = gone.email",
                (person,),
            )

    async def record(self, metric: str, value: float) -> None:
        """Add one performance metric."""
        async with self._connection() as connection:
            await connection.execute("insert into performance_metrics (metric, value) values (%s, %s)", (metric, value))
