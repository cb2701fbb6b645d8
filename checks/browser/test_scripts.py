"""A script from another host can do whatever yours can: read the form, change the price, send both elsewhere.

Fix: remove it, serve it yourself, or declare its host in `[[third_parties]]` with `scripts = true`.
See: https://cheatsheetseries.owasp.org/cheatsheets/Third_Party_Javascript_Management_Cheat_Sheet.html
"""

from __future__ import annotations

from gonogo import Finding, Severity, check
from gonogo.check import report
from gonogo.concerns.browser.fixtures import PageVisit
from gonogo.concerns.browser.judgements import undeclared_script
from gonogo.concerns.consent.judgements import asked


@check(title="Scripts come from declared hosts only", severity=Severity.HIGH, profiles={"nightly"})
def test_declared(visit: PageVisit) -> None:
    """Hosts that may be spoken to, but were not declared to deliver scripts; others are never spoken to at all."""
    found = {
        asked(request): request
        for request in reversed(visit.visit.requests)
        if undeclared_script(request, visit.third_parties)
    }
    report(
        Finding.of(
            f"{visit.page.path} → {host}", seen=f"script {request.url[:150]}", wanted="hosts with scripts = true"
        )
        for host, request in sorted(found.items())
    )
