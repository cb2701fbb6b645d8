"""What the site says to other origins (CORS)."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlsplit

from gonogo.concerns.fixture import Asked, Fixture, Subject
from gonogo.concerns.security.pages import security
from gonogo.environment import models
from gonogo.environment.models import Environment
from gonogo.formats.addresses import is_address
from gonogo.formats.public_suffix import registrable
from gonogo.probes.http.facts import Exchange
from gonogo.probes.http.request import HttpRequest


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


def _paths(environment: Environment) -> list[Subject[frozenset[str]]]:
    """`declared` are the methods that a path knows."""
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


def _answers(asked: Asked[frozenset[str]]) -> Cors:
    exchanges = [asked.facts(Exchange, request) for request in asked.requests]
    answers = tuple(
        CorsAnswer(kind, origin, simple, preflight)
        for (kind, origin), simple, preflight in zip(
            _origins(asked.environment), exchanges[::2], exchanges[1::2], strict=True
        )
    )
    return Cors(asked.id, answers, security(asked.environment), asked.declared)


CORS = (Fixture("cors", "[security]", "What a path says to foreign origins.", _paths, _answers),)
