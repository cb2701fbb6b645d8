"""The http probe against a raw server: what is recorded, and what the guard does not let out."""

from __future__ import annotations

import gzip
import socketserver
import threading
import time
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import anyio
import brotli
import pytest

from gonogo.environment.models import Environment
from gonogo.errors import EvidenceMissing
from gonogo.evidence.records import Evidence, Request
from gonogo.probes.context import Context
from gonogo.probes.guard import Guard
from gonogo.probes.http import probe as http
from gonogo.probes.http.content import decode_body, decode_text
from gonogo.probes.http.facts import Exchange
from gonogo.probes.http.redirects import next_hop
from gonogo.probes.http.request import HttpRequest

TEXT = "Grüße, " * 300


class _Handler(socketserver.StreamRequestHandler):
    def handle(self) -> None:
        head = b""
        while b"\r\n\r\n" not in head:
            line = self.rfile.readline()
            if not line:
                return
            head += line
        self.server.heads.append(head.decode("latin-1"))  # type: ignore[attr-defined]
        body = brotli.compress(TEXT.encode())
        self.wfile.write(
            b"HTTP/1.1 200 Fine\r\nX-B: 1\r\nx-a: 2\r\nX-B: 3\r\nX-Raw: \xe9\xff\r\nSet-Cookie: session=1; Path=/\r\nContent-Type: text/html; charset=utf-8\r\n"
            b"Content-Encoding: br\r\nConnection: close\r\n" + f"Content-Length: {len(body)}\r\n\r\n".encode() + body
        )


@pytest.fixture(scope="module")
def server() -> Iterator[Any]:
    running = socketserver.ThreadingTCPServer(("127.0.0.1", 0), _Handler)
    running.heads = []  # type: ignore[attr-defined]
    threading.Thread(target=running.serve_forever, daemon=True).start()
    yield running
    running.shutdown()
    running.server_close()


def environment(port: int, **fields: object) -> Environment:
    return Environment.model_validate(
        {
            "name": "t", "tier": "production", "resolve": {"www.acme.test": "127.0.0.1"},
            "roles": {"user": {"token": "s3cret-token"}},
            "site": {"url": f"http://www.acme.test:{port}"}, **fields,
        }
    )  # fmt: skip


def gather(described: Environment, *requests: HttpRequest) -> list[Exchange]:
    async def fetch(_: Request) -> Evidence:
        raise AssertionError("the http probe needs no other evidence")

    async def run() -> list[Exchange]:
        context = Context(environment=described, guard=Guard(described), run_id="r", folder=Path(), fetch=fetch)
        async with context.resources:
            return [await http.gather(request, context) for request in requests]

    return anyio.run(run)


def test_headers_are_recorded_as_sent(server: Any) -> None:
    port = server.server_address[1]
    (exchange,) = gather(environment(port), HttpRequest(f"http://www.acme.test:{port}/a?b=c", role="user"))
    assert exchange.headers[:4] == (("X-B", "1"), ("x-a", "2"), ("X-B", "3"), ("X-Raw", "\xe9\xff"))
    assert exchange.values("x-b") == ("1", "3")
    assert exchange.body == TEXT
    assert exchange.body_bytes == len(TEXT.encode())
    assert exchange.wire_bytes < exchange.body_bytes
    assert (exchange.status, exchange.http_version, exchange.address) == (200, "HTTP/1.1", "127.0.0.1")
    assert exchange.timings.connect is not None
    assert exchange.timings.dns is not None
    assert 0 < exchange.timings.first_byte <= exchange.timings.total
    sent = server.heads[-1]
    assert sent.startswith("GET /a?b=c HTTP/1.1\r\n")
    assert "Authorization: Bearer s3cret-token" in sent
    assert "gonogo/" in sent
    assert "(+http-" in sent


@pytest.mark.parametrize(
    ("method", "host", "words"),
    [
        ("POST", "www.acme.test", "tier production"),
        ("DELETE", "www.acme.test", "tier production"),
        ("TRACE", "www.acme.test", "tier production"),
        ("GET", "evil.test", "not declared"),
    ],
)
def test_the_guard_stands_in_the_way(method: str, host: str, words: str, server: Any) -> None:
    port = server.server_address[1]
    before = len(server.heads)
    with pytest.raises(EvidenceMissing, match=words) as refused:
        gather(environment(port), HttpRequest(f"http://{host}:{port}/", method=method))
    assert refused.value.kind == "guard"
    assert len(server.heads) == before


def test_the_budget_is_kept(server: Any) -> None:
    port = server.server_address[1]
    described = environment(port, limits={"requests": 2, "rate_per_s": 1000})
    requests = [HttpRequest(f"http://www.acme.test:{port}/{number}") for number in range(3)]
    before = len(server.heads)
    with pytest.raises(EvidenceMissing, match="budget of 2"):
        gather(described, *requests)
    assert len(server.heads) == before + 2


