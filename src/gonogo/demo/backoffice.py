"""What the demo's product does behind its pages: it keeps errors and tells of them, and it knows people and forgets them."""

from __future__ import annotations

import asyncio
import json
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field

import psycopg
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from gonogo.demo.store import Store

CLIENT_ERRORS = "/client-errors"
"""Where pages report errors."""
PEOPLE = "/api/people"
ERASURE = "erasure"
ALERTS = "/alerts"
"""Where the stand-in for a chat channel shows what was said in it."""
ENVIRONMENT = "demo"
BODY = 16_000
"""Most of a body that is taken, in bytes."""
TEXT = 2_000
ALERTING = frozenset({"error", "fatal"})
"""Severities that somebody is told of."""
SEVERITIES = frozenset({"debug", "info", "warning"}) | ALERTING
DELAY_S = 0.1
"""How long alerts and erasures wait in their queue."""
PRIVATE = "private, no-store"
NO_STORE = {"Cache-Control": "no-store"}


@dataclass(slots=True)
class Channel:
    """The stand-in for where alerts arrive."""

    messages: deque[str] = field(default_factory=lambda: deque(maxlen=200))

    async def show(self, _: Request) -> Response:
        return JSONResponse({"messages": [{"text": text} for text in self.messages]}, headers=NO_STORE)


async def _body(request: Request) -> dict[str, object]:
    """A small JSON object. Raises HTTPException 413 or 422."""
    taken = b""
    async for chunk in request.stream():
        taken += chunk
        if len(taken) > BODY:
            raise HTTPException(413, "Too large.")
    try:
        told = json.loads(taken)
    except ValueError:
        told = None
    if not isinstance(told, dict):
        raise HTTPException(422, "Send a JSON object.")
    return told


class Backoffice:
    """Handlers of the routes behind the pages, and the worker of their queue."""

    def __init__(
        self, *, release: str, channel: Channel, store: Callable[[], Store], require: Callable[..., None]
    ) -> None:
        """`store` raises HTTPException while there is none, `require(request, *roles)` when the request has none of them."""
        self._release = release
        self._channel = channel
        self._store = store
        self._require = require
        self._erasures: asyncio.Queue[int] = asyncio.Queue(maxsize=100)
        self._alerts: asyncio.Queue[str] = asyncio.Queue(maxsize=100)

    def routes(self) -> list[Route]:
        return [
            Route(CLIENT_ERRORS, self._report, methods=["POST"]),
            Route(PEOPLE, self._add, methods=["POST"]),
            Route(f"{PEOPLE}/{{person:int}}", self._person),
            Route(f"{PEOPLE}/{{person:int}}/{ERASURE}", self._erase, methods=["POST"]),
        ]

    async def tell(self) -> None:
        """Deliver alerts until cancelled."""
        while True:
            message = await self._alerts.get()
            await asyncio.sleep(DELAY_S)
            self._channel.messages.append(message)

    async def forget(self) -> None:
        """Erase people until cancelled."""
        while True:
            person = await self._erasures.get()
            await asyncio.sleep(DELAY_S)
            try:
                await self._store().erase(person)
            except (psycopg.Error, HTTPException):
                self._erasures.put_nowait(person)  # until it is done

    async def _report(self, request: Request) -> Response:
        """An error of a page: into the table, and to whoever must know."""
        told = await _body(request)
        message, source, severity = (str(told.get(name, ""))[:TEXT] for name in ("message", "source", "severity"))
        if not message or severity not in SEVERITIES:
            raise HTTPException(422, "message or severity is missing.")
        await self._store().record_error(
            environment=ENVIRONMENT, release=self._release, severity=severity, message=message, source=source
        )
        if severity in ALERTING and not self._alerts.full():
            self._alerts.put_nowait(f"{ENVIRONMENT} {self._release}: {message}")
        return Response(status_code=204, headers=NO_STORE)

    async def _add(self, request: Request) -> Response:
        self._require(request, "admin")
        email = str((await _body(request)).get("email", ""))[:TEXT]
        if "@" not in email:
            raise HTTPException(422, "email must be an address.")
        person = await self._store().add_person(email)
        return JSONResponse({"id": person, "email": email}, status_code=201, headers={"Cache-Control": PRIVATE})

    async def _person(self, request: Request) -> Response:
        self._require(request, "admin")
        email = await self._store().person(request.path_params["person"])
        if email is None:
            raise HTTPException(404, "There is nobody with this id.")
        return JSONResponse({"id": request.path_params["person"], "email": email}, headers={"Cache-Control": PRIVATE})

    async def _erase(self, request: Request) -> Response:
        self._require(request, "admin")
        if self._erasures.full():
            raise HTTPException(503, "Too many requests to be forgotten.")
        self._erasures.put_nowait(request.path_params["person"])
        return Response(status_code=202, headers={"Cache-Control": PRIVATE})
