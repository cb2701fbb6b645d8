"""A page that lets in only those who agree forces consent, and forced consent is void.

Fix: show the content whatever the choice; close the banner after a rejection as after an acceptance.
See: https://www.edpb.europa.eu/our-work-tools/our-documents/guidelines/guidelines-052020-consent-under-regulation-2016679_en
"""

from __future__ import annotations

from gonogo import Finding, Severity, check
from gonogo.check import report
from gonogo.concerns.consent.fixtures import ConsentFlow, seen, view
from gonogo.concerns.consent.judgements import chosen
from gonogo.errors import EvidenceMissing
from gonogo.probes.browser.facts import Snapshot

LEAST_TEXT = 0.5
"""Of what is shown after acceptance."""
MOST_COVERED = 0.5
"""Share of the viewport under fixed layers; what is covered after acceptance too is not the wall."""


@check(title="The site can be used without consent", severity=Severity.MEDIUM, profiles={"nightly"})
def test_usable(consent: ConsentFlow) -> None:
    """The same pages after a rejection and after acceptance: how much text they show, how much of the window is covered,
    whether they can be scrolled."""
    chosen(consent.reject, "reject")
    chosen(consent.accept, "accept")
    findings = []
    for label, page in (
        ("chosen", consent.declared.page),
        ("reloaded", consent.declared.page),
        ("other page", consent.declared.other_page or consent.declared.page),
    ):
        findings += _shut(page, seen(consent.reject, label), seen(consent.accept, label), "after a rejection")
    report(dict.fromkeys(findings))


@check(title="The content can be read before a choice", severity=Severity.LOW, profiles={"nightly"})
def test_before_choice(consent: ConsentFlow) -> None:
    """As after acceptance. A layer that locks the page is lawful where refusing is as easy as accepting, which other checks
    judge; so this informs.

    Fix: let the banner stand beside the content or below it; do not lock scrolling while it stands.
    """
    chosen(consent.accept, "accept")
    report(_shut(consent.declared.page, consent.first, seen(consent.accept, "chosen"), "before a choice"))


def _shut(page: str, without: Snapshot, accepted: Snapshot, when: str) -> list[Finding]:
    """What keeps a visitor from the content who has not accepted. Raises EvidenceMissing("invalid") where who has sees none."""
    shown, with_ = view(without), view(accepted)
    if not with_.text_length:
        raise EvidenceMissing("invalid", f"{page} shows no text after acceptance either")
    findings = []
    if shown.text_length < LEAST_TEXT * with_.text_length:
        seen_, wanted = f"{shown.text_length} characters", f"about the {with_.text_length} of acceptance"
        findings.append(Finding.of(page, seen=seen_, wanted=wanted, what=f"the text {when}"))
    if shown.locked and not with_.locked:
        wanted = "scrolling, as after acceptance"
        findings.append(Finding.of(page, seen=f"it cannot be scrolled {when}", wanted=wanted))
    if shown.covered > max(MOST_COVERED, with_.covered):
        seen_ = f"{shown.covered:.0%} of the window is covered or cannot be read {when}"
        findings.append(Finding.of(page, seen=seen_, wanted=f"at most {MOST_COVERED:.0%}"))
    return findings
