"""Evidence records on disk, shared by every process of a run. A record appears whole or not at all."""

from __future__ import annotations

import json
import os
import threading
import time
from collections.abc import Callable
from pathlib import Path

from gonogo.errors import EvidenceMissing, RunUnreadable
from gonogo.evidence.records import Evidence, Json

POLL_S = 0.01


class Store:
    """The `evidence/` folder of a run."""

    def __init__(self, folder: Path, *, scrub: Callable[[Json], Json] | None = None) -> None:
        """`scrub` removes secrets from a record before it is written."""
        self.folder = folder
        self._scrub = scrub
        self._read: dict[str, Evidence] = {}
        self._arrived = threading.Condition()

    def path(self, evidence_id: str) -> Path:
        return self.folder / f"{evidence_id}.json"

    def __contains__(self, evidence_id: str) -> bool:
        return evidence_id in self._read or self.path(evidence_id).exists()

    def begin(self, evidence_id: str) -> bool:
        """Note that gathering begins; False when it began before, in a process that did not live to write a record."""
        try:
            (self.folder / f".{evidence_id}.begun").touch(exist_ok=False)
        except FileExistsError:
            return False
        return True

    def write(self, evidence: Evidence) -> Evidence:
        """Store a record; returns it as it will be read back, without secrets."""
        fields = evidence.to_json()
        if self._scrub is not None:
            evidence = Evidence.from_json(fields := self._scrub(fields))
        text = json.dumps(fields, ensure_ascii=True)
        path = self.path(evidence.id)
        temporary = path.with_suffix(f".{os.getpid()}.tmp")
        temporary.write_text(text, encoding="utf-8")
        temporary.replace(path)
        with self._arrived:
            self._read[evidence.id] = evidence
            self._arrived.notify_all()
        return evidence

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
        """A record, as soon as any process has written it.

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
                if evidence_id not in self._read:
                    self._arrived.wait(POLL_S)
        return found
