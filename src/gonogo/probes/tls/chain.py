"""Facts of certificates, names, and a second opinion on a chain; no network."""

from __future__ import annotations

import base64
import contextlib
import hashlib
import ipaddress
import warnings
from collections.abc import Sequence
from datetime import datetime

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import dsa, ec, ed448, ed25519, rsa
from cryptography.x509 import ocsp
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID
from cryptography.x509.verification import (
    Criticality,
    ExtensionPolicy,
    Policy,
    PolicyBuilder,
    Store,
    VerificationError,
)

from gonogo.formats.addresses import is_address
from gonogo.probes.tls.facts import CertificateFacts

MAX_NAMES = 200
MAX_TEXT = 300
UNREADABLE = (
    ValueError,
    TypeError,
    KeyError,
    UnsupportedAlgorithm,
    x509.InvalidVersion,
    x509.DuplicateExtension,
    x509.UnsupportedGeneralNameType,
)
"""What the library raises, sooner or later, for bytes that are not quite a certificate."""


def _iso(moment: datetime) -> str:
    return moment.isoformat(timespec="seconds")


def _key(key: object) -> tuple[str, int]:
    """Type and size in bits; 0 bits where the type says it all."""
    match key:
        case rsa.RSAPublicKey():
            return "RSA", key.key_size
        case ec.EllipticCurvePublicKey():
            return "EC", key.key_size
        case dsa.DSAPublicKey():
            return "DSA", key.key_size
        case ed25519.Ed25519PublicKey():
            return "Ed25519", 0
        case ed448.Ed448PublicKey():
            return "Ed448", 0
        case _:
            return type(key).__name__, 0


def _names(extensions: x509.Extensions) -> tuple[str, ...]:
    names: list[str] = []
    with contextlib.suppress(x509.ExtensionNotFound, ValueError):
        for name in extensions.get_extension_for_class(x509.SubjectAlternativeName).value:
            if isinstance(name, x509.DNSName | x509.IPAddress):
                names.append(str(name.value))  # noqa: PERF401 - what was read before a bad name counts
    return tuple(names[:MAX_NAMES])


def _purposes(extensions: x509.Extensions) -> tuple[str, ...] | None:
    try:
        usage = extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    except x509.ExtensionNotFound:
        return None
    return tuple(purpose.dotted_string for purpose in usage)


def _is_authority(extensions: x509.Extensions) -> bool:
    try:
        return extensions.get_extension_for_class(x509.BasicConstraints).value.ca
    except x509.ExtensionNotFound:
        return False


def _must_staple(extensions: x509.Extensions) -> bool:
    try:
        features = extensions.get_extension_for_class(x509.TLSFeature).value
    except x509.ExtensionNotFound:
        return False
    return x509.TLSFeatureType.status_request in features


def _signature(certificate: x509.Certificate) -> str:
    """The hash's name, or the algorithm's OID where it has no hash or is not known."""
    try:
        algorithm = certificate.signature_hash_algorithm
    except UnsupportedAlgorithm:
        algorithm = None
    return algorithm.name if algorithm else certificate.signature_algorithm_oid.dotted_string


def _common_name(subject: x509.Name) -> str:
    found = subject.get_attributes_for_oid(NameOID.COMMON_NAME)
    return str(found[0].value)[:MAX_TEXT] if found else ""


def certificate_facts(der: bytes) -> CertificateFacts:
    """Facts of one certificate in DER. Raises ValueError when it cannot be parsed."""
    try:
        return _facts(der)
    except UNREADABLE as error:
        raise ValueError(str(error) or type(error).__name__) from None


def _facts(der: bytes) -> CertificateFacts:
    certificate = _load(der)
    extensions = certificate.extensions
    try:
        public = certificate.public_key()
        spki = public.public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
        (kind, bits), pin = _key(public), base64.b64encode(hashlib.sha256(spki).digest()).decode()
    except (ValueError, UnsupportedAlgorithm):
        kind, bits, pin = "unreadable", 0, ""
    return CertificateFacts(
        subject=certificate.subject.rfc4514_string()[:MAX_TEXT],
        issuer=certificate.issuer.rfc4514_string()[:MAX_TEXT],
        names=_names(extensions),
        not_before=_iso(certificate.not_valid_before_utc),
        not_after=_iso(certificate.not_valid_after_utc),
        sha256=hashlib.sha256(der).hexdigest(),
        spki_sha256=pin,
        key=f"{kind} {bits}" if bits else kind,
        key_type=kind,
        key_bits=bits,
        signature=_signature(certificate),
        purposes=_purposes(extensions),
        is_authority=_is_authority(extensions),
        must_staple=_must_staple(extensions),
        common_name=_common_name(certificate.subject),
    )


def _load(der: bytes) -> x509.Certificate:
    with warnings.catch_warnings():
        # A serial number that is not positive, or padding that DER forbids: still a certificate to report on.
        warnings.simplefilter("ignore")
        return x509.load_der_x509_certificate(der)


def _ascii(name: str) -> str:
    """A name as certificates hold it: lower case, without the root's dot, IDNA for other scripts."""
    name = name.rstrip(".").lower()
    if not name.isascii():
        with contextlib.suppress(UnicodeError):
            return name.encode("idna").decode("ascii")
    return name


