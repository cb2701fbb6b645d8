"""The database probe: a verified, read-only session with PostgreSQL, and a try to open one without TLS."""

from __future__ import annotations

import ssl
import struct
from dataclasses import replace
from math import ceil
from time import perf_counter

import anyio
import anyio.to_thread
from anyio.abc import ByteReceiveStream

from gonogo.environment.sections.databases import Database
from gonogo.errors import EvidenceMissing
from gonogo.evidence.records import FailureKind
from gonogo.probes.context import Context
from gonogo.probes.database import postgres_catalogue
from gonogo.probes.database.facts import Catalogue
from gonogo.probes.database.postgres_session import MIN_CONNECT_S, Session, Target, explain, parse_url
from gonogo.probes.database.request import DatabaseRequest
from gonogo.probes.http.probe import ca_path, trust
from gonogo.probes.resolve import addresses

MAX_ADDRESSES = 4
"""Of a host name; each may cost the connect timeout."""
WALL = 2.0
"""The whole probe takes at most this many request timeouts …"""
SESSION = 1.5
"""… and the session this many, so that there is time left for the other connection."""
_STARTUP_VERSION = 196608
_MAX_ANSWER = 10_000


async def gather(request: DatabaseRequest, context: Context) -> Catalogue:
    """The catalogue of a declared database, timings of its declared queries, and what happens without TLS.

    Raises EvidenceMissing: guard, invalid (the URL), unavailable (driver, ca_file), dns, connect, tls,
    authentication, timeout, protocol.
    """
    declared = next((one for one in context.environment.databases if one.name == request.database), None)
    if declared is None:
        raise EvidenceMissing(FailureKind.INVALID, f"the environment declares no database {request.database!r}")
    target = parse_url(declared.name, declared.url)
    for _ in range(2 if declared.tls else 1):
        await context.guard.admit("handshake", target.url)
    timeout = context.environment.limits.request_timeout_s
    session = Session()
    began = perf_counter()
    try:
        with anyio.fail_after(timeout * WALL):
            hosts = (await addresses(context.environment, target.host, target.port))[:MAX_ADDRESSES]
            outcome = await anyio.to_thread.run_sync(
                _read,
                session,
                declared,
                target,
                parameters(declared, target, hosts, context),
                began + timeout * SESSION,
                abandon_on_cancel=True,
            )
            if isinstance(outcome, EvidenceMissing):
                raise outcome
            catalogue, address = outcome
            if not declared.tls:
                return catalogue
            return replace(catalogue, plaintext=await _plaintext(target, address, timeout / 2))
    except TimeoutError:
        raise EvidenceMissing(FailureKind.TIMEOUT, f"{target}: not done within {timeout * WALL:g} s") from None
    finally:
        session.abort()


def parameters(declared: Database, target: Target, hosts: tuple[str, ...], context: Context) -> dict[str, str]:
    """libpq's parameters, all but the password. Empty ones keep PG* variables of our environment out."""
    timeout = max(MIN_CONNECT_S, ceil(context.environment.limits.request_timeout_s / len(hosts)))
    return {
        "host": ",".join([target.host] * len(hosts)),
        "hostaddr": ",".join(hosts),
        "port": str(target.port),
        "dbname": target.database,
        "user": target.user,
        "application_name": f"gonogo/{context.run_id}",
        "connect_timeout": str(timeout),
        "client_encoding": "UTF8",
        "options": "",
        "gssencmode": "disable",
        "target_session_attrs": "any",
        **(_verified(context) if declared.tls else {"sslmode": "prefer", "require_auth": "!password"}),
    }


def _verified(context: Context) -> dict[str, str]:
    path = ca_path(context)
    trust(path)  # says what is wrong with the file
    if not path:
        import certifi

        path = ssl.get_default_verify_paths().cafile or certifi.where()
    return {"sslmode": "verify-full", "sslrootcert": path}


def _read(
    session: Session, declared: Database, target: Target, how: dict[str, str], deadline: float
) -> tuple[Catalogue, str] | EvidenceMissing:
    """The catalogue and the address that gave it; runs in a worker thread.

    A failure is returned, and made outside the `except`, so that the driver's own exception, whose frames
    hold the password, is neither its cause nor its context.
    """
    try:
        import psycopg
    except ImportError:  # also where the driver is there and libpq is not
        return EvidenceMissing(FailureKind.UNAVAILABLE, "psycopg is not installed: `pip install 'psycopg[binary]'`")
    try:
        with session.open(how, target.password) as (connection, connect_ms):
            catalogue = postgres_catalogue.read(connection, declared, connect_ms=connect_ms, deadline=deadline)
            return catalogue, connection.info.hostaddr
    except psycopg.Error as error:
        kind, reason = explain(error)
    except UnicodeError:
        kind, reason = FailureKind.PROTOCOL, "the server sent text that is not UTF-8"
    return EvidenceMissing(kind, f"{target}: {reason}")


async def _plaintext(target: Target, address: str, seconds: float) -> str:
    """Ask for a session without TLS, by hand so that no password can leave: the first answer says enough.

    https://www.postgresql.org/docs/current/protocol-flow.html#PROTOCOL-FLOW-START-UP
    """
    names = {"user": target.user, "database": target.database}
    body = b"".join(f"{key}\0{value}\0".encode() for key, value in names.items()) + b"\0"
    try:
        with anyio.fail_after(seconds):
            async with await anyio.connect_tcp(address, target.port) as stream:
                await stream.send(struct.pack("!II", 8 + len(body), _STARTUP_VERSION) + body)
                kind, answer = await _message(stream)
    except TimeoutError:
        return f"unknown: no answer within {seconds:g} s"
    except (OSError, anyio.EndOfStream, anyio.BrokenResourceError):
        return "unknown: the connection failed or was closed without an answer"
    if kind == b"R":  # any request for authentication, or its success
        return "accepted"
    if kind != b"E":
        return "unknown: the answer is not of PostgreSQL's protocol"
    fields = {part[:1]: part[1:].decode("ascii", "replace") for part in answer.split(b"\0") if part}
    state, words = fields.get(b"C", "")[:5], fields.get(b"M", "").lower()
    if state[:2] in {"28", "08"} or any(word in words for word in ("ssl", "tls", "encrypt", "insecure")):
        return "refused"
    return f"unknown: SQLSTATE {state}" if state.isalnum() else "unknown: an error without SQLSTATE"


async def _message(stream: ByteReceiveStream) -> tuple[bytes, bytes]:
    """Type and body of the first message; the body of one that is too long is left out."""
    received = b""
    while len(received) < 5:
        received += await stream.receive()
    kind, length = received[:1], int.from_bytes(received[1:5], "big") - 4
    if kind != b"E" or not 0 < length <= _MAX_ANSWER:
        return kind, b""
    while len(received) < 5 + length:
        received += await stream.receive()
    return kind, received[5 : 5 + length]
