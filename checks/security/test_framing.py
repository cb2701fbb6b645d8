"""A page that may be framed anywhere can be laid invisibly over a lure, and the visitor's clicks go to it.

Fix: `Content-Security-Policy: frame-ancestors 'none'` (or `'self'`), and `X-Frame-Options: DENY` for old browsers.
See: https://www.w3.org/TR/CSP3/#directive-frame-ancestors
Family: Framing
"""

from __future__ import annotations

from gonogo import Finding, Severity, check
from gonogo.check import report
from gonogo.concerns.security.pages import Document
from gonogo.formats import csp, csp_review


@check(title="Other sites cannot frame the pages", severity=Severity.HIGH, profiles={"smoke", "security", "nightly"})
def test_restricted(document: Document) -> None:
    """frame-ancestors decides where it is present; X-Frame-Options is read only where it is absent."""
    exchange = document.exchange
    told = csp_review.framing(exchange.values("content-security-policy"), exchange.values("x-frame-options"))
    if told:
        report([Finding.of(document.page.path, seen=told.seen, wanted=told.wanted, what=told.directive)])


@check(title="X-Frame-Options has one valid value", severity=Severity.MEDIUM, profiles={"smoke", "security", "nightly"})
def test_header_valid(document: Document) -> None:
    """ALLOW-FROM is ignored by every current browser, so the page may be framed; two different values are read differently.

    Judged where frame-ancestors decides too: old browsers read only this header.
    """
    exchange = document.exchange
    ancestors = any(
        policy.directive("frame-ancestors") is not None
        for policy in csp.parse(exchange.values("content-security-policy"))
    )
    fields = exchange.values("x-frame-options")
    said = {value.strip().upper() for field in fields for value in field.split(",")}
    unknown = not said <= {"DENY", "SAMEORIGIN"}
    if (fields and (unknown if ancestors else False)) or (len(said) > 1 and not unknown):
        seen = repr(", ".join(fields)[:100])
        report([Finding.of(document.page.path, seen=seen, wanted="DENY or SAMEORIGIN", what="X-Frame-Options")])
