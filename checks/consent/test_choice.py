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
from gonogo.nouns.consent import able, seen, shown
from gonogo.privacy import (
    chosen,
    disobeyed,
    effective,
    requests_without_need,
    silent_parties,
    stored_without_need,
)


@check(title="After a rejection nothing is stored or sent", severity=Severity.CRITICAL, profiles={"nightly"})
def test_reject_obeyed(consent: ConsentFlow) -> None:
    """On the page, after a reload and on another page. Vacuous unless the same tags do fire after acceptance, so that is asked first."""
    report(disobeyed(consent))
    chosen(consent.accept, "accept")
    if silent := silent_parties(consent):
        raise EvidenceMissing(
            "invalid", f"{', '.join(silent)}: silent after acceptance too, so silence after a rejection proves nothing"
        )
    effective(consent, "after a rejection")


@check(title="After acceptance the declared tags do fire", severity=Severity.HIGH, profiles={"nightly"})
def test_accept_effective(consented_tags: ConsentFlow) -> None:
    """The positive control: without it a broken tag looks like perfect privacy, and analytics is lost."""
    chosen(consented_tags.accept, "accept")
    hosts = silent_parties(consented_tags)
    purposes = {party.host: party.purpose for party in consented_tags.third_parties}
    report(
        Finding.of(host, seen="no request after acceptance", wanted=f"the {purposes[host]} tag's requests")
        for host in hosts
    )


@check(title="A choice is remembered", severity=Severity.HIGH, profiles={"nightly"})
def test_persists(consent: ConsentFlow) -> None:
    """Asked again after a reload, on the next page or when the browser was closed, people accept to be left alone."""
    findings = []
    for name, visit in (("reject", consent.reject), ("accept", consent.accept)):
        chosen(visit, name)
        findings += [
            Finding.of(f"{name}, {label}", seen="the banner asks again", wanted="the choice remembered")
            for label in ("reloaded", "other page", "restarted")
            if seen(visit, label).banner.visible
        ]
    report(findings)
    for visit in (consent.reject, consent.accept):
        able(visit, *(f"snapshot {label}: no banner" for label in ("reloaded", "other page", "restarted")))


@check(title="Scrolling is not taken for consent", severity=Severity.HIGH, profiles={"nightly"})
def test_scrolling(consent: ConsentFlow) -> None:
    """Consent is a clear affirmative act; who reads on has agreed to nothing.

    Fix: store a choice only when one of the banner's controls was pressed.
    See: https://www.edpb.europa.eu/our-work-tools/our-documents/guidelines/guidelines-052020-consent-under-regulation-2016679_en
    """
    visit = consent.preferences
    able(visit, "scroll", "snapshot first:", "snapshot scrolled:")
    findings = []
    if seen(visit, "first").banner.visible and not shown(visit, "scrolled"):
        where = consent.declared.page
        findings.append(Finding.of(where, seen="scrolling closed the banner", wanted="a banner that stays"))
    report([*findings, *_led_to(consent, visit, "first", "scrolled", "after scrolling")])


def _led_to(consent: ConsentFlow, visit: Visit, before: str, after: str, when: str) -> list[Finding]:
    """What was stored and sent between two snapshots that needs consent, and was not there before."""
    old, new = seen(visit, before), seen(visit, after)
    known = {finding.seen for finding in stored_without_need(old, consent.declared)}
    findings = [one for one in stored_without_need(new, consent.declared) if one.seen not in known]
    earlier = {one.subject for one in requests_without_need(visit.requests[: old.requests], consent, when)}
    late = requests_without_need(visit.requests[old.requests : new.requests], consent, when)
    return [*findings, *(one for one in late if one.subject not in earlier)]


@check(title="Escape is not taken for consent", severity=Severity.HIGH, profiles={"nightly"})
def test_escape(consent: ConsentFlow) -> None:
    """Closing a banner is no agreement; pressed in the visit that makes no choice, and looked at there and after a reload.

    Fix: let Escape leave the banner open, or store a rejection.
    See: https://www.cnil.fr/en/cookies-and-other-trackers-cnil-publishes-new-guidelines
    """
    visit = consent.preferences
    able(visit, "escape", "snapshot returned:", "snapshot escaped:", "snapshot after escape:")
    if not shown(visit, "returned"):
        raise EvidenceMissing("invalid", "the banner was not there any more, so Escape closed nothing")
    report({one.seen: one for one in _led_to(consent, visit, "returned", "after escape", "after Escape")}.values())
