"""A request to a tracker gives away the visitor's address and page before they were asked.

Fix: load third-party tags only after consent; declare hosts that the service needs as `essential = true`.
See: https://www.edpb.europa.eu/our-work-tools/our-documents/guidelines/guidelines-22023-technical-scope-art-53-eprivacy-directive_en
"""

from __future__ import annotations

from urllib.parse import urlsplit

from gonogo import Severity, check
from gonogo.check import report
from gonogo.errors import EvidenceMissing
from gonogo.evidence.facts import BrowserRequest, Snapshot, Visit
from gonogo.formats.public_suffix import registrable
from gonogo.nouns import ConsentFlow
from gonogo.privacy import asked, requests_without_need


def _when_left(visit: Visit, first: Snapshot) -> list[BrowserRequest]:
    """What is sent when the page is left without a choice, to whom nothing went before: else another check tells why."""
    later = visit.requests[first.requests :]
    known = {asked(request) for request in later if not request.leaving}
    return [request for request in later if request.leaving and asked(request) not in known]


def _connection(consent: ConsentFlow, url: str) -> BrowserRequest:
    """A connection that is opened beforehand, told as the request that it prepares."""
    own, other = (urlsplit(one).hostname or "" for one in (consent.first.url, url))
    third_party = (registrable(own) or own) != (registrable(other) or other)
    return BrowserRequest(url, "preconnect", "preconnect", third_party, status=0, bytes=0, failure="")


@check(title="No third party hears of a visit before a choice", severity=Severity.CRITICAL, profiles={"nightly"})
def test_before_choice(consent: ConsentFlow) -> None:
    """Every request of each visit up to the choice, answered or not, to a host of another registrable domain; connections
    that the page opens beforehand; and what it sends when it is left without a choice."""
    findings = []
    for name, visit in consent.visits:
        first = visit.snapshot("first")
        if first is None:
            raise EvidenceMissing("invalid", f"the visit {name!r} never saw the page: {'; '.join(visit.problems)}")
        sent = list(visit.requests[: first.requests])
        sent += [_connection(consent, url) for url in (first.privacy.preconnects if first.privacy else ())]
        if name == "preferences":
            sent += _when_left(visit, first)
        findings += requests_without_need(sent, consent, first.label)
    report({finding.subject: finding for finding in findings}.values())
