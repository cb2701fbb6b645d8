"""The production guard: it stands in the transport, so no check can go round it.

On tier production nothing but GET, HEAD, OPTIONS and handshakes to declared hosts leaves the process, within the
environment's budget and rate, unless the environment file opts in. On every tier only declared hosts are contacted.
"""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import urlsplit

import anyio

from gonogo.environment.model import Tier
from gonogo.environment.models import Environment
from gonogo.errors import GuardRefused
from gonogo.evidence.records import SAFE_METHODS, Request
from gonogo.probes.kinds import kind_of


class Guard:
    """Admits or refuses what a probe wants to send; counts and paces it."""

    def __init__(
        self, environment: Environment, *, sent: int = 0, note: Callable[[str, str], None] | None = None
    ) -> None:
        """`sent` requests of this run have left already (a process before us died); `note` is told each admission."""
        self.environment = environment
        self.hosts = environment.declared_hosts
        self.sent = sent
        self._note = note
        self._next = 0.0

    def check(self, method: str, url: str) -> None:
        """Raise GuardRefused unless this method may go to this URL's host."""
        host = (urlsplit(url).hostname or "").lower()
        if host not in self.hosts:
            raise GuardRefused(
                f"{method} {host}: this host is not declared in environment {self.environment.name!r}; "
                "add it to `hosts` if it belongs to the system"
            )
        if (
            method not in SAFE_METHODS
            and method != "handshake"
            and self.environment.tier is Tier.PRODUCTION
            and method not in self.environment.limits.allow_methods
        ):
            raise GuardRefused(
                f"{method} {url}: tier production allows {', '.join(sorted(SAFE_METHODS))} only; "
                "`limits.allow_methods` opts in"
            )

    def permit(self, request: Request) -> None:
        """Raise GuardRefused where a request's kind says that it may not leave for a system of tier production."""
        if self.environment.tier is Tier.PRODUCTION and (why := kind_of(request).safe(request, self.environment)):
            raise GuardRefused(why)

    async def admit(self, method: str, url: str, *, count: int = 1) -> None:
        """Wait for a place in the rate, then count the request; raises GuardRefused (see `check`, and the budget)."""
        self.check(method, url)
        if self.sent + count > self.environment.limits.requests:
            raise GuardRefused(
                f"{method} {url}: the run's budget of {self.environment.limits.requests} requests is spent; "
                "raise `limits.requests` or choose a smaller profile"
            )
        self.sent += count
        if self._note is not None:
            self._note(method, url)
        now = anyio.current_time()
        start = max(now, self._next)
        self._next = start + count / self.environment.limits.rate_per_s
        if start > now:
            await anyio.sleep(start - now)
