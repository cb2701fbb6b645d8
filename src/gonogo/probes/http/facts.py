"""What an HTTP request, and a burst of them, showed.

Times are seconds unless a name says `_ms`; sizes are bytes; instants are UTC ISO 8601 text.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Timings:
    """Seconds each phase took; None where the phase did not happen (a reused connection) or was not reached."""

    dns: float | None
    connect: float | None
    tls: float | None
    first_byte: float
    """From sending the request to the end of the response head."""
    total: float
    """From asking for a connection to the last byte of the body."""


@dataclass(frozen=True, slots=True)
class Exchange:
    """One request and its response. Header names keep their case, order and duplicates."""

    url: str
    method: str
    role: str
    status: int
    http_version: str
    headers: tuple[tuple[str, str], ...]
    """As sent, decoded as latin-1 so that no byte is lost."""
    body: str
    """Text decoded by the charset of Content-Type (UTF-8 if absent), errors replaced; empty for non-text types."""
    body_bytes: int
    """Size after content decoding."""
    wire_bytes: int
    """Size as transferred."""
    body_sha256: str
    timings: Timings
    address: str
    """IP address that answered."""
    ended: str
    """Instant at which the last byte arrived."""

    def values(self, name: str) -> tuple[str, ...]:
        """Every value sent for a header, in order; the name is compared without case."""
        wanted = name.lower()
        return tuple(value for key, value in self.headers if key.lower() == wanted)

    def value(self, name: str) -> str | None:
        """The first value sent for a header, or None."""
        return next(iter(self.values(name)), None)

    @property
    def location(self) -> str | None:
        return self.value("location") if self.status in {301, 302, 303, 307, 308} else None


@dataclass(frozen=True, slots=True)
class BurstAnswer:
    status: int
    headers: tuple[tuple[str, str], ...]
    """As sent, decoded as latin-1."""
    body: str
    """Its first 500 characters."""


@dataclass(frozen=True, slots=True)
class Burst:
    """Answers to one GET repeated, in order, up to the first refusal."""

    answers: tuple[BurstAnswer, ...]
    seconds: float
    """From the first request to the last answer."""
