"""What a tag manager loads after consent is seen by no visit that does not consent; it is what visitors get.

Fix: declare the host in `[[third_parties]]` (with `scripts = true` where it delivers scripts), allow it in the policy, or remove the tag.
See: https://owasp.org/www-project-top-10-client-side-security-risks/
"""

from __future__ import annotations

from gonogo import Finding, Severity, check
from gonogo.breakage import UNDECLARED
from gonogo.check import report
from gonogo.evidence.facts import BrowserRequest
from gonogo.nouns import ConsentFlow
from gonogo.privacy import asked, chosen


@check(title="What consent lets in is declared, too", severity=Severity.HIGH, profiles={"nightly"})
def test_declared(consent: ConsentFlow) -> None:
    """Hosts, scripts and violations of the policy after acceptance, beside what is there without it."""
    chosen(consent.accept, "accept")
    scripts = {party.host.lower(): party.scripts for party in consent.third_parties}

    def wrong(request: BrowserRequest) -> str:
        if request.failure == UNDECLARED:
            return "a declared host"
        foreign = request.third_party and request.type == "script"
        return "a host with scripts = true" if foreign and scripts.get(asked(request)) is False else ""

    known = {asked(request) for request in consent.reject.requests if wrong(request)}
    found = {asked(request): request for request in reversed(consent.accept.requests) if wrong(request)}
    findings = [
        Finding.of(f"after acceptance → {host}", seen=f"{request.type} {request.url[:150]}", wanted=wrong(request))
        for host, request in sorted(found.items())
        if host not in known
    ]
    old = {(one.directive, one.blocked) for one in consent.reject.violations}
    findings += [
        Finding.of(
            "after acceptance",
            seen=f"{one.blocked[:120]} blocked ({one.source[:100]})",
            wanted="nothing blocked",
            what=one.directive,
        )
        for one in consent.accept.violations
        if one.disposition != "report" and (one.directive, one.blocked) not in old
    ]
    report(dict.fromkeys(findings))
