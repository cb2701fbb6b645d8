"""Measured loads of a page: which visits they need, and how a check gets at their numbers."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from statistics import median
from typing import NamedTuple

from gonogo.concerns.fixture import Asked, Fixture, Subject, page_request
from gonogo.environment import models
from gonogo.environment.models import Environment
from gonogo.errors import EvidenceMissing
from gonogo.evidence.records import FailureKind, Lane
from gonogo.formats.budgets import matches
from gonogo.formats.field_data import percentiles
from gonogo.formats.vitals import Series
from gonogo.probes.browser.facts import BrowserRequest, Load, Visit
from gonogo.probes.browser.request import Spare, Step, VisitRequest
from gonogo.probes.http.facts import Exchange

FIRST, STORED = "first", "stored"
DISTURBED = 1.5
"""The fastest run's machine index over the slowest's; beyond it, a finding says that the machine's speed changed."""

TIMINGS = ("lcp_ms", "fcp_ms", "tbt_ms", "ttfb_ms", "cls", "inp_ms")
JUDGED = (*TIMINGS, "bytes", "uncompressed", "requests", "third_party")
NAMED_TYPES = frozenset({"document", "script", "stylesheet", "image", "font", "media"})


class Measured(NamedTuple):
    """What the environment declares of one subject."""

    vitals: models.Vitals
    """With the budgets of this page."""
    state: str
    visits: tuple[VisitRequest, ...]

    @property
    def presses(self) -> bool:
        """Something is pressed on its page."""
        return any(step.action in {"interact", "keystroke"} for visit in self.visits for step in visit.steps)

    @property
    def throttled(self) -> bool:
        return any(visit.throttle for visit in self.visits)


@dataclass(frozen=True, slots=True)
class MeasuredLoad:
    """One measured load and what was sent for it."""

    load: Load
    requests: tuple[BrowserRequest, ...]
    host_index: float
    problems: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class VitalsRuns:
    """Repeated loads of a page, each in a fresh browser."""

    page: str
    declared: models.Vitals
    """With the budgets of this page."""
    runs: tuple[MeasuredLoad, ...]
    again: tuple[MeasuredLoad, ...] = ()
    """Further runs, made because the first left a budget in doubt."""

    def series(self, metric: str) -> Series:
        """The metric (`lcp_ms` …) of each run, in order.

        Raises EvidenceMissing("invalid") when any run lacks it: a median of the runs that happened to report is a guess.
        """
        return Series(self._values(metric, self.runs), self._values(metric, self.again))

    def _values(self, metric: str, runs: tuple[MeasuredLoad, ...]) -> tuple[float, ...]:
        got = [getattr(run.load.vitals, metric) for run in runs]
        if any(value is None for value in got):
            problems = "; ".join(problem for run in runs for problem in run.problems) or "the browser never reported it"
            missing = sum(value is None for value in got)
            raise EvidenceMissing("invalid", f"{metric} is missing in {missing} of {len(got)} runs: {problems}")
        return tuple(float(value) for value in got if value is not None)

    def worst(self, metric: str, told: str) -> str:
        """What a run says (`lcp_element` …) whose metric is the highest."""
        run = max(self.runs, key=lambda one: getattr(one.load.vitals, metric) or 0.0)
        return str(getattr(run.load.vitals, told))

    @property
    def slowest_part(self) -> str:
        """The longest part of LCP, median over the runs: `its longest part is the load, 812 ms`."""
        names = dict.fromkeys(name for run in self.runs for name, _ in run.load.vitals.lcp_parts)
        lasted = {name: median([dict(run.load.vitals.lcp_parts).get(name, 0.0) for run in self.runs]) for name in names}
        longest = max(lasted, key=lambda name: lasted[name], default="")
        return f"its longest part is the {longest}, {lasted[longest]:.0f} ms" if longest else ""

    @property
    def disturbance(self) -> str:
        """Words on a machine whose speed changed while it measured, or empty."""
        found = [run.host_index for run in self.runs if run.host_index > 0]
        if not found or max(found) < DISTURBED * min(found):
            return ""
        span = f"{min(found):g} to {max(found):g}"
        return f"this machine was not equally fast: index {span}, higher is faster"

    def transferred(self, kind: str) -> tuple[int, ...]:
        """Bytes on the wire of one type (or `total`), run by run."""
        return tuple(sum(one.bytes for one in run.requests if of_type(one.type, kind)) for run in self.runs)

    def uncompressed(self, kind: str) -> tuple[int, ...]:
        """Bytes as the page gets them."""
        return tuple(
            sum(one.uncompressed for one in run.load.transfers if of_type(one.type, kind)) for run in self.runs
        )

    def counted(self, kind: str) -> tuple[int, ...]:
        return tuple(sum(of_type(one.type, kind) for one in run.requests) for run in self.runs)

    def foreign(self) -> tuple[tuple[BrowserRequest, ...], ...]:
        """Requests to other registrable domains, run by run."""
        return tuple(tuple(one for one in run.requests if one.third_party) for run in self.runs)

    def heaviest(self, kind: str) -> str:
        """The largest single answer of a type."""
        every = [one for run in self.runs for one in run.requests if of_type(one.type, kind)]
        largest = max(every, key=lambda one: one.bytes, default=None)
        return f"{largest.url} ({largest.bytes} bytes)" if largest and largest.bytes else ""


