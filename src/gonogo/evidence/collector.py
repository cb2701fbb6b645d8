"""The collector: one process of a run gathers every planned request, concurrently, while tests judge what has arrived.

Which process: the first to hold a lock on a file in the run's directory. The operating system frees the lock when that
process dies, however it dies; another then takes over and gathers what is still missing. So each distinct request is
sent once, whatever the number of workers, and limits on rate, budget and concurrency hold for the whole run.
"""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import importlib
import platform
import threading
import time
import traceback
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import anyio

import gonogo
from gonogo.environment.models import Environment
from gonogo.errors import EvidenceMissing, GonogoError, Unavailable
from gonogo.evidence import facts as fact_types
from gonogo.evidence.facts import Exchange, from_json
from gonogo.evidence.records import (
    STAGES,
    Attempt,
    Evidence,
    Failure,
    FailureKind,
    HttpRequest,
    Lane,
    Request,
    canonical,
    identity,
    only_once,
)
from gonogo.evidence.redirects import next_hop
from gonogo.evidence.store import Store
from gonogo.probes.context import Context
from gonogo.probes.guard import Guard

PROBES = {
    "http": "gonogo.probes.http",
    "burst": "gonogo.probes.burst",
    "tls": "gonogo.probes.tls",
    "browser": "gonogo.probes.browser",
    "database": "gonogo.probes.database",
    "load": "gonogo.probes.load",
    "trip": "gonogo.probes.trip",
}
"""Modules with `async def gather(request, context)`; imported when the plan needs them."""

PACKAGE = Path(gonogo.__file__).parent
RETRIED = frozenset({FailureKind.DNS, FailureKind.CONNECT})
"""Transport failures after which nothing has reached the target, so that one more try sends nothing twice."""
RETRY_AFTER_S = 0.25
BROWSERS = 6
"""Functional visits side by side: most of their time they wait and watch, so that more than two processors' worth fit."""
TRIPS = 2
TAKEOVER_POLL_S = 0.2
GRACE_S = 10.0
MAX_MESSAGE = 1500
"""Characters of why something could not be observed."""


def now() -> str:
    """UTC, ISO 8601 with microseconds."""
    return datetime.now(UTC).isoformat(timespec="microseconds")


def _crash(error: BaseException) -> str:
    """Where in gonogo it broke and what was said, in a first line that is never cut before its traceback is."""
    inner = error
    while isinstance(inner, BaseExceptionGroup) and len(inner.exceptions) == 1:
        inner = inner.exceptions[0]
    frames = traceback.extract_tb(inner.__traceback__) or traceback.extract_tb(error.__traceback__)
    ours = [frame for frame in frames if Path(frame.filename).is_relative_to(PACKAGE)] or frames
    where = f"{Path(ours[-1].filename).name}:{ours[-1].lineno} ({ours[-1].name}): " if ours else ""
    said = " ".join(traceback.format_exception_only(inner)).strip()
    told = "".join(traceback.format_exception(inner, limit=-4)).rstrip()
    return f"{where}{said}\n{told}"


@dataclass(slots=True)
class Progress:
    """What the collector is doing; read by the progress line."""

    planned: int = 0
    done: int = 0
    running: Counter[str] = field(default_factory=Counter)


