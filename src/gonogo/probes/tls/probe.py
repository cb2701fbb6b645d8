"""The tls probe: what every address of a host presents, whether it verifies, and what it would accept.

One handshake an address verifies the chain and the name, by OpenSSL with its own policy on key sizes and versions
switched off, since our checks judge those; the cryptography library then gives a second opinion on the chain. Only where the
first does not verify, another reads the certificate without trusting it. All else is asked with ClientHellos written by hand
(`tls_hello`), so that the local OpenSSL cannot hide what a server accepts. No request is ever sent over any of them.
"""

from __future__ import annotations

import errno
import os
import ssl
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial
from typing import TypeVar

import anyio
import anyio.abc
from anyio.streams.tls import TLSAttribute, TLSStream

from gonogo.environment.sections.tls import POST_QUANTUM
from gonogo.errors import EvidenceMissing
from gonogo.probes.context import Context
from gonogo.probes.http.probe import ca_path, trust
from gonogo.probes.resolve import addresses
from gonogo.probes.tls import hello as tls_hello
from gonogo.probes.tls import staple as tls_staple
from gonogo.probes.tls.chain import built, certificate_facts, name_covers, second_opinion, staple_said
from gonogo.probes.tls.facts import Alternative, CertificateFacts, Handshake, Offers, TlsFacts
from gonogo.probes.tls.hello import TLS11, TLS12, TLS13, Answer, Offer, client_hello, read
from gonogo.probes.tls.request import HANDSHAKES, TlsRequest

Said = TypeVar("Said")
AT_A_TIME = 4
"""Handshakes with one address side by side."""
CIPHERS = "ECDHE+AESGCM:ECDHE+CHACHA20:DHE+AESGCM:ALL:eNULL:!aNULL:@SECLEVEL=0"
"""All that this OpenSSL has, the best first; the checks judge what a server chose, and its keys."""
MAX_READS = 200
"""Pieces in which an answer may come; each is read with those before it."""
RETRY_AFTER_S = 0.25
TARGETS_OWN = frozenset({"connect", "timeout", "tls", "protocol"})
"""Failures that say something of the target, and not of us."""


@dataclass(frozen=True, slots=True)
class _Session:
    version: str
    cipher: str
    alpn: str
    presented: tuple[bytes, ...]
    verified: tuple[bytes, ...]


def _permissive(context: ssl.SSLContext) -> ssl.SSLContext:
    """Any version and key size that this OpenSSL can do; names by subjectAltName only (RFC 9525 §6.3)."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        context.minimum_version = ssl.TLSVersion.TLSv1
    context.set_ciphers(CIPHERS)
    context.set_alpn_protocols(["h2", "http/1.1"])
    context.hostname_checks_common_name = False
    # Python 3.13 sets it, older ones do not; the second opinion is strict where that is owed.
    context.verify_flags &= ~ssl.VERIFY_X509_STRICT
    return context


def _reader() -> ssl.SSLContext:
    """A context that reads a certificate without trusting it; used only to say what is wrong with it."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return _permissive(context)


def _chain(connection: object, which: str) -> tuple[bytes, ...]:
    """DER of the chain that OpenSSL holds; public in Python 3.13, behind `_sslobj` before."""
    for holder in (connection, getattr(connection, "_sslobj", None)):
        if (method := getattr(holder, which, None)) is not None:
            found = method() or []
            # 2 is OpenSSL's DER encoding in the private API.
            return tuple(one if isinstance(one, bytes) else one.public_bytes(2) for one in found)
    return ()


async def _shake(address: str, port: int, host: str | None, context: ssl.SSLContext, timeout_s: float) -> _Session:
    """One complete handshake, without a server name where `host` is None."""
    with anyio.fail_after(timeout_s):
        stream = await anyio.connect_tcp(address, port)
        try:
            tls = await TLSStream.wrap(
                stream, hostname=host, ssl_context=context, server_side=False, standard_compatible=False
            )
        except BaseException:
            await anyio.aclose_forcefully(stream)
            raise
    try:
        connection = tls.extra(TLSAttribute.ssl_object)
        leaf = tls.extra(TLSAttribute.peer_certificate_binary) or b""
        return _Session(
            str(tls.extra(TLSAttribute.tls_version)),
            str(tls.extra(TLSAttribute.cipher)[0]),
            str(tls.extra(TLSAttribute.alpn_protocol) or ""),
            _chain(connection, "get_unverified_chain") or (leaf,),
            _chain(connection, "get_verified_chain"),
        )
    finally:
        await anyio.aclose_forcefully(stream)