@dataclass(frozen=True, slots=True)
class FieldAnswer:
    """What real visitors' browsers reported: the 75th percentile by metric, None where the answer lacks it."""

    path: str
    declared: models.Vitals
    p75: dict[str, float | None]

    def value(self, metric: str) -> float:
        """Raises EvidenceMissing("invalid") where the answer has no such number."""
        found = self.p75.get(metric)
        if found is None:
            raise EvidenceMissing("invalid", f"{self.path}: no number for {metric}")
        return found


def of_type(kind: str, wanted: str) -> bool:
    """Whether a resource counts towards a budget: `total` for all, `other` for what has no type of its own."""
    return wanted in {"total", kind} or (wanted == "other" and kind not in NAMED_TYPES)


# --- subjects -----------------------------------------------------------------------------------------------------


def budgets_of(vitals: models.Vitals, path: str) -> models.Vitals:
    """The budgets of one page: the section's own, and over them those of the last entry whose path fits."""
    fitting = [budget for budget in vitals.budgets if matches(budget.path, path)]
    if not fitting:
        return vitals
    budget = fitting[-1]
    told = {name: value for name in JUDGED if (value := getattr(budget, name)) is not None}
    return vitals.model_copy(update=told)


def _interactions(vitals: models.Vitals, path: str) -> tuple[Step, ...]:
    first = (Step("interact", vitals.interaction),) if vitals.interaction else ()
    return first + tuple(
        Step("keystroke", f"{one.key} {one.selector}") if one.key else Step("interact", one.selector)
        for one in vitals.interactions
        if one.page in {None, path}
    )


def _states(environment: Environment, vitals: models.Vitals) -> tuple[str, ...]:
    return (FIRST, STORED) if vitals.stored_consent and environment.consent is not None else (FIRST,)


def _throttle(vitals: models.Vitals, device: str) -> str:
    return "mobile" if device == "mobile" and vitals.throttling == "device" else ""