class Collector:
    """Gathers a plan in a background thread, or waits for the process that does."""

    def __init__(
        self,
        *,
        environment: Environment,
        base: Path,
        store: Store,
        requests: Sequence[Request],
        run_id: str,
        scrub: Callable[[str], str] = str,
    ) -> None:
        """`base` is the folder of the environment file."""
        self.environment = environment
        self.store = store
        self.progress = Progress(planned=len(requests))
        self._base = base
        self._requests = tuple(requests)
        self._run_id = run_id
        self._scrub = scrub
        self._stop = threading.Event()
        self._ended = threading.Event()
        self._failure = ""
        self._thread = threading.Thread(target=self._lead, name="gonogo-collector", daemon=True)
        self._scope: anyio.CancelScope | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._started = time.monotonic()

    # --- called by the judging thread ---

    def start(self) -> None:
        self._started = time.monotonic()
        self._thread.start()

    def wait(self, request: Request, tick: Callable[[], None] | None = None) -> Evidence:
        """The evidence for a request. Raises EvidenceMissing("deadline") when it cannot come any more."""
        limit = self.environment.limits.run_timeout_s + GRACE_S
        left = max(self._started + limit - time.monotonic(), 0.0)
        return self.store.wait(identity(request), timeout_s=left, alive=self._pointless, tick=tick)

    def _pointless(self) -> str:
        if self._stop.is_set():
            return "the run was stopped"
        if self._ended.is_set():
            return self._failure or "it was not part of the plan"
        return ""

    def finish(self) -> None:
        """Wait until the whole plan is gathered, by whichever process."""
        self._ended.wait(
            timeout=max(self._started + self.environment.limits.run_timeout_s + GRACE_S - time.monotonic(), 0)
        )
        self.stop()

    def stop(self) -> None:
        """Give up what is not gathered yet; returns when browsers and connections are closed."""
        self._stop.set()
        if self._loop is not None and not self._ended.is_set():
            # RuntimeError says that the loop has ended in the meantime.
            with contextlib.suppress(RuntimeError):
                # Not waited for: a loop that is closing would never answer.
                self._loop.call_soon_threadsafe(self._cancel)
        if self._thread.is_alive():
            self._thread.join(timeout=GRACE_S)

    def _cancel(self) -> None:
        if self._scope is not None:
            self._scope.cancel()

    # --- the background thread ---

    def _missing(self) -> list[Request]:
        return [request for request in self._requests if identity(request) not in self.store]

    def _lead(self) -> None:
        lock = self.store.folder.parent / "collector.lock"
        try:
            with lock.open("a") as handle:
                while not self._stop.is_set():
                    self.progress.done = len(self._requests) - len(self._missing())
                    if self.progress.done == len(self._requests):
                        return
                    try:
                        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    except OSError:
                        self._stop.wait(TAKEOVER_POLL_S)
                        continue
                    anyio.run(self._gather_all)
                    return
        except BaseException as error:  # noqa: BLE001 - a thread's last line: whatever it was, the tests must hear of it
            self._failure = self._scrub(f"the collector crashed: {_crash(error)}")
        finally:
            self._ended.set()

    def _sent_before(self, journal: Path) -> int:
        try:
            return len(journal.read_text(encoding="utf-8").splitlines())
        except FileNotFoundError:
            return 0

    async def _gather_all(self) -> None:
        journal = self.store.folder.parent / "sent.log"
        sent = self._sent_before(journal)
        with journal.open("a", encoding="utf-8", buffering=1) as log:
            guard = Guard(
                self.environment,
                sent=sent,
                note=lambda method, url: print(self._scrub(f"{now()} {method} {url}"), file=log),
            )
            gathering = _Gathering(self, guard)
            with anyio.CancelScope() as scope:
                self._scope = scope
                self._loop = asyncio.get_running_loop()
                if self._stop.is_set():
                    scope.cancel()
                try:
                    for stage in STAGES:
                        await gathering.stage([r for r in self._missing() if r.lane in stage], self._left())
                finally:
                    with anyio.CancelScope(shield=True), anyio.move_on_after(GRACE_S):
                        await gathering.context.resources.aclose()

    def _left(self) -> float:
        return max(self._started + self.environment.limits.run_timeout_s - time.monotonic(), 0.0)


