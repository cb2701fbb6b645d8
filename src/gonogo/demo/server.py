"""The demo's process: PostgreSQL behind a TLS front, the site, its plain twin, the collectors and a control
listener.

It prints one line of JSON when everything answers, and ends when its standard input does: it never outlives
whoever started it.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import os
import secrets
import signal
import socket
import ssl
import sys
import tempfile
import threading
import warnings
from collections.abc import AsyncIterator, Collection, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import quote

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp

from gonogo.demo.active import Active
from gonogo.demo.certificates import CertificateFiles, Variant, create
from gonogo.demo.collectors import collectors_app
from gonogo.demo.defects.fault import Switch
from gonogo.demo.defects.faults import FAULTS
from gonogo.demo.ports import COLLECTOR_PORT, DATABASE_PORT, HTTP_PORT, HTTPS_PORT
from gonogo.demo.postgres import PostgresServer, TlsFront
from gonogo.demo.site import APEX, HOP, Setup, Site
from gonogo.demo.store import APP_ROLE, DATABASE, MIGRATIONS, VERIFIER_ROLE, Store, prepare
from gonogo.demo.traffic import Ledger, Recorder, recording_protocol
from gonogo.errors import Unavailable

LOOPBACK = "127.0.0.1"
SECOND_LOOPBACK = "127.0.0.2"
"""Every Linux has it; where it is not, the site has one address."""
DATABASE_HOST = "db.acme.test"
CONTROL_HEADER = "x-demo-control"
CIPHERS = "@SECLEVEL=2:ECDHE+AESGCM:ECDHE+CHACHA20"
WORSE = {
    Switch.LEGACY_TLS: "@SECLEVEL=0:ECDHE+AESGCM:ECDHE+CHACHA20:ECDHE+AES",
    Switch.NULL_CIPHERS: "@SECLEVEL=0:ECDHE+AESGCM:ECDHE+CHACHA20:ECDHE-ECDSA-NULL-SHA",
    Switch.CBC_ONLY: "@SECLEVEL=2:ECDHE+AES:!AESGCM:!AESCCM",
    Switch.SHORT_DH: "@SECLEVEL=0:ECDHE+AESGCM:DHE+AESGCM",
}
SHORT_GROUP = Path(__file__).parent / "dh1024.pem"
"""The second Oakley group (RFC 2409 §6.2)."""
BACKLOG = 256
GRACE_S = 1
"""How long a response that is under way may take when the demo ends."""


class Replaceable(ssl.SSLContext):
    """Stands before the context in force, so that a running listener can be given another one."""

    current: ssl.SSLContext

    def wrap_bio(self, *arguments: Any, **named: Any) -> ssl.SSLObject:
        return self.current.wrap_bio(*arguments, **named)


def replaceable(context: ssl.SSLContext) -> Replaceable:
    front = Replaceable(ssl.PROTOCOL_TLS_SERVER)
    front.current = context
    return front


def tls_context(
    files: CertificateFiles, variant: Variant = Variant.GOOD, switched: Collection[Switch] = ()
) -> ssl.SSLContext:
    """TLS 1.2 and newer (RFC 9325 §3.1.1) with a variant of the certificate; `switched` makes it worse."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.set_ciphers(next((WORSE[switch] for switch in switched if switch in WORSE), _ciphers(variant)))
    context.load_cert_chain(files.chains[variant], files.key_of(variant))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        context.minimum_version = ssl.TLSVersion.TLSv1 if Switch.LEGACY_TLS in switched else ssl.TLSVersion.TLSv1_2
    if Switch.NEWEST_12 in switched:
        context.maximum_version = ssl.TLSVersion.TLSv1_2
    if Switch.NO_ALPN not in switched:
        context.set_alpn_protocols(["http/1.1"])
    if Switch.ONE_GROUP in switched:
        context.set_ecdh_curve("prime256v1")
    if Switch.SHORT_DH in switched:
        context.load_dh_params(str(SHORT_GROUP))
    # A resumed session would show the certificate of the one before it.
    context.options |= ssl.OP_NO_TICKET
    context.num_tickets = 0
    return context


