"""The load probe against real servers on loopback: what arrives there, what is reported, and how it ends."""

from __future__ import annotations

import asyncio
import math
import os
import random
import signal
import ssl
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import anyio
import psutil
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

import gonogo
from gonogo.environment.models import Environment
from gonogo.errors import EvidenceMissing, GuardRefused
from gonogo.evidence.codec import from_json, to_json
from gonogo.evidence.records import Evidence, Request, identity
from gonogo.formats.arrivals import schedule
from gonogo.formats.latency import percentile
from gonogo.probes.context import Context
from gonogo.probes.guard import Guard
from gonogo.probes.load import probe as load
from gonogo.probes.load.facts import LoadRun
from gonogo.probes.load.job import Count, Job, Tally, Target, decode_job, encode_job
from gonogo.probes.load.request import LoadRequest

pytestmark = pytest.mark.alone

TOKEN = "canary-3f9a1c77"
REQUEST = LoadRequest("smoke")


# --- a server --------------------------------------------------------------------------------------


@dataclass(slots=True)
class Seen:
    path: str
    headers: dict[str, str]
    at: float


@dataclass(slots=True)
class Server:
    """Keeps connections, counts requests, and answers as `behave` says: seconds to wait and a status."""

    behave: Callable[[int, str], tuple[float, int]]
    seen: list[Seen] = field(default_factory=list)
    port: int = 0
    connections: int = 0
    first: threading.Event = field(default_factory=threading.Event)
    names: set[str] = field(default_factory=set)
    answers: set[asyncio.Task[None]] = field(default_factory=set)

    def accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.create_task(self.answer(reader, writer))
        self.answers.add(task)
        task.add_done_callback(lambda _: writer.transport.abort())

    async def answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        with suppress(ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
                path = head[0].split()[1]
                headers = dict(line.split(": ", 1) for line in head[1:] if line)
                self.seen.append(Seen(path, headers, time.perf_counter()))
                self.first.set()
                wait, status = self.behave(len(self.seen) - 1, path)
                if wait:
                    await asyncio.sleep(wait)
                if not status:
                    break
                body = b"x" * 512
                writer.write(f"HTTP/1.1 {status} Word\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body)
                await writer.drain()
            writer.close()
            await writer.wait_closed()


@contextmanager
def serving(
    behave: Callable[[int, str], tuple[float, int]] = lambda _, __: (0, 200),
    tls: ssl.SSLContext | None = None,
) -> Iterator[Server]:
    server = Server(behave)
    ready = threading.Event()
    stop: list[Callable[[], object]] = []

    async def run() -> None:
        stopped = asyncio.Event()
        loop = asyncio.get_running_loop()
        loop.set_exception_handler(lambda *_: None)
        stop.append(lambda: loop.call_soon_threadsafe(stopped.set))
        async with await asyncio.start_server(server.accept, "127.0.0.1", 0, ssl=tls) as listening:
            server.port = listening.sockets[0].getsockname()[1]
            ready.set()
            await stopped.wait()
            for task in asyncio.all_tasks() - {asyncio.current_task()}:
                task.cancel()

    thread = threading.Thread(target=lambda: asyncio.run(run()))
    thread.start()
    assert ready.wait(5)
    try:
        yield server
    finally:
        stop[0]()
        thread.join(10)
        assert not thread.is_alive()


# --- a run -----------------------------------------------------------------------------------------


async def _no_fetch(request: Request) -> Evidence:
    raise AssertionError(f"the load probe asked for {request}")


def context(tmp_path: Path, url: str, profile: dict[str, object], **fields: object) -> Context:
    environment = Environment.model_validate(
        {
            "name": "loopback",
            "tier": "demo",
            "site": {"url": url},
            "roles": {"user": {"token": TOKEN}},
            "load": [{"name": "smoke", "targets": [{"path": "/"}], **profile}],
            **fields,
        }
    )
    return Context(environment, Guard(environment), "run-1", tmp_path, _no_fetch, base=tmp_path)


def gather(context: Context) -> LoadRun:
    return anyio.run(load.gather, REQUEST, context)


TRIES = 4


def undisturbed(
    attempt: Callable[[], tuple[LoadRun, Server]], agrees: Callable[[LoadRun], bool] = lambda _: True
) -> tuple[LoadRun, Server]:
    """The first of a few runs in which the machine let the generator keep its times, or the last: a generator that never does,
    or that tells wrong numbers each time, is at fault itself."""
    for _ in range(TRIES):
        run, server = attempt()
        if run.healthy and agrees(run):
            break
    return run, server


@pytest.fixture(autouse=True)
def nothing_left(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Temporary files lie where they can be seen; afterwards neither a file nor a process is left."""
    folder = tmp_path / "scratch"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    yield folder
    assert list(folder.iterdir()) == []
    assert generators() == []


def generators() -> list[psutil.Process]:
    return [
        child for child in psutil.Process().children(recursive=True) if "locustfile.py" in " ".join(child.cmdline())
    ]


def when_first_arrives(server: Server, do: Callable[[psutil.Process], None]) -> threading.Thread:
    """Do something to the generator once the server has its first request."""

    def act() -> None:
        if server.first.wait(20):
            do(generators()[0])

    thread = threading.Thread(target=act)
    thread.start()
    return thread


# --- what is sent and what is counted --------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Mixed:
    run: LoadRun
    server: Server
    argv: list[str]
    environ: str
    files: dict[str, str]


@pytest.fixture(scope="module")
def mixed(tmp_path_factory: pytest.TempPathFactory) -> Mixed:
    """One run with good, refused and cut-off answers, looked at from all sides."""
    folder = tmp_path_factory.mktemp("mixed")
    peeked: dict[str, object] = {}

    def peek(generator: psutil.Process) -> None:
        peeked["argv"] = generator.cmdline()
        peeked["environ"] = " ".join(generator.environ().values())
        peeked["files"] = {str(one): one.read_text() for one in folder.rglob("*") if one.is_file()}

    def behave(_: int, path: str) -> tuple[float, int]:
        return (0, {"/broken": 503, "/cut": 0}.get(path, 200))

    profile = {
        "rate_per_s": 100,
        "duration_s": 1.5,
        "targets": [
            {"path": "/", "weight": 5},
            {"path": "/api?q=é&d=7", "weight": 3, "role": "user"},
            {"path": "/broken", "weight": 1},
            {"path": "/cut", "weight": 1},
        ],
    }

    def attempt() -> tuple[LoadRun, Server]:
        peeked.clear()
        with serving(behave) as server:
            watcher = when_first_arrives(server, peek)
            run = gather(context(folder, f"http://127.0.0.1:{server.port}", profile))
            watcher.join()
        return run, server

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(tempfile, "tempdir", str(folder))
        run, server = undisturbed(attempt)
    return Mixed(run, server, **peeked)  # type: ignore[arg-type]


def test_every_planned_request_arrives_exactly_once(mixed: Mixed) -> None:
    paths = ["/", "/api?q=%C3%A9&d=7", "/broken", "/cut"]
    expected = Counter(paths[index] for index in schedule([5, 3, 1, 1], 150))
    assert Counter(one.path for one in mixed.server.seen) == expected
    assert (mixed.run.planned, mixed.run.sent, mixed.run.dropped) == (150, 150, 0)
    assert [(one.name, one.requests) for one in mixed.run.series] == [
        ("all", 150),
        ("/", 75),
        ("/api?q=é&d=7 (user)", 45),
        ("/broken", 15),
        ("/cut", 15),
    ]


def test_failures_are_counted_by_kind_and_target(mixed: Mixed) -> None:
    assert mixed.run.errors == (("http 503", 15), ("reset", 15))
    assert {one.name: one.failures for one in mixed.run.series} == {
        "all": 30,
        "/": 0,
        "/api?q=é&d=7 (user)": 0,
        "/broken": 15,
        "/cut": 15,
    }
    assert sum(failures for _, _, failures in mixed.run.per_second) == 30


def test_what_was_not_answered_is_in_no_bucket(mixed: Mixed) -> None:
    """A 503 is an answer and has its latency; a connection that was cut has none."""
    held = {one.name: sum(count for _, count in one.histogram) for one in mixed.run.series}
    assert held == {"all": 135, "/": 75, "/api?q=é&d=7 (user)": 45, "/broken": 15, "/cut": 0}


def test_requests_say_who_they_are(mixed: Mixed) -> None:
    assert {one.headers["User-Agent"] for one in mixed.server.seen} == {
        f"gonogo-load/{gonogo.__version__} (+{identity(REQUEST)})"
    }
    sent = {(one.path, one.headers.get("Authorization")) for one in mixed.server.seen}
    assert ("/api?q=%C3%A9&d=7", f"Bearer {TOKEN}") in sent
    assert {token for path, token in sent if not path.startswith("/api")} == {None}


def test_the_token_is_in_no_argument_variable_file_or_fact(mixed: Mixed) -> None:
    assert len(mixed.argv) == 2
    assert not any(TOKEN in one for one in (*mixed.argv, mixed.environ, *mixed.files, *mixed.files.values()))
    assert TOKEN not in str(to_json(mixed.run))
    assert TOKEN not in repr(Job("http://x", 1, 1, (Target("/", "/", headers=(("Authorization", TOKEN),)),)))


def test_an_undisturbed_generator_is_healthy(mixed: Mixed) -> None:
    run = mixed.run
    assert run.healthy, run.unhealthy_reason
    assert 0 < run.generator_cpu < load.MAX_CPU
    assert run.stop_reason == "complete"
    # Cut connections are no answers: 135 of 150.
    assert run.achieved_rate == pytest.approx(90, rel=0.02)
    assert [second for second, _, _ in run.per_second] == [0, 1]
    assert from_json(LoadRun, to_json(run)) == run


def test_connections_are_kept(mixed: Mixed) -> None:
    """15 are cut by the server and opened again; a new one for each request would be 150."""
    assert mixed.server.connections < 40


# --- latency ---------------------------------------------------------------------------------------


def test_percentiles_are_those_of_the_server(tmp_path: Path) -> None:
    """Latencies from 60 to 360 ms in random order, known exactly."""
    waits = [0.06 + 0.3 * k / 200 for k in range(200)]
    random.Random(20261121).shuffle(waits)  # noqa: S311 - a simulation

    def attempt() -> tuple[LoadRun, Server]:
        with serving(lambda number, _: (waits[number % 200], 200)) as server:
            return gather(
                context(tmp_path, f"http://127.0.0.1:{server.port}", {"rate_per_s": 100, "duration_s": 2})
            ), server

    wanted = {share: sorted(waits)[math.ceil(share * 200) - 1] * 1000 for share in (0.5, 0.95)}

    def told(run: LoadRun) -> dict[float, float]:
        total = run.series[0]
        return {share: percentile(total.histogram, share, total=total.requests) for share in wanted}

    run, _ = undisturbed(attempt, lambda run: told(run) == pytest.approx(wanted, rel=0.05))
    assert run.healthy, run.unhealthy_reason
    assert told(run) == pytest.approx(wanted, rel=0.05)
    assert run.achieved_rate == pytest.approx(100, rel=0.05)


def test_a_frozen_server_is_not_hidden(tmp_path: Path) -> None:
    """A freeze of 2 s in a run of 3 s: a generator that waits for answers would send less and see nothing."""

    def behave(number: int, _: str) -> tuple[float, int]:
        if number == 20:
            time.sleep(2)
        return (0, 200)

    def attempt() -> tuple[LoadRun, Server]:
        with serving(behave) as server:
            return gather(
                context(tmp_path, f"http://127.0.0.1:{server.port}", {"rate_per_s": 50, "duration_s": 3})
            ), server

    run, server = undisturbed(attempt)
    total = run.series[0]
    assert (run.sent, run.dropped, total.failures) == (150, 0, 0)
    assert len(server.seen) == 150
    # Two thirds of the requests fell due during the freeze, evenly: they wait from 2 s down to nothing.
    assert percentile(total.histogram, 0.5, total=150) >= 400
    assert percentile(total.histogram, 0.95, total=150) >= 1700
    assert total.max_ms >= 1950
    # The target's slowness is not the generator's fault.
    assert run.healthy, run.unhealthy_reason


def test_what_is_never_answered_is_dropped_or_unanswered(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(load, "IN_FLIGHT", 10)
    monkeypatch.setattr(load, "DRAIN_S", 0.2)
    profile = {"rate_per_s": 50, "duration_s": 1, "p95_ms": 10}

    def attempt() -> tuple[LoadRun, Server]:
        with serving(lambda number, _: (60 if number >= 20 else 0, 200)) as server:
            return gather(context(tmp_path, f"http://127.0.0.1:{server.port}", profile)), server

    run, server = undisturbed(attempt)
    assert (run.planned, run.sent, run.dropped) == (50, 30, 20)
    assert run.errors == (("dropped", 20), ("unanswered", 10))
    assert len(server.seen) == 30
    assert percentile(run.series[0].histogram, 0.95, total=50) == math.inf
    assert run.achieved_rate == pytest.approx(20)
    assert run.healthy, run.unhealthy_reason


def test_a_request_is_not_waited_for_beyond_its_time(tmp_path: Path) -> None:
    profile = {"rate_per_s": 20, "duration_s": 0.5}
    with serving(lambda _, path: (60, 200)) as server:
        run = gather(context(tmp_path, f"http://127.0.0.1:{server.port}", profile, limits={"request_timeout_s": 0.3}))
    assert sorted(kind for kind, _ in run.errors) in (["timeout"], ["timeout", "unanswered"])
    assert run.series[0].failures == 10


def test_a_closed_port_is_refused(tmp_path: Path) -> None:
    with serving() as server:
        port = server.port
    run = gather(context(tmp_path, f"http://127.0.0.1:{port}", {"rate_per_s": 20, "duration_s": 0.5}))
    assert run.errors == (("refused", 10),)
    assert run.achieved_rate == 0


# --- TLS -------------------------------------------------------------------------------------------


def authority(folder: Path, name: str) -> tuple[Path, ssl.SSLContext]:
    """A CA of our own, as a PEM file, and a server context with a certificate for www.load.test."""
    now = datetime.now(UTC)

    def certificate(
        subject: str,
        issuer: str,
        key: ec.EllipticCurvePrivateKey,
        signer: ec.EllipticCurvePrivateKey,
        *,
        ca: bool,
    ) -> x509.Certificate:
        builder = (
            x509.CertificateBuilder()
            .subject_name(x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, subject)]))
            .issuer_name(x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, issuer)]))
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - timedelta(hours=1))
            .not_valid_after(now + timedelta(hours=1))
            .add_extension(x509.BasicConstraints(ca=ca, path_length=None), critical=True)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
            .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(signer.public_key()), critical=False)
        )
        if not ca:
            builder = builder.add_extension(x509.SubjectAlternativeName([x509.DNSName(subject)]), critical=False)
        return builder.sign(signer, hashes.SHA256())

    ca_key, leaf_key = (ec.generate_private_key(ec.SECP256R1()) for _ in range(2))
    root = certificate(f"{name} root", f"{name} root", ca_key, ca_key, ca=True)
    leaf = certificate("www.load.test", f"{name} root", leaf_key, ca_key, ca=False)
    pem = folder / f"{name}.pem"
    pem.write_bytes(root.public_bytes(serialization.Encoding.PEM))
    chain = folder / f"{name}-chain.pem"
    chain.write_bytes(
        leaf.public_bytes(serialization.Encoding.PEM)
        + leaf_key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(chain)
    return pem, context


def test_https_with_a_private_authority_and_a_fixed_address(tmp_path: Path) -> None:
    pem, tls = authority(tmp_path, "acme")
    names: set[str | None] = set()
    tls.sni_callback = lambda _, name, __: names.add(name)
    with serving(tls=tls) as server:
        run = gather(
            context(
                tmp_path,
                f"https://www.load.test:{server.port}",
                {"rate_per_s": 40, "duration_s": 0.5},
                ca_file=pem.name,
                resolve={"www.load.test": "127.0.0.1"},
            )
        )
    assert run.errors == ()
    assert len(server.seen) == run.sent == 20
    assert names == {"www.load.test"}
    assert {one.headers["Host"] for one in server.seen} == {f"www.load.test:{server.port}"}
    assert server.connections < 20


@pytest.mark.parametrize(
    ("host", "ca", "why"),
    [
        ("www.load.test", "other", "unable to get local issuer certificate"),
        ("api.load.test", "acme", "Hostname mismatch"),
    ],
)
def test_a_certificate_that_does_not_verify_is_a_failure(tmp_path: Path, host: str, ca: str, why: str) -> None:
    _, tls = authority(tmp_path, "acme")
    authority(tmp_path, "other")
    with serving(tls=tls) as server:
        run = gather(
            context(
                tmp_path,
                f"https://{host}:{server.port}",
                {"rate_per_s": 20, "duration_s": 0.25},
                ca_file=f"{ca}.pem",
                resolve={host: "127.0.0.1"},
            )
        )
    assert server.seen == []
    assert run.series[0].failures == run.planned == 5
    ((kind, count),) = run.errors
    assert count == 5
    assert kind.startswith("tls: ")
    assert why in kind
    assert percentile(run.series[0].histogram, 0.95, total=5) == math.inf


def test_an_authority_file_that_is_not_there_is_said_before_anything_is_sent(tmp_path: Path) -> None:
    with pytest.raises(EvidenceMissing, match=r"gone\.pem") as caught:
        gather(context(tmp_path, "https://127.0.0.1:1", {"rate_per_s": 1, "duration_s": 1}, ca_file="gone.pem"))
    assert caught.value.kind == "unavailable"


# --- no evidence -----------------------------------------------------------------------------------


def test_a_killed_generator_leaves_no_evidence(tmp_path: Path) -> None:
    with serving() as server:
        killer = when_first_arrives(server, lambda generator: generator.kill())
        with pytest.raises(EvidenceMissing, match="SIGKILL") as caught:
            gather(context(tmp_path, f"http://127.0.0.1:{server.port}", {"rate_per_s": 20, "duration_s": 20}))
        killer.join()
    assert caught.value.kind == "crash"


def test_a_generator_that_was_held_up_is_not_healthy(tmp_path: Path) -> None:
    """Stopped for 0.5 s of 1.5 s: the target is fast, the latencies are the generator's own."""

    def hold(generator: psutil.Process) -> None:
        generator.send_signal(signal.SIGSTOP)
        time.sleep(0.5)
        generator.send_signal(signal.SIGCONT)

    with serving() as server:
        holder = when_first_arrives(server, hold)
        run = gather(context(tmp_path, f"http://127.0.0.1:{server.port}", {"rate_per_s": 50, "duration_s": 1.5}))
        holder.join()
    assert not run.healthy
    assert "left more than 50 ms after they were due" in run.unhealthy_reason


def test_a_generator_ends_when_its_parent_dies(tmp_path: Path) -> None:
    script = tmp_path / "parent.py"
    with serving() as server:
        script.write_text(
            "import subprocess, sys\n"
            "argv = [sys.executable, sys.argv[1]]\n"
            "child = subprocess.Popen(argv, stdin=subprocess.PIPE, start_new_session=True)\n"
            "child.stdin.write(sys.stdin.readline().encode())\n"
            "child.stdin.flush()\n"
            "child.wait()\n"
        )
        job = Job(f"http://127.0.0.1:{server.port}", 20, 600, (Target("/", "/"),))
        parent = subprocess.Popen([sys.executable, str(script), str(load.locust_file())], stdin=subprocess.PIPE)
        assert parent.stdin is not None
        parent.stdin.write(f"{encode_job(job)}\n".encode())
        parent.stdin.close()
        assert server.first.wait(20)
        (generator,) = psutil.Process(parent.pid).children()
        parent.kill()
        parent.wait()
        psutil.wait_procs([generator], timeout=5)
        assert not generator.is_running() or generator.status() == psutil.STATUS_ZOMBIE


@pytest.mark.parametrize(
    ("body", "kind", "why"),
    [
        ("pass", "invalid", "without a result"),
        ("write(json.dumps(tally)[:-20])", "invalid", "cut short"),
        ("write('{}')", "invalid", "cut short or malformed"),
        ("write(json.dumps(dict(tally, counts=[], sent=0, per_second=[])))", "invalid", "no request"),
        ("write(json.dumps(dict(tally, sent=9)))", "invalid", "accounts for 9 of 10"),
        ("write(json.dumps(dict(tally, per_second=[])))", "invalid", "accounts for 0 of 10"),
        (f"sys.exit('token {TOKEN} was refused')", "crash", r"status 1: token \*\*\* was refused"),
        ("time.sleep(60)", "deadline", "was stopped"),
        ("signal.signal(signal.SIGTERM, signal.SIG_IGN); time.sleep(60)", "deadline", "was stopped"),
    ],
)
def test_a_result_that_is_not_whole_is_no_evidence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, body: str, kind: str, why: str
) -> None:
    fake = tmp_path / "locustfile.py"
    fake.write_text(
        "import json, signal, sys, time\n"
        "from pathlib import Path\n"
        "job = json.loads(sys.stdin.readline())\n"
        "write = Path(job['result']).write_text\n"
        "one = {'name': 'all', 'requests': 10, 'failures': 0, 'histogram': [[1.0, 10]], 'max_ms': 1.0}\n"
        "tally = {'sent': 10, 'dropped': 0, 'counts': [one, dict(one, name='/')], 'errors': [],\n"
        "         'per_second': [[0, 10, 0]], 'answered_per_s': 10.0, 'late': 0, 'cpu': 0.1}\n"
        f"{body}\n"
    )
    monkeypatch.setattr(load, "locust_file", lambda: fake)
    monkeypatch.setattr(load, "STOP_S", 0.3)
    if kind == "deadline":
        monkeypatch.setattr(load, "GRACE_S", -5.0)
    profile = {"rate_per_s": 10, "duration_s": 1, "targets": [{"path": "/", "role": "user"}]}
    with pytest.raises(EvidenceMissing, match=why) as caught:
        gather(context(tmp_path, "http://127.0.0.1:1", profile))
    assert caught.value.kind == kind
    assert TOKEN not in str(caught.value)


def test_the_generator_starts_while_pytest_names_its_tests(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """pytest sets and removes PYTEST_CURRENT_TEST in its own thread; execve(2) must not read the list meanwhile."""
    fake = tmp_path / "locustfile.py"
    fake.write_text("")
    monkeypatch.setattr(load, "locust_file", lambda: fake)
    run = context(tmp_path, "http://127.0.0.1:1", {"rate_per_s": 1, "duration_s": 1})
    told: Counter[str] = Counter()
    done = threading.Event()

    def name_tests() -> None:
        while not done.is_set():
            os.environ["GONOGO_CURRENT_TEST"] = "x" * 80
            del os.environ["GONOGO_CURRENT_TEST"]

    naming = threading.Thread(target=name_tests)
    naming.start()
    try:
        for _ in range(25):
            try:
                gather(run)
            except (EvidenceMissing, OSError) as error:
                told[str(error)] += 1
    finally:
        done.set()
        naming.join()
    assert told == {"invalid: the load generator ended without a result": 25}


def test_a_cancelled_run_leaves_no_generator(tmp_path: Path) -> None:
    async def cancelled() -> None:
        with anyio.move_on_after(1.5):
            await load.gather(REQUEST, run)

    with serving() as server:
        run = context(tmp_path, f"http://127.0.0.1:{server.port}", {"rate_per_s": 20, "duration_s": 60})
        anyio.run(cancelled)
        assert generators() == []


# --- refusals --------------------------------------------------------------------------------------


def test_production_refuses_load_unless_the_file_opts_in(tmp_path: Path) -> None:
    profile: dict[str, object] = {"rate_per_s": 20, "duration_s": 0.25}
    with serving() as server:
        url = f"http://127.0.0.1:{server.port}"
        with pytest.raises(GuardRefused, match="allow_load"):
            gather(context(tmp_path, url, profile, tier="production"))
        assert server.seen == []
        run = gather(context(tmp_path, url, profile, tier="production", limits={"allow_load": True, "requests": 1}))
    assert run.sent == 5


def test_load_is_not_counted_in_the_budget_of_requests(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fake = tmp_path / "locustfile.py"
    fake.write_text("")
    monkeypatch.setattr(load, "locust_file", lambda: fake)
    surroundings = context(tmp_path, "http://127.0.0.1:1", {"rate_per_s": 10, "duration_s": 1})
    with pytest.raises(EvidenceMissing):
        gather(surroundings)
    assert surroundings.guard.sent == 0


@pytest.mark.parametrize(
    ("profile", "fields", "why"),
    [
        ({"name": "other"}, {}, "'smoke' is not declared; known profiles: other"),
        ({"rate_per_s": 0.1}, {}, "no request at all"),
        (
            {"targets": [{"path": "/", "role": "user"}]},
            {"roles": {"user": {"token": f"{TOKEN}\r\nEvil: 1"}}},
            "a character that HTTP does not allow",
        ),
    ],
)
def test_a_profile_that_cannot_run_is_said_before_anything_is_sent(
    tmp_path: Path, profile: dict[str, object], fields: dict[str, object], why: str
) -> None:
    with pytest.raises(EvidenceMissing, match=why) as caught:
        gather(context(tmp_path, "http://127.0.0.1:1", {"rate_per_s": 1, "duration_s": 1, **profile}, **fields))
    assert caught.value.kind == "invalid"
    assert TOKEN not in str(caught.value)


# --- parts -----------------------------------------------------------------------------------------


def tally(**changed: float) -> Tally:
    numbers = {"sent": 100, "dropped": 0, "late": 0, "cpu": 0.3, **changed}
    return Tally(
        sent=int(numbers["sent"]),
        dropped=int(numbers["dropped"]),
        counts=(Count("all", 100, 0, (), 0.0),),
        errors=(),
        per_second=(),
        answered_per_s=50,
        late=int(numbers["late"]),
        cpu=numbers["cpu"],
    )


@pytest.mark.parametrize(
    ("changed", "why"),
    [
        ({}, ""),
        ({"cpu": 0.8}, ""),
        ({"cpu": 0.81}, "81% of a core"),
        ({"late": 5}, ""),
        ({"late": 6}, "6 of 100 requests left"),
        # A target that has stopped answering is not the generator's fault.
        ({"sent": 20, "dropped": 80}, ""),
    ],
)
def test_a_generator_is_unfit_when_it_was_busy_or_late(changed: dict[str, float], why: str) -> None:
    found = load.unfit(tally(**changed))
    assert (why in found) if why else not found


def test_a_job_survives_its_encoding() -> None:
    job = Job(
        "https://x.test",
        5,
        10,
        (Target("/", "/"), Target("/a (user)", "/a", 3, (("Authorization", "Bearer t"),))),
    )
    assert decode_job(encode_job(job)) == job


def test_a_job_by_hand_may_be_short() -> None:
    job = decode_job('{"url": "http://x.test", "rate_per_s": 5, "arrivals": 10, "targets": [{"path": "/a"}]}')
    assert job.targets == (Target("/a", "/a"),)
    with pytest.raises(TypeError, match="rat"):
        decode_job('{"url": "http://x.test", "rat": 5, "arrivals": 10, "targets": []}')


def test_the_locust_file_is_found_in_a_clone_and_in_a_wheel(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert load.locust_file().parts[-2:] == ("loadtests", "locustfile.py")
    package = tmp_path / "site-packages" / "gonogo"
    (package / "loadtests").mkdir(parents=True)
    monkeypatch.setattr(gonogo, "__file__", str(package / "__init__.py"))
    with pytest.raises(EvidenceMissing, match="install gonogo again"):
        load.locust_file()
    (package / "loadtests" / "locustfile.py").touch()
    assert load.locust_file() == package / "loadtests" / "locustfile.py"


def test_a_person_can_run_the_locust_file_by_hand(tmp_path: Path) -> None:
    with serving() as server:
        job = tmp_path / "job.json"
        job.write_text(encode_job(Job(f"http://127.0.0.1:{server.port}", 20, 10, (Target("/", "/"),))))
        done = subprocess.run(
            [
                sys.executable,
                "-m",
                "locust",
                "-f",
                str(load.locust_file()),
                "--headless",
                "--only-summary",
                "--job",
                str(job),
            ],
            capture_output=True,
            text=True,
            timeout=30,
            cwd=tmp_path,
        )
    assert done.returncode == 0, done.stderr
    assert len(server.seen) == 10
