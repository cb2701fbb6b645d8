"""A content security policy stops injected script from running; a weak one only looks as if it did.

Fix: `Content-Security-Policy: default-src 'self'; script-src 'nonce-RANDOM' 'strict-dynamic'; object-src 'none'; base-uri 'none'`, with a new nonce in each response.
See: https://www.w3.org/TR/CSP3/
"""

from __future__ import annotations

from gonogo import Finding, Severity, check
from gonogo.check import report
from gonogo.formats import csp, html
from gonogo.nouns import Document

HEADER = "content-security-policy"


@check(title="A content security policy is enforced", severity=Severity.HIGH, profiles={"smoke", "nightly"})
def test_present(document: Document) -> None:
    """Report-only policies protect nobody; one enforced policy must keep scripts of any host out."""
    policies = csp.parse(document.exchange.values(HEADER))
    if not policies:
        seen = "report-only" if document.exchange.values(f"{HEADER}-report-only") else "absent"
        report([Finding.of(document.page.path, seen=seen, wanted="enforced", what="Content-Security-Policy")])
    if all(csp.allows_any_script(policy) for policy in policies):
        report(
            [
                Finding.of(
                    document.page.path,
                    seen="unrestricted",
                    wanted="script-src or default-src",
                    what="script in the CSP",
                )
            ]
        )


@check(title="The CSP lets no inline script or eval run", severity=Severity.HIGH, profiles={"smoke", "nightly"})
def test_script_inline(document: Document) -> None:
    """Injected markup is inline script; `'unsafe-inline'` without nonce or hash lets it run.

    Judged over the intersection of all policies: a weakness counts only where no policy blocks it.
    """
    policies = csp.parse(document.exchange.values(HEADER))
    restricting = [policy for policy in policies if policy.effective("script-src-elem") is not None]
    if not restricting:
        return  # absence is security.csp.present's finding
    findings = [
        Finding.of(document.page.path, seen="'unsafe-inline' in force", wanted="a nonce or hash", what=directive)
        for directive in ("script-src-elem", "script-src-attr")
        if all(csp.allows_inline(policy, directive) for policy in policies)
    ]
    if all(csp.allows_eval(policy) for policy in policies):
        findings.append(
            Finding.of(document.page.path, seen="'unsafe-eval' in force", wanted="absent", what="script-src")
        )
    report(findings)


@check(title="Inline scripts carry the nonce of the CSP", severity=Severity.MEDIUM, profiles={"smoke", "nightly"})
def test_nonce_used(document: Document) -> None:
    """A template that forgot to fill in the nonce breaks the page's own scripts."""
    policies = csp.parse(document.exchange.values(HEADER))
    allowed, hashes = csp.nonces(policies), csp.hashes(policies)
    if allowed:
        report(
            Finding.of(
                document.page.path,
                seen=repr(script.nonce[:60]),
                wanted="the nonce in the CSP",
                what="an inline script's nonce",
            )
            for script in html.scripts(document.exchange.body)
            if not script.src and script.executes and script.nonce not in allowed and not hashes & script.digests
        )
