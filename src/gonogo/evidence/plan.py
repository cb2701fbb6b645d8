"""The plan: every request of a run, listed before the first is sent."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import replace
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
    TlsRequest,
    TripRequest,
    VisitRequest,
    identity,
)
from gonogo.formats.polling import pauses

LANES = tuple(Lane)
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
                listed.append(PlanEntry("http", request.method, request.url, request.role, lane, 1, name))
            case BurstRequest():
                listed.append(PlanEntry("burst", "GET", request.url, request.role, lane, request.count, name))
            case TlsRequest():
                target = f"{request.host}:{request.port}"
                count = HANDSHAKES + len(request.groups)
                listed.append(PlanEntry("tls", "handshake", target, "anonymous", lane, count, name))
            case VisitRequest():
                method = "visit if needed" if request.spare else "visit"
                role = _role(request, environment)
                listed.append(PlanEntry("browser", method, request.url, role, lane, _loads(request, environment), name))
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
        return PlanEntry("trip", method, target, role, request.lane.value, count, name)

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
    return [
        PlanEntry(
            "load", "GET", f"{environment.site.url}{target.path}", target.role, request.lane.value, counts[index], name
        )
        for index, target in enumerate(profile.targets)
        if counts[index]
    ]
