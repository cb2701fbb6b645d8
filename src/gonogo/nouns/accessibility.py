"""What accessibility checks ask for: pages in their states, the keyboard's way through them, known violations."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from gonogo.environment import models
from gonogo.environment.models import Environment
from gonogo.errors import EvidenceMissing
from gonogo.evidence.accessibility import Accessibility, AxeRun, KeyboardPath
from gonogo.evidence.facts import Visit
from gonogo.evidence.records import Step, VisitRequest
from gonogo.nouns.consent import OPT_IN
from gonogo.nouns.core import Noun, Sight, Subject, facts
from gonogo.wcag import Baseline

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


def _pages(environment: Environment) -> list[Subject]:
    return [
        Subject(path, (accessibility_visit(environment, path),), environment.accessibility)
        for path in accessible_paths(environment)
    ]


def _states(environment: Environment) -> list[Subject]:
    declared = environment.accessibility
    return [
        Subject(f"{state.page} {state.name}", (accessibility_visit(environment, state.page),), state)
        for state in (declared.states if declared else ())
    ]


def _main_action(environment: Environment) -> list[Subject]:
    declared = environment.accessibility
    if declared is None or not declared.main_action:
        return []
    page = declared.main_action_page
    return [Subject(page, (accessibility_visit(environment, page),), declared.main_action)]


def _reject(environment: Environment) -> list[Subject]:
    if environment.accessibility is None or environment.consent is None:
        return []
    page = environment.consent.page
    return [Subject(page, (accessibility_visit(environment, page),), REJECT)]


def _walks(environment: Environment) -> list[Subject]:
    named = [("main action", one) for one in _main_action(environment)]
    named += [(REJECT, one) for one in _reject(environment)]
    return [Subject(f"{one.id} {name}", one.requests, one.declared) for name, one in named]


def _known(environment: Environment) -> list[Subject]:
    declared = environment.accessibility
    visits = tuple(accessibility_visit(environment, path) for path in accessible_paths(environment))
    return [
        Subject(f"{one.fingerprint} {one.page}" if one.page else one.fingerprint, visits, one)
        for one in (declared.known if declared else ())
    ]


def _declared(environment: Environment) -> models.Accessibility:
    assert environment.accessibility is not None
    return environment.accessibility


def _seen(sight: Sight, request: VisitRequest) -> tuple[Visit, Accessibility, str]:
    """The visit, what it saw of accessibility, and the day of it, by which known violations expire."""
    visit = facts(sight, request, Visit)
    day = datetime.fromisoformat(sight.evidence(request).started).date().isoformat()
    return visit, visit.accessibility or Accessibility(), day


def _baseline(environment: Environment, day: str) -> Baseline:
    return Baseline(_declared(environment).known, day)


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


def _request(subject: Subject) -> VisitRequest:
    request = subject.requests[0]
    assert isinstance(request, VisitRequest)
    return request


def _build_page(environment: Environment, subject: Subject, sight: Sight) -> AccessiblePage:
    visit, seen, day = _seen(sight, _request(subject))
    runs = _plain_runs(environment, visit, seen)
    return AccessiblePage(subject.id, _declared(environment), seen, runs, _baseline(environment, day))


def state_labels(environment: Environment, path: str) -> tuple[str, ...]:
    """The states in which axe-core judges a page, in order."""
    return tuple(step.value for step in accessibility_visit(environment, path).steps if step.action == "axe")


def state_run(environment: Environment, visit: Visit, name: str) -> AxeRun:
    """The run in the state of this label. Raises EvidenceMissing when the state was not reached."""
    states = [one for one in _declared(environment).states if label(one) == name]
    steps = {f"{step.action} {step.value}" for state in states for step in _interaction(state)}
    if missed := [problem for problem in visit.problems if problem.partition(": ")[0] in steps]:
        raise EvidenceMissing("invalid", f"the state was not reached: {'; '.join(missed)}")
    return _run(visit, visit.accessibility or Accessibility(), name)


def _build_state(environment: Environment, subject: Subject, sight: Sight) -> AccessibleState:
    state = subject.declared
    assert isinstance(state, models.AccessibleState)
    visit, seen, day = _seen(sight, _request(subject))
    run = state_run(environment, visit, label(state))
    return AccessibleState(state, run, _plain_runs(environment, visit, seen), _baseline(environment, day))


def _build_walk(environment: Environment, subject: Subject, sight: Sight) -> FocusWalk:
    visit, seen, _ = _seen(sight, _request(subject))
    path = seen.path(str(subject.declared))
    if path is None:
        raise EvidenceMissing(
            "invalid", f"the way was not walked: {'; '.join(visit.problems) or 'the visit ended early'}"
        )
    return FocusWalk(subject.id, _declared(environment), path)


def _build_known(environment: Environment, subject: Subject, sight: Sight) -> KnownEntry:
    """All states of all pages: an entry is needless only where everything was seen."""
    assert isinstance(subject.declared, models.KnownViolation)
    pages = []
    for path, request in zip(accessible_paths(environment), subject.requests, strict=True):
        assert isinstance(request, VisitRequest)
        visit, seen, _ = _seen(sight, request)
        names = [step.value for step in request.steps if step.action == "axe"]
        pages.append((path, tuple(_run(visit, seen, name) for name in names)))
    return KnownEntry(subject.declared, tuple(pages))


ACCESSIBILITY: tuple[Noun, ...] = (
    Noun("accessible_page", "[accessibility]", "A page before and after its banner is closed.", _pages, _build_page),
    Noun("accessible_state", "[[accessibility.states]]", "A declared state of a page.", _states, _build_state),
    Noun(
        "main_action",
        "[accessibility] main_action",
        "The keyboard's way to the main action.",
        _main_action,
        _build_walk,
    ),
    Noun(
        "keyboard_reject",
        "[accessibility] and [consent]",
        "The keyboard's way to the banner's control to reject.",
        _reject,
        _build_walk,
    ),
    Noun("focus_walk", "[accessibility] main_action or [consent]", "Each way of the keyboard.", _walks, _build_walk),
    Noun("known_violation", "[[accessibility.known]]", "A violation that is known.", _known, _build_known),
)
