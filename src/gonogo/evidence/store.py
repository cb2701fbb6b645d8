"""Evidence records on disk: written by the collector's process, read by all others. A record appears whole or not at all."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

from gonogo import door
from gonogo.door import Door, Lines
from gonogo.errors import EvidenceMissing, RunUnreadable
from gonogo.evidence.records import Evidence

POLL_S = 0.01
JOURNAL = "sent.log"
"""Beside the folder: a line for each request that left, so that a second collector goes on with the same budget."""
QUIET = ".quiet"
"""There while times are measured: nobody on this machine may judge meanwhile."""
ENDED = ".ended"
"""There when nothing more will come; holds why, where that was not the end of the plan."""


class Store:
    """The `evidence/` folder of a run."""

    def __init__(self, folder: Path, door: Door | None = None) -> None:
        """Without a door it is for reading alone."""
        self.folder = folder
        self._door = door
        self._read: dict[str, Evidence] = {}
        self._arrived = threading.Condition()

    def path(self, evidence_id: str) -> Path:
        return self.folder / f"{evidence_id}.json"

    def __contains__(self, evidence_id: str) -> bool:
        return evidence_id in self._read or self.path(evidence_id).exists()

    # --- the collector's side ---

    @property
    def door(self) -> Door:
        assert self._door is not None, "this store is for reading"
        return self._door

    def begin(self, evidence_id: str) -> bool:
        """Note that gathering begins; False when it began before, in a process that did not live to write a record."""
        return door.mark(self.folder / f".{evidence_id}.begun")

    def write(self, evidence: Evidence) -> Evidence:
        """Store a record; returns it as it will be read back, without secrets. Raises OSError."""
        fields = self.door.scrub_json(evidence.to_json())
        door.replace(self.path(evidence.id), json.dumps(fields))
        kept = self._read[evidence.id] = Evidence.from_json(fields)
        return kept

    def attachments(self, evidence_id: str) -> tuple[str, ...]:
        """Names of the files beside a record."""
        found = (path for path in self.folder.glob(f"{evidence_id}.*") if path.suffix != ".json")
        return tuple(sorted(path.name for path in found))

    def journal(self) -> Lines:
        """What was sent. Raises OSError."""
        return self.door.lines(self.folder.parent / JOURNAL)

    def quiet(self) -> AbstractContextManager[None]:
        """For the time of the block nobody judges. Raises OSError."""
        return door.marked(self.folder / QUIET)

    # --- the side of those who judge ---

    def is_quiet(self) -> bool:
        """Times are being measured."""
        return (self.folder / QUIET).exists()

    def wake_the_judges(self) -> None:
        """Whoever measured times has died. Raises OSError."""
        door.forget(self.folder / QUIET)

    def end(self, why: str) -> None:
        """Say that nothing more will come. Raises OSError."""
        self.wake_the_judges()
        self.door.write(self.folder / ENDED, why)
        self.wake()

    def ended(self) -> str:
        """Why nothing more will come; empty while something may."""
        try:
            return (self.folder / ENDED).read_text(encoding="utf-8") or "it was not part of the plan"
        except FileNotFoundError:
            return ""

    def wake(self) -> None:
        """A record has arrived: those who wait may look."""
        with self._arrived:
            self._arrived.notify_all()

    def read(self, evidence_id: str) -> Evidence | None:
        """A record, or None when it is not there.

        Raises RunUnreadable when the file is not what `write` wrote.
        """
        if (found := self._read.get(evidence_id)) is not None:
            return found
        try:
            text = self.path(evidence_id).read_text(encoding="utf-8")
        except FileNotFoundError:
            return None
        except OSError as error:
            raise RunUnreadable(f"{self.path(evidence_id)}: {error.strerror}") from None
        try:
            evidence = Evidence.from_json(json.loads(text))
        except (ValueError, KeyError, TypeError) as error:
            raise RunUnreadable(f"{self.path(evidence_id)}: not an evidence record ({type(error).__name__})") from None
        self._read[evidence_id] = evidence
        return evidence

    def wait(
        self, evidence_id: str, *, timeout_s: float, alive: Callable[[], str], tick: Callable[[], None] | None = None
    ) -> Evidence:
        """A record, as soon as the collector has written it.

        `alive` says why waiting is pointless, or an empty string. Raises EvidenceMissing("deadline") at the time-out
        or when it is pointless.
        """
        deadline = time.monotonic() + timeout_s
        while (found := self.read(evidence_id)) is None:
            if (why := alive()) and self.read(evidence_id) is None:
                raise EvidenceMissing("deadline", f"{evidence_id} was not gathered: {why}")
            if time.monotonic() > deadline:
                raise EvidenceMissing("deadline", f"{evidence_id} was not gathered within {timeout_s:g} s")
            if tick is not None:
                tick()
            with self._arrived:
                self._arrived.wait(POLL_S)
        return found
