"""The database probe, against real servers."""

# ruff: noqa: F811 - a test's argument has the name of the fixture that is imported for it

from __future__ import annotations

import json
import re
import socket
import threading
import time
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from urllib.parse import quote

import psycopg
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from postgres_fixtures import (  # noqa: F401 - fixtures
    CANARY,
    HOST,
    ROLES,
    Database,
    Place,
    database_trust,
    environment,
    one_place,
    place,
    places,
    run,
    table,
)

from gonogo.environment.model import Secret
from gonogo.errors import EvidenceMissing, GuardRefused
from gonogo.evidence.codec import from_json, to_json
from gonogo.probes.database.facts import Catalogue, IndexFacts
from gonogo.probes.database.postgres_session import explain, parse_url

DECLARED = {
    "tables": [{"name": "events"}],
    "migrations": {"table": "schema_migrations", "expected": ["1"]},
    "queries": [{"name": "names", "sql": "select name, count(*) from events where name like 'n%' group by name;"}],
}
SPELLINGS = (CANARY, quote(CANARY, safe=""), quote(CANARY), repr(CANARY)[1:-1], "c4nary")


def missing(attempt: Callable[[], object]) -> EvidenceMissing:
    """The failure of an attempt, after a look whether any form of the password can be read off it."""
    with pytest.raises(EvidenceMissing) as caught:
        attempt()
    error = caught.value
    frames = [
        frame for frame, _ in traceback.walk_tb(error.__traceback__) if "/src/gonogo/" in frame.f_code.co_filename
    ]
    seen = [str(error), repr(error), repr(error.__context__), repr(error.__cause__)]
    seen += [repr(value) for frame in frames for value in frame.f_locals.values()]
    assert frames
    assert [text for text in seen if any(one in text for one in SPELLINGS)] == []
    return error


@pytest.fixture
def database(place: Place) -> Database:
    return place.database()


@pytest.fixture
def healthy(place: Place) -> Database:
    return place.healthy


@pytest.fixture
def one(one_place: Place) -> Database:
    return one_place.database()


@pytest.fixture
def one_healthy(one_place: Place) -> Database:
    return one_place.healthy


# --- a healthy database ---


def test_the_catalogue_of_a_healthy_database(healthy: Database) -> None:
    seen = healthy.gather(**DECLARED)
    assert (seen.database, seen.role, seen.superuser, seen.in_recovery) == (
        healthy.name,
        "gonogo",
        False,
        False,
    )
    assert seen.server_version.split(".")[0].isdigit()
    assert (seen.tls, seen.plaintext) == ("TLSv1.3", "refused")
    assert [one.name for one in seen.tables] == [
        "billing.invoices",
        "public.events",
        "public.schema_migrations",
    ]
    events = table(seen, "public.events")
    assert events.columns == (
        ("id", "bigint"),
        ("occurred_at", "timestamp with time zone"),
        ("name", "text"),
        ("session_id", "text"),
    )
    assert table(seen, "billing.invoices").columns == (
        ("number", "character varying(20)"),
        ("amount", "numeric(12,2)"),
    )
    assert events.indexes == (
        IndexFacts("events_lower", ("lower(name)", "id"), unique=True, valid=True, predicate=""),
        IndexFacts("events_pkey", ("id",), unique=True, valid=True, predicate=""),
        IndexFacts("events_recent", ("occurred_at",), False, True, "name <> 'heartbeat'::text"),
        IndexFacts("events_session", ("session_id", "occurred_at"), False, True, ""),
    )
    assert not any(one.writable for one in seen.tables)
    assert (seen.applied_migrations, seen.migrations_error) == (("0001", "0002", "0003"), "")
    (query,) = seen.queries
    assert (query.name, len(query.samples_ms), query.error) == ("names", 20, "")
    assert 0 < min(seen.round_trip_ms, *query.samples_ms) < 1000
    assert 0 < seen.connect_ms < 1000
    assert 0 < seen.connections <= seen.max_connections == 40
    stored = to_json(seen)
    assert "c4nary" not in json.dumps(stored)
    assert from_json(Catalogue, stored) == seen


