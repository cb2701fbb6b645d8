"""Where a PostgreSQL database is, one read-only session with it, and failures in words that hold no secret.

The driver's own texts are never repeated: those about a connection string may quote the password.
"""

from __future__ import annotations

import os
import re
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from socket import SHUT_RDWR, socket
from time import perf_counter
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlsplit

from gonogo.environment.model import Secret
from gonogo.errors import EvidenceMissing
from gonogo.evidence.records import FailureKind

if TYPE_CHECKING:
    import psycopg

MIN_CONNECT_S = 2
"""psycopg knows no shorter connect_timeout."""
_HOST = re.compile(r"[A-Za-z0-9_.:%-]{1,255}")
_ADVICE = "wanted postgresql://user:password@host:port/database, with reserved characters percent-encoded"

_TLS, _AUTH, _CONNECT = FailureKind.TLS, FailureKind.AUTHENTICATION, FailureKind.CONNECT
_TIMEOUT, _PROTOCOL = FailureKind.TIMEOUT, FailureKind.PROTOCOL
# Words of libpq, psycopg, a server or a pooler; the kind; our reason; the SQLSTATE that the words imply, as
# libpq gives none while connecting. Kind `connect` is tried again: it stands where that may fare better.
_REASONS = (
    ("does not match host name|for host name", _TLS, "the certificate does not name this host", ""),
    (
        "certificate verify failed",
        _TLS,
        "the certificate does not verify against the trusted authorities",
        "",
    ),
    ("does not support SSL", _TLS, "the server does not offer TLS", ""),
    ("closed (the connection )?unexpectedly", _PROTOCOL, "the server closed the connection", ""),
    ("SSL (connection is )?required|is insecure", _TLS, "the server accepts TLS only; set `tls = true`", ""),
    ("SSL error|SSL SYSCALL|SSL negotiation|SSL connection", _TLS, "the TLS handshake failed", ""),
    ("authentication method requirement", _AUTH, "the server asks for the password in clear", ""),
    ("no password supplied", _AUTH, "the server asks for a password and the URL has none", "28P01"),
    ("auth(entication)? failed|wrong password", _AUTH, "user and password are not accepted", "28P01"),
    (r"pg_hba\.conf", _AUTH, "the server lets nobody in this way (pg_hba.conf)", "28000"),
    ('role ".*" does not exist', _AUTH, "the server knows no such user", "28000"),
    ("not permitted to log in|Tenant or user not found", _AUTH, "the server knows no such user", "28000"),
    ("permission denied for database", _AUTH, "this user may not connect to this database", "42501"),
    ('database ".*" does not exist|no such database', _AUTH, "there is no such database", "3D000"),
    ("too many (clients|connections)", _CONNECT, "the server has no connection left", "53300"),
    ("slots are reserved|no more connections", _CONNECT, "the server has no connection left", "53300"),
    ("database system is|not accepting conn", _CONNECT, "the server is starting or stopping", "57P03"),
    ("timeout expired|timed out", _TIMEOUT, "no session within the time", ""),
    ("Connection refused", _CONNECT, "the connection was refused", ""),
    ("No route to host|is unreachable", _CONNECT, "there is no route to this address", ""),
    ("reset by peer|EOF|Broken pipe|is lost|is closed", _PROTOCOL, "the server closed the connection", ""),
    ("invalid response|expected auth|protocol", _PROTOCOL, "what answers there is not PostgreSQL", ""),
)
_STATES = {
    "57014": (_TIMEOUT, "cancelled by statement_timeout"),
    "55P03": (_TIMEOUT, "a lock on it was not free in time"),
    "42501": (_AUTH, "this role may not read it"),
    "42P01": (_PROTOCOL, "there is no such table"),
    "42703": (_PROTOCOL, "there is no such column"),
    "3F000": (_PROTOCOL, "there is no such schema"),
    "42601": (_PROTOCOL, "it is not one valid SQL statement"),
    "25006": (_PROTOCOL, "it tried to write"),
    "57P01": (_PROTOCOL, "an administrator ended the session"),
    "25P03": (_TIMEOUT, "the session was idle for too long"),
}


