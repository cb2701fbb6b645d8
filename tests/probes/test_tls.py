"""The tls probe against real servers with certificates of their own authority."""

from __future__ import annotations

import contextlib
import ipaddress
import random
import re
import socket
import ssl
import struct
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import anyio
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509 import ocsp
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID
from hypothesis import given
from hypothesis import strategies as st
from tls_servers import Signer, World
from tls_servers import authority as make_authority

from gonogo import Shortfall
from gonogo.concerns.tls import Host
from gonogo.environment.models import Environment
from gonogo.environment.sections.tls import Tls
from gonogo.errors import EvidenceMissing
from gonogo.evidence.records import Evidence, Request
from gonogo.probes.context import Context
from gonogo.probes.guard import Guard
from gonogo.probes.tls import chain as tls_chain
from gonogo.probes.tls import hello as tls_hello
from gonogo.probes.tls import probe as tls
from gonogo.probes.tls.facts import TlsFacts
from gonogo.probes.tls.request import TlsRequest

NOW = datetime.now(UTC).replace(microsecond=0)


def _name(text: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])


class Authority:
    """A root that signs leaves."""

    def __init__(self, folder: Path, until: datetime = NOW + timedelta(days=400)) -> None:
        self.folder = folder
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.certificate = (
            x509.CertificateBuilder()
            .subject_name(_name("Test Root"))
            .issuer_name(_name("Test Root"))
            .public_key(self.key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(NOW - timedelta(days=400))
            .not_valid_after(until)
            .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
            .add_extension(x509.KeyUsage(False, False, False, False, False, True, True, False, False), critical=True)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(self.key.public_key()), critical=False)
            .sign(self.key, hashes.SHA256())
        )
        self.file = folder / "root.pem"
        self.file.write_bytes(self.certificate.public_bytes(serialization.Encoding.PEM))

    def leaf(self, *names: str, start: datetime = NOW - timedelta(days=30), days: int = 90) -> Path:
        key = ec.generate_private_key(ec.SECP256R1())
        certificate = (
            x509.CertificateBuilder()
            .subject_name(_name(names[0]))
            .issuer_name(self.certificate.subject)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(start)
            .not_valid_after(start + timedelta(days=days))
            .add_extension(
                x509.SubjectAlternativeName(
                    [x509.IPAddress(ipaddress.ip_address(n)) if n[0].isdigit() else x509.DNSName(n) for n in names]
                ),
                critical=False,
            )
            .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(self.key.public_key()), critical=False)
            .sign(self.key, hashes.SHA256())
        )
        path = self.folder / f"leaf-{certificate.serial_number}.pem"
        path.write_bytes(
            certificate.public_bytes(serialization.Encoding.PEM)
            + key.private_bytes(
                serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
            )
        )
        return path


@dataclass
class Server:
    port: int


class _Accept(threading.Thread):
    """Accepts, shakes hands and says nothing."""

    def __init__(self, context: ssl.SSLContext | None, behave: str = "") -> None:
        super().__init__(daemon=True)
        self.context, self.behave = context, behave
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.shaken = 0

    def run(self) -> None:
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self._one, args=(connection,), daemon=True).start()

    def _one(self, connection: socket.socket) -> None:
        connection.settimeout(5)
        try:
            if self.behave == "hang":
                connection.recv(1)
                threading.Event().wait(3)
            elif self.behave == "plain":
                connection.sendall(b"220 mail.acme.test ESMTP\r\n")
            elif self.behave == "reset":
                connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            elif self.context is not None:
                with self.context.wrap_socket(connection, server_side=True) as secured:
                    self.shaken += 1
                    secured.recv(1)
        except OSError:
            pass
        finally:
            connection.close()


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("ca"))


@pytest.fixture
def serve(request: pytest.FixtureRequest) -> Iterator[object]:
    running: list[_Accept] = []

    def start(context: ssl.SSLContext | None = None, behave: str = "") -> _Accept:
        server = _Accept(context, behave)
        server.start()
        running.append(server)
        return server

    yield start
    for server in running:
        server.listener.close()


def _server_context(leaf: Path, *, legacy: bool = False, newest_12: bool = False) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(leaf)
    if legacy:
        context.set_ciphers("ALL:@SECLEVEL=0")
        with pytest.warns(DeprecationWarning):
            context.minimum_version = ssl.TLSVersion.TLSv1
    if newest_12:
        context.maximum_version = ssl.TLSVersion.TLSv1_2
    return context


