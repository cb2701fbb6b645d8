"""What should not be published, and what a stumbling server gives away."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import quote

from gonogo.concerns.fixture import Asked, Fixture, Subject, api_request, page_request
from gonogo.concerns.security.pages import missing_path
from gonogo.environment.model import Tier
from gonogo.environment.models import Environment
from gonogo.formats.leaks import LEAKS, Leak
from gonogo.probes.http.facts import Exchange
from gonogo.probes.http.request import HttpRequest

SCRIPTS = (".js", ".mjs")


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


def _leaks(environment: Environment) -> list[Subject[Leak]]:
    if environment.exposure is None:
        return []
    missing = page_request(environment, missing_path(environment))
    ignored = set(environment.exposure.published)
    return [
        Subject(leak.path, (page_request(environment, leak.path), missing), leak)
        for leak in LEAKS
        if leak.path not in ignored
    ]


def _pried(asked: Asked[Leak]) -> Pried:
    return Pried(asked.declared, *(asked.facts(Exchange, request) for request in asked.requests))


def _scripts(environment: Environment) -> list[Subject[None]]:
    if environment.exposure is None or environment.delivery is None or environment.exposure.source_maps:
        return []
    declared = dict.fromkeys((*environment.delivery.assets, *environment.delivery.text))
    return [
        Subject(
            path, (page_request(environment, path), page_request(environment, f"{path.partition('?')[0]}.map")), None
        )
        for path in declared
        if path.partition("?")[0].endswith(SCRIPTS)
    ]


def _script_map(asked: Asked[None]) -> ScriptMap:
    return ScriptMap(asked.id, *(asked.facts(Exchange, request) for request in asked.requests))


def _texts(environment: Environment) -> list[Subject[None]]:
    """Every text that is fetched without credentials anyway."""
    if environment.security is None and environment.exposure is None:
        return []
    paths = [page.path for page in environment.site.pages]
    paths += [*environment.delivery.assets, *environment.delivery.text] if environment.delivery else []
    paths += [environment.health.path] if environment.health else []
    paths += [environment.release.path] if environment.release else []
    found = [Subject(path, (page_request(environment, path),), None) for path in dict.fromkeys(paths)]
    api = environment.api
    if api and api.openapi:
        found.append(Subject(api.openapi, (api_request(environment, api.openapi),), None))
    return list({one.id: one for one in found}.values())


def _published(asked: Asked[None]) -> Published:
    return Published(asked.id, asked.facts(Exchange))


def _stumbling(environment: Environment) -> list[Subject[None]]:
    if environment.security is None and environment.exposure is None:
        return []
    found = [Subject("a missing page", (page_request(environment, missing_path(environment)),), None)]
    if environment.exposure is None:
        return found
    found.append(Subject("a path that is not UTF-8", (page_request(environment, "/%C0%AF%FF"),), None))
    api = environment.api
    if api:
        found.append(
            Subject("a missing API path", (api_request(environment, f"/api{missing_path(environment)}"),), None)
        )
        if endpoint := next((one for one in api.endpoints if one.method == "GET"), None):
            mark = "&" if "?" in endpoint.path else "?"
            path = f"{endpoint.path}{mark}{quote('gonogo[]')}={quote(chr(39))}"
            found.append(Subject(f"{endpoint.name} with an odd query", (api_request(environment, path),), None))
    found += [Subject(path, (page_request(environment, path),), None) for path in environment.exposure.error_paths]
    return found


def provoked(asked: Asked[None]) -> Provoked:
    return Provoked(asked.id, asked.facts(Exchange))


def _trace(environment: Environment) -> list[Subject[None]]:
    allowed = environment.tier is not Tier.PRODUCTION or "TRACE" in environment.limits.allow_methods
    if environment.exposure is None or not allowed:
        return []
    request = HttpRequest(f"{environment.site.url}/", "TRACE", headers=(("X-Gonogo", "echo"),))
    return [Subject("TRACE /", (request,), None)]


EXPOSURE = (
    Fixture("pried", "[exposure]", "A path that must not be published.", _leaks, _pried),
    Fixture(
        "script",
        "[exposure] without source_maps, and [delivery]",
        "A declared script and its source map.",
        _scripts,
        _script_map,
    ),
    Fixture("published", "[security] or [exposure]", "A text that anybody can read.", _texts, _published),
    Fixture(
        "provoked",
        "[security] or [exposure]",
        "An answer to a request that a server may stumble over.",
        _stumbling,
        provoked,
    ),
    Fixture("trace", "[exposure], with TRACE allowed", "The answer to TRACE.", _trace, provoked),
)