@dataclass(frozen=True, slots=True)
class Target:
    """A database URL taken apart; its text and repr hold no password."""

    host: str
    port: int
    database: str
    user: str
    password: Secret

    @property
    def url(self) -> str:
        """Fit to be shown and logged."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"postgresql://{host}:{self.port}/{self.database}"

    def __str__(self) -> str:
        return self.url.removeprefix("postgresql://")


def parse_url(name: str, secret: Secret) -> Target:
    """Read a `postgresql://`, `postgres://` or `postgresql+driver://` URL. Its query is for the application's
    driver and not used: TLS, timeouts and options are ours.

    Raises EvidenceMissing("invalid"); the message repeats nothing of the URL.
    """
    read = _taken_apart(secret.get_secret_value().strip())
    if isinstance(read, Target):
        return read
    raise EvidenceMissing(FailureKind.INVALID, f"the URL of database {name!r} cannot be used: {read}; {_ADVICE}")


def _taken_apart(url: str) -> Target | str:
    """The target, or what is wrong with the URL: nothing is raised from a frame that holds the password."""
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port or 5432
    except ValueError:  # its text repeats parts of the URL
        return "it cannot be parsed"
    user, password, database = (unquote(part or "") for part in (parts.username, parts.password, parts.path[1:]))
    if parts.scheme.partition("+")[0] not in {"postgresql", "postgres"}:
        return "it is not a postgresql:// URL"
    if parts.fragment or "@" in parts.path + parts.query or "/" in parts.path[1:]:
        return "it holds a reserved character where none may be"
    if not user or not host:
        return "it names no user or no host"
    if not _HOST.fullmatch(host) or not all(part.isprintable() for part in (user, password, database)):
        return "it holds a character that cannot be part of a name"
    return Target(host, port, database or user, user, Secret(password))


def explain(error: Exception) -> tuple[FailureKind, str]:
    """Kind and reason of a driver's error, in our words: `the server does not accept … (SQLSTATE 28P01)`."""
    state = getattr(error, "sqlstate", None)
    if state in _STATES:
        kind, reason = _STATES[state]
        return kind, f"{reason} (SQLSTATE {state})"
    if state:
        return FailureKind.PROTOCOL, f"{_words(type(error).__name__)} (SQLSTATE {state})"
    text = str(error)
    for pattern, kind, reason, implied in _REASONS:
        if re.search(pattern, text, re.IGNORECASE):
            return kind, f"{reason} (SQLSTATE {implied})" if implied else reason
    return (
        FailureKind.PROTOCOL,
        f"the session failed for a reason that gonogo does not know ({type(error).__name__})",
    )


def _words(name: str) -> str:
    return re.sub(r"(?<=[a-z])(?=[A-Z])", " ", name).lower()


class Session:
    """One connection, used in a worker thread; `abort` may be called from another."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._connection: psycopg.Connection[Any] | None = None
        self._aborted = False

    def abort(self) -> None:
        """Wake a thread that waits for the server: its present call, or else its next, fails at once."""
        with self._lock:
            self._aborted = True
            if self._connection is not None and not self._connection.closed:
                with socket(fileno=os.dup(self._connection.fileno())) as handle, suppress(OSError):
                    handle.shutdown(SHUT_RDWR)

    @contextmanager
    def open(self, parameters: Mapping[str, str], password: Secret) -> Iterator[tuple[psycopg.Connection[Any], float]]:
        """Connect; gives the connection and the milliseconds that it took. Raises psycopg.Error."""
        import psycopg

        began = perf_counter()
        connection: psycopg.Connection[Any] = psycopg.connect(
            **parameters,  # type: ignore[arg-type]
            password=password.get_secret_value() or None,
            autocommit=True,
            # A named statement belongs to a server session; behind a pooler the next one may be another.
            prepare_threshold=None,
        )
        milliseconds = (perf_counter() - began) * 1000
        try:
            with self._lock:
                self._connection = connection
                if self._aborted:
                    raise psycopg.errors.ConnectionTimeout("timeout expired")
            yield connection, milliseconds
        finally:
            with self._lock:
                self._connection = None
                connection.close()
