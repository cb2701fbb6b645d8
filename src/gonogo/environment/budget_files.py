"""`[vitals] budgets_file`: Lighthouse CI's `budget.json`, read with the environment so that a run holds what it judged by."""

from __future__ import annotations

from pathlib import Path

from gonogo.environment.document import Node, shown
from gonogo.environment.explain import problem
from gonogo.environment.models import Environment
from gonogo.environment.sections.vitals import PageBudget, ThirdPartyBudget
from gonogo.errors import Problem
from gonogo.formats.budgets import THIRD_PARTY, Budget, Flaw, parse

MOST_BYTES = 1_000_000


def with_budgets(environment: Environment, tree: Node, base: Path) -> tuple[Environment, list[Problem]]:
    """The environment with the file's budgets before its own, or what is wrong with the file; `base` is its folder."""
    vitals = environment.vitals
    if vitals is None or not vitals.budgets_file:
        return environment, []
    path = base / vitals.budgets_file
    try:
        raw = path.read_bytes()
        if len(raw) > MOST_BYTES:
            raise ValueError(f"it has more than {MOST_BYTES} bytes")
        text = raw.decode("utf-8")
    except OSError as error:
        return environment, [_unread(tree, vitals.budgets_file, error.strerror or "it cannot be read")]
    except ValueError as error:
        return environment, [_unread(tree, vitals.budgets_file, str(error))]
    found = parse(text)
    flaws = [one for one in found if isinstance(one, Flaw)]
    if flaws:
        return environment, [Problem(shown(path), one.line, one.key, one.message) for one in flaws]
    imported = tuple(_page_budget(one) for one in found if isinstance(one, Budget))
    extended = vitals.model_copy(update={"budgets": (*imported, *vitals.budgets)})
    return environment.model_copy(update={"vitals": extended}), []


def _unread(tree: Node, name: str, why: str) -> Problem:
    return problem(tree, ("vitals", "budgets_file"), f"found {name[:200]!r}; {why}")


def _page_budget(budget: Budget) -> PageBudget:
    foreign = {
        key: value
        for key, rows in (("bytes", budget.sizes), ("requests", budget.counts))
        for name, value in rows
        if name == THIRD_PARTY
    }
    told: dict[str, object] = {"path": budget.path, **dict(budget.timings)}
    for key, rows in (("bytes", budget.sizes), ("requests", budget.counts)):
        if own := {name: value for name, value in rows if name != THIRD_PARTY}:
            told[key] = own
    if foreign:
        told["third_party"] = ThirdPartyBudget.model_validate(foreign)
    return PageBudget.model_validate(told)
