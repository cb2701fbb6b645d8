"""TLS 1.0 and 1.1 have been broken and withdrawn; a server that still speaks them lets an attacker choose them.

Fix: nginx `ssl_protocols TLSv1.2 TLSv1.3;` · Caddy and current platforms do so by default.
See: https://www.rfc-editor.org/rfc/rfc8996
"""

from __future__ import annotations

from gonogo import Finding, Severity, check
from gonogo.check import report
from gonogo.errors import EvidenceMissing
from gonogo.nouns import Host

ORDER = ("SSLv3", "TLSv1", "TLSv1.1", "TLSv1.2", "TLSv1.3")


@check(title="Old TLS versions are refused", severity=Severity.HIGH, profiles={"smoke", "nightly"})
def test_minimum_version(host: Host) -> None:
    """Offered nothing newer than TLS 1.1, the server must refuse; and what it chooses itself must reach the minimum."""
    wanted = f"TLSv{host.declared.min_version}"
    findings = []
    for shake in host.tls.handshakes:
        where = f"{host.tls.host} ({shake.address})"
        if shake.legacy in ORDER:
            findings.append(Finding.of(where, seen=f"{shake.legacy} accepted", wanted=f"{wanted} or newer only"))
        if shake.version in ORDER and ORDER.index(shake.version) < ORDER.index(wanted):
            findings.append(
                Finding.of(where, seen=shake.version, wanted=f"{wanted} or newer", what="the version it chose")
            )
    report(findings)
    for shake in host.tls.handshakes:
        if shake.legacy.startswith("unknown"):
            raise EvidenceMissing("invalid", f"{host.tls.host} ({shake.address}): old versions: {shake.legacy}")
