"""A browser's visit as a kind of evidence."""

from __future__ import annotations

from gonogo.environment.models import Environment
from gonogo.evidence.records import Request
from gonogo.probes.browser.boundary import boundary
from gonogo.probes.browser.facts import Visit
from gonogo.probes.browser.request import VisitRequest, plan_lines
from gonogo.probes.browser.summary import summary
from gonogo.probes.kind import Kind, always_safe, leads_nowhere, sendable_again, the_first
from gonogo.probes.tls.request import handshake


def _needs(request: VisitRequest, environment: Environment) -> tuple[Request, ...]:  # noqa: ARG001 - one shape for all kinds
    """A browser that must trust a private CA needs handshakes with the hosts that it speaks to."""
    if not environment.ca_file:
        return ()
    return tuple(handshake(environment, host, port) for host, port in boundary(environment).origins)


BROWSER = Kind(
    name="browser",
    request=VisitRequest,
    facts=Visit,
    once=sendable_again,
    safe=always_safe,
    joined=the_first,
    needs=_needs,
    onward=leads_nowhere,
    plan_lines=plan_lines,
    summary=summary,
    module="gonogo.probes.browser.probe",
)
