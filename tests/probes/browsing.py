"""Servers of pages on loopback, and visits to them in a real browser; for the tests of whatever looks with a browser."""

from __future__ import annotations

import random
import ssl
import struct
import threading
import time
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from anyio.from_thread import BlockingPortal, start_blocking_portal

from gonogo.environment.models import Environment
from gonogo.evidence import codec as facts
from gonogo.evidence.records import Evidence, Request, canonical, identity
from gonogo.probes.browser.facts import Visit
from gonogo.probes.browser.fleet import Fleet
from gonogo.probes.browser.probe import gather
from gonogo.probes.browser.request import Step, VisitRequest
from gonogo.probes.context import Context
from gonogo.probes.guard import Guard
from gonogo.probes.tls import probe as tls

SITE = "www.shop.test"
PARTNER = "stats.partner.test"


def noise(width: int, height: int) -> bytes:
    """A PNG that does not compress: the browser ignores images of low entropy when it looks for the largest paint."""
    source = random.Random(7)  # noqa: S311 - not for secrets
    rows = b"".join(b"\0" + source.randbytes(width * 3) for _ in range(height))

    def chunk(kind: bytes, content: bytes) -> bytes:
        return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))

    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(rows, 1)) + chunk(b"IEND", b"")


@dataclass
class Server:
    """Pages by path, and what arrived."""

    port: int = 0
    pages: dict[str, tuple[int, dict[str, str], bytes, float]] = field(default_factory=dict)
    log: list[tuple[str, str, str]] = field(default_factory=list)
    agents: dict[str, str] = field(default_factory=dict)
    hints: dict[str, str] = field(default_factory=dict)

    def page(
        self,
        path: str,
        body: str | bytes,
        *,
        delay: float = 0.0,
        status: int = 200,
        headers: dict[str, str] | None = None,
    ) -> str:
        content = body.encode() if isinstance(body, str) else body
        head = {"Content-Type": "text/html; charset=utf-8"} | (headers or {})
        self.pages[path] = (status, head, content, delay)
        return self.url(path)

    def url(self, path: str, host: str = SITE, scheme: str = "http") -> str:
        return f"{scheme}://{host}:{self.port}{path}"

    def arrived(self, path: str) -> list[tuple[str, str]]:
        """Method and host of each request for a path."""
        return [(method, host) for method, host, at in self.log if at == path]


@contextmanager
def serving(server: Server, context: ssl.SSLContext | None = None) -> Iterator[Server]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def answer(self) -> None:
            length = int(self.headers.get("Content-Length") or 0)
            self.rfile.read(length)
            path = self.path.partition("?")[0]
            host = (self.headers.get("Host") or "").rpartition(":")[0]
            server.log.append((self.command, host, path))
            server.agents[path] = self.headers.get("User-Agent", "")
            server.hints[path] = self.headers.get("Sec-CH-UA", "")
            status, headers, body, delay = server.pages.get(path, (204, {}, b"", 0.0))
            time.sleep(delay)
            try:
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name, value)
                if status != 204:
                    self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)
            except OSError:
                pass  # the page went away

        do_GET = do_POST = do_OPTIONS = do_HEAD = answer  # noqa: N815 - names of the standard library

        def log_message(self, *args: object) -> None:
            pass

    class Quiet(ThreadingHTTPServer):
        daemon_threads = True

        def handle_error(self, request: Any, client_address: Any) -> None:
            pass  # aborted handshakes and connections are part of the tests

    http = Quiet(("127.0.0.1", 0), Handler)
    if context is not None:
        http.socket = context.wrap_socket(http.socket, server_side=True, do_handshake_on_connect=False)
    server.port = http.server_address[1]
    thread = threading.Thread(target=http.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        http.shutdown()
        http.server_close()


@dataclass
class Probe:
    """Runs visits in one event loop, with one fleet for the module."""

    portal: BlockingPortal
    fleet: Fleet
    folder: Path
    server: Server

    def environment(self, **fields: Any) -> Environment:
        origin = self.server.url("")
        basic = {
            "name": "t",
            "tier": "staging",
            "site": {"url": origin, "plain_url": origin},
            "resolve": {SITE: "127.0.0.1"},
        }
        return Environment.model_validate(basic | fields)

    def visit(self, *steps: tuple[str, str] | str, request: dict[str, Any] | None = None, **fields: Any) -> Visit:
        environment = self.environment(**fields)
        walked = tuple(Step(step) if isinstance(step, str) else Step(*step) for step in steps)
        return self.portal.call(self._gather, VisitRequest("test", walked, **(request or {})), environment)

    async def _gather(self, request: VisitRequest, environment: Environment) -> Visit:
        async def fetch(wanted: Request) -> Evidence:
            assert wanted.probe == "tls"
            found = facts.to_json(await tls.gather(wanted, context))
            return Evidence(identity(wanted), canonical(wanted), "", "", "test", facts=found)

        context = Context(
            environment=environment,
            guard=Guard(environment),
            run_id="r",
            folder=self.folder,
            fetch=fetch,
            _shared={"browser": self.fleet},
        )
        return await gather(request, context)


async def new_fleet() -> Fleet:
    return Fleet()


@contextmanager
def probing(server: Server, folder: Path) -> Iterator[Probe]:
    """A probe of a server's pages, with an event loop and a fleet of browsers of its own."""
    with start_blocking_portal("asyncio") as portal:
        one = Probe(portal, portal.call(new_fleet), folder, server)
        try:
            yield one
        finally:
            portal.call(one.fleet.aclose)