def vitals_visits(environment: Environment, path: str, device: str) -> tuple[VisitRequest, ...]:
    """A warm-up that tells what was used, the runs, and the spare ones that are made only in case of doubt."""
    vitals = environment.vitals or models.Vitals()
    url, settle = f"{environment.site.url}{path}", Step("wait", "0.5")
    presses = _interactions(vitals, path)
    states = _states(environment, vitals)
    steps: tuple[Step, ...] = (Step("goto", url), settle, *presses)
    if STORED in states:
        steps += (Step("consent", "accept"), settle, Step("again", url), settle, *presses)
    throttle = _throttle(vitals, device)
    one = VisitRequest(f"vitals {path}", steps, device=device, measure=True, throttle=throttle, lane=Lane.VITALS)
    limits = budgets_of(vitals, path)
    judged = [name for name in TIMINGS if (name != "inp_ms" or presses) and (name != "ttfb_ms" or not throttle)]
    # As a number of one kind: a default of 1800 is 1800.0 when a stored environment is read, and would be another request.
    spare = Spare(
        vitals.runs, tuple((state, name, float(getattr(limits, name))) for state in states for name in judged)
    )
    warm = replace(one, name=f"vitals warm-up {path}", steps=(Step("goto", url), settle), coverage=True)
    return (
        *((warm,) if vitals.warm_up else ()),
        *(replace(one, run=run) for run in range(1, vitals.runs + 1)),
        *(replace(one, run=vitals.runs + run, spare=spare) for run in range(1, vitals.reruns + 1)),
    )


def _loads(environment: Environment) -> list[Subject[Measured]]:
    vitals = environment.vitals
    if vitals is None:
        return []
    subjects = []
    for device in dict.fromkeys((vitals.device, *vitals.also_on)):
        for path in vitals.pages:
            for state in _states(environment, vitals):
                name = path if device == vitals.device else f"{path} on {device}"
                name += " with stored consent" if state == STORED else ""
                visits = vitals_visits(environment, path, device)
                subjects.append(Subject(name, visits, Measured(budgets_of(vitals, path), state, visits)))
    return subjects


def _runs(asked: Asked[Measured]) -> VitalsRuns:
    declared, state, visits = asked.declared
    runs = tuple(_load(asked.facts(Visit, one), state) for one in visits if not one.coverage and one.spare is None)
    return VitalsRuns(asked.id, declared, runs, tuple(_spares(asked)))


def _spares(asked: Asked[Measured]) -> Iterable[MeasuredLoad]:
    for one in asked.declared.visits:
        if one.spare is not None:
            failure = asked.evidence(one).failure
            if failure is None or failure.kind is not FailureKind.UNNEEDED:
                yield _load(asked.facts(Visit, one), asked.declared.state)


def _load(visit: Visit, state: str) -> MeasuredLoad:
    """Raises EvidenceMissing("invalid") when the visit has no such load, or saw no document in it."""
    load = next((one for one in visit.loads if one.state == state), None)
    if load is None:
        why = "; ".join(visit.problems) or "it was not measured"
        raise EvidenceMissing("invalid", f"a run has no load {'with stored consent' if state == STORED else ''}: {why}")
    requests = visit.requests[load.first : load.end]
    if not any(one.type == "document" for one in requests):
        raise EvidenceMissing(
            "invalid", f"a run saw no document: {'; '.join(visit.problems) or 'no request was recorded'}"
        )
    return MeasuredLoad(load, requests, visit.conditions.host_index if visit.conditions else 0.0, visit.problems)


class OfField(NamedTuple):
    vitals: models.Vitals
    field: models.FieldData


def _field(environment: Environment) -> list[Subject[OfField]]:
    vitals = environment.vitals
    if vitals is None or vitals.field is None:
        return []
    field = vitals.field
    return [Subject(field.path, (page_request(environment, field.path),), OfField(vitals, field))]


def _field_answer(asked: Asked[OfField]) -> FieldAnswer:
    vitals, field = asked.declared
    exchange = asked.facts(Exchange)
    if exchange.status != 200:
        raise EvidenceMissing("invalid", f"{asked.id}: status {exchange.status}, wanted 200")
    found = percentiles(exchange.body, {"lcp_ms": field.lcp, "cls": field.cls, "inp_ms": field.inp})
    if isinstance(found, str):
        raise EvidenceMissing("invalid", f"{asked.id}: {found}")
    return FieldAnswer(asked.id, vitals, found)


LOADS = Fixture("vitals", "[vitals]", "Measured loads of a page.", _loads, _runs)
VITALS = (
    LOADS,
    Fixture("field", "[vitals.field]", "What real visitors' browsers reported.", _field, _field_answer),
)