def test_the_script_of_roles_may_be_run_again_and_gives_no_more_than_it_says(one: Database) -> None:
    one.execute(ROLES.read_text())
    flags = """select rolcanlogin, rolinherit, rolsuper, rolcreaterole, rolcreatedb, rolreplication,
                      rolbypassrls
                 from pg_roles where rolname = 'gonogo'"""
    assert one.execute(flags) == [(True, *[False] * 6)]
    member = "select 1 from pg_auth_members where member = 'gonogo'::regrole or roleid = 'gonogo'::regrole"
    granted = "select 1 from pg_class where pg_get_userbyid(relowner) = 'gonogo'"
    assert one.execute(member) + one.execute(granted) == []
    url = one.url(host="127.0.0.1", port=one.place.server.port)
    with (
        psycopg.connect(url, sslmode="disable") as session,
        pytest.raises(psycopg.errors.ReadOnlySqlTransaction),
    ):
        session.execute("create temp table t (n int)")


def test_nothing_is_left_open(healthy: Database) -> None:
    healthy.gather(**DECLARED)
    deadline = time.monotonic() + 5
    while healthy.execute("select 1 from pg_stat_activity where usename = 'gonogo'"):
        assert time.monotonic() < deadline


# --- the connection ---


def test_a_wrong_password(healthy: Database) -> None:
    error = missing(lambda: healthy.gather(url=healthy.url(password=CANARY + "x")))
    assert error.kind == "authentication"
    assert error.message == (
        f"{HOST}:{healthy.place.port}/{healthy.name}: user and password are not accepted (SQLSTATE 28P01)"
    )


def test_a_database_that_is_not_there(healthy: Database) -> None:
    url = healthy.url().replace(f"/{healthy.name}", "/absent")
    error = missing(lambda: healthy.gather(url=url))
    assert (error.kind, "SQLSTATE 3D000" in error.message) == ("authentication", True)


def test_a_port_where_nothing_listens(one_healthy: Database) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        port = unused.getsockname()[1]
        error = missing(lambda: one_healthy.gather(url=one_healthy.url(port=port)))
    assert (error.kind, error.message) == (
        "connect",
        f"{HOST}:{port}/{one_healthy.name}: the connection was refused",
    )


def test_a_ca_that_did_not_sign_the_certificate(healthy: Database) -> None:
    error = missing(lambda: healthy.gather(ca_file=healthy.place.trust.stranger))
    assert (error.kind, "does not verify against the trusted" in error.message) == ("tls", True)


def test_a_host_name_that_the_certificate_does_not_cover(healthy: Database) -> None:
    error = missing(lambda: healthy.gather(url=healthy.url(host="other.acme.test")))
    assert (error.kind, "does not name this host" in error.message) == ("tls", True)


def test_a_server_without_tls(one_healthy: Database) -> None:
    error = missing(lambda: one_healthy.gather(url=one_healthy.url(port=one_healthy.place.server.port)))
    assert (error.kind, "does not offer TLS" in error.message) == ("tls", True)


def test_a_ca_file_that_is_not_there(one_healthy: Database) -> None:
    error = missing(lambda: one_healthy.gather(ca_file="/absent/ca.pem"))
    assert (error.kind, "/absent/ca.pem" in error.message) == ("unavailable", True)


def test_a_host_that_does_not_resolve(one_healthy: Database) -> None:
    error = missing(lambda: one_healthy.gather(url=one_healthy.url(host="absent.invalid")))
    assert (error.kind, "absent.invalid" in error.message) == ("dns", True)


def test_a_session_without_tls_that_the_server_accepts(healthy: Database) -> None:
    healthy.place.require_tls(False)
    try:
        seen = healthy.gather()
    finally:
        healthy.place.require_tls(True)
    assert (seen.tls, seen.plaintext) == ("TLSv1.3", "accepted")


def test_tls_that_is_not_declared_is_not_judged(one_healthy: Database) -> None:
    noted: list[str] = []
    seen = run(one_healthy.environment(url=one_healthy.url(port=one_healthy.place.server.port), tls=False), noted)
    assert (seen.tls, seen.plaintext) == ("", "not tried")
    assert noted == [f"handshake postgresql://{HOST}:{one_healthy.place.server.port}/{one_healthy.name}"]


