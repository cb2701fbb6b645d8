"""TLS 1.0 and 1.1 have been broken and withdrawn; a server that still speaks them lets an attacker choose them.

Fix: nginx `ssl_protocols TLSv1.2 TLSv1.3;` · Caddy and current platforms do so by default.
See: https://www.rfc-editor.org/rfc/rfc8996
Family: TLS
"""

from __future__ import annotations

from gonogo import Finding, Severity, check
from gonogo.check import report
from gonogo.concerns.tls import Host
from gonogo.errors import EvidenceMissing

ORDER = ("SSLv3", "TLSv1", "TLSv1.1", "TLSv1.2", "TLSv1.3")


@check(title="Old TLS versions are refused", severity=Severity.CRITICAL, profiles={"smoke", "security", "nightly"})
def test_minimum_version(host: Host) -> None:
    """Offered nothing newer than TLS 1.1, the server must refuse; and what it chooses itself must reach the minimum."""
    wanted = f"TLSv{host.declared.min_version}"
    findings = []
    for shake in host.tls.handshakes:
        where = host.where(shake.address)
        if shake.legacy in ORDER:
            findings.append(Finding.of(where, seen=f"{shake.legacy} accepted", wanted=f"{wanted} or newer only"))
        if shake.version in ORDER and ORDER.index(shake.version) < ORDER.index(wanted):
            findings.append(
                Finding.of(where, seen=shake.version, wanted=f"{wanted} or newer", what="the version it chose")
            )
    report(findings)
    for shake in host.tls.handshakes:
        if shake.legacy.startswith("unknown"):
            raise EvidenceMissing("invalid", f"{host.where(shake.address)}: old versions: {shake.legacy}")


@check(title="TLS 1.3 is offered", severity=Severity.MEDIUM, profiles={"smoke", "security", "nightly"})
def test_version_13(host: Host) -> None:
    """TLS 1.3 hides the certificate, saves a round trip, and has none of the weak choices that 1.2 must be kept from.

    Fix: nginx `ssl_protocols TLSv1.2 TLSv1.3;` with OpenSSL 1.1.1 or newer.
    See: https://www.rfc-editor.org/rfc/rfc9325#section-3.1.1
    """
    lacking = [shake for shake in host.tls.handshakes if shake.version != "TLSv1.3" and shake.offers.tls13 != "offered"]
    report(
        Finding.of(host.where(shake.address), seen=shake.version, wanted="TLSv1.3", what="the newest version")
        for shake in lacking
        if shake.offers.tls13 == "refused"
    )
    for shake in lacking:
        raise EvidenceMissing("invalid", f"{host.where(shake.address)}: TLS 1.3: {shake.offers.tls13}")


@check(
    title="The declared protocol is agreed by ALPN",
    severity=Severity.LOW,
    profiles={"smoke", "security", "nightly"},
    where=lambda _, tls: tls.alpn,
    needs="[tls] alpn",
)
def test_alpn(host: Host) -> None:
    """Without ALPN a browser falls back to HTTP/1.1, with six connections a host instead of one. Judged where the
    environment says which protocol must be chosen (`[tls] alpn`).

    Fix: nginx `http2 on;` (before 1.25: `listen 443 ssl http2;`).
    See: https://www.rfc-editor.org/rfc/rfc7301
    """
    report(
        Finding.of(
            host.where(shake.address),
            seen=shake.alpn or "nothing",
            wanted=host.declared.alpn,
            what="ALPN's choice",
        )
        for shake in host.tls.handshakes
        if host.declared.alpn and shake.alpn != host.declared.alpn
    )
