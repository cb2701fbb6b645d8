"""A target that does its worst: the run ends in time, each case is FAIL or UNKNOWN for the right reason, reports stay inert."""

from __future__ import annotations

import gzip
import json
import socket
import socketserver
import struct
import threading
import time
import xml.etree.ElementTree as ET
from collections.abc import Callable, Iterator
from html.parser import HTMLParser
from pathlib import Path

import pytest
from main_job import Run, main_job

pytestmark = pytest.mark.wait

EVIL = "<script>alert(1)</script>\"'&]]>\x01\x1b[31m"
"""What a target might send to be run by whoever reads the report."""
CALM = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok"
TIMEOUT_S = 2


def _reset(connection: socket.socket) -> None:
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.close()


def _answer(head: str, body: bytes = b"ok", *, length: int | None = None) -> bytes:
    size = len(body) if length is None else length
    return f"HTTP/1.1 {head}\r\nContent-Length: {size}\r\nConnection: close\r\n\r\n".encode("latin-1") + body


def _endless(connection: socket.socket) -> None:
    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nConnection: close\r\n\r\n")
    part = b"x" * 65536
    while True:
        connection.sendall(part)


def _trickle(connection: socket.socket) -> None:
    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 1000\r\n\r\n")
    while True:
        connection.sendall(b".")
        time.sleep(0.1)


def _bomb(connection: socket.socket) -> None:
    body = gzip.compress(b"\0" * 60_000_000, 9)
    connection.sendall(_answer("200 OK\r\nContent-Type: text/html\r\nContent-Encoding: gzip", body))


def _hang(connection: socket.socket) -> None:
    time.sleep(TIMEOUT_S * 3)


def _hang_in_head(connection: socket.socket) -> None:
    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-")
    time.sleep(TIMEOUT_S * 3)


def _send(data: bytes) -> Callable[[socket.socket], None]:
    return lambda connection: connection.sendall(data)


CASES: dict[str, tuple[Callable[[socket.socket], None], str]] = {
    # path: what the server does, what the finding must say
    "/calm": (_send(CALM), ""),
    "/hang": (_hang, "no complete answer within"),
    "/hang-in-head": (_hang_in_head, "no complete answer within"),
    "/trickle": (_trickle, "no complete answer within"),
    "/reset": (_reset, "reset"),
    "/close": (lambda connection: None, "disconnected"),
    "/endless": (_endless, "/endless: the body is larger than"),
    "/bomb": (_bomb, "when decompressed; make it smaller, or raise `limits.body_bytes`"),
    "/bad-gzip": (
        _send(_answer("200 OK\r\nContent-Type: text/html\r\nContent-Encoding: gzip", b"no gzip")),
        "Content-Encoding",
    ),
    "/odd-coding": (_send(_answer("200 OK\r\nContent-Encoding: x-evil")), "content coding"),
    "/short": (
        _send(_answer("200 OK\r\nContent-Type: text/html", b"ok", length=1000)),
        "without sending complete message body",
    ),
    "/no-http": (_send(b"SSH-2.0-OpenSSH_9.2\r\n"), "disconnected"),
    "/big-head": (_send(b"HTTP/1.1 200 OK\r\nX-Big: " + b"x" * 200_000 + b"\r\n\r\n"), ""),
    "/many-heads": (
        _send(b"HTTP/1.1 200 OK\r\n" + b"X-A: b\r\n" * 1000 + b"Content-Length: 0\r\n\r\n"),
        "header fields",
    ),
    "/bad-header": (_send(b"HTTP/1.1 200 OK\r\nX Y: z\r\nContent-Length: 0\r\n\r\n"), "illegal"),
    "/loop": (_send(_answer("302 Found\r\nLocation: /loop")), "status 302"),
    "/bad-utf8": (
        _send(_answer("200 OK\r\nContent-Type: text/html; charset=utf-8", b"\xff\xfe<title>\xc3\x28</title>")),
        "title",
    ),
    "/evil": (
        _send(
            _answer(
                f"200 OK\r\nContent-Type: text/html\r\nServer: nginx/1.2 {EVIL}\r\nX-Powered-By: {EVIL} 9.9\r\n"
                f'Set-Cookie: session<b>&"={EVIL}; path=/\r\nX-Content-Type-Options: {EVIL}\r\nReferrer-Policy: {EVIL}'.replace(
                    "\x01", ""
                ).replace("\x1b", ""),
                f"<title>{EVIL}</title>".encode(),
            )
        ),
        "title",
    ),
}
MARKED = {"/bad-utf8", "/evil"}
"""Pages that must hold a text which they do not."""


