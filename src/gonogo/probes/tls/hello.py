"""ClientHellos written by hand and what a server's first bytes answer; pure.

What the local OpenSSL refuses to offer it cannot ask for, so a server's old versions, weak ciphers and new groups are
asked for here, byte by byte. Nothing is ever agreed: the connection ends after the server's first flight.
"""

from __future__ import annotations

import os
import struct
from collections.abc import Sequence
from dataclasses import dataclass

from gonogo.formats.addresses import is_address

TLS10, TLS11, TLS12, TLS13 = 0x0301, 0x0302, 0x0303, 0x0304
VERSIONS = {0x0300: "SSLv3", TLS10: "TLSv1", TLS11: "TLSv1.1", TLS12: "TLSv1.2", TLS13: "TLSv1.3"}

GROUPS = {
    "X25519MLKEM768": 0x11EC,
    "SecP256r1MLKEM768": 0x11EB,
    "SecP384r1MLKEM1024": 0x11ED,
    "x25519": 29,
    "x448": 30,
    "secp256r1": 23,
    "secp384r1": 24,
    "secp521r1": 25,
    "ffdhe2048": 256,
    "ffdhe3072": 257,
}
"""Names and numbers of key agreement groups (IANA TLS Supported Groups)."""
CLASSIC = tuple(GROUPS[name] for name in ("x25519", "secp256r1", "secp384r1", "secp521r1", "x448", "ffdhe2048"))

