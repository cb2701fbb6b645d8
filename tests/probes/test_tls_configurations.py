"""Each server configuration is judged right by every check of the tls folder: what must fail fails, all else passes, and
nothing is unknown. The servers are real (nginx and `openssl s_server`), but for what OpenSSL has dropped."""

from __future__ import annotations

import errno
import importlib
import shutil
import socket
import statistics
import subprocess
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import anyio
import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID
from tls_servers import (
    DH_PARAMETERS,
    HOST,
    NOW,
    Block,
    Front,
    Nginx,
    World,
    authority,
    chooses,
    export_dh,
    free_ports,
    issue,
    key_pem,
    pem,
    post_quantum,
    rsa_key,
    ssl3,
)

from gonogo import Shortfall
from gonogo.check import card_of
from gonogo.concerns.tls import Host
from gonogo.environment.models import Environment
from gonogo.environment.sections.tls import Tls
from gonogo.errors import EvidenceMissing
from gonogo.evidence.codec import from_json, to_json
from gonogo.evidence.records import Evidence, Request
from gonogo.probes.context import Context
from gonogo.probes.guard import Guard
from gonogo.probes.tls import probe as tls
from gonogo.probes.tls.facts import TlsFacts
from gonogo.probes.tls.request import HANDSHAKES, handshake

pytestmark = pytest.mark.skipif(
    not shutil.which("nginx") or not shutil.which("openssl"), reason="needs nginx and openssl"
)

FILES = ("addresses", "certificate", "chain", "ciphers", "key_exchange", "protocol")
CHECKS = {
    card.id.removeprefix("tls."): function
    for file in FILES
    for function in vars(importlib.import_module(f"checks.tls.test_{file}")).values()
    if (card := card_of(function)) is not None
}
ALL_RSA = "ECDHE+AESGCM:ECDHE+CHACHA20"


@dataclass(frozen=True)
class Case:
    """A configuration: the server, what the environment demands of it, and the checks that must fail."""

    serve: Callable[[World], Block]
    fails: str = ""
    front: Callable[..., bytes | None] | None = None
    host: str = HOST
    declared: dict[str, object] = field(default_factory=dict)


def ec_block(world: World, **how: object) -> Block:
    """Our EC key with the right chain; `protocols`, `ciphers` … are nginx's, all else the certificate's."""
    names = {"protocols", "ciphers", "extra", "http2", "addresses", "files", "named_only"}
    block = {key: value for key, value in how.items() if key in names}
    leaf = {key: value for key, value in how.items() if key not in names}
    return Block(world.chain(**leaf), world.key, **block)  # type: ignore[arg-type]


def rsa_block(world: World, bits: int = 0, **how: object) -> Block:
    key = rsa_key(bits) if bits else world.rsa
    return Block(world.chain(key), key, **how)  # type: ignore[arg-type]


def sent(*build: Callable[[World], bytes]) -> Callable[[World], Block]:
    return lambda world: Block(b"".join(one(world) for one in build), world.key)


def leaf(world: World) -> bytes:
    return pem(world.leaf())


def issuing(world: World) -> bytes:
    return pem(world.issuing.certificate)


def root(world: World) -> bytes:
    return pem(world.root.certificate)


def stranger(_: World) -> bytes:
    return pem(authority("Elsewhere Issuing", authority("Elsewhere Root")).certificate)


def below(name: str, **how: object) -> Callable[[World], Block]:
    """A leaf under an intermediate made like this."""

    def serve(world: World) -> Block:
        between = authority(name, world.root, **how)  # type: ignore[arg-type]
        return Block(pem(world.leaf(between), between.certificate), world.key)

    return serve


def two_between(order: str) -> Callable[[World], Block]:
    def serve(world: World) -> Block:
        upper = authority("Upper", world.root)
        lower = authority("Lower", upper)
        parts = {"leaf": world.leaf(lower), "lower": lower.certificate, "upper": upper.certificate}
        return Block(pem(*(parts[one] for one in order.split())), world.key)

    return serve


def untrusted(world: World) -> Block:
    other = authority("Unknown Root")
    return Block(pem(world.leaf(other)), world.key)


def self_signed(world: World) -> Block:
    return Block(pem(issue(HOST, world.key, None, names=(HOST,))), world.key)


