"""A round trip in a few lines."""

from __future__ import annotations

from pathlib import Path

from gonogo.environment.models import Environment
from gonogo.evidence.records import Evidence
from gonogo.evidence.summary import Summary, clip
from gonogo.probes.round_trip.facts import Trip


def summary(evidence: Evidence, environment: Environment, folder: Path) -> Summary:  # noqa: ARG001 - one shape for all kinds
    """What was sent, and where it was seen."""
    title = f"Round trip: {evidence.request.get('name')}"
    if evidence.facts is None:
        return Summary(title)
    found = evidence.seen(Trip)
    lines = [f"tag {found.tag}"]
    lines += [f"{one.name}: {one.what} {one.problem or one.status or ''}".rstrip() for one in found.sent]
    for look in found.looks:
        outcome = look.problem or (f"{look.wanted}" if look.met else f"not {look.wanted}")
        lines.append(f"{look.name}: {outcome} after {look.seconds:.1f} s")
        lines += [f"  {name}: {value}" for name, value in look.columns]
    return Summary(title, clip(lines))
