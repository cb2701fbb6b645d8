"""Which certificates and which stapled OCSP response a server sends in TLS 1.3, where the message that holds them is encrypted.

A handshake is begun with a key exchange of our own and read as far as the server's Certificate message (RFC 8446 §4.4.2.1); it
is never finished, and nothing that the server says is trusted.
"""

from __future__ import annotations

import hashlib
import hmac
import struct
from collections.abc import Sequence
from dataclasses import dataclass, field

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM, ChaCha20Poly1305
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from gonogo.probes.tls import hello as tls_hello

X25519, P256 = 29, 23
STATUS_REQUEST = 5
CERTIFICATE = 11
_RETRY = hashlib.sha256(b"HelloRetryRequest").digest()
"""The random of a ServerHello that asks for another key share (RFC 8446 §4.1.3)."""
_HASH = {0x1301: "sha256", 0x1302: "sha384", 0x1303: "sha256"}
_KEY_BYTES = {0x1301: 16, 0x1302: 32, 0x1303: 32}


class _Unread(Exception):
    """Why the flight says nothing, in words that follow `unknown: `."""


@dataclass(frozen=True, slots=True)
class Shown:
    """The certificates of a flight, and the staple that came with the first."""

    certificates: tuple[bytes, ...]
    """DER, as sent; at least one."""
    staple: bytes | None
    """A CertificateStatus (RFC 8446 §4.4.2.1); None where there is none."""


@dataclass(frozen=True, slots=True)
class Opening:
    """A ClientHello and the keys that belong to it."""

    message: bytes
    """The handshake message, without its record."""
    x25519: X25519PrivateKey = field(repr=False)
    p256: ec.EllipticCurvePrivateKey = field(repr=False)


def opening(host: str, signatures: Sequence[int] = tls_hello.SIGNATURES) -> Opening:
    """A ClientHello of TLS 1.3 alone that asks for a stapled response and brings keys of two groups."""
    x25519, p256 = X25519PrivateKey.generate(), ec.generate_private_key(ec.SECP256R1())
    shares = {
        X25519: x25519.public_key().public_bytes_raw(),
        P256: p256.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint),
    }
    return Opening(tls_hello.staple_hello(host, shares, signatures), x25519, p256)


def read(begun: Opening, data: bytes, *, ended: bool = False) -> Shown | str:
    """What the server shows, `unknown: …`, or an empty string while more bytes are needed.

    `ended` says that no more bytes will come. Any bytes are accepted.
    """
    try:
        said = _shown(begun, data)
    except _Unread as reason:
        return f"unknown: {reason}"
    except (tls_hello.Malformed, InvalidTag, ValueError, IndexError, struct.error):
        return "unknown: its TLS 1.3 handshake cannot be read"
    return said or ("unknown: the answer was cut short" if ended else "")


def _shown(begun: Opening, data: bytes) -> Shown | None:
    records = _records(data)
    if not records:
        return None
    kind, header, fragment = records[0]
    if kind == 21:
        raise _Unread(f"alert {fragment[1]} to a hello of TLS 1.3")
    if kind != 22 or len(fragment) < 4 or fragment[0] != 2 or 4 + int.from_bytes(fragment[1:4], "big") != len(fragment):
        raise _Unread("the server's first record is not one ServerHello")
    suite, group, share = _server_hello(fragment[4:])
    keys = _Keys.of(suite, _shared(begun, group, share), begun.message + fragment)
    stream = b""
    for kind, header, sealed in records[1:]:
        if kind == 21:
            raise _Unread("an alert in its handshake")
        # What stands behind the Certificate message may be sealed with keys that were not made here.
        stream += keys.opened(header, sealed) if kind == 23 else b""
        while len(stream) >= 4 and len(stream) >= 4 + (size := int.from_bytes(stream[1:4], "big")):
            if stream[0] == CERTIFICATE:
                return _certificates(stream[4 : 4 + size])
            stream = stream[4 + size :]
    return None