def gather(
    port: int, ca: Path | str, *, host: str = "www.acme.test", floor: str = "1.2", timeout_s: float = 2
) -> TlsFacts:
    environment = Environment.model_validate(
        {
            "name": "t", "tier": "production", "ca_file": str(ca), "resolve": {"www.acme.test": "127.0.0.1"},
            "limits": {"request_timeout_s": timeout_s, "rate_per_s": 1000},
            "site": {"url": f"https://{host}:{port}"},
        }
    )  # fmt: skip

    async def fetch(_: Request) -> Evidence:
        raise AssertionError("the tls probe needs no other evidence")

    async def run() -> TlsFacts:
        context = Context(environment=environment, guard=Guard(environment), run_id="r", folder=Path(), fetch=fetch)
        return await tls.gather(TlsRequest(host, port, floor), context)

    return anyio.run(run)


def test_a_good_host(authority: Authority, serve) -> None:  # type: ignore[no-untyped-def]
    server = serve(_server_context(authority.leaf("www.acme.test", "acme.test")))
    (shake,) = gather(server.port, authority.file).handshakes
    assert (shake.address, shake.version, shake.error, shake.name_matches, shake.legacy) == (
        "127.0.0.1",
        "TLSv1.3",
        "",
        True,
        "refused",
    )
    assert shake.presented[0].names == ("www.acme.test", "acme.test")
    assert [one.subject for one in shake.verified] == ["CN=www.acme.test", "CN=Test Root"]
    assert shake.presented[0].key == "EC 256"
    assert server.shaken == 2  # with the server's name and without