def test_each_connection_is_announced_to_the_guard(one_healthy: Database) -> None:
    noted: list[str] = []
    run(one_healthy.environment(), noted)
    assert noted == [f"handshake postgresql://{HOST}:{one_healthy.place.port}/{one_healthy.name}"] * 2


def test_the_budget_of_requests_is_kept(one_healthy: Database) -> None:
    declared = one_healthy.environment()
    declared = declared.model_copy(update={"limits": declared.limits.model_copy(update={"requests": 1})})
    with pytest.raises(GuardRefused, match="budget of 1 requests"):
        run(declared)


def test_variables_of_our_own_environment_are_not_sent(one_healthy: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PGOPTIONS", "-c statement_timeout=1")
    monkeypatch.setenv("PGSSLMODE", "disable")
    monkeypatch.setenv("PGTARGETSESSIONATTRS", "standby")
    assert one_healthy.gather().tls == "TLSv1.3"


# --- what is wrong inside ---


def test_an_index_that_was_dropped(database: Database) -> None:
    database.execute("drop index events_session")
    events = table(database.gather(), "public.events")
    assert [index.name for index in events.indexes] == ["events_lower", "events_pkey", "events_recent"]


def test_an_index_that_could_not_be_built_is_invalid(database: Database) -> None:
    with pytest.raises(psycopg.errors.UniqueViolation):
        database.execute("create unique index concurrently events_name on events (name)")
    (index,) = [one for one in table(database.gather(), "public.events").indexes if one.name == "events_name"]
    assert index == IndexFacts("events_name", ("name",), unique=True, valid=False, predicate="")


@pytest.mark.parametrize(
    "grant",
    ["insert on events", "truncate on events", "update (name) on events", "delete on events"],
)
def test_a_role_that_may_write(one: Database, grant: str) -> None:
    one.execute(f"grant {grant} to gonogo")
    assert [one.name for one in one.gather().tables if one.writable] == ["public.events"]


def test_a_role_that_owns_a_table(one: Database) -> None:
    one.execute("alter table billing.invoices owner to gonogo")
    assert [one.name for one in one.gather().tables if one.writable] == ["billing.invoices"]


def test_a_superuser(one_healthy: Database) -> None:
    seen = one_healthy.gather(url=one_healthy.url(user="postgres", password=one_healthy.place.server.password))
    assert (seen.superuser, {one.writable for one in seen.tables}) == (True, {True})


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (
            "drop table schema_migrations",
            "schema_migrations.version: there is no such table (SQLSTATE 42P01)",
        ),
        (
            "revoke all on schema_migrations from gonogo",
            "schema_migrations.version: this role may not read it",
        ),
        (
            "alter table schema_migrations rename version to id",
            "schema_migrations.version: there is no such column",
        ),
    ],
)
def test_a_ledger_that_cannot_be_read_takes_nothing_else_with_it(one: Database, change: str, why: str) -> None:
    one.execute(change)
    seen = one.gather(**DECLARED)
    assert seen.applied_migrations is None
    assert seen.migrations_error.startswith(why)
    assert (table(seen, "public.events").name, len(seen.queries[0].samples_ms)) == ("public.events", 20)


def test_a_migration_that_its_tool_marks_as_failed_is_not_applied(one: Database) -> None:
    one.execute(
        "create table billing.history (version int, success boolean not null);"
        "insert into billing.history values (9, true), (10, true), (11, false), (null, true);"
        "grant usage on schema billing to gonogo; grant select on billing.history to gonogo"
    )
    assert one.gather(migrations={"table": "billing.history", "expected": ["9"]}).applied_migrations == ("9", "10")


def test_a_ledger_name_is_never_sql(one_healthy: Database) -> None:
    environment = one_healthy.environment(
        migrations={"table": "schema_migrations", "column": 'version" from x; --', "expected": ["1"]}
    )
    seen = run(environment)
    assert (seen.applied_migrations, "no such column" in seen.migrations_error) == (None, True)


