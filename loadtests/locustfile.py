"""Open-model load: every request leaves when it is due, whatever became of those before it.

Locust's own users wait for an answer before they send again, so a target that freezes is simply asked less,
and its freeze is missing from the percentiles. Here one user starts a greenlet for each arrival of a fixed
schedule, and latency counts from the moment a request was due. See README.md.

The load probe runs this file by Python, the job on standard input; a person by Locust with `--job`.
"""
# ruff: noqa: E402, I001 - Locust patches the standard library, so it is imported before what opens sockets.

from __future__ import annotations

import locust
import locust.stats

import gc
import os
import select
import signal
import sys
import time
from argparse import ArgumentParser
from collections import Counter
from pathlib import Path
from urllib.parse import urlsplit

import gevent
import gevent.monkey
import gevent.os
from gevent import socket, ssl
from gevent.pool import Pool
from geventhttpclient.response import HTTPConnectionClosed, HTTPParseError, HTTPSocketResponse
from locust.env import Environment
from locust.exception import CatchResponseError

# The package beside this file: in a clone it may not be installed, in a wheel this file lies within it.
_ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(1, str(_ROOT / "src" if (_ROOT / "src").is_dir() else _ROOT.parent))

from gonogo.formats.arrivals import schedule
from gonogo.formats.latency import answer_rate, bucket
from gonogo.probes.load.job import LATE_S, Count, Job, Tally, Target, decode_job, encode_tally, request_head

# Locust's own buckets have two digits: up to 5 % off, mostly in the target's favour.
locust.stats.bucket_response_time = bucket  # type: ignore[assignment]

IDLE_S = 1.0
"""A connection idle for longer is not used again: the server may be closing it, and nothing is retried."""
LEAD_S = 0.1
"""From the end of the preparations to the first arrival."""
BLOCK = 65_536
MAX_KINDS = 20
"""Further kinds of error are counted as `other`: their words come from the target."""

clock = time.perf_counter
poll = gevent.monkey.get_original("select", "poll")


class BodyTooLargeError(Exception):
    """A body larger than the job allows."""


class Connections:
    """Keep-alive connections to one origin, verified against its name, opened when first needed."""

    def __init__(self, job: Job) -> None:
        parts = urlsplit(job.url)
        self._host = parts.hostname or ""
        self._peer = (job.address or self._host, parts.port or (443 if parts.scheme == "https" else 80))
        self._trust = _trust(job.ca_file) if parts.scheme == "https" else None
        self._idle: list[tuple[socket.socket, float]] = []

    def take(self) -> socket.socket:
        """An idle connection, or a new one. Raises OSError (ssl.SSLError is one)."""
        while self._idle:
            connection, since = self._idle.pop()
            if clock() - since < IDLE_S and not _readable(connection):
                return connection
            connection.close()
        raw = socket.create_connection(self._peer)
        try:
            raw.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            return raw if self._trust is None else self._trust.wrap_socket(raw, server_hostname=self._host)
        except BaseException:
            raw.close()
            raise

    def give_back(self, connection: socket.socket) -> None:
        self._idle.append((connection, clock()))

    def exchange(self, head: bytes, most: int) -> int:
        """Send one request once, read its answer to the last byte and return the status; follow no redirect.

        Raises OSError, HTTPParseError or BodyTooLargeError.
        """
        connection = self.take()
        whole = False
        try:
            connection.sendall(head)
            response = HTTPSocketResponse(connection, block_size=BLOCK, method="GET")
            size = 0
            while part := response.read(BLOCK):
                size += len(part)
                if size > most:
                    raise BodyTooLargeError
            whole = not response.should_close()
            return int(response.status_code)
        finally:
            if whole:
                self.give_back(connection)
            else:
                connection.close()


