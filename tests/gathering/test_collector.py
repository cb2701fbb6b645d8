"""The collector: each request once, in its stage, within the deadline, and what a second one makes of a first one's remains."""

from __future__ import annotations

import re
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType

import anyio
import pytest

from gonogo.door import Door
from gonogo.environment.models import Environment
from gonogo.environment.secrets import Scrubber
from gonogo.errors import EvidenceMissing
from gonogo.evidence.records import Evidence, Lane, Request, identity
from gonogo.evidence.store import Store
from gonogo.gathering import collector as collecting
from gonogo.gathering.collector import Collector
from gonogo.gathering.plan import entries, merge
from gonogo.probes.browser.request import Step, VisitRequest
from gonogo.probes.context import Context
from gonogo.probes.http.facts import Exchange, Timings
from gonogo.probes.http.request import HttpRequest
from gonogo.probes.kinds import KINDS
from gonogo.probes.load.request import LoadRequest
from gonogo.probes.tls.request import HANDSHAKES, TlsRequest

pytestmark = pytest.mark.cpu

SITE = "http://www.acme.test"
TOKEN = "tok-9f27c1d45be08a36"


def _exchange(request: HttpRequest, status: int = 200, *headers: tuple[str, str]) -> Exchange:
    return Exchange(
        url=request.url, method="GET", role=request.role, status=status, http_version="HTTP/1.1", headers=headers, body="", body_bytes=0,
        wire_bytes=0, body_sha256="", timings=Timings(None, None, None, 0, 0), address="127.0.0.1", ended="",
    )  # fmt: skip


class Probe:
    """Stands where the http probe does; the collector is under test, not the wire."""

    def __init__(self) -> None:
        self.sent: list[tuple[str, Lane]] = []
        self.running = 0
        self.most = 0
        self.tries: dict[str, int] = {}

    async def gather(self, request: HttpRequest, context: Context) -> Exchange:
        self.sent.append((request.url.removeprefix(SITE), request.lane))
        self.tries[request.url] = self.tries.get(request.url, 0) + 1
        self.running += 1
        self.most = max(self.most, self.running)
        try:
            return await self._answer(request)
        finally:
            self.running -= 1

    async def _answer(self, request: HttpRequest) -> Exchange:
        path = request.url.removeprefix(SITE)
        if path == "/slow":
            await anyio.sleep(0.2)
        if path == "/forever":
            await anyio.sleep(60)
        if path == "/bug":
            raise ZeroDivisionError("a bug in a probe")
        if path == "/down":
            raise EvidenceMissing("connect", "connection refused")
        if path == "/once" and self.tries[request.url] == 1:
            raise EvidenceMissing("connect", "connection refused")
        if path == "/reset":
            raise EvidenceMissing("protocol", "reset")
        if path.startswith("/echo"):
            raise EvidenceMissing("protocol", f"{'x' * int(path.removeprefix('/echo'))}{TOKEN}{'y' * 5000}")
        if path == "/from":
            return _exchange(request, 302, ("Location", "/to"))
        if path == "/loop":
            return _exchange(request, 302, ("Location", "/loop"))
        return _exchange(request)


@pytest.fixture
def probe(monkeypatch: pytest.MonkeyPatch) -> Probe:
    module = ModuleType("tests_fake_probe")
    fake = Probe()
    module.gather = fake.gather  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, KINDS["http"].module, module)
    return fake


def _environment(**limits: object) -> Environment:
    return Environment.model_validate(
        {"name": "t", "tier": "staging", "site": {"url": SITE}, "limits": {"run_timeout_s": 20, **limits}}
    )


@dataclass
class Run:
    """A collector and what it is asked for."""

    collector: Collector
    requests: tuple[Request, ...]

    @property
    def store(self) -> Store:
        return self.collector.store

    def gather(self) -> None:
        anyio.run(self.collector.gather, self.requests)

    def record(self, request: Request) -> Evidence:
        found = self.store.read(identity(request))
        assert found is not None
        return found


def _collector(folder: Path, *requests: Request, scrub: Callable[[str], str] = str, **limits: object) -> Run:
    (folder / "evidence").mkdir(exist_ok=True)
    environment = _environment(**limits)
    store = Store(folder / "evidence", Door(scrub, lambda value: value))
    collector = Collector(environment=environment, base=folder, store=store, run_id="r", scrub=scrub)
    return Run(collector, merge(requests, environment))


