"""The outside surface of a site, as the security rules need it: captured once, judged by many checks.

Pages twice (a nonce must differ, another node must agree), a page that is not there, the API, an asset, the ways that
lead to the site, answers to foreign origins, what should not be published, and what the environment opts in to.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import lru_cache

from gonogo.concerns.fixture import MAX_HOPS, Asked, Fixture, Subject, api_request, page_request
from gonogo.environment import models
from gonogo.environment.models import Environment
from gonogo.errors import EvidenceMissing
from gonogo.evidence.records import Lane
from gonogo.formats import csp, csp_review, html
from gonogo.probes.http.facts import Exchange
from gonogo.probes.http.request import HttpRequest


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


def security(environment: Environment) -> models.Security:
    return environment.security or models.Security()


def pages(environment: Environment) -> list[Subject[models.Page]]:
    return [Subject(page.path, (page_request(environment, page.path),), page) for page in environment.site.pages]


def document(asked: Asked[models.Page]) -> Document:
    page, environment = asked.declared, asked.environment
    exchange = asked.facts(Exchange)
    if exchange.location is not None:
        raise EvidenceMissing(
            "invalid", f"{page.path} redirects to {exchange.location[:100]}; declare the page that it leads to"
        )
    trusted = frozenset(party.host.lower() for party in environment.third_parties)
    return Document(page, exchange, security(environment), trusted)


def _secured(environment: Environment) -> list[Subject[models.Page]]:
    return pages(environment) if environment.security else []


def _twice(environment: Environment) -> list[Subject[models.Page]]:
    return [
        Subject(one.id, (*one.requests, HttpRequest(f"{environment.site.url}{one.id}", lane=Lane.FINAL)), one.declared)
        for one in _secured(environment)
    ]


def _again(asked: Asked[models.Page]) -> Again:
    return Again(asked.declared, *(asked.facts(Exchange, request) for request in asked.requests))


def missing_path(environment: Environment) -> str:
    """A path that no site has; the same in every run of an environment, so that a replay finds it."""
    return f"/gonogo-{hashlib.sha256(environment.name.encode()).hexdigest()[:12]}-missing"


def _responses(environment: Environment) -> list[Subject[str]]:
    """One subject for each kind of answer; `declared` is its kind."""
    if environment.security is None:
        return []
    found = [Subject(one.id, one.requests, "page") for one in pages(environment)]
    found.append(Subject("a missing page", (page_request(environment, missing_path(environment)),), "missing"))
    api = environment.api
    if api and (endpoint := next((one for one in api.endpoints if one.method == "GET"), None)):
        role = next(iter(endpoint.status))
        request = api_request(environment, endpoint.path, role=role)
        found.append(Subject(f"{endpoint.name} as {role}", (request,), "api"))
    if environment.delivery and environment.delivery.assets:
        asset = environment.delivery.assets[0]
        found.append(Subject(asset, (page_request(environment, asset),), "asset"))
    found += [
        Subject(alias, (HttpRequest(f"{alias}/", follow=MAX_HOPS),), "redirect")
        for alias in environment.site.aliases
        if alias.startswith("https:")
    ]
    return found


def _response(asked: Asked[str]) -> Response:
    environment = asked.environment
    return Response(asked.id, asked.declared, asked.facts(Exchange), security(environment), environment.site.host)


def _surface(environment: Environment) -> list[Subject[tuple[Subject[str], ...]]]:
    parts = tuple(_responses(environment))
    requests = tuple(request for part in parts for request in part.requests)
    return [Subject(environment.site.host, requests, parts)] if parts else []


def _side_by_side(asked: Asked[tuple[Subject[str], ...]]) -> Surface:
    return Surface(asked.environment.site.host, tuple(_response(asked.of(part)) for part in asked.declared))


PAGES = (
    Fixture("document", "[security]", "A declared page with its headers and body.", _secured, document),
    Fixture("page_again", "[security]", "A declared page at the start and at the end.", _twice, _again),
    Fixture(
        "response",
        "[security]",
        "An answer of each kind: page, missing page, API, asset, redirect.",
        _responses,
        _response,
    ),
    Fixture("surface", "[security]", "All kinds of answers side by side.", _surface, _side_by_side),
)
