"""The collector's process: started, told by a pipe, heard line by line, and clean however one side of it ends."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Event, Thread

import pytest

from gonogo.environment.models import Environment
from gonogo.errors import EvidenceMissing
from gonogo.evidence.records import Lane, Request
from gonogo.evidence.store import Store
from gonogo.gathering.job import Job, job_line, plan_line, read_job, read_request
from gonogo.gathering.plan import merge
from gonogo.probes.browser.request import Step, VisitRequest
from gonogo.probes.http.request import BurstRequest, HttpRequest
from gonogo.probes.kinds import KINDS
from gonogo.probes.load.request import LoadRequest
from gonogo.probes.round_trip.request import TripRequest
from gonogo.probes.tls.request import TlsRequest
from gonogo.run import gatherer as gathering
from gonogo.run.folder import DOOR
from gonogo.run.gatherer import Gatherer, hold

TOKEN = "tok-9f27c1d45be08a36"
WITHIN_S = 30.0
VISIT = VisitRequest("v", (Step("goto", "https://a.test/"),))

pytestmark = pytest.mark.wait


class Site(ThreadingHTTPServer):
    """Answers at once, but for `/slow`, which waits until it is let go."""

    daemon_threads = True

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.go = Event()
        super().__init__(("127.0.0.1", 0), Page)
        self.url = f"http://127.0.0.1:{self.server_port}"

    def handle_error(self, request: object, client_address: object) -> None:
        """A collector that is killed goes without a word."""


class Page(BaseHTTPRequestHandler):
    server: Site

    def do_GET(self) -> None:
        self.server.asked.append(self.path)
        if self.path.startswith("/slow"):
            self.server.go.wait(WITHIN_S)
        self.send_response(200)
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"ok")

    do_POST = do_GET  # noqa: N815 - http.server's own name

    def log_message(self, *_: object) -> None:
        """Quiet."""


@pytest.fixture
def site() -> Iterator[Site]:
    server = Site()
    Thread(target=server.serve_forever, daemon=True).start()
    yield server
    server.go.set()
    server.shutdown()
    server.server_close()


@pytest.fixture
def gatherer() -> Iterator[Gatherer]:
    one = Gatherer()
    yield one
    one.stop()


def job(site: Site, folder: Path) -> Job:
    (folder / "evidence").mkdir(exist_ok=True)
    environment = Environment.model_validate(
        {"name": "t", "tier": "staging", "site": {"url": site.url}, "limits": {"run_timeout_s": 60},
         "roles": {"user": {"token": TOKEN}}}
    )  # fmt: skip
    return Job(environment, folder, folder, "r", (TOKEN,))


def begin(gatherer: Gatherer, site: Site, folder: Path, *requests: Request) -> Store:
    told = job(site, folder)
    store = Store(folder / "evidence", DOOR)
    gatherer.describe(told, store, str)
    gatherer.gather(merge(requests, told.environment))
    return store


def until(holds: object, what: str) -> None:
    end = time.monotonic() + WITHIN_S
    while not holds():  # type: ignore[operator]
        assert time.monotonic() < end, what
        time.sleep(0.01)


def running(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2][:1] != "Z"
    except OSError:
        return False


@pytest.mark.parametrize(
    "request_",
    [
        HttpRequest("https://a.test/", "POST", "user", (("A", "b"),), Lane.FINAL, 3),
        BurstRequest("https://a.test/", 5),
        TlsRequest("a.test", 8443, "1.3", ("X25519",)),
        VISIT,
        LoadRequest("smoke"),
        TripRequest("errors", VISIT),
    ],
    ids=lambda one: str(one.probe),
)
def test_requests_survive_the_pipe(request_: Request) -> None:
    (fields,) = json.loads(plan_line([request_]))["gather"]
    assert read_request(fields) == request_


def test_each_kind_is_read_back() -> None:
    assert {kind.request.probe for kind in KINDS.values()} == set(KINDS)


def test_a_job_survives_the_pipe_with_its_secrets(site: Site, tmp_path: Path) -> None:
    told = job(site, tmp_path)
    assert read_job(job_line(told)) == told
    assert read_job(job_line(told)).environment.roles["user"].token.get_secret_value() == TOKEN
    assert TOKEN not in repr(told)


def test_it_gathers_what_it_is_told(site: Site, tmp_path: Path, gatherer: Gatherer) -> None:
    begin(gatherer, site, tmp_path, HttpRequest(f"{site.url}/a"), HttpRequest(f"{site.url}/b", role="user"))
    assert gatherer.wait(HttpRequest(f"{site.url}/a")).facts is not None
    gatherer.gather([HttpRequest(f"{site.url}/c")])
    gatherer.finish()
    assert sorted(site.asked) == ["/a", "/b", "/c"]
    assert gatherer.wait(HttpRequest(f"{site.url}/c")).facts is not None
    with pytest.raises(EvidenceMissing, match="the run was stopped"):
        gatherer.wait(HttpRequest(f"{site.url}/d"))
    assert gatherer.progress.planned == 1
    assert not running(gatherer._process.pid)


def test_no_secret_stands_where_others_can_read_it(site: Site, tmp_path: Path, gatherer: Gatherer) -> None:
    begin(gatherer, site, tmp_path, HttpRequest(f"{site.url}/slow", role="user"))
    until(lambda: site.asked, "nothing was sent")
    place = Path(f"/proc/{gatherer._process.pid}")
    assert TOKEN.encode() not in (place / "cmdline").read_bytes() + (place / "environ").read_bytes()
    site.go.set()
    gatherer.finish()
    assert not [path for path in tmp_path.rglob("*") if path.is_file() and TOKEN.encode() in path.read_bytes()]


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM])
def test_a_collector_that_dies_is_started_once_more(how: int, site: Site, tmp_path: Path, gatherer: Gatherer) -> None:
    """For what is missing; and what may be sent only once is not sent again."""
    post = HttpRequest(f"{site.url}/slow-post", "POST")
    slow = HttpRequest(f"{site.url}/slow")
    begin(gatherer, site, tmp_path, HttpRequest(f"{site.url}/a"), slow, post)
    gatherer.wait(HttpRequest(f"{site.url}/a"))
    until(lambda: len(site.asked) == 3, "not everything was sent")
    os.kill(gatherer._process.pid, how)
    until(lambda: site.asked.count("/slow") == 2, "what was missing was not asked for again")
    site.go.set()
    assert gatherer.wait(slow).facts is not None
    failure = gatherer.wait(post).failure
    assert failure is not None
    assert "not sent twice" in failure.message
    gatherer.finish()
    assert sorted(site.asked) == ["/a", "/slow", "/slow", "/slow-post"]
    sent = (tmp_path / "sent.log").read_text().splitlines()
    assert len(sent) == 4, "the second goes on with the first one's budget"


def test_one_that_dies_twice_is_told_in_words(site: Site, tmp_path: Path, gatherer: Gatherer) -> None:
    slow = HttpRequest(f"{site.url}/slow")
    store = begin(gatherer, site, tmp_path, slow)
    for times in (1, 2):
        until(lambda wanted=times: len(site.asked) == wanted, "nothing was sent")
        os.kill(gatherer._process.pid, signal.SIGKILL)
    with pytest.raises(EvidenceMissing, match="the collector was ended by SIGKILL"):
        gatherer.wait(slow)
    until(store.ended, "those who read alone are not told")
    assert "SIGKILL" in store.ended()
    assert len(site.asked) == 2


def test_a_crash_says_where_and_what(tmp_path: Path, site: Site, gatherer: Gatherer) -> None:
    told = job(site, tmp_path)
    gatherer.describe(told, Store(tmp_path / "evidence", DOOR), str)
    gatherer._tell(json.dumps({"gather": [{"probe": "of no kind"}]}))
    with pytest.raises(EvidenceMissing, match=r"job\.py:\d+ \(read_request\): KeyError: 'of no kind'"):
        gatherer.wait(HttpRequest(f"{site.url}/a"))


def test_stopping_gives_up_at_once(site: Site, tmp_path: Path, gatherer: Gatherer) -> None:
    begin(gatherer, site, tmp_path, HttpRequest(f"{site.url}/slow"))
    until(lambda: site.asked, "nothing was sent")
    gatherer.stop()
    assert not running(gatherer._process.pid)
    with pytest.raises(EvidenceMissing, match="stopped"):
        gatherer.wait(HttpRequest(f"{site.url}/slow"))


def test_one_that_was_told_nothing_ends_too() -> None:
    one = Gatherer()
    one.stop()
    assert one._process.returncode == 0


PARENT = """
import sys, time
from pathlib import Path
sys.path[:0] = [{tests!r}]
from test_gatherer import job, begin, HttpRequest, Gatherer

