"""What was sent with the run's tag, and where it was seen; see facts.py."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Sent:
    """Something that was sent with the tag."""

    name: str
    """`page`, `request`, `create` or `ask`."""
    what: str
    """`POST https://…`, or the page in which an error was thrown."""
    status: int
    """0 where there was no answer, and for a page."""
    taken: bool
    """The answer has a declared status."""
    problem: str = ""
    """Why there was no answer; empty when there was one."""


@dataclass(frozen=True, slots=True)
class Look:
    """Looks at one place, until the tag was there (or gone) or the time was over."""

    name: str
    """`row`, `alert`, or a declared trace."""
    wanted: str
    """`there` or `gone`."""
    met: bool
    seconds: float
    """From the first look to the last."""
    problem: str = ""
    """Why the last look could tell nothing; empty when it could."""
    columns: tuple[tuple[str, str], ...] = ()
    """Declared columns of the row that was found."""


@dataclass(frozen=True, slots=True)
class Trip:
    tag: str
    """Of this run and no other."""
    sent: tuple[Sent, ...]
    looks: tuple[Look, ...]

    def answer(self, name: str) -> Sent | None:
        return next((one for one in self.sent if one.name == name), None)

    def look(self, name: str, wanted: str = "there") -> Look | None:
        return next((one for one in self.looks if (one.name, one.wanted) == (name, wanted)), None)