class _Line:
    """Questions to one address, a few at a time."""

    def __init__(self, address: str, request: TlsRequest, context: Context) -> None:
        self.address = address
        self.host, self.port = request.host, request.port
        self.timeout_s = context.environment.limits.request_timeout_s
        self._guard = context.guard
        self._places = anyio.CapacityLimiter(AT_A_TIME)
        self._until = 0.0

    async def admit(self, count: int = 1) -> None:
        await self._guard.admit("handshake", f"https://{self.host}:{self.port}", count=count)
        self._until = max(self._until, anyio.current_time() + self.timeout_s)

    def begin(self) -> None:
        """All questions together have one request timeout from now on."""
        self._until = anyio.current_time() + self.timeout_s

    async def ask(self, offer: Offer, *, whole: bool = False) -> Answer | str:
        """The server's answer to one ClientHello: an Answer, `refused` or `unknown: …`."""
        async with self._places:
            answer = await self._answer(client_hello(self.host, offer), partial(read, whole=whole))
        if isinstance(answer, Answer) and answer.suite not in offer.suites:
            return f"unknown: it chose suite {answer.suite:#06x}, which was not offered"
        return answer

    async def flight(self, kind: str) -> tls_staple.Shown | str:
        """What the server shows in TLS 1.3 to who takes only keys of a kind, or, where it is none of KINDS, any."""
        begun = tls_staple.opening(self.host, tls_hello.KINDS.get(kind, tls_hello.SIGNATURES))
        reading: Callable[..., tls_staple.Shown | str] = partial(tls_staple.read, begun)
        async with self._places:
            return await self._answer(tls_hello.record(begun.message), reading)

    async def flight_12(self, kind: str) -> tls_staple.Shown | str:
        """The same in TLS 1.2."""
        suites = tls_hello.SUITES_OF.get(kind, tls_hello.AEAD)
        signatures = tls_hello.KINDS.get(kind, tls_hello.SIGNATURES)
        return _shown(await self.ask(Offer(TLS12, suites, status=True, signatures=signatures), whole=True))

    async def _answer(self, hello: bytes, reading: Callable[..., Said | str]) -> Said | str:
        """What `reading` makes of the server's bytes: it takes them all, and `ended` where no more will come."""
        data = b""
        sent = False
        try:
            with anyio.fail_after(max(self._until - anyio.current_time(), 0)):
                async with await anyio.connect_tcp(self.address, self.port) as stream:
                    sent = True
                    await stream.send(hello)
                    for _ in range(MAX_READS):
                        data += await stream.receive(16384)
                        if said := reading(data):
                            return said
                        if len(data) > tls_hello.MAX_FLIGHT:
                            break
                    return "unknown: the answer has no end"
        except anyio.EndOfStream:
            return reading(data, ended=True)
        except TimeoutError:
            return f"unknown: no answer within {self.timeout_s:g} s"
        except (OSError, anyio.BrokenResourceError) as error:
            # A server may well slam the door on an old client; one that could not be reached has said nothing.
            return "refused" if sent else f"unknown: {_words(error)}"

    async def weak(self) -> tuple[tuple[tuple[str, str], ...], str]:
        """Weak classes that are accepted, each with its suite; and the answer when those were left out."""
        accepted: dict[str, str] = {}
        while left := [name for name in tls_hello.WEAK if name not in accepted]:
            if accepted:
                try:
                    await self.admit()
                except EvidenceMissing as refused:
                    return tuple(accepted.items()), f"unknown: {refused.message}"
            suites = tuple(number for name in left for number in tls_hello.WEAK[name])
            answer = await self.ask(Offer(TLS12, suites))
            if isinstance(answer, str):
                return tuple(accepted.items()), answer
            suite = tls_hello.SUITES[answer.suite]
            accepted[tls_hello.weak_class(suite)] = suite
        return tuple(accepted.items()), "refused"

    async def cbc(self) -> str:
        try:
            await self.admit()
        except EvidenceMissing as refused:
            return f"unknown: {refused.message}"
        return _offered(await self.ask(Offer(TLS12, tls_hello.CBC)))

    async def staple(self, leaf: bytes, kind: str, version: str) -> str:
        """What is stapled to this certificate; asked where it demands a response and no other answer has shown it."""
        try:
            await self.admit()
        except EvidenceMissing as refused:
            return f"unknown: {refused.message}"
        shown = await (self.flight(kind) if version == "TLSv1.3" else self.flight_12(kind))
        if isinstance(shown, str):
            return shown if shown.startswith("unknown") else "unknown: the connection was closed"
        if shown.certificates[0] != leaf:
            return "unknown: another certificate was shown when it was asked for"
        return staple_said(shown.staple, leaf, datetime.now(UTC))

    async def unnamed(self) -> str:
        """The names in the certificate for a client that names no host."""
        async with self._places:
            try:
                session = await _shake(self.address, self.port, None, _reader(), self.timeout_s)
                return ", ".join(certificate_facts(session.presented[0]).names[:10]) or "no names"
            except ssl.SSLError as error:
                alerts = ("ALERT", "UNEXPECTED_EOF", "UNRECOGNIZED_NAME")
                why = error.reason or str(error)
                return "refused" if any(word in why for word in alerts) else f"unknown: {why}"
            except TimeoutError:
                return f"unknown: no answer within {self.timeout_s:g} s"
            except (OSError, anyio.EndOfStream, anyio.BrokenResourceError):
                return "refused"
            except ValueError as broken:
                return f"unknown: certificate cannot be parsed: {broken}"


