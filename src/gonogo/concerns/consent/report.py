"""What a site keeps in a visitor's browser, state by state: cookies, storage entries, databases, caches."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from gonogo.reports.model import Report
from gonogo.reports.section import Maker, Section, SummaryTable


@dataclass(frozen=True, slots=True)
class State:
    """One state of a visitor's choice."""

    name: str
    """`before a choice`, `after a rejection` …"""
    unseen: str
    """Why it was not, or not wholly, observed; empty where it was."""


@dataclass(frozen=True, slots=True)
class Item:
    """One cookie or storage entry. All text but the kind is the target's or the environment's, and bounded."""

    name: str
    kind: str
    party: str
    domain: str
    """The cookie's, where it is another's; empty otherwise."""
    lifetime: str
    purpose: str
    """As declared; empty: nobody knows it."""
    first_seen: str
    kept: tuple[bool | None, ...]
    """For each state whether it was there; None where it was not seen and could have been missed."""

    @property
    def known(self) -> bool:
        return bool(self.purpose)


@dataclass(frozen=True, slots=True)
class Inventory:
    where: str
    """Page and region: `/`, `/ (us-ca)`."""
    states: tuple[State, ...]
    items: tuple[Item, ...]
    """Unknown ones first, then in the order in which they were first seen."""
    left_out: int
    """Further entries, which are not listed."""
    unknown: int
    """Of all entries, listed or not."""
    declared: bool
    """Whether the environment declares any purpose at all."""

    @property
    def total(self) -> int:
        return len(self.items) + self.left_out

    @property
    def unseen(self) -> tuple[tuple[str, str], ...]:
        """States that were not observed, those of one reason together, and why."""
        reasons: dict[str, list[str]] = {}
        for one in self.states:
            if one.unseen:
                reasons.setdefault(one.unseen, []).append(one.name)
        return tuple((", ".join(names), why) for why, names in reasons.items())


def kept(inventories: Sequence[Inventory]) -> Maker:
    """The section of these inventories."""

    def section(report: Report) -> Section | None:  # noqa: ARG001 - one shape for all makers
        if not inventories:
            return None
        return Section(
            anchor="inventory",
            title="Cookies and storage",
            count=sum(one.unknown for one in inventories),
            template=Path(__file__).with_name("inventory.html.j2"),
            rows={"inventories": inventories},
            markdown=tuple(_summary(one) for one in inventories if one.unknown),
        )

    return section


def _summary(one: Inventory) -> SummaryTable:
    """The entries that nobody declared; where every one is known, verdict.html suffices."""
    rows = tuple(
        (item.name, item.kind, item.party, item.lifetime, item.first_seen) for item in one.items if not item.known
    )
    heading = f"Cookies and storage of {one.where} ({one.unknown} of {one.total} unknown)"
    return SummaryTable(heading, ("Name", "Kind", "Whose", "Lasts", "First seen at"), rows)
