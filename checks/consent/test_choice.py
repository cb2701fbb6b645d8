"""A choice that is not obeyed is no choice; regulators fine for the reject button that does nothing.

Fix: let the tag manager read the stored choice on every page before it loads anything.
See: https://www.edpb.europa.eu/our-work-tools/our-documents/report/report-work-undertaken-cookie-banner-taskforce_en
"""

from __future__ import annotations

from gonogo import Finding, Severity, check
from gonogo.check import report
from gonogo.errors import EvidenceMissing
from gonogo.evidence.facts import Visit
from gonogo.nouns import ConsentFlow
from gonogo.privacy import asked, requests_without_need, stored_without_need

LATER = ("chosen", "reloaded", "other page")
"""Snapshots after the choice."""


def _chosen(visit: Visit, choice: str) -> None:
    """Raise EvidenceMissing when the choice could not be made: then nothing after it says anything."""
    if problems := [problem for problem in visit.problems if problem.startswith("consent")]:
        raise EvidenceMissing("invalid", f"{choice} could not be chosen: {'; '.join(problems)}")
    if any(visit.snapshot(label) is None for label in LATER):
        raise EvidenceMissing(
            "invalid", f"the visit that chose {choice} ended early: {'; '.join(visit.problems) or 'no snapshot'}"
        )


def _silent(flow: ConsentFlow) -> list[str]:
    """Declared parties that need consent and were not asked for anything after acceptance."""
    asked_for = {asked(request) for request in flow.accept.requests}
    return [party.host for party in flow.third_parties if not party.essential and party.host.lower() not in asked_for]


@check(title="After a rejection nothing is stored or sent", severity=Severity.CRITICAL, profiles={"nightly"})
def test_reject_obeyed(consent: ConsentFlow) -> None:
    """On the page, after a reload and on another page. Vacuous unless the same tags do fire after acceptance, so that is asked first."""
    _chosen(consent.reject, "reject")
    findings = []
    first = consent.reject.snapshot("first")
    for label in LATER:
        snapshot = consent.reject.snapshot(label)
        assert snapshot is not None
        findings += stored_without_need(snapshot, consent.declared)
    findings += requests_without_need(
        consent.reject.requests[first.requests if first else 0 :], consent.third_parties, "after the rejection"
    )
    report(dict.fromkeys(findings))
    _chosen(consent.accept, "accept")
    if silent := _silent(consent):
        raise EvidenceMissing(
            "invalid", f"{', '.join(silent)}: silent after acceptance too, so silence after a rejection proves nothing"
        )


@check(title="After acceptance the declared tags do fire", severity=Severity.HIGH, profiles={"nightly"})
def test_accept_effective(consented_tags: ConsentFlow) -> None:
    """The positive control: without it a broken tag looks like perfect privacy, and analytics is lost."""
    _chosen(consented_tags.accept, "accept")
    hosts = _silent(consented_tags)
    purposes = {party.host: party.purpose for party in consented_tags.third_parties}
    report(
        Finding.of(host, seen="no request after acceptance", wanted=f"the {purposes[host]} tag's requests")
        for host in hosts
    )


@check(title="A choice is remembered", severity=Severity.HIGH, profiles={"nightly"})
def test_persists(consent: ConsentFlow) -> None:
    """Asked again on the next page, people accept to be left alone."""
    findings = []
    for name, visit in (("reject", consent.reject), ("accept", consent.accept)):
        _chosen(visit, name)
        for label in ("reloaded", "other page"):
            snapshot = visit.snapshot(label)
            assert snapshot is not None
            if snapshot.banner.visible:
                findings.append(
                    Finding.of(f"{name}, {label}", seen="the banner asks again", wanted="the choice remembered")
                )
    report(findings)