class _Gathering:
    """The event loop's side: lanes, each request once, records."""

    def __init__(self, collector: Collector, guard: Guard) -> None:
        self._store = collector.store
        self._scrub = collector._scrub
        self._progress = collector.progress
        self._flying: dict[str, anyio.Event] = {}
        self._lanes = {
            Lane.NETWORK: anyio.CapacityLimiter(collector.environment.limits.concurrency),
            Lane.DATABASE: anyio.CapacityLimiter(1),
            Lane.BROWSER: anyio.CapacityLimiter(BROWSERS),
            Lane.TRIP: anyio.CapacityLimiter(TRIPS),
            Lane.VITALS: anyio.CapacityLimiter(1),
            Lane.LOAD: anyio.CapacityLimiter(1),
            Lane.FINAL: anyio.CapacityLimiter(collector.environment.limits.concurrency),
            Lane.RATE: anyio.CapacityLimiter(1),
        }
        self.context = Context(
            environment=collector.environment,
            guard=guard,
            run_id=collector._run_id,
            folder=collector.store.folder,
            fetch=self.fetch,
            base=collector._base,
        )

    async def stage(self, requests: Sequence[Request], seconds_left: float) -> None:
        """Gather requests side by side, each in its lane; what is left at the deadline gets a record that says so."""
        with anyio.move_on_after(seconds_left) as scope:
            async with anyio.create_task_group() as group:
                for request in requests:
                    group.start_soon(self._in_lane, request)
        if scope.cancelled_caught:
            for request in requests:
                if identity(request) not in self._store:
                    self._record(
                        request,
                        now(),
                        (),
                        None,
                        Failure(FailureKind.DEADLINE, "the run's time was over before this was gathered"),
                    )

    async def _in_lane(self, request: Request) -> None:
        if identity(request) in self._flying:
            return
        async with self._lanes[request.lane]:
            evidence = await self.fetch(request)
        if isinstance(request, HttpRequest) and request.follow and evidence.facts is not None:
            onward = next_hop(request, from_json(Exchange, evidence.facts))
            if onward is not None:
                await self._in_lane(onward)

    async def fetch(self, request: Request) -> Evidence:
        """Evidence for a request, gathered now unless it is there or on its way."""
        name = identity(request)
        if (known := self._store.read(name)) is not None:
            return known
        if (flying := self._flying.get(name)) is not None:
            await flying.wait()
            if (known := self._store.read(name)) is not None:
                return known
        self._flying[name] = arrived = anyio.Event()
        self._progress.running[request.lane] += 1
        try:
            return await self._gather(request)
        finally:
            self._progress.running[request.lane] -= 1
            self._progress.done += 1
            arrived.set()

    async def _gather(self, request: Request) -> Evidence:
        attempts: list[Attempt] = []
        started = now()
        if only_once(request) and not self._store.begin(identity(request)):
            killed = Failure(FailureKind.CRASH, "the process that gathered this was killed in it; it is not sent twice")
            return self._record(request, started, (), None, killed)
        for last in (False, True):
            began, clock = now(), time.perf_counter()
            try:
                probe = importlib.import_module(PROBES[request.probe])
                found: Any = await probe.gather(request, self.context)
            except EvidenceMissing as error:
                failure = Failure(FailureKind(error.kind), error.message)
            except Unavailable as error:
                failure = Failure(FailureKind.UNAVAILABLE, str(error))
            except (GonogoError, Exception) as error:  # noqa: BLE001 - a bug in a probe is one piece of missing evidence
                failure = Failure(FailureKind.CRASH, _crash(error))
            else:
                attempts.append(Attempt(began, time.perf_counter() - clock))
                return self._record(request, started, tuple(attempts), fact_types.to_json(found), None)
            failure = self._clean(failure)
            attempts.append(Attempt(began, time.perf_counter() - clock, failure))
            if last or failure.kind not in RETRIED:
                return self._record(request, started, tuple(attempts), None, failure)
            await anyio.sleep(RETRY_AFTER_S)
        raise AssertionError("unreachable")  # pragma: no cover

    def _clean(self, failure: Failure) -> Failure:
        """Without secrets first, and then of bounded length: a secret that was cut through could not be told any more."""
        said = self._scrub(failure.message)
        return Failure(
            failure.kind, said if len(said) <= MAX_MESSAGE else f"{said[:300]} … {said[300 - MAX_MESSAGE :]}"
        )

    def _record(
        self,
        request: Request,
        started: str,
        attempts: tuple[Attempt, ...],
        found: dict[str, Any] | None,
        failure: Failure | None,
    ) -> Evidence:
        name = identity(request)
        return self._store.write(
            Evidence(
                id=name,
                request=canonical(request),
                started=started,
                ended=now(),
                tool=f"gonogo {gonogo.__version__} python {platform.python_version()}",
                attempts=attempts,
                facts=found,
                failure=failure,
                attachments=tuple(
                    sorted(
                        path.name
                        for path in self._store.folder.glob(f"{name}.*")
                        if path.suffix not in {".json", ".tmp"}
                    )
                ),
            )
        )