SUITES = {
    0x0001: "TLS_RSA_WITH_NULL_MD5",
    0x0002: "TLS_RSA_WITH_NULL_SHA",
    0x0003: "TLS_RSA_EXPORT_WITH_RC4_40_MD5",
    0x0004: "TLS_RSA_WITH_RC4_128_MD5",
    0x0005: "TLS_RSA_WITH_RC4_128_SHA",
    0x0006: "TLS_RSA_EXPORT_WITH_RC2_CBC_40_MD5",
    0x0007: "TLS_RSA_WITH_IDEA_CBC_SHA",
    0x0008: "TLS_RSA_EXPORT_WITH_DES40_CBC_SHA",
    0x0009: "TLS_RSA_WITH_DES_CBC_SHA",
    0x000A: "TLS_RSA_WITH_3DES_EDE_CBC_SHA",
    0x0013: "TLS_DHE_DSS_WITH_3DES_EDE_CBC_SHA",
    0x0014: "TLS_DHE_RSA_EXPORT_WITH_DES40_CBC_SHA",
    0x0015: "TLS_DHE_RSA_WITH_DES_CBC_SHA",
    0x0016: "TLS_DHE_RSA_WITH_3DES_EDE_CBC_SHA",
    0x0017: "TLS_DH_anon_EXPORT_WITH_RC4_40_MD5",
    0x0018: "TLS_DH_anon_WITH_RC4_128_MD5",
    0x001A: "TLS_DH_anon_WITH_DES_CBC_SHA",
    0x001B: "TLS_DH_anon_WITH_3DES_EDE_CBC_SHA",
    0x002F: "TLS_RSA_WITH_AES_128_CBC_SHA",
    0x0033: "TLS_DHE_RSA_WITH_AES_128_CBC_SHA",
    0x0034: "TLS_DH_anon_WITH_AES_128_CBC_SHA",
    0x0035: "TLS_RSA_WITH_AES_256_CBC_SHA",
    0x0039: "TLS_DHE_RSA_WITH_AES_256_CBC_SHA",
    0x003A: "TLS_DH_anon_WITH_AES_256_CBC_SHA",
    0x003B: "TLS_RSA_WITH_NULL_SHA256",
    0x003C: "TLS_RSA_WITH_AES_128_CBC_SHA256",
    0x003D: "TLS_RSA_WITH_AES_256_CBC_SHA256",
    0x0041: "TLS_RSA_WITH_CAMELLIA_128_CBC_SHA",
    0x0045: "TLS_DHE_RSA_WITH_CAMELLIA_128_CBC_SHA",
    0x0067: "TLS_DHE_RSA_WITH_AES_128_CBC_SHA256",
    0x006B: "TLS_DHE_RSA_WITH_AES_256_CBC_SHA256",
    0x006C: "TLS_DH_anon_WITH_AES_128_CBC_SHA256",
    0x006D: "TLS_DH_anon_WITH_AES_256_CBC_SHA256",
    0x0084: "TLS_RSA_WITH_CAMELLIA_256_CBC_SHA",
    0x0088: "TLS_DHE_RSA_WITH_CAMELLIA_256_CBC_SHA",
    0x0096: "TLS_RSA_WITH_SEED_CBC_SHA",
    0x009C: "TLS_RSA_WITH_AES_128_GCM_SHA256",
    0x009D: "TLS_RSA_WITH_AES_256_GCM_SHA384",
    0x009E: "TLS_DHE_RSA_WITH_AES_128_GCM_SHA256",
    0x009F: "TLS_DHE_RSA_WITH_AES_256_GCM_SHA384",
    0x00A6: "TLS_DH_anon_WITH_AES_128_GCM_SHA256",
    0x00A7: "TLS_DH_anon_WITH_AES_256_GCM_SHA384",
    0x00BA: "TLS_RSA_WITH_CAMELLIA_128_CBC_SHA256",
    0x00C0: "TLS_RSA_WITH_CAMELLIA_256_CBC_SHA256",
    0xC006: "TLS_ECDHE_ECDSA_WITH_NULL_SHA",
    0xC007: "TLS_ECDHE_ECDSA_WITH_RC4_128_SHA",
    0xC008: "TLS_ECDHE_ECDSA_WITH_3DES_EDE_CBC_SHA",
    0xC009: "TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA",
    0xC00A: "TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA",
    0xC010: "TLS_ECDHE_RSA_WITH_NULL_SHA",
    0xC011: "TLS_ECDHE_RSA_WITH_RC4_128_SHA",
    0xC012: "TLS_ECDHE_RSA_WITH_3DES_EDE_CBC_SHA",
    0xC013: "TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA",
    0xC014: "TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA",
    0xC015: "TLS_ECDH_anon_WITH_NULL_SHA",
    0xC016: "TLS_ECDH_anon_WITH_RC4_128_SHA",
    0xC017: "TLS_ECDH_anon_WITH_3DES_EDE_CBC_SHA",
    0xC018: "TLS_ECDH_anon_WITH_AES_128_CBC_SHA",
    0xC019: "TLS_ECDH_anon_WITH_AES_256_CBC_SHA",
    0xC023: "TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA256",
    0xC024: "TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA384",
    0xC027: "TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA256",
    0xC028: "TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA384",
    0xC02B: "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256",
    0xC02C: "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384",
    0xC02F: "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256",
    0xC030: "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384",
    0xC050: "TLS_RSA_WITH_ARIA_128_GCM_SHA256",
    0xC051: "TLS_RSA_WITH_ARIA_256_GCM_SHA384",
    0xC09C: "TLS_RSA_WITH_AES_128_CCM",
    0xC09D: "TLS_RSA_WITH_AES_256_CCM",
    0xC0A0: "TLS_RSA_WITH_AES_128_CCM_8",
    0xC0A1: "TLS_RSA_WITH_AES_256_CCM_8",
    0xC0AC: "TLS_ECDHE_ECDSA_WITH_AES_128_CCM",
    0xC0AD: "TLS_ECDHE_ECDSA_WITH_AES_256_CCM",
    0xCCA8: "TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256",
    0xCCA9: "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256",
    0xCCAA: "TLS_DHE_RSA_WITH_CHACHA20_POLY1305_SHA256",
}
"""What may be offered below TLS 1.3 (IANA TLS Cipher Suites)."""

