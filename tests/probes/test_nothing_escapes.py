"""No request of any kind reaches a host that was not declared: told by the browser's own log of its network stack.

A browser without our boundary makes the same visits first: there the ways out are open, the log sees them, the server too.
"""

from __future__ import annotations

import itertools
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from anyio.from_thread import start_blocking_portal
from browsing import SITE, Probe, Server, probing
from main_job import ROOT, MainJob, in_the_collector
from net_log import NO_ADDRESS, read

from gonogo.demo.provider import Demo
from gonogo.errors import EvidenceMissing
from gonogo.probes.browser import fleet
from gonogo.probes.browser.boundary import boundary
from gonogo.probes.browser.browsers import launch
from gonogo.run import target as runs

if TYPE_CHECKING:
    from playwright.async_api import Browser, Playwright

    from gonogo.probes.browser.browsers import BrowserIdentity

pytestmark = pytest.mark.wait

HOST = "shop.localhost"
"""A secure context, so that service workers, speculation rules and WebTransport exist."""
UDP_HOST = "127.0.0.66"
WAYS = (Path(__file__).parent / "ways_out.js").read_text(encoding="utf-8")
OPEN_WITHOUT_US = {
    "audio", "beacon", "cssimport", "cssurl", "embed", "eventsource", "fetch", "font", "form", "hiddenbeacon", "iframe",
    "image", "keepalive", "linkheader", "metarefresh", "module", "modulepreload", "object", "ping", "popup", "poster",
    "prefetch", "preload", "put", "reporturi", "script", "serviceworker", "sharedworker", "speculation", "srcset",
    "stylesheet", "svg", "unloadbeacon", "unloadfetch", "video", "websocket", "worker", "xhr",
}  # fmt: skip
"""Ways that any Chromium takes; more depend on its build (`preconnect`, `icon`, `manifest`, `identity` …)."""


@pytest.fixture
def datagrams() -> Iterator[tuple[int, list[bytes]]]:
    """A port that listens for STUN, and what arrived."""
    arrived: list[bytes] = []
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as listening:
        listening.bind((UDP_HOST, 0))
        listening.settimeout(0.05)
        done = threading.Event()

        def listen() -> None:
            while not done.is_set():
                try:
                    arrived.append(listening.recv(2000))
                except TimeoutError:
                    continue

        thread = threading.Thread(target=listen)
        thread.start()
        yield listening.getsockname()[1], arrived
        done.set()
        thread.join()


def serve(server: Server, udp_port: int) -> tuple[str, str]:
    """The page that tries, and one that it is left for."""
    outside = f"http://%s.localhost:{server.port}/out"
    headers = {
        "Link": f"<{outside % 'linkheader'}>; rel=preload; as=image, <{outside % 'linkconnect'}>; rel=preconnect",
        "Reporting-Endpoints": f'default="{outside % "reporting"}"',
        "NEL": '{"report_to": "default", "max_age": 100, "success_fraction": 1}',
        "Content-Security-Policy-Report-Only": f"img-src 'none'; report-uri {outside % 'reporturi'}",
        "Speculation-Rules": f'"{outside % "speculationheader"}"',
    }
    script = {"Content-Type": "text/javascript"}
    server.page("/ways.js", WAYS.replace("UDP_PORT", str(udp_port)), headers=script)
    server.page("/worker.js", f"fetch('{outside % 'serviceworker'}', {{mode: 'no-cors'}})", headers=script)
    server.page(
        "/ways",
        "<!doctype html><title>Ways</title><body><button id=b>x</button><script src=/ways.js></script>",
        headers=headers,
    )
    server.page("/quiet", "<!doctype html><title>Quiet</title><p>quiet")
    return f"http://{HOST}:{server.port}/ways", f"http://{HOST}:{server.port}/quiet"


def arrived(server: Server) -> set[str]:
    """The ways by which the outside was reached."""
    return {host.removesuffix(".localhost") for _, host, _ in server.log if host != HOST}