def _ciphers(variant: Variant) -> str:
    """OpenSSL loads no key shorter than its security level asks for."""
    return CIPHERS.replace("=2", "=0") if variant is Variant.SHORT_KEY else CIPHERS


def bound_socket(port: int) -> socket.socket:
    """A socket on this port of loopback, or on any free one when it is taken."""
    for wanted in (port, 0):
        # asyncio turns Nagle off only where the protocol is named.
        listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((LOOPBACK, wanted))
            listener.listen(BACKLOG)  # two sockets may bind one port; only one may listen
        except OSError:
            listener.close()
            if wanted == 0:
                raise
        else:
            return listener
    raise AssertionError


def node_socket(port: int) -> socket.socket | None:
    """A socket on this port of the second loopback address, or None where there is no such address."""
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((SECOND_LOOPBACK, port))
        listener.listen(BACKLOG)
    except OSError:
        listener.close()
        return None
    return listener


def port_of(listener: socket.socket) -> int:
    return int(listener.getsockname()[1])


class Listener(uvicorn.Server):
    """A uvicorn server whose signals belong to the process around it."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


@asynccontextmanager
async def serving(
    app: ASGIApp, listener: socket.socket, *, name: str, ledger: Ledger, tls: ssl.SSLContext | None = None
) -> AsyncIterator[Listener]:
    config = uvicorn.Config(
        Recorder(app, ledger=ledger, listener=name),
        http=recording_protocol(ledger, name),
        ws="none",
        lifespan="off",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        backlog=BACKLOG,
        timeout_keep_alive=30,
        timeout_graceful_shutdown=GRACE_S,
    )
    config.load()
    config.ssl = tls
    server = Listener(config)
    task = asyncio.create_task(server.serve(sockets=[listener]), name=name)
    try:
        while not server.started and not task.done():
            await asyncio.sleep(0.005)
        yield server
    finally:
        server.should_exit = True
        await task


class Demo:
    """The running whole, as the control listener sees it."""

    def __init__(self, *, files: CertificateFiles) -> None:
        self.files = files
        self.site_tls = replaceable(tls_context(files))
        self.node_tls = replaceable(self.site_tls.current)
        """Of the site's second address."""
        self.database_tls = tls_context(files)
        self.active = Active()
        self.postgres: PostgresServer | None = None
        self.front: TlsFront | None = None
        self.front_port = DATABASE_PORT
        self._lock = asyncio.Lock()

    async def inject(self, ids: list[str]) -> None:
        """Make exactly these defects active. Raises KeyError for an unknown id, psycopg.Error, OSError."""
        wanted = {one: FAULTS[one] for one in ids}
        async with self._lock:
            before = self.active.faults
            await self._sql([fault.mend_sql for one, fault in before.items() if one not in wanted])
            await self._sql([fault.break_sql for one, fault in wanted.items() if one not in before])
            self.active.choose(ids)
            self._set_tls()
            await self._set_front()

    def _set_tls(self) -> None:
        switched = [fault.switch for fault in self.active.faults.values() if fault.switch is not None]
        site = tls_context(self.files, self.active.certificate, switched)
        if Switch.APEX_CERTIFICATE in switched:
            site.sni_callback = partial(self._other, APEX, Variant.NEAR_EXPIRY)
        if Switch.HOP_CERTIFICATE in switched:
            site.sni_callback = partial(self._other, HOP, Variant.EXPIRED)
        self.site_tls.current = site
        self.node_tls.current = tls_context(self.files, Variant.STALE) if Switch.STALE_NODE in switched else site

    def _other(
        self, wanted: str, variant: Variant, connection: ssl.SSLObject, name: str | None, _: ssl.SSLContext
    ) -> None:
        """Another certificate for one name, as where each name has its own renewal."""
        if name == wanted:
            connection.context = tls_context(self.files, variant)

    async def _sql(self, statements: list[str]) -> None:
        if self.postgres is not None:
            for statement in filter(None, statements):
                await asyncio.to_thread(self.postgres.execute, statement, database=DATABASE)

    async def open_front(self) -> None:
        assert self.postgres is not None
        for port in (self.front_port, 0):
            try:
                self.front = await TlsFront.start(
                    LOOPBACK, port, self.postgres.host, self.postgres.port, self.database_tls
                )
            except OSError:
                if port == 0:
                    raise
            else:
                self.front_port = self.front.port
                return

    async def close_front(self) -> None:
        front, self.front = self.front, None
        if front is not None:
            await front.close()

    async def _set_front(self) -> None:
        if self.active.switched(Switch.CLOSED_DATABASE):
            await self.close_front()
        elif self.front is None:
            await self.open_front()
        if self.front is not None:
            self.front.require_tls = not self.active.switched(Switch.PLAIN_DATABASE)


