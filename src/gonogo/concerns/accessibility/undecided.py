"""From evidence to what axe-core left to a person, for the report. Nothing here is judged."""

from __future__ import annotations

import re
from collections.abc import Iterable
from urllib.parse import urlsplit

from gonogo.concerns.accessibility.fixtures import accessibility_visit, accessible_paths, state_labels, state_run
from gonogo.concerns.accessibility.judgements import criteria
from gonogo.concerns.accessibility.report import OpenElement, OpenPage, OpenRule, OpenState
from gonogo.environment.models import Environment
from gonogo.errors import EvidenceMissing
from gonogo.evidence.records import Evidence, identity
from gonogo.probes.browser.accessibility import AxeNode, AxeRule
from gonogo.probes.browser.facts import Visit

MOST_ELEMENTS = 3
"""Elements of one rule that are shown; one is mostly enough to know where to look."""
_HEADING = re.compile(r"Fix (?:any|all) of the following:")
"""Stands above axe-core's words of what it could not find out as well, where nothing is known to be broken."""
_PUBLISHER = "dequeuniversity.com"


def undecided(environment: Environment, evidence: Iterable[Evidence]) -> tuple[OpenPage, ...]:
    """One for each page whose accessibility visit is part of the run, whether it was made or not.

    Raises ValueError when facts are not of their probe.
    """
    records = {one.id: one for one in evidence}
    visits = {
        path: records.get(identity(accessibility_visit(environment, path))) for path in accessible_paths(environment)
    }
    return tuple(
        OpenPage(path, _joined(_states(environment, path, record)))
        for path, record in visits.items()
        if record is not None
    )


def _states(environment: Environment, path: str, record: Evidence) -> list[OpenState]:
    labels = state_labels(environment, path)
    if record.facts is None:
        why = f"{record.failure.kind}: {record.failure.message}" if record.failure else "there are no facts"
        return [OpenState((label,), (), why) for label in labels]
    visit = record.seen(Visit)
    return [_state(environment, visit, label) for label in labels]


def _state(environment: Environment, visit: Visit, label: str) -> OpenState:
    try:
        run = state_run(environment, visit, label)
    except EvidenceMissing as missing:
        return OpenState((label,), (), missing.message)
    unseen = f"frames that could not be judged: {'; '.join(run.unseen)}" if run.unseen else ""
    return OpenState((label,), tuple(_rule(one) for one in run.incomplete), unseen)


def _joined(states: Iterable[OpenState]) -> tuple[OpenState, ...]:
    """States that tell the same, as one: what stands on a page stands there in most of its states."""
    names: dict[tuple[tuple[OpenRule, ...], str], list[str]] = {}
    for state in states:
        names.setdefault((state.rules, state.unseen), []).extend(state.names)
    return tuple(OpenState(tuple(of), rules, unseen) for (rules, unseen), of in names.items())


def _rule(rule: AxeRule) -> OpenRule:
    return OpenRule(
        id=rule.id,
        help=rule.help,
        criteria=criteria(rule),
        url=_address(rule.url),
        count=rule.count,
        elements=tuple(_element(node) for node in rule.nodes[:MOST_ELEMENTS]),
    )


def _element(node: AxeNode) -> OpenElement:
    words = (line.strip() for line in node.fix.splitlines())
    return OpenElement(node.target, node.html, "; ".join(one for one in words if one and not _HEADING.fullmatch(one)))


def _address(url: str) -> str:
    """The rule's page; empty for an address of anybody else, which is never made a link."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return ""
    return url if (parts.scheme, parts.netloc) == ("https", _PUBLISHER) else ""