@contextmanager
def logging(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Each browser that a fleet launches writes a log of its own into the folder."""
    numbers = itertools.count()

    async def logged(playwright: Playwright, *, args: Any = (), **more: Any) -> tuple[Browser, BrowserIdentity]:
        return await launch(playwright, args=[*args, f"--log-net-log={folder / f'{next(numbers)}.json'}"], **more)

    with monkeypatch.context() as patched:
        patched.setattr(fleet, "launch", logged)
        yield


async def _unfenced(url: str, quiet: str, log: Path) -> None:
    """The same visit as anybody's browser makes it."""
    from playwright.async_api import async_playwright

    async with async_playwright() as playwright:
        browser, _ = await launch(playwright, args=[f"--log-net-log={log}"])
        page = await browser.new_page()
        await page.goto(url, wait_until="commit")
        await page.wait_for_timeout(2500)
        await page.goto(quiet, wait_until="commit")
        await page.wait_for_timeout(500)
        await browser.close()


@pytest.mark.slow
def test_every_way_out_is_open_without_the_boundary_and_closed_with_it(
    server: Server, datagrams: tuple[int, list[bytes]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    port, stun = datagrams
    url, quiet = serve(server, port)
    with start_blocking_portal("asyncio") as portal:
        # The control: what follows is proved by the absence of what is seen here.
        portal.call(_unfenced, url, quiet, tmp_path / "open.json")
        free = read(tmp_path / "open.json")
        assert OPEN_WITHOUT_US - arrived(server) == set()
        assert {f"{way}.localhost" for way in OPEN_WITHOUT_US - {"websocket"}} <= free.looked_up
        assert UDP_HOST in free.connected & free.sent
        assert stun
        server.log.clear()
        stun.clear()

        (tmp_path / "logs").mkdir()
        with logging(tmp_path / "logs", monkeypatch), probing(server, tmp_path) as probe:
            _visits(probe, url, quiet)
    assert arrived(server) == set()
    assert stun == []
    assert server.arrived("/ways"), "the page itself was met"
    (log,) = (tmp_path / "logs").iterdir()
    seen = read(log)
    assert seen.looked_up <= {"127.0.0.1", NO_ADDRESS}
    assert seen.connected == {"127.0.0.1"}
    assert seen.asked == seen.sent == frozenset()


def _visits(probe: Probe, url: str, quiet: str) -> None:
    """Every kind of visit to the page that tries: as the demo's plan has them."""
    fields: dict[str, Any] = {
        "site": {"url": url.removesuffix("/ways"), "plain_url": url.removesuffix("/ways")},
        "resolve": {HOST: "127.0.0.1"},
        "limits": {"request_timeout_s": 3},
    }
    go, leave, look = ("goto", url), ("goto", quiet), ("snapshot", "a")
    wait = ("wait", "1")
    party = {"third_parties": [{"host": "fetch.localhost", "purpose": "analytics"}]}
    consent = (go, wait, look, ("consent", "accept"), "reload", wait, "restart", leave, ("snapshot", "b"))
    for steps, request, more in (
        ((go, wait, look, leave), {}, {}),
        (consent, {"privacy": True, "gpc": True}, party | {"consent": {}}),
        ((go, wait, ("interact", "#b"), leave), {"measure": True}, {}),
        ((go, wait), {"measure": True, "coverage": True, "throttle": "mobile", "device": "mobile"}, {}),
        ((go, wait, leave), {}, {"tier": "production"}),
    ):
        probe.visit(*steps, request=request, **(fields | more))
    away = probe.server.page("/away", "<script>location = `http://navigation.localhost:${location.port}/out`</script>")
    probe.visit(("goto", away.replace(SITE, HOST)), wait, **fields)
    moved = probe.server.page(
        "/moved", "", status=302, headers={"Location": f"http://redirect.localhost:{probe.server.port}/out"}
    )
    with pytest.raises(EvidenceMissing, match="does not declare"):
        probe.visit(("goto", moved.replace(SITE, HOST)), **fields)


LOGGING = """
import itertools, os
from gonogo.probes.browser.browsers import launch
from gonogo.probes.browser import fleet

NUMBERS = itertools.count()

async def logged(playwright, *, args=(), **more):
    return await launch(playwright, args=[*args, f"--log-net-log={os.environ['NET_LOGS']}/{next(NUMBERS)}.json"], **more)

fleet.launch = logged
"""


@pytest.mark.slow
def test_a_whole_run_of_the_demo_speaks_to_declared_hosts_only(job: MainJob, demo: Demo, tmp_path: Path) -> None:
    """With one browser start."""
    logs = tmp_path / "logs"
    logs.mkdir()
    (tmp_path / "write_net_logs.py").write_text(LOGGING)
    run = job(env=in_the_collector("write_net_logs", tmp_path) | {"NET_LOGS": str(logs)})
    assert run.status == 0, run.told() or run.output
    (log,) = logs.iterdir()
    seen = read(log)
    target = runs.target("demo", folder=ROOT / "environments", variables=demo.variables, decides=False)
    limits = boundary(target.environment)
    assert seen.looked_up <= limits.reachable | {address for _, address in limits.addresses} | {NO_ADDRESS}
    assert seen.connected == {"127.0.0.1"}
    assert seen.asked == seen.sent == frozenset()
