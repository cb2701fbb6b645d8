"""Everything that calls a slow API is slow; dashboards time out first.

Fix: compare with the last good release's run, then look at the endpoint's queries.
See: https://sre.google/sre-book/service-level-objectives/
"""

from __future__ import annotations

from gonogo import Finding, Severity, check
from gonogo.check import report
from gonogo.concerns.api.fixtures import EndpointAnswer


@check(title="Each endpoint answers within its budget", severity=Severity.MEDIUM, profiles={"smoke", "nightly"})
def test_budget(endpoint: EndpointAnswer) -> None:
    """One sample, whole answer; percentiles are judged from load."""
    seconds, limit = endpoint.exchange.timings.total, endpoint.endpoint.max_s
    if seconds > limit:
        subject = f"{endpoint.endpoint.method} {endpoint.endpoint.path} as {endpoint.role}"
        report([Finding.of(subject, seen=f"{seconds:.2f} s", wanted=f"at most {limit:g} s", what="the answer time")])
