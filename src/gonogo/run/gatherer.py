"""The collector's process, as the process that judges sees it: started early, told what to gather, waited for, ended."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from queue import SimpleQueue

from gonogo.evidence.records import Evidence, Request, identity
from gonogo.evidence.store import Store
from gonogo.gathering.job import Job, job_line, plan_line

GRACE_S = 10.0
"""For browsers and connections to close; then SIGTERM, and as long again, and SIGKILL."""
PAUSE_S = 0.05
STARTS = 2
"""A collector that dies is started once more, for what is missing."""
LAST_WORDS = 6
"""Lines of its standard error that are told where it dies without a word."""


@dataclass(slots=True)
class Progress:
    """What the collector is doing; read by the progress line."""

    planned: int = 0
    done: int = 0
    running: tuple[str, ...] = ()


class Gatherer:
    """Starts `python -m gonogo.gathering` and hears of its progress.

    Its lines are read and written by threads of ours that do nothing else; no event loop and no probe runs in this process.
    """

    def __init__(self) -> None:
        self.progress = Progress()
        self._lines: list[str] = []
        """Everything it was told, for one that is started in its place."""
        self._orders: SimpleQueue[str] = SimpleQueue()
        self._lock = threading.Lock()
        self._store: Store | None = None
        self._scrub: Callable[[str], str] = str
        self._limit_s = 0.0
        self._begun = time.monotonic()
        self._stopped = False
        self._over = threading.Event()
        self._why = ""
        self._said = ""
        self._words: deque[str] = deque(maxlen=LAST_WORDS)
        self._starts = 0
        self._process = self._start()

    # --- what it is told ---

    def describe(self, job: Job, store: Store, scrub: Callable[[str], str]) -> None:
        """What is verified, and where records go."""
        self._store, self._scrub = store, scrub
        self._limit_s = job.environment.limits.run_timeout_s + 2 * GRACE_S
        self._begun = time.monotonic()
        self._tell(job_line(job))

    def gather(self, requests: Sequence[Request]) -> None:
        """Gather these too."""
        self._tell(plan_line(requests))

    def settle(self) -> None:
        """No more plans will come, and this machine is quiet: what measures times may begin."""
        self._tell(json.dumps({"settled": True, "enough": True}))

    # --- what it has seen ---

    def wait(self, request: Request, tick: Callable[[], None] | None = None) -> Evidence:
        """The evidence for a request. Raises EvidenceMissing("deadline") when it cannot come any more."""
        assert self._store is not None
        left = max(self._begun + self._limit_s - time.monotonic(), 0.0)
        return self._store.wait(identity(request), timeout_s=left, alive=self._pointless, tick=tick)

    def _pointless(self) -> str:
        if self._stopped:
            return "the run was stopped"
        return (self._why or "it was not part of the plan") if self._over.is_set() else ""

    # --- the end ---

    def finish(self) -> None:
        """Wait until the whole plan is gathered."""
        self.settle()
        self._over.wait(timeout=max(self._begun + self._limit_s - time.monotonic(), 0.0))
        self.stop()

    def stop(self) -> None:
        """Give up what is not gathered yet; returns when its browsers and connections are closed."""
        with self._lock:
            self._stopped = True
            process = self._process
            self._orders.put("")
        _close(process)
        for sign in (signal.SIGTERM, signal.SIGKILL):
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(GRACE_S)
                break
            process.send_signal(sign)
        process.wait()
        self._reader.join(GRACE_S)

    # --- threads ---

    def _start(self) -> subprocess.Popen[bytes]:
        self._starts += 1
        process = subprocess.Popen(
            [sys.executable, "-m", "gonogo.gathering"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            bufsize=0,
        )
        self._reader = threading.Thread(target=self._listen, args=(process,), name="gonogo-gatherer", daemon=True)
        # What it was told goes first to one that is started in another's place.
        self._orders = SimpleQueue()
        for line in self._lines:
            self._orders.put(line)
        threading.Thread(target=_write, args=(process, self._orders), name="gonogo-orders", daemon=True).start()
        threading.Thread(target=self._overhear, args=(process,), name="gonogo-last-words", daemon=True).start()
        self._reader.start()
        return process

    def _tell(self, line: str) -> None:
        with self._lock:
            self._lines.append(line)
            self._orders.put(line)

    def _listen(self, process: subprocess.Popen[bytes]) -> None:
        assert process.stdout is not None
        ended = False
        with process.stdout:
            for line in process.stdout:
                fields = json.loads(line)
                ended = ended or bool(fields.get("ended"))
                self._said = str(fields.get("failed", self._said))
                if "done" in fields:
                    self.progress = Progress(fields["planned"], fields["done"], tuple(fields["running"]))
                if self._store is not None:
                    self._store.wake()
        status = process.wait()
        _close(process)
        with self._lock:
            if not ended and not self._stopped:
                self._why = self._scrub(
                    self._said or ": ".join(filter(None, (f"the collector {_ending(status)}", " | ".join(self._words))))
                )
                if self._starts < STARTS:
                    self._orders.put("")
                    if self._store is not None:
                        self._store.wake_the_judges()
                    self._process = self._start()
                    return
        if self._store is not None:
            with contextlib.suppress(OSError):
                self._store.end("the run was stopped" if self._stopped else self._why if not ended else "")
        self._over.set()

    def _overhear(self, process: subprocess.Popen[bytes]) -> None:
        assert process.stderr is not None
        with process.stderr:
            for line in process.stderr:
                if text := line.decode(errors="replace").strip():
                    self._words.append(text[:300])


def hold(store: Store | None, tick: Callable[[], None] | None = None) -> None:
    """Return when no times are being measured: who judges meanwhile would be in them."""
    while store is not None and store.is_quiet() and not store.ended():
        if tick is not None:
            tick()
        time.sleep(PAUSE_S)


def _ending(status: int) -> str:
    return f"was ended by {signal.Signals(-status).name}" if status < 0 else f"ended with status {status}"


def _write(process: subprocess.Popen[bytes], orders: SimpleQueue[str]) -> None:
    """Write each order as a line, until an empty one, or until nobody reads them."""
    assert process.stdin is not None
    with contextlib.suppress(OSError, ValueError):
        while line := orders.get():
            content = memoryview(f"{line}\n".encode())
            while content:
                content = content[os.write(process.stdin.fileno(), content) :]


def _close(process: subprocess.Popen[bytes]) -> None:
    assert process.stdin is not None
    with contextlib.suppress(OSError):
        process.stdin.close()
