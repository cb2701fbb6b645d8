"""The collector's process: `python -m gonogo.gathering`, started by the process that judges and ended with it.

It reads its job and its plans from standard input, and tells its progress on standard output, a line of JSON each. When
the pipe closes, whatever the reason, it gives up what is not gathered yet and closes its browsers and connections.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
import sys
from collections.abc import Callable

import anyio

from gonogo.door import Door
from gonogo.environment.secrets import Scrubber
from gonogo.evidence.records import Json, Request
from gonogo.evidence.store import Store
from gonogo.gathering.collector import Collector, crash_words
from gonogo.gathering.job import Job, read_job, read_request

MAX_LINE = 256_000_000
"""Bytes of one line; a plan of a hundred thousand requests is a tenth of it."""
FAILED = 1


class Teller:
    """Progress, a line at a time; a reader that has gone is no reason to fail."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor

    def tell(self, fields: Json) -> None:
        with contextlib.suppress(OSError):
            os.write(self._descriptor, (json.dumps(fields) + "\n").encode())


class Orders:
    """What stands on standard input: plans to gather, and the word that nobody else is at work."""

    def __init__(self, stream: asyncio.StreamReader) -> None:
        self._stream = stream
        self.plans: list[list[Request]] = []
        self.settled = anyio.Event()
        self._changed = anyio.Event()
        self.closed = False

    async def listen(self, ended: Callable[[], None]) -> None:
        """Read until the pipe closes, then call `ended`."""
        while line := await self._stream.readline():
            fields = json.loads(line)
            if "gather" in fields:
                self.plans.append([read_request(one) for one in fields["gather"]])
            self.closed = self.closed or bool(fields.get("enough"))
            if fields.get("settled"):
                self.settled.set()
            self._changed.set()
            self._changed = anyio.Event()
        ended()

    async def next(self) -> list[Request] | None:
        """The next plan; None when there will be none."""
        while not self.plans:
            if self.closed:
                return None
            await self._changed.wait()
        return self.plans.pop(0)


async def serve(teller: Teller) -> int:
    """Gather until told that there is no more, or until the pipe closes."""
    loop = asyncio.get_running_loop()
    stream = asyncio.StreamReader(limit=MAX_LINE)
    pipe, _ = await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(stream), sys.stdin)
    with anyio.CancelScope() as scope:
        loop.add_signal_handler(signal.SIGTERM, scope.cancel)
        # Ctrl-C reaches the whole group of processes: what ends with it is told by the pipe.
        loop.add_signal_handler(signal.SIGINT, lambda: None)
        first = await stream.readline()
        if not first:
            return 0
        job = read_job(first.decode())
        teller.tell({"ready": True})
        _warm_up()
        await _serve(job, Orders(stream), teller, scope)
        pipe.close()
        teller.tell({"ended": True})
        return 0
    pipe.close()
    return FAILED


async def _serve(job: Job, orders: Orders, teller: Teller, scope: anyio.CancelScope) -> None:
    scrubber = Scrubber(job.secrets)
    collector = Collector(
        environment=job.environment,
        base=job.base,
        store=Store(job.folder / "evidence", Door(scrubber.scrub, scrubber.scrub_json)),
        run_id=job.run_id,
        scrub=scrubber.scrub,
        tell=teller.tell,
        settled=orders.settled.wait,
    )
    async with anyio.create_task_group() as group:
        group.start_soon(orders.listen, scope.cancel)
        while (requests := await orders.next()) is not None:
            await collector.gather(requests)
        group.cancel_scope.cancel()


def _warm_up() -> None:
    """Import what every run needs while the plan is being made."""
    import gonogo.probes.http.probe
    import gonogo.probes.tls.probe  # noqa: F401


def main() -> int:
    """Returns 0 when everything that was asked for has a record, or when the pipe closed before anything was."""
    teller = Teller(os.dup(1))
    # Whatever a library or a child prints is no progress.
    os.dup2(2, 1)
    try:
        return anyio.run(serve, teller)
    except BaseException as error:  # noqa: BLE001 - whatever it was, the process that judges must hear of it
        teller.tell({"failed": crash_words(error)})
        return FAILED


if __name__ == "__main__":
    sys.exit(main())