def test_a_slow_query(one_healthy: Database) -> None:
    (query,) = one_healthy.gather(queries=[{"name": "slow", "sql": "select pg_sleep(0.05)"}]).queries
    assert (len(query.samples_ms), query.error) == (20, "")
    assert min(query.samples_ms) > 50


def test_a_query_that_never_ends_has_its_share_of_the_time(one_healthy: Database) -> None:
    queries = [{"name": name, "sql": sql} for name, sql in (("endless", "select pg_sleep(99)"), ("quick", "select 1"))]
    began = time.monotonic()
    endless, quick = one_healthy.gather(timeout=1, queries=queries).queries
    assert time.monotonic() - began < 2
    assert endless.error.startswith("cancelled by statement_timeout (SQLSTATE 57014) after ")
    assert [sample > 500 for sample in endless.samples_ms] == [True]
    assert (len(quick.samples_ms), quick.error) == (20, "")


@pytest.mark.parametrize(
    ("sql", "why"),
    [
        ("select 1; select 2", "it is not one valid SQL statement (SQLSTATE 42601)"),
        ("select 1; commit; delete from events", "it is not one valid SQL statement (SQLSTATE 42601)"),
        ("/* select */ delete from events", "not run: it must be one SELECT"),
        ("-- select\nset role postgres", "not run: it must be one SELECT"),
        (
            "with gone as (delete from events returning 1) select * from gone",
            "it tried to write (SQLSTATE 25006)",
        ),
        ("select nextval('events_id_seq')", "it tried to write (SQLSTATE 25006)"),
        ("select * from billing.invoices", "this role may not read it (SQLSTATE 42501)"),
        ("", "not run: it must be one SELECT"),
    ],
)
def test_a_query_that_is_not_one_select(one_place: Place, sql: str, why: str) -> None:
    loose = one_place.loose
    first, second = loose.gather(queries=[{"name": "bad", "sql": sql}, {"name": "good", "sql": "select 1"}]).queries
    assert (first.samples_ms, first.error.startswith(why)) == ((), True)
    assert (len(second.samples_ms), second.error) == (20, "")
    assert loose.execute("select count(*) from events") == [(2000,)]


@pytest.mark.parametrize("sql", ["(select 1)", "/* a */ -- b\n\n  with a as (select 1) table a", "VALUES (1)"])
def test_forms_of_a_query(one_healthy: Database, sql: str) -> None:
    (query,) = one_healthy.gather(queries=[{"name": "good", "sql": sql}]).queries
    assert (len(query.samples_ms), query.error) == (20, "")


def test_ddl_that_holds_a_table_hides_only_what_needs_that_table(healthy: Database) -> None:
    server = healthy.place.server
    with psycopg.connect(server.dsn(healthy.name, "postgres", server.password), sslmode="disable") as blocker:
        blocker.execute("lock table events in access exclusive mode")
        began = time.monotonic()
        seen = healthy.gather(**DECLARED)
        assert time.monotonic() - began < 2
    assert seen.applied_migrations == ("0001", "0002", "0003")
    (query,) = seen.queries
    assert query.samples_ms == ()
    assert query.error.startswith("a lock on it was not free in time (SQLSTATE 55P03)")
    locked = "(not readable: the table is locked)"
    assert table(seen, "public.events").indexes == (
        IndexFacts("events_lower", (locked, "id"), True, True, ""),
        IndexFacts("events_pkey", ("id",), True, True, ""),
        IndexFacts("events_recent", ("occurred_at",), False, True, locked),
        IndexFacts("events_session", ("session_id", "occurred_at"), False, True, ""),
    )


# --- servers that are no good ---


