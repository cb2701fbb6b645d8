"""The defect catalogue: small named mutations of the demo target, each naming the checks that it must trip."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Reach(StrEnum):
    """How far into the evidence a defect can be felt; tests use it to run no more than they must."""

    NETWORK = "network"
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


DEFECTS: tuple[Defect, ...] = ()
