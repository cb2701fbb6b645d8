"""A load profile's run in a few lines."""

from __future__ import annotations

from pathlib import Path

from gonogo.environment.models import Environment
from gonogo.evidence.records import Evidence
from gonogo.evidence.summary import Point, Summary, clip
from gonogo.formats.latency import percentile
from gonogo.probes.load.facts import LoadRun


def summary(evidence: Evidence, environment: Environment, folder: Path) -> Summary:  # noqa: ARG001 - one shape for all kinds
    """What was sent, what came back, and its percentiles beside their limit."""
    if evidence.facts is None:
        return Summary(f"Load profile {evidence.request.get('profile')}")
    found = evidence.seen(LoadRun)
    # Load that was not made as promised proves nothing, so what it measured is held to no limit.
    limit = next((one.p95_ms for one in environment.load if one.name == found.profile and found.healthy), None)
    lines = [
        f"{found.sent} of {found.planned} requests sent, {found.dropped} dropped, {found.achieved_rate:.1f} of {found.planned_rate:g} per second",
        f"generator used {100 * found.generator_cpu:.0f} % of a core; {found.stop_reason}; {found.unhealthy_reason or 'healthy'}",
    ]
    lines += [f"{count} × {kind}" for kind, count in found.errors]
    points = []
    for series in found.series:
        if series.requests and sum(count for _, count in series.histogram):
            for share in (0.5, 0.95, 0.99):
                value = percentile(series.histogram, share, total=series.requests)
                if value != float("inf"):
                    if series is found.series[0]:
                        points.append(Point(f"p{100 * share:g}", value, limit if share == 0.95 else None, "ms"))
                    lines.append(
                        f"{series.name}: p{100 * share:g} {value:.0f} ms of {series.requests} requests, {series.failures} failed"
                    )
    title = f"Load profile {found.profile}{'' if found.healthy else ', not usable'}"
    return Summary(title, clip(lines), tuple(points))
