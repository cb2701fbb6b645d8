"""A database's catalogue as a kind of evidence."""

from __future__ import annotations

from gonogo.probes.database.facts import Catalogue
from gonogo.probes.database.request import DatabaseRequest, plan_lines
from gonogo.probes.database.summary import summary
from gonogo.probes.kind import Kind, always_safe, leads_nowhere, nothing_beside, sendable_again, the_first

DATABASE = Kind(
    name="database",
    request=DatabaseRequest,
    facts=Catalogue,
    once=sendable_again,
    safe=always_safe,
    joined=the_first,
    needs=nothing_beside,
    onward=leads_nowhere,
    plan_lines=plan_lines,
    summary=summary,
    module="gonogo.probes.database.probe",
)
