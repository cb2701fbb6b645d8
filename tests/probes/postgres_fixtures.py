"""Real PostgreSQL servers on loopback, with the healthy database that the tests then break."""

from __future__ import annotations

import ssl
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache, cached_property
from itertools import count
from pathlib import Path
from typing import Any

import anyio
import pytest
from anyio.from_thread import start_blocking_portal
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from gonogo.demo.postgres import PostgresServer, TlsFront
from gonogo.environment.models import Environment
from gonogo.errors import Unavailable
from gonogo.evidence.records import Evidence, Request
from gonogo.probes.context import Context
from gonogo.probes.database.facts import Catalogue, TableFacts
from gonogo.probes.database.probe import gather
from gonogo.probes.database.request import DatabaseRequest
from gonogo.probes.guard import Guard

HOST = "db.acme.test"
CANARY = "c4nary/p%ss@w:rd #1'"
"""The verifier's password: every character that a URL must escape, and unlike any other text here."""
ROLES = Path(__file__).parents[2] / "environments" / "sql" / "verifier_roles.sql"
SCHEMA = """
    create schema billing;
    create table events (id bigint generated always as identity primary key, occurred_at timestamptz not null,
                         name text not null, session_id text);
    create index events_session on events (session_id, occurred_at);
    create index events_recent on events (occurred_at) include (name) where name <> 'heartbeat';
    create unique index events_lower on events (lower(name), id);
    create table billing.invoices (number varchar(20), amount numeric(12,2));
    create table schema_migrations (version text primary key);
    insert into schema_migrations values ('0001'), ('0003'), ('0002');
    insert into events (occurred_at, name) select now() - make_interval(secs => n), 'n' || n % 7
      from generate_series(1, 2000) n;
    grant select on events, schema_migrations to gonogo;
    analyze;
"""


# --- certificates ---


