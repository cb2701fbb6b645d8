"""Real TLS servers for the tests: an own authority, one nginx with a port for each configuration, and fakes for what
this machine's OpenSSL cannot serve."""

from __future__ import annotations

import base64
import ipaddress
import os
import socket
import struct
import subprocess
import threading
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509 import ocsp
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

NOW = datetime.now(UTC).replace(microsecond=0)
HOST = "www.acme.test"
Key = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey
SOUND = "ECDHE+AESGCM:ECDHE+CHACHA20"
OPENSSL_CONF = """openssl_conf = start
[start]
ssl_conf = parts
[parts]
system_default = defaults
[defaults]
CipherString = DEFAULT:@SECLEVEL=0
MinProtocol = TLSv1
"""
# RFC 2409 §6.2 (1024 bits) and RFC 3526 §3 (2048 bits); both with generator 2.
DH_PRIMES = {
    1024: "FFFFFFFFFFFFFFFFC90FDAA22168C234C4C6628B80DC1CD129024E088A67CC74020BBEA63B139B22514A08798E3404DDEF9519B3CD3A431B302B0A6D"
    "F25F14374FE1356D6D51C245E485B576625E7EC6F44C42E9A637ED6B0BFF5CB6F406B7EDEE386BFB5A899FA5AE9F24117C4B1FE649286651ECE65381"
    "FFFFFFFFFFFFFFFF",
    2048: "FFFFFFFFFFFFFFFFC90FDAA22168C234C4C6628B80DC1CD129024E088A67CC74020BBEA63B139B22514A08798E3404DDEF9519B3CD3A431B302B0A6D"
    "F25F14374FE1356D6D51C245E485B576625E7EC6F44C42E9A637ED6B0BFF5CB6F406B7EDEE386BFB5A899FA5AE9F24117C4B1FE649286651ECE45B3D"
    "C2007CB8A163BF0598DA48361C55D39A69163FA8FD24CF5F83655D23DCA3AD961C62F356208552BB9ED529077096966D670C354E4ABC9804F1746C08"
    "CA18217C32905E462E36CE3BE39E772C180E86039B2783A2EC07A28FB5C55DF06F4C52C9DE2BCBF6955817183995497CEA956AE515D2261898FA0510"
    "15728E5A8AACAA68FFFFFFFFFFFFFFFF",
}


def _dh_parameters(prime: str) -> bytes:
    """DHParameter of PKCS #3: a SEQUENCE of the prime and the generator, in PEM."""
    number = b"\0" + bytes.fromhex(prime)
    body = struct.pack("!BBH", 2, 0x82, len(number)) + number + b"\x02\x01\x02"
    text = base64.encodebytes(struct.pack("!BBH", 0x30, 0x82, len(body)) + body).decode()
    return f"-----BEGIN DH PARAMETERS-----\n{text}-----END DH PARAMETERS-----\n".encode()


DH_PARAMETERS = {bits: _dh_parameters(prime) for bits, prime in DH_PRIMES.items()}


def ec_key(curve: ec.EllipticCurve | None = None) -> Key:
    return ec.generate_private_key(curve or ec.SECP256R1())


def rsa_key(bits: int = 2048) -> Key:
    return rsa.generate_private_key(65537, bits)


def pem(*certificates: x509.Certificate) -> bytes:
    return b"".join(one.public_bytes(serialization.Encoding.PEM) for one in certificates)


def key_pem(key: Key) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


@dataclass(frozen=True)
class Signer:
    """Who signs: a certificate and its key."""

    certificate: x509.Certificate
    key: Key


def _name(text: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])


