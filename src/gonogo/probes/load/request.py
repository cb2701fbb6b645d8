"""A load profile's run."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import ClassVar

from gonogo.environment.models import Environment
from gonogo.evidence.records import Lane, PlanEntry, identity


@dataclass(frozen=True, slots=True)
class LoadRequest:
    """One run of a declared load profile."""

    probe: ClassVar[str] = "load"
    profile: str
    lane: Lane = Lane.LOAD


def plan_lines(request: LoadRequest, environment: Environment) -> tuple[PlanEntry, ...]:
    """A line for each target; the schedule is fixed, so the counts are exact."""
    from gonogo.formats.arrivals import schedule

    profile = next(one for one in environment.load if one.name == request.profile)
    counts = Counter(schedule([target.weight for target in profile.targets], profile.arrivals))
    lane, site = request.lane.value, environment.site.url
    return tuple(
        PlanEntry(
            "load",
            "GET",
            f"{site}{target.path}",
            target.role,
            lane,
            counts[index],
            identity(request),
            f"load profile {profile.name}",
        )
        for index, target in enumerate(profile.targets)
        if counts[index]
    )
