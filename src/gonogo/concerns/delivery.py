"""What delivery judges: caching and compression of what browsers download."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from gonogo.concerns.fixture import Asked, Fixture, Subject, page_request
from gonogo.concerns.security.pages import document, pages
from gonogo.environment import models
from gonogo.environment.models import Environment
from gonogo.probes.http.facts import Exchange


@dataclass(frozen=True, slots=True)
class Delivered:
    """An asset or a text resource, as it was delivered."""

    path: str
    exchange: Exchange
    declared: models.Delivery


def _files(
    which: Callable[[models.Delivery], tuple[str, ...]],
) -> Callable[[Environment], list[Subject[models.Delivery]]]:
    def subjects(environment: Environment) -> list[Subject[models.Delivery]]:
        delivery = environment.delivery
        if delivery is None:
            return []
        return [Subject(path, (page_request(environment, path),), delivery) for path in which(delivery)]

    return subjects


def _delivered(asked: Asked[models.Delivery]) -> Delivered:
    return Delivered(asked.id, asked.facts(Exchange), asked.declared)


def _pages(environment: Environment) -> list[Subject[models.Page]]:
    return pages(environment) if environment.delivery else []


DELIVERY = (
    Fixture("html", "[delivery]", "A declared page, as it was delivered.", _pages, document),
    Fixture("asset", "[delivery] assets", "A hashed asset.", _files(lambda d: d.assets), _delivered),
    Fixture("text", "[delivery] text", "A text resource.", _files(lambda d: d.text), _delivered),
)
