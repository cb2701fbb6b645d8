"""Defects of certificates and TLS; see defects.py."""

from __future__ import annotations

from gonogo.demo.defect import Defect, Reach


def _network(id_: str, title: str, *trips: str) -> Defect:
    return Defect(id_, title, trips)


def _surface(id_: str, title: str, *trips: str) -> Defect:
    """An ordinary client feels nothing of it."""
    return Defect(id_, title, trips, Reach.SURFACE)


TLS_DEFECTS: tuple[Defect, ...] = (
    # certificate
    _network("certificate-untrusted", "An unknown authority issued the certificate", "tls.certificate.trust"),
    _network("certificate-chain-incomplete", "The intermediate certificate is not sent", "tls.certificate.trust"),
    _network("certificate-for-clients", "The certificate is for clients, not for servers", "tls.certificate.trust"),
    _network("certificate-name-wrong", "The certificate is for another host", "tls.certificate.name"),
    _network("certificate-near-expiry", "The certificate has a tenth of its life left", "tls.certificate.expiry"),
    _surface(
        "alias-near-expiry", "The short name's certificate has a tenth of its life left", "tls.certificate.expiry"
    ),
    _network("certificate-renewal-late", "The certificate has a fifth of its life left", "tls.certificate.renewal"),
    _network("certificate-expired", "The certificate has expired", "tls.certificate.expiry"),
    _network("certificate-not-yet-valid", "The certificate begins in two days", "tls.certificate.not-before"),
    _network("certificate-long-lived", "The certificate lives for more than a year", "tls.certificate.lifetime"),
    _network("certificate-key-short", "The certificate has an RSA key of 1024 bits", "tls.certificate.key"),
    _network("certificate-signature-weak", "The certificate is signed with SHA-224", "tls.certificate.signature"),
    _network("certificate-of-an-authority", "The certificate may sign others", "tls.certificate.end-entity"),
    _network(
        "certificate-not-stapled", "The certificate demands a staple, none is sent", "tls.certificate.must-staple"
    ),
    _surface("chain-with-root", "The root certificate is sent", "tls.chain.order"),
    _surface("chain-with-stranger", "A certificate that issued nothing is sent", "tls.chain.order"),
    # protocol
    _network("tls-legacy", "TLS 1.0 and 1.1 are accepted", "tls.protocol.minimum-version"),
    _surface("tls-13-missing", "TLS 1.3 is not spoken", "tls.protocol.version-13"),
    _surface("tls-null-ciphers", "Ciphers that encrypt nothing are accepted", "tls.ciphers.weak"),
    _surface("tls-cbc-only", "TLS 1.2 has CBC ciphers only", "tls.ciphers.forward-secret"),
    _surface("tls-dh-short", "The Diffie-Hellman group has 1024 bits", "tls.key-exchange.dh"),
    _surface("tls-group-missing", "A declared key exchange group is not offered", "tls.key-exchange.groups"),
    _surface("tls-alpn-missing", "The server does not answer to ALPN", "tls.protocol.alpn"),
    _surface("node-stale", "One address has the certificate before the last", "tls.addresses.consistent"),
)