def _get(path: str, **fields: object) -> HttpRequest:
    return HttpRequest(f"{SITE}{path}", **fields)  # type: ignore[arg-type]


def test_each_request_is_sent_once(tmp_path: Path, probe: Probe) -> None:
    run = _collector(tmp_path, *[_get("/a")] * 5, _get("/b"), _get("/a", role="user"))
    run.gather()
    assert run.record(_get("/a")).facts is not None
    assert sorted(probe.sent) == [("/a", Lane.NETWORK), ("/a", Lane.NETWORK), ("/b", Lane.NETWORK)]


def test_stages_follow_each_other(tmp_path: Path, probe: Probe) -> None:
    _collector(
        tmp_path,
        _get("/last", lane=Lane.FINAL),
        _get("/load", lane=Lane.LOAD),
        _get("/slow"),
        _get("/vitals", lane=Lane.VITALS),
    ).gather()
    assert [path for path, _ in probe.sent] == ["/slow", "/vitals", "/load", "/last"]


def test_concurrency_is_bounded(tmp_path: Path, probe: Probe) -> None:
    _collector(tmp_path, *[_get("/slow", headers=(("n", str(n)),)) for n in range(9)], concurrency=3).gather()
    assert probe.most == 3


def test_redirects_are_followed_as_requests(tmp_path: Path, probe: Probe) -> None:
    collector = _collector(tmp_path, _get("/from", follow=3), _get("/loop", follow=3), _get("/to"))
    collector.gather()
    assert sorted(path for path, _ in probe.sent) == ["/from", "/loop", "/to"]


@pytest.mark.parametrize(
    ("path", "kind", "tries"), [("/bug", "crash", 1), ("/down", "connect", 2), ("/reset", "protocol", 1)]
)
def test_failures_are_records(path: str, kind: str, tries: int, tmp_path: Path, probe: Probe) -> None:
    collector = _collector(tmp_path, _get(path))
    collector.gather()
    evidence = collector.record(_get(path))
    assert evidence.failure is not None
    assert evidence.failure.kind == kind
    assert len(evidence.attempts) == tries


def test_a_crash_says_first_where_and_what(tmp_path: Path, probe: Probe) -> None:
    """Reports cut long reasons; a traceback's most telling line is its last."""
    collector = _collector(tmp_path, _get("/bug"))
    collector.gather()
    evidence = collector.record(_get("/bug"))
    assert evidence.failure is not None
    first, _, rest = evidence.failure.message.partition("\n")
    assert re.fullmatch(r"collector\.py:\d+ \(_gather\): ZeroDivisionError: a bug in a probe", first)
    assert "Traceback" in rest
    assert rest.endswith("ZeroDivisionError: a bug in a probe")


def test_a_retry_does_not_hide_the_failure(tmp_path: Path, probe: Probe) -> None:
    collector = _collector(tmp_path, _get("/once"))
    collector.gather()
    evidence = collector.record(_get("/once"))
    assert evidence.failure is None
    assert [attempt.failure is None for attempt in evidence.attempts] == [False, True]


def test_the_deadline_ends_the_run_with_records(tmp_path: Path, probe: Probe) -> None:
    collector = _collector(tmp_path, _get("/forever"), _get("/later", lane=Lane.FINAL), run_timeout_s=0.5)
    begun = time.monotonic()
    collector.gather()
    assert time.monotonic() - begun < 5
    for request in (_get("/forever"), _get("/later", lane=Lane.FINAL)):
        evidence = collector.record(request)
        assert evidence.failure is not None
        assert evidence.failure.kind == "deadline"


def test_being_cancelled_ends_it_at_once(tmp_path: Path, probe: Probe) -> None:
    run = _collector(tmp_path, _get("/forever"))

    async def cancelled() -> None:
        with anyio.move_on_after(0.3):
            await run.collector.gather(run.requests)

    begun = time.monotonic()
    anyio.run(cancelled)
    assert time.monotonic() - begun < 5
    assert run.store.read(identity(_get("/forever"))) is None


def test_a_second_collector_gathers_what_is_missing(tmp_path: Path, probe: Probe) -> None:
    _collector(tmp_path, _get("/a")).gather()
    second = _collector(tmp_path, _get("/a"), _get("/b"))
    second.gather()
    assert sorted(path for path, _ in probe.sent) == ["/a", "/b"]
    assert second.record(_get("/a")).facts is not None