def _records(data: bytes) -> list[tuple[int, bytes, bytes]]:
    """Content type, header and fragment of each complete record."""
    found, at = [], 0
    while at + 5 <= len(data):
        end = at + 5 + int.from_bytes(data[at + 3 : at + 5], "big")
        if data[at] not in {20, 21, 22, 23} or end - at > tls_hello.LONGEST_RECORD:
            raise _Unread("the server does not speak TLS")
        if end > len(data):
            break
        found.append((data[at], data[at : at + 5], data[at + 5 : end]))
        at = end
    return found


def _server_hello(body: bytes) -> tuple[int, int, bytes]:
    """Suite, group and the server's key share."""
    if body[2:34] == _RETRY:
        raise _Unread("it wants a key exchange group other than X25519 and P-256")
    rest = body[35 + body[34] :]
    suite = int.from_bytes(rest[:2], "big")
    extensions, _ = tls_hello.vector(rest[3:], 2)
    share = b""
    while extensions:
        number = int.from_bytes(extensions[:2], "big")
        content, extensions = tls_hello.vector(extensions[2:], 2)
        if number == 51:
            share = content
    if suite not in _HASH or len(share) < 4:
        raise _Unread("it speaks no TLS 1.3 that was offered")
    return suite, int.from_bytes(share[:2], "big"), share[4:]


def _shared(begun: Opening, group: int, share: bytes) -> bytes:
    if group == X25519:
        return begun.x25519.exchange(X25519PublicKey.from_public_bytes(share))
    if group == P256:
        return begun.p256.exchange(ec.ECDH(), ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), share))
    raise _Unread(f"it chose group {group}, which was not offered")


def _certificates(body: bytes) -> Shown:
    """A Certificate message (RFC 8446 §4.4.2)."""
    _, rest = tls_hello.vector(body, 1)
    entries, _ = tls_hello.vector(rest, 3)
    found: list[bytes] = []
    staple = None
    while entries:
        certificate, rest = tls_hello.vector(entries, 3)
        extensions, entries = tls_hello.vector(rest, 2)
        while extensions and not found:
            number = int.from_bytes(extensions[:2], "big")
            content, extensions = tls_hello.vector(extensions[2:], 2)
            if number == STATUS_REQUEST:
                staple = content
        found.append(certificate)
    if not found:
        raise _Unread("it shows no certificate")
    return Shown(tuple(found), staple)


@dataclass(slots=True)
class _Keys:
    """What opens the server's handshake records (RFC 8446 §5.2, §7.1 to §7.3)."""

    cipher: AESGCM | ChaCha20Poly1305
    vector: bytes
    opened_records: int = 0

    @classmethod
    def of(cls, suite: int, shared: bytes, transcript: bytes) -> _Keys:
        name = _HASH[suite]
        nothing = bytes(hashlib.new(name).digest_size)
        early = hmac.digest(nothing, nothing, name)
        derived = _expand(name, early, b"derived", hashlib.new(name).digest(), len(nothing))
        handshake = hmac.digest(derived, shared, name)
        traffic = _expand(name, handshake, b"s hs traffic", hashlib.new(name, transcript).digest(), len(nothing))
        key = _expand(name, traffic, b"key", b"", _KEY_BYTES[suite])
        return cls(ChaCha20Poly1305(key) if suite == 0x1303 else AESGCM(key), _expand(name, traffic, b"iv", b"", 12))

    def opened(self, header: bytes, sealed: bytes) -> bytes:
        """The handshake bytes of the next record. Raises InvalidTag."""
        number = self.opened_records.to_bytes(12, "big")
        self.opened_records += 1
        nonce = bytes(a ^ b for a, b in zip(self.vector, number, strict=True))
        inner = self.cipher.decrypt(nonce, sealed, header).rstrip(b"\0")
        if inner[-1:] == b"\x15":
            raise _Unread(f"alert {inner[1]} in its handshake")
        return inner[:-1] if inner[-1:] == b"\x16" else b""


def _expand(name: str, secret: bytes, label: bytes, context: bytes, length: int) -> bytes:
    """HKDF-Expand-Label (RFC 8446 §7.1); no output here is longer than one block of the hash."""
    label = b"tls13 " + label
    info = struct.pack("!HB", length, len(label)) + label + bytes([len(context)]) + context
    return hmac.digest(secret, info + b"\x01", name)[:length]