def control_app(demo: Demo, ledger: Ledger, token: str) -> ASGIApp:
    """Loopback only, and only for who knows the token; its own traffic is not in the log."""

    def admitted(request: Request) -> bool:
        return secrets.compare_digest(request.headers.get(CONTROL_HEADER, "").encode(), token.encode())

    async def log(_: Request) -> Response:
        return JSONResponse([asdict(entry) for entry in ledger.entries])

    async def connections(_: Request) -> Response:
        return JSONResponse([asdict(connection) for connection in ledger.connections.values()])

    async def hits(_: Request) -> Response:
        return JSONResponse([asdict(hit) for hit in ledger.hits])

    async def reset(_: Request) -> Response:
        ledger.reset()
        return JSONResponse({})

    async def defects(request: Request) -> Response:
        ids = [str(one) for one in (await request.json())["ids"]]
        if unknown := [one for one in ids if one not in FAULTS]:
            told = f"no defect {', '.join(unknown)}; there are: {', '.join(sorted(FAULTS))}"
            return JSONResponse({"error": told}, status_code=422)
        await demo.inject(ids)
        return JSONResponse({"ids": ids})

    routes = [
        Route("/log", log),
        Route("/connections", connections),
        Route("/hits", hits),
        Route("/reset", reset, methods=["POST"]),
        Route("/defects", defects, methods=["POST"]),
    ]
    app = Starlette(routes=routes)

    async def guarded(scope: Any, receive: Any, send: Any) -> None:
        chosen: ASGIApp = app
        if not admitted(Request(scope)):
            chosen = JSONResponse({"error": "the control token is missing or wrong"}, status_code=403)
        await chosen(scope, receive, send)

    return guarded


def start_database(folder: Path, *, app_password: str, verifier_password: str) -> PostgresServer:
    """Start and fill the server. Raises Unavailable."""
    password = secrets.token_urlsafe(24)
    server = PostgresServer.start(folder, password=password)
    try:
        prepare(server, app_password=app_password, verifier_password=verifier_password)
    except BaseException:
        server.stop()
        raise
    return server


