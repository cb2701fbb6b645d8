"""[[load]]."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from gonogo.environment.model import Model
from gonogo.environment.values import Name, Path, Positive, RoleName, Share


class LoadTarget(Model):
    """One request of a load profile."""

    path: Path
    """Path and query on the site; requested with GET."""
    weight: Annotated[int, Field(ge=1)] = 1
    """Its share of the requests, against the weights of the other targets."""
    role: RoleName = "anonymous"
    """Role whose credentials are sent."""


class LoadProfile(Model):
    """One load test: requests at a fixed rate, whatever the answers take."""

    name: Name
    """Names the profile; unique."""
    targets: Annotated[tuple[LoadTarget, ...], Field(min_length=1)]
    """What is requested."""
    rate_per_s: Positive
    """Requests that are started each second."""
    duration_s: Positive
    """How long, seconds."""
    p95_ms: Positive = 500
    """95th percentile of the response time, at most, milliseconds."""
    max_error_share: Share = 0.01
    """Failed requests over all requests, at most."""
    min_rate_share: Share = 0.95
    """Achieved rate over planned rate."""

    @property
    def arrivals(self) -> int:
        """How many requests are due; the schedule is fixed, so this is exact."""
        return round(self.rate_per_s * self.duration_s)
