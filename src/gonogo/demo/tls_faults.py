"""How the defects of certificates and TLS are done to the demo; see faults.py."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from gonogo.demo.certificates import Variant
from gonogo.demo.fault import Fault, Switch

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