async def run(stop: asyncio.Event) -> None:
    """Start everything, print the ready line, wait for `stop`, end everything. Raises Unavailable."""
    async with AsyncExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="gonogo-demo-")))
        app_password, verifier_password = secrets.token_urlsafe(24), secrets.token_urlsafe(24)
        database = asyncio.create_task(
            asyncio.to_thread(
                start_database,
                folder / "postgres",
                app_password=app_password,
                verifier_password=verifier_password,
            )
        )
        stack.push_async_callback(_stop_database, database)
        files = create(folder)
        sockets = {name: bound_socket(port) for name, port in NOMINAL.items()}
        setup = Setup(
            https_port=port_of(sockets["https"]),
            http_port=port_of(sockets["http"]),
            collector_port=port_of(sockets["collectors"]),
            user_token=secrets.token_urlsafe(24),
            admin_token=secrets.token_urlsafe(24),
        )
        demo = Demo(files=files)
        site = Site(setup)
        ledger = Ledger(role=setup.role)
        control_token = secrets.token_urlsafe(24)
        detour, change = demo.active.detour, demo.active.change
        listeners: list[Listener] = []
        for name, app, tls in (
            ("https", site.app(detour=detour, change=change), demo.site_tls),
            ("http", site.plain_app(detour=detour, change=change), None),
            ("collectors", collectors_app(setup, ledger, site.channel), tls_context(files)),
        ):
            opened = serving(app, sockets[name], name=name, ledger=ledger, tls=tls)
            listeners.append(await stack.enter_async_context(opened))
        control = control_app(demo, ledger, control_token)
        apart = Ledger(role=lambda _: "")
        await stack.enter_async_context(serving(control, sockets["control"], name="control", ledger=apart))
        node = node_socket(setup.https_port)
        if node is not None:
            app = site.app(detour=detour, change=change)
            opened = serving(app, node, name="node", ledger=apart, tls=demo.node_tls)
            listeners.append(await stack.enter_async_context(opened))
        for worker in (site.work(), site.sample(), site.backoffice.tell(), site.backoffice.forget()):
            stack.push_async_callback(_cancel, asyncio.create_task(worker))
        demo.postgres = await database
        await demo.open_front()
        stack.push_async_callback(demo.close_front)
        site.store = Store(demo.postgres.dsn(DATABASE, APP_ROLE, app_password))
        await site.store.open()
        stack.push_async_callback(site.store.close)
        variables = {
            "DEMO_CA_FILE": str(files.ca),
            "DEMO_HTTPS_PORT": str(setup.https_port),
            "DEMO_NODE": SECOND_LOOPBACK if node is not None else LOOPBACK,
            "DEMO_HTTP_PORT": str(setup.http_port),
            "DEMO_COLLECTOR_PORT": str(setup.collector_port),
            "DEMO_USER_TOKEN": setup.user_token,
            "DEMO_ADMIN_TOKEN": setup.admin_token,
            "DEMO_DATABASE_URL": database_url(verifier_password, demo.front_port),
            "DEMO_MIGRATIONS": str(MIGRATIONS),
        }
        ready = {
            "variables": variables,
            "control": f"http://{LOOPBACK}:{port_of(sockets['control'])}",
            "control_token": control_token,
        }
        sys.stdout.write(json.dumps(ready) + "\n")
        sys.stdout.flush()
        await stop.wait()
        for listener in listeners:  # together: each takes a moment to end
            listener.should_exit = True


NOMINAL = {"https": HTTPS_PORT, "http": HTTP_PORT, "collectors": COLLECTOR_PORT, "control": 0}


def database_url(password: str, port: int) -> str:
    return f"postgresql://{VERIFIER_ROLE}:{quote(password, safe='')}@{DATABASE_HOST}:{port}/{DATABASE}"


async def _stop_database(starting: asyncio.Task[PostgresServer]) -> None:
    with contextlib.suppress(Exception):
        await asyncio.to_thread((await starting).stop)


async def _cancel(task: asyncio.Task[None]) -> None:
    task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await task


def _when_input_ends(act: Any) -> None:
    """By the file descriptor: a buffered reader's lock would be held when the interpreter ends."""
    try:
        while os.read(0, 4096):
            pass
    except OSError:
        pass
    act()


async def _main() -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)

    def ended() -> None:
        with contextlib.suppress(RuntimeError):  # the loop has ended before
            loop.call_soon_threadsafe(stop.set)

    threading.Thread(target=_when_input_ends, args=(ended,), daemon=True).start()
    await run(stop)


def main() -> int:
    """Exit status 0 after an orderly end, 1 when something is missing, which standard error then tells."""
    logging.basicConfig(level=logging.WARNING, stream=sys.stderr)
    try:
        asyncio.run(_main())
    except Unavailable as error:
        sys.stderr.write(f"{error}\n")
        return 1
    return 0
