"""What the API's checks judge: answers to each role, and the OpenAPI document that they must keep."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

from gonogo.concerns.fixture import Asked, Fixture, Subject, api_request
from gonogo.environment import models
from gonogo.environment.models import Environment
from gonogo.errors import EvidenceMissing
from gonogo.formats import json_text
from gonogo.probes.http.facts import Exchange


@dataclass(frozen=True, slots=True)
class EndpointAnswer:
    endpoint: models.Endpoint
    role: str
    exchange: Exchange


@dataclass(frozen=True, slots=True)
class ContractAnswer:
    """A successful answer of an endpoint, and the OpenAPI document it must keep."""

    endpoint: models.Endpoint
    role: str
    exchange: Exchange
    document: dict[str, Any]


class AsRole(NamedTuple):
    """An endpoint and the role that asks it."""

    endpoint: models.Endpoint
    role: str


def _endpoints(environment: Environment) -> list[Subject[AsRole]]:
    if environment.api is None:
        return []
    production = environment.tier is models.Tier.PRODUCTION
    return [
        Subject(
            f"{endpoint.name} as {role}",
            (api_request(environment, endpoint.path, method=endpoint.method, role=role),),
            AsRole(endpoint, role),
        )
        for endpoint in environment.api.endpoints
        if not (endpoint.destructive and production)
        for role in endpoint.status
    ]


def _answer(asked: Asked[AsRole]) -> EndpointAnswer:
    return EndpointAnswer(*asked.declared, asked.facts(Exchange))


def _succeeding(endpoint: models.Endpoint) -> str | None:
    """The first role that is to be answered with success."""
    return next((role for role, codes in endpoint.status.items() if any(200 <= code < 300 for code in codes)), None)


def _contract(environment: Environment) -> list[Subject[AsRole]]:
    api = environment.api
    if api is None or api.openapi is None:
        return []
    document = api_request(environment, api.openapi)
    production = environment.tier is models.Tier.PRODUCTION
    return [
        Subject(
            endpoint.name,
            (api_request(environment, endpoint.path, method=endpoint.method, role=role), document),
            AsRole(endpoint, role),
        )
        for endpoint in api.endpoints
        if (role := _succeeding(endpoint)) is not None and not (endpoint.destructive and production)
    ]


def openapi_document(exchange: Exchange) -> dict[str, Any]:
    """The OpenAPI document in an answer. Raises EvidenceMissing("invalid") when there is none to hold answers to."""
    try:
        document = json_text.parse(exchange.body)
    except json_text.NotJson:
        document = None
    if exchange.status != 200 or not isinstance(document, dict):
        raise EvidenceMissing("invalid", f"{exchange.url}: no OpenAPI document (status {exchange.status})")
    return document


def _contract_answer(asked: Asked[AsRole]) -> ContractAnswer:
    answer = asked.facts(Exchange)
    return ContractAnswer(*asked.declared, answer, openapi_document(asked.facts(Exchange, asked.requests[1])))


def _openapi(environment: Environment) -> list[Subject[None]]:
    api = environment.api
    return [Subject(api.openapi, (api_request(environment, api.openapi),), None)] if api and api.openapi else []


def _exchange(asked: Asked[None]) -> Exchange:
    return asked.facts(Exchange)


API = (
    Fixture("endpoint", "[api]", "An API endpoint's answer to one role.", _endpoints, _answer),
    Fixture(
        "contract",
        "[api] openapi",
        "A successful API answer and its OpenAPI document.",
        _contract,
        _contract_answer,
    ),
    Fixture("openapi", "[api] openapi", "The OpenAPI document's answer.", _openapi, _exchange),
)
