"""Where consent is needed and the visitor is never asked, every later tag is unlawful.

Fix: load the consent banner first on every page, for visitors without a stored choice.
See: https://eur-lex.europa.eu/eli/dir/2002/58/art_5/oj
"""

from __future__ import annotations

from gonogo import Finding, Severity, check
from gonogo.check import report
from gonogo.nouns import ConsentFlow


@check(title="A first visitor is asked for consent", severity=Severity.CRITICAL, profiles={"nightly"})
def test_shown(consent: ConsentFlow) -> None:
    """The banner must be visible in a fresh browser, with a way to accept and a way to reject in the same layer."""
    banner, where = consent.first.banner, consent.declared.page
    if not banner.visible:
        report([Finding.of(where, seen="no consent banner", wanted="a visible banner")])
    report(
        Finding.of(where, seen="not found in the banner", wanted="a control in its first layer", what=name)
        for name, control in (("accept", banner.accept), ("reject", banner.reject))
        if not control
    )