class Run:
    """One run of a job: the schedule, and what becomes of each arrival."""

    def __init__(self, job: Job, environment: Environment) -> None:
        self.job = job
        self.environment = environment
        self.connections = Connections(job)
        self.heads = [request_head(job, target) for target in job.targets]
        self.pool = Pool()
        self.start = 0.0
        self.dropped = self.late = 0
        self.cpu = 0.0
        self.answered: list[float] = []
        self.errors: Counter[str] = Counter()
        self.requests: Counter[int] = Counter()
        self.failures: Counter[int] = Counter()

    def drive(self) -> Tally:
        """Send every arrival when it is due, wait a bounded time for the last answers, and count."""
        places = schedule([target.weight for target in self.job.targets], self.job.arrivals)
        # A full collection over Locust's modules takes tens of milliseconds, in the middle of the run.
        gc.collect()
        gc.freeze()
        self.start = clock() + LEAD_S
        sampler = gevent.spawn(self._sample_cpu)
        for place, index in enumerate(places):
            due = self.start + place / self.job.rate_per_s
            # A late arrival yields as well, so that those before it get on.
            gevent.sleep(max(0.0, due - clock()))
            if len(self.pool) >= self.job.in_flight:
                self.dropped += 1
                # A generator that catches up after a pause of its own fills the places itself.
                self.late += clock() - due > LATE_S
                self._record(self.job.targets[index], due, "dropped", answered=False)
            else:
                self.pool.spawn(self._send, index, due)
        self.pool.join(timeout=self.job.drain_s)
        self.pool.kill()
        sampler.kill()
        return self._tally()

    def _send(self, index: int, due: float) -> None:
        started = clock()
        self.late += started - due > LATE_S
        failure, answered = "", False
        try:
            with gevent.Timeout(max(0.001, due + self.job.timeout_s - started)):
                status = self.connections.exchange(self.heads[index], self.job.body_bytes)
            answered = True
            failure = f"http {status}" if status >= 400 else ""
        except gevent.Timeout:
            failure = "timeout"
        except gevent.GreenletExit:
            failure = "unanswered"
        except BodyTooLargeError:
            failure = "too-large"
        except (OSError, HTTPParseError) as error:
            failure = _kind(error)
        self._record(self.job.targets[index], due, failure, answered=answered)

    def _record(self, target: Target, due: float, failure: str, *, answered: bool) -> None:
        now = clock()
        if answered:
            self.answered.append(now - self.start)
        second = int(now - self.start)
        self.requests[second] += 1
        if failure:
            known = failure in self.errors or len(self.errors) < MAX_KINDS
            self.errors[failure if known else "other"] += 1
            self.failures[second] += 1
        self.environment.events.request.fire(  # type: ignore[no-untyped-call]
            request_type="GET",
            name=target.name,
            response_time=(now - due) * 1000 if answered else None,
            response_length=0,
            exception=CatchResponseError(failure) if failure else None,
            context={},
        )

    def _sample_cpu(self) -> None:
        """Keep the highest share of one core; windows are a second, and the last may be shorter."""
        gevent.sleep(max(0.0, self.start - clock()))
        while True:
            began, used = clock(), time.process_time()
            try:
                gevent.sleep(1)
            finally:
                if (seconds := clock() - began) >= 0.5 or not self.cpu:
                    self.cpu = max(self.cpu, (time.process_time() - used) / seconds)

    def _tally(self) -> Tally:
        stats = self.environment.stats
        entries = {name: entry for (name, _), entry in stats.entries.items()}
        names = dict.fromkeys(target.name for target in self.job.targets)
        counts = [
            _count("all", stats.total),
            *(_count(name, entries[name]) for name in names if name in entries),
        ]
        return Tally(
            sent=stats.total.num_requests - self.dropped,
            dropped=self.dropped,
            counts=tuple(counts),
            errors=tuple(sorted(self.errors.items())),
            per_second=tuple(
                (second, self.requests[second], self.failures[second])
                for second in range(max(self.requests, default=-1) + 1)
            ),
            answered_per_s=answer_rate(self.answered, duration_s=self.job.arrivals / self.job.rate_per_s),
            late=self.late,
            cpu=self.cpu,
        )


def _count(name: str, entry: locust.stats.StatsEntry) -> Count:
    return Count(
        name=name,
        requests=entry.num_requests,
        failures=entry.num_failures,
        histogram=tuple(sorted(entry.response_times.items())),
        max_ms=entry.max_response_time,
    )


def _trust(ca_file: str) -> ssl.SSLContext:
    context = ssl.create_default_context(cafile=ca_file or None)
    if not ca_file and not context.cert_store_stats()["x509_ca"]:
        import certifi

        context.load_verify_locations(certifi.where())
    context.set_alpn_protocols(["http/1.1"])
    return context


def _readable(connection: socket.socket) -> bool:
    """An idle connection has nothing to say but that it is closed."""
    watch = poll()
    watch.register(connection.fileno(), select.POLLIN)
    return bool(watch.poll(0))


def _kind(error: Exception) -> str:
    """One of few words for why there is no answer, so that failures can be counted."""
    match error:
        case ssl.SSLCertVerificationError():
            return f"tls: {error.verify_message}"
        case ssl.SSLError():
            return f"tls: {error.reason or 'handshake failed'}"
        case socket.gaierror():
            return "dns"
        case ConnectionRefusedError():
            return "refused"
        case ConnectionError() | HTTPConnectionClosed():
            return "reset"
        case OSError():
            return f"connect: {error.strerror or type(error).__name__}"
        case _:
            return "protocol"


class OpenModel(locust.User):
    """The one user that sends the whole schedule."""

    fixed_count = 1
    job: Job

    @locust.task
    def drive(self) -> None:
        runner = self.environment.runner
        assert runner is not None
        try:
            tally = Run(self.job, self.environment).drive()
            if self.job.result:
                _write(Path(self.job.result), encode_tally(tally))
        finally:
            # Locust would call a task that has ended, or has failed, again.
            runner.quit()


def _write(path: Path, text: str) -> None:
    """All of it or nothing: a result that was cut short is no result."""
    part = path.with_name(f"{path.name}.tmp")
    part.write_text(text)
    part.replace(path)


@locust.events.init_command_line_parser.add_listener  # type: ignore[untyped-decorator]
def _options(parser: ArgumentParser) -> None:
    parser.add_argument(
        "--job",
        required=True,
        metavar="FILE",
        help="JSON file with the requests to send, see loadtests/README.md",
    )


@locust.events.init.add_listener  # type: ignore[untyped-decorator]
def _by_hand(environment: Environment, **_: object) -> None:
    if environment.parsed_options is not None:
        OpenModel.job = decode_job(Path(environment.parsed_options.job).read_text())


def _end_with_parent(result: Path) -> None:
    """The parent holds the other end of standard input; when it closes, nobody waits for the result or tidies up."""
    gevent.os.nb_read(0, 1)
    try:
        for left in (result, result.with_name(f"{result.name}.tmp"), result.with_name("stderr")):
            left.unlink(missing_ok=True)
        result.parent.rmdir()
    finally:
        os._exit(1)


def main() -> None:
    """Run the job that stands on the first line of standard input."""
    job = decode_job(sys.stdin.readline())
    # The default action of the alarm needs no Python: it ends even a generator that hangs.
    signal.setitimer(signal.ITIMER_REAL, job.deadline_s)
    os.set_blocking(0, False)
    gevent.spawn(_end_with_parent, Path(job.result))
    OpenModel.job = job
    runner = Environment(user_classes=[OpenModel], events=locust.events).create_local_runner()
    runner.start(1, spawn_rate=1)
    runner.greenlet.join()


if __name__ == "__main__":
    main()
