"""Addresses hold identifiers and search words; without a policy some browsers send them whole to every linked site.

Fix: send `Referrer-Policy: strict-origin-when-cross-origin`, or a stricter value.
See: https://www.w3.org/TR/referrer-policy/#parse-referrer-policy-from-header
"""

from __future__ import annotations

from gonogo import Finding, Severity, check
from gonogo.check import report
from gonogo.nouns import Document

KNOWN = frozenset(
    "no-referrer no-referrer-when-downgrade same-origin origin strict-origin origin-when-cross-origin "
    "strict-origin-when-cross-origin unsafe-url".split()
)
PRIVATE = frozenset("no-referrer same-origin strict-origin strict-origin-when-cross-origin".split())
"""Send no path to other origins, and nothing from HTTPS to HTTP."""


@check(title="Full addresses stay on the site", severity=Severity.LOW, profiles={"smoke", "nightly"})
def test_private(document: Document) -> None:
    """The last token that a browser knows decides; absent means its default, which is private in current browsers only."""
    tokens = [
        part.strip().lower() for field in document.exchange.values("referrer-policy") for part in field.split(",")
    ]
    known = [token for token in tokens if token in KNOWN]
    if not known or known[-1] not in PRIVATE:
        seen = repr(known[-1]) if known else (repr(", ".join(tokens)[:60]) if tokens else "absent")
        report(
            [
                Finding.of(
                    document.page.path,
                    seen=seen,
                    wanted="strict-origin-when-cross-origin or stricter",
                    what="Referrer-Policy",
                )
            ]
        )
