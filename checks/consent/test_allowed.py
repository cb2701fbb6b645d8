"""What a tag manager loads after consent is seen by no visit that does not consent; it is what visitors get.

Fix: declare the host in `[[third_parties]]` (with `scripts = true` where it delivers scripts), allow it in the policy, or remove the tag.
See: https://owasp.org/www-project-top-10-client-side-security-risks/
"""

from __future__ import annotations

from gonogo import Finding, Severity, check
from gonogo.check import report
from gonogo.concerns.browser.judgements import UNDECLARED, enforced, undeclared_script, violated
from gonogo.concerns.consent.fixtures import ConsentFlow
from gonogo.concerns.consent.judgements import asked, chosen
from gonogo.probes.browser.facts import BrowserRequest


@check(title="What consent lets in is declared, too", severity=Severity.HIGH, profiles={"nightly"})
def test_declared(consent: ConsentFlow) -> None:
    """Hosts, scripts and violations of the policy after acceptance, beside what is there without it."""
    chosen(consent.accept, "accept")

    def wrong(request: BrowserRequest) -> str:
        if request.failure == UNDECLARED:
            return "a declared host"
        return "a host with scripts = true" if undeclared_script(request, consent.third_parties) else ""

    known = {asked(request) for request in consent.reject.requests if wrong(request)}
    found = {asked(request): request for request in reversed(consent.accept.requests) if wrong(request)}
    findings = [
        Finding.of(f"after acceptance → {host}", seen=f"{request.type} {request.url[:150]}", wanted=wrong(request))
        for host, request in sorted(found.items())
        if host not in known
    ]
    old = {(one.directive, one.blocked) for one in consent.reject.violations}
    findings += [
        violated("after acceptance", one) for one in enforced(consent.accept) if (one.directive, one.blocked) not in old
    ]
    report(dict.fromkeys(findings))
