"""What a plain visit to each page shows."""

from __future__ import annotations

from dataclasses import dataclass

from gonogo.concerns.fixture import Asked, Fixture, Subject, page_visit
from gonogo.environment import models
from gonogo.environment.models import Environment
from gonogo.errors import EvidenceMissing
from gonogo.probes.browser.facts import Visit


@dataclass(frozen=True, slots=True)
class PageVisit:
    page: models.Page
    visit: Visit
    third_parties: tuple[models.ThirdParty, ...]


def _visits(environment: Environment) -> list[Subject[models.Page]]:
    return [Subject(page.path, (page_visit(environment, page.path),), page) for page in environment.site.pages]


def _visit(asked: Asked[models.Page]) -> PageVisit:
    visit = asked.facts(Visit)
    if visit.problems:
        raise EvidenceMissing("invalid", f"the page was not seen whole: {'; '.join(visit.problems)}")
    return PageVisit(asked.declared, visit, asked.environment.third_parties)


BROWSER = (Fixture("visit", "[site]", "A declared page seen in a browser.", _visits, _visit),)
