"""The tls probe: what every address of a host presents, and whether it verifies.

Two handshakes an address: one that verifies the chain and the name, and one raw ClientHello that offers only versions
below the environment's minimum, written by hand so that the local OpenSSL's own policy cannot hide an old protocol. Only where the first
does not verify, a third reads the certificate without trusting it; nothing is ever sent over that connection.
"""

from __future__ import annotations

import base64
import contextlib
import hashlib
import ipaddress
import os
import ssl
import struct
from datetime import datetime

import anyio
import anyio.abc
from anyio.streams.tls import TLSAttribute, TLSStream
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import dsa, ec, ed448, ed25519, rsa

from gonogo.errors import EvidenceMissing
from gonogo.evidence.facts import CertificateFacts, Handshake, TlsFacts
from gonogo.evidence.plan import HANDSHAKES
from gonogo.evidence.records import TlsRequest
from gonogo.probes.context import Context
from gonogo.probes.http import ca_path, trust
from gonogo.probes.resolve import addresses, is_address


def _iso(moment: datetime) -> str:
    return moment.isoformat(timespec="seconds")


def _key(key: object) -> str:
    match key:
        case rsa.RSAPublicKey():
            return f"RSA {key.key_size}"
        case ec.EllipticCurvePublicKey():
            return f"EC {key.key_size}"
        case dsa.DSAPublicKey():
            return f"DSA {key.key_size}"
        case ed25519.Ed25519PublicKey():
            return "Ed25519"
        case ed448.Ed448PublicKey():
            return "Ed448"
        case _:
            return type(key).__name__


def certificate_facts(der: bytes) -> CertificateFacts:
    """Facts of one certificate in DER. Raises ValueError when it cannot be parsed."""
    certificate = x509.load_der_x509_certificate(der)
    names: list[str] = []
    try:
        for name in certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value:
            if isinstance(name, x509.DNSName | x509.IPAddress):
                names.append(str(name.value))  # noqa: PERF401 - what was read before a bad name counts
    except (x509.ExtensionNotFound, ValueError):
        pass
    try:
        public = certificate.public_key()
        spki = public.public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
        key, pin = _key(public), base64.b64encode(hashlib.sha256(spki).digest()).decode()
    except ValueError:
        key, pin = "unreadable", ""
    algorithm = certificate.signature_hash_algorithm
    return CertificateFacts(
        subject=certificate.subject.rfc4514_string()[:300],
        issuer=certificate.issuer.rfc4514_string()[:300],
        names=tuple(names[:200]),
        not_before=_iso(certificate.not_valid_before_utc),
        not_after=_iso(certificate.not_valid_after_utc),
        sha256=hashlib.sha256(der).hexdigest(),
        spki_sha256=pin,
        key=key,
        signature=algorithm.name if algorithm else certificate.signature_algorithm_oid.dotted_string,
    )


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


_OLD_SUITES = (0xC00A, 0xC014, 0x0039, 0x0035, 0xC009, 0xC013, 0x0033, 0x002F, 0xC008, 0xC012, 0x0016, 0x000A, 0x0005)
_TLS12_SUITES = (0xC02B, 0xC02F, 0xC02C, 0xC030, 0xCCA9, 0xCCA8, 0x009E, 0x009C, *_OLD_SUITES)
_SIGNATURES = (0x0403, 0x0503, 0x0603, 0x0804, 0x0805, 0x0806, 0x0401, 0x0501, 0x0601, 0x0203, 0x0201)


def _extension(number: int, body: bytes) -> bytes:
    return struct.pack("!HH", number, len(body)) + body


def _list(numbers: tuple[int, ...]) -> bytes:
    return struct.pack("!H", 2 * len(numbers)) + b"".join(struct.pack("!H", number) for number in numbers)


