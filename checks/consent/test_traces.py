"""Visits of a verifier that are counted as visitors spoil the figures that a business decides on.

Fix: declare the collector in `[[third_parties]]` with `intercept = true`; a first-party path in `[consent] collectors`.
See: https://web.dev/articles/vitals-field-measurement-best-practices
"""

from __future__ import annotations

from gonogo import Finding, Severity, check
from gonogo.check import report
from gonogo.concerns.consent.fixtures import ConsentFlow
from gonogo.concerns.consent.judgements import asked, hit_of_analytics


@check(title="The visits leave no trace in analytics", severity=Severity.MEDIUM, profiles={"nightly"})
def test_none_left(consent: ConsentFlow) -> None:
    """Every request to a third party was answered inside the browser or stopped, unless its host is declared with
    `intercept = false`; hits to first-party collectors count as well. Service workers are off, unload beacons are recorded
    and have no address to go to, so nothing leaves beside the requests that are seen here."""
    through = {party.host.lower() for party in consent.third_parties if not party.intercept}
    findings: dict[str, Finding] = {}
    for name, visit in consent.visits:
        for request in visit.requests:
            host = asked(request)
            stopped = request.failure and not request.status
            if request.local or host in through or request.failure.startswith("blocked") or stopped:
                continue
            if request.third_party and any(party.host.lower() == host for party in consent.third_parties):
                wanted = "an answer inside the browser"
            elif hit_of_analytics(request, consent.declared.collectors):
                wanted = "no hit from a verifier's visit"
            else:
                continue
            where = request.url.partition("?")[0][:150]
            findings.setdefault(
                where, Finding.of(where, seen=f"{request.method}, status {request.status} ({name})", wanted=wanted)
            )
    report(findings.values())
