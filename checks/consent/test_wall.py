"""A page that lets in only those who agree forces consent, and forced consent is void.

Fix: show the content whatever the choice; close the banner after a rejection as after an acceptance.
See: https://www.edpb.europa.eu/our-work-tools/our-documents/guidelines/guidelines-052020-consent-under-regulation-2016679_en
"""

from __future__ import annotations

from gonogo import Finding, Severity, check
from gonogo.check import report
from gonogo.errors import EvidenceMissing
from gonogo.nouns import ConsentFlow
from gonogo.nouns.consent import seen, view
from gonogo.privacy import chosen

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
        without, with_ = view(seen(consent.reject, label)), view(seen(consent.accept, label))
        if not with_.text_length:
            raise EvidenceMissing("invalid", f"{page} shows no text after acceptance either")
        if without.text_length < LEAST_TEXT * with_.text_length:
            wanted = f"about the {with_.text_length} of acceptance"
            findings.append(
                Finding.of(
                    page, seen=f"{without.text_length} characters", wanted=wanted, what="the text after a rejection"
                )
            )
        if without.locked and not with_.locked:
            seen_ = "it cannot be scrolled after a rejection"
            findings.append(Finding.of(page, seen=seen_, wanted="scrolling, as after acceptance"))
        if without.covered > max(MOST_COVERED, with_.covered):
            findings.append(
                Finding.of(
                    page,
                    seen=f"{without.covered:.0%} of the window is covered after a rejection",
                    wanted=f"at most {MOST_COVERED:.0%}",
                )
            )
    report(dict.fromkeys(findings))
