"""The collector: gathers every planned request once, concurrently, in one event loop that does nothing else.

Each stage follows the one before; lanes of one stage run side by side. What a collector before this one has left in the
store is not gathered again, and what may be sent only once is not sent again. Limits on rate, budget and concurrency hold
for the whole run, because one process counts them.
"""

from __future__ import annotations

import importlib
import platform
import time
import traceback
from collections import Counter
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import anyio

import gonogo
from gonogo.environment.models import Environment
from gonogo.errors import EvidenceMissing, GonogoError, Unavailable
from gonogo.evidence.codec import to_json
from gonogo.evidence.records import (
    STAGES,
    Attempt,
    Evidence,
    Failure,
    FailureKind,
    Json,
    Lane,
    Request,
    canonical,
    identity,
)
from gonogo.evidence.store import Store
from gonogo.probes.context import Context
from gonogo.probes.guard import Guard
from gonogo.probes.kinds import kind_of

PACKAGE = Path(gonogo.__file__).parent
RETRIED = frozenset({FailureKind.DNS, FailureKind.CONNECT})
"""Transport failures after which nothing has reached the target, so that one more try sends nothing twice."""
RETRY_AFTER_S = 0.25
BROWSERS = 6
"""Functional visits side by side: most of their time they wait and watch, so that more than two processors' worth fit."""
TRIPS = 2
GRACE_S = 10.0
"""For browsers and connections to close."""
MAX_MESSAGE = 1500
"""Characters of why something could not be observed."""
TIMED = frozenset({Lane.VITALS, Lane.LOAD})
"""Lanes whose times are the evidence: while they run, nobody on this machine may judge."""


def now() -> str:
    """UTC, ISO 8601 with microseconds."""
    return datetime.now(UTC).isoformat(timespec="microseconds")


def crash_words(error: BaseException) -> str:
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


async def at_once() -> None:
    """What a timed stage waits for where nobody else is at work on this machine."""


class Collector:
    """One process's part in gathering a run's evidence."""

    def __init__(
        self,
        *,
        environment: Environment,
        base: Path,
        store: Store,
        run_id: str,
        scrub: Callable[[str], str] = str,
        tell: Callable[[Json], None] = lambda _: None,
        settled: Callable[[], Any] = at_once,
    ) -> None:
        """`base` is the folder of the environment file; `tell` hears of progress; `settled` is awaited before a timed stage."""
        self.environment = environment
        self.store = store
        self._base = base
        self._run_id = run_id
        self._scrub = scrub
        self._tell = tell
        self._settled = settled
        self._ends = time.monotonic() + environment.limits.run_timeout_s

    async def gather(self, requests: Sequence[Request]) -> None:
        """Gather what is missing; returns when browsers and connections are closed, also when it is cancelled."""
        journal = self.store.journal()
        with journal:
            guard = Guard(
                self.environment,
                sent=journal.before,
                note=lambda method, url: journal.line(f"{now()} {method} {url}"),
            )
            gathering = _Gathering(self, guard, planned=len(requests))
            try:
                for stage in STAGES:
                    await self._stage(gathering, [one for one in requests if one.lane in stage])
            finally:
                with anyio.CancelScope(shield=True), anyio.move_on_after(GRACE_S):
                    await gathering.context.resources.aclose()

    async def _stage(self, gathering: _Gathering, requests: Sequence[Request]) -> None:
        missing = [one for one in requests if identity(one) not in self.store]
        if not missing:
            return
        left = max(self._ends - time.monotonic(), 0.0)
        if not any(one.lane in TIMED for one in missing):
            await gathering.stage(missing, left)
            return
        await self._settled()
        with self.store.quiet():
            await gathering.stage(missing, left)


class _Gathering:
    """Lanes, each request once, records."""

    def __init__(self, collector: Collector, guard: Guard, *, planned: int) -> None:
        self._store = collector.store
        self._scrub = collector._scrub
        self._tell = collector._tell
        self._planned = planned
        self._done = 0
        self._running: Counter[str] = Counter()
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
        onward = kind_of(request).onward(request, evidence)
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
        self._under_way(request, 1)
        try:
            return await self._gather(request)
        finally:
            self._done += 1
            self._under_way(request, -1)
            arrived.set()

    def _under_way(self, request: Request, change: int) -> None:
        self._running[request.lane.value] += change
        running = sorted(lane for lane, count in self._running.items() if count > 0)
        self._tell({"done": self._done, "planned": self._planned, "running": running})

    async def _gather(self, request: Request) -> Evidence:
        attempts: list[Attempt] = []
        started = now()
        kind = kind_of(request)
        if kind.once(request) and not self._store.begin(identity(request)):
            killed = Failure(FailureKind.CRASH, "the process that gathered this was killed in it; it is not sent twice")
            return self._record(request, started, (), None, killed)
        for last in (False, True):
            began, clock = now(), time.perf_counter()
            try:
                self.context.guard.permit(request)
                probe = importlib.import_module(kind.module)
                found: Any = await probe.gather(request, self.context)
            except EvidenceMissing as error:
                failure = Failure(FailureKind(error.kind), error.message)
            except Unavailable as error:
                failure = Failure(FailureKind.UNAVAILABLE, str(error))
            except (GonogoError, Exception) as error:  # noqa: BLE001 - a bug in a probe is one piece of missing evidence
                failure = Failure(FailureKind.CRASH, crash_words(error))
            else:
                attempts.append(Attempt(began, time.perf_counter() - clock))
                return self._record(request, started, tuple(attempts), to_json(found), None)
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
                attachments=self._store.attachments(name),
            )
        )