def issue(
    common_name: str,
    key: Key,
    by: Signer | None,
    *,
    authority: bool = False,
    names: Sequence[str] = (),
    start: datetime = NOW - timedelta(days=30),
    days: float = 90,
    purposes: Sequence[x509.ObjectIdentifier] = (ExtendedKeyUsageOID.SERVER_AUTH,),
    staple: bool = False,
    algorithm: hashes.HashAlgorithm | None = None,
) -> x509.Certificate:
    """A certificate; signed by itself where `by` is None."""
    signer_key = by.key if by else key
    builder = (
        x509.CertificateBuilder()
        .subject_name(_name(common_name))
        .issuer_name(by.certificate.subject if by else _name(common_name))
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(start)
        .not_valid_after(start + timedelta(days=days))
        .add_extension(x509.BasicConstraints(ca=authority, path_length=None), critical=True)
        .add_extension(
            x509.KeyUsage(True, False, not authority, False, False, authority, authority, False, False), critical=True
        )
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(signer_key.public_key()), critical=False)
    )
    if names:
        entries = [
            x509.IPAddress(ipaddress.ip_address(one)) if one[0].isdigit() or ":" in one else x509.DNSName(one)
            for one in names
        ]
        builder = builder.add_extension(x509.SubjectAlternativeName(entries), critical=False)
    if not authority or purposes != (ExtendedKeyUsageOID.SERVER_AUTH,):
        builder = builder.add_extension(x509.ExtendedKeyUsage(purposes), critical=False)
    if staple:
        builder = builder.add_extension(x509.TLSFeature([x509.TLSFeatureType.status_request]), critical=False)
    return builder.sign(signer_key, algorithm or hashes.SHA256())


def authority(
    name: str, by: Signer | None = None, *, key: Key | None = None, back: float = 400, days: float = 3650
) -> Signer:
    key = key or ec_key()
    return Signer(issue(name, key, by, authority=True, start=NOW - timedelta(days=back), days=days), key)


class World:
    """The test's root, which a client trusts, and the intermediate that signs most leaves."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.root = authority("Test Root")
        self.issuing = authority("Test Issuing", self.root)
        self.key = ec_key()
        self.rsa = rsa_key()
        self.ca = folder / "root.pem"
        self.ca.write_bytes(pem(self.root.certificate))

    def leaf(self, by: Signer | None = None, *, key: Key | None = None, **how: object) -> x509.Certificate:
        how.setdefault("names", (HOST,))
        return issue(HOST, key or self.key, by or self.issuing, **how)  # type: ignore[arg-type]

    def chain(self, key: Key | None = None, **how: object) -> bytes:
        return pem(self.leaf(key=key, **how), self.issuing.certificate)

    def sha1(self) -> bytes:
        """Only the openssl command still signs with SHA-1."""
        request = x509.CertificateSigningRequestBuilder().subject_name(_name(HOST)).sign(self.key, hashes.SHA256())
        files = {
            "request.pem": request.public_bytes(serialization.Encoding.PEM),
            "issuing.pem": pem(self.issuing.certificate),
            "issuing.key": key_pem(self.issuing.key),
            "extensions": f"subjectAltName=DNS:{HOST}\nbasicConstraints=critical,CA:FALSE\nextendedKeyUsage=serverAuth\n"
            "authorityKeyIdentifier=keyid\n".encode(),
        }
        for name, content in files.items():
            (self.folder / name).write_bytes(content)
        command = (
            "openssl x509 -req -sha1 -days 60 -in request.pem -CA issuing.pem -CAkey issuing.key -extfile extensions"
        )
        made = subprocess.run(command.split(), cwd=self.folder, capture_output=True, check=True, timeout=20)
        return made.stdout + pem(self.issuing.certificate)

    def staple(self, leaf: x509.Certificate, *, end: datetime | None = None) -> bytes:
        """An OCSP response for a leaf that says good until `end`, by default for three days, in DER."""
        end = end or NOW + timedelta(days=3)
        return (
            ocsp.OCSPResponseBuilder()
            .add_response(
                leaf, self.issuing.certificate, hashes.SHA256(), ocsp.OCSPCertStatus.GOOD, end - timedelta(days=3), end, None, None
            )
            .responder_id(ocsp.OCSPResponderEncoding.HASH, self.issuing.certificate)
            .sign(self.issuing.key, hashes.SHA256())  # type: ignore[arg-type]
            .public_bytes(serialization.Encoding.DER)
        )  # fmt: skip

    def cross_signed(self) -> x509.Certificate:
        """Our root's key and name, signed by an older root whose time is over."""
        old = authority("Old Root", back=4000, days=3990)
        return issue("Test Root", self.root.key, old, authority=True, start=NOW - timedelta(days=2000), days=1990)


