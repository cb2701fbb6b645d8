"""An endpoint that answers the wrong role gives data away; one that refuses the right role is an outage.

Fix: correct the endpoint's authorisation, or the expected status in `[[api.endpoints]]`.
See: https://www.rfc-editor.org/rfc/rfc9110#section-15.5.2
"""

from __future__ import annotations

from gonogo import Finding, Severity, check
from gonogo.check import report
from gonogo.concerns.api.fixtures import EndpointAnswer


@check(title="Each endpoint answers each role as declared", severity=Severity.CRITICAL, profiles={"smoke", "nightly"})
def test_status(endpoint: EndpointAnswer) -> None:
    """Every declared role asks for itself, without credentials too."""
    status, wanted = endpoint.exchange.status, endpoint.endpoint.status[endpoint.role]
    if status not in wanted:
        subject = f"{endpoint.endpoint.method} {endpoint.endpoint.path} as {endpoint.role}"
        report([Finding.of(subject, seen=status, wanted=" or ".join(map(str, wanted)), what="the status")])