def test_nobody_judges_while_times_are_measured(tmp_path: Path, probe: Probe) -> None:
    """A marker stands in the store for that time, and only where such a stage has something to do."""
    run = _collector(tmp_path, _get("/slow"), _get("/vitals", lane=Lane.VITALS), _get("/last", lane=Lane.FINAL))
    seen: dict[str, bool] = {}
    answer = probe._answer

    async def looking(request: HttpRequest) -> Exchange:
        seen[request.url.removeprefix(SITE)] = run.store.is_quiet()
        return await answer(request)

    probe._answer = looking  # type: ignore[method-assign]
    run.gather()
    assert seen == {"/slow": False, "/vitals": True, "/last": False}
    assert not run.store.is_quiet()


def test_a_timed_stage_waits_until_everybody_has_settled(tmp_path: Path, probe: Probe) -> None:
    run = _collector(tmp_path, _get("/a"), _get("/vitals", lane=Lane.VITALS))
    settled = anyio.Event()

    async def gather() -> None:
        async with anyio.create_task_group() as group:
            group.start_soon(run.collector.gather, run.requests)
            while not probe.sent:
                await anyio.sleep(0.01)
            await anyio.sleep(0.2)
            assert [path for path, _ in probe.sent] == ["/a"]
            settled.set()

    run.collector._settled = settled.wait
    anyio.run(gather)
    assert [path for path, _ in probe.sent] == ["/a", "/vitals"]


def test_the_budget_survives_a_takeover(tmp_path: Path) -> None:
    (tmp_path / "sent.log").write_text("one\ntwo\nthree\n")
    collector = _collector(tmp_path, _get("/a"), requests=3)
    collector.gather()
    evidence = collector.record(_get("/a"))
    assert evidence.failure is not None
    assert evidence.failure.kind == "guard"
    assert "budget" in evidence.failure.message


def test_a_damaged_record_is_told(tmp_path: Path) -> None:
    from gonogo.errors import RunUnreadable

    store = Store(tmp_path)
    (tmp_path / "http-1.json").write_text('{"id": "http-1"')
    with pytest.raises(RunUnreadable, match="http-1"):
        store.read("http-1")


def test_ids_do_not_depend_on_the_process() -> None:
    assert identity(_get("/a")) == identity(_get("/a", follow=5)) == "http-" + identity(_get("/a"))[5:]
    assert (
        len(
            {
                identity(_get("/a")),
                identity(_get("/a", role="user")),
                identity(_get("/a", lane=Lane.FINAL)),
                identity(TlsRequest("a")),
            }
        )
        == 4
    )


def test_a_private_ca_adds_the_handshake_that_browsers_need() -> None:
    environment = Environment.model_validate(
        {"name": "t", "tier": "staging", "ca_file": "ca.pem", "site": {"url": "https://www.acme.test:8443"}}
    )
    visit = VisitRequest("v", (Step("goto", "https://www.acme.test:8443/"), Step("reload")))
    merged = merge([visit], environment)
    assert [(entry.probe, entry.target, entry.count) for entry in entries(merged, environment)] == [
        ("tls", "www.acme.test:8443", HANDSHAKES),
        ("browser", "https://www.acme.test:8443/", 2),
    ]


@pytest.mark.parametrize("before", [0, 280, 295, collecting.MAX_MESSAGE - 5])
def test_a_secret_is_hidden_before_a_message_is_shortened(before: int, tmp_path: Path, probe: Probe) -> None:
    collector = _collector(tmp_path, _get(f"/echo{before}"), scrub=Scrubber([TOKEN]).scrub)
    collector.gather()
    failure = collector.record(_get(f"/echo{before}")).failure
    assert failure is not None
    assert len(failure.message) < collecting.MAX_MESSAGE + 10
    assert TOKEN[:6] not in failure.message
    assert TOKEN[-6:] not in failure.message


@pytest.mark.parametrize(
    ("request_", "sent"), [(LoadRequest("smoke"), []), (_get("/a", method="POST"), []), (_get("/a"), ["/a"])]
)
def test_what_may_not_be_sent_twice_is_not_sent_after_a_kill(
    request_: Request, sent: list[str], tmp_path: Path, probe: Probe, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, KINDS["load"].module, sys.modules[KINDS["http"].module])
    collector = _collector(tmp_path, request_)
    assert collector.store.begin(identity(request_)), "the process before us began"
    collector.gather()
    evidence = collector.record(request_)
    assert [path for path, _ in probe.sent] == sent
    assert sent or (evidence.failure is not None and "not sent twice" in evidence.failure.message)