def free_ports(count: int, address: str = "127.0.0.1") -> list[int]:
    held = [socket.create_server((address, 0)) for _ in range(count)]
    ports = [int(one.getsockname()[1]) for one in held]
    for one in held:
        one.close()
    return ports


@dataclass
class Block:
    """One `server` of nginx."""

    chain: bytes
    key: Key
    protocols: str = "TLSv1.2 TLSv1.3"
    ciphers: str = SOUND
    extra: str = ""
    http2: bool = True
    named_only: bool = False
    """Refuse clients that name another host, or none."""
    addresses: tuple[str, ...] = ("127.0.0.1",)
    port: int = 0
    files: dict[str, bytes] = field(default_factory=dict)


class Nginx:
    """One process, one port for each block; a block's `port` is filled in where it has none."""

    def __init__(self, folder: Path, blocks: Iterable[Block]) -> None:
        self.folder = folder
        self.blocks = list(blocks)
        for block, port in zip(self.blocks, free_ports(len(self.blocks)), strict=True):
            block.port = block.port or port
        (folder / "openssl.cnf").write_text(OPENSSL_CONF)
        servers = "\n".join(self._server(number, block) for number, block in enumerate(self.blocks))
        config = folder / "nginx.conf"
        config.write_text(
            f"daemon off; master_process off; pid {folder}/nginx.pid; error_log {folder}/error.log;\n"
            f"events {{ worker_connections 1024; }}\nhttp {{ access_log off; ssl_session_tickets off;\n"
            + "".join(
                f"{kind}_temp_path {folder}/{kind};\n" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
            )
            + servers
            + "\n}\n"
        )
        self.process = subprocess.Popen(
            ["nginx", "-p", str(folder), "-c", str(config)],
            env={**os.environ, "OPENSSL_CONF": str(folder / "openssl.cnf")},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
        )
        try:
            self._await()
        except BaseException:
            self.close()
            raise

    def _server(self, number: int, block: Block) -> str:
        (self.folder / f"{number}.pem").write_bytes(block.chain)
        (self.folder / f"{number}.key").write_bytes(key_pem(block.key))
        for name, content in block.files.items():
            (self.folder / name).write_bytes(content)
        h2 = " http2" if block.http2 else ""
        listen = " ".join(
            f"listen {f'[{one}]' if ':' in one else one}:{block.port} ssl{h2};" for one in block.addresses
        )
        default = (
            f"server {{ {listen.replace(';', ' default_server;')} ssl_reject_handshake on; ssl_protocols {block.protocols}; }}"
            if block.named_only
            else ""
        )
        return default + (
            f"server {{ {listen} server_name {HOST}; ssl_certificate {self.folder}/{number}.pem; ssl_certificate_key {self.folder}/{number}.key; "
            f'ssl_protocols {block.protocols}; ssl_ciphers "{block.ciphers}:@SECLEVEL=0"; {block.extra.format(folder=self.folder)} '
            'return 200 "ok"; }'
        )

    def _await(self) -> None:
        deadline = time.monotonic() + 10
        while True:
            if self.process.poll() is not None:
                assert self.process.stderr is not None
                raise RuntimeError(self.process.stderr.read().decode())
            try:
                for block in self.blocks:
                    socket.create_connection((block.addresses[0], block.port), timeout=1).close()
                return
            except OSError:
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.01)

    def close(self) -> None:
        self.process.terminate()
        self.process.wait(10)
        if self.process.stderr:
            self.process.stderr.close()


@dataclass(frozen=True)
class Hello:
    """What a front sees of a ClientHello."""

    version: int
    suites: frozenset[int]
    modern: bool
    groups: tuple[int, ...]