def _words(error: BaseException) -> str:
    """The system's words for why there is no connection; anyio and asyncio put their own before them."""
    inner = error.__cause__ if isinstance(error.__cause__, OSError) else error
    if isinstance(inner, OSError) and inner.errno:
        return os.strerror(inner.errno)
    return str(inner) or "the connection was closed"


def _offered(answer: Answer | str, *, group: int | None = None) -> str:
    if isinstance(answer, str):
        return answer
    if group is not None and answer.group != group:
        return f"unknown: it chose group {answer.group}, which was not offered"
    return "offered"


def _shown(answer: Answer | str) -> tls_staple.Shown | str:
    if isinstance(answer, str):
        return answer
    if not answer.certificates:
        return "unknown: it shows no certificate"
    return tls_staple.Shown(answer.certificates, answer.staple)


def _legacy(answer: Answer | str) -> str:
    if isinstance(answer, str):
        return answer
    return answer.version if answer.version in tls_hello.VERSIONS.values() else f"unknown: {answer.version}"


def _old(floor: str) -> Offer:
    """What is older than `floor`, and nothing newer."""
    return Offer(TLS12, tuple(tls_hello.SUITES)) if floor == "1.3" else Offer(TLS11, tls_hello.OLD)


@dataclass(frozen=True, slots=True)
class _Seen:
    """What hellos of our own were shown: in TLS 1.2 with any key, and in 1.2 and 1.3 with the other kinds of keys."""

    first: tls_staple.Shown | str
    others_12: tuple[tls_staple.Shown | str, ...]
    others_13: tuple[tls_staple.Shown | str, ...]