def certificate(
    name: str, *, issuer: tuple[x509.Certificate, ec.EllipticCurvePrivateKey] | None = None
) -> tuple[x509.Certificate, ec.EllipticCurvePrivateKey]:
    """A CA, or with `issuer` a server certificate for a name."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
    now = datetime.now(UTC)
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer[0].subject if issuer else subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(days=2))
        .add_extension(x509.BasicConstraints(ca=issuer is None, path_length=None), critical=True)
    )
    if issuer:
        builder = builder.add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
    return builder.sign(issuer[1] if issuer else key, hashes.SHA256()), key


def pem(made: tuple[x509.Certificate, ec.EllipticCurvePrivateKey]) -> tuple[str, str]:
    key = made[1].private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return made[0].public_bytes(serialization.Encoding.PEM).decode(), key.decode()


@dataclass(frozen=True)
class Trust:
    folder: Path
    certificate: str
    key: str

    @property
    def ca(self) -> str:
        return str(self.folder / "ca.pem")

    @property
    def stranger(self) -> str:
        return str(self.folder / "stranger.pem")

    def context(self) -> ssl.SSLContext:
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(self.folder / "server.pem")
        return context


@pytest.fixture(scope="module")
def database_trust(tmp_path_factory: pytest.TempPathFactory) -> Trust:
    folder = tmp_path_factory.mktemp("trust")
    authority = certificate("Acme test authority")
    chain, key = pem(certificate(HOST, issuer=authority))
    (folder / "ca.pem").write_text(pem(authority)[0])
    (folder / "stranger.pem").write_text(pem(certificate("Another authority"))[0])
    (folder / "server.pem").write_text(chain + key)
    return Trust(folder, chain, key)


# --- servers ---


@dataclass
class Place:
    """A server, and the port on which it speaks TLS."""

    server: PostgresServer
    port: int
    trust: Trust
    require_tls: Callable[[bool], None]
    _names: count[int] = field(default_factory=count)

    def database(self) -> Database:
        """A fresh copy of the healthy database."""
        name = f"acme{next(self._names)}"
        (version,) = self.server.execute("select current_setting('server_version_num')::int")[0]
        strategy = "strategy file_copy" if version >= 150000 else ""  # half the time
        self.server.execute(f"create database {name} template seeded {strategy}")
        return Database(self, name)

    @cached_property
    def healthy(self) -> Database:
        """For tests that change nothing in it."""
        return self.database()

    @cached_property
    def loose(self) -> Database:
        """The role may delete and take numbers: only our own transaction stands in the way."""
        made = self.database()
        made.execute(f"alter role gonogo in database {made.name} set default_transaction_read_only = off")
        made.execute("grant delete on events to gonogo; grant usage on sequence events_id_seq to gonogo")
        return made


@dataclass
class Database:
    place: Place
    name: str

    def execute(self, sql: str) -> list[tuple[Any, ...]]:
        return self.place.server.execute(sql, database=self.name)

    def url(self, *, password: str = CANARY, user: str = "gonogo", host: str = HOST, port: int = 0) -> str:
        plain = self.place.server.dsn(self.name, user, password)
        own = f"@{self.place.server.host}:{self.place.server.port}/"
        return plain.replace(own, f"@{host}:{port or self.place.port}/")

    def environment(self, *, url: str = "", ca_file: str = "", timeout: float = 5, **declared: Any) -> Environment:
        return environment(url or self.url(), ca_file=ca_file or self.place.trust.ca, timeout=timeout, **declared)

    def gather(self, **changes: Any) -> Catalogue:
        return run(self.environment(**changes))


def environment(url: str, *, ca_file: str = "", timeout: float = 5, **declared: Any) -> Environment:
    return Environment.model_validate(
        {
            "name": "test",
            "tier": "development",
            "ca_file": ca_file,
            "resolve": {HOST: "127.0.0.1", "other.acme.test": "127.0.0.1"},
            "limits": {"request_timeout_s": timeout, "rate_per_s": 1000},
            "site": {"url": "https://www.acme.test"},
            "databases": [{"name": "main", "url": url, **declared}],
        }
    )


def run(declared: Environment, noted: list[str] | None = None) -> Catalogue:
    async def fetch(request: Request) -> Evidence:
        raise AssertionError(request)

    async def main() -> Catalogue:
        guard = Guard(declared, note=lambda method, url: noted.append(f"{method} {url}") if noted is not None else None)
        return await gather(DatabaseRequest("main"), Context(declared, guard, "run-7", Path(), fetch))

    return anyio.run(main)


def table(catalogue: Catalogue, name: str) -> TableFacts:
    return next(one for one in catalogue.tables if one.name == name)


def prepare(server: PostgresServer) -> None:
    server.execute("create database seeded")
    server.execute(ROLES.read_text(), database="seeded")
    server.execute(f"alter role gonogo password '{CANARY.replace(chr(39), chr(39) * 2)}'")
    server.execute(SCHEMA, database="seeded")


@contextmanager
def embedded(folder: Path, trust: Trust) -> Iterator[Place]:
    """The server that `find_binaries` prefers, behind the TLS front."""
    try:
        server = PostgresServer.start(folder, password="superuser of the tests")
    except Unavailable as missing:
        pytest.skip(str(missing))
    with server, start_blocking_portal() as portal:
        prepare(server)
        front = portal.call(TlsFront.start, "127.0.0.1", 0, server.host, server.port, trust.context())
        try:
            yield Place(server, front.port, trust, lambda wanted: setattr(front, "require_tls", wanted))
        finally:
            portal.call(front.close)


@contextmanager
def native(folder: Path, trust: Trust) -> Iterator[Place]:
    """The distribution's server, which speaks TLS itself."""
    installed = sorted(Path("/usr/lib/postgresql").glob("*/bin/postgres"))
    if not installed:
        pytest.skip("no PostgreSQL of the distribution here")
    lines = "{kind} all gonogo all scram-sha-256\nhost all postgres all scram-sha-256\n"
    server = PostgresServer.start(
        folder,
        password="superuser of the tests",
        binaries=installed[-1].parent,
        settings={"ssl": "on"},
        files={
            "server.crt": trust.certificate,
            "server.key": trust.key,
            "pg_hba.conf": lines.format(kind="hostssl"),
        },
    )

    def require_tls(wanted: bool) -> None:
        (server.data / "pg_hba.conf").write_text(lines.format(kind="hostssl" if wanted else "host"))
        loaded = server.execute("select pg_conf_load_time(), pg_reload_conf()")[0][0]
        while server.execute("select pg_conf_load_time()")[0][0] == loaded:  # a new session has the postmaster's
            pass

    with server:
        prepare(server)
        yield Place(server, server.port, trust, require_tls)


PLACES = {"embedded": embedded, "native": native}


@pytest.fixture(scope="module")
def places(tmp_path_factory: pytest.TempPathFactory, database_trust: Trust) -> Iterator[Callable[[str], Place]]:
    """Each kind of server, started when first asked for."""
    with ExitStack() as running:
        yield cache(
            lambda kind: running.enter_context(PLACES[kind](tmp_path_factory.mktemp("postgres"), database_trust))
        )


@pytest.fixture(params=list(PLACES))
def place(request: pytest.FixtureRequest, places: Callable[[str], Place]) -> Place:
    return places(request.param)


@pytest.fixture
def one_place(places: Callable[[str], Place]) -> Place:
    """For what does not depend on the server."""
    return places("embedded")
