"""The outside surface of a site, as the security rules need it: captured once, judged by many checks.

Pages twice (a nonce must differ, another node must agree), a page that is not there, the API, an asset, the ways that
lead to the site, answers to foreign origins, what should not be published, and what the environment opts in to.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple
from urllib.parse import quote, urljoin, urlsplit

from gonogo.environment import models
from gonogo.environment.models import Environment, Tier
from gonogo.errors import EvidenceMissing
from gonogo.evidence.facts import Burst, Exchange
from gonogo.evidence.records import BurstRequest, Failure, FailureKind, HttpRequest, Lane
from gonogo.evidence.redirects import next_hop
from gonogo.formats import csp, csp_review, html
from gonogo.formats.leaks import LEAKS, Leak
from gonogo.formats.public_suffix import registrable
from gonogo.nouns.core import MAX_HOPS, Noun, Sight, Subject, api_request, decode, facts, page_request
from gonogo.probes.resolve import is_address

ELSEWHERE = "gonogo-redirect.example"
"""A host that no site may lead to (RFC 2606 reserves the domain)."""
SCRIPTS = (".js", ".mjs")


# --- what checks get ----------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Document:
    """A declared page of the site and its answer."""

    page: models.Page
    exchange: Exchange
    security: models.Security
    trusted: frozenset[str] = frozenset()
    """Declared third parties."""

    @property
    def is_html(self) -> bool:
        return bool(self.exchange.body) and (
            (self.exchange.value("content-type") or "text/html")
            .strip()
            .lower()
            .startswith(("text/html", "application/xhtml"))
        )

    @property
    def markup(self) -> html.Markup:
        """The page as a browser reads it; empty for what is no page."""
        return _markup(self.exchange.body) if self.is_html else html.Markup()

    @property
    def policies(self) -> tuple[csp.Policy, ...]:
        """Every enforced content security policy, of the header and of the page."""
        return csp_review.enforced(self.exchange.values("content-security-policy"), self.markup)


@lru_cache(maxsize=16)
def _markup(text: str) -> html.Markup:
    """Many checks read the same page."""
    return html.read(text)


@dataclass(frozen=True, slots=True)
class Again:
    """A declared page, at the start and at the end of the run."""

    page: models.Page
    first: Exchange
    second: Exchange


@dataclass(frozen=True, slots=True)
class Response:
    """One kind of answer that the site gives."""

    subject: str
    kind: str
    """page, missing, api, asset or redirect."""
    exchange: Exchange
    security: models.Security
    host: str
    """The site's host."""


@dataclass(frozen=True, slots=True)
class Surface:
    """Every kind of answer side by side."""

    host: str
    responses: tuple[Response, ...]

    def of(self, *kinds: str) -> tuple[Response, ...]:
        return tuple(one for one in self.responses if one.kind in kinds)


@dataclass(frozen=True, slots=True)
class Redirects:
    """An answer and the answers its redirects led to."""

    hops: tuple[Exchange, ...]
    unfollowed: str
    """A Location that was not followed, or why the last hop has no answer; empty when the chain is whole."""
    site: models.Site
    failure: Failure | None = None
    """Why a later hop has no answer."""
    failed_url: str = ""


@dataclass(frozen=True, slots=True)
class CorsAnswer:
    """What a path says to one origin: to a simple request and to a preflight."""

    kind: str
    """foreign, null, subdomain, lookalike, unescaped, plain or declared."""
    origin: str
    simple: Exchange
    preflight: Exchange


@dataclass(frozen=True, slots=True)
class Cors:
    path: str
    answers: tuple[CorsAnswer, ...]
    security: models.Security
    methods: frozenset[str]
    """That the environment declares for this path."""


@dataclass(frozen=True, slots=True)
class Pried:
    """A path that must not be published, and the page for paths that do not exist."""

    leak: Leak
    exchange: Exchange
    missing: Exchange


@dataclass(frozen=True, slots=True)
class Published:
    """A text that anybody can read."""

    path: str
    exchange: Exchange


@dataclass(frozen=True, slots=True)
class ScriptMap:
    """A declared script and what stands where its source map would."""

    path: str
    script: Exchange
    map: Exchange