class Elsewhere:
    url = {url!r}

gatherer = Gatherer()
begin(gatherer, Elsewhere, Path({folder!r}), HttpRequest({url!r} + "/slow"))
print(gatherer._process.pid, flush=True)
time.sleep(60)
"""


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
def test_it_ends_with_the_process_that_judges(how: signal.Signals, site: Site, tmp_path: Path) -> None:
    text = PARENT.format(tests=str(Path(__file__).parent), url=site.url, folder=str(tmp_path))
    with subprocess.Popen(
        [sys.executable, "-c", text], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    ) as parent:
        assert parent.stdout is not None
        pid = int(parent.stdout.readline())
        until(lambda: site.asked, "nothing was sent")
        parent.send_signal(how)
        parent.wait(WITHIN_S)
    until(lambda: not running(pid), "the collector outlived the process that judges")


def test_nobody_judges_while_times_are_measured(tmp_path: Path) -> None:
    store = Store(tmp_path, DOOR)
    ticks: list[int] = []
    with store.quiet():
        thread = Thread(target=hold, args=(store, lambda: ticks.append(1)))
        thread.start()
        until(lambda: len(ticks) > 1, "nobody waits")
        assert thread.is_alive()
    thread.join(WITHIN_S)
    assert not thread.is_alive()


def test_who_measured_and_died_holds_nobody_up(tmp_path: Path) -> None:
    store = Store(tmp_path, DOOR)
    (tmp_path / ".quiet").touch()
    store.end("it died")
    hold(store)
    assert not store.is_quiet()


def test_the_process_that_judges_imports_nothing_that_gathers() -> None:
    """An event loop, a client or a driver in it would take the time that it is to judge in."""
    code = "import sys, gonogo.plugin, gonogo.run.gatherer; from gonogo.run.catalogue import catalogue; catalogue(); print(*sorted({one.partition('.')[0] for one in sys.modules}))"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    assert {"httpx", "anyio", "playwright", "psycopg", "locust", "gevent", "asyncio"} & set(loaded) == set()


def test_constants_are_those_that_the_texts_promise() -> None:
    assert gathering.STARTS == 2