def not_an_authority(world: World) -> Block:
    return Block(pem(world.leaf(replace(world.issuing, certificate=world.leaf())), world.leaf()), world.key)


def short_intermediate(world: World) -> Block:
    key = rsa_key(1024)
    between = authority("Short", world.root, key=key)
    return Block(pem(world.leaf(between), between.certificate), world.key)


def small_rsa(world: World) -> Block:
    return rsa_block(world, 1024)


def dh_params(world: World, bits: int) -> Block:
    return rsa_block(
        world,
        ciphers="ECDHE+AESGCM:DHE+AESGCM",
        extra=f"ssl_dhparam {{folder}}/dh{bits}.pem;",
        files={f"dh{bits}.pem": DH_PARAMETERS[bits]},
    )


def stapled(
    world: World,
    *,
    protocols: str = "TLSv1.2 TLSv1.3",
    curve: str = "auto",
    suite: str = "",
    staple: Callable[[World, x509.Certificate], bytes] = World.staple,
) -> Block:
    certificate = world.leaf(staple=True)
    file = f"staple-{certificate.serial_number}.der"
    chosen = f"ssl_conf_command Ciphersuites {suite}; " if suite else ""
    return Block(
        pem(certificate, world.issuing.certificate),
        world.key,
        protocols=protocols,
        extra=f"ssl_ecdh_curve {curve}; {chosen}ssl_stapling on; ssl_stapling_file {{folder}}/{file};",
        files={file: staple(world, certificate)},
    )


def void_staple(**how: object) -> Callable[[World], Block]:
    """A response that is none for the certificate that it comes with, and TLS 1.3 alone."""

    def serve(world: World) -> Block:
        def staple(_: World, leaf: x509.Certificate) -> bytes:
            return world.staple(world.leaf() if "other" in how else leaf, end=how.get("end"))  # type: ignore[arg-type]

        return stapled(world, protocols=str(how.get("protocols", "TLSv1.3")), staple=staple)

    return serve


def two(
    second: str, *, protocols: str = "TLSv1.2 TLSv1.3", kind: str = "RSA", **how: object
) -> Callable[[World], Block]:
    """An EC and an RSA certificate; `second` names the files of the one with this kind of key, which is made like this."""

    def serve(world: World) -> Block:
        ours, theirs = (world.key, world.rsa) if kind == "RSA" else (world.rsa, world.key)
        return Block(
            world.chain(ours),
            ours,
            protocols=protocols,
            extra=f"ssl_certificate {{folder}}/{second}.pem; ssl_certificate_key {{folder}}/{second}.key;",
            files={f"{second}.pem": world.chain(theirs, **how), f"{second}.key": key_pem(theirs)},  # type: ignore[arg-type]
        )

    return serve


def cross_signed(world: World) -> Block:
    return Block(pem(world.leaf(), world.issuing.certificate, world.cross_signed()), world.key)


def p384(world: World) -> Block:
    key = ec.generate_private_key(ec.SECP384R1())
    return Block(world.chain(key), key)


def ago(days: float) -> datetime:
    return NOW - timedelta(days=days)


