"""What a load profile measured.

Times are seconds unless a name says `_ms`; sizes are bytes; instants are UTC ISO 8601 text.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class LoadSeries:
    """Latency of one kind of request, measured from the moment it was due (open model)."""

    name: str
    requests: int
    failures: int
    histogram: tuple[tuple[float, int], ...]
    """(milliseconds rounded to three significant digits, count), ascending."""
    max_ms: float


@dataclass(frozen=True, slots=True)
class LoadRun:
    profile: str
    planned: int
    sent: int
    dropped: int
    """Due but never sent, because too many were in flight."""
    duration_s: float
    planned_rate: float
    achieved_rate: float
    series: tuple[LoadSeries, ...]
    """Index 0 is the total of all kinds, named `all`."""
    errors: tuple[tuple[str, int], ...]
    per_second: tuple[tuple[int, int, int], ...]
    """(second, requests, failures)."""
    generator_cpu: float
    """Highest share of one core over a second, 0 to 1."""
    stop_reason: str
    """`complete`, `deadline`, `aborted: …`."""
    healthy: bool
    """The generator kept its rate and was not saturated; false makes the evidence INVALID."""
    unhealthy_reason: str
