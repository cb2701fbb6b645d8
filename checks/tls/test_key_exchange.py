"""The key exchange decides whether what is recorded today can be read in ten years.

Fix: nginx `ssl_ecdh_curve X25519MLKEM768:X25519:prime256v1;` (OpenSSL 3.5 or newer for the first), and no DHE ciphers.
See: https://www.rfc-editor.org/rfc/rfc9325#section-4
Family: TLS
"""

from __future__ import annotations

from gonogo import Finding, Severity, check
from gonogo.check import report
from gonogo.concerns.tls import Host
from gonogo.errors import EvidenceMissing

DH_BITS = 2048
"""RFC 9325 §4.1: less is too weak, and much of the net shares a few groups of 1024 bits."""


@check(
    title="Diffie-Hellman groups have 2048 bits or more",
    severity=Severity.HIGH,
    profiles={"smoke", "security", "nightly"},
)
def test_dh(host: Host) -> None:
    """A state can break a group of 1024 bits once, and then read every connection that used it (Logjam).

    Fix: leave DHE out of the ciphers, or nginx `ssl_dhparam` with ffdhe2048 of RFC 7919.
    See: https://weakdh.org/
    """
    report(
        Finding.of(
            host.where(shake.address),
            seen=f"{shake.offers.dh_bits} bits",
            wanted=f"at least {DH_BITS}",
            what="the Diffie-Hellman group",
        )
        for shake in host.tls.handshakes
        if shake.offers.dhe == "offered" and shake.offers.dh_bits < DH_BITS
    )
    for shake in host.tls.handshakes:
        if shake.offers.dhe.startswith("unknown"):
            raise EvidenceMissing("invalid", f"{host.where(shake.address)}: DHE: {shake.offers.dhe}")


@check(
    title="The declared key exchange groups are offered",
    severity=Severity.LOW,
    profiles={"smoke", "security", "nightly"},
    where=lambda _, tls: tls.groups,
    needs="[tls] groups",
)
def test_groups(host: Host) -> None:
    """Judged where the environment names groups (`[tls] groups`): `X25519MLKEM768` keeps today's recordings from the
    quantum computers of tomorrow. Asked in TLS 1.3; a server without it is told by `tls.protocol.version-13`.

    See: https://datatracker.ietf.org/doc/draft-ietf-tls-ecdhe-mlkem/
    """
    asked = [
        (
            host.where(shake.address),
            name,
            dict(shake.offers.groups).get(name, "unknown: it was not asked for"),
        )
        for shake in host.tls.handshakes
        if shake.version == "TLSv1.3" or shake.offers.tls13 != "refused"
        for name in host.declared.groups
    ]
    report(Finding.of(where, seen=f"{name} refused", wanted=name) for where, name, said in asked if said == "refused")
    for where, name, said in asked:
        if said != "offered":
            raise EvidenceMissing("invalid", f"{where}: {name}: {said}")