@dataclass(frozen=True, slots=True)
class Provoked:
    """An answer to a request that a server may stumble over."""

    subject: str
    exchange: Exchange


@dataclass(frozen=True, slots=True)
class OpenRedirect:
    subject: str
    exchange: Exchange
    allowed: frozenset[str]
    """Hosts that a redirect may lead to."""


@dataclass(frozen=True, slots=True)
class Preloading:
    """What the preload list's rules look at, for one registrable domain."""

    domain: str
    url: str
    """Its https origin."""
    plain: Redirects | Failure
    secure: Redirects | Failure
    www: Redirects | Failure


@dataclass(frozen=True, slots=True)
class RateLimited:
    declared: models.RateLimit
    burst: Burst


@dataclass(frozen=True, slots=True)
class PrivateAnswer:
    subject: str
    exchange: Exchange
    authorized: bool
    """The request carried an Authorization field, which shared caches know (RFC 9111 §3.5)."""


@dataclass(frozen=True, slots=True)
class SecurityTxt:
    url: str
    hops: tuple[Exchange, ...]
    at: str
    """When it was read."""

    @property
    def exchange(self) -> Exchange:
        return self.hops[-1]


# --- requests and builders ----------------------------------------------------------------------------------------


def security(environment: Environment) -> models.Security:
    return environment.security or models.Security()


def pages(environment: Environment) -> list[Subject]:
    return [Subject(page.path, (page_request(environment, page.path),), page) for page in environment.site.pages]


def build_page(environment: Environment, subject: Subject, sight: Sight) -> Document:
    page, request = subject.declared, subject.requests[0]
    assert isinstance(page, models.Page)
    exchange = facts(sight, request, Exchange)
    if exchange.location is not None:
        raise EvidenceMissing(
            "invalid", f"{page.path} redirects to {exchange.location[:100]}; declare the page that it leads to"
        )
    trusted = frozenset(party.host.lower() for party in environment.third_parties)
    return Document(page, exchange, security(environment), trusted)


def _secured(environment: Environment) -> list[Subject]:
    return pages(environment) if environment.security else []


def _named_secure(environment: Environment) -> list[Subject]:
    """Browsers ignore HSTS over plain http and for IP addresses (RFC 6797 §8.1)."""
    named = not is_address(environment.site.host.strip("[]")) and environment.site.host != "localhost"
    return _secured(environment) if environment.site.url.startswith("https:") and named else []


def _twice(environment: Environment) -> list[Subject]:
    return [
        Subject(one.id, (*one.requests, HttpRequest(f"{environment.site.url}{one.id}", lane=Lane.FINAL)), one.declared)
        for one in _secured(environment)
    ]


def _build_again(environment: Environment, subject: Subject, sight: Sight) -> Again:  # noqa: ARG001 - one shape for all nouns
    assert isinstance(subject.declared, models.Page)
    first, second = (facts(sight, request, Exchange) for request in subject.requests)
    return Again(subject.declared, first, second)


def missing_path(environment: Environment) -> str:
    """A path that no site has; the same in every run of an environment, so that a replay finds it."""
    return f"/gonogo-{hashlib.sha256(environment.name.encode()).hexdigest()[:12]}-missing"


class Kind(NamedTuple):
    name: str


def responses(environment: Environment) -> list[Subject]:
    """One subject for each kind of answer; `declared` is its kind."""
    if environment.security is None:
        return []
    found = [Subject(one.id, one.requests, Kind("page")) for one in pages(environment)]
    found.append(Subject("a missing page", (page_request(environment, missing_path(environment)),), Kind("missing")))
    api = environment.api
    if api and (endpoint := next((one for one in api.endpoints if one.method == "GET"), None)):
        role = next(iter(endpoint.status))
        request = api_request(environment, endpoint.path, role=role)
        found.append(Subject(f"{endpoint.name} as {role}", (request,), Kind("api")))
    if environment.delivery and environment.delivery.assets:
        asset = environment.delivery.assets[0]
        found.append(Subject(asset, (page_request(environment, asset),), Kind("asset")))
    found += [
        Subject(alias, (HttpRequest(f"{alias}/", follow=MAX_HOPS),), Kind("redirect"))
        for alias in environment.site.aliases
        if alias.startswith("https:")
    ]
    return found


