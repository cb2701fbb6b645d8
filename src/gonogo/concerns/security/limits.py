"""What the environment opts in to: rate limits, private answers, security.txt, log-out."""

from __future__ import annotations

from dataclasses import dataclass

from gonogo.concerns.fixture import MAX_HOPS, Asked, Fixture, Subject, api_request, page_request
from gonogo.concerns.security.exposure import provoked
from gonogo.concerns.security.ways import chain
from gonogo.environment import models
from gonogo.environment.model import Tier
from gonogo.environment.models import Environment
from gonogo.errors import EvidenceMissing
from gonogo.probes.http.facts import Burst, Exchange
from gonogo.probes.http.request import BurstRequest, HttpRequest


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


def _rate_limit(environment: Environment) -> list[Subject[models.RateLimit]]:
    declared = environment.security.rate_limit if environment.security else None
    if declared is None:
        return []
    url = f"{environment.api_origin if declared.path.startswith('/api') else environment.site.url}{declared.path}"
    return [Subject(declared.path, (BurstRequest(url, count=declared.requests + 2, role=declared.role),), declared)]


def _rate_limited(asked: Asked[models.RateLimit]) -> RateLimited:
    return RateLimited(asked.declared, asked.facts(Burst))


def _private(environment: Environment) -> list[Subject[None]]:
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
                found.append(Subject(f"{endpoint.name} as {role}", (request,), None))
    found += [Subject(path, (page_request(environment, path),), None) for path in environment.security.private_paths]
    return found


def _private_answer(asked: Asked[None]) -> PrivateAnswer:
    exchange = asked.facts(Exchange)
    if not 200 <= exchange.status < 300:
        raise EvidenceMissing("invalid", f"{asked.id}: status {exchange.status}; the private answer was not seen")
    role = asked.environment.roles.get(exchange.role)
    return PrivateAnswer(asked.id, exchange, role is not None and role.header.lower() == "authorization")


def _security_txt(environment: Environment) -> list[Subject[HttpRequest]]:
    declared = environment.security
    if declared is None:
        return []
    by_default = environment.tier is Tier.PRODUCTION
    if not (by_default if declared.security_txt is None else declared.security_txt):
        return []
    path = "/.well-known/security.txt"
    request = HttpRequest(f"{environment.site.url}{path}", follow=MAX_HOPS)
    return [Subject(path, (request,), request)]


def _contact(asked: Asked[HttpRequest]) -> SecurityTxt:
    request = asked.declared
    found = chain(asked, request)
    if found.unfollowed:
        raise EvidenceMissing("invalid", f"{request.url}: a redirect was not followed: {found.unfollowed}")
    return SecurityTxt(request.url, found.hops, asked.evidence().ended)


def _logout(environment: Environment) -> list[Subject[None]]:
    declared = environment.security.logout if environment.security else None
    if declared is None:
        return []
    request = HttpRequest(f"{environment.site.url}{declared.path}", declared.method, role=declared.role)
    return [Subject(declared.path, (request,), None)]


LIMITS = (
    Fixture(
        "rate_limit",
        "[security.rate_limit]",
        "Requests one after another until one is refused.",
        _rate_limit,
        _rate_limited,
    ),
    Fixture(
        "private_answer",
        "[security] and [api] roles",
        "An answer that belongs to one user.",
        _private,
        _private_answer,
    ),
    Fixture("security_txt", "[security] security_txt", "The security.txt file.", _security_txt, _contact),
    Fixture("logout", "[security.logout]", "The answer to a log-out.", _logout, provoked),
)
