"""What a probe gets beside its request."""

from __future__ import annotations

import re
import secrets
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

import anyio

from gonogo.environment.models import Environment
from gonogo.evidence.records import Evidence, Request
from gonogo.probes.guard import Guard

Resource = TypeVar("Resource")


@dataclass(slots=True)
class Context:
    """One run's surroundings, shared by all probes of the gathering process and used in its event loop only."""

    environment: Environment
    guard: Guard
    run_id: str
    folder: Path
    """Where attachments go: the run's evidence directory."""
    fetch: Callable[[Request], Awaitable[Evidence]]
    """Another piece of evidence, gathered once a run like any other. Never raises EvidenceMissing: look at `failure`."""
    resources: AsyncExitStack = field(default_factory=AsyncExitStack)
    """Closed when gathering has ended."""
    base: Path = field(default_factory=Path)
    """The folder of the environment file; relative paths in it start here."""
    token: str = field(default_factory=lambda: secrets.token_hex(4))
    """Tells this process of a run from another that took over."""
    _shared: dict[str, object] = field(default_factory=dict)
    _lock: anyio.Lock = field(default_factory=anyio.Lock)

    @property
    def tag(self) -> str:
        """What this run leaves in the target is known by it. Fits the name of a mailbox (RFC 5321 §4.5.3.1.1), in any case."""
        run = re.sub(r"[^a-z0-9]+", "-", self.run_id.lower())[:16].strip("-")
        return f"gonogo-{run}-{self.token}"

    async def shared(self, name: str, make: Callable[[], Awaitable[Resource]]) -> Resource:
        """A resource that lives for the run, such as one browser; made on first use."""
        async with self._lock:
            if name not in self._shared:
                self._shared[name] = await make()
            return self._shared[name]  # type: ignore[return-value]

    def attach(self, evidence_id: str, suffix: str) -> Path:
        """Where to write an attachment of a record: `<folder>/<id><suffix>`."""
        return self.folder / f"{evidence_id}{suffix}"
