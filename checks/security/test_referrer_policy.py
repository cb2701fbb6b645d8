"""Addresses hold identifiers and search words; without a policy some browsers send them whole to every linked site.

Fix: send `Referrer-Policy: strict-origin-when-cross-origin`, or a stricter value.
See: https://www.w3.org/TR/referrer-policy/#parse-referrer-policy-from-header
"""

from __future__ import annotations

from gonogo import Finding, Severity, check
from gonogo.check import report
from gonogo.formats import referrer_policy
from gonogo.nouns import Document

PRIVATE = frozenset("no-referrer same-origin strict-origin strict-origin-when-cross-origin".split())
"""Send no path to other origins, and nothing from HTTPS to HTTP."""
WANTED = "strict-origin-when-cross-origin or stricter"


@check(title="Full addresses stay on the site", severity=Severity.MEDIUM, profiles={"smoke", "security", "nightly"})
def test_private(document: Document) -> None:
    """The last word that a browser knows decides; a misspelt one is skipped."""
    values = document.exchange.values("referrer-policy")
    policy = referrer_policy.parse(values)
    if values and (isinstance(policy, str) or policy.policy not in PRIVATE):
        seen = policy if isinstance(policy, str) else repr(policy.policy)
        report([Finding.of(document.page.path, seen=seen, wanted=WANTED, what="Referrer-Policy")])


@check(title="A referrer policy is sent", severity=Severity.LOW, profiles={"smoke", "security", "nightly"})
def test_present(document: Document) -> None:
    """Current browsers have a private default of their own; older ones send the whole address."""
    if not document.exchange.values("referrer-policy"):
        report([Finding.of(document.page.path, seen="absent", wanted=WANTED, what="Referrer-Policy")])
