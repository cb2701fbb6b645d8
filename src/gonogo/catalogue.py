"""The catalogue: every check with its card, found by looking at `checks/`, and what a run of an environment must report."""

from __future__ import annotations

import importlib
import inspect
import sys
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from gonogo.check import Card, Safety, card_of
from gonogo.environment.models import Environment, Tier
from gonogo.errors import GonogoError
from gonogo.evidence.records import Request
from gonogo.nouns import NOUNS, Noun, Subject

if TYPE_CHECKING:
    from gonogo.gate.model import Expected

NOT_CONFIGURED = "not configured"
"""Subject of a check whose section the environment does not have."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One check: its card, the noun it judges and where it stands."""

    card: Card
    noun: Noun
    function: Callable[..., None]
    file: str

    def subjects(self, environment: Environment) -> tuple[Subject, ...]:
        return _subjects(self.noun, environment)

    def excluded(self, environment: Environment) -> str:
        """Why this check does not apply to an environment at all; empty when it does."""
        if self.card.safety is Safety.STAGING_ONLY and environment.tier is Tier.PRODUCTION:
            return "not applicable: this check runs on staging only"
        if not self.subjects(environment):
            return f"not applicable: {self.noun.section} is absent from environment {environment.name!r}"
        return ""


_declared: dict[tuple[str, int], tuple[Environment, tuple[Subject, ...]]] = {}


def _subjects(noun: Noun, environment: Environment) -> tuple[Subject, ...]:
    """The noun's subjects, made once: many checks ask for the same noun, and an environment never changes."""
    key = (noun.name, id(environment))
    known = _declared.get(key)
    if known is None or known[0] is not environment:
        known = (environment, tuple(noun.subjects(environment)))
        _declared[key] = known
    return known[1]


def folder() -> Path:
    """Where the checks are: inside the installed package, or at the top of a clone."""
    inside = Path(__file__).parent / "checks"
    return inside if inside.is_dir() else Path(__file__).parents[2] / "checks"


def package() -> str:
    """The checks' package name: `gonogo.checks` when installed, `checks` in a clone."""
    return "gonogo.checks" if (Path(__file__).parent / "checks").is_dir() else "checks"


@cache
def noun_of(function: Callable[..., None]) -> Noun:
    """The one noun that a check judges. Raises GonogoError when it asks for none or several."""
    named = [name for name in inspect.signature(function).parameters if name in NOUNS]
    if len(named) != 1:
        message = f"{function.__module__}.{function.__name__} asks for {len(named)} nouns ({', '.join(named) or 'none'}), wanted one of {', '.join(NOUNS)}"
        raise GonogoError(message)
    return NOUNS[named[0]]


@cache
def catalogue() -> dict[str, Entry]:
    """Every check by id, in the order of folders, files and functions.

    Raises GonogoError when two checks have one id, or a check asks for no noun.
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
            entries[card.id] = Entry(card, noun_of(function), function, f"checks/{file.parent.name}/{file.name}")
    return entries


def selected(profile: str) -> dict[str, Entry]:
    """The checks of a profile."""
    return {name: entry for name, entry in catalogue().items() if profile in entry.card.profiles}


def expected(environment: Environment, profile: str) -> tuple[Expected, ...]:
    """What a complete run must report: one line for each check and subject that the environment declares."""
    from gonogo.gate.model import Expected  # a run that only collects needs no gate

    return tuple(
        Expected(entry.card.id, subject.id, entry.card.severity)
        for entry in selected(profile).values()
        if not entry.excluded(environment)
        for subject in entry.subjects(environment)
    )


def not_applicable(environment: Environment, profile: str) -> tuple[tuple[str, str, str], ...]:
    """(check, subject, reason) of the profile's checks that the environment does not declare."""
    return tuple(
        (entry.card.id, NOT_CONFIGURED, why)
        for entry in selected(profile).values()
        if (why := entry.excluded(environment))
    )


def requests(environment: Environment, profile: str) -> list[Request]:
    """Every request that the checks of a profile need, in catalogue order; not yet merged."""
    return [
        request
        for entry in selected(profile).values()
        if not entry.excluded(environment)
        for subject in entry.subjects(environment)
        for request in subject.requests
    ]
