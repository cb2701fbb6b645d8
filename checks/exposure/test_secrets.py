"""A key in a page's script is everybody's key, from the moment a crawler has seen it.

Fix: revoke the key, then take it out; what a browser needs is a public key with its own narrow rights, or a call to your server.
See: https://cwe.mitre.org/data/definitions/798.html
"""

from __future__ import annotations

from datetime import datetime

from gonogo import Finding, Severity, check
from gonogo.check import report
from gonogo.formats import secrets
from gonogo.nouns import Published


@check(title="Published texts hold no secret", severity=Severity.CRITICAL, profiles={"smoke", "security", "nightly"})
def test_absent(published: Published) -> None:
    """Pages, declared scripts and documents, by precise rules: public keys and placeholders are none. Only a beginning and a
    digest are ever shown."""
    report(
        Finding.of(published.path, seen=f"{found.prefix}… (SHA-256 {found.digest})", wanted="absent", what=found.rule)
        for found in secrets.find(published.exchange.body, at=datetime.fromisoformat(published.exchange.ended))
    )