TLS13_SUITES = (0x1301, 0x1302, 0x1303)

_WEAK = (
    ("NULL", "_NULL_"),
    ("anonymous", "_anon_"),
    ("EXPORT", "_EXPORT_"),
    ("RC4", "_RC4_"),
    ("DES", "_DES_"),
    ("3DES", "_3DES_"),
    ("static RSA", "TLS_RSA_"),
)


def weak_class(suite: str) -> str:
    """Why a suite must not be used (RFC 9325 §4.1), the worst reason first; empty when it may."""
    return next((name for name, mark in _WEAK if mark in suite), "")


WEAK = {name: tuple(n for n, suite in SUITES.items() if weak_class(suite) == name) for name, _ in _WEAK}
"""Suites of each weak class. Static RSA has no forward secrecy: who gets the key reads what was recorded."""
_SOUND = {number: suite for number, suite in SUITES.items() if not weak_class(suite)}
DHE = tuple(number for number, suite in _SOUND.items() if suite.startswith("TLS_DHE_"))
CBC = tuple(number for number, suite in _SOUND.items() if "_CBC_" in suite)
AEAD = tuple(number for number, suite in _SOUND.items() if "_CBC_" not in suite)
"""Forward secrecy and authenticated encryption, in TLS 1.2."""
OLD = tuple(sorted((number for number, suite in SUITES.items() if suite.endswith(("_SHA", "_MD5"))), reverse=True))
"""Suites that SSL 3.0 to TLS 1.1 know."""

SIGNATURES = (
    0x0403, 0x0503, 0x0603, 0x0804, 0x0805, 0x0806, 0x0809, 0x080A, 0x080B, 0x0807, 0x0808,
    0x0401, 0x0501, 0x0601, 0x0303, 0x0301, 0x0203, 0x0201, 0x0202,
)  # fmt: skip
KINDS = {
    "EC": (0x0403, 0x0503, 0x0603, 0x0203),
    "RSA": (0x0804, 0x0805, 0x0806, 0x0401, 0x0501, 0x0601, 0x0201),
}
"""Kinds of keys that browsers take, each with its signature algorithms (IANA TLS SignatureScheme)."""
SUITES_OF = {
    "EC": tuple(number for number, suite in _SOUND.items() if "_ECDSA_" in suite),
    "RSA": tuple(number for number, suite in _SOUND.items() if "_ECDSA_" not in suite),
}
"""Sound suites of TLS 1.2 that need a certificate with such a key."""


@dataclass(frozen=True, slots=True)
class Offer:
    """What one ClientHello offers. `version` is the newest; below TLS 1.3 anything older is offered with it."""

    version: int
    suites: tuple[int, ...]
    groups: tuple[int, ...] = CLASSIC
    status: bool = False
    """Ask for a stapled OCSP response (RFC 6066 §8)."""
    signatures: tuple[int, ...] = SIGNATURES


def extension(number: int, body: bytes) -> bytes:
    """One extension of a hello (RFC 8446 §4.2)."""
    return struct.pack("!HH", number, len(body)) + body


def _list(numbers: Sequence[int]) -> bytes:
    return struct.pack("!H", 2 * len(numbers)) + b"".join(struct.pack("!H", number) for number in numbers)


def _server_name(host: str) -> bytes:
    if is_address(host):  # RFC 6066 §3: addresses are no server names
        return b""
    name = host.encode("ascii") if host.isascii() else host.encode("idna")
    entry = struct.pack("!BH", 0, len(name)) + name
    return extension(0, struct.pack("!H", len(entry)) + entry)


STATUS_REQUEST = extension(5, b"\x01\x00\x00\x00\x00")
"""Asks for a stapled OCSP response (RFC 6066 §8)."""