def parse_hello(record: bytes) -> Hello:
    body = record[9:]
    at = 35 + body[34]
    size = int.from_bytes(body[at : at + 2], "big")
    numbers = struct.unpack(f"!{size // 2}H", body[at + 2 : at + 2 + size])
    at += 2 + size + 1 + body[at + 2 + size] + 2
    found: dict[int, bytes] = {}
    while at + 4 <= len(body):
        number, length = struct.unpack("!HH", body[at : at + 4])
        found[number] = body[at + 4 : at + 4 + length]
        at += 4 + length
    groups = found.get(10, b"\0\0")[2:]
    return Hello(
        int.from_bytes(body[:2], "big"), frozenset(numbers), 43 in found, struct.unpack(f"!{len(groups) // 2}H", groups)
    )


def server_hello(version: int, suite: int, extensions: bytes = b"") -> bytes:
    body = struct.pack("!H", version) + bytes(32) + b"\0" + struct.pack("!HB", suite, 0)
    body += struct.pack("!H", len(extensions)) + extensions if extensions else b""
    handshake = b"\x02" + len(body).to_bytes(3, "big") + body
    return struct.pack("!BHH", 22, version, len(handshake)) + handshake


def chooses(*suites: int) -> Callable[[Hello], bytes | None]:
    """A TLS 1.2 server that takes these suites where it is offered them, and no version older."""

    def answer(hello: Hello) -> bytes | None:
        taken = [one for one in suites if one in hello.suites]
        return server_hello(0x0303, taken[0]) if taken and hello.version == 0x0303 and not hello.modern else None

    return answer


def ssl3(hello: Hello) -> bytes | None:
    return server_hello(0x0300, 0x000A) if hello.version < 0x0303 else None


def post_quantum(hello: Hello) -> bytes | None:
    """Asks for X25519MLKEM768 with a HelloRetryRequest (RFC 8446 §4.1.4)."""
    if not hello.modern or 0x11EC not in hello.groups:
        return None
    return server_hello(0x0303, 0x1301, struct.pack("!HHHHHH", 43, 2, 0x0304, 51, 2, 0x11EC))


def export_dh(hello: Hello) -> bytes | None:
    """A Diffie-Hellman group of 512 bits, as in Logjam."""
    if 0x0033 not in hello.suites or 0xC02B in hello.suites or hello.version != 0x0303:
        return None
    prime = b"\xff" * 64
    params = struct.pack("!H", 64) + prime + b"\0\1\2" + b"\0\1\2" + b"\x08\x04\0\0"
    handshake = b"\x0c" + len(params).to_bytes(3, "big") + params + b"\x0e\0\0\0"
    return server_hello(0x0303, 0x0033) + struct.pack("!BHH", 22, 0x0303, len(handshake)) + handshake


class Front:
    """Answers some ClientHellos by itself and hands everything else to a real server."""

    def __init__(self, answer: Callable[[Hello], bytes | None], to: int) -> None:
        self.answer, self.to = answer, to
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = int(self._listener.getsockname()[1])
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client: socket.socket) -> None:
        client.settimeout(5)
        try:
            with client:
                record = client.recv(5, socket.MSG_WAITALL)
                if len(record) < 5:
                    return
                record += client.recv(int.from_bytes(record[3:5], "big"), socket.MSG_WAITALL)
                said = self.answer(parse_hello(record))
                if said is not None:
                    client.sendall(said)
                    client.recv(1)
                    return
                self._relay(client, record)
        except OSError:
            pass

    def _relay(self, client: socket.socket, first: bytes) -> None:
        with socket.create_connection(("127.0.0.1", self.to), timeout=5) as server:
            server.sendall(first)
            back = threading.Thread(target=_copy, args=(server, client), daemon=True)
            back.start()
            _copy(client, server)
            back.join(5)

    def close(self) -> None:
        self._listener.close()


def _copy(source: socket.socket, target: socket.socket) -> None:
    try:
        while data := source.recv(65536):
            target.sendall(data)
        target.shutdown(socket.SHUT_WR)
    except OSError:
        pass
