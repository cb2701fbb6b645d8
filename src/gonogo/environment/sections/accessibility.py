"""[accessibility]."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated

from pydantic import Field

from gonogo.environment.model import Model
from gonogo.environment.slips import Slip, Told, twice
from gonogo.environment.values import Day, Key, Name, Path, Positive, Selector


class AccessibleState(Model):
    """A state of a page that only an interaction brings about: a menu open, a dialog, a form with errors."""

    name: Name
    """Names the state in results."""
    page: Path = "/"
    """Page on which it is brought about, without the consent banner."""
    clicks: tuple[Selector, ...] = ()
    """Selectors (CSS, or Playwright's such as `text=Menu`) that are clicked, in order."""
    keys: tuple[Key, ...] = ()
    """Keys that are pressed after the clicks, by Playwright's names: `Tab`, `Enter`, `Escape`."""
    shows: Selector = ""
    """Selector of what must be visible then; empty: the state counts as reached when each click could be made."""

    @classmethod
    def slips(cls, said: Told) -> Iterator[Slip]:
        if not (said.get("clicks") or said.get("keys") or said.get("shows")):
            yield Slip((), "needs `clicks`, `keys` or `shows`; without them it is the page as it has loaded")


class KnownViolation(Model):
    """A violation that is known and will be mended: no finding until the date."""

    fingerprint: Annotated[str, Field(pattern=r"^[0-9a-f]{12}$")]
    """As the finding tells it; it is made of the rule and the element."""
    page: Path | None = None
    """Only on this page; default: wherever the element stands."""
    reason: Annotated[str, Field(min_length=10)]
    """Why it may stand for now, for the reader of the report."""
    until: Day
    """Last day on which it is no finding: "2027-03-31"."""


class Accessibility(Model):
    """WCAG 2.1 and 2.2 at levels A and AA, as far as a machine can tell."""

    pages: tuple[Path, ...] = ()
    """Pages that are judged; empty: those of [site]."""
    main_action: Selector = ""
    """CSS selector of what the site is for: a sign-up, a search; empty: its way by keyboard is not judged."""
    main_action_page: Path = "/"
    """Page on which it stands."""
    presses: Annotated[int, Field(ge=1, le=200)] = 40
    """Presses of Tab within which the main action and the banner's control to reject are reached."""
    reflow_tolerance_px: Annotated[int, Field(ge=0, le=100)] = 2
    """How much wider than a window of 320 CSS pixels a page may be."""
    motion_ms: Positive = 500
    """How long something may move for a visitor who asked for less motion, milliseconds."""
    states: tuple[AccessibleState, ...] = ()
    """Further states that are judged."""
    known: tuple[KnownViolation, ...] = ()
    """Violations that are no finding for now."""

    @classmethod
    def slips(cls, said: Told) -> Iterator[Slip]:
        yield from twice(said, "states")
