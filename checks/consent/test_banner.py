"""Where consent is needed and the visitor is never asked, every later tag is unlawful.

Fix: load the consent banner first on every page, for visitors without a stored choice.
See: https://eur-lex.europa.eu/eli/dir/2002/58/art_5/oj
"""

from __future__ import annotations

from gonogo import Finding, Severity, check
from gonogo.check import report
from gonogo.concerns.consent.fixtures import ConsentFlow, able, seen, shown, view
from gonogo.concerns.consent.judgements import first_layer
from gonogo.errors import EvidenceMissing

DIALOGUES = {"dialog", "alertdialog", "region"}
"""A region is a landmark: for a banner that does not hold the visitor up."""


SELECTORS = ("banner", "accept", "reject")


def _selector(consent: ConsentFlow, name: str) -> str:
    return f'consent.{name} = "{getattr(consent.declared, name)}"'


@check(title="A first visitor is asked for consent", severity=Severity.CRITICAL, profiles={"nightly"})
def test_shown(consent: ConsentFlow) -> None:
    """The banner must be visible in a fresh browser, `appear_s` after load, with a way to accept. UNKNOWN where a declared selector matches nothing and
    the banner's words do: the selector is stale, not the site broken."""
    banner, where = consent.first.banner, consent.declared.page
    if not (shown(consent.reject, "first") and shown(consent.untouched, "first")):
        declared = [_selector(consent, name) for name in SELECTORS if getattr(consent.declared, name)]
        also = f", neither by {', '.join(declared)} nor by its words" if declared else ""
        report(
            [
                Finding.of(
                    where,
                    seen=f"no consent banner within {consent.declared.appear_s:g} s{also}",
                    wanted="a visible banner",
                )
            ]
        )
    if not banner.accept:
        report(
            [Finding.of(where, seen="not found in the banner", wanted="a control in its first layer", what="accept")]
        )
    if banner.missed:
        stale = ", ".join(_selector(consent, name) for name in banner.missed)
        raise EvidenceMissing(
            "invalid",
            f"{stale} matches nothing in sight; what stands there was found by its words: correct the selector, or leave it out",
        )


@check(title="The banner is a dialog with a name", severity=Severity.MEDIUM, profiles={"nightly"})
def test_named(consent: ConsentFlow) -> None:
    """Whoever hears the page instead of seeing it must be told that there is a question; one that blocks the page takes the focus.

    Fix: give the banner `role="dialog"` and `aria-labelledby`; where it is modal, move the focus into it when it opens.
    See: https://www.w3.org/TR/WCAG22/#name-role-value
    """
    layer = first_layer(consent)
    where = consent.declared.page
    findings = []
    if layer.role not in DIALOGUES:
        findings.append(Finding.of(where, seen=layer.role or "none", wanted="dialog", what="the banner's role"))
    elif not layer.name:
        findings.append(Finding.of(where, seen="none", wanted="a name", what="the dialog's accessible name"))
    if layer.modal and not layer.focused:
        findings.append(
            Finding.of(where, seen="the banner is modal and the focus is outside", wanted="the focus inside")
        )
    report(findings)


@check(title="The banner gives the focus back", severity=Severity.LOW, profiles={"nightly"})
def test_focus_returned(consent: ConsentFlow) -> None:
    """A layer that took the focus when it was opened again must leave it somewhere when it is closed: else who uses the
    keyboard starts at the top of the page.

    Fix: remember `document.activeElement` when the layer opens, and focus it when the layer closes.
    See: https://www.w3.org/WAI/ARIA/apg/patterns/dialog-modal/
    """
    visit = consent.withdraw
    able(visit, "consent accept", "reopen", "consent reject")
    given, opened, closed = (view(seen(visit, label)) for label in ("given", "reopened", "withdrawn"))
    # A layer that is not recognised as one has taken the focus if what opened it has not kept it.
    taken = opened.layer.focused if opened.layer else opened.focus not in {"", given.withdrawal}
    if taken and not closed.focus:
        where = consent.declared.other_page or consent.declared.page
        report([Finding.of(where, seen="nothing has it", wanted="what opened the layer", what="the focus afterwards")])
