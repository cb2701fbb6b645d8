"""A choice that is not obeyed is no choice; regulators fine for the reject button that does nothing.

Fix: let the tag manager read the stored choice on every page before it loads anything.
See: https://www.edpb.europa.eu/our-work-tools/our-documents/report/report-work-undertaken-cookie-banner-taskforce_en
"""

from __future__ import annotations

from gonogo import Finding, Severity, check
from gonogo.check import report
from gonogo.concerns.consent.fixtures import ConsentFlow, able, seen, shown, view
from gonogo.concerns.consent.judgements import (
    chosen,
    disobeyed,
    effective,
    requests_without_need,
    silent_parties,
    stored_without_need,
)
from gonogo.errors import EvidenceMissing
from gonogo.probes.browser.facts import Visit

MONTH = "a month later"
SAVED = ("saved", "saved, reloaded")


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


@check(
    title="After acceptance the declared tags do fire",
    severity=Severity.HIGH,
    profiles={"nightly"},
    where=lambda environment, _: not all(party.essential for party in environment.third_parties),
    needs="[[third_parties]] that need consent",
)
def test_accept_effective(consent: ConsentFlow) -> None:
    """The positive control: without it a broken tag looks like perfect privacy, and analytics is lost."""
    chosen(consent.accept, "accept")
    hosts = silent_parties(consent)
    purposes = {party.host: party.purpose for party in consent.third_parties}
    report(
        Finding.of(host, seen="no request after acceptance", wanted=f"the {purposes[host]} tag's requests")
        for host in hosts
    )


@check(title="A choice is remembered", severity=Severity.HIGH, profiles={"nightly"})
def test_persists(consent: ConsentFlow) -> None:
    """Asked again after a reload, on the next page, when the browser was closed, or within a month where acceptance lasts,
    people accept to be left alone (CNIL, deliberation 2020-092, §38)."""
    findings = []
    for name, visit in (("reject", consent.reject), ("accept", consent.accept)):
        chosen(visit, name)
        findings += [
            Finding.of(f"{name}, {label}", seen="the banner asks again", wanted="the choice remembered")
            for label in ("reloaded", "other page", "restarted")
            if seen(visit, label).banner.visible
        ]
    findings += _forgotten(consent)
    report(findings)
    for visit in (consent.reject, consent.accept):
        able(visit, *(f"snapshot {label}: no banner" for label in ("reloaded", "other page", "restarted")))


def _forgotten(consent: ConsentFlow) -> list[Finding]:
    """A refusal that is asked for again within a month, where acceptance is not. Whether it is cannot be seen where Escape or the
    cross has closed the banner for good."""
    refused = consent.preferences
    if any(problem.startswith("consent reject") for problem in refused.problems):
        return []
    if not seen(refused, MONTH).banner.visible:
        return []
    accepted = consent.untouched
    able(accepted, "consent accept", f"snapshot {MONTH}:")
    if seen(accepted, MONTH).banner.visible:
        return []
    told = "the banner asks again, and after acceptance it does not"
    return [Finding.of(f"reject, {MONTH}", seen=told, wanted="a refusal kept as long")]


@check(title="Scrolling is not taken for consent", severity=Severity.HIGH, profiles={"nightly"})
def test_scrolling(consent: ConsentFlow) -> None:
    """Consent is a clear affirmative act; who reads on has agreed to nothing.

    Fix: store a choice only when one of the banner's controls was pressed.
    See: https://www.edpb.europa.eu/our-work-tools/our-documents/guidelines/guidelines-052020-consent-under-regulation-2016679_en
    """
    visit = consent.preferences
    able(visit, "scroll", "snapshot first:", "snapshot scrolled:")
    findings = []
    asked = seen(visit, "first").banner.visible
    if asked and not shown(visit, "scrolled"):
        where = consent.declared.page
        findings.append(Finding.of(where, seen="scrolling closed the banner", wanted="a banner that stays"))
    report([*findings, *_led_to(consent, visit, "first", "scrolled", "after scrolling")])
    if not asked:
        raise EvidenceMissing("invalid", "no consent banner was seen, so scrolling left no question open")


def _led_to(consent: ConsentFlow, visit: Visit, before: str, after: str, when: str) -> list[Finding]:
    """What was stored and sent between two snapshots that needs consent, and was not there before, nor where nothing was
    touched: that has another cause, which the checks before a choice tell."""
    old, new, untouched = seen(visit, before), seen(visit, after), seen(consent.untouched, "first")
    known = {one.seen for shot in (old, untouched) for one in stored_without_need(shot, consent.declared)}
    findings = [one for one in stored_without_need(new, consent.declared) if one.seen not in known]
    sent = [*visit.requests[: old.requests], *consent.untouched.requests[: untouched.requests]]
    earlier = {one.subject for one in requests_without_need(sent, consent, when)}
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


@check(title="Closing the banner is not taken for consent", severity=Severity.HIGH, profiles={"nightly"})
def test_closing(consent: ConsentFlow) -> None:
    """By its cross or "Close", in the visit that makes no choice, and looked at after a reload. Where the banner has neither
    there is nothing to judge.

    Fix: let the cross leave everything as it was, or store a rejection.
    See: https://www.garanteprivacy.it/home/docweb/-/docweb-display/docweb/9677876
    """
    visit = consent.preferences
    if not shown(visit, "after escape"):
        raise EvidenceMissing("invalid", "the banner was not there any more, so nothing was closed")
    if any(problem.startswith("close: no control") for problem in visit.problems):
        return
    able(visit, "close", "snapshot after escape:", "snapshot closed:")
    report({one.seen: one for one in _led_to(consent, visit, "after escape", "closed", "after closing")}.values())


@check(title="A selection of nothing is obeyed", severity=Severity.HIGH, profiles={"nightly"})
def test_selection(consent: ConsentFlow) -> None:
    """The preferences are saved as they are, on a telephone; nothing may follow that needs consent. Where the banner has no
    preferences, or nothing in them stores a selection, there is nothing to judge.

    Fix: store what the toggles say, not that the dialogue was answered.
    See: https://eur-lex.europa.eu/eli/reg/2016/679/art_7/oj
    """
    visit = consent.elsewhere
    if not shown(visit, "asked"):
        raise EvidenceMissing("invalid", "no consent banner was seen by telephone")
    if any(problem.startswith(("preferences: no control", "save: no control")) for problem in visit.problems):
        return
    able(visit, "preferences", "save", *(f"snapshot {label}:" for label in ("preferences", *SAVED)))
    opened = view(seen(visit, "preferences"))
    if any(one.checked and not one.fixed for one in (*(opened.layer.toggles if opened.layer else ()), *opened.toggles)):
        raise EvidenceMissing("invalid", "optional purposes were on beforehand, which another check tells")
    if disobeyed(consent):
        raise EvidenceMissing("invalid", "a rejection is not obeyed in the first place")
    found = [one for label in SAVED for one in _led_to(consent, visit, "preferences", label, "after saving")]
    report({one.seen: one for one in found}.values())
    effective(consent, "after saving a selection of nothing")