CASES: dict[str, Case] = {
    # sound ones
    "ec": Case(ec_block),
    "rsa-2048": Case(rsa_block),
    "rsa-3072": Case(lambda w: rsa_block(w, 3072)),
    "p384": Case(p384),
    "tls13-only": Case(lambda w: ec_block(w, protocols="TLSv1.3")),
    "wildcard": Case(lambda w: ec_block(w, names=("*.acme.test",))),
    "address": Case(lambda w: ec_block(w, names=("127.0.0.1",)), host="127.0.0.1"),
    "six-days": Case(lambda w: ec_block(w, start=ago(3), days=6.66)),
    "two-between": Case(two_between("leaf lower upper")),
    "dh-2048": Case(lambda w: dh_params(w, 2048)),
    "stapled": Case(stapled),
    "stapled-13-only": Case(lambda w: stapled(w, protocols="TLSv1.3")),
    "stapled-13-only-p256": Case(lambda w: stapled(w, protocols="TLSv1.3", curve="prime256v1")),
    "stapled-13-only-chacha": Case(lambda w: stapled(w, protocols="TLSv1.3", suite="TLS_CHACHA20_POLY1305_SHA256")),
    "stapled-13-only-aes256": Case(lambda w: stapled(w, protocols="TLSv1.3", suite="TLS_AES_256_GCM_SHA384")),
    "cross-signed-expired": Case(cross_signed),
    "named-only": Case(lambda w: ec_block(w, named_only=True)),
    "h2": Case(ec_block, declared={"alpn": "h2"}),
    "x25519": Case(ec_block, declared={"groups": ["x25519", "secp256r1"]}),
    "post-quantum": Case(ec_block, front=post_quantum, declared={"groups": ["X25519MLKEM768"]}),
    "long-private": Case(lambda w: ec_block(w, days=398)),
    "floor-13": Case(lambda w: ec_block(w, protocols="TLSv1.3"), declared={"min_version": "1.3"}),
    "two": Case(two("two")),
    "two-13-only": Case(two("two-13-only", protocols="TLSv1.3")),
    "two-12-only": Case(two("two-12-only", protocols="TLSv1.2"), "protocol.version-13"),
    # a second certificate, for clients that take no EC key (or none but EC)
    "second-expired": Case(two("second-expired", start=ago(100)), "certificate.expiry"),
    "second-expired-13-only": Case(two("second-expired-13-only", start=ago(100), protocols="TLSv1.3"), "certificate.expiry"),
    "second-expired-ec": Case(two("second-expired-ec", start=ago(100), kind="EC"), "certificate.expiry"),
    "second-renewal-late": Case(two("second-renewal-late", start=ago(70)), "certificate.renewal"),
    "second-wrong-name": Case(two("second-wrong-name", names=("other.acme.test",)), "certificate.name"),
    "second-wrong-name-13-only": Case(
        two("second-wrong-name-13-only", names=("other.acme.test",), protocols="TLSv1.3"), "certificate.name"
    ),
    "second-for-clients": Case(
        two("second-for-clients", purposes=(ExtendedKeyUsageOID.CLIENT_AUTH,)), "certificate.trust"
    ),
    "second-untrusted-13-only": Case(
        two("second-untrusted-13-only", by=authority("Unknown Root"), protocols="TLSv1.3"),
        "certificate.trust chain.order",
    ),
    "second-not-stapled": Case(two("second-not-stapled", staple=True), "certificate.must-staple"),
    # versions
    "tls12-only": Case(lambda w: ec_block(w, protocols="TLSv1.2"), "protocol.version-13"),
    "tls10-13": Case(
        lambda w: ec_block(w, protocols="TLSv1 TLSv1.1 TLSv1.2 TLSv1.3", ciphers="ECDHE+AESGCM:ECDHE+AES"), "protocol.minimum-version"
    ),
    "tls11-13": Case(
        lambda w: ec_block(w, protocols="TLSv1.1 TLSv1.2 TLSv1.3", ciphers="ECDHE+AESGCM:ECDHE+AES"), "protocol.minimum-version"
    ),
    "tls10-only": Case(
        lambda w: ec_block(w, protocols="TLSv1", ciphers="ECDHE+AES"),
        "protocol.minimum-version protocol.version-13 ciphers.forward-secret",
    ),
    "ssl3": Case(ec_block, "protocol.minimum-version", front=ssl3),
    "floor-13-with-12": Case(ec_block, "protocol.minimum-version", declared={"min_version": "1.3"}),
    # dates
    "renewal-late": Case(lambda w: ec_block(w, start=ago(70)), "certificate.renewal"),
    "expired": Case(lambda w: ec_block(w, start=ago(100)), "certificate.expiry"),
    "near-expiry": Case(lambda w: ec_block(w, start=ago(80)), "certificate.expiry"),
    "short-near-expiry": Case(lambda w: ec_block(w, start=ago(5.8), days=6.66), "certificate.expiry"),
    "expired-intermediate": Case(below("Old", back=400, days=399), "certificate.expiry"),
    "expiring-intermediate": Case(below("Ending", back=400, days=405), "certificate.expiry"),
    "not-yet-valid": Case(lambda w: ec_block(w, start=ago(-2)), "certificate.not-before"),
    "lifetime": Case(lambda w: ec_block(w, days=200), "certificate.lifetime", declared={"lifetime_days": 199}),
    # trust and names
    "self-signed": Case(self_signed, "certificate.trust"),
    "untrusted": Case(untrusted, "certificate.trust"),
    "incomplete": Case(sent(leaf), "certificate.trust"),
    "client-purpose": Case(lambda w: ec_block(w, purposes=(ExtendedKeyUsageOID.CLIENT_AUTH,)), "certificate.trust"),
    "issuer-is-no-authority": Case(not_an_authority, "certificate.trust"),
    "wrong-name": Case(lambda w: ec_block(w, names=("other.acme.test",)), "certificate.name"),
    "common-name-only": Case(lambda w: ec_block(w, names=()), "certificate.name"),
    "wildcard-too-high": Case(lambda w: ec_block(w, names=("*.test",)), "certificate.name"),
    "authority-as-leaf": Case(lambda w: ec_block(w, authority=True), "certificate.end-entity"),
    # keys and signatures
    "rsa-1024": Case(small_rsa, "certificate.key"),
    "rsa-1024-intermediate": Case(short_intermediate, "certificate.key"),
    "sha1": Case(lambda w: Block(w.sha1(), w.key), "certificate.signature"),
    # the chain as sent
    "reversed": Case(two_between("leaf upper lower"), "chain.order"),
    "root-sent": Case(sent(leaf, issuing, root), "chain.order"),
    "duplicate": Case(sent(leaf, issuing, issuing), "chain.order"),
    "unrelated": Case(sent(leaf, issuing, stranger), "chain.order"),
    # ciphers and key exchange
    "static-rsa": Case(lambda w: rsa_block(w, ciphers=f"{ALL_RSA}:AES128-GCM-SHA256:AES256-SHA"), "ciphers.weak"),
    "null": Case(lambda w: rsa_block(w, ciphers=f"{ALL_RSA}:ECDHE-RSA-NULL-SHA"), "ciphers.weak"),
    "anonymous": Case(lambda w: ec_block(w, ciphers=f"{ALL_RSA}:AECDH-AES128-SHA"), "ciphers.weak"),
    "rc4": Case(rsa_block, "ciphers.weak", front=chooses(0x0005)),
    "3des": Case(rsa_block, "ciphers.weak", front=chooses(0xC012, 0x000A)),
    "export": Case(rsa_block, "ciphers.weak", front=chooses(0x0003)),
    "cbc-only": Case(lambda w: ec_block(w, ciphers="ECDHE+AES:!AESGCM:!AESCCM"), "ciphers.forward-secret"),
    "cbc-and-12-only": Case(
        lambda w: ec_block(w, protocols="TLSv1.2", ciphers="ECDHE+AES:!AESGCM:!AESCCM"),
        "ciphers.forward-secret protocol.version-13",
    ),
    "dh-1024": Case(lambda w: dh_params(w, 1024), "key-exchange.dh"),
    "dh-512": Case(rsa_block, "key-exchange.dh", front=export_dh),
    "no-x25519": Case(
        lambda w: ec_block(w, extra="ssl_ecdh_curve prime256v1;"), "key-exchange.groups", declared={"groups": ["x25519"]}
    ),
    "no-post-quantum": Case(ec_block, "key-exchange.groups", declared={"groups": ["X25519MLKEM768"]}),
    # extensions
    "not-stapled-13-only": Case(lambda w: ec_block(w, staple=True, protocols="TLSv1.3"), "certificate.must-staple"),
    "stapled-for-another": Case(void_staple(other=True), "certificate.must-staple"),
    "stapled-for-another-12": Case(void_staple(other=True, protocols="TLSv1.2 TLSv1.3"), "certificate.must-staple"),
    "stapled-long-ago": Case(void_staple(end=ago(1)), "certificate.must-staple"),
    "not-stapled": Case(lambda w: ec_block(w, staple=True), "certificate.must-staple"),
    "no-h2": Case(lambda w: ec_block(w, http2=False), "protocol.alpn", declared={"alpn": "h2"}),
}  # fmt: skip


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    return World(tmp_path_factory.mktemp("authority"))


