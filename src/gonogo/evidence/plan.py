"""The plan: every request of a run, listed before the first is sent."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType
from urllib.parse import urlsplit

from gonogo.environment.models import POST_QUANTUM, Environment, Row, Sending, Tls
from gonogo.evidence.records import (
    BurstRequest,
    DatabaseRequest,
    HttpRequest,
    Lane,
    LoadRequest,
    PlanEntry,
    Request,
    Step,
    TlsRequest,
    TripRequest,
    VisitRequest,
    identity,
)
from gonogo.formats.polling import pauses

LANES = tuple(Lane)
SHORT_S = 2.0
"""A shorter wait is not worth a word."""
WORDS: Mapping[str, Callable[[str], str]] = MappingProxyType(
    {
        "goto": lambda address: f"open {address}",
        "reload": lambda _: "reload",
        "scroll": lambda _: "scroll",
        "consent": lambda choice: choice,
        "click": lambda selector: f"press {selector}",
        "interact": lambda selector: f"press {selector}",
        "keystroke": lambda told: f"press {told.replace(' ', ' on ', 1)}",
        "press": lambda key: f"press {key}",
        "again": lambda _: "load again with the choice stored",
        "preferences": lambda _: "open the preferences",
        "save": lambda _: "save the preferences as they are",
        "close": lambda _: "close the banner without an answer",
        "wait": lambda seconds: f"wait {seconds} s",
        "reopen": lambda _: "open the choice again",
        "policy": lambda _: "follow the policy link",
        "escape": lambda _: "press Escape",
        "restart": lambda _: "restart the browser",
        "expire": lambda days: f"{days} days later",
        "cookie": lambda told: f"put cookie {told.partition('=')[0]}",  # its value may be worth something
        "axe": lambda label: f"axe-core ({label})",
        "reflow": lambda label: f"400 % zoom ({label})",
        "motion": lambda _: "look for motion",
        "tab": lambda target: f"tab to {target}",
        "reduce motion": lambda _: "ask for reduced motion",
        "dismiss": lambda wanted: "reject" if wanted else "reject if asked",
        "shown": lambda selector: f"await {selector}",
        "journey": lambda name: f"walk journey {name}",
        "throw": lambda _: "throw an error",
        "sink": lambda _: "write to innerHTML",
    }
)
"""What a step does, from its value; for a reader who must know beforehand whether that is acceptable."""
HANDSHAKES = 10
"""Per address: one verified, one without a server name, six that ask for old versions, weak ciphers, authenticated
encryption in TLS 1.2, finite-field Diffie-Hellman, TLS 1.3 and X25519MLKEM768, and two that ask for a certificate with
another kind of key in TLS 1.2 and 1.3; one more for each declared group. The probe makes a further one where a certificate
does not verify, after each weak class that is accepted, to verify a second certificate, and where a certificate demands a
staple that was not seen with it."""


def handshake(environment: Environment, host: str, port: int) -> TlsRequest:
    """The handshake with a host, the same as the TLS checks ask for."""
    tls = environment.tls or Tls()
    return TlsRequest(host, port, tls.min_version, tuple(name for name in tls.groups if name != POST_QUANTUM))


def merge(requests: Iterable[Request], environment: Environment) -> tuple[Request, ...]:
    """Each distinct request once, in lane order and then in the order asked for.

    A browser that must trust a private CA needs handshakes with the hosts it speaks to, so those are added.
    """
    merged: dict[str, Request] = {}
    for request in requests:
        name = identity(request)
        known = merged.get(name)
        if isinstance(known, HttpRequest) and isinstance(request, HttpRequest):
            merged[name] = replace(known, follow=max(known.follow, request.follow))
        elif known is None:
            merged[name] = request
    if environment.ca_file and any(request.probe == "browser" for request in merged.values()):
        from gonogo.probes.browser.boundary import boundary  # the probes import evidence types

        for host, port in boundary(environment).origins:
            extra = handshake(environment, host, port)
            merged.setdefault(identity(extra), extra)
    return tuple(sorted(merged.values(), key=lambda request: LANES.index(request.lane)))


def entries(requests: Sequence[Request], environment: Environment) -> tuple[PlanEntry, ...]:
    """What will be sent. `count` is exact but for TLS, where it holds for each address of the host, and for trips, which
    look for what they sent so many times at most."""
    listed: list[PlanEntry] = []
    for request in requests:
        name, lane = identity(request), request.lane.value
        match request:
            case HttpRequest():
                does = tuple(f"{header}: {value}" for header, value in request.headers)
                listed.append(PlanEntry("http", request.method, request.url, request.role, lane, 1, name, does=does))
            case BurstRequest():
                listed.append(PlanEntry("burst", "GET", request.url, request.role, lane, request.count, name))
            case TlsRequest():
                target = f"{request.host}:{request.port}"
                count = HANDSHAKES + len(request.groups)
                listed.append(PlanEntry("tls", "handshake", target, "anonymous", lane, count, name))
            case VisitRequest():
                listed.append(_visit_entry(request, environment, name))
            case DatabaseRequest():
                database = next(one for one in environment.databases if one.name == request.database)
                parts = urlsplit(database.url.get_secret_value())
                target = f"{parts.hostname}:{parts.port or 5432}{parts.path}"
                count = 2 if database.tls else 1
                listed.append(PlanEntry("database", "connect", target, parts.username or "", lane, count, name))
            case LoadRequest():
                listed += _load_entries(request, environment, name)
            case TripRequest():
                listed += _trip_entries(request, environment, name)
    return tuple(listed)


@dataclass(frozen=True, slots=True)
class Kind:
    """Entries of the plan that are repetitions of one another, as one."""

    entry: PlanEntry
    """The first of them, with the count of all."""
    runs: tuple[int, ...] = ()

    @property
    def title(self) -> str:
        """`consent reject`, `vitals /, runs 1 to 3`; empty for what has no name."""
        runs = self.runs
        if not runs:
            return self.entry.name
        if len(runs) == 1:
            return f"{self.entry.name}, run {runs[0]}"
        return f"{self.entry.name}, runs {runs[0]} {'and' if len(runs) == 2 else 'to'} {runs[-1]}"

    @property
    def said(self) -> str:
        """`consent reject: reject, reload`; empty where target and method say all."""
        return ": ".join(part for part in (self.title, ", ".join(self.entry.does)) if part)


def kinds(listed: Sequence[PlanEntry]) -> tuple[Kind, ...]:
    """The plan for a reader: repetitions of a visit stand together, everything else alone and in its place."""
    found: dict[PlanEntry | int, list[PlanEntry]] = {}
    for index, one in enumerate(listed):
        found.setdefault(replace(one, run=0) if one.run else index, []).append(one)
    return tuple(
        Kind(replace(group[0], count=sum(one.count for one in group)), tuple(one.run for one in group if one.run))
        for group in found.values()
    )


def _visit_entry(request: VisitRequest, environment: Environment, name: str) -> PlanEntry:
    method = "visit if needed" if request.spare else "visit"
    role, count = _role(request, environment), _loads(request, environment)
    does = (*_manner(request), *_walked(request))
    return PlanEntry(
        "browser", method, request.url, role, request.lane.value, count, name, request.name, does, request.run
    )


def _manner(request: VisitRequest) -> list[str]:
    """How this visit differs from a usual one."""
    spare = request.spare
    told = {
        f"only if the first {spare.runs} runs leave a budget in doubt" if spare else "": spare is not None,
        f"on {request.device}": request.device != "desktop",
        f"slowed down as {request.throttle}": request.throttle,
        "with Global Privacy Control": request.gpc,
        f"in {request.locale}": request.locale,
        f"in {request.timezone}": request.timezone,
        "telling which code is used": request.coverage,
    }
    return [words for words, holds in told.items() if holds]


def _walked(request: VisitRequest) -> list[str]:
    """Its steps after the first page was opened, without those that only look."""
    first = next(index for index, step in enumerate(request.steps) if step.action == "goto")
    told = []
    for index, step in enumerate(request.steps):
        if index == first or step.action == "snapshot" or (step.action == "wait" and float(step.value) < SHORT_S):
            continue
        words = WORDS.get(step.action, lambda value, action=step.action: f"{action} {value}".rstrip())
        told.append(words(_local(step, request.url)))
    return told


def _local(step: Step, url: str) -> str:
    """The step's value; of an address on the visit's own origin, its path and query."""
    parts, own = urlsplit(step.value), urlsplit(url)
    if step.action != "goto" or (parts.scheme, parts.netloc) != (own.scheme, own.netloc):
        return step.value
    return (parts.path or "/") + (f"?{parts.query}" if parts.query else "")


def _role(request: VisitRequest, environment: Environment) -> str:
    """Who has signed in before the visit."""
    journeys = {step.value for step in request.steps if step.action == "journey"}
    return next((one.role for one in environment.journeys if one.name in journeys), "anonymous")


def _loads(request: VisitRequest, environment: Environment) -> int:
    """Pages that a visit opens, those included that its journey opens by address."""
    journeys = {step.value for step in request.steps if step.action == "journey"}
    opened = [step.goto for one in environment.journeys if one.name in journeys for step in one.steps if step.goto]
    return request.navigations + len(opened)


def _trip_entries(request: TripRequest, environment: Environment, name: str) -> list[PlanEntry]:
    """What is sent, and the looks for it; a visit that sends it stands in the plan by itself."""
    origin = environment.api_origin

    def sent(sending: Sending) -> PlanEntry:
        return entry(sending.method, f"{origin}{sending.path}", sending.role, 1)

    def entry(method: str, target: str, role: str, count: int) -> PlanEntry:
        return PlanEntry("trip", method, target, role, request.lane.value, count, name, f"{request.name} round trip")

    def read(row: Row, times: int) -> PlanEntry:
        database = next(one for one in environment.databases if one.name == row.database)
        parts = urlsplit(database.url.get_secret_value())
        target = f"{parts.hostname}:{parts.port or 5432}{parts.path} {row.table}"
        return entry("connect", target, parts.username or "", times)

    def looks(within_s: float) -> int:
        return len(pauses(within_s)) + 1

    listed: list[PlanEntry] = []
    errors, deletion = environment.error_round_trip, environment.deletion
    if request.name == "errors" and errors is not None:
        listed += [sent(errors.request)] if errors.request and request.visit is None else []
        listed += [read(errors.row, 1)] if errors.row else []
        if errors.alert:
            listed.append(entry("GET", errors.alert.url, errors.alert.role, looks(errors.alert.within_s)))
    if request.name == "deletion" and deletion is not None:
        listed += [sent(deletion.create), sent(deletion.ask)]
        for trace in deletion.traces:
            if trace.row is not None:
                listed.append(read(trace.row, 2))
            else:
                url, times = f"{origin}{trace.path}", 2 * looks(deletion.within_s)
                listed.append(entry("GET", url, trace.role, times))
    return listed


def _load_entries(request: LoadRequest, environment: Environment, name: str) -> list[PlanEntry]:
    from gonogo.formats.arrivals import schedule

    profile = next(one for one in environment.load if one.name == request.profile)
    counts = Counter(schedule([target.weight for target in profile.targets], profile.arrivals))
    lane, site = request.lane.value, environment.site.url
    return [
        PlanEntry(
            "load",
            "GET",
            f"{site}{target.path}",
            target.role,
            lane,
            counts[index],
            name,
            f"load profile {profile.name}",
        )
        for index, target in enumerate(profile.targets)
        if counts[index]
    ]
