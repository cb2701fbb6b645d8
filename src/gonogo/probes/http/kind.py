"""HTTP requests, and bursts of them, as kinds of evidence."""

from __future__ import annotations

from gonogo.environment.models import Environment
from gonogo.evidence.records import SAFE_METHODS, Evidence
from gonogo.probes.http.facts import Burst, Exchange
from gonogo.probes.http.redirects import next_hop
from gonogo.probes.http.request import BurstRequest, HttpRequest, burst_lines, http_lines, joined
from gonogo.probes.http.summary import burst, exchange
from gonogo.probes.kind import Kind, always_safe, leads_nowhere, never_again, nothing_beside, the_first


def _once(request: HttpRequest) -> bool:
    """RFC 9110 §9.2.1."""
    return request.method not in SAFE_METHODS


def _safe(request: HttpRequest, environment: Environment) -> str:
    if request.method in SAFE_METHODS or request.method in environment.limits.allow_methods:
        return ""
    return (
        f"{request.method} {request.url}: tier production allows {', '.join(sorted(SAFE_METHODS))} only; "
        "`limits.allow_methods` opts in"
    )


def _onward(request: HttpRequest, evidence: Evidence) -> HttpRequest | None:
    return next_hop(request, evidence.seen(Exchange)) if request.follow and evidence.facts is not None else None


HTTP = Kind(
    name="http",
    request=HttpRequest,
    facts=Exchange,
    once=_once,
    safe=_safe,
    joined=joined,
    needs=nothing_beside,
    onward=_onward,
    plan_lines=http_lines,
    summary=exchange,
    module="gonogo.probes.http.probe",
)
BURST = Kind(
    name="burst",
    request=BurstRequest,
    facts=Burst,
    once=never_again,
    safe=always_safe,
    joined=the_first,
    needs=nothing_beside,
    onward=leads_nowhere,
    plan_lines=burst_lines,
    summary=burst,
    module="gonogo.probes.http.burst",
)
