"""What accessibility checks ask for: pages in their states, the keyboard's way through them, known violations."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from gonogo.concerns.accessibility.judgements import Baseline
from gonogo.concerns.consent.fixtures import OPT_IN
from gonogo.concerns.fixture import Asked, Declared, Fixture, Subject
from gonogo.environment import models
from gonogo.environment.models import Environment
from gonogo.errors import EvidenceMissing
from gonogo.probes.browser.accessibility import Accessibility, AxeRun, KeyboardPath
from gonogo.probes.browser.facts import Visit
from gonogo.probes.browser.request import Step, VisitRequest

LOADED = "as loaded"
CLOSED = "banner closed"
REDUCED = "reduced motion"
REJECT = "reject"
SETTLE_S = 0.5
MOTION_S = 1.0
"""After load; what moves to greet the visitor has ended by then, or the motion is not short."""


@dataclass(frozen=True, slots=True)
class AccessiblePage:
    """A page as loaded and, where a banner is declared, after it was closed."""

    path: str
    declared: models.Accessibility
    seen: Accessibility
    runs: tuple[AxeRun, ...]
    baseline: Baseline


@dataclass(frozen=True, slots=True)
class AccessibleState:
    """A declared state of a page, beside the states that need no interaction."""

    state: models.AccessibleState
    run: AxeRun
    others: tuple[AxeRun, ...]
    baseline: Baseline


@dataclass(frozen=True, slots=True)
class FocusWalk:
    """The keyboard's way through a page to something."""

    page: str
    declared: models.Accessibility
    path: KeyboardPath


@dataclass(frozen=True, slots=True)
class KnownEntry:
    """A violation that the environment knows of, and all that was seen."""

    entry: models.KnownViolation
    pages: tuple[tuple[str, tuple[AxeRun, ...]], ...]


def label(state: models.AccessibleState) -> str:
    return f"state: {state.name}"


def accessible_paths(environment: Environment) -> tuple[str, ...]:
    """The pages that are judged, those where a declared action or state stands included."""
    declared = environment.accessibility
    if declared is None:
        return ()
    paths = list(declared.pages or (page.path for page in environment.site.pages))
    if declared.main_action:
        paths.append(declared.main_action_page)
    if environment.consent:
        paths.append(environment.consent.page)
    return tuple(dict.fromkeys([*paths, *(state.page for state in declared.states)]))


def accessibility_visit(environment: Environment, path: str) -> VisitRequest:
    """One visit to a page, through all states that are judged there; each interaction begins with a fresh load."""
    declared = environment.accessibility or models.Accessibility()
    steps = [Step("goto", f"{environment.site.url}{path}"), Step("wait", f"{SETTLE_S:g}"), Step("snapshot", "loaded")]
    steps += [Step("axe", LOADED), Step("reflow", LOADED)]
    if environment.consent:
        if environment.consent.page == path:
            steps.append(Step("tab", REJECT))
        steps += [
            Step("dismiss", "shown" if _asks(environment, path) else ""),
            Step("axe", CLOSED),
            Step("reflow", CLOSED),
        ]
    if declared.main_action and declared.main_action_page == path:
        steps += [Step("reload"), Step("wait", f"{SETTLE_S:g}"), Step("tab", declared.main_action)]
    for state in declared.states:
        if state.page == path:
            steps += [Step("reload"), Step("wait", f"{SETTLE_S:g}"), *_interaction(state), Step("axe", label(state))]
    steps += [Step("reduce motion"), Step("reload"), Step("wait", f"{MOTION_S:g}"), Step("motion", REDUCED)]
    return VisitRequest(f"accessibility {path}", tuple(steps))


def _asks(environment: Environment, path: str) -> bool:
    """A first visitor of this page must be asked for consent."""
    declared = environment.consent
    return declared is not None and declared.page == path and bool(OPT_IN & set(declared.laws))


def _interaction(state: models.AccessibleState) -> list[Step]:
    steps = [Step("click", selector) for selector in state.clicks] + [Step("press", key) for key in state.keys]
    return [*steps, Step("shown", state.shows)] if state.shows else steps


class OfPage(NamedTuple):
    """The section, and one visit to a page of it."""

    accessibility: models.Accessibility
    visit: VisitRequest


class OfState(NamedTuple):
    state: models.AccessibleState
    visit: VisitRequest


class Way(NamedTuple):
    """What the keyboard looks for on a page: a selector, or the banner's control to reject."""

    accessibility: models.Accessibility
    visit: VisitRequest
    goal: str


def _pages(environment: Environment) -> list[Subject[OfPage]]:
    declared = environment.accessibility
    if declared is None:
        return []
    visits = [(path, accessibility_visit(environment, path)) for path in accessible_paths(environment)]
    return [Subject(path, (visit,), OfPage(declared, visit)) for path, visit in visits]


def _states(environment: Environment) -> list[Subject[OfState]]:
    declared = environment.accessibility
    visits = [(state, accessibility_visit(environment, state.page)) for state in (declared.states if declared else ())]
    return [Subject(f"{state.page} {state.name}", (visit,), OfState(state, visit)) for state, visit in visits]


def _main_action(environment: Environment) -> list[Subject[Way]]:
    declared = environment.accessibility
    if declared is None or not declared.main_action:
        return []
    page = declared.main_action_page
    visit = accessibility_visit(environment, page)
    return [Subject(page, (visit,), Way(declared, visit, declared.main_action))]


