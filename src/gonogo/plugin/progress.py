"""What a person sees while a run goes on: a line a concern as it is finished, and on a terminal a live line below."""

from __future__ import annotations

import time
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping
from typing import TextIO

from gonogo.result import Outcome

TICK_S = 0.1
WIDTH = 78
SHOWN = (Outcome.PASS, Outcome.FAIL, Outcome.UNKNOWN, Outcome.NOT_APPLICABLE)
WORDS: Mapping[Outcome, str] = {
    Outcome.PASS: "pass",
    Outcome.FAIL: "FAIL",
    Outcome.UNKNOWN: "UNKNOWN",
    Outcome.NOT_APPLICABLE: "not applicable",
}


class Progress:
    """Told of every result and, while a test waits, of the collector's state; writes at most ten times a second."""

    def __init__(self, stream: TextIO, expected: Mapping[str, int], *, evidence: Callable[[], str] = str) -> None:
        """`expected` results by concern; `evidence` says in a few words what is being gathered."""
        self._stream = stream
        self._live = bool(getattr(stream, "isatty", lambda: False)())
        self._expected = dict(expected)
        self._evidence = evidence
        self._seen: dict[str, Counter[Outcome]] = defaultdict(Counter)
        self._told: set[str] = set()
        self._started = time.monotonic()
        self._last = 0.0
        self._drawn = False

    def result(self, concern: str, outcome: Outcome) -> None:
        """One result has come; the concern's line is written with its last one."""
        self._seen[concern][outcome] += 1
        if self._seen[concern].total() >= self._expected.get(concern, 0) and concern not in self._told:
            self._told.add(concern)
            self._write(self._line(concern))
        self.tick()

    def tick(self) -> None:
        """Redraw the live line, where there is a terminal."""
        now = time.monotonic()
        if not self._live or now - self._last < TICK_S:
            return
        self._last = now
        done, whole = sum(counts.total() for counts in self._seen.values()), sum(self._expected.values())
        text = f"{done} of {whole} judged · {self._evidence()} · {now - self._started:.0f} s"
        self._stream.write(f"\r\x1b[2K{text[:WIDTH]}")
        self._stream.flush()
        self._drawn = True

    def close(self) -> None:
        """Write the concerns that never became complete, and remove the live line."""
        for concern in self._seen:
            if concern not in self._told:
                self._told.add(concern)
                self._write(self._line(concern))
        self._erase()

    def _line(self, concern: str) -> str:
        counts = self._seen[concern]
        said = ", ".join(f"{counts[outcome]} {WORDS[outcome]}" for outcome in SHOWN if counts[outcome])
        missing = self._expected.get(concern, 0) - counts.total()
        if missing > 0:
            said += f", {missing} not judged"
        return f"  {concern:<14} {said}"

    def _erase(self) -> None:
        if self._drawn:
            self._stream.write("\r\x1b[2K")
            self._stream.flush()
            self._drawn = False

    def _write(self, text: str) -> None:
        self._erase()
        self._stream.write(f"{text}\n")
        self._stream.flush()
