"""The http probe: the only module that knows httpx. One request, its response as sent, and how long each phase took.

Certificates are always verified, against the environment's `ca_file` where it names one.
"""

from __future__ import annotations

import hashlib
import ssl
import time
from collections.abc import AsyncIterator, Iterable
from contextvars import ContextVar
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http.cookiejar import CookieJar, DefaultCookiePolicy
from typing import Any
from urllib.parse import urlsplit

import anyio
import httpcore
import httpx

import gonogo
from gonogo.environment.models import Environment
from gonogo.errors import EvidenceMissing
from gonogo.evidence.records import identity
from gonogo.probes.context import Context
from gonogo.probes.http.content import ACCEPT_ENCODING, decode_body, decode_text
from gonogo.probes.http.facts import Exchange, Timings
from gonogo.probes.http.request import HttpRequest
from gonogo.probes.resolve import addresses

MAX_HEADERS = 200
"""Header fields kept of one response; a site that sends more is not served by more evidence."""

LARGER = "make it smaller, or raise `limits.body_bytes`"


@dataclass(slots=True)
class _Clock:
    """When each phase of one request ended, by time.perf_counter; filled by the backend and httpcore's trace."""

    dns: float | None = None
    address: str = ""
    marks: dict[str, float] = field(default_factory=dict)

    async def trace(self, event: str, _: dict[str, Any]) -> None:
        self.marks[event] = time.perf_counter()

    def phase(self, *names: str) -> float | None:
        for name in names:
            if (start := self.marks.get(f"{name}.started")) and (end := self.marks.get(f"{name}.complete")):
                return end - start
        return None


_clock: ContextVar[_Clock] = ContextVar("gonogo_http_clock")


class _Backend(httpcore.AsyncNetworkBackend):
    """Connects to the addresses that the environment's resolver gives, one after the other."""

    def __init__(self, environment: Environment) -> None:
        self._environment = environment
        self._inner = httpcore.AnyIOBackend()

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        clock = _clock.get()
        started = time.perf_counter()
        found = await addresses(self._environment, host, port)
        clock.dns = time.perf_counter() - started
        failure: Exception = httpcore.ConnectError(f"{host}: no address")
        for address in found:
            try:
                stream = await self._inner.connect_tcp(
                    address, port, timeout=timeout, local_address=local_address, socket_options=socket_options
                )
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
                failure = error
            else:
                clock.address = address
                return stream
        raise failure

    async def sleep(self, seconds: float) -> None:
        await self._inner.sleep(seconds)


class _Body(httpx.AsyncByteStream):
    def __init__(self, stream: Any) -> None:
        self._stream = stream

    async def __aiter__(self) -> AsyncIterator[bytes]:
        async for part in self._stream:
            yield part

    async def aclose(self) -> None:
        await self._stream.aclose()


class _Transport(httpx.AsyncBaseTransport):
    """httpcore with our resolver below it; everything that leaves by HTTP passes here."""

    def __init__(self, environment: Environment, trust: ssl.SSLContext) -> None:
        self._pool = httpcore.AsyncConnectionPool(
            ssl_context=trust,
            max_connections=environment.limits.concurrency,
            max_keepalive_connections=environment.limits.concurrency,
            keepalive_expiry=5,
            http2=True,
            network_backend=_Backend(environment),
        )

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        response = await self._pool.handle_async_request(
            httpcore.Request(
                method=request.method,
                url=httpcore.URL(
                    scheme=request.url.raw_scheme,
                    host=request.url.raw_host,
                    port=request.url.port,
                    target=request.url.raw_path,
                ),
                headers=request.headers.raw,
                content=request.stream,
                extensions=request.extensions,
            )
        )
        return httpx.Response(
            status_code=response.status,
            headers=response.headers,
            stream=_Body(response.stream),
            extensions=response.extensions,
        )

    async def aclose(self) -> None:
        await self._pool.aclose()


def trust(ca_file: str) -> ssl.SSLContext:
    """A verifying context: the given PEM bundle, or the system's roots.

    Raises EvidenceMissing("unavailable") when the file cannot be read or holds no certificate.
    """
    try:
        context = ssl.create_default_context(cafile=ca_file or None)
    except (OSError, ssl.SSLError) as error:
        why = error.strerror if isinstance(error, OSError) and error.strerror else "no certificate in it"
        raise EvidenceMissing(
            "unavailable", f"ca_file {ca_file}: {why}; give a PEM bundle of the trusted roots"
        ) from None
    if not ca_file and not context.cert_store_stats()["x509_ca"]:
        import certifi

        context.load_verify_locations(certifi.where())
    return context


def ca_path(context: Context) -> str:
    """The environment's ca_file as an absolute path, or an empty string."""
    return str(context.base / context.environment.ca_file) if context.environment.ca_file else ""


async def _client(context: Context) -> httpx.AsyncClient:
    client = httpx.AsyncClient(
        transport=_Transport(context.environment, trust(ca_path(context))),
        follow_redirects=False,
        # Each request is a stranger's: a cookie that one answer sets must not make the next one another.
        cookies=CookieJar(DefaultCookiePolicy(allowed_domains=())),
        timeout=None,  # noqa: S113 - gather sets one deadline for all phases
    )
    context.resources.push_async_callback(client.aclose)
    return client