async def _question(line: _Line, request: TlsRequest, kinds: Sequence[str]) -> tuple[str, Offers, _Seen]:
    """The answers to every question, asked side by side: `Handshake.legacy`, the offers, and the certificates shown.

    `kinds` are those of keys that the first certificate is not of; two would be asked about Ed25519, which browsers do not take.
    """
    answers: dict[str, Answer | str] = {}
    texts: dict[str, str] = {}
    weak: list[tuple[tuple[tuple[str, str], ...], str]] = []
    others_12: list[tls_staple.Shown | str] = []
    others_13: list[tls_staple.Shown | str] = []

    async def other(kind: str) -> None:
        if kind != kinds[0]:
            try:
                await line.admit(2)
            except EvidenceMissing as refused:
                others_12.append(f"unknown: {refused.message}")
                return
        others_12.append(await line.flight_12(kind))
        others_13.append(await line.flight(kind))

    async def ask(name: str, offer: Offer, whole: bool = False) -> None:
        answers[name] = await line.ask(offer, whole=whole)

    async def strong() -> None:
        await ask("aead", Offer(TLS12, tls_hello.AEAD, status=True), True)
        texts["cbc"] = "not asked" if isinstance(answers["aead"], Answer) else await line.cbc()

    async def weakly() -> None:
        weak.append(await line.weak())

    async def unnamed() -> None:
        texts["unnamed"] = await line.unnamed()

    groups = (POST_QUANTUM, *request.groups)
    line.begin()
    async with anyio.create_task_group() as group:
        group.start_soon(strong)
        group.start_soon(weakly)
        group.start_soon(unnamed)
        for kind in kinds:
            group.start_soon(other, kind)
        group.start_soon(ask, "legacy", _old(request.floor))
        group.start_soon(ask, "dhe", Offer(TLS12, tls_hello.DHE), True)
        group.start_soon(ask, "tls13", Offer(TLS13, tls_hello.TLS13_SUITES))
        for name in groups:
            number = tls_hello.GROUPS[name]
            group.start_soon(ask, f"group {name}", Offer(TLS13, tls_hello.TLS13_SUITES, (number,)))
    aead, dhe = answers["aead"], answers["dhe"]
    offers = Offers(
        tls13=_offered(answers["tls13"]),
        aead=_offered(aead),
        cbc=texts["cbc"],
        weak=weak[0][0],
        weak_end=weak[0][1],
        dhe=_offered(dhe),
        dh_bits=0 if isinstance(dhe, str) else dhe.dh_bits,
        groups=tuple((name, _offered(answers[f"group {name}"], group=tls_hello.GROUPS[name])) for name in groups),
        stapled="not asked",
        unnamed=texts["unnamed"],
    )
    return _legacy(answers["legacy"]), offers, _Seen(_shown(aead), tuple(others_12), tuple(others_13))


async def _session(line: _Line, verifying: ssl.SSLContext) -> tuple[_Session, str]:
    """The verified handshake; or one that reads the certificate, with why the first did not verify."""
    try:
        return await _shake(line.address, line.port, line.host, verifying, line.timeout_s), ""
    except ssl.SSLCertVerificationError as refused:
        await line.admit()
        read_only = await _shake(line.address, line.port, line.host, _reader(), line.timeout_s)
        return replace(read_only, verified=()), refused.verify_message


async def _observe(address: str, request: TlsRequest, context: Context, verifying: ssl.SSLContext) -> Handshake:
    line = _Line(address, request, context)
    where = f"{request.host} ({address}, port {request.port})"
    await line.admit(HANDSHAKES + len(request.groups))
    try:
        session, error = await _session(line, verifying)
    except TimeoutError:
        raise EvidenceMissing("timeout", f"{where}: no TLS handshake within {line.timeout_s:g} s") from None
    except ssl.SSLError as refused:
        raise EvidenceMissing("tls", f"{where}: TLS handshake failed: {refused.reason or refused}") from None
    except (OSError, anyio.EndOfStream, anyio.BrokenResourceError) as refused:
        raise EvidenceMissing("connect", f"{where}: {_words(refused)}") from None
    try:
        shown = tuple(certificate_facts(der) for der in session.presented)
        built = tuple(certificate_facts(der) for der in session.verified)
    except ValueError as broken:
        raise EvidenceMissing("protocol", f"{where}: certificate cannot be parsed: {broken}") from None
    second = ""
    if session.verified:
        second = second_opinion(
            session.presented,
            session.verified[-1],
            request.host,
            datetime.now(UTC),
            private=bool(context.environment.ca_file),
        )
    kinds = [kind for kind in tls_hello.KINDS if kind != shown[0].key_type]
    legacy, offers, seen = await _question(line, request, kinds)
    legacy, offers = doubted(session.version, session.cipher, legacy, offers)
    others, others_end = await _others(line, session, seen, context, verifying)
    offers = replace(offers, stapled=await _stapled(line, session, shown[0], seen))
    return Handshake(
        address=address,
        version=session.version,
        cipher=session.cipher,
        alpn=session.alpn,
        presented=shown,
        verified=built or ((shown[0],) if shown and not error else ()),
        error=error,
        name_matches=bool(shown) and any(name_covers(name, request.host) for name in shown[0].names),
        second_error=second,
        legacy=legacy,
        offers=offers,
        others=others,
        others_end=others_end,
    )


