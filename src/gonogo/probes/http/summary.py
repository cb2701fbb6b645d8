"""An exchange, and a burst, in a few lines."""

from __future__ import annotations

from pathlib import Path

from gonogo.environment.models import Environment
from gonogo.evidence.records import Evidence
from gonogo.evidence.summary import Summary, clip
from gonogo.formats.set_cookie import unvalued
from gonogo.probes.http.facts import Burst, Exchange


def exchange(evidence: Evidence, environment: Environment, folder: Path) -> Summary:  # noqa: ARG001 - one shape for all kinds
    """Status, headers without cookies' values, and where the time went."""
    request = evidence.request
    if evidence.facts is None:
        return Summary(f"{request.get('method')} {request.get('url')} as {request.get('role')}")
    found = evidence.seen(Exchange)
    head = [f"{found.method} {found.url}", f"{found.http_version} {found.status} from {found.address}"]
    head += [f"{name}: {unvalued(value) if name.lower() == 'set-cookie' else value}" for name, value in found.headers]
    timings = found.timings
    phases = [
        ("dns", timings.dns),
        ("connect", timings.connect),
        ("tls", timings.tls),
        ("first byte", timings.first_byte),
        ("total", timings.total),
    ]
    head.append("")
    head.append(" · ".join(f"{name} {1000 * seconds:.1f} ms" for name, seconds in phases if seconds is not None))
    return Summary(f"{found.method} {found.url} as {found.role}", clip(head))


def burst(evidence: Evidence, environment: Environment, folder: Path) -> Summary:  # noqa: ARG001
    """Every status, and the headers of the last answer."""
    title = f"GET {evidence.request.get('url')}, up to {evidence.request.get('count')} times"
    if evidence.facts is None:
        return Summary(title)
    found = evidence.seen(Burst)
    statuses = " ".join(str(one.status) for one in found.answers)
    last = found.answers[-1].headers if found.answers else ()
    lines = [f"{len(found.answers)} requests in {found.seconds:.2f} s: {statuses}", "headers of the last answer:"]
    return Summary(title, clip([*lines, *(f"{name}: {value}" for name, value in last)]))