def _reject(environment: Environment) -> list[Subject[Way]]:
    declared = environment.accessibility
    if declared is None or environment.consent is None:
        return []
    page = environment.consent.page
    visit = accessibility_visit(environment, page)
    return [Subject(page, (visit,), Way(declared, visit, REJECT))]


def _walks(environment: Environment) -> list[Subject[Way]]:
    named = [("main action", one) for one in _main_action(environment)]
    named += [(REJECT, one) for one in _reject(environment)]
    return [Subject(f"{one.id} {name}", one.requests, one.declared) for name, one in named]


def _known(environment: Environment) -> list[Subject[models.KnownViolation]]:
    declared = environment.accessibility
    visits = tuple(accessibility_visit(environment, path) for path in accessible_paths(environment))
    return [
        Subject(f"{one.fingerprint} {one.page}" if one.page else one.fingerprint, visits, one)
        for one in (declared.known if declared else ())
    ]


def _known_violations(environment: Environment) -> tuple[models.KnownViolation, ...]:
    return environment.accessibility.known if environment.accessibility else ()


def _seen(asked: Asked[Declared], visit: VisitRequest) -> tuple[Visit, Accessibility]:
    """The visit, and what it saw of accessibility."""
    made = asked.facts(Visit, visit)
    return made, made.accessibility or Accessibility()


def _baseline(asked: Asked[Declared], visit: VisitRequest) -> Baseline:
    """The known violations, which expire by the day of the visit."""
    day = datetime.fromisoformat(asked.evidence(visit).started).date().isoformat()
    return Baseline(_known_violations(asked.environment), day)


def _run(visit: Visit, seen: Accessibility, name: str) -> AxeRun:
    """The run in one state. Raises EvidenceMissing when the state was not reached, or a frame could not be judged."""
    run = seen.run(name)
    blocked = [problem for problem in visit.problems if not problem.startswith("screenshot")]
    if run is None:
        raise EvidenceMissing("invalid", f"{name}: {'; '.join(blocked) or 'the visit ended early'}")
    if name == CLOSED and any(problem.startswith("consent") for problem in blocked):
        raise EvidenceMissing("invalid", f"{name}: {'; '.join(blocked)}")
    return run


def _plain_runs(environment: Environment, visit: Visit, seen: Accessibility) -> tuple[AxeRun, ...]:
    names = (LOADED, CLOSED) if environment.consent else (LOADED,)
    return tuple(_run(visit, seen, name) for name in names)


def _page(asked: Asked[OfPage]) -> AccessiblePage:
    visit, seen = _seen(asked, asked.declared.visit)
    runs = _plain_runs(asked.environment, visit, seen)
    return AccessiblePage(asked.id, asked.declared.accessibility, seen, runs, _baseline(asked, asked.declared.visit))


def state_labels(environment: Environment, path: str) -> tuple[str, ...]:
    """The states in which axe-core judges a page, in order."""
    return tuple(step.value for step in accessibility_visit(environment, path).steps if step.action == "axe")


def state_run(environment: Environment, visit: Visit, name: str) -> AxeRun:
    """The run in the state of this label. Raises EvidenceMissing when the state was not reached."""
    declared = environment.accessibility
    states = [one for one in (declared.states if declared else ()) if label(one) == name]
    steps = {f"{step.action} {step.value}" for state in states for step in _interaction(state)}
    if missed := [problem for problem in visit.problems if problem.partition(": ")[0] in steps]:
        raise EvidenceMissing("invalid", f"the state was not reached: {'; '.join(missed)}")
    return _run(visit, visit.accessibility or Accessibility(), name)


def _state(asked: Asked[OfState]) -> AccessibleState:
    state, request = asked.declared
    visit, seen = _seen(asked, request)
    run = state_run(asked.environment, visit, label(state))
    return AccessibleState(state, run, _plain_runs(asked.environment, visit, seen), _baseline(asked, request))


def _walk(asked: Asked[Way]) -> FocusWalk:
    declared, request, goal = asked.declared
    visit, seen = _seen(asked, request)
    path = seen.path(goal)
    if path is None:
        raise EvidenceMissing(
            "invalid", f"the way was not walked: {'; '.join(visit.problems) or 'the visit ended early'}"
        )
    return FocusWalk(asked.id, declared, path)


def _entry(asked: Asked[models.KnownViolation]) -> KnownEntry:
    """All states of all pages: an entry is needless only where everything was seen."""
    pages = []
    for path in accessible_paths(asked.environment):
        visit, seen = _seen(asked, accessibility_visit(asked.environment, path))
        pages.append((path, tuple(_run(visit, seen, name) for name in state_labels(asked.environment, path))))
    return KnownEntry(asked.declared, tuple(pages))


ACCESSIBILITY = (
    Fixture("accessible_page", "[accessibility]", "A page before and after its banner is closed.", _pages, _page),
    Fixture("accessible_state", "[[accessibility.states]]", "A declared state of a page.", _states, _state),
    Fixture(
        "main_action", "[accessibility] main_action", "The keyboard's way to the main action.", _main_action, _walk
    ),
    Fixture(
        "keyboard_reject",
        "[accessibility] and [consent]",
        "The keyboard's way to the banner's control to reject.",
        _reject,
        _walk,
    ),
    Fixture("focus_walk", "[accessibility] main_action or [consent]", "Each way of the keyboard.", _walks, _walk),
    Fixture("known_violation", "[[accessibility.known]]", "A violation that is known.", _known, _entry),
)