class _Handler(socketserver.BaseRequestHandler):
    def handle(self) -> None:
        connection: socket.socket = self.request
        connection.settimeout(10)
        head = b""
        try:
            while b"\r\n\r\n" not in head:
                part = connection.recv(4096)
                if not part:
                    return
                head += part
            path = head.split(b" ")[1].decode()
            CASES.get(path, (_send(CALM), ""))[0](connection)
        except OSError:
            pass


class _Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True
    request_queue_size = 64

    def handle_error(self, request: object, client_address: object) -> None:
        pass


@pytest.fixture(scope="module")
def target() -> Iterator[int]:
    server = _Server(("127.0.0.1", 0), _Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield server.server_address[1]
    server.shutdown()
    server.server_close()


def _environment(port: int, folder: Path) -> Path:
    pages = "\n".join(
        f'[[site.pages]]\npath = "{path}"\n' + ('contains = "the words that are not there"\n' if path in MARKED else "")
        for path in CASES
    )
    path = folder / "hostile.toml"
    path.write_text(
        f"""name = "hostile"
tier = "development"
[limits]
request_timeout_s = {TIMEOUT_S}
run_timeout_s = 30
rate_per_s = 500
body_bytes = 2_000_000
[security]
[site]
url = "http://127.0.0.1:{port}"
plain_url = "http://127.0.0.1:{port}"
{pages}
[delivery]
text = ["/bomb"]
"""
    )
    return path


@pytest.fixture(scope="module")
def hostile(target: int, tmp_path_factory: pytest.TempPathFactory) -> tuple[Run, float]:
    folder = tmp_path_factory.mktemp("hostile")
    started = time.monotonic()
    run = main_job(
        f"--env={_environment(target, folder)}", "--profile=smoke", reports=folder / "reports", timeout_s=180
    )
    return run, time.monotonic() - started


def test_the_run_ends_in_time_with_no_go(hostile: tuple[Run, float]) -> None:
    run, seconds = hostile
    assert run.status == 10, run.output
    assert seconds < 120, "some of these servers never end; the run itself has 30 s"
    assert "Traceback" not in run.output


@pytest.mark.parametrize("path", [path for path in CASES if path != "/calm"])
def test_each_case_has_its_reason(path: str, hostile: tuple[Run, float]) -> None:
    run, _ = hostile
    mine = [one for one in run.results if one["subject"] == path and one["check"] == "availability.pages.reachable"]
    assert [one["outcome"] for one in mine] == ["FAIL"], mine
    message = mine[0]["findings"][0]["message"]  # type: ignore[index]
    assert CASES[path][1] in message, message


def test_what_was_not_answered_is_unknown_elsewhere(hostile: tuple[Run, float]) -> None:
    run, _ = hostile
    judged = {
        str(one["subject"]): one["outcome"]
        for one in run.results
        if one["check"] == "security.content-type-options.nosniff"
    }
    assert judged["/calm"] == "FAIL"
    for path in ("/hang", "/reset", "/endless", "/bomb", "/short", "/big-head"):
        assert judged[path] == "UNKNOWN", path


def test_nothing_passes_on_a_page_that_never_came(hostile: tuple[Run, float]) -> None:
    run, _ = hostile
    passed = {(one["check"], one["subject"]) for one in run.results if one["outcome"] == "PASS"}
    assert not {key for key in passed if key[1] in {"/hang", "/reset", "/endless", "/bomb", "/short"}}


class _Tags(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.handlers: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.handlers |= {name for name, _ in attrs if name.startswith("on")}


def test_reports_are_well_formed_and_inert(hostile: tuple[Run, float]) -> None:
    run, _ = hostile
    page = _Tags()
    page.feed((run.folder / "verdict.html").read_text(encoding="utf-8"))
    assert "script" not in page.tags
    assert page.handlers == set()
    ET.parse(run.folder / "junit.xml")
    json.loads((run.folder / "verdict.json").read_text())
    summary = (run.folder / "summary.md").read_text(encoding="utf-8")
    assert "<script" not in summary
    assert "<script>alert" not in (run.folder / "report.html").read_text(encoding="utf-8")
    assert "\x1b[31m" not in run.output
