"""What a defect of the catalogue is."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Reach(StrEnum):
    """How far into the evidence a defect can be felt; tests use it to run no more than they must."""

    NETWORK = "network"
    """The checks of the network, and those of the browser that are named."""
    SURFACE = "surface"
    """The checks of the network; what a browser makes of it is not judged."""
    BROWSER = "browser"
    LOAD = "load"


@dataclass(frozen=True, slots=True)
class Defect:
    id: str
    """A noun path like a check's: `hsts-short`, `index-missing`."""
    title: str
    """What is wrong, in the present tense: "HSTS lasts one minute"."""
    trips: tuple[str, ...]
    """Ids of exactly the checks that turn FAIL."""
    reach: Reach = Reach.NETWORK


def network(id_: str, title: str, *trips: str) -> Defect:
    return Defect(id_, title, trips)


def surface(id_: str, title: str, *trips: str) -> Defect:
    """An ordinary client feels nothing of it."""
    return Defect(id_, title, trips, Reach.SURFACE)


def browser(id_: str, title: str, *trips: str) -> Defect:
    return Defect(id_, title, trips, Reach.BROWSER)


def load(id_: str, title: str, *trips: str) -> Defect:
    return Defect(id_, title, trips, Reach.LOAD)
