"""What gonogo knows of one kind of evidence, in one value: what is left out is a type error, not a gap."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Generic, TypeVar

from gonogo.environment.models import Environment
from gonogo.evidence.records import Evidence, PlanEntry, Request
from gonogo.evidence.summary import Summary

Asked = TypeVar("Asked", bound=Request)
Seen = TypeVar("Seen")


@dataclass(frozen=True, slots=True)
class Kind(Generic[Asked, Seen]):
    """One kind of evidence: what is asked, what is seen, and how the guard, the plan, the collector and the reports treat it."""

    name: str
    """As records and the plan call it; it begins the id of each record."""
    request: type[Asked]
    facts: type[Seen]
    once: Callable[[Asked], bool]
    """Whether sending it again could do harm: such a request is never repeated after a crash."""
    safe: Callable[[Asked, Environment], str]
    """Why it may not leave for a system of tier production; empty where it may. The guard asks."""
    joined: Callable[[Asked, Asked], Asked]
    """Two requests of one id as one."""
    needs: Callable[[Asked, Environment], tuple[Request, ...]]
    """What must be gathered beside it, so that it stands in the plan."""
    onward: Callable[[Asked, Evidence], Asked | None]
    """The request that its answer leads to, such as a redirect's next hop."""
    plan_lines: Callable[[Asked, Environment], tuple[PlanEntry, ...]]
    """What will be sent, before anything is. `count` is exact but where its docstring says otherwise."""
    summary: Callable[[Evidence, Environment, Path], Summary]
    """A record in a few lines; `Path` is the folder of its attachments. Raises ValueError when its facts are of another kind."""
    module: str
    """Has `async def gather(request, context)`; imported by the collector alone, when the plan needs it."""


AnyKind = Kind[Any, Any]


def sendable_again(request: Request) -> bool:  # noqa: ARG001 - one shape for all kinds
    """`once` of what only looks."""
    return False


def never_again(request: Request) -> bool:  # noqa: ARG001
    """`once` of what writes, counts or burdens."""
    return True


def always_safe(request: Request, environment: Environment) -> str:  # noqa: ARG001
    """`safe` of what sends nothing but handshakes and reads, or is guarded message by message in its transport."""
    return ""


def the_first(known: Asked, other: Asked) -> Asked:  # noqa: ARG001
    """`joined` of requests that are equal where their ids are."""
    return known


def nothing_beside(request: Request, environment: Environment) -> tuple[Request, ...]:  # noqa: ARG001
    """`needs` of a request that stands alone."""
    return ()


def leads_nowhere(request: Asked, evidence: Evidence) -> Asked | None:  # noqa: ARG001
    """`onward` of an answer that is the end."""
    return None
