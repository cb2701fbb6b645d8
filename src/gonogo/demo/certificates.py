"""The demo's own certificate authority: root, intermediate and leaf certificates, good and bad."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

NAMES = ("www.acme.test", "acme.test", "analytics.tagworks.test", "errors.faultline.test", "db.acme.test")
LIFETIME = timedelta(days=90)
AGE = timedelta(days=45)


class Variant(StrEnum):
    """What a server may present."""

    GOOD = "good"
    NEAR_EXPIRY = "near-expiry"
    EXPIRED = "expired"
    UNTRUSTED = "untrusted"
    WRONG_NAME = "wrong-name"
    CHAIN_INCOMPLETE = "chain-incomplete"


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
    """One key for every leaf, so that a server can change its certificate without changing its key."""
    chains: dict[Variant, Path]
    """Leaf first, then the intermediate."""


def create(folder: Path, *, now: datetime | None = None) -> CertificateFiles:
    """Make a new authority and every variant of the leaf. `now` has a time zone; default: the clock."""
    now = (now or datetime.now(UTC)).replace(microsecond=0)
    root = _authority("Acme Demo Root CA", now=now, issuer=None)
    issuing = _authority("Acme Demo Issuing CA", now=now, issuer=root)
    stranger = _authority("Unknown Issuing CA", now=now, issuer=None)
    key = ec.generate_private_key(ec.SECP256R1())
    start = now - AGE

    def leaf(issuer: Authority, *, names: tuple[str, ...] = NAMES, start: datetime = start) -> bytes:
        return _pem(_leaf(key.public_key(), issuer=issuer, names=names, start=start))

    good = leaf(issuing)
    above = _pem(issuing.certificate)
    texts = {
        Variant.GOOD: good + above,
        Variant.NEAR_EXPIRY: leaf(issuing, start=now - timedelta(days=81)) + above,
        Variant.EXPIRED: leaf(issuing, start=now - timedelta(days=92)) + above,
        Variant.UNTRUSTED: leaf(stranger) + _pem(stranger.certificate),
        Variant.WRONG_NAME: leaf(issuing, names=("www.acme-staging.test",)) + above,
        Variant.CHAIN_INCOMPLETE: good,
    }
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return CertificateFiles(
        ca=_write(folder / "ca.pem", _pem(root.certificate)),
        key=_write(folder / "key.pem", private),
        chains={variant: _write(folder / f"{variant}.pem", text) for variant, text in texts.items()},
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


def _leaf(
    key: ec.EllipticCurvePublicKey, *, issuer: Authority, names: tuple[str, ...], start: datetime
) -> x509.Certificate:
    return (
        _builder(_name(names[0]), issuer.certificate.subject, key)
        .not_valid_before(start)
        .not_valid_after(start + LIFETIME)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_usage(authority=False), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name) for name in names]), critical=False)
        .add_extension(_identifier(issuer.key), critical=False)
        .sign(issuer.key, hashes.SHA256())
    )


def _builder(subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePublicKey) -> x509.CertificateBuilder:
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