@pytest.fixture(scope="module")
def ports(world: World, tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, int]]:
    blocks = {name: case.serve(world) for name, case in CASES.items()}
    running = Nginx(tmp_path_factory.mktemp("nginx"), blocks.values())
    fronts = {name: Front(case.front, blocks[name].port) for name, case in CASES.items() if case.front}
    yield {name: (fronts[name].port if name in fronts else block.port) for name, block in blocks.items()}
    for front in fronts.values():
        front.close()
    running.close()


def environment(port: int, ca: Path, host: str = HOST, **declared: object) -> Environment:
    return Environment.model_validate(
        {
            "name": "t", "tier": "production", "ca_file": str(ca), "resolve": {HOST: "127.0.0.1"},
            "limits": {"request_timeout_s": 3, "rate_per_s": 10000}, "tls": declared,
            "site": {"url": f"https://{host}:{port}"},
        }
    )  # fmt: skip


def probe(described: Environment, host: str, port: int) -> tuple[TlsFacts, int, float]:
    """The facts as a record keeps them, how many handshakes were counted, and the seconds it took."""

    async def fetch(_: Request) -> Evidence:
        raise AssertionError("the tls probe needs no other evidence")

    async def run() -> tuple[TlsFacts, int, float]:
        guard = Guard(described)
        context = Context(environment=described, guard=guard, run_id="r", folder=Path(), fetch=fetch)
        begun = time.perf_counter()
        facts = await tls.gather(handshake(described, host, port), context)
        return from_json(TlsFacts, to_json(facts)), guard.sent, time.perf_counter() - begun

    return anyio.run(run)


