"""A request to a tracker gives away the visitor's address and page before they were asked.

Fix: load third-party tags only after consent; declare hosts that the service needs as `essential = true`.
See: https://www.edpb.europa.eu/our-work-tools/our-documents/guidelines/guidelines-22023-technical-scope-art-53-eprivacy-directive_en
"""

from __future__ import annotations

from urllib.parse import urlsplit

from gonogo import Finding, Severity, check
from gonogo.check import report
from gonogo.concerns.consent.fixtures import ConsentFlow, undecided
from gonogo.concerns.consent.judgements import requests_without_need
from gonogo.errors import EvidenceMissing
from gonogo.formats.public_suffix import registrable
from gonogo.probes.browser.facts import BrowserRequest


def _later(consent: ConsentFlow) -> list[Finding]:
    """What is sent while the visit goes on without a choice; the pages that gonogo opened itself apart."""
    visit, snapshots = consent.preferences, undecided(consent.preferences)
    scrolled = visit.snapshot("scrolled")
    if scrolled is None or not snapshots:
        return []
    told = {one.subject for one in requests_without_need(visit.requests[: scrolled.requests], consent, "")}
    sent = [
        one for one in visit.requests[scrolled.requests : snapshots[-1].requests] if one.type != "document" or one.inner
    ]
    found = requests_without_need(sent, consent, "without a choice")
    return [one for one in found if one.subject not in told]


def _connection(consent: ConsentFlow, url: str) -> BrowserRequest:
    """A connection that is opened beforehand, told as the request that it prepares."""
    own, other = (urlsplit(one).hostname or "" for one in (consent.first.url, url))
    third_party = (registrable(own) or own) != (registrable(other) or other)
    return BrowserRequest(url, "preconnect", "preconnect", third_party, status=0, bytes=0, failure="")


@check(title="No third party hears of a visit before a choice", severity=Severity.CRITICAL, profiles={"nightly"})
def test_before_choice(consent: ConsentFlow) -> None:
    """Every request of each visit up to the choice, answered or not, to a host of another registrable domain; one visit
    touches nothing for `watch_s`, one lands on the other page. Connections that the page opens beforehand; and what it sends as the visit goes on without a choice, or when it is left so."""
    findings = []
    for name, visit in consent.visits:
        first = visit.snapshot("first")
        if first is None:
            raise EvidenceMissing("invalid", f"the visit {name!r} never saw the page: {'; '.join(visit.problems)}")
        sent = list(visit.requests[: first.requests])
        sent += [_connection(consent, url) for url in (first.privacy.preconnects if first.privacy else ())]
        findings += requests_without_need(sent, consent, first.label)
    findings += _later(consent)
    report({finding.subject: finding for finding in findings}.values())
