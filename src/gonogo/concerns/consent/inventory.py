"""From evidence to what a site keeps in a visitor's browser, in each state of consent, for the report."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

from gonogo.concerns.consent.fixtures import able, named_visits
from gonogo.concerns.consent.judgements import LATER, OTHERS, Kept, kept
from gonogo.concerns.consent.report import Inventory, Item, State
from gonogo.environment.models import Environment
from gonogo.errors import EvidenceMissing
from gonogo.evidence.records import Evidence, identity
from gonogo.probes.browser.facts import Visit

MAX_ITEMS = 60
"""Entries that are listed; a site with more has lost count itself."""
MAX_NAME = 200


@dataclass(frozen=True, slots=True)
class _State:
    name: str
    visits: Mapping[str, tuple[str, ...]]
    """The snapshots, by visit, that show it; one is enough."""
    needs: tuple[str, ...] = ()
    """Steps without which the state was never reached."""


STATES = (
    _State(
        "before a choice",
        {
            **dict.fromkeys(("reject", "accept", "withdraw", "untouched"), ("first",)),
            "preferences": ("first", "scrolled", "preferences"),
            "elsewhere": ("first", "asked"),
        },
    ),
    _State("after a rejection", {"reject": (*LATER, "restarted")}, ("consent reject",)),
    _State("after acceptance", {"accept": (*LATER, "restarted"), "withdraw": ("given",)}, ("consent accept",)),
    _State(
        "after withdrawal",
        {"withdraw": ("withdrawn", "after withdrawal")},
        ("consent accept", "reopen", "consent reject"),
    ),
    _State("with Global Privacy Control", {"opt-out": ("first", "other page")}),
)


def inventories(environment: Environment, evidence: Iterable[Evidence]) -> tuple[Inventory, ...]:
    """One for each page and region whose visits are part of the run, whether they were made or not.

    Raises ValueError when facts are not of their probe.
    """
    records = {one.id: one for one in evidence}
    told = []
    for where, requests in named_visits(environment).items():
        made = {name: records[identity(request)] for name, request in requests if identity(request) in records}
        if made:
            told.append(_inventory(environment, where, [name for name, _ in requests], made))
    return tuple(told)


def _inventory(
    environment: Environment, where: str, planned: Iterable[str], records: Mapping[str, Evidence]
) -> Inventory:
    declared = environment.consent
    assert declared is not None, "visits of consent stand in the plan only where it is declared"
    visits = {name: one.seen(Visit) for name, one in records.items() if one.facts is not None}
    names = set(planned)
    states = [state for state in STATES if names & set(state.visits)]
    unseen = [_unseen(state, visits, records) for state in states]
    shown = [_labels(state, visits) for state in states]
    host = (urlsplit(environment.site.url).hostname or "").lower()
    entries = sorted(kept(declared, host, visits.items()), key=lambda one: bool(one.purpose))
    return Inventory(
        where=where,
        states=tuple(State(state.name, why) for state, why in zip(states, unseen, strict=True)),
        items=tuple(_item(one, shown, unseen) for one in entries[:MAX_ITEMS]),
        left_out=max(len(entries) - MAX_ITEMS, 0),
        unknown=sum(not one.purpose for one in entries),
        declared=bool(declared.inventory),
    )


def _reached(state: _State, visit: Visit) -> str:
    """Why the visit never came to this state; empty when it did."""
    try:
        able(visit, *(f"{step}:" for step in state.needs))
    except EvidenceMissing as missing:
        return missing.message
    return ""


def _labels(state: _State, visits: Mapping[str, Visit]) -> frozenset[str]:
    """Where an entry was seen, if it was seen in this state."""
    reached = ((name, labels) for name, labels in state.visits.items() if name in visits)
    return frozenset(
        f"{name}: {label}" for name, labels in reached if not _reached(state, visits[name]) for label in labels
    )


def _unseen(state: _State, visits: Mapping[str, Visit], records: Mapping[str, Evidence]) -> str:
    """Why a state was not wholly observed: a visit that failed or ended early, a choice that could not be made."""
    for name, labels in state.visits.items():
        if (visit := visits.get(name)) is None:
            failure = records[name].failure if name in records else None
            return f"{failure.kind}: {failure.message}" if failure else "no visit of this run looked"
        if why := _reached(state, visit):
            return why
        if any(visit.snapshot(label) is None for label in labels):
            return "; ".join(visit.problems) or "the visit ended before"
    return ""


def _item(one: Kept, shown: Iterable[frozenset[str]], unseen: Iterable[str]) -> Item:
    return Item(
        name=one.name[:MAX_NAME],
        kind=one.kind,
        party=one.party,
        domain=one.domain if one.party == OTHERS else "",
        lifetime=one.lifetime,
        purpose=one.purpose,
        first_seen=one.first_seen,
        kept=tuple(
            True if labels & set(one.seen_at) else (None if why else False)
            for labels, why in zip(shown, unseen, strict=True)
        ),
    )
