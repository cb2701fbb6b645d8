"""Hosts for the policy section: evidence as a probe writes it, results as checks report them, changes for every server."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime

from gonogo.concerns.security.family import HostPolicy
from gonogo.concerns.security.fixes import Changes, CookieFlags
from gonogo.concerns.security.host_security import host_policies
from gonogo.environment.model import Tier
from gonogo.environment.models import Environment
from gonogo.environment.sections.security import Security
from gonogo.environment.sections.site import Site
from gonogo.environment.sections.tls import Tls
from gonogo.evidence.codec import to_json
from gonogo.evidence.records import Evidence, canonical, identity
from gonogo.probes.http.facts import Exchange, Timings
from gonogo.probes.http.request import HttpRequest
from gonogo.probes.tls.facts import CertificateFacts, Handshake, Offers, TlsFacts
from gonogo.probes.tls.request import TlsRequest
from gonogo.result import Finding, Outcome, Result, Severity
from gonogo.run.catalogue import catalogue

AT = datetime(2026, 11, 21, 3, tzinfo=UTC).isoformat()
HOME = "https://www.example.org/"
Headers = Sequence[tuple[str, str]]
CARDS = {name: entry.card for name, entry in catalogue().items()}
POLICY = (
    "default-src 'self'; script-src 'nonce-Py0o592x6lO3IiacLENbhA' 'strict-dynamic'; object-src 'none'; "
    "base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)
GOOD: Headers = (
    ("content-type", "text/html; charset=utf-8"),
    ("strict-transport-security", "max-age=63072000; includeSubDomains; preload"),
    ("content-security-policy", POLICY),
    ("x-content-type-options", "nosniff"),
    ("x-frame-options", "DENY"),
    ("referrer-policy", "strict-origin-when-cross-origin"),
    ("permissions-policy", 'camera=(), geolocation=(self "https://maps.example"), microphone=*'),
    ("cross-origin-opener-policy", "same-origin"),
    ("cross-origin-embedder-policy", "require-corp"),
    ("cross-origin-resource-policy", "same-origin"),
)

EVERYTHING = Changes(
    host="www.example.org",
    origin="https://www.example.org",
    plain="http://www.example.org",
    headers=(
        ("Strict-Transport-Security", "max-age=31536000; includeSubDomains"),
        ("X-Content-Type-Options", "nosniff"),
        ("X-Frame-Options", "DENY"),
        ("Permissions-Policy", 'camera=(), geolocation=(self "https://maps.example"), microphone=()'),
    ),
    policy="default-src 'self'; script-src 'nonce-{nonce}' 'strict-dynamic'; object-src 'none'; form-action 'self'",
    static_policy="object-src 'none'; form-action 'self'",
    removed=("X-Powered-By", "X-Xss-Protection"),
    server_hidden=True,
    cookies=(CookieFlags("session", secure=True, http_only=True, same_site="Lax"),),
    tls_minimum="1.2",
    ciphers=True,
    groups=("X25519", "prime256v1"),
    remarks=("includeSubDomains: every subdomain must answer on https before this is sent.",),
)
STATIC = Changes(
    host="www.example.org",
    origin="https://www.example.org:8443",
    headers=(("Referrer-Policy", "strict-origin-when-cross-origin"),),
    policy="default-src 'self'; object-src 'none'",
)


def environment(**more: object) -> Environment:
    fields: dict[str, object] = {
        "name": "unit",
        "tier": Tier.STAGING,
        "site": Site(url="https://www.example.org", aliases=("https://example.org",)),
        "security": Security(),
        "tls": Tls(hosts=("db.example.org:5432",)),
    }
    return Environment.model_validate({**fields, **more})


def http(
    url: str = HOME,
    headers: Headers = GOOD,
    *,
    status: int = 200,
    origin: str = "",
    follow: int = 0,
    body: str = "<!doctype html><title>x</title>",
) -> Evidence:
    request = HttpRequest(url, headers=(("Origin", origin),) if origin else (), follow=follow)
    facts = Exchange(
        url=url,
        method="GET",
        role="anonymous",
        status=status,
        http_version="HTTP/1.1",
        headers=tuple(headers),
        body=body,
        body_bytes=len(body),
        wire_bytes=len(body),
        body_sha256="0" * 64,
        timings=Timings(None, None, None, 0.01, 0.02),
        address="192.0.2.1",
        ended=AT,
    )
    return Evidence(identity(request), canonical(request), AT, AT, "unit", facts=to_json(facts))


def tls(host: str = "www.example.org", port: int = 443, *, legacy: str = "refused", error: str = "") -> Evidence:
    request = TlsRequest(host, port)
    leaf = CertificateFacts(
        subject=f"CN={host}",
        issuer="CN=Some CA",
        names=(host,),
        not_before="2026-10-07T00:00:00+00:00",
        not_after="2027-01-05T00:00:00+00:00",
        sha256="0" * 64,
        spki_sha256="",
        key="EC 256",
        key_type="EC",
        key_bits=256,
        signature="sha256",
        purposes=None,
        is_authority=False,
        must_staple=False,
        common_name=host,
    )
    offers = Offers(
        tls13="offered",
        aead="offered",
        cbc="not asked",
        weak=(),
        weak_end="refused",
        dhe="refused",
        dh_bits=0,
        groups=(("x25519", "offered"),),
        stapled="refused",
        unnamed="",
    )
    shake = Handshake(
        "192.0.2.1", "TLSv1.3", "TLS_AES_256_GCM_SHA384", "h2", (leaf,), (), error, True, "", legacy, offers
    )
    facts = TlsFacts(host, port, (shake,), False, (), ())
    return Evidence(identity(request), canonical(request), AT, AT, "unit", facts=to_json(facts))


def failed(check: str, *evidence: Evidence, subject: str = "/") -> Result:
    finding = Finding.of(subject, seen="wrong", wanted="right", what=check.rpartition(".")[2])
    return Result(check, subject, Outcome.FAIL, Severity.HIGH, (finding,), tuple(one.id for one in evidence))


def passed(check: str, *evidence: Evidence, subject: str = "/") -> Result:
    return Result(check, subject, Outcome.PASS, Severity.HIGH, evidence=tuple(one.id for one in evidence))


def site(headers: Headers, *checks: str, **more: object) -> HostPolicy:
    """The site's host after these checks have failed on a start page with these headers."""
    page = http(headers=headers)
    results: Iterable[Result] = [failed(check, page) for check in checks] or [passed("security.hsts.present", page)]
    return host_policies(environment(**more), [page], results, CARDS)[0]


def without(name: str) -> Headers:
    return tuple(one for one in GOOD if one[0] != name)


def with_header(name: str, *values: str) -> Headers:
    return (*without(name), *((name, value) for value in values))
