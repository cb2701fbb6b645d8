"""A host that nobody declared receives your visitors' addresses, and its script can do what yours can.

Fix: remove what asks for it, or declare the host in `[[third_parties]]` with its purpose.
See: https://owasp.org/www-community/Third_Party_Javascript_Management_Cheat_Sheet
"""

from __future__ import annotations

from gonogo import Finding, Severity, check
from gonogo.check import report
from gonogo.nouns import PageVisit
from gonogo.privacy import asked

UNDECLARED = "blocked: undeclared host"
"""How the browser probe marks a request that it stopped for its host."""


@check(title="Pages speak to declared hosts only", severity=Severity.HIGH, profiles={"nightly"})
def test_declared(visit: PageVisit) -> None:
    """Requests to other hosts are stopped before they leave, and told here."""
    hosts = {asked(request): request for request in reversed(visit.visit.requests) if request.failure == UNDECLARED}
    report(
        Finding.of(
            f"{visit.page.path} → {host}", seen=f"{request.type} {request.url[:150]}", wanted="declared hosts only"
        )
        for host, request in sorted(hosts.items())
    )
