"""A browser that guesses types may run an uploaded picture as script.

Fix: send `X-Content-Type-Options: nosniff` on every response.
See: https://fetch.spec.whatwg.org/#x-content-type-options-header
Family: Content types
"""

from __future__ import annotations

from gonogo import Finding, Severity, check
from gonogo.check import report
from gonogo.concerns.security.pages import Document


@check(title="Browsers do not guess content types", severity=Severity.HIGH, profiles={"smoke", "security", "nightly"})
def test_nosniff(document: Document) -> None:
    """Fetch looks at the first value only, without case: `nosniff, nosniff` works, `none, nosniff` does not."""
    values = [part.strip() for field in document.exchange.values("x-content-type-options") for part in field.split(",")]
    if not values or values[0].lower() != "nosniff":
        seen = repr(values[0][:60]) if values else "absent"
        report([Finding.of(document.page.path, seen=seen, wanted="nosniff", what="X-Content-Type-Options")])
