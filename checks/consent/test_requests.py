"""A request to a tracker gives away the visitor's address and page before they were asked.

Fix: load third-party tags only after consent; declare hosts that the service needs as `essential = true`.
See: https://www.edpb.europa.eu/our-work-tools/our-documents/guidelines/guidelines-22023-technical-scope-art-53-eprivacy-directive_en
"""

from __future__ import annotations

from gonogo import Severity, check
from gonogo.check import report
from gonogo.errors import EvidenceMissing
from gonogo.nouns import ConsentFlow
from gonogo.privacy import requests_without_need


@check(title="No third party hears of a visit before a choice", severity=Severity.CRITICAL, profiles={"nightly"})
def test_before_choice(consent: ConsentFlow) -> None:
    """Every request of each visit up to the choice, answered or not, to a host of another registrable domain."""
    findings = []
    for name, visit in consent.visits:
        first = visit.snapshot("first")
        if first is None:
            raise EvidenceMissing("invalid", f"the visit {name!r} never saw the page: {'; '.join(visit.problems)}")
        findings += requests_without_need(visit.requests[: first.requests], consent, first.label)
    report({finding.subject: finding for finding in findings}.values())
