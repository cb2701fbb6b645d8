"""What availability judges: pages, health, the deployed release, metrics."""

from __future__ import annotations

from dataclasses import dataclass

from gonogo.concerns.fixture import Asked, Fixture, Subject, answer, page_request
from gonogo.concerns.security.pages import pages
from gonogo.environment import models
from gonogo.environment.models import Environment
from gonogo.evidence.records import Failure, Lane
from gonogo.formats import json_pointer, json_text
from gonogo.probes.http.facts import Exchange
from gonogo.probes.http.request import HttpRequest


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer, or why there was none; for checks that judge whether the target answers at all."""

    subject: str
    exchange: Exchange | None
    failure: Failure | None
    max_s: float = 0.0
    contains: str = ""
    components: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ReleaseReading:
    """The deployed release id, read at the start and at the end of the run; an empty text where it was not found."""

    expected: str
    before: str
    after: str
    where: str


@dataclass(frozen=True, slots=True)
class MetricsPage:
    exchange: Exchange
    declared: models.Metrics


def _page_answer(asked: Asked[models.Page]) -> Answer:
    page = asked.declared
    return Answer(asked.id, *answer(asked.evidence()), max_s=page.max_s, contains=page.contains)


def _health(environment: Environment) -> list[Subject[models.Health]]:
    health = environment.health
    return [Subject(health.path, (page_request(environment, health.path),), health)] if health else []


def _deep_health(environment: Environment) -> list[Subject[models.Health]]:
    health = environment.health
    if health is None or health.deep_path is None:
        return []
    return [Subject(health.deep_path, (page_request(environment, health.deep_path),), health)]


def _health_answer(asked: Asked[models.Health]) -> Answer:
    health = asked.declared
    return Answer(asked.id, *answer(asked.evidence()), max_s=health.max_s, components=health.components)


def _release(environment: Environment) -> list[Subject[models.Release]]:
    release = environment.release
    if release is None:
        return []
    before = page_request(environment, release.path)
    return [Subject(release.path, (before, HttpRequest(before.url, lane=Lane.FINAL)), release)]


def _expected_release(environment: Environment) -> list[Subject[models.Release]]:
    return [Subject(one.id, one.requests[:1], one.declared) for one in _release(environment)]


def release_id(exchange: Exchange, pointer: str) -> str:
    """The release id in an answer: by pointer from JSON, else the whole body; empty when it is not there."""
    if exchange.status != 200:
        return ""
    try:
        found = json_pointer.resolve(json_text.parse(exchange.body), pointer)
    except json_text.NotJson:
        found = exchange.body.strip() if not pointer or pointer == "/" else ""
    except LookupError:
        found = ""
    return str(found)[:200] if isinstance(found, str | int | float) else ""


def _reading(asked: Asked[models.Release]) -> ReleaseReading:
    release = asked.declared
    before = asked.facts(Exchange)
    after = asked.facts(Exchange, asked.requests[-1])
    return ReleaseReading(
        release.expected,
        release_id(before, release.pointer),
        release_id(after, release.pointer),
        f"{release.path}{release.pointer}",
    )


def _metrics(environment: Environment) -> list[Subject[models.Metrics]]:
    metrics = environment.metrics
    if metrics is None:
        return []
    request = HttpRequest(f"{environment.site.url}{metrics.path}", role=metrics.role)
    return [Subject(metrics.path, (request,), metrics)]


def _metrics_page(asked: Asked[models.Metrics]) -> MetricsPage:
    return MetricsPage(asked.facts(Exchange), asked.declared)


AVAILABILITY = (
    Fixture("page_answer", "[site]", "A declared page's answer, or why there was none.", pages, _page_answer),
    Fixture("health", "[health]", "The shallow health answer.", _health, _health_answer),
    Fixture("deep_health", "[health] deep_path", "The deep health answer.", _deep_health, _health_answer),
    Fixture("release", "[release]", "The release id before and after the run.", _release, _reading),
    Fixture("deployed_release", "[release]", "The release id at the start of the run.", _expected_release, _reading),
    Fixture("metrics_page", "[metrics]", "The metrics page.", _metrics, _metrics_page),
)
