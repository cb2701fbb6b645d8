"""The catalogue: every check with its card, found by looking at `checks/`, and what a run of an environment must report."""

from __future__ import annotations

import importlib
import inspect
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import gonogo
from gonogo.check import Card, Safety, card_of
from gonogo.concerns import FIXTURES
from gonogo.concerns.fixture import Fixture, Subject
from gonogo.environment.model import Tier
from gonogo.environment.models import Environment
from gonogo.errors import GonogoError
from gonogo.evidence.records import Request

if TYPE_CHECKING:
    from gonogo.gate.model import Expected

NOT_CONFIGURED = "not configured"
"""Subject of a check whose section the environment does not have."""


class Scope:
    """An environment and the subjects that it declares, each fixture's made once: many checks ask for the same."""

    def __init__(self, environment: Environment) -> None:
        self.environment = environment
        self._subjects: dict[str, tuple[Subject[Any], ...]] = {}

    def of(self, fixture: Fixture[Any, Any]) -> tuple[Subject[Any], ...]:
        if fixture.name not in self._subjects:
            self._subjects[fixture.name] = tuple(fixture.subjects(self.environment))
        return self._subjects[fixture.name]


@dataclass(frozen=True, slots=True)
class Entry:
    """One check: its card, the fixture it judges and where it stands."""

    card: Card
    fixture: Fixture[Any, Any]
    function: Callable[..., None]
    file: str

    @property
    def needs(self) -> str:
        """What must be there for it to apply, as a user writes it."""
        return self.card.needs or self.fixture.section

    def subjects(self, scope: Scope) -> tuple[Subject[Any], ...]:
        """What it judges: its fixture's subjects, those alone for which its `where` is true."""
        found, where = scope.of(self.fixture), self.card.where
        return found if where is None else tuple(one for one in found if where(scope.environment, one.declared))

    def excluded(self, scope: Scope) -> str:
        """Why this check does not apply to an environment at all; empty when it does."""
        environment = scope.environment
        if self.card.safety is Safety.STAGING_ONLY and environment.tier is Tier.PRODUCTION:
            return "not applicable: this check runs on staging only"
        if not self.subjects(scope):
            return f"not applicable: {self.needs} is absent from environment {environment.name!r}"
        return ""


def folder() -> Path:
    """Where the checks are: inside the installed package, or at the top of a clone."""
    inside = Path(gonogo.__file__).parent / "checks"
    return inside if inside.is_dir() else Path(gonogo.__file__).parents[2] / "checks"


def package() -> str:
    """The checks' package name: `gonogo.checks` when installed, `checks` in a clone."""
    return "gonogo.checks" if (Path(gonogo.__file__).parent / "checks").is_dir() else "checks"


@cache
def fixture_of(function: Callable[..., None]) -> Fixture[Any, Any]:
    """The one fixture that a check judges. Raises GonogoError when it asks for none or several."""
    named = [name for name in inspect.signature(function).parameters if name in FIXTURES]
    if len(named) != 1:
        message = f"{function.__module__}.{function.__name__} asks for {len(named)} fixtures ({', '.join(named) or 'none'}), wanted one of {', '.join(FIXTURES)}"
        raise GonogoError(message)
    return FIXTURES[named[0]]


@cache
def catalogue() -> dict[str, Entry]:
    """Every check by id, in the order of folders, files and functions.

    Raises GonogoError when two checks have one id, or a check asks for no fixture.
    """
    root = folder()
    if package() == "checks" and str(root.parent) not in sys.path:
        sys.path.insert(0, str(root.parent))
    entries: dict[str, Entry] = {}
    for file in sorted(root.glob("*/test_*.py")):
        module = importlib.import_module(f"{package()}.{file.parent.name}.{file.stem}")
        for function in vars(module).values():
            card = card_of(function)
            if card is None or function.__module__ != module.__name__:
                continue
            if card.id in entries:
                raise GonogoError(f"two checks have the id {card.id}: {entries[card.id].file} and {file}")
            entries[card.id] = Entry(card, fixture_of(function), function, f"checks/{file.parent.name}/{file.name}")
    return entries


def selected(profile: str) -> dict[str, Entry]:
    """The checks of a profile."""
    return {name: entry for name, entry in catalogue().items() if profile in entry.card.profiles}


def expected(scope: Scope, profile: str) -> tuple[Expected, ...]:
    """What a complete run must report: one line for each check and subject that the environment declares."""
    from gonogo.gate.model import Expected  # a run that only collects needs no gate

    return tuple(
        Expected(entry.card.id, subject.id, entry.card.severity) for entry, subject in _applying(scope, profile)
    )


def not_applicable(scope: Scope, profile: str) -> tuple[tuple[str, str, str], ...]:
    """(check, subject, reason) of the profile's checks that the environment does not declare."""
    return tuple(
        (entry.card.id, NOT_CONFIGURED, why) for entry in selected(profile).values() if (why := entry.excluded(scope))
    )


def requests(scope: Scope, profile: str) -> list[Request]:
    """Every request that the checks of a profile need, in catalogue order; not yet merged."""
    return [request for _, subject in _applying(scope, profile) for request in subject.requests]


def _applying(scope: Scope, profile: str) -> Iterator[tuple[Entry, Subject[Any]]]:
    for entry in selected(profile).values():
        if not entry.excluded(scope):
            yield from ((entry, subject) for subject in entry.subjects(scope))