def test_the_rate_is_kept(server: Any) -> None:
    port = server.server_address[1]
    described = environment(port, limits={"rate_per_s": 20})
    started: list[float] = []

    async def run() -> None:
        guard = Guard(described)
        for _ in range(5):
            await guard.admit("GET", described.site.url)
            started.append(anyio.current_time())

    anyio.run(run)
    assert started[-1] - started[0] >= 4 / 20 * 0.95


@pytest.mark.parametrize(
    ("location", "wanted"),
    [
        ("/b", ("http://www.acme.test/b", "user")),
        ("https://www.acme.test", ("https://www.acme.test/", "anonymous")),
        ("//other.test/x#frag", ("http://other.test/x", "anonymous")),
        ("javascript:alert(1)", None),
        ("http://[::1", None),
        ("http://host:99999/", None),
        ("/a b", None),
        ("\x00", None),
    ],
)
def test_redirects_as_further_requests(location: str, wanted: tuple[str, str] | None) -> None:
    from gonogo.probes.http.facts import Timings

    exchange = Exchange(
        url="http://www.acme.test/a", method="GET", role="user", status=302, http_version="HTTP/1.1", headers=(("Location", location),),
        body="", body_bytes=0, wire_bytes=0, body_sha256="", timings=Timings(None, None, None, 0, 0), address="", ended="",
    )  # fmt: skip
    onward = next_hop(HttpRequest("http://www.acme.test/a", role="user", follow=2), exchange)
    assert (None if onward is None else (onward.url, onward.role)) == wanted
    assert next_hop(HttpRequest("http://www.acme.test/a", role="user"), exchange) is None


@pytest.mark.parametrize("encodings", [["gzip, gzip, gzip, gzip"], ["x-unknown"], ["zstd"]])
def test_unasked_codings(encodings: list[str]) -> None:
    with pytest.raises(EvidenceMissing):
        decode_body(b"data", encodings, limit=100)


def test_compressed_bodies_are_whole_or_refused() -> None:
    one, two = gzip.compress(b"one" * 1000), gzip.compress(b"two")
    assert decode_body(one + two, ["gzip"], limit=10_000) == b"one" * 1000 + b"two"
    assert decode_body(zlib.compress(b"x")[2:-4], ["deflate"], limit=100) == b"x"
    for data, coding in ((one[: len(one) // 2], "gzip"), (brotli.compress(b"abc" * 5000)[:10], "br")):
        with pytest.raises(EvidenceMissing, match="cut short"):
            decode_body(data, [coding], limit=100_000)


def test_odd_charsets_are_not_followed() -> None:
    begun = time.monotonic()
    decode_text(b"a" * 2_000_000, "text/html; charset=punycode")
    assert time.monotonic() - begun < 1


@pytest.mark.parametrize(
    ("data", "kind", "wanted"),
    [
        ("ü".encode(), "text/html; charset=utf-8", "ü"),
        ("ü".encode("latin-1"), "text/html; charset=ISO-8859-1", "ü"),
        (b"\xff", "text/html; charset=no-such-charset", "\ufffd"),
        (b"{}", "application/problem+json", "{}"),
        (b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", "image/png", ""),
        (b"wOF2\0\x01\0\0", "font/woff2", ""),
        (b"services:\n", "application/yaml", "services:\n"),
        (b"openapi: 3.1.0\n", "application/vnd.oai.openapi+yaml; version=3.1", "openapi: 3.1.0\n"),
        (b"-----BEGIN", "application/pgp-keys", "-----BEGIN"),
        ("<p>ü".encode(), "font/woff", "<p>ü"),
        ("<p>ü".encode("latin-1"), "image/png", "<p>\ufffd"),
        (b"SQLite format 3\0", "application/vnd.sqlite3", "SQLite format 3\0"),
        ("ключ".encode("utf-16"), "text/plain", "ключ"),
        ("ключ".encode("utf-16"), "application/yaml; charset=utf-8", "ключ"),
        (b"<svg/>", "image/svg+xml", "<svg/>"),
    ],
)
def test_text(data: bytes, kind: str, wanted: str) -> None:
    assert decode_text(data, kind) == wanted


def test_no_request_carries_the_cookie_of_another_answer(server: Any) -> None:
    described = environment(server.server_address[1])
    server.heads.clear()
    gather(
        described,
        *(
            HttpRequest(f"{described.site.url}/{number}", role=role)
            for number, role in enumerate(("user", "anonymous"))
        ),
    )
    assert len(server.heads) == 2
    assert not any("cookie:" in head.lower() for head in server.heads)