def test_an_untrusted_chain(authority: Authority, serve, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    server = serve(_server_context(Authority(tmp_path).leaf("www.acme.test")))
    (shake,) = gather(server.port, authority.file).handshakes
    assert shake.error
    assert "hostname" not in shake.error.lower()
    assert shake.name_matches
    assert shake.verified == ()
    assert shake.presented[0].names == ("www.acme.test",)


def test_a_wrong_name(authority: Authority, serve) -> None:  # type: ignore[no-untyped-def]
    server = serve(_server_context(authority.leaf("other.acme.test")))
    (shake,) = gather(server.port, authority.file).handshakes
    assert "hostname mismatch" in shake.error.lower()
    assert not shake.name_matches


def test_an_expired_certificate(authority: Authority, serve) -> None:  # type: ignore[no-untyped-def]
    server = serve(_server_context(authority.leaf("www.acme.test", start=NOW - timedelta(days=100), days=90)))
    (shake,) = gather(server.port, authority.file).handshakes
    assert "expired" in shake.error
    assert datetime.fromisoformat(shake.presented[0].not_after) < NOW


def test_an_expired_root_is_told_by_the_trust_check(tmp_path: Path, serve) -> None:  # type: ignore[no-untyped-def]
    """The leaf is in date, so nobody else would report it."""
    from checks.tls.test_certificate import test_expiry, test_trust

    old = Authority(tmp_path, until=NOW - timedelta(days=1))
    server = serve(_server_context(old.leaf("www.acme.test")))
    facts = gather(server.port, old.file)
    assert "expired" in facts.handshakes[0].error
    host = Host(facts, Tls(), NOW)
    test_expiry(host)
    with pytest.raises(Shortfall, match="expired"):
        test_trust(host)


def test_an_address_as_host(authority: Authority, serve) -> None:  # type: ignore[no-untyped-def]
    server = serve(_server_context(authority.leaf("127.0.0.1")))
    (shake,) = gather(server.port, authority.file, host="127.0.0.1").handshakes
    assert shake.error == ""
    assert shake.name_matches


def test_old_versions_are_seen(authority: Authority, serve) -> None:  # type: ignore[no-untyped-def]
    server = serve(_server_context(authority.leaf("www.acme.test"), legacy=True))
    assert gather(server.port, authority.file).handshakes[0].legacy == "TLSv1.1"


def test_a_floor_of_13_sees_12(authority: Authority, serve) -> None:  # type: ignore[no-untyped-def]
    server = serve(_server_context(authority.leaf("www.acme.test")))
    assert gather(server.port, authority.file, floor="1.3").handshakes[0].legacy == "TLSv1.2"
    only_13 = _server_context(authority.leaf("www.acme.test"))
    only_13.minimum_version = ssl.TLSVersion.TLSv1_3
    assert gather(serve(only_13).port, authority.file, floor="1.3").handshakes[0].legacy == "refused"


@pytest.mark.parametrize(("behave", "kind"), [("hang", "timeout"), ("plain", "tls"), ("reset", "connect")])
def test_what_is_no_handshake(behave: str, kind: str, authority: Authority, serve) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(EvidenceMissing) as missing:
        gather(serve(behave=behave).port, authority.file, timeout_s=0.7)
    assert missing.value.kind == kind, missing.value.message
    assert "www.acme.test" in missing.value.message


def test_nobody_listens(authority: Authority) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with pytest.raises(EvidenceMissing) as missing:
        gather(port, authority.file)
    assert missing.value.kind == "connect"


def test_no_ca_file(serve) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(EvidenceMissing) as missing:
        gather(serve(behave="plain").port, "/nowhere/ca.pem")
    assert missing.value.kind == "unavailable"
    assert "/nowhere/ca.pem" in missing.value.message


@pytest.mark.parametrize(
    ("pattern", "host", "covers"),
    [
        ("www.acme.test", "www.acme.test", True),
        ("WWW.acme.test", "www.ACME.test.", True),
        ("*.acme.test", "www.acme.test", True),
        ("*.acme.test", "acme.test", False),
        ("*.acme.test", "a.b.acme.test", False),
        ("w*.acme.test", "www.acme.test", False),
        ("*.test", "acme.test", False),
        ("*", "localhost", False),
        ("127.0.0.1", "127.0.0.1", True),
        ("*.0.0.1", "127.0.0.1", False),
        ("::1", "0:0:0:0:0:0:0:1", True),
    ],
)
def test_names(pattern: str, host: str, covers: bool) -> None:
    assert tls_chain.name_covers(pattern, host) is covers


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    return World(tmp_path_factory.mktemp("world"))


def _der(*certificates: x509.Certificate) -> list[bytes]:
    return [one.public_bytes(serialization.Encoding.DER) for one in certificates]


@pytest.mark.parametrize(
    ("how", "says"),
    [
        ({}, ""),
        ({"names": ("*.acme.test",)}, ""),
        ({"names": ("other.acme.test",)}, "no matching subjectAltName"),
        ({"names": ()}, "has no subjectAltName"),
        ({"purposes": (ExtendedKeyUsageOID.CLIENT_AUTH,)}, "not for servers|required EKU not found"),
        ({"start": NOW - timedelta(days=100)}, "not valid at validation time"),
        ({"start": NOW + timedelta(days=1)}, "not valid at validation time"),
        ({"algorithm": hashes.SHA224()}, "signature algorithm"),
    ],
)
@pytest.mark.parametrize("private", [True, False])
def test_a_second_opinion(how: dict[str, object], says: str, private: bool, world: World) -> None:
    presented = _der(world.leaf(**how), world.issuing.certificate)  # type: ignore[arg-type]
    (root,) = _der(world.root.certificate)
    said = tls_chain.second_opinion(presented, root, "www.acme.test", NOW, private=private)
    assert re.search(says, said, re.IGNORECASE) if says else said == ""


def test_a_second_opinion_on_broken_chains(world: World) -> None:
    (root,) = _der(world.root.certificate)
    leaf, issuing, apart = _der(world.leaf(), world.issuing.certificate, make_authority("Elsewhere").certificate)
    for presented in (
        [leaf],
        [leaf, apart],
        [leaf[:-8] + bytes(8), issuing],
        [b"", issuing],
        [leaf, b"no certificate"],
        [],
    ):
        assert tls_chain.second_opinion(presented, root, "www.acme.test", NOW, private=True), presented


def test_a_private_authority_owes_no_key_usage(world: World) -> None:
    """As `openssl req -x509` makes it; a public one owes the extension."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = _name("Home CA")
    bare = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
    bare = bare.serial_number(5).not_valid_before(NOW - timedelta(days=9)).not_valid_after(NOW + timedelta(days=900))
    root = bare.add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True).sign(
        key, hashes.SHA256()
    )
    leaf, own = _der(world.leaf(Signer(root, key)), root)
    assert tls_chain.second_opinion([leaf], own, "www.acme.test", NOW, private=True) == ""
    assert "2.5.29" in tls_chain.second_opinion([leaf], own, "www.acme.test", NOW, private=False)


def _record(kind: int, body: bytes) -> bytes:
    return struct.pack("!BHH", kind, 0x0303, len(body)) + body


def _hello(version: int = 0x0303, suite: int = 0xC02B, extensions: bytes = b"") -> bytes:
    body = struct.pack("!H", version) + bytes(32) + b"\0" + struct.pack("!HB", suite, 0)
    body += struct.pack("!H", len(extensions)) + extensions if extensions else b""
    return b"\x02" + len(body).to_bytes(3, "big") + body


DONE = b"\x0e\0\0\0"


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", ""),
        (_record(22, _hello())[:20], ""),
        (_record(21, b"\x02\x28"), "refused"),
        (_record(21, b"\x02\x46"), "refused"),
        (_record(21, b"\x02\x50"), "refused"),
        (_record(21, b"\x02\x70"), "unknown: alert 112"),
        (_record(21, b"\x01\x70"), ""),
        (b"220 mail.acme.test ESMTP\r\n", "unknown: the server does not speak TLS"),
        (b"HTTP/1.1 400 Bad Request\r\n", "unknown: the server does not speak TLS"),
        (_record(22, DONE), "unknown: the server's first message is not a ServerHello"),
        (_record(22, b"\x02\0\0\x01\0"), "unknown: the server does not speak TLS"),
    ],
    ids=[
        "nothing",
        "part of a hello",
        "handshake failure",
        "protocol version",
        "internal error",
        "unrecognized name",
        "a warning",
        "mail",
        "HTTP",
        "no hello",
        "a hello without a body",
    ],
)
def test_first_bytes_without_a_server_hello(data: bytes, said: str) -> None:
    assert tls_hello.read(data) == said


def test_an_answer_that_ends() -> None:
    assert tls_hello.read(b"", ended=True) == "refused"
    assert tls_hello.read(_record(22, _hello())[:20], ended=True) == "unknown: the answer was cut short"
    assert tls_hello.read(_record(22, _hello()), whole=True) == ""
    assert tls_hello.read(_record(22, _hello()), whole=True, ended=True) == "unknown: the answer was cut short"


@pytest.mark.parametrize("version", [0x0300, 0x0301, 0x0302, 0x0303])
def test_a_server_hello(version: int) -> None:
    found = tls_hello.read(_record(21, b"\x01\x70") + _record(22, _hello(version)))
    assert isinstance(found, tls_hello.Answer)
    assert (found.version, found.suite, found.group) == (tls_hello.VERSIONS[version], 0xC02B, None)


def test_a_hello_retry_request() -> None:
    extensions = struct.pack("!HHHHHH", 43, 2, 0x0304, 51, 2, 0x11EC)
    found = tls_hello.read(_record(22, _hello(suite=0x1301, extensions=extensions)), whole=True)
    assert isinstance(found, tls_hello.Answer)
    assert (found.version, found.suite, found.group) == ("TLSv1.3", 0x1301, 0x11EC)


def test_a_flight_in_pieces() -> None:
    """Messages may be split over records, and records over reads."""
    certificates = b"\0\0\x05" + b"\0\0\x02" + b"ab"
    exchange = struct.pack("!H", 3) + b"\x01\0\0"
    flight = _hello(suite=0x009E) + b"\x0b" + len(certificates).to_bytes(3, "big") + certificates
    flight += b"\x16\0\0\x01\x01" + b"\x0c" + len(exchange).to_bytes(3, "big") + exchange + DONE
    data = b"".join(_record(22, flight[at : at + 7]) for at in range(0, len(flight), 7))
    assert all(tls_hello.read(data[:size], whole=True) == "" for size in range(len(data)))
    assert tls_hello.read(data, whole=True) == tls_hello.Answer("TLSv1.2", 0x009E, None, (b"ab",), b"\x01", 17)


@pytest.mark.parametrize(
    ("suite", "kind"),
    [
        ("TLS_ECDH_anon_WITH_NULL_SHA", "NULL"),
        ("TLS_DH_anon_EXPORT_WITH_RC4_40_MD5", "anonymous"),
        ("TLS_RSA_EXPORT_WITH_DES40_CBC_SHA", "EXPORT"),
        ("TLS_ECDHE_RSA_WITH_RC4_128_SHA", "RC4"),
        ("TLS_DHE_RSA_WITH_DES_CBC_SHA", "DES"),
        ("TLS_RSA_WITH_3DES_EDE_CBC_SHA", "3DES"),
        ("TLS_RSA_WITH_AES_256_GCM_SHA384", "static RSA"),
        ("TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA", ""),
    ],
)
def test_weak_classes(suite: str, kind: str) -> None:
    assert tls_hello.weak_class(suite) == kind
    assert suite in tls_hello.SUITES.values()


def test_every_suite_is_asked_for_in_one_question() -> None:
    asked = [*tls_hello.AEAD, *tls_hello.CBC, *(one for suites in tls_hello.WEAK.values() for one in suites)]
    assert sorted(asked) == sorted(tls_hello.SUITES)


@given(st.binary(max_size=64), st.booleans(), st.booleans())
def test_any_first_bytes_have_a_meaning(data: bytes, whole: bool, ended: bool) -> None:
    said = tls_hello.read(data, whole=whole, ended=ended)
    assert isinstance(said, tls_hello.Answer) or said in {"", "refused"} or said.startswith("unknown: ")
    assert not (ended and said == "")


@given(st.binary(max_size=200), st.booleans())
def test_any_flight_has_a_meaning(data: bytes, whole: bool) -> None:
    for record in (_record(22, _hello() + data), _record(22, b"\x02" + data), _record(22, _hello() + b"\x0c" + data)):
        said = tls_hello.read(record, whole=whole, ended=True)
        assert isinstance(said, tls_hello.Answer) or said == "refused" or said.startswith("unknown: ")


def test_the_longest_flight_is_read_in_time() -> None:
    begun = time.perf_counter()
    for filler in (_record(22, bytes(4)), _record(22, b""), _record(21, b"\x01\x70"), _record(22, bytes(16000))):
        tls_hello.read((filler * (tls_hello.MAX_FLIGHT // len(filler) + 1)), whole=True)
    assert time.perf_counter() - begun < 1


@given(st.binary(max_size=200))
def test_any_bytes_as_a_certificate(data: bytes) -> None:
    with pytest.raises(ValueError):
        tls_chain.certificate_facts(data)


def test_any_damage_to_a_certificate_is_told(world: World) -> None:
    """A hostile server sends what is nearly a certificate: facts or ValueError, words or none, and nothing else."""
    dice = random.Random(5)  # noqa: S311 - not for secrets
    issuing, root, *leaves = _der(
        world.issuing.certificate, world.root.certificate, world.leaf(staple=True), world.leaf(key=world.rsa)
    )
    for number in range(4000):
        damaged = bytearray(dice.choice(leaves))
        for _ in range(dice.choice((1, 1, 2, 4))):
            damaged[dice.randrange(len(damaged))] = dice.choice((dice.randrange(256), 0, 0xFF, 0x30, 2, 3, 5))
        with contextlib.suppress(ValueError):
            tls_chain.certificate_facts(bytes(damaged))
        if number % 8 == 0:
            tls_chain.second_opinion([bytes(damaged), issuing], root, "www.acme.test", NOW, private=number % 16 == 0)


def _status(response: bytes) -> bytes:
    return b"\x01" + len(response).to_bytes(3, "big") + response


def test_a_staple_is_a_good_response_for_this_certificate(world: World) -> None:
    leaf = world.leaf()
    (der,) = _der(leaf)
    good = world.staple(leaf)
    busy = ocsp.OCSPResponseBuilder.build_unsuccessful(ocsp.OCSPResponseStatus.TRY_LATER)

    def said(status: bytes | None) -> str:
        return tls_chain.staple_said(status, der, NOW)

    assert said(_status(good)) == "offered"
    assert said(None) == "refused"
    for nothing in (b"", b"x", _status(b""), _status(b"x"), b"\x02" + _status(good)[1:], _status(good)[:-1], good):
        assert said(nothing) == "void: what was sent holds no OCSP response"
    assert said(_status(b"\x30\x03abc")).startswith("unknown: the OCSP response cannot be parsed")
    assert said(_status(busy.public_bytes(serialization.Encoding.DER))) == "void: the OCSP response says try later"
    assert said(_status(world.staple(world.leaf()))) == "void: the OCSP response is for another certificate"
    old = world.staple(leaf, end=NOW - timedelta(days=1))
    assert said(_status(old)).startswith("void: the OCSP response was good until ")


@given(st.binary(max_size=80), st.booleans())
def test_any_bytes_as_a_staple(world: World, data: bytes, wrapped: bool) -> None:
    (der,) = _der(world.issuing.certificate)
    response = b"\x30" + bytes([len(data)]) + data
    said = tls_chain.staple_said(_status(response) if wrapped else data, der, NOW)
    assert said.startswith(("void: ", "unknown: "))