def staple_hello(host: str, shares: dict[int, bytes], signatures: Sequence[int] = SIGNATURES) -> bytes:
    """A ClientHello of TLS 1.3 alone, without its record, that asks for a staple and brings a public key for each group."""
    keys = b"".join(struct.pack("!HH", group, len(key)) + key for group, key in shares.items())
    extensions = _server_name(host) + STATUS_REQUEST + extension(10, _list(tuple(shares)))
    extensions += extension(13, _list(signatures)) + extension(43, b"\x02\x03\x04")
    extensions += extension(51, struct.pack("!H", len(keys)) + keys)
    body = struct.pack("!H", TLS12) + os.urandom(32) + b"\x20" + os.urandom(32) + _list(TLS13_SUITES)
    body += b"\x01\x00" + struct.pack("!H", len(extensions)) + extensions
    return b"\x01" + len(body).to_bytes(3, "big") + body


def record(handshake: bytes) -> bytes:
    """A handshake message in one record."""
    return struct.pack("!BHH", 22, 0x0301, len(handshake)) + handshake


def client_hello(host: str, offer: Offer) -> bytes:
    """A ClientHello in one record (RFC 5246 §7.4.1.2, RFC 8446 §4.1.2).

    Below TLS 1.3 there is no supported_versions extension, so the hello's own version is the newest that it offers
    (RFC 8446 §4.2.1). For TLS 1.3 the key share is empty: a server that knows an offered group asks for it with a
    HelloRetryRequest (§4.2.8), which needs no key of that group.
    """
    modern = offer.version == TLS13
    extensions = _server_name(host) + extension(10, _list(offer.groups)) + extension(11, b"\x01\x00")
    if offer.version >= TLS12:
        extensions += extension(13, _list(offer.signatures))
    if offer.status:
        extensions += STATUS_REQUEST
    if modern:
        extensions += extension(43, b"\x02\x03\x04") + extension(51, b"\x00\x00")
    # 0x00FF says that secure renegotiation is understood (RFC 5746 §3.3).
    suites = offer.suites if modern else (*offer.suites, 0x00FF)
    session = b"\x20" + os.urandom(32) if modern else b"\x00"
    body = struct.pack("!H", min(offer.version, TLS12)) + os.urandom(32) + session + _list(suites)
    body += b"\x01\x00" + struct.pack("!H", len(extensions)) + extensions
    handshake = b"\x01" + len(body).to_bytes(3, "big") + body
    return record(handshake)


# --- the answer ---------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Answer:
    """A server's first flight, as far as it goes."""

    version: str
    """As in VERSIONS."""
    suite: int
    group: int | None
    """That a HelloRetryRequest or the ServerHello's key share names (TLS 1.3)."""
    certificates: tuple[bytes, ...] = ()
    """DER, as sent; TLS 1.3 encrypts them."""
    staple: bytes | None = None
    """Body of the CertificateStatus message (RFC 6066 §8); None where none was sent."""
    dh_bits: int = 0
    """Size of the prime of a finite-field key exchange; 0 for any other."""


REFUSALS = frozenset({40, 47, 70, 71, 80, 86, 109})
"""Alerts that end a handshake for what it offers: handshake_failure, illegal_parameter, protocol_version,
insufficient_security, inappropriate_fallback, missing_extension (RFC 8446 §6.2), and internal_error, which OpenSSL
sends where its own policy leaves it no signature for an old version."""

MAX_FLIGHT = 1 << 16
"""Bytes of an answer that are read; a chain of certificates takes 2 to 10 thousand."""
LONGEST_RECORD = (1 << 14) + 2048


class Malformed(Exception):
    """The bytes are no TLS."""


def vector(data: bytes, width: int) -> tuple[bytes, bytes]:
    """A vector with a length of `width` bytes, and what follows it."""
    size = int.from_bytes(data[:width], "big")
    if len(data) < width + size:
        raise Malformed
    return data[width : width + size], data[width + size :]


