"""The plan: every request of a run, listed before the first is sent."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import replace
from urllib.parse import urlsplit

from gonogo.environment.models import POST_QUANTUM, Environment, Tls
from gonogo.evidence.records import (
    BurstRequest,
    DatabaseRequest,
    HttpRequest,
    Lane,
    LoadRequest,
    PlanEntry,
    Request,
    TlsRequest,
    VisitRequest,
    identity,
)

LANES = tuple(Lane)
HANDSHAKES = 8
"""Per address: one verified, one without a server name, and six that ask for old versions, weak ciphers, authenticated
encryption in TLS 1.2, finite-field Diffie-Hellman, TLS 1.3 and X25519MLKEM768; one more for each declared group. The
probe makes a further one where the certificate does not verify and after each weak class that is accepted."""


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
    """What will be sent. `count` is exact but for TLS, where it holds for each address of the host."""
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
                listed.append(
                    PlanEntry("browser", method, request.url, "anonymous", lane, _loads(request, environment), name)
                )
            case DatabaseRequest():
                database = next(one for one in environment.databases if one.name == request.database)
                parts = urlsplit(database.url.get_secret_value())
                target = f"{parts.hostname}:{parts.port or 5432}{parts.path}"
                count = 2 if database.tls else 1
                listed.append(PlanEntry("database", "connect", target, parts.username or "", lane, count, name))
            case LoadRequest():
                listed += _load_entries(request, environment, name)
    return tuple(listed)


def _loads(request: VisitRequest, environment: Environment) -> int:
    """Pages that a visit opens, those included that its journey opens by address."""
    journeys = {step.value for step in request.steps if step.action == "journey"}
    opened = [step.goto for one in environment.journeys if one.name in journeys for step in one.steps if step.goto]
    return request.navigations + len(opened)


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
