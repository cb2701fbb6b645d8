"""The plan: every request of a run, listed before the first is sent."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from gonogo.environment.models import Environment
from gonogo.evidence.records import Lane, PlanEntry, Request, identity
from gonogo.probes.kinds import kind_of

LANES = tuple(Lane)


def merge(requests: Iterable[Request], environment: Environment) -> tuple[Request, ...]:
    """Each distinct request once, with what it needs beside it, in lane order and then in the order asked for."""
    merged: dict[str, Request] = {}
    for request in requests:
        name = identity(request)
        known = merged.get(name)
        merged[name] = request if known is None else kind_of(request).joined(known, request)
    for request in tuple(merged.values()):
        for beside in kind_of(request).needs(request, environment):
            merged.setdefault(identity(beside), beside)
    return tuple(sorted(merged.values(), key=lambda request: LANES.index(request.lane)))


def entries(requests: Sequence[Request], environment: Environment) -> tuple[PlanEntry, ...]:
    """What will be sent, as each kind lists it."""
    return tuple(line for request in requests for line in kind_of(request).plan_lines(request, environment))