def judged(facts: TlsFacts, declared: Tls, at: datetime | None = None) -> tuple[set[str], dict[str, str]]:
    """Checks that fail, and what is unknown with its words."""
    failed, unknown = set(), {}
    for name, function in CHECKS.items():
        try:
            function(Host(facts, declared, at or datetime.now(UTC)))
        except Shortfall:
            failed.add(name)
        except EvidenceMissing as error:
            unknown[name] = error.message
    return failed, unknown


def test_there_are_enough_of_them() -> None:
    assert len(CASES) >= 35
    assert {name for case in CASES.values() for name in case.fails.split()} == set(CHECKS) - {"addresses.consistent"}


@pytest.mark.parametrize("name", CASES)
def test_configuration(name: str, ports: dict[str, int], world: World) -> None:
    case = CASES[name]
    described = environment(ports[name], world.ca, case.host, **case.declared)
    facts, _, _ = probe(described, case.host, ports[name])
    assert described.tls is not None
    assert judged(facts, described.tls) == (set(case.fails.split()), {}), facts


def test_the_plan_counts_the_handshakes_of_a_sound_server(ports: dict[str, int], world: World) -> None:
    described = environment(ports["ec"], world.ca, groups=["X25519MLKEM768", "x25519"])
    assert probe(described, HOST, ports["ec"])[1] == HANDSHAKES + 1


def test_a_whole_probe_is_quick(ports: dict[str, int], world: World) -> None:
    described = environment(ports["ec"], world.ca)
    taken = [probe(described, HOST, ports["ec"])[2] for _ in range(7)]
    assert statistics.median(taken) <= 0.150, taken


def test_what_a_client_without_a_name_gets_is_told(ports: dict[str, int], world: World) -> None:
    def unnamed(name: str) -> str:
        return probe(environment(ports[name], world.ca), HOST, ports[name])[0].handshakes[0].offers.unnamed

    assert unnamed("named-only") == "refused"
    assert unnamed("ec") == HOST
    assert unnamed("wrong-name") == "other.acme.test"


def test_every_weak_class_is_named(world: World, ports: dict[str, int]) -> None:
    front = Front(chooses(0x0002, 0x0034, 0x0003, 0x0005, 0x0009, 0x000A, 0x002F), ports["rsa-2048"])
    facts, handshakes, _ = probe(environment(front.port, world.ca), HOST, front.port)
    front.close()
    weak = facts.handshakes[0].offers.weak
    assert [kind for kind, _ in weak] == ["NULL", "anonymous", "EXPORT", "RC4", "DES", "3DES", "static RSA"]
    assert handshakes == HANDSHAKES + 6
    assert facts.handshakes[0].offers.weak_end == "refused"


