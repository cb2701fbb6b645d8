"""Whoever finds a hole and no address to write to, writes to everybody.

Fix: publish `/.well-known/security.txt` with `Contact:` and an `Expires:` within a year; renew it with the release.
See: https://www.rfc-editor.org/rfc/rfc9116
"""

from __future__ import annotations

from datetime import datetime

from gonogo import Finding, Severity, check
from gonogo.check import report
from gonogo.concerns.security.limits import SecurityTxt
from gonogo.formats import security_txt as format_


def _served(file: SecurityTxt) -> bool:
    """It is there: status 200, and no page that a router answers to everything."""
    return file.exchange.status == 200 and file.exchange.body.lstrip()[:1] != "<"


@check(title="security.txt says whom to tell", severity=Severity.MEDIUM, profiles={"security", "nightly"})
def test_valid(security_txt: SecurityTxt) -> None:
    """At least one Contact, exactly one Expires, in the future."""
    exchange = security_txt.exchange
    if not _served(security_txt):
        seen = f"status {exchange.status}" if exchange.status != 200 else "a page in its place"
        report([Finding.of(security_txt.url, seen=seen, wanted="the file")])
    parsed = format_.parse(exchange.body, at=datetime.fromisoformat(security_txt.at))
    report(Finding.of(security_txt.url, seen=problem, wanted="RFC 9116") for problem in parsed.problems)


@check(title="security.txt is served as it should be", severity=Severity.LOW, profiles={"security", "nightly"})
def test_canonical(security_txt: SecurityTxt) -> None:
    """Plain text in UTF-8 over HTTPS; where Canonical fields stand, one of them is this address."""
    if not _served(security_txt):
        return
    exchange = security_txt.exchange
    kind = (exchange.value("content-type") or "").strip().lower()
    findings = []
    if not kind.startswith("text/plain"):
        findings.append(
            Finding.of(security_txt.url, seen=repr(kind[:60]), wanted="text/plain; charset=utf-8", what="Content-Type")
        )
    canonical = format_.parse(exchange.body, at=datetime.fromisoformat(security_txt.at)).values("canonical")
    if canonical and exchange.url not in canonical and security_txt.url not in canonical:
        findings.append(Finding.of(security_txt.url, seen=canonical[0][:100], wanted="this address", what="Canonical"))
    report(findings)