async def _stapled(line: _Line, session: _Session, leaf: CertificateFacts, seen: _Seen) -> str:
    """What is stapled to the first certificate; an answer that shows another one says nothing of it."""
    der = session.presented[0]
    for shown in (seen.first, *seen.others_12, *seen.others_13):
        if not isinstance(shown, str) and shown.certificates[0] == der:
            return staple_said(shown.staple, der, datetime.now(UTC))
    return await line.staple(der, leaf.key_type, session.version) if leaf.must_staple else "not asked"


NOT_THIS_KIND = (
    "refused",
    "unknown: alert",
    "unknown: the answer was cut short",
    "unknown: it speaks no TLS 1.3",
    "unknown: it wants a key exchange group",
)
"""Answers to the question for another kind of key that show none: servers refuse in many ways. The last could hide one, where
TLS 1.2 is not spoken; the check's card says so."""


async def _others(
    line: _Line, session: _Session, seen: _Seen, context: Context, verifying: ssl.SSLContext
) -> tuple[tuple[Alternative, ...], str]:
    """Certificates shown that are not the first one, and the answer to the question for them."""
    answers = {True: (seen.first, *seen.others_12), False: seen.others_13}
    found: dict[bytes, Alternative] = {}
    for old, some in answers.items():
        for shown in some:
            if isinstance(shown, str) or shown.certificates[0] in {session.presented[0], *found}:
                continue
            try:
                found[shown.certificates[0]] = await _alternative(line, session, shown, context, verifying, old=old)
            except (EvidenceMissing, ValueError) as error:
                return tuple(found.values()), f"unknown: a second certificate: {error}"
    if found:
        return tuple(found.values()), "offered"
    asked = [said for said in (*seen.others_12, *seen.others_13) if isinstance(said, str)]
    return (), next((said for said in asked if not said.startswith(NOT_THIS_KIND)), "refused")


async def _alternative(
    line: _Line, session: _Session, shown: tls_staple.Shown, context: Context, verifying: ssl.SSLContext, *, old: bool
) -> Alternative:
    """Verified by OpenSSL where TLS 1.2 (`old`) shows it, which alone can be limited to a kind of key; and by the second verifier.

    Raises ValueError where a certificate cannot be parsed or no verifier has an opinion; EvidenceMissing: guard.
    """
    facts = tuple(certificate_facts(der) for der in shown.certificates)
    error, now = "", datetime.now(UTC)
    chain: tuple[bytes, ...] = ()
    private = bool(context.environment.ca_file)
    if old and facts[0].key_type in OPENSSL_CIPHERS:
        error, chain = await _verified_12(line, facts[0].key_type, shown.certificates[0], context)
    roots = chain[-1:] or (*verifying.get_ca_certs(binary_form=True), *session.verified[-1:])
    path, second = ((), "") if error else built(shown.certificates, roots, line.host, now, private=private)
    if not (error or chain or path or second):
        raise ValueError("no verifier can tell whether it is trusted")
    return Alternative(
        presented=facts,
        verified=tuple(certificate_facts(der) for der in chain or path),
        error=error,
        name_matches=any(name_covers(name, line.host) for name in facts[0].names),
        second_error=second,
        stapled=staple_said(shown.staple, shown.certificates[0], now),
    )


OPENSSL_CIPHERS = {"EC": "aECDSA:!eNULL:@SECLEVEL=0", "RSA": "kECDHE+aRSA:kDHE+aRSA:!eNULL:@SECLEVEL=0"}


