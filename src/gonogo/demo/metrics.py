"""What the demo counts of itself, and its page of metrics."""

from __future__ import annotations

import resource
import sys
from collections import Counter, deque
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

BUCKETS_S = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0)


@dataclass(slots=True)
class Metrics:
    """Counters since the start, as Prometheus reads them."""

    requests: Counter[tuple[str, str, int]] = field(default_factory=Counter)
    buckets: dict[tuple[str, str], list[int]] = field(default_factory=dict)
    seconds: Counter[tuple[str, str]] = field(default_factory=Counter)
    recent_ms: deque[float] = field(default_factory=lambda: deque(maxlen=1000))
    known: set[str] = field(default_factory=set)

    def expect(self, routes: Iterable[str]) -> None:
        """Name the routes; each has its counters from the start, at zero."""
        for route in routes:
            self.known.add(route)
            self.requests["GET", route, 200] = 0
            self.buckets["GET", route] = [0] * (len(BUCKETS_S) + 1)

    def note(self, method: str, path: str, status: int, seconds: float) -> None:
        route = path if path in self.known else "unmatched"
        self.requests[method, route, status] += 1
        counts = self.buckets.setdefault((method, route), [0] * (len(BUCKETS_S) + 1))
        counts[next((n for n, bound in enumerate(BUCKETS_S) if seconds <= bound), len(BUCKETS_S))] += 1
        self.seconds[method, route] += seconds  # type: ignore[assignment]
        self.recent_ms.append(seconds * 1000)

    def text(self) -> str:
        """https://prometheus.io/docs/instrumenting/exposition_formats/"""
        lines = [
            "# HELP http_requests_total Requests answered.",
            "# TYPE http_requests_total counter",
            *(
                f'http_requests_total{{method="{method}",route="{route}",status="{status}"}} {count}'
                for (method, route, status), count in sorted(self.requests.items())
            ),
            "# HELP http_request_duration_seconds Time to answer a request.",
            "# TYPE http_request_duration_seconds histogram",
        ]
        for (method, route), counts in sorted(self.buckets.items()):
            labels = f'method="{method}",route="{route}"'
            total = 0
            for bound, count in zip((*map(str, BUCKETS_S), "+Inf"), counts, strict=True):
                total += count
                lines.append(f'http_request_duration_seconds_bucket{{{labels},le="{bound}"}} {total}')
            lines.append(f"http_request_duration_seconds_sum{{{labels}}} {self.seconds[method, route]:.6f}")
            lines.append(f"http_request_duration_seconds_count{{{labels}}} {total}")
        lines += [
            "# HELP process_resident_memory_bytes Resident memory size in bytes.",
            "# TYPE process_resident_memory_bytes gauge",
            f"process_resident_memory_bytes {resident_bytes()}",
        ]
        return "\n".join(lines) + "\n"


def resident_bytes() -> int:
    """Resident memory now, or where the system does not tell, its highest."""
    try:
        pages = int(Path("/proc/self/statm").read_text().split()[1])
    except OSError:
        most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        return most if sys.platform == "darwin" else most * 1024
    return pages * resource.getpagesize()
