"""Evidence as pytest fixtures: what a check's parameter stands for, and the tests that come of it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import pytest

from gonogo.check import Card, card_of
from gonogo.concerns import FIXTURES
from gonogo.concerns.fixture import Asked, Fixture, Subject
from gonogo.evidence.records import STAGES, Request
from gonogo.plugin.begin import State
from gonogo.result import Finding, Outcome
from gonogo.run import catalogue

STATE = pytest.StashKey[State]()


@dataclass(slots=True)
class Judged:
    """What a test judges, and what came of it so far."""

    card: Card
    fixture: Fixture[Any, Any]
    subject: Subject[Any]
    excluded: str = ""
    asked: Asked[Any] | None = None
    outcome: Outcome | None = None
    findings: tuple[Finding, ...] = ()
    reason: str = ""
    seconds: float = 0.0


JUDGED = pytest.StashKey[Judged]()


def _pytest_fixture(fixture: Fixture[Any, Any]) -> object:
    def evidence(request: pytest.FixtureRequest) -> object:
        state, judged = request.config.stash[STATE], request.node.stash[JUDGED]
        judged.asked = asked = Asked(state.target.environment, judged.subject, state)
        return fixture.build(asked)

    evidence.__doc__ = f"{fixture.doc} Needs {fixture.section} in the environment file."
    return pytest.fixture(name=fixture.name)(evidence)


def evidence_fixtures() -> dict[str, object]:
    """A pytest fixture for each of ours, by a name that clashes with nothing."""
    return {f"evidence_{one.name}": _pytest_fixture(one) for one in FIXTURES.values()}


def generate_tests(metafunc: pytest.Metafunc) -> None:
    """One test for each subject that the environment declares."""
    card = card_of(metafunc.function)
    if card is None:
        return
    state = metafunc.config.stash.get(STATE, None)
    if state is None:
        return
    entry = catalogue.Entry(card, catalogue.fixture_of(metafunc.function), metafunc.function, "")
    if why := entry.excluded(state.scope):
        absent = Subject(catalogue.NOT_CONFIGURED, (), why)
        marks = pytest.mark.skip(reason=why)
        metafunc.parametrize(
            entry.fixture.name, [pytest.param(absent, marks=marks)], ids=[catalogue.NOT_CONFIGURED], indirect=True
        )
        return
    subjects = entry.subjects(state.scope)
    metafunc.parametrize(entry.fixture.name, subjects, ids=[subject.id for subject in subjects], indirect=True)


def stage(subject: Subject[Any]) -> int:
    """When a subject's evidence is complete; tests run in that order, so that none waits while another could judge."""
    return max(
        (index for request in subject.requests for index, lanes in enumerate(STAGES) if request.lane in lanes),
        default=0,
    )


def judgement(item: pytest.Item) -> Judged | None:
    function = getattr(item, "function", None)
    card = card_of(function)
    callspec = getattr(item, "callspec", None)
    if card is None or function is None or callspec is None:
        return None
    fixture = catalogue.fixture_of(function)
    subject = callspec.params[fixture.name]
    return Judged(
        card, fixture, subject, excluded=str(subject.declared) if subject.id == catalogue.NOT_CONFIGURED else ""
    )


def requests_of_tests(ids: Iterable[str], scope: catalogue.Scope, profile: str) -> list[Request]:
    """What tests need that are known by their pytest ids alone; of an id that names no subject, what all of them need."""
    entries = {(entry.file, entry.function.__name__): entry for entry in catalogue.selected(profile).values()}
    found: list[Request] = []
    for one in ids:
        path, _, test = one.partition("::")
        function, _, subject = test.partition("[")
        where = "/".join(path.replace("\\", "/").split("/")[-3:])
        entry = entries.get((where, function))
        if entry is None or entry.excluded(scope):
            continue
        subjects = entry.subjects(scope)
        # pytest writes what is not ASCII, and what cannot be printed, as escapes.
        named = [each for each in subjects if each.id.encode("unicode_escape").decode() == subject.removesuffix("]")]
        found += [request for each in named or subjects for request in each.requests]
    return found