def _cause(error: BaseException) -> tuple[str, str]:
    """A failure kind and words for an httpcore or httpx error."""
    seen: BaseException | None = error
    while seen is not None:
        if isinstance(seen, EvidenceMissing):
            return seen.kind, seen.message
        if isinstance(seen, ssl.SSLCertVerificationError):
            return "tls", f"certificate not accepted: {seen.verify_message}"
        if isinstance(seen, ssl.SSLError):
            return "tls", f"TLS handshake failed: {seen.reason or seen}"
        seen = seen.__cause__ or seen.__context__
    if isinstance(error, httpcore.ConnectTimeout | httpcore.ReadTimeout | httpcore.WriteTimeout | httpcore.PoolTimeout):
        return "timeout", "timed out"
    if isinstance(error, httpcore.ConnectError):
        return "connect", str(error) or "connection refused"
    return "protocol", str(error) or type(error).__name__


def _headers(request: HttpRequest, context: Context, evidence_id: str) -> list[tuple[str, str]]:
    headers = [
        ("User-Agent", f"gonogo/{gonogo.__version__} (+{evidence_id})"),
        ("Accept", "text/html,application/json;q=0.9,*/*;q=0.8"),
        ("Accept-Encoding", ACCEPT_ENCODING),
        *request.headers,
    ]
    if request.role != "anonymous":
        role = context.environment.roles[request.role]
        token = role.token.get_secret_value()
        headers.append((role.header, f"{role.scheme} {token}".strip()))
    return headers


async def gather(
    request: HttpRequest, context: Context, *, evidence_id: str = "", body: bytes | None = None
) -> Exchange:
    """Send one request and record the response; redirects are recorded, not followed.

    `evidence_id` is what the user agent names; default: the request's own. `body` is what is sent.

    Raises EvidenceMissing: guard, dns, connect, tls, timeout, protocol, too-large.
    """
    await context.guard.admit(request.method, request.url)
    client = await context.shared("http", lambda: _client(context))
    limits = context.environment.limits
    clock = _Clock()
    token = _clock.set(clock)
    started = time.perf_counter()
    raw = bytearray()
    try:
        with anyio.fail_after(limits.request_timeout_s):
            async with client.stream(
                request.method,
                request.url,
                headers=_headers(request, context, evidence_id or identity(request)),
                content=body or None,
                extensions={"trace": clock.trace},
            ) as response:
                async for part in response.aiter_raw():
                    raw += part
                    if len(raw) > limits.body_bytes:
                        raise EvidenceMissing(
                            "too-large",
                            f"{request.url[:200]}: the body is larger than {limits.body_bytes} bytes; {LARGER}",
                        )
                ended = time.perf_counter()
                stream = response.extensions.get("network_stream")
    except TimeoutError:
        reached = (
            next(iter(reversed(clock.marks)), "connection.started").removesuffix(".started").removesuffix(".complete")
        )
        raise EvidenceMissing(
            "timeout",
            f"no complete answer within {limits.request_timeout_s:g} s (last phase: {reached}, {len(raw)} bytes read)",
        ) from None
    except (
        httpx.HTTPError,
        httpx.InvalidURL,
        httpcore.ConnectError,
        httpcore.NetworkError,
        httpcore.ProtocolError,
    ) as error:
        raise EvidenceMissing(*_cause(error)) from None
    except (httpcore.TimeoutException, ssl.SSLError, OSError, ValueError) as error:
        raise EvidenceMissing(*_cause(error)) from None
    finally:
        _clock.reset(token)
    pairs = tuple((name.decode("latin-1"), value.decode("latin-1")) for name, value in response.headers.raw)
    if len(pairs) > MAX_HEADERS:
        raise EvidenceMissing("too-large", f"{len(pairs)} header fields, at most {MAX_HEADERS} are read")
    encodings = [value for name, value in pairs if name.lower() == "content-encoding"]
    try:
        received = decode_body(bytes(raw), encodings, limit=limits.body_bytes)
    except EvidenceMissing as refused:
        if refused.kind != "too-large":
            raise
        raise EvidenceMissing("too-large", f"{request.url[:200]}: {refused.message}; {LARGER}") from None
    head = clock.marks.get("http11.receive_response_headers.complete") or clock.marks.get(
        "http2.receive_response_headers.complete"
    )
    sent = clock.marks.get("http11.send_request_headers.started") or clock.marks.get(
        "http2.send_request_headers.started"
    )
    address = clock.address
    if not address and stream is not None and (server := stream.get_extra_info("server_addr")):
        address = str(server[0])
    return Exchange(
        url=request.url,
        method=request.method,
        role=request.role,
        status=response.status_code,
        http_version=response.http_version,
        headers=pairs,
        body=decode_text(received, next((value for name, value in pairs if name.lower() == "content-type"), "")),
        body_bytes=len(received),
        wire_bytes=len(raw),
        body_sha256=hashlib.sha256(received).hexdigest(),
        timings=Timings(
            dns=clock.dns,
            connect=clock.phase("connection.connect_tcp"),
            tls=clock.phase("connection.start_tls"),
            first_byte=(head - sent) if head and sent else ended - started,
            total=ended - started,
        ),
        address=address,
        ended=datetime.now(UTC).isoformat(timespec="microseconds"),
    )


def authority(url: str) -> tuple[str, int]:
    """Host and port of a URL, the scheme's default port filled in."""
    parts = urlsplit(url)
    return (parts.hostname or "", parts.port or (443 if parts.scheme == "https" else 80))