def client_hello(host: str, floor: str) -> bytes:
    """A ClientHello record that offers nothing as new as `floor` ("1.2" or "1.3"): RFC 4346 and RFC 5246 §7.4.1.2.

    It has no supported_versions extension, so its own version is the newest that it offers (RFC 8446 §4.2.1).
    """
    newest, suites = (0x0303, _TLS12_SUITES) if floor == "1.3" else (0x0302, _OLD_SUITES)
    extensions = b""
    if not is_address(host):
        name = host.encode("ascii") if host.isascii() else host.encode("idna")
        entry = struct.pack("!BH", 0, len(name)) + name
        extensions += _extension(0, struct.pack("!H", len(entry)) + entry)
    extensions += _extension(10, _list((29, 23, 24, 25))) + _extension(11, b"\x01\x00")
    if newest == 0x0303:
        extensions += _extension(13, _list(_SIGNATURES))
    # 0x00FF says that secure renegotiation is understood (RFC 5746 §3.3).
    body = struct.pack("!H", newest) + os.urandom(32) + b"\x00" + _list((*suites, 0x00FF))
    body += b"\x01\x00" + struct.pack("!H", len(extensions)) + extensions
    handshake = b"\x01" + len(body).to_bytes(3, "big") + body
    return struct.pack("!BHH", 22, 0x0301, len(handshake)) + handshake


_REFUSALS = frozenset({40, 70, 71, 80})
"""Alerts that end such a handshake: handshake_failure, protocol_version, insufficient_security (RFC 8446 §6.2), and
internal_error, which OpenSSL sends where its own policy leaves it no signature for an old version."""


def legacy_answer(data: bytes) -> str:
    """What a server's first bytes say to `client_hello`; empty while more bytes are needed."""
    if not data:
        return "refused"
    if data[0] == 21:
        if len(data) < 7:
            return ""
        return "refused" if data[6] in _REFUSALS else f"unknown: alert {data[6]}"
    if data[0] != 22:
        return "unknown: the server does not speak TLS"
    if len(data) < 11:
        return ""
    if data[5] != 2:
        return "unknown: the server's first message is not a ServerHello"
    return {0x0300: "SSLv3", 0x0301: "TLSv1", 0x0302: "TLSv1.1", 0x0303: "TLSv1.2"}.get(
        int.from_bytes(data[9:11], "big"), f"unknown: it chose version {data[9:11].hex()}"
    )


async def _legacy(address: str, request: TlsRequest, timeout_s: float) -> str:
    data = b""
    sent = False
    try:
        with anyio.fail_after(timeout_s):
            async with await anyio.connect_tcp(address, request.port) as stream:
                sent = True
                await stream.send(client_hello(request.host, request.floor))
                while not (said := legacy_answer(data) if data else ""):
                    data += await stream.receive(4096)
                return said
    except anyio.EndOfStream:
        return legacy_answer(data) or "unknown: the answer was cut short"
    except TimeoutError:
        return f"unknown: no answer within {timeout_s:g} s"
    except (OSError, anyio.BrokenResourceError) as error:
        # A server may well slam the door on an old client; one that could not be reached has said nothing.
        return "refused" if sent else f"unknown: {getattr(error, 'strerror', None) or 'not connected'}"


def _chain(connection: object, which: str) -> list[bytes]:
    """DER of the chain that OpenSSL holds; public in Python 3.13, behind `_sslobj` before."""
    for holder in (connection, getattr(connection, "_sslobj", None)):
        if (method := getattr(holder, which, None)) is not None:
            found = method() or []
            # 2 is OpenSSL's DER encoding in the private API.
            return [one if isinstance(one, bytes) else one.public_bytes(2) for one in found]
    return []