@contextmanager
def listening(serve: Callable[[socket.socket], None]) -> Iterator[int]:
    """A TCP server on loopback; each connection is served in a thread."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        threads: list[threading.Thread] = []
        connections: list[socket.socket] = []

        def one(connection: socket.socket) -> None:
            connections.append(connection)
            with connection, suppress(OSError):
                serve(connection)

        def accept() -> None:
            with suppress(OSError):
                while True:
                    threads.append(threading.Thread(target=one, args=(server.accept()[0],)))
                    threads[-1].start()

        accepting = threading.Thread(target=accept)
        accepting.start()
        try:
            yield server.getsockname()[1]
        finally:
            for opened in (server, *connections):
                with suppress(OSError):
                    opened.shutdown(socket.SHUT_RDWR)
            for thread in (accepting, *threads):
                thread.join(5)


def test_a_server_that_never_answers(one_healthy: Database) -> None:
    began = time.monotonic()
    with listening(lambda connection: [connection.recv(1000) for _ in range(2)] and None) as port:
        error = missing(lambda: one_healthy.gather(url=one_healthy.url(port=port), timeout=1))
        assert time.monotonic() - began < 2.5
    assert error.kind == "timeout"


def test_what_answers_is_not_postgresql(one_healthy: Database) -> None:
    with listening(lambda connection: connection.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")) as port:
        error = missing(lambda: one_healthy.gather(url=one_healthy.url(port=port)))
    assert error.kind in {"protocol", "tls"}


class Relay:
    """Passes a session on to a server; keeps what the client sends, and can stop the answers."""

    def __init__(self, port: int, *, silent_after: bytes = b"") -> None:
        self.port = port
        self.sent = b""
        self.silent_after = silent_after

    def __call__(self, client: socket.socket) -> None:
        with socket.create_connection(("127.0.0.1", self.port)) as server:
            answers = threading.Thread(target=self._answers, args=(server, client))
            answers.start()
            with suppress(OSError):
                while data := client.recv(65536):
                    self.sent += data
                    server.sendall(data)
            server.shutdown(socket.SHUT_RDWR)
            answers.join()

    def _answers(self, server: socket.socket, client: socket.socket) -> None:
        with suppress(OSError):
            while data := server.recv(65536):
                if not self.silent_after or self.silent_after not in self.sent:
                    client.sendall(data)


def test_a_server_that_falls_silent_in_the_middle(one_healthy: Database) -> None:
    began = time.monotonic()
    relay = Relay(one_healthy.place.server.port, silent_after=b"as frozen")
    query = {"name": "frozen", "sql": "select 1 as frozen"}
    with listening(relay) as port:
        error = missing(
            lambda: one_healthy.gather(url=one_healthy.url(port=port), timeout=1, tls=False, queries=[query])
        )
        assert time.monotonic() - began < 2.5
    assert (error.kind, error.message) == (
        "timeout",
        f"{HOST}:{port}/{one_healthy.name}: not done within 2 s",
    )


def test_what_a_pooler_would_refuse_or_hand_on_is_not_sent(one_healthy: Database) -> None:
    relay = Relay(one_healthy.place.server.port)
    with listening(relay) as port:
        run(one_healthy.environment(url=one_healthy.url(port=port), tls=False, **DECLARED))
    assert b"application_name\0gonogo/run-7\0" in relay.sent
    assert b"options\0" not in relay.sent
    assert not re.search(rb"P\0...[^\0]+\0(select|insert|begin)", relay.sent)  # Parse with a statement's name
    assert b"SET " not in relay.sent.upper().replace(b"OFFSET ", b"")


class Answer:
    """TLS sessions go to a server; a plaintext one gets these bytes. Keeps what came in plain text."""

    def __init__(self, port: int, answer: bytes) -> None:
        self.relay, self.answer, self.plain = Relay(port), answer, b""

    def __call__(self, client: socket.socket) -> None:
        first = client.recv(8, socket.MSG_PEEK)
        if first[4:] == bytes.fromhex("04d2162f"):
            self.relay(client)
            return
        self.plain += client.recv(65536)
        client.sendall(self.answer)


def error_response(state: str, words: str) -> bytes:
    body = f"SFATAL\0C{state}\0M{words}\0\0".encode()
    return b"E" + (len(body) + 4).to_bytes(4, "big") + body


@pytest.mark.parametrize(
    ("answer", "plaintext"),
    [
        (b"R\0\0\0\x08\0\0\0\0", "accepted"),
        (b"R\0\0\0\x17\0\0\0\x0aSCRAM-SHA-256\0\0", "accepted"),
        (error_response("28000", "no pg_hba.conf entry for host"), "refused"),
        (error_response("08P01", "SSL required"), "refused"),
        (error_response("XX000", "connection is insecure"), "refused"),
        (error_response("53300", "sorry, too many clients already"), "unknown: SQLSTATE 53300"),
        (error_response("", "what"), "unknown: an error without SQLSTATE"),
        (b"", "unknown: the connection failed or was closed without an answer"),
        (b"HTTP/1.1 400 Bad Request\r\n\r\n", "unknown: the answer is not of PostgreSQL's protocol"),
        (b"E\xff\xff\xff\xff", "unknown: an error without SQLSTATE"),
    ],
)
def test_answers_to_a_session_without_tls(one_healthy: Database, answer: bytes, plaintext: str) -> None:
    server = Answer(one_healthy.place.port, answer)
    with listening(server) as port:
        assert one_healthy.gather(url=one_healthy.url(port=port)).plaintext == plaintext
    assert server.plain[4:].startswith(b"\0\x03\0\0user\0gonogo\0database\0")
    assert b"c4nary" not in server.plain


# --- URLs ---


@pytest.mark.parametrize("scheme", ["postgresql://", "postgres://", "postgresql+asyncpg://", "postgresql+psycopg2://"])
def test_schemes_of_other_drivers(scheme: str) -> None:
    url = f"{scheme}u%40corp:{quote(CANARY, safe='')}@{HOST}:6543/app?ssl=require&options=-c%20x"
    target = parse_url("main", Secret(url))
    assert (target.user, target.host, target.port, target.database) == ("u@corp", HOST, 6543, "app")
    assert target.password.get_secret_value() == CANARY
    assert (str(target), target.url) == (f"{HOST}:6543/app", f"postgresql://{HOST}:6543/app")
    assert "c4nary" not in repr(target)


def test_defaults_of_a_url() -> None:
    target = parse_url("main", Secret("postgresql://reader@[::1]"))
    assert (target.host, target.port, target.database, target.url) == (
        "::1",
        5432,
        "reader",
        "postgresql://[::1]:5432/reader",
    )


@pytest.mark.parametrize(
    "url",
    [
        f"mysql://u:{CANARY}@{HOST}/app",
        f"postgresql://u:{CANARY}@{HOST}/app",
        "postgresql://u:c4nary/x@db/app",
        "postgresql://u:c4nary#x@db/app",
        "postgresql://u:c4nary?x@db/app",
        "postgresql://u:12/c4nary@db/app",
        "postgresql://u:x@db:c4nary/app",
        "postgresql://u:x@[c4nary/app",
        "postgresql://c4nary",
        "postgresql://u:x@db\u2100c4nary/app",
        "postgresql://u:x@db/c4nary%00",
        "host=db password=c4nary",
        "",
    ],
)
def test_a_url_that_cannot_be_used_is_not_repeated(url: str) -> None:
    error = missing(lambda: parse_url("main", Secret(url)))
    assert (error.kind, "database 'main'" in error.message) == ("invalid", True)


@given(st.text(max_size=40), st.text(max_size=40).filter(str.isprintable))
@example("postgresql://u:p@h/", "")
def test_any_text_is_a_target_or_a_failure_that_repeats_none_of_it(text: str, password: str) -> None:
    with suppress(EvidenceMissing):
        parse_url("main", Secret(text))
    url = f"postgresql://u:{quote(password, safe='')}@{HOST}/app"
    assert parse_url("main", Secret(url)).password.get_secret_value() == password


def test_a_reason_is_never_the_drivers_text() -> None:
    kind, reason = explain(psycopg.OperationalError(f'invalid dsn: "{CANARY}"'))
    assert (kind, reason) == (
        "protocol",
        "the session failed for a reason that gonogo does not know (OperationalError)",
    )
    kind, reason = explain(psycopg.errors.DivisionByZero(CANARY))
    assert (kind, reason) == ("protocol", "division by zero (SQLSTATE 22012)")


def test_a_database_that_is_not_declared(one_healthy: Database) -> None:
    declared = environment(one_healthy.url()).model_copy(update={"databases": ()})
    error = missing(lambda: run(declared))
    assert (error.kind, error.message) == ("invalid", "the environment declares no database 'main'")
