"""Consent that cannot be taken back was never free: withdrawing is as easy as giving (GDPR Art. 7(3)).

Fix: show "Cookie settings" on every page; when consent is withdrawn, delete what it allowed and stop the tags at once.
See: https://eur-lex.europa.eu/eli/reg/2016/679/art_7/oj
"""

from __future__ import annotations

from dataclasses import replace
from urllib.parse import urlsplit

from gonogo import Finding, Severity, check
from gonogo.check import report
from gonogo.concerns.consent.fixtures import ConsentFlow, able, seen
from gonogo.concerns.consent.judgements import (
    chosen,
    disobeyed,
    effective,
    requests_without_need,
    sent_to,
    stored_without_need,
)
from gonogo.errors import EvidenceMissing
from gonogo.probes.browser.facts import Snapshot

MORE_CLICKS = 2
AFTER = ("withdrawn", "after withdrawal")


@check(title="The choice can be opened again on another page", severity=Severity.HIGH, profiles={"nightly"})
def test_reachable(consent: ConsentFlow) -> None:
    """A link or an icon, found by what it says, that brings the consent layer back."""
    able(consent.withdraw, "consent accept")
    able(consent.withdraw, "reopen: it leads")
    problems = [problem for problem in consent.withdraw.problems if problem.startswith("reopen")]
    where = consent.declared.other_page or consent.declared.page
    report(Finding.of(where, seen=problem, wanted="a control that opens the choice again") for problem in problems)


@check(title="Withdrawing is as easy as giving", severity=Severity.LOW, profiles={"nightly"})
def test_easy(consent: ConsentFlow) -> None:
    """Counted in clicks: opening the choice again and one more may come on top of what accepting took. Where a rejection is
    hard in the first place, another check tells it, and that is what withdrawing is held against.

    Fix: offer "Reject all" in the layer that is opened again, too.
    See: https://www.edpb.europa.eu/our-work-tools/our-documents/report/report-work-undertaken-cookie-banner-taskforce_en
    """
    visit = consent.withdraw
    able(visit, "consent accept", "reopen", "consent reject")
    clicks = {one.choice: one.clicks for one in visit.choices}
    if not {"accept", "reject"} <= set(clicks):
        raise EvidenceMissing("invalid", "the choices were not made")
    chosen(consent.reject, "reject")
    hardest = max(one.clicks for one in (*visit.choices[:1], *consent.reject.choices[:1]))
    took, most = 1 + clicks["reject"], hardest + MORE_CLICKS
    if took > most:
        where = consent.declared.other_page or consent.declared.page
        wanted = f"at most {most}, for a choice took {hardest}"
        report([Finding.of(where, seen=f"{took} clicks", wanted=wanted, what="withdrawing")])


def _own(snapshot: Snapshot) -> Snapshot:
    """Without cookies of other domains, which no site can delete; that they are sent again is told by the requests."""
    host = (urlsplit(snapshot.url).hostname or "").lower()
    return replace(snapshot, cookies=tuple(one for one in snapshot.cookies if sent_to(host, one.domain)))


@check(title="Withdrawing deletes and stops what consent allowed", severity=Severity.HIGH, profiles={"nightly"})
def test_effective(consent: ConsentFlow) -> None:
    """Vacuous unless something was stored or sent after acceptance; a site that ignores every rejection fails elsewhere."""
    chosen(consent.accept, "accept")
    visit = consent.withdraw
    able(visit, "consent accept", "reopen", "consent reject", *(f"snapshot {label}:" for label in AFTER))
    if disobeyed(consent):
        raise EvidenceMissing("invalid", "a rejection is not obeyed in the first place")
    findings = []
    for label in AFTER:
        findings += stored_without_need(_own(seen(visit, label)), consent.declared)
    sent = visit.requests[seen(visit, "withdrawn").requests : seen(visit, "after withdrawal").requests]
    findings += requests_without_need(sent, consent, "after the withdrawal")
    report(dict.fromkeys(findings))
    effective(consent, "after a withdrawal")
    first, given = seen(visit, "first"), seen(visit, "given")
    sent = visit.requests[first.requests : seen(visit, "reopened").requests]
    if not stored_without_need(given, consent.declared) and not requests_without_need(sent, consent, "given"):
        raise EvidenceMissing(
            "invalid", "in this visit acceptance led to nothing, so silence afterwards proves nothing"
        )
