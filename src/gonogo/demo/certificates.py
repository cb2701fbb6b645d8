"""The demo's own certificate authority: root, intermediate and leaf certificates, good and bad."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from functools import partial
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

NAMES = ("www.acme.test", "acme.test", "analytics.tagworks.test", "errors.faultline.test", "db.acme.test")
LIFETIME = timedelta(days=90)
AGE = timedelta(days=45)


Key = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey
PublicKey = ec.EllipticCurvePublicKey | rsa.RSAPublicKey


class Variant(StrEnum):
    """What a server may present."""

    GOOD = "good"
    NEAR_EXPIRY = "near-expiry"
    EXPIRED = "expired"
    UNTRUSTED = "untrusted"
    WRONG_NAME = "wrong-name"
    CHAIN_INCOMPLETE = "chain-incomplete"
    NOT_YET_VALID = "not-yet-valid"
    STALE = "stale"
    """Two thirds of its life are over: renewal is due, expiry not near."""
    RENEWAL_LATE = "renewal-late"
    LONG_LIVED = "long-lived"
    SHORT_KEY = "short-key"
    SHORT_HASH = "short-hash"
    CLIENTS_ONLY = "clients-only"
    AUTHORITY = "authority"
    MUST_STAPLE = "must-staple"
    ROOT_SENT = "root-sent"
    STRANGER_SENT = "stranger-sent"
    RSA = "rsa"
    """Sound, with a key that finite-field Diffie-Hellman can be signed with."""


@dataclass(frozen=True, slots=True)
class Authority:
    certificate: x509.Certificate
    key: ec.EllipticCurvePrivateKey


@dataclass(frozen=True, slots=True)
class CertificateFiles:
    """PEM files in the demo's own folder, readable by its user only."""

    ca: Path
    """The root that a client must trust."""
    key: Path
    """One key for nearly every leaf, so that a server can change its certificate without changing its key."""
    chains: dict[Variant, Path]
    """Leaf first, then the intermediate."""
    own_keys: dict[Variant, Path]
    """Keys of the variants that have another one."""

    def key_of(self, variant: Variant) -> Path:
        return self.own_keys.get(variant, self.key)


def create(folder: Path, *, now: datetime | None = None) -> CertificateFiles:
    """Make a new authority and every variant of the leaf. `now` has a time zone; default: the clock."""
    now = (now or datetime.now(UTC)).replace(microsecond=0)
    root = _authority("Acme Demo Root CA", now=now, issuer=None)
    issuing = _authority("Acme Demo Issuing CA", now=now, issuer=root)
    stranger = _authority("Unknown Issuing CA", now=now, issuer=_authority("Unknown Root CA", now=now, issuer=None))
    key = ec.generate_private_key(ec.SECP256R1())
    rsa_keys = {Variant.SHORT_KEY: _rsa(1024), Variant.RSA: _rsa(2048)}

    leaf = partial(_leaf_pem, key=key.public_key(), start=now - AGE)
    good = leaf(issuing)
    above = _pem(issuing.certificate)
    texts = {
        Variant.GOOD: good + above,
        Variant.NEAR_EXPIRY: leaf(issuing, start=now - timedelta(days=81)) + above,
        Variant.EXPIRED: leaf(issuing, start=now - timedelta(days=92)) + above,
        Variant.UNTRUSTED: leaf(stranger) + _pem(stranger.certificate),
        Variant.WRONG_NAME: leaf(issuing, names=("www.acme-staging.test",)) + above,
        Variant.CHAIN_INCOMPLETE: good,
        Variant.NOT_YET_VALID: leaf(issuing, start=now + timedelta(days=2)) + above,
        Variant.STALE: leaf(issuing, start=now - timedelta(days=65)) + above,
        Variant.RENEWAL_LATE: leaf(issuing, start=now - timedelta(days=70)) + above,
        Variant.LONG_LIVED: leaf(issuing, lifetime=timedelta(days=397)) + above,
        Variant.SHORT_HASH: leaf(issuing, signature=hashes.SHA224()) + above,
        Variant.CLIENTS_ONLY: leaf(issuing, purpose=ExtendedKeyUsageOID.CLIENT_AUTH) + above,
        Variant.AUTHORITY: leaf(issuing, authority=True) + above,
        Variant.MUST_STAPLE: leaf(issuing, staple=True) + above,
        Variant.ROOT_SENT: good + above + _pem(root.certificate),
        Variant.STRANGER_SENT: good + above + _pem(stranger.certificate),
        **{variant: leaf(issuing, key=own.public_key()) + above for variant, own in rsa_keys.items()},
    }
    return CertificateFiles(
        ca=_write(folder / "ca.pem", _pem(root.certificate)),
        key=_write(folder / "key.pem", _private(key)),
        chains={variant: _write(folder / f"{variant}.pem", text) for variant, text in texts.items()},
        own_keys={variant: _write(folder / f"{variant}-key.pem", _private(own)) for variant, own in rsa_keys.items()},
    )


