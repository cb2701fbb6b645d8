"""Anything stored on a visitor's device before they agree, beyond what the service needs, is a breach of privacy law.

Fix: set cookies and storage entries for analytics and advertising only after consent; list the others in `essential_cookies`.
See: https://eur-lex.europa.eu/eli/dir/2002/58/art_5/oj
"""

from __future__ import annotations

from gonogo import Severity, check
from gonogo.check import report
from gonogo.nouns import ConsentFlow
from gonogo.nouns.consent import able
from gonogo.privacy import stored_without_need


@check(title="Nothing is stored before a choice", severity=Severity.CRITICAL, profiles={"nightly"})
def test_before_choice(consent: ConsentFlow) -> None:
    """Cookies (HttpOnly ones too), local and session storage, IndexedDB and caches of a fresh browser, against the declared essentials."""
    able(consent.reject, "snapshot first:")
    report(stored_without_need(consent.first, consent.declared))
