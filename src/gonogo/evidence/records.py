"""Evidence: what to observe (requests) and what was observed (records). Frozen, JSON, never a judgement.

A request's id is a digest of its content, so two checks that ask for the same thing share one observation.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from functools import cache
from typing import Any, ClassVar

Json = dict[str, Any]


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


@dataclass(frozen=True, slots=True)
class HttpRequest:
    """One HTTP request on the wire; redirects are never followed by the request itself."""

    probe: ClassVar[str] = "http"
    url: str
    method: str = "GET"
    role: str = "anonymous"
    headers: tuple[tuple[str, str], ...] = ()
    lane: Lane = Lane.NETWORK
    follow: int = 0
    """How many redirects are gathered as further requests of their own. Not part of the id."""


@dataclass(frozen=True, slots=True)
class BurstRequest:
    """The same GET up to `count` times, one after another, until one is refused with 429 or 403."""

    probe: ClassVar[str] = "burst"
    url: str
    count: int
    role: str = "anonymous"
    lane: Lane = Lane.RATE


@dataclass(frozen=True, slots=True)
class TlsRequest:
    """TLS handshakes with each address of a host: one verified, the others asking what it accepts."""

    probe: ClassVar[str] = "tls"
    host: str
    port: int = 443
    floor: str = "1.2"
    """The environment's minimum version, `1.2` or `1.3`; one handshake offers less."""
    groups: tuple[str, ...] = ()
    """Key agreement groups to ask for beside X25519MLKEM768, one handshake each."""
    lane: Lane = Lane.NETWORK


@dataclass(frozen=True, slots=True)
class Step:
    """One step of a browser visit. `action` is one of:

    goto (value: URL) · reload · wait (value: seconds) · scroll · consent (value: accept or reject)
    · click (value: selector) · interact (value: selector, a trusted click whose INP is awaited)
    · keystroke (value: key, a space, selector; as interact) · again (value: URL): a further measured load, with an empty
      cache, of a visitor whose choice is stored
    · preferences: open the consent layer's preferences · reopen: open the choice again, by the page's link or icon
    · save: store the preferences' selection as it is · close: close the first layer without an answer
    · policy: go where the first consent layer's policy link leads · restart: as if the browser was closed and opened
    · expire (value: days): as if so much time had passed · cookie (value: name=value): put a cookie in place
    · axe, reflow, motion (value: label), tab (value: selector or `reject`), reduce motion, dismiss (value: `shown` where a
      banner must be), press (value: key),
      shown (value: selector): see probes/browser/assess.py
    · journey (value: its name): the steps of a declared journey · throw (value: its words): an error that nobody catches,
      of these words and the run's tag, after asking the page for its error tracker's client
    · sink: write markup to `innerHTML` as a script of the page
    · snapshot (value: label): record cookies, storage, banner and how many requests were seen so far.
    """

    action: str
    value: str = ""


@dataclass(frozen=True, slots=True)
class Spare:
    """A repetition that is made only where the first ones leave a budget in doubt: a median over it, the best run within."""

    runs: int
    """How many repetitions come first."""
    limits: tuple[tuple[str, str, float], ...]
    """State of the load, metric and budget: `("first", "lcp_ms", 2500.0)`."""


@dataclass(frozen=True, slots=True)
class VisitRequest:
    """One visit in a fresh browser context: steps, then everything that was seen."""

    probe: ClassVar[str] = "browser"
    name: str
    """What a person calls it: `consent-reject`, `vitals-desktop-/`."""
    steps: tuple[Step, ...]
    device: str = "desktop"
    run: int = 0
    """Number of a repetition; part of the id, so that repetitions are distinct requests."""
    measure: bool = False
    """Collect Web Vitals (of the first `goto` and of each `again`) and await INP after `interact`."""
    throttle: str = ""
    """Name of the slow-down of a measured visit (probes/browser/measure.py); empty: none."""
    coverage: bool = False
    """Tell which scripts and styles were used; that slows them down, so such a visit is not judged."""
    spare: Spare | None = None
    """Set on a repetition that may turn out to be unneeded."""
    privacy: bool = False
    """Record what PrivacyView and CookieWrite hold."""
    gpc: bool = False
    """Send Global Privacy Control: the header Sec-GPC and navigator.globalPrivacyControl."""
    locale: str = ""
    """BCP 47 language tag of the browser; empty for its own."""
    timezone: str = ""
    """IANA name; empty for the machine's."""
    lane: Lane = Lane.BROWSER

    @property
    def url(self) -> str:
        return next(step.value for step in self.steps if step.action == "goto")

    @property
    def navigations(self) -> int:
        return sum(step.action in {"goto", "reload", "again", "policy"} for step in self.steps)


@dataclass(frozen=True, slots=True)
class DatabaseRequest:
    """The catalogue of a declared database and the timings of its declared queries, in one read-only transaction."""

    probe: ClassVar[str] = "database"
    database: str
    lane: Lane = Lane.DATABASE


@dataclass(frozen=True, slots=True)
class LoadRequest:
    """One run of a declared load profile."""

    probe: ClassVar[str] = "load"
    profile: str
    lane: Lane = Lane.LOAD


@dataclass(frozen=True, slots=True)
class TripRequest:
    """Something is sent with a tag of the run's own, and looked for until it is there, or gone."""

    probe: ClassVar[str] = "trip"
    name: str
    """`errors` or `deletion`: which of the declared ones."""
    visit: VisitRequest | None = None
    """The visit that sends it, in place of a request; it is gathered once like any other."""
    lane: Lane = Lane.TRIP


Request = HttpRequest | BurstRequest | TlsRequest | VisitRequest | DatabaseRequest | LoadRequest | TripRequest
REQUESTS: dict[str, type[Request]] = {
    one.probe: one
    for one in (HttpRequest, BurstRequest, TlsRequest, VisitRequest, DatabaseRequest, LoadRequest, TripRequest)
}


def canonical(request: Request) -> Json:
    """The request as JSON, with its probe's name."""
    return {"probe": request.probe, **json.loads(json.dumps(asdict(request)))}


def only_once(request: Request) -> bool:
    """Whether sending this again could do harm: load, bursts, trips, and methods that are not safe (RFC 9110 §9.2.1)."""
    return request.probe in {"load", "burst", "trip"} or (
        isinstance(request, HttpRequest) and request.method not in SAFE_METHODS
    )


@cache
def identity(request: Request) -> str:
    """The id of the evidence that answers this request: `http-1f0c…`, the same in every process and run."""
    content = {key: value for key, value in canonical(request).items() if key != "follow"}
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
