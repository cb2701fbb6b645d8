"""Anything stored on a visitor's device before they agree, beyond what the service needs, is a breach of privacy law.

Fix: set cookies and storage entries for analytics and advertising only after consent; list the others in `essential_cookies`.
See: https://eur-lex.europa.eu/eli/dir/2002/58/art_5/oj
"""

from __future__ import annotations

from gonogo import Severity, check
from gonogo.check import report
from gonogo.concerns.consent.fixtures import ConsentFlow, able, seen, undecided
from gonogo.concerns.consent.judgements import stored_without_need


@check(title="Nothing is stored before a choice", severity=Severity.CRITICAL, profiles={"nightly"})
def test_before_choice(consent: ConsentFlow) -> None:
    """Cookies (HttpOnly ones too), local and session storage, IndexedDB and caches of a fresh browser, against the declared essentials; `watch_s`
    after load, where nothing is touched; on the other page, where somebody lands on it; and as long as a visit goes on without a choice: in the preferences, on the policy's page, and back again."""
    for visit in (consent.untouched, consent.elsewhere):
        able(visit, "snapshot first:")
    landed = seen(consent.elsewhere, "first")
    findings = {
        one.seen: one for first in (landed, consent.first) for one in stored_without_need(first, consent.declared)
    }
    known = consent.preferences.snapshot("scrolled")
    told = {one.seen for one in stored_without_need(known, consent.declared)} if known else set()
    for snapshot in undecided(consent.preferences):
        able(consent.preferences, f"snapshot {snapshot.label}:")
        for one in stored_without_need(snapshot, consent.declared):
            if one.seen not in told:
                findings.setdefault(one.seen, one)
    report(findings.values())