def _messages(data: bytes) -> tuple[list[tuple[int, bytes]], int | None]:
    """The complete handshake messages in records, and the alert that ended them, if one did."""
    stream = bytearray()
    alert = None
    at = 0
    while at + 5 <= len(data) and alert is None:
        kind, size = data[at], int.from_bytes(data[at + 3 : at + 5], "big")
        if kind not in {20, 21, 22, 23} or data[at + 1] != 3 or size > LONGEST_RECORD:
            raise Malformed
        body = data[at + 5 : at + 5 + size]
        if kind == 21 and len(body) >= 2:
            # A warning, such as unrecognized_name, does not end a handshake (RFC 5246 §7.2).
            alert = body[1] if body[0] == 2 or body[1] in REFUSALS else None
        elif kind == 22:
            stream += body
        at += 5 + size
    messages = []
    start = 0
    while start + 4 <= len(stream):
        size = int.from_bytes(stream[start + 1 : start + 4], "big")
        if start + 4 + size > len(stream):
            break
        messages.append((stream[start], bytes(stream[start + 4 : start + 4 + size])))
        start += 4 + size
    return messages, alert


def _server_hello(body: bytes) -> Answer:
    if len(body) < 38:
        raise Malformed
    version = int.from_bytes(body[:2], "big")
    _, rest = vector(body[34:], 1)
    if len(rest) < 3:
        raise Malformed
    suite = int.from_bytes(rest[:2], "big")
    extensions, _ = vector(rest[3:], 2) if len(rest) > 3 else (b"", b"")
    group = None
    while len(extensions) >= 4:
        number = int.from_bytes(extensions[:2], "big")
        content, extensions = vector(extensions[2:], 2)
        if number == 43 and len(content) == 2:
            version = int.from_bytes(content, "big")
        elif number == 51 and len(content) >= 2:
            group = int.from_bytes(content[:2], "big")
    return Answer(VERSIONS.get(version, f"version {version:#06x}"), suite, group)


def _certificates(body: bytes) -> tuple[bytes, ...]:
    rest, _ = vector(body, 3)
    found = []
    while rest:
        one, rest = vector(rest, 3)
        found.append(one)
    return tuple(found)


def _dh_bits(body: bytes) -> int:
    """ServerDHParams begin with the prime (RFC 5246 §7.4.3)."""
    prime, _ = vector(body, 2)
    return int.from_bytes(prime, "big").bit_length()


def read(data: bytes, *, whole: bool = False, ended: bool = False) -> Answer | str:
    """What a server's bytes say: an Answer, `refused`, `unknown: …`, or an empty string while more bytes are needed.

    `whole` waits for all of a TLS 1.2 flight, up to its ServerHelloDone; `ended` says that no more bytes will come.
    """
    try:
        messages, alert = _messages(data)
        if messages and messages[0][0] != 2:
            return "unknown: the server's first message is not a ServerHello"
        if not messages:
            if alert is not None:
                return "refused" if alert in REFUSALS else f"unknown: alert {alert}"
            return "" if not ended else ("unknown: the answer was cut short" if data else "refused")
        answer = _server_hello(messages[0][1])
        complete = answer.version == "TLSv1.3" or any(kind == 14 for kind, _ in messages)
        if whole and not complete:
            if alert is not None:
                return "refused" if alert in REFUSALS else f"unknown: alert {alert}"
            return "" if not ended else "unknown: the answer was cut short"
        return _flight(answer, messages)
    except Malformed:
        return "unknown: the server does not speak TLS"


def _flight(answer: Answer, messages: list[tuple[int, bytes]]) -> Answer:
    bodies = dict(reversed(messages))
    return Answer(
        answer.version,
        answer.suite,
        answer.group,
        certificates=_certificates(bodies[11]) if 11 in bodies else (),
        staple=bodies.get(22),
        dh_bits=_dh_bits(bodies[12]) if 12 in bodies and answer.suite in DHE else 0,
    )