async def _verified_12(line: _Line, kind: str, leaf: bytes, context: Context) -> tuple[str, tuple[bytes, ...]]:
    """Why OpenSSL does not verify the certificate with this kind of key, or the chain; neither where it was not shown it."""
    limited = _permissive(trust(ca_path(context)))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        limited.maximum_version = ssl.TLSVersion.TLSv1_2
    limited.set_ciphers(OPENSSL_CIPHERS[kind])
    await line.admit()
    try:
        session = await _shake(line.address, line.port, line.host, limited, line.timeout_s)
    except ssl.SSLCertVerificationError as refused:
        return refused.verify_message, ()
    except (TimeoutError, OSError, anyio.EndOfStream, anyio.BrokenResourceError):
        return "", ()  # the second verifier has what was shown
    return "", session.verified if session.presented[0] == leaf else ()


DOUBT = "unknown: a hello of our own was refused although it offers what OpenSSL's was given"


def doubted(version: str, cipher: str, legacy: str, offers: Offers) -> tuple[str, Offers]:
    """Refusals count only where a positive control shows that our own hellos are heard at all.

    A firewall that resets what it does not know refuses everything, old versions and weak ciphers among it.
    """
    modern = any(part in cipher for part in ("GCM", "CHACHA20")) and "DHE" in cipher
    contradicted = (version == "TLSv1.3" and offers.tls13 == "refused" and offers.aead == "refused") or (
        version == "TLSv1.2" and modern and offers.aead == "refused"
    )
    if not contradicted:
        return legacy, offers

    def doubt(said: str) -> str:
        return DOUBT if said == "refused" else said

    return doubt(legacy), replace(
        offers,
        tls13=doubt(offers.tls13) if version == "TLSv1.3" else offers.tls13,
        aead=doubt(offers.aead),
        cbc=doubt(offers.cbc),
        weak_end=doubt(offers.weak_end),
        dhe=doubt(offers.dhe),
    )


async def _addresses(request: TlsRequest, context: Context) -> Sequence[str]:
    """Those that the environment names for this host, or those that its name resolves to."""
    tls = context.environment.tls
    named = tls.addresses.get(request.host) if tls else None
    return tuple(dict.fromkeys(named)) if named else await addresses(context.environment, request.host, request.port)


async def gather(request: TlsRequest, context: Context) -> TlsFacts:
    """Handshakes with every address of the host, side by side.

    An address that answers with no handshake is noted as dead where another does answer.

    Raises EvidenceMissing: guard, dns, connect, tls, timeout, protocol, unavailable (ca_file).
    """
    found = await _addresses(request, context)
    verifying = _permissive(trust(ca_path(context)))
    seen: dict[str, Handshake] = {}
    missing: dict[str, EvidenceMissing] = {}

    async def one(address: str) -> None:
        try:
            seen[address] = await _observe(address, request, context, verifying)
            missing.pop(address, None)
        except EvidenceMissing as error:
            missing[address] = error

    async with anyio.create_task_group() as group:
        for address in found:
            group.start_soon(one, address)
    unrouted = tuple(address for address in found if address in missing and _no_route(missing[address]))
    if not seen:
        raise next((error for error in missing.values() if not _no_route(error)), next(iter(missing.values())))
    for address in [one for one in missing if one not in unrouted and missing[one].kind == "connect"]:
        await anyio.sleep(RETRY_AFTER_S)
        await one(address)
    if ours := [error for error in missing.values() if error.kind not in TARGETS_OWN]:
        raise ours[0]
    return TlsFacts(
        request.host,
        request.port,
        tuple(seen[address] for address in found if address in seen),
        private=bool(context.environment.ca_file),
        dead=tuple((address, error.message) for address, error in missing.items() if address not in unrouted),
        unrouted=unrouted,
    )


NO_ROUTE = tuple(os.strerror(number) for number in (errno.ENETUNREACH, errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT))


def _no_route(error: EvidenceMissing) -> bool:
    return error.kind == "connect" and error.message.endswith(NO_ROUTE)
