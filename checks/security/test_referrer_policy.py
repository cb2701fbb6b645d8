"""Addresses hold identifiers and search words; without a policy some browsers send them whole to every linked site.

Fix: send `Referrer-Policy: strict-origin-when-cross-origin`, or a stricter value.
See: https://www.w3.org/TR/referrer-policy/#parse-referrer-policy-from-header
Family: Referrer-Policy
"""

from __future__ import annotations

from gonogo import Finding, Severity, check
from gonogo.check import report
from gonogo.concerns.security.pages import Document
from gonogo.formats import referrer_policy

PRIVATE = frozenset("no-referrer same-origin strict-origin strict-origin-when-cross-origin".split())
"""Send no path to other origins, and nothing from HTTPS to HTTP."""
LEGACY = {
    "never": "no-referrer",
    "default": "strict-origin-when-cross-origin",
    "always": "unsafe-url",
    "origin-when-crossorigin": "origin-when-cross-origin",
}
"""Words of old pages that browsers still read in `<meta>` (HTML §4.2.5.1)."""
WANTED = "strict-origin-when-cross-origin or stricter"


@check(title="Full addresses stay on the site", severity=Severity.MEDIUM, profiles={"smoke", "security", "nightly"})
def test_private(document: Document) -> None:
    """The last word that a browser knows decides; a misspelt one is skipped. A `<meta name=referrer>` stands above the header."""
    values = document.exchange.values("referrer-policy")
    policy = referrer_policy.parse(values)
    findings = []
    if values and (isinstance(policy, str) or policy.policy not in PRIVATE):
        seen = policy if isinstance(policy, str) else repr(policy.policy)
        findings.append(Finding.of(document.page.path, seen=seen, wanted=WANTED, what="Referrer-Policy"))
    in_page = referrer_policy.parse([LEGACY.get(document.markup.referrer, document.markup.referrer)])
    if not isinstance(in_page, str) and in_page.policy not in PRIVATE:
        what = "the page's <meta name=referrer>"
        findings.append(Finding.of(document.page.path, seen=repr(in_page.policy), wanted=WANTED, what=what))
    report(findings)


@check(title="A referrer policy is sent", severity=Severity.LOW, profiles={"smoke", "security", "nightly"})
def test_present(document: Document) -> None:
    """Current browsers have a private default of their own; older ones send the whole address."""
    if not document.exchange.values("referrer-policy"):
        report([Finding.of(document.page.path, seen="absent", wanted=WANTED, what="Referrer-Policy")])
