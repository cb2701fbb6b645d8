"""HSTS tells a browser never again to speak plain HTTP to this host; without it the first request of each visit can be hijacked.

Fix: send `Strict-Transport-Security: max-age=31536000; includeSubDomains` on every HTTPS response, redirects and errors too.
See: https://www.rfc-editor.org/rfc/rfc6797
"""

from __future__ import annotations

from gonogo import Finding, Severity, check
from gonogo.check import report
from gonogo.formats.hsts import parse
from gonogo.nouns import Document


@check(title="HSTS lasts long enough", severity=Severity.HIGH, profiles={"smoke", "nightly"})
def test_max_age(document: Document) -> None:
    """A short max-age ends between two visits, and zero removes the protection."""
    wanted = document.security.hsts_max_age_s
    policy = parse(document.exchange.values("strict-transport-security"))
    if isinstance(policy, str):
        report(
            [Finding.of(document.page.path, seen=policy, wanted=f"max-age={wanted}", what="Strict-Transport-Security")]
        )
    elif policy.max_age < wanted:
        report([Finding.of(document.page.path, seen=policy.max_age, wanted=f"at least {wanted}", what="HSTS max-age")])


@check(title="HSTS covers every subdomain", severity=Severity.MEDIUM, profiles={"smoke", "nightly"})
def test_subdomains(document: Document) -> None:
    """A subdomain left on plain HTTP can set cookies for the whole site."""
    policy = parse(document.exchange.values("strict-transport-security"))
    if document.security.hsts_include_subdomains and not isinstance(policy, str) and not policy.include_subdomains:
        report([Finding.of(document.page.path, seen="absent", wanted="present", what="HSTS includeSubDomains")])