@pytest.mark.parametrize(
    ("options", "fails"),
    [
        ("", ""),
        ("-tls1_3", ""),
        ("-tls1_2", "protocol.version-13"),
        ("-tls1_2 -cipher ECDHE+AES:!AESGCM:!AESCCM", "protocol.version-13 ciphers.forward-secret"),
        ("-cipher ALL:eNULL:@SECLEVEL=0", "ciphers.weak protocol.minimum-version"),
    ],
)
def test_openssl_server(options: str, fails: str, world: World, tmp_path: Path) -> None:
    (tmp_path / "leaf.pem").write_bytes(pem(world.leaf()))
    (tmp_path / "chain.pem").write_bytes(pem(world.issuing.certificate))
    (tmp_path / "leaf.key").write_bytes(key_pem(world.key))
    (port,) = free_ports(1)
    sound = "" if "-cipher" in options else "-cipher ECDHE+AESGCM"
    command = f"openssl s_server -quiet -accept 127.0.0.1:{port} -cert leaf.pem -cert_chain chain.pem -key leaf.key {sound} {options}"
    server = subprocess.Popen(
        command.split(), cwd=tmp_path, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        _await(port)
        facts, _, _ = probe(environment(port, world.ca), HOST, port)
    finally:
        server.terminate()
        server.communicate(timeout=10)
    assert judged(facts, Tls()) == (set(fails.split()), {}), facts


def _await(port: int) -> None:
    deadline = time.monotonic() + 10
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
            return
        except OSError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.01)


def _has_ipv6() -> bool:
    try:
        socket.create_server(("::1", 0), family=socket.AF_INET6).close()
    except OSError:
        return False
    return True


SECOND = "::1" if _has_ipv6() else "127.0.0.2"


@pytest.mark.parametrize(
    ("second", "fails"),
    [
        ({}, ""),
        ({"start": ago(20)}, ""),
        ({"start": ago(65)}, "addresses.consistent"),
        ({"start": ago(80)}, "addresses.consistent certificate.expiry"),
        ({"names": (HOST, "old.acme.test")}, "addresses.consistent"),
        (None, "addresses.consistent"),
    ],
    ids=["renewed", "renewed apart", "stale", "stale and near expiry", "other names", "dead"],
)
def test_two_addresses(second: dict[str, object] | None, fails: str, world: World, tmp_path: Path) -> None:
    """IPv4 and IPv6 where this machine has it, otherwise two IPv4 addresses."""
    first = Block(world.chain(start=ago(10)), world.key)
    running = Nginx(tmp_path, [first])
    (tmp_path / "second").mkdir()
    other = None
    try:
        if second is not None:
            block = Block(world.chain(**second), world.key, addresses=(SECOND,), port=first.port)
            other = Nginx(tmp_path / "second", [block])
        described = environment(first.port, world.ca, addresses={HOST: ["127.0.0.1", SECOND]})
        facts, _, _ = probe(described, HOST, first.port)
    finally:
        running.close()
        if other:
            other.close()
    assert judged(facts, Tls()) == (set(fails.split()), {}), facts
    assert [shake.address for shake in facts.handshakes] == (
        ["127.0.0.1", SECOND] if second is not None else ["127.0.0.1"]
    )


def test_an_address_without_a_route_is_shown_and_not_judged(
    ports: dict[str, int], world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    apart, connect = "2001:db8::1", anyio.connect_tcp  # RFC 3849: for documentation

    async def connect_tcp(address: str, port: int) -> object:
        if address == apart:
            raise OSError("All connection attempts failed") from OSError(errno.ENETUNREACH, "Connect call failed")
        return await connect(address, port)

    monkeypatch.setattr(anyio, "connect_tcp", connect_tcp)
    described = environment(ports["ec"], world.ca, addresses={HOST: ["127.0.0.1", apart]})
    facts, _, _ = probe(described, HOST, ports["ec"])
    assert (facts.unrouted, facts.dead) == ((apart,), ())
    assert judged(facts, Tls()) == (set(), {})
    with pytest.raises(EvidenceMissing, match="Network is unreachable"):
        probe(environment(ports["ec"], world.ca, addresses={HOST: [apart]}), HOST, ports["ec"])


def test_a_dead_address_is_told_in_the_words_of_the_system(ports: dict[str, int], world: World) -> None:
    described = environment(ports["ec"], world.ca, addresses={HOST: ["127.0.0.1", "127.0.0.3"]})
    facts, _, _ = probe(described, HOST, ports["ec"])
    ((address, why),) = facts.dead
    assert address == "127.0.0.3"
    assert "refused" in why
