"""How the defects of certificates and TLS are done to the demo; see faults.py."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from gonogo.demo.certificates import Variant
from gonogo.demo.defects.defect import Defect, network, surface
from gonogo.demo.defects.fault import Fault, Switch

TLS_FAULTS: Mapping[str, Fault] = MappingProxyType(
    {
        "certificate-untrusted": Fault(certificate=Variant.UNTRUSTED),
        "certificate-chain-incomplete": Fault(certificate=Variant.CHAIN_INCOMPLETE),
        "certificate-for-clients": Fault(certificate=Variant.CLIENTS_ONLY),
        "certificate-name-wrong": Fault(certificate=Variant.WRONG_NAME),
        "certificate-near-expiry": Fault(certificate=Variant.NEAR_EXPIRY),
        "alias-near-expiry": Fault(switch=Switch.APEX_CERTIFICATE),
        "certificate-renewal-late": Fault(certificate=Variant.RENEWAL_LATE),
        "certificate-expired": Fault(certificate=Variant.EXPIRED),
        "certificate-not-yet-valid": Fault(certificate=Variant.NOT_YET_VALID),
        "certificate-long-lived": Fault(certificate=Variant.LONG_LIVED),
        "certificate-key-short": Fault(certificate=Variant.SHORT_KEY),
        "certificate-signature-weak": Fault(certificate=Variant.SHORT_HASH),
        "certificate-of-an-authority": Fault(certificate=Variant.AUTHORITY),
        "certificate-not-stapled": Fault(certificate=Variant.MUST_STAPLE),
        "chain-with-root": Fault(certificate=Variant.ROOT_SENT),
        "chain-with-stranger": Fault(certificate=Variant.STRANGER_SENT),
        "tls-legacy": Fault(switch=Switch.LEGACY_TLS),
        "tls-13-missing": Fault(switch=Switch.NEWEST_12),
        "tls-null-ciphers": Fault(switch=Switch.NULL_CIPHERS),
        "tls-cbc-only": Fault(switch=Switch.CBC_ONLY),
        "tls-dh-short": Fault(certificate=Variant.RSA, switch=Switch.SHORT_DH),
        "tls-group-missing": Fault(switch=Switch.ONE_GROUP),
        "tls-alpn-missing": Fault(switch=Switch.NO_ALPN),
        "node-stale": Fault(switch=Switch.STALE_NODE),
    }
)


TLS_DEFECTS: tuple[Defect, ...] = (
    # certificate
    network("certificate-untrusted", "An unknown authority issued the certificate", "tls.certificate.trust"),
    network("certificate-chain-incomplete", "The intermediate certificate is not sent", "tls.certificate.trust"),
    network("certificate-for-clients", "The certificate is for clients, not for servers", "tls.certificate.trust"),
    network("certificate-name-wrong", "The certificate is for another host", "tls.certificate.name"),
    network("certificate-near-expiry", "The certificate has a tenth of its life left", "tls.certificate.expiry"),
    surface("alias-near-expiry", "The short name's certificate has a tenth of its life left", "tls.certificate.expiry"),
    network("certificate-renewal-late", "The certificate has a fifth of its life left", "tls.certificate.renewal"),
    network("certificate-expired", "The certificate has expired", "tls.certificate.expiry"),
    network("certificate-not-yet-valid", "The certificate begins in two days", "tls.certificate.not-before"),
    network("certificate-long-lived", "The certificate lives for more than a year", "tls.certificate.lifetime"),
    network("certificate-key-short", "The certificate has an RSA key of 1024 bits", "tls.certificate.key"),
    network("certificate-signature-weak", "The certificate is signed with SHA-224", "tls.certificate.signature"),
    network("certificate-of-an-authority", "The certificate may sign others", "tls.certificate.end-entity"),
    network("certificate-not-stapled", "The certificate demands a staple, none is sent", "tls.certificate.must-staple"),
    surface("chain-with-root", "The root certificate is sent", "tls.chain.order"),
    surface("chain-with-stranger", "A certificate that issued nothing is sent", "tls.chain.order"),
    # protocol
    network("tls-legacy", "TLS 1.0 and 1.1 are accepted", "tls.protocol.minimum-version"),
    surface("tls-13-missing", "TLS 1.3 is not spoken", "tls.protocol.version-13"),
    surface("tls-null-ciphers", "Ciphers that encrypt nothing are accepted", "tls.ciphers.weak"),
    surface("tls-cbc-only", "TLS 1.2 has CBC ciphers only", "tls.ciphers.forward-secret"),
    surface("tls-dh-short", "The Diffie-Hellman group has 1024 bits", "tls.key-exchange.dh"),
    surface("tls-group-missing", "A declared key exchange group is not offered", "tls.key-exchange.groups"),
    surface("tls-alpn-missing", "The server does not answer to ALPN", "tls.protocol.alpn"),
    surface("node-stale", "One address has the certificate before the last", "tls.addresses.consistent"),
)
