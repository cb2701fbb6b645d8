"""What crosses between the load probe and the Locust file that it starts: a job in, a tally out, both JSON.

The generator imports this module, so it imports nothing heavy.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from urllib.parse import urlsplit


@dataclass(frozen=True, slots=True)
class Target:
    """One kind of request."""

    name: str
    path: str
    """Request target as it stands on the wire, percent-encoded (RFC 9112 §3.2.1)."""
    weight: int = 1
    headers: tuple[tuple[str, str], ...] = field(default=(), repr=False)
    """Credentials, if any: never printed."""


@dataclass(frozen=True, slots=True)
class Job:
    """A schedule: arrival k is due k / `rate_per_s` seconds from the start, however long answers take."""

    url: str
    """Origin: scheme, host and port."""
    rate_per_s: float
    arrivals: int
    targets: tuple[Target, ...]
    user_agent: str = "gonogo-load"
    address: str = ""
    """Connect to this address in place of the host's; name and certificate stay the host's."""
    ca_file: str = ""
    """PEM bundle that is trusted instead of the system's."""
    timeout_s: float = 10.0
    """How long one request is waited for, from the moment it was due."""
    drain_s: float = 5.0
    """How long answers are waited for after the last request was due."""
    in_flight: int = 500
    """Most requests that wait for an answer at once; what is due beyond that is dropped, and counted."""
    body_bytes: int = 5_000_000
    result: str = ""
    """Where the tally is written; empty: nowhere."""
    deadline_s: float = 0.0
    """After this the generator ends itself, whatever it does; 0: never."""


@dataclass(frozen=True, slots=True)
class Count:
    """What became of the requests of one name; `histogram` holds those that were answered."""

    name: str
    requests: int
    failures: int
    histogram: tuple[tuple[float, int], ...]
    max_ms: float


@dataclass(frozen=True, slots=True)
class Tally:
    """What the generator saw, and how well it did itself."""

    sent: int
    dropped: int
    counts: tuple[Count, ...]
    """Index 0 is the total."""
    errors: tuple[tuple[str, int], ...]
    per_second: tuple[tuple[int, int, int], ...]
    answered_per_s: float
    late: int
    """Requests that left or fell away over `LATE_S` after they were due: the generator's own fault."""
    cpu: float
    """Highest share of one core over a second."""


LATE_S = 0.05
"""A p95 of some hundred milliseconds can bear requests that leave this late, not more."""


def encode_job(job: Job) -> str:
    return json.dumps(asdict(job))


def decode_job(text: str) -> Job:
    """Read what `encode_job` or a person wrote.

    Raises KeyError or TypeError for a missing or unknown key, ValueError for bad JSON.
    """
    fields = json.loads(text)
    targets = tuple(
        Target(
            **{
                "name": one["path"],
                **one,
                "headers": tuple((name, value) for name, value in one.get("headers", ())),
            }
        )
        for one in fields.pop("targets")
    )
    return Job(targets=targets, **fields)


def encode_tally(tally: Tally) -> str:
    return json.dumps(asdict(tally))


def request_head(job: Job, target: Target) -> bytes:
    """The request as it is sent, again and again (RFC 9112 §3).

    Raises ValueError, without the value, when a part of it would break out of its line.
    """
    lines = [
        f"GET {target.path} HTTP/1.1",
        f"Host: {urlsplit(job.url).netloc}",
        f"User-Agent: {job.user_agent}",
        "Accept: */*",
        "Accept-Encoding: gzip, br",
        *(f"{name}: {value}" for name, value in target.headers),
    ]
    if " " in target.path or not all(line.isascii() and line.isprintable() for line in lines):
        raise ValueError(f"{target.name}: its path or a header of its role holds a character that HTTP does not allow")
    return "\r\n".join([*lines, "", ""]).encode()
