"""Rows that hold a tag: one read-only session that looks until one is there, or gone."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import anyio
import anyio.to_thread

from gonogo.environment.sections.databases import Database
from gonogo.environment.sections.errors import Row
from gonogo.errors import EvidenceMissing
from gonogo.evidence.records import FailureKind
from gonogo.formats.polling import pauses
from gonogo.probes.context import Context
from gonogo.probes.database.postgres_catalogue import LOCK_MS, STATEMENT_S
from gonogo.probes.database.postgres_session import Session, Target, explain, parse_url
from gonogo.probes.database.probe import MAX_ADDRESSES, parameters
from gonogo.probes.resolve import addresses

if TYPE_CHECKING:
    import psycopg
    from psycopg.sql import Composed

RECENT = "1 hour"
MOST_TEXT = 200
BURDEN = 4
"""A look that takes long is repeated after so many times its own duration, so that no table is read all the time."""


@dataclass(frozen=True, slots=True)
class Rows:
    """What the last look saw."""

    met: bool
    seconds: float
    columns: tuple[tuple[str, str], ...]


async def watch(
    row: Row, tag: str, context: Context, *, there: bool, within_s: float, columns: tuple[str, ...] = ()
) -> Rows:
    """Look until a row holds the tag (`there`) or none does any more, for `within_s` seconds at most.

    Raises EvidenceMissing: guard, invalid (the URL), unavailable (driver, ca_file), dns, connect, tls,
    authentication, timeout, protocol (no such table or column).
    """
    declared = next(one for one in context.environment.databases if one.name == row.database)
    target = parse_url(declared.name, declared.url)
    await context.guard.admit("handshake", target.url)
    session = Session()
    timeout = context.environment.limits.request_timeout_s
    try:
        with anyio.fail_after(timeout + within_s + STATEMENT_S):
            hosts = (await addresses(context.environment, target.host, target.port))[:MAX_ADDRESSES]
            found = await anyio.to_thread.run_sync(
                _watch,
                session,
                (row, declared, target),
                parameters(declared, target, hosts, context),
                (tag, columns, there, within_s),
                abandon_on_cancel=True,
            )
    except TimeoutError:
        raise EvidenceMissing(FailureKind.TIMEOUT, f"{target}: not done in time") from None
    finally:
        session.abort()
    if isinstance(found, EvidenceMissing):
        raise found
    return found


def _watch(
    session: Session,
    place: tuple[Row, Database, Target],
    how: dict[str, str],
    wanted: tuple[str, tuple[str, ...], bool, float],
) -> Rows | EvidenceMissing:
    """Runs in a worker thread; a failure is returned, for the driver's own exception has frames with the password."""
    row, _, target = place
    try:
        import psycopg
    except ImportError:
        return EvidenceMissing(FailureKind.UNAVAILABLE, "psycopg is not installed: `pip install 'psycopg[binary]'`")
    tag, columns, there, within_s = wanted
    try:
        with session.open(how, target.password) as (connection, _):
            statement = _statement(row, columns)
            began = time.monotonic()
            for pause in (*pauses(within_s), None):
                looked = time.monotonic()
                found = _look(connection, statement, tag)
                now = time.monotonic()
                if (found is not None) is there or pause is None or now - began > within_s:
                    break
                time.sleep(max(pause, BURDEN * (now - looked)))
            texts = tuple((name, "" if text is None else str(text)[:MOST_TEXT]) for name, text in (found or {}).items())
            return Rows((found is not None) is there, now - began, texts)
    except psycopg.Error as error:
        kind, reason = explain(error)
    except UnicodeError:
        kind, reason = FailureKind.PROTOCOL, "the server sent text that is not UTF-8"
    return EvidenceMissing(kind, f"{target} {row.table}.{row.column}: {reason}")


def _statement(row: Row, columns: tuple[str, ...]) -> Composed:
    from psycopg import sql

    read = [sql.SQL("{}::text").format(sql.Identifier(name)) for name in columns]
    recent = (
        sql.SQL(" and {} > now() - interval {}").format(sql.Identifier(row.time), sql.Literal(RECENT))
        if row.time
        else sql.SQL("")
    )
    return sql.SQL("select {} from {} where pg_catalog.strpos({}::text, %s) > 0{} limit 1").format(
        sql.SQL(", ").join([*read, sql.SQL("1")]),
        sql.Identifier(*row.table.split(".")),
        sql.Identifier(row.column),
        recent,
    )


def _look(connection: psycopg.Connection[Any], statement: Composed, tag: str) -> dict[str, object] | None:
    """Columns of a row that holds the tag, in a transaction of its own that cannot write; None when there is none."""
    connection.execute("begin read only")
    try:
        for name, value in (("statement_timeout", f"{STATEMENT_S:.0f}s"), ("lock_timeout", f"{LOCK_MS}ms")):
            connection.execute("select set_config(%s, %s, true)", (name, value))
        cursor = connection.execute(statement, (tag,))
        found = cursor.fetchone()
        names = [column.name for column in cursor.description or ()]
    finally:
        if not connection.broken:
            connection.execute("rollback")
    return None if found is None else dict(zip(names[:-1], found, strict=False))
