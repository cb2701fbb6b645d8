"""Evidence: what to observe (requests) and what was observed (records). Frozen, JSON, never a judgement.

A request's id is a digest of its content, so two checks that ask for the same thing share one observation.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import Field, asdict, dataclass, field, fields
from enum import StrEnum
from functools import cache
from typing import Any, ClassVar, Protocol, TypeVar

from gonogo.evidence.codec import from_json

Json = dict[str, Any]
Facts = TypeVar("Facts")


class Lane(StrEnum):
    """When and beside what a request may run; lanes keep evidence honest."""

    NETWORK = "network"
    DATABASE = "database"
    BROWSER = "browser"
    TRIP = "trip"
    """Beside all of these, with places of its own: what it waits for may be one of them."""
    VITALS = "vitals"
    """Alone on this machine: timings are the evidence."""
    LOAD = "load"
    """After everything that load could disturb, and alone."""
    FINAL = "final"
    """After everything else: what must still be true at the end of the run."""
    RATE = "rate"
    """Last and one request after another: a client that was refused may be refused for a while."""


STAGES: tuple[frozenset[Lane], ...] = (
    frozenset({Lane.NETWORK, Lane.DATABASE, Lane.BROWSER, Lane.TRIP}),
    frozenset({Lane.VITALS}),
    frozenset({Lane.LOAD}),
    frozenset({Lane.FINAL}),
    frozenset({Lane.RATE}),
)
"""Lanes of one stage run side by side; a stage begins when the one before has ended."""


SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
"""RFC 9110 §9.2.1, without TRACE, which echoes credentials."""


class FailureKind(StrEnum):
    """Why something could not be observed."""

    GUARD = "guard"
    DNS = "dns"
    CONNECT = "connect"
    TLS = "tls"
    TIMEOUT = "timeout"
    PROTOCOL = "protocol"
    """Reset, truncated or malformed answer."""
    TOO_LARGE = "too-large"
    UNAVAILABLE = "unavailable"
    """Browser, driver or another local part is missing."""
    AUTHENTICATION = "authentication"
    DEADLINE = "deadline"
    """The run ended before this could be gathered."""
    INVALID = "invalid"
    """Gathered, but not fit to judge: a saturated load generator, a metric that never came."""
    UNNEEDED = "unneeded"
    """Planned for a case of doubt that did not arise; nothing was sent."""
    CRASH = "crash"
    """A bug in gonogo; the message holds the last lines of the traceback."""


class Request(Protocol):
    """What can be asked: a frozen dataclass, of one of the kinds that `gonogo.probes.kinds` lists."""

    __dataclass_fields__: ClassVar[dict[str, Field[Any]]]
    probe: ClassVar[str]
    """Name of its kind."""

    @property
    def lane(self) -> Lane: ...

    def __hash__(self) -> int: ...


UNNAMED = {"unnamed": True}
"""Metadata of a request's field that is not part of its id."""


def canonical(request: Request) -> Json:
    """The request as JSON, with its probe's name."""
    return {"probe": request.probe, **json.loads(json.dumps(asdict(request)))}


@cache
def identity(request: Request) -> str:
    """The id of the evidence that answers this request: `http-1f0c…`, the same in every process and run."""
    unnamed = {one.name for one in fields(request) if one.metadata.get("unnamed")}
    content = {key: value for key, value in canonical(request).items() if key not in unnamed}
    digest = hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()
    return f"{request.probe}-{digest[:16]}"


@dataclass(frozen=True, slots=True)
class Failure:
    """Why there are no facts."""

    kind: FailureKind
    message: str


@dataclass(frozen=True, slots=True)
class Attempt:
    """One try of a transport; a later success never hides it."""

    started: str
    seconds: float
    failure: Failure | None = None


@dataclass(frozen=True, slots=True)
class Evidence:
    """One observation. Exactly one of `facts` and `failure` is set."""

    id: str
    request: Json
    started: str
    """UTC, ISO 8601 with microseconds and `+00:00`."""
    ended: str
    tool: str
    attempts: tuple[Attempt, ...] = ()
    facts: Json | None = None
    failure: Failure | None = None
    attachments: tuple[str, ...] = ()
    """File names beside the record: `<id>.png`."""
    _seen: dict[type[object], object] = field(default_factory=dict, init=False, repr=False, compare=False)

    def seen(self, facts: type[Facts]) -> Facts:
        """The facts as their kind's type, read once: many checks judge the same record.

        Raises pydantic.ValidationError (a ValueError) where they are of another kind, or where there are none.
        """
        if facts not in self._seen:
            self._seen[facts] = from_json(facts, self.facts or {})
        return self._seen[facts]  # type: ignore[return-value]

    def to_json(self) -> Json:
        # Not asdict: the facts of a large page would be copied node by node.
        return {
            "id": self.id,
            "request": self.request,
            "started": self.started,
            "ended": self.ended,
            "tool": self.tool,
            "attempts": [
                {"started": one.started, "seconds": one.seconds, "failure": _failure_json(one.failure)}
                for one in self.attempts
            ],
            "facts": self.facts,
            "failure": _failure_json(self.failure),
            "attachments": list(self.attachments),
        }

    @classmethod
    def from_json(cls, fields: Json) -> Evidence:
        """Read what `to_json` wrote. Raises KeyError, TypeError or ValueError on anything else."""
        return cls(
            id=str(fields["id"]),
            request=dict(fields["request"]),
            started=str(fields["started"]),
            ended=str(fields["ended"]),
            tool=str(fields["tool"]),
            attempts=tuple(
                Attempt(str(a["started"]), float(a["seconds"]), _failure(a["failure"])) for a in fields["attempts"]
            ),
            facts=fields["facts"],
            failure=_failure(fields["failure"]),
            attachments=tuple(fields["attachments"]),
        )


def _failure_json(failure: Failure | None) -> Json | None:
    return None if failure is None else {"kind": failure.kind.value, "message": failure.message}


def _failure(fields: Json | None) -> Failure | None:
    return None if fields is None else Failure(FailureKind(fields["kind"]), str(fields["message"]))


@dataclass(frozen=True, slots=True)
class PlanEntry:
    """One line of the plan: what will be sent, before anything is."""

    probe: str
    method: str
    target: str
    role: str
    lane: str
    count: int
    id: str = field(default="", compare=False)
    name: str = ""
    """What a person calls it: `consent reject`, `load profile smoke`, `errors round trip`; empty where the target says all."""
    does: tuple[str, ...] = ()
    """What a visit does beside opening its target, in words and in order; the headers that an HTTP request has of its own."""
    run: int = 0
    """Number of a repetition."""
