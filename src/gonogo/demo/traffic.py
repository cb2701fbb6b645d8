"""What reached the demo: every connection and every request, kept in memory until asked for."""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from typing import Any

from starlette.types import ASGIApp, Message, Receive, Scope, Send
from uvicorn.config import Config
from uvicorn.protocols.http.h11_impl import H11Protocol
from uvicorn.server import ServerState

TEXT = 500
"""Most of a client's text that is kept, in characters."""


@dataclass(slots=True)
class Connection:
    id: int
    listener: str
    t: float
    """Unix time at which it was accepted."""
    established: bool = False
    """Its TLS handshake, if it needs one, was completed."""
    requests: int = 0


@dataclass(slots=True)
class Hit:
    """Something a page sent to a collector."""

    t: float
    host: str
    path: str
    query: str
    origin: str
    body: str


@dataclass(slots=True)
class Entry:
    t: float
    """Unix time at which the request's head had arrived."""
    listener: str
    host: str
    method: str
    path: str
    """With its query."""
    status: int
    """0 when no response was sent."""
    user_agent: str
    role: str
    connection: int
    seconds: float


@dataclass(slots=True)
class Ledger:
    """`role` tells whose credentials a request carries."""

    role: Callable[[str], str]
    entries: list[Entry] = field(default_factory=list)
    connections: dict[int, Connection] = field(default_factory=dict)
    hits: list[Hit] = field(default_factory=list)
    _numbers: itertools.count[int] = field(default_factory=lambda: itertools.count(1))

    def accepted(self, listener: str) -> Connection:
        connection = Connection(next(self._numbers), listener, time.time())
        self.connections[connection.id] = connection
        return connection

    def reset(self) -> None:
        """Forget everything; connections that are still open are listed again with their next request."""
        self.entries.clear()
        self.connections.clear()
        self.hits.clear()

    def as_json(self) -> dict[str, Any]:
        return {
            "requests": [asdict(entry) for entry in self.entries],
            "connections": [asdict(connection) for connection in self.connections.values()],
        }


def recording_protocol(ledger: Ledger, listener: str) -> type[H11Protocol]:
    """The HTTP/1.1 protocol of one listener; asyncio makes one on accepting, before any TLS handshake."""

    class RecordingProtocol(H11Protocol):
        def __init__(
            self,
            config: Config,
            server_state: ServerState,
            app_state: dict[str, Any],
            _loop: Any = None,
        ) -> None:
            self.seen = ledger.accepted(listener)
            super().__init__(config, server_state, {**app_state, "connection": self.seen}, _loop)

        def connection_made(self, transport: Any) -> None:
            self.seen.established = True
            super().connection_made(transport)

    return RecordingProtocol


class Recorder:
    """Outermost ASGI layer of a listener."""

    def __init__(self, app: ASGIApp, *, ledger: Ledger, listener: str) -> None:
        self.app = app
        self.ledger = ledger
        self.listener = listener

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        entry = self._entry(scope)
        self.ledger.entries.append(entry)
        started = time.perf_counter()

        async def note(message: Message) -> None:
            if message["type"] == "http.response.start":
                entry.status = message["status"]
                entry.seconds = round(time.perf_counter() - started, 6)
            await send(message)

        await self.app(scope, receive, note)

    def _entry(self, scope: Scope) -> Entry:
        headers = {key: value.decode("latin-1")[:TEXT] for key, value in scope["headers"]}
        query = scope["query_string"].decode("latin-1")
        connection: Connection = scope["state"]["connection"]
        connection.requests += 1
        self.ledger.connections.setdefault(connection.id, connection)
        return Entry(
            t=time.time(),
            listener=self.listener,
            host=headers.get(b"host", "").rpartition(":")[0] or headers.get(b"host", ""),
            method=scope["method"],
            path=(scope["path"] + (f"?{query}" if query else ""))[:TEXT],
            status=0,
            user_agent=headers.get(b"user-agent", ""),
            role=self.ledger.role(headers.get(b"authorization", "")),
            connection=connection.id,
            seconds=0.0,
        )
