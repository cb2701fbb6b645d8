"""What axe-core could not decide, page by page and state by state: neither a pass nor a failure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from gonogo.reports.model import Report
from gonogo.reports.section import Maker, Section

MOST_OPEN = 6
"""Elements, of all pages together, that are shown without a click."""


@dataclass(frozen=True, slots=True)
class OpenElement:
    """One element, in the target's own words; bounded where it was recorded."""

    target: str
    """CSS selectors, down through frames and shadow roots."""
    html: str
    why: str
    """axe-core's words for what kept it from deciding."""


@dataclass(frozen=True, slots=True)
class OpenRule:
    """One rule that a person must hold against some elements."""

    id: str
    help: str
    """What the rule asks for."""
    criteria: str
    """`WCAG 1.4.3`, or empty."""
    url: str
    """How to look; empty where the address is not axe-core's publisher's."""
    count: int
    """Elements; `elements` holds the first of them."""
    elements: tuple[OpenElement, ...]

    @property
    def more(self) -> int:
        return max(self.count - len(self.elements), 0)


@dataclass(frozen=True, slots=True)
class OpenState:
    """States of a page in which the same was left open."""

    names: tuple[str, ...]
    """`as loaded`, `banner closed`, `state: menu open`."""
    rules: tuple[OpenRule, ...]
    unseen: str = ""
    """Why the state was not assessed, or not wholly; empty where it was."""

    @property
    def count(self) -> int:
        """Elements under any of the rules."""
        return sum(rule.count for rule in self.rules)


@dataclass(frozen=True, slots=True)
class OpenPage:
    path: str
    states: tuple[OpenState, ...]

    @property
    def rules(self) -> int:
        """Rules with something to look at in any state."""
        return len({rule.id for state in self.states for rule in state.rules})

    @property
    def quiet(self) -> tuple[str, ...]:
        """The states that were wholly assessed, with nothing left open."""
        return tuple(name for state in self.states if not (state.rules or state.unseen) for name in state.names)

    @property
    def silent(self) -> bool:
        """Every state was wholly assessed, with nothing left open."""
        return not any(state.rules or state.unseen for state in self.states)


def brief(pages: Iterable[OpenPage]) -> bool:
    """Whether all of it together is short enough to be shown at once."""
    shown = (len(rule.elements) for page in pages for state in page.states for rule in state.rules)
    return sum(shown) <= MOST_OPEN


def to_look_at(pages: Sequence[OpenPage]) -> Maker:
    """The section of these pages."""

    def section(report: Report) -> Section | None:  # noqa: ARG001 - one shape for all makers
        if not pages:
            return None
        return Section(
            anchor="undecided",
            title="To look at",
            count=sum(one.rules for one in pages),
            template=Path(__file__).with_name("undecided.html.j2"),
            rows={"undecided": pages, "undecided_open": brief(pages)},
        )

    return section
