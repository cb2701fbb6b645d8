"""A host that nobody declared receives your visitors' addresses, and its script can do what yours can.

Fix: remove what asks for it, or declare the host in `[[third_parties]]` with its purpose.
See: https://owasp.org/www-community/Third_Party_Javascript_Management_Cheat_Sheet
"""

from __future__ import annotations

from gonogo import Finding, Severity, check
from gonogo.check import report
from gonogo.concerns.browser.fixtures import PageVisit
from gonogo.concerns.browser.judgements import UNDECLARED, unanswered
from gonogo.concerns.consent.judgements import asked


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


@check(title="Pages ask for nothing over plain HTTP", severity=Severity.MEDIUM, profiles={"nightly"})
def test_encrypted(visit: PageVisit) -> None:
    """Mixed content: blocked by the browser, or asked for by https in its place as long as the other host can.

    Fix: write `https://` in the page, its styles and scripts; find old addresses in content with a search.
    See: https://www.w3.org/TR/mixed-content/
    """
    report(
        dict.fromkeys(
            Finding.of(visit.page.path, seen=message.text[:250], wanted="https:// only")
            for message in visit.visit.console
            if message.level == "mixed"
        )
    )


@check(title="Every part of a page arrives", severity=Severity.HIGH, profiles={"nightly"})
def test_answered(visit: PageVisit) -> None:
    """The page itself and whatever it asks for, of any host that may be spoken to.

    Fix: restore what is missing, or remove what asks for it; the finding names the request.
    See: https://fetch.spec.whatwg.org/#concept-network-error
    """
    report(
        dict.fromkeys(
            Finding.of(visit.page.path, seen=f"{words}: {request.type} {request.url[:150]}", wanted="an answer")
            for request in visit.visit.requests
            if (words := unanswered(request))
        )
    )