def _build_response(environment: Environment, subject: Subject, sight: Sight) -> Response:
    assert isinstance(subject.declared, Kind)
    exchange = facts(sight, subject.requests[0], Exchange)
    return Response(subject.id, subject.declared.name, exchange, security(environment), environment.site.host)


def _surface(environment: Environment) -> list[Subject]:
    parts = responses(environment)
    requests = tuple(request for part in parts for request in part.requests)
    return [Subject(environment.site.host, requests, tuple(parts))] if parts else []


def _build_surface(environment: Environment, subject: Subject, sight: Sight) -> Surface:
    parts = subject.declared
    assert isinstance(parts, tuple)
    return Surface(environment.site.host, tuple(_build_response(environment, part, sight) for part in parts))


# --- ways to the site ---


def _plain(environment: Environment) -> list[Subject]:
    if environment.security is None:
        return []
    plain = environment.site.plain
    deep = environment.site.pages[-1].path if environment.site.pages else "/"
    mark = "&" if "?" in deep else "?"
    return [
        Subject("http root", (HttpRequest(f"{plain}/", follow=MAX_HOPS),)),
        # The second is where the first should lead: planned, so that the plan lists it.
        Subject(
            "http deep path",
            (
                HttpRequest(f"{plain}{deep}{mark}gonogo=1", follow=MAX_HOPS),
                page_request(environment, f"{deep}{mark}gonogo=1"),
            ),
        ),
    ]


def _ways(environment: Environment) -> list[Subject]:
    aliases = [Subject(url, (HttpRequest(f"{url}/", follow=MAX_HOPS),)) for url in environment.site.aliases]
    return [*_plain(environment), *aliases] if environment.security else []


def chain(environment: Environment, first: HttpRequest, sight: Sight) -> Redirects:
    """Follow the recorded redirects. Raises EvidenceMissing when the first request has no answer."""
    request: HttpRequest | None = first
    hops: list[Exchange] = []
    unfollowed, failed_url = "", ""
    failure: Failure | None = None
    while request is not None:
        evidence = sight.evidence(request)
        if evidence.failure is not None:
            if not hops:
                raise EvidenceMissing(evidence.failure.kind, evidence.failure.message)
            failure, failed_url = evidence.failure, request.url
            unfollowed = f"{request.url[:200]}: {failure.message}"
            break
        exchange = decode(evidence, Exchange)
        hops.append(exchange)
        onward = next_hop(request, exchange)
        if onward is None and exchange.location is not None:
            unfollowed = exchange.location[:300]
        request = onward
    return Redirects(tuple(hops), unfollowed, environment.site, failure, failed_url)


def _build_ways(environment: Environment, subject: Subject, sight: Sight) -> Redirects:
    """A plain-http door that is shut has no hops: there is nothing to be hijacked."""
    request = subject.requests[0]
    assert isinstance(request, HttpRequest)
    failure = sight.evidence(request).failure
    if failure is not None and failure.kind is FailureKind.CONNECT and request.url.startswith("http:"):
        return Redirects((), f"{request.url[:200]}: {failure.message}", environment.site, failure, request.url)
    return chain(environment, request, sight)


def _entrances(environment: Environment) -> list[Subject]:
    return [Subject(one.id, (*one.requests, page_request(environment, "/"))) for one in _ways(environment)]


def _site_is_trusted(environment: Environment, sight: Sight) -> None:
    """Raise EvidenceMissing where the site's own certificate is not accepted: that has checks of its own."""
    failure = sight.evidence(page_request(environment, "/")).failure
    if failure is not None and failure.kind is FailureKind.TLS:
        raise EvidenceMissing(failure.kind, failure.message)


def _build_entrance(environment: Environment, subject: Subject, sight: Sight) -> Redirects:
    """As `_build_ways`; a certificate that is not accepted at the first door is an answer too, without hops.

    Raises EvidenceMissing where that host's certificate has the checks of TLS: they tell it.
    """
    request = subject.requests[0]
    assert isinstance(request, HttpRequest)
    _site_is_trusted(environment, sight)
    failure = sight.evidence(request).failure
    if failure is not None and failure.kind is FailureKind.TLS:
        found = Redirects((), f"{request.url[:200]}: {failure.message}", environment.site, failure, request.url)
    else:
        found = _build_ways(environment, subject, sight)
    if found.failure is not None and found.failure.kind is FailureKind.TLS and _has_tls_checks(environment, found):
        raise EvidenceMissing(found.failure.kind, found.failure.message)
    return found


def _has_tls_checks(environment: Environment, way: Redirects) -> bool:
    """The address that the way failed at is an alias of the site, and TLS is judged."""
    aliases = {urlsplit(alias).netloc.lower() for alias in environment.site.aliases}
    return environment.tls is not None and urlsplit(way.failed_url).netloc.lower() in aliases


def _build_plain(environment: Environment, subject: Subject, sight: Sight) -> Redirects:
    """As `_build_ways`; but what is behind a certificate that is not accepted is unknown."""
    redirects = _build_ways(environment, subject, sight)
    if redirects.failure is not None and redirects.failure.kind is FailureKind.TLS:
        raise EvidenceMissing(redirects.failure.kind, redirects.failure.message)
    return redirects


# --- other origins ---


def _origins(environment: Environment) -> list[tuple[str, str]]:
    site = environment.site
    authority = urlsplit(site.url).netloc
    origins = [("foreign", "https://gonogo-origin.example"), ("null", "null"), ("plain", f"http://{authority}")]
    if not is_address(site.host.strip("[]")):
        port = authority.removeprefix(site.host)
        origins.append(("subdomain", f"https://{site.host}.gonogo-origin.example"))
        # Not a name below the site's domain: those may be the owner's.
        domain = registrable(site.host) or site.host
        origins.append(("lookalike", f"https://gonogo{domain}{port}"))
        if site.host.endswith(f".{domain}"):
            # What `www.acme.test` as a regular expression matches too; without the dot it is a domain that anybody can buy.
            origins.append(("unescaped", f"https://{site.host.removesuffix(f'.{domain}')}x{domain}{port}"))
    return origins + [("declared", origin) for origin in security(environment).origins[:1]]


def _preflight(environment: Environment, path: str, origin: str) -> HttpRequest:
    asked = (("Origin", origin), ("Access-Control-Request-Method", "GET"))
    return HttpRequest(f"{environment.api_origin}{path}", "OPTIONS", headers=asked)


def _cors(environment: Environment) -> list[Subject]:
    if environment.security is None:
        return []
    endpoints = environment.api.endpoints if environment.api else ()
    paths = environment.security.cors_paths or tuple(one.path for one in endpoints if one.method == "GET")[:1]
    return [
        Subject(
            path,
            tuple(
                request
                for _, origin in _origins(environment)
                for request in (
                    HttpRequest(f"{environment.api_origin}{path}", headers=(("Origin", origin),)),
                    _preflight(environment, path, origin),
                )
            ),
            frozenset(one.method for one in endpoints if one.path == path) | {"GET", "HEAD", "OPTIONS"},
        )
        for path in paths or ("/",)
    ]


def _declared_cors(environment: Environment) -> list[Subject]:
    return _cors(environment) if security(environment).origins else []


def _build_cors(environment: Environment, subject: Subject, sight: Sight) -> Cors:
    exchanges = [facts(sight, request, Exchange) for request in subject.requests]
    answers = tuple(
        CorsAnswer(kind, origin, simple, preflight)
        for (kind, origin), simple, preflight in zip(
            _origins(environment), exchanges[::2], exchanges[1::2], strict=True
        )
    )
    assert isinstance(subject.declared, frozenset)
    return Cors(subject.id, answers, security(environment), subject.declared)


# --- what should not be there ---


def _pried(environment: Environment) -> list[Subject]:
    if environment.exposure is None:
        return []
    missing = page_request(environment, missing_path(environment))
    ignored = set(environment.exposure.published)
    return [
        Subject(leak.path, (page_request(environment, leak.path), missing), leak)
        for leak in LEAKS
        if leak.path not in ignored
    ]


def _build_pried(environment: Environment, subject: Subject, sight: Sight) -> Pried:  # noqa: ARG001
    assert isinstance(subject.declared, Leak)
    exchange, missing = (facts(sight, request, Exchange) for request in subject.requests)
    return Pried(subject.declared, exchange, missing)


def _scripts(environment: Environment) -> list[Subject]:
    if environment.exposure is None or environment.delivery is None or environment.exposure.source_maps:
        return []
    declared = dict.fromkeys((*environment.delivery.assets, *environment.delivery.text))
    return [
        Subject(path, (page_request(environment, path), page_request(environment, f"{path.partition('?')[0]}.map")))
        for path in declared
        if path.partition("?")[0].endswith(SCRIPTS)
    ]


def _build_script(environment: Environment, subject: Subject, sight: Sight) -> ScriptMap:  # noqa: ARG001
    script, map_ = (facts(sight, request, Exchange) for request in subject.requests)
    return ScriptMap(subject.id, script, map_)


def _published(environment: Environment) -> list[Subject]:
    """Every text that is fetched without credentials anyway."""
    if environment.security is None and environment.exposure is None:
        return []
    paths = [page.path for page in environment.site.pages]
    paths += [*environment.delivery.assets, *environment.delivery.text] if environment.delivery else []
    paths += [environment.health.path] if environment.health else []
    paths += [environment.release.path] if environment.release else []
    found = [Subject(path, (page_request(environment, path),)) for path in dict.fromkeys(paths)]
    api = environment.api
    if api and api.openapi:
        found.append(Subject(api.openapi, (api_request(environment, api.openapi),)))
    return list({one.id: one for one in found}.values())


def _build_published(environment: Environment, subject: Subject, sight: Sight) -> Published:  # noqa: ARG001
    return Published(subject.id, facts(sight, subject.requests[0], Exchange))


def _provoked(environment: Environment) -> list[Subject]:
    if environment.security is None and environment.exposure is None:
        return []
    found = [Subject("a missing page", (page_request(environment, missing_path(environment)),))]
    if environment.exposure is None:
        return found
    found.append(Subject("a path that is not UTF-8", (page_request(environment, "/%C0%AF%FF"),)))
    api = environment.api
    if api:
        found.append(Subject("a missing API path", (api_request(environment, f"/api{missing_path(environment)}"),)))
        if endpoint := next((one for one in api.endpoints if one.method == "GET"), None):
            mark = "&" if "?" in endpoint.path else "?"
            path = f"{endpoint.path}{mark}{quote('gonogo[]')}={quote(chr(39))}"
            found.append(Subject(f"{endpoint.name} with an odd query", (api_request(environment, path),)))
    found += [Subject(path, (page_request(environment, path),)) for path in environment.exposure.error_paths]
    return found


def _build_provoked(environment: Environment, subject: Subject, sight: Sight) -> Provoked:  # noqa: ARG001
    return Provoked(subject.id, facts(sight, subject.requests[0], Exchange))


def _trace(environment: Environment) -> list[Subject]:
    allowed = environment.tier is not Tier.PRODUCTION or "TRACE" in environment.limits.allow_methods
    if environment.exposure is None or not allowed:
        return []
    return [Subject("TRACE /", (HttpRequest(f"{environment.site.url}/", "TRACE", headers=(("X-Gonogo", "echo"),)),))]


def _open_redirects(environment: Environment) -> list[Subject]:
    if environment.security is None:
        return []
    target = quote(f"https://{ELSEWHERE}/", safe="")
    paths = (f"//{ELSEWHERE}/", f"/%5C{ELSEWHERE}/", *environment.security.redirect_paths)
    return [
        Subject(path, (HttpRequest(f"{environment.site.url}{path.replace('{target}', target)}"),))
        for path in dict.fromkeys(paths)
    ]


def _build_open_redirect(environment: Environment, subject: Subject, sight: Sight) -> OpenRedirect:
    exchange = facts(sight, subject.requests[0], Exchange)
    return OpenRedirect(subject.id, exchange, environment.declared_hosts)


def redirect_host(exchange: Exchange) -> str:
    """The host that an answer leads to as a browser reads Location or Refresh; empty for none.

    WHATWG URL §4.4: `\\` is `/`, and any number of slashes stands before the host.
    """
    refresh = re.search(r"url\s*=\s*['\"]?([^'\"]+)", exchange.value("refresh") or "", re.IGNORECASE)
    location = exchange.location or (refresh.group(1) if refresh else None)
    if location is None:
        return ""
    text = re.sub(r"[\t\n\r]", "", location.strip()).replace("\\", "/")
    text = re.sub(r"\A(https?:)?/{2,}", lambda found: f"{found[1] or ''}//", text, flags=re.IGNORECASE)
    try:
        return (urlsplit(urljoin(exchange.url, text)).hostname or "").lower()
    except ValueError:
        return ""


# --- what the environment opts in to ---


def _preload(environment: Environment) -> list[Subject]:
    declared = environment.security.preload if environment.security else None
    if declared is None:
        return []
    domain = urlsplit(declared.url)
    www = domain._replace(netloc=f"www.{domain.netloc}").geturl()
    requests = tuple(HttpRequest(f"{url}/", follow=MAX_HOPS) for url in (declared.plain, declared.url, www))
    return [Subject(domain.hostname or "", (*requests, page_request(environment, "/")), declared)]


def _build_preload(environment: Environment, subject: Subject, sight: Sight) -> Preloading:
    _site_is_trusted(environment, sight)
    found: list[Redirects | Failure] = []
    for request in subject.requests[:3]:
        assert isinstance(request, HttpRequest)
        evidence = sight.evidence(request)
        if evidence.failure is None:
            found.append(chain(environment, request, sight))
        elif evidence.failure.kind in {FailureKind.DNS, FailureKind.CONNECT, FailureKind.TLS, FailureKind.PROTOCOL}:
            found.append(evidence.failure)
        else:
            raise EvidenceMissing(evidence.failure.kind, evidence.failure.message)
    plain, secure, www = found
    assert isinstance(subject.declared, models.Preload)
    return Preloading(subject.id, subject.declared.url, plain, secure, www)


def _rate_limit(environment: Environment) -> list[Subject]:
    declared = environment.security.rate_limit if environment.security else None
    if declared is None:
        return []
    url = f"{environment.api_origin if declared.path.startswith('/api') else environment.site.url}{declared.path}"
    return [Subject(declared.path, (BurstRequest(url, count=declared.requests + 2, role=declared.role),), declared)]


def _build_rate_limit(environment: Environment, subject: Subject, sight: Sight) -> RateLimited:  # noqa: ARG001
    assert isinstance(subject.declared, models.RateLimit)
    return RateLimited(subject.declared, facts(sight, subject.requests[0], Burst))


def _private(environment: Environment) -> list[Subject]:
    """Answers to a role's credentials, and pages that the environment calls private."""
    if environment.security is None:
        return []
    found = []
    production = environment.tier is Tier.PRODUCTION
    for endpoint in environment.api.endpoints if environment.api else ():
        for role, codes in endpoint.status.items():
            succeeds = any(200 <= code < 300 for code in codes)
            if role != "anonymous" and succeeds and not (endpoint.destructive and production):
                request = api_request(environment, endpoint.path, method=endpoint.method, role=role)
                found.append(Subject(f"{endpoint.name} as {role}", (request,)))
    found += [Subject(path, (page_request(environment, path),)) for path in environment.security.private_paths]
    return found


def _build_private(environment: Environment, subject: Subject, sight: Sight) -> PrivateAnswer:
    exchange = facts(sight, subject.requests[0], Exchange)
    if not 200 <= exchange.status < 300:
        raise EvidenceMissing("invalid", f"{subject.id}: status {exchange.status}; the private answer was not seen")
    role = environment.roles.get(exchange.role)
    return PrivateAnswer(subject.id, exchange, role is not None and role.header.lower() == "authorization")


def _security_txt(environment: Environment) -> list[Subject]:
    declared = environment.security
    wanted = declared is not None and (
        declared.security_txt if declared.security_txt is not None else environment.tier is Tier.PRODUCTION
    )
    path = "/.well-known/security.txt"
    return [Subject(path, (HttpRequest(f"{environment.site.url}{path}", follow=MAX_HOPS),))] if wanted else []


def _build_security_txt(environment: Environment, subject: Subject, sight: Sight) -> SecurityTxt:
    request = subject.requests[0]
    assert isinstance(request, HttpRequest)
    found = chain(environment, request, sight)
    if found.unfollowed:
        raise EvidenceMissing("invalid", f"{request.url}: a redirect was not followed: {found.unfollowed}")
    hops = found.hops
    return SecurityTxt(request.url, hops, sight.evidence(request).ended)


def _logout(environment: Environment) -> list[Subject]:
    declared = environment.security.logout if environment.security else None
    if declared is None:
        return []
    request = HttpRequest(f"{environment.site.url}{declared.path}", declared.method, role=declared.role)
    return [Subject(declared.path, (request,))]


def _when(
    wanted: Callable[[models.Security], object], subjects: Callable[[Environment], list[Subject]]
) -> Callable[[Environment], list[Subject]]:
    """Subjects only where the environment asks for a rule."""
    return lambda environment: subjects(environment) if wanted(security(environment)) else []


SURFACE = (
    Noun("document", "[security]", "A declared page with its headers and body.", _secured, build_page),
    Noun("secure_document", "[security] on an https site with a name", "A page that HSTS can protect.", _named_secure, build_page),
    Noun("page_again", "[security]", "A declared page at the start and at the end.", _twice, _build_again),
    Noun("response", "[security]", "An answer of each kind: page, missing page, API, asset, redirect.", responses, _build_response),
    Noun("surface", "[security]", "All kinds of answers side by side.", _surface, _build_surface),
    Noun("isolated_document", "[security] isolated", "A page that must be cross-origin isolated.", _when(lambda s: s.isolated, _secured), build_page),
    Noun("typed_document", "[security] trusted_types", "A page that must enforce Trusted Types.", _when(lambda s: s.trusted_types, _secured), build_page),
    Noun("styled_document", "[security] inline_styles = false", "A page without inline styles.", _when(lambda s: not s.inline_styles, _secured), build_page),
    Noun("plain_way", "[security]", "Plain-http requests and where they are redirected to.", _plain, _build_plain),
    Noun("way", "[security]", "Every way that leads to the site, with its redirects.", _ways, _build_ways),
    Noun("entrance", "[security]", "The same ways; a door whose certificate is not accepted is seen.", _entrances, _build_entrance),
    Noun("cors", "[security]", "What a path says to foreign origins.", _cors, _build_cors),
    Noun("trusted_cors", "[security] origins", "What a path says to a declared origin.", _declared_cors, _build_cors),
    Noun("pried", "[exposure]", "A path that must not be published.", _pried, _build_pried),
    Noun("script", "[exposure] without source_maps, and [delivery]", "A declared script and its source map.", _scripts, _build_script),
    Noun("published", "[security] or [exposure]", "A text that anybody can read.", _published, _build_published),
    Noun("provoked", "[security] or [exposure]", "An answer to a request that a server may stumble over.", _provoked, _build_provoked),
    Noun("trace", "[exposure], with TRACE allowed", "The answer to TRACE.", _trace, _build_provoked),
    Noun("open_redirect", "[security]", "An attempt to be redirected elsewhere.", _open_redirects, _build_open_redirect),
    Noun("preload", "[security.preload]", "What the HSTS preload list's rules look at.", _preload, _build_preload),
    Noun("rate_limit", "[security.rate_limit]", "Requests one after another until one is refused.", _rate_limit, _build_rate_limit),
    Noun("private_answer", "[security] and [api] roles", "An answer that belongs to one user.", _private, _build_private),
    Noun("security_txt", "[security] security_txt", "The security.txt file.", _security_txt, _build_security_txt),
    Noun("logout", "[security.logout]", "The answer to a log-out.", _logout, _build_provoked),
)  # fmt: skip
"""The nouns of this module."""