async def _handshake(
    address: str, host: str, port: int, context: ssl.SSLContext, timeout_s: float
) -> tuple[str, str, str, list[bytes], list[bytes]]:
    with anyio.fail_after(timeout_s):
        stream = await anyio.connect_tcp(address, port)
        try:
            tls = await TLSStream.wrap(stream, hostname=host, ssl_context=context, standard_compatible=False)
        except BaseException:
            await anyio.aclose_forcefully(stream)
            raise
    try:
        connection = tls.extra(TLSAttribute.ssl_object)
        presented = _chain(connection, "get_unverified_chain") or [
            tls.extra(TLSAttribute.peer_certificate_binary) or b""
        ]
        return (
            str(tls.extra(TLSAttribute.tls_version)),
            str(tls.extra(TLSAttribute.cipher)[0]),
            str(tls.extra(TLSAttribute.alpn_protocol) or ""),
            presented,
            _chain(connection, "get_verified_chain"),
        )
    finally:
        await anyio.aclose_forcefully(stream)


def _reader() -> ssl.SSLContext:
    """A context that reads a certificate without trusting it; used only to say what is wrong with it."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    context.set_alpn_protocols(["h2", "http/1.1"])
    return context


async def _observe(address: str, request: TlsRequest, context: Context) -> Handshake:
    host, port = request.host, request.port
    timeout_s = context.environment.limits.request_timeout_s
    url = f"https://{host}:{port}"
    verifying = trust(ca_path(context))
    verifying.set_alpn_protocols(["h2", "http/1.1"])
    error = ""
    try:
        await context.guard.admit("handshake", url, count=HANDSHAKES)
        try:
            version, cipher, alpn, presented, verified = await _handshake(address, host, port, verifying, timeout_s)
        except ssl.SSLCertVerificationError as refused:
            error = refused.verify_message
            await context.guard.admit("handshake", url)
            version, cipher, alpn, presented, verified = await _handshake(address, host, port, _reader(), timeout_s)
            verified = []
    except TimeoutError:
        raise EvidenceMissing(
            "timeout", f"{host} ({address}, port {port}): no TLS handshake within {timeout_s:g} s"
        ) from None
    except ssl.SSLError as refused:
        raise EvidenceMissing(
            "tls", f"{host} ({address}, port {port}): TLS handshake failed: {refused.reason or refused}"
        ) from None
    except (OSError, anyio.EndOfStream, anyio.BrokenResourceError) as refused:
        why = getattr(refused, "strerror", None) or str(refused) or "the connection was closed"
        raise EvidenceMissing("connect", f"{host} ({address}, port {port}): {why}") from None
    try:
        shown = tuple(certificate_facts(der) for der in presented)
        built = tuple(certificate_facts(der) for der in verified)
    except ValueError as broken:
        raise EvidenceMissing("protocol", f"{host} ({address}): certificate cannot be parsed: {broken}") from None
    return Handshake(
        address=address,
        version=version,
        cipher=cipher,
        alpn=alpn,
        presented=shown,
        verified=built or ((shown[0],) if shown and not error else ()),
        error=error,
        name_matches=bool(shown) and any(name_covers(name, host) for name in shown[0].names),
        legacy=await _legacy(address, request, timeout_s),
    )


async def gather(request: TlsRequest, context: Context) -> TlsFacts:
    """Handshakes with every address of the host, side by side.

    Raises EvidenceMissing: guard, dns, connect, tls, timeout, protocol, unavailable (ca_file).
    """
    found = await addresses(context.environment, request.host, request.port)
    seen: dict[str, Handshake] = {}
    missing: list[EvidenceMissing] = []

    async def one(address: str) -> None:
        try:
            seen[address] = await _observe(address, request, context)
        except EvidenceMissing as error:
            missing.append(error)

    async with anyio.create_task_group() as group:
        for address in found:
            group.start_soon(one, address)
    # An address of a family that this machine has no route for says nothing of the target; another must answer then.
    if missing and (not seen or any(not _no_route(error) for error in missing)):
        raise next((error for error in missing if not _no_route(error)), missing[0])
    return TlsFacts(request.host, request.port, tuple(seen[address] for address in found if address in seen))


def _no_route(error: EvidenceMissing) -> bool:
    return error.kind == "connect" and "unreachable" in error.message.lower()
