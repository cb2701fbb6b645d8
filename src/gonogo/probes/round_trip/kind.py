"""A round trip as a kind of evidence. Records and the plan call it `trip`, as those of stored runs do."""

from __future__ import annotations

from gonogo.probes.kind import Kind, always_safe, leads_nowhere, never_again, nothing_beside, the_first
from gonogo.probes.round_trip.facts import Trip
from gonogo.probes.round_trip.request import TripRequest, plan_lines
from gonogo.probes.round_trip.summary import summary

ROUND_TRIP = Kind(
    name="trip",
    request=TripRequest,
    facts=Trip,
    once=never_again,
    safe=always_safe,
    joined=the_first,
    needs=nothing_beside,
    onward=leads_nowhere,
    plan_lines=plan_lines,
    summary=summary,
    module="gonogo.probes.round_trip.probe",
)