def _rsa(bits: int) -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(65537, bits)


def _private(key: Key) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


def _write(path: Path, text: bytes) -> Path:
    path.touch(0o600)
    path.write_bytes(text)
    return path


def _pem(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(serialization.Encoding.PEM)


def _name(common_name: str) -> x509.Name:
    return x509.Name(
        [
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, "Acme Insights (demo)"),
            x509.NameAttribute(NameOID.COMMON_NAME, common_name),
        ]
    )


def _authority(common_name: str, *, now: datetime, issuer: Authority | None) -> Authority:
    key = ec.generate_private_key(ec.SECP256R1())
    name = _name(common_name)
    builder = (
        _builder(name, issuer.certificate.subject if issuer else name, key.public_key())
        .not_valid_before(now - timedelta(days=400))
        .not_valid_after(now + timedelta(days=3250))
        .add_extension(x509.BasicConstraints(ca=True, path_length=0 if issuer else 1), critical=True)
        .add_extension(_usage(authority=True), critical=True)
        .add_extension(_identifier(issuer.key if issuer else key), critical=False)
    )
    return Authority(builder.sign(issuer.key if issuer else key, hashes.SHA256()), key)


def _leaf_pem(
    issuer: Authority,
    *,
    key: PublicKey,
    start: datetime,
    names: tuple[str, ...] = NAMES,
    lifetime: timedelta = LIFETIME,
    purpose: x509.ObjectIdentifier = ExtendedKeyUsageOID.SERVER_AUTH,
    authority: bool = False,
    staple: bool = False,
    signature: hashes.SHA256 | hashes.SHA224 | None = None,
) -> bytes:
    builder = (
        _builder(_name(names[0]), issuer.certificate.subject, key)
        .not_valid_before(start)
        .not_valid_after(start + lifetime)
        .add_extension(x509.BasicConstraints(ca=authority, path_length=None), critical=True)
        .add_extension(_usage(authority=authority), critical=True)
        .add_extension(x509.ExtendedKeyUsage([purpose]), critical=False)
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name) for name in names]), critical=False)
        .add_extension(_identifier(issuer.key), critical=False)
    )
    if staple:
        builder = builder.add_extension(x509.TLSFeature([x509.TLSFeatureType.status_request]), critical=False)
    return _pem(builder.sign(issuer.key, signature or hashes.SHA256()))


def _builder(subject: x509.Name, issuer: x509.Name, key: PublicKey) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key), critical=False)
    )


def _identifier(key: ec.EllipticCurvePrivateKey) -> x509.AuthorityKeyIdentifier:
    return x509.AuthorityKeyIdentifier.from_issuer_public_key(key.public_key())


def _usage(*, authority: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=True,
        key_cert_sign=authority,
        crl_sign=authority,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )
