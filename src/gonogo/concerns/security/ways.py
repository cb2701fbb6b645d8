"""Every way that leads to the site, and where it may lead elsewhere."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import NamedTuple
from urllib.parse import quote, urljoin, urlsplit

from gonogo.concerns.fixture import MAX_HOPS, Asked, Declared, Fixture, Subject, page_request
from gonogo.environment import models
from gonogo.environment.models import Environment
from gonogo.errors import EvidenceMissing
from gonogo.evidence.records import Failure, FailureKind
from gonogo.probes.http.facts import Exchange
from gonogo.probes.http.redirects import next_hop
from gonogo.probes.http.request import HttpRequest

ELSEWHERE = "gonogo-redirect.example"
"""A host that no site may lead to (RFC 2606 reserves the domain)."""


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


def _plain(environment: Environment) -> list[Subject[HttpRequest]]:
    """`declared` is the first request of a way."""
    if environment.security is None:
        return []
    plain = environment.site.plain
    deep = environment.site.pages[-1].path if environment.site.pages else "/"
    mark = "&" if "?" in deep else "?"
    root = HttpRequest(f"{plain}/", follow=MAX_HOPS)
    below = HttpRequest(f"{plain}{deep}{mark}gonogo=1", follow=MAX_HOPS)
    # Where it should lead: planned, so that the plan lists it.
    led_to = page_request(environment, f"{deep}{mark}gonogo=1")
    return [Subject("http root", (root,), root), Subject("http deep path", (below, led_to), below)]


def _ways(environment: Environment) -> list[Subject[HttpRequest]]:
    doors = [(url, HttpRequest(f"{url}/", follow=MAX_HOPS)) for url in environment.site.aliases]
    aliases = [Subject(url, (door,), door) for url, door in doors]
    return [*_plain(environment), *aliases] if environment.security else []


def _entrances(environment: Environment) -> list[Subject[HttpRequest]]:
    start = page_request(environment, "/")
    return [Subject(one.id, (*one.requests, start), one.declared) for one in _ways(environment)]


def chain(asked: Asked[Declared], first: HttpRequest) -> Redirects:
    """Follow the recorded redirects. Raises EvidenceMissing when the first request has no answer."""
    request: HttpRequest | None = first
    hops: list[Exchange] = []
    unfollowed, failed_url = "", ""
    failure: Failure | None = None
    while request is not None:
        evidence = asked.evidence(request)
        if evidence.failure is not None:
            if not hops:
                raise EvidenceMissing(evidence.failure.kind, evidence.failure.message)
            failure, failed_url = evidence.failure, request.url
            unfollowed = f"{request.url[:200]}: {failure.message}"
            break
        exchange = evidence.seen(Exchange)
        hops.append(exchange)
        onward = next_hop(request, exchange)
        if onward is None and exchange.location is not None:
            unfollowed = exchange.location[:300]
        request = onward
    return Redirects(tuple(hops), unfollowed, asked.environment.site, failure, failed_url)


def _way(asked: Asked[HttpRequest]) -> Redirects:
    """A plain-http door that is shut has no hops: there is nothing to be hijacked."""
    door, failure = asked.declared, asked.evidence().failure
    if failure is not None and failure.kind is FailureKind.CONNECT and door.url.startswith("http:"):
        return _shut(asked, failure)
    return chain(asked, door)


def _shut(asked: Asked[HttpRequest], failure: Failure) -> Redirects:
    url = asked.declared.url
    return Redirects((), f"{url[:200]}: {failure.message}", asked.environment.site, failure, url)


def _plain_way(asked: Asked[HttpRequest]) -> Redirects:
    """As `_way`; but what is behind a certificate that is not accepted is unknown."""
    redirects = _way(asked)
    if redirects.failure is not None and redirects.failure.kind is FailureKind.TLS:
        raise EvidenceMissing(redirects.failure.kind, redirects.failure.message)
    return redirects


def _entrance(asked: Asked[HttpRequest]) -> Redirects:
    """As `_way`; a certificate that is not accepted at the first door is an answer too, without hops.

    Raises EvidenceMissing where that host's certificate has the checks of TLS: they tell it.
    """
    _site_is_trusted(asked)
    failure = asked.evidence().failure
    shut = failure is not None and failure.kind is FailureKind.TLS
    found = _shut(asked, failure) if failure is not None and shut else _way(asked)
    if found.failure is not None and found.failure.kind is FailureKind.TLS and _has_tls_checks(asked, found):
        raise EvidenceMissing(found.failure.kind, found.failure.message)
    return found


def _site_is_trusted(asked: Asked[Declared]) -> None:
    """Raise EvidenceMissing where the site's own certificate is not accepted: that has checks of its own."""
    failure = asked.evidence(page_request(asked.environment, "/")).failure
    if failure is not None and failure.kind is FailureKind.TLS:
        raise EvidenceMissing(failure.kind, failure.message)


def _has_tls_checks(asked: Asked[Declared], way: Redirects) -> bool:
    """The address that the way failed at is an alias of the site, and TLS is judged."""
    aliases = {urlsplit(alias).netloc.lower() for alias in asked.environment.site.aliases}
    return asked.environment.tls is not None and urlsplit(way.failed_url).netloc.lower() in aliases


def _open_redirects(environment: Environment) -> list[Subject[None]]:
    if environment.security is None:
        return []
    target = quote(f"https://{ELSEWHERE}/", safe="")
    paths = (f"//{ELSEWHERE}/", f"/%5C{ELSEWHERE}/", *environment.security.redirect_paths)
    return [
        Subject(path, (HttpRequest(f"{environment.site.url}{path.replace('{target}', target)}"),), None)
        for path in dict.fromkeys(paths)
    ]


def _open_redirect(asked: Asked[None]) -> OpenRedirect:
    return OpenRedirect(asked.id, asked.facts(Exchange), asked.environment.declared_hosts)


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


class Doors(NamedTuple):
    """What the preload list looks at: a domain, over plain http and https, and its www."""

    preload: models.Preload
    plain: HttpRequest
    secure: HttpRequest
    www: HttpRequest


def _preload(environment: Environment) -> list[Subject[Doors]]:
    declared = environment.security.preload if environment.security else None
    if declared is None:
        return []
    domain = urlsplit(declared.url)
    www = domain._replace(netloc=f"www.{domain.netloc}").geturl()
    doors = [HttpRequest(f"{url}/", follow=MAX_HOPS) for url in (declared.plain, declared.url, www)]
    return [Subject(domain.hostname or "", (*doors, page_request(environment, "/")), Doors(declared, *doors))]


def _preloading(asked: Asked[Doors]) -> Preloading:
    _site_is_trusted(asked)
    preload, *doors = asked.declared
    return Preloading(asked.id, preload.url, *(_opened(asked, door) for door in doors))


def _opened(asked: Asked[Doors], door: HttpRequest) -> Redirects | Failure:
    failure = asked.evidence(door).failure
    if failure is None:
        return chain(asked, door)
    if failure.kind in {FailureKind.DNS, FailureKind.CONNECT, FailureKind.TLS, FailureKind.PROTOCOL}:
        return failure
    raise EvidenceMissing(failure.kind, failure.message)


WAYS = (
    Fixture("plain_way", "[security]", "Plain-http requests and where they are redirected to.", _plain, _plain_way),
    Fixture("way", "[security]", "Every way that leads to the site, with its redirects.", _ways, _way),
    Fixture(
        "entrance",
        "[security]",
        "The same ways; a door whose certificate is not accepted is seen.",
        _entrances,
        _entrance,
    ),
    Fixture("open_redirect", "[security]", "An attempt to be redirected elsewhere.", _open_redirects, _open_redirect),
    Fixture("preload", "[security.preload]", "What the HSTS preload list's rules look at.", _preload, _preloading),
)