def name_covers(pattern: str, host: str) -> bool:
    """Whether a subjectAltName covers a host: exact, or a wildcard for the whole left-most label (RFC 9525 §6.3)."""
    host, pattern = _ascii(host), _ascii(pattern)
    if is_address(host) or is_address(pattern):
        return is_address(host) and is_address(pattern) and ipaddress.ip_address(host) == ipaddress.ip_address(pattern)
    if pattern == host:
        return True
    first, _, rest = pattern.partition(".")
    return first == "*" and "." in rest and host.partition(".")[2] == rest


def _signs(_: Policy, __: x509.Certificate, constraints: x509.BasicConstraints) -> None:
    if not constraints.ca:
        raise ValueError("the issuer's certificate is no authority's")


def _may_sign(_: Policy, __: x509.Certificate, usage: x509.KeyUsage | None) -> None:
    if usage is not None and not usage.key_cert_sign:
        raise ValueError("the issuer's key is not for signing certificates")


def _for_servers(_: Policy, __: x509.Certificate, usage: x509.ExtendedKeyUsage | None) -> None:
    purposes = {ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.ANY_EXTENDED_KEY_USAGE}
    if usage is not None and not purposes & set(usage):
        raise ValueError("the certificate is not for servers")


def _private_rules(builder: PolicyBuilder) -> PolicyBuilder:
    """RFC 5280's rules, without the extensions that only public authorities owe (basicConstraints aside)."""
    every = Criticality.AGNOSTIC
    issuers = (
        ExtensionPolicy.permit_all()
        .require_present(x509.BasicConstraints, every, _signs)
        .may_be_present(x509.KeyUsage, every, _may_sign)
    )
    leaf = (
        ExtensionPolicy.permit_all()
        .require_present(x509.SubjectAlternativeName, every, None)
        .may_be_present(x509.ExtendedKeyUsage, every, _for_servers)
    )
    return builder.extension_policies(ca_policy=issuers, ee_policy=leaf)


def second_opinion(presented: Sequence[bytes], root: bytes, host: str, at: datetime, *, private: bool) -> str:
    """Why the cryptography library's verifier refuses what was presented, with this root; empty when it accepts it.

    Written apart from OpenSSL. A public chain must keep the CA/Browser Forum's profile, a private one RFC 5280.
    """
    return built(presented, (root,), host, at, private=private)[1]


def built(
    presented: Sequence[bytes], roots: Sequence[bytes], host: str, at: datetime, *, private: bool
) -> tuple[tuple[bytes, ...], str]:
    """The chain to one of the roots, in DER, or why there is none; both are empty where the verifier has no opinion."""
    subject = x509.IPAddress(ipaddress.ip_address(host)) if is_address(host) else x509.DNSName(_ascii(host))
    try:
        leaf, *between = (_load(der) for der in presented)
        builder = PolicyBuilder().store(Store([_load(root) for root in roots])).time(at)
        verifier = (_private_rules(builder) if private else builder).build_server_verifier(subject)
        chain = verifier.verify(leaf, between)
    except VerificationError as refused:
        words = str(refused).partition(" (encountered processing")[0].removeprefix("validation failed: ")
        return (), words.removeprefix("Python extension validator failed: ValueError: ")[:MAX_TEXT] or "refused"
    except UNREADABLE as error:
        said = str(error) or type(error).__name__
        # A name with an underscore is none to the library; browsers take it, so it has no opinion here.
        return (), "" if "invalid domain name" in said else said[:MAX_TEXT]
    return tuple(one.public_bytes(serialization.Encoding.DER) for one in chain), ""


def staple_said(status: bytes | None, leaf: bytes, at: datetime) -> str:
    """What a CertificateStatus says of a leaf: `offered`, `refused` without one, `void: …`, or `unknown: …`.

    RFC 6066 §8, RFC 6960 §4.2. A client that holds the certificate to its promise takes none that is void; the response's
    signature is not checked. Any bytes are accepted.
    """
    if status is None:
        return "refused"
    size = int.from_bytes(status[1:4], "big")
    if len(status) < 5 or status[0] != 1 or size != len(status) - 4 or not _is_sequence(status[4:]):
        return "void: what was sent holds no OCSP response"
    try:
        response = ocsp.load_der_ocsp_response(status[4:])
        if response.response_status is not ocsp.OCSPResponseStatus.SUCCESSFUL:
            return f"void: the OCSP response says {response.response_status.name.lower().replace('_', ' ')}"
        serial = _load(leaf).serial_number
        mine = [one for one in response.responses if one.serial_number == serial]
        if not mine:
            return "void: the OCSP response is for another certificate"
        if mine[0].certificate_status is not ocsp.OCSPCertStatus.GOOD:
            return f"void: the OCSP response says {mine[0].certificate_status.name.lower()}"
        end = mine[0].next_update_utc
        if end is not None and end < at:
            return f"void: the OCSP response was good until {_iso(end)}"
    except UNREADABLE as error:
        return f"unknown: the OCSP response cannot be parsed: {str(error)[:100] or type(error).__name__}"
    return "offered"


def _is_sequence(der: bytes) -> bool:
    """A SEQUENCE of DER, complete."""
    if len(der) < 2 or der[0] != 0x30:
        return False
    width = der[1] & 0x7F if der[1] & 0x80 else 0
    size = int.from_bytes(der[2 : 2 + width], "big") if width else der[1]
    return len(der) == 2 + width + size
