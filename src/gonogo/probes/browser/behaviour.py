"""What a browser visit saw of a journey, of error tracking and of script injection; see facts.py."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class StepSeen:
    """One step of a journey."""

    text: str
    """As a person reads it: `click button 'Sign in'`; never with a secret."""
    seconds: float
    error: str
    """Why it could not be done; empty when it was."""
    status: int = 0
    """Of the page that a `goto` met or the answer that a `response` waited for; 0 otherwise."""
    url: str = ""
    """Where the page was after the step."""


@dataclass(frozen=True, slots=True)
class Stamp:
    """The time that a page's data says it is from."""

    source: str
    """The address of the answer, or the element."""
    text: str
    """As it was found; empty where there was none."""
    at: str
    """Instant at which it was received."""
    error: str
    """Why there is none; empty when there is one."""


@dataclass(frozen=True, slots=True)
class JourneySeen:
    name: str
    steps: tuple[StepSeen, ...]
    """Up to the first that could not be done."""
    seconds: float
    """From the first step to the last, without a choice of consent before them."""
    stamp: Stamp | None
    """None where none is declared, or the steps were not done."""
    pictures: tuple[str, ...]
    """File names beside the record: the page where a step failed, the browser's trace."""


@dataclass(frozen=True, slots=True)
class ErrorClient:
    """What the error tracker's client in the page says of itself; each empty where it does not tell."""

    dsn: str
    release: str
    environment: str
    tunnel: str
