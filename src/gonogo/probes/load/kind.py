"""A load profile's run as a kind of evidence."""

from __future__ import annotations

from gonogo.environment.models import Environment
from gonogo.probes.kind import Kind, leads_nowhere, never_again, nothing_beside, the_first
from gonogo.probes.load.facts import LoadRun
from gonogo.probes.load.request import LoadRequest, plan_lines
from gonogo.probes.load.summary import summary


def _safe(request: LoadRequest, environment: Environment) -> str:
    if environment.limits.allow_load:
        return ""
    return f"load profile {request.profile!r}: tier production refuses load; `limits.allow_load = true` opts in"


LOAD = Kind(
    name="load",
    request=LoadRequest,
    facts=LoadRun,
    once=never_again,
    safe=_safe,
    joined=the_first,
    needs=nothing_beside,
    onward=leads_nowhere,
    plan_lines=plan_lines,
    summary=summary,
    module="gonogo.probes.load.probe",
)
