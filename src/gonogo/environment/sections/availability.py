"""[health], [release] and [metrics]."""

from __future__ import annotations

from gonogo.environment.model import Model
from gonogo.environment.values import Path, Pointer, Positive, RoleName


class Health(Model):
    """The endpoints by which the system says that it is well."""

    path: Path = "/health"
    """Answers 200 while the process serves."""
    deep_path: Path | None = None
    """Answers 200 while the parts that it depends on serve too."""
    components: tuple[str, ...] = ()
    """Names under `checks` (or at the top level) of the deep answer that must say ok, pass, up or healthy."""
    max_s: Positive = 1.0
    """Budget of an answer, seconds."""


class Release(Model):
    """Which release is served; without it a verdict could be about another one."""

    path: Path = "/version"
    """Answers JSON that names the release."""
    pointer: Pointer = "/release"
    """JSON Pointer (RFC 6901) to the release id in the answer."""
    expected: str = ""
    """Release id that must be served; empty: only constancy over the run is judged."""


class Metrics(Model):
    """The endpoint of Prometheus metrics."""

    path: Path = "/metrics"
    """Answers the Prometheus text format."""
    required: tuple[str, ...] = ()
    """Metric names that must be present."""
    role: RoleName = "anonymous"
    """Role whose credentials are sent."""
