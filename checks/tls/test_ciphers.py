"""Whoever sits between a visitor and the server reads or alters what a weak cipher was to protect.

Fix: nginx `ssl_ciphers ECDHE+AESGCM:ECDHE+CHACHA20;` and `ssl_protocols TLSv1.2 TLSv1.3;`.
See: https://www.rfc-editor.org/rfc/rfc9325#section-4
Family: TLS
"""

from __future__ import annotations

from gonogo import Finding, Severity, check
from gonogo.check import report
from gonogo.concerns.tls import Host
from gonogo.errors import EvidenceMissing
from gonogo.probes.tls.facts import Handshake


@check(title="Weak ciphers are refused", severity=Severity.CRITICAL, profiles={"smoke", "security", "nightly"})
def test_weak(host: Host) -> None:
    """NULL encrypts nothing, anonymous suites authenticate nobody, EXPORT, RC4, DES and 3DES have been broken, and with
    static RSA a key stolen later opens everything that was recorded before. Offered only these, the server must refuse."""
    report(
        Finding.of(host.where(shake.address), seen=f"{kind} accepted ({suite})", wanted="a refusal")
        for shake in host.tls.handshakes
        for kind, suite in shake.offers.weak
    )
    for shake in host.tls.handshakes:
        if shake.offers.weak_end != "refused":
            raise EvidenceMissing("invalid", f"{host.where(shake.address)}: weak ciphers: {shake.offers.weak_end}")


def _without(shake: Handshake) -> bool | None:
    """Whether some client gets no authenticated encryption with forward secrecy; None where that was not seen."""
    offers = shake.offers
    if offers.aead == "offered":
        return False
    if offers.aead != "refused":
        return None
    if offers.cbc == "offered" or offers.weak:
        return True
    if offers.cbc != "refused":
        return None
    return not (shake.version == "TLSv1.3" or offers.tls13 == "offered")


@check(
    title="TLS 1.2 offers forward secrecy and AEAD",
    severity=Severity.MEDIUM,
    profiles={"smoke", "security", "nightly"},
)
def test_forward_secret(host: Host) -> None:
    """CBC ciphers in TLS 1.2 have been broken time and again by how they are padded. A server that speaks TLS 1.3 only
    has nothing else."""
    report(
        Finding.of(
            host.where(shake.address),
            seen="ECDHE or DHE with AES-GCM or ChaCha20 refused",
            wanted="one of them, in TLS 1.2",
        )
        for shake in host.tls.handshakes
        if _without(shake)
    )
    for shake in host.tls.handshakes:
        if _without(shake) is None:
            why = f"{shake.offers.aead}; with CBC: {shake.offers.cbc}"
            raise EvidenceMissing("invalid", f"{host.where(shake.address)}: authenticated encryption: {why}")
