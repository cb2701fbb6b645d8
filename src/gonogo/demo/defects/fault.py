"""What a fault is, and the small words of which the catalogue in faults.py is made."""

from __future__ import annotations

import asyncio
import time
from collections import Counter, deque
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from enum import Enum

from starlette.requests import Request
from starlette.responses import Response

from gonogo.demo.certificates import Variant
from gonogo.demo.replies import Reply

LOAD_PATHS = frozenset({"/", "/pricing", "/api/analytics/stats"})
BUSY_RATE = 30
"""Requests a second to LOAD_PATHS above which the site counts as busy; a run without load stays far below."""


class Switch(Enum):
    """Something that the server itself does."""

    LEGACY_TLS = "the site also speaks TLS 1.0"
    NEWEST_12 = "the site does not speak TLS 1.3"
    NULL_CIPHERS = "the site accepts ciphers that encrypt nothing"
    CBC_ONLY = "the site's TLS 1.2 has no authenticated encryption"
    SHORT_DH = "the site's Diffie-Hellman group has 1024 bits"
    ONE_GROUP = "the site knows one key exchange group"
    NO_ALPN = "the site does not answer to ALPN"
    STALE_NODE = "the site's second address has the certificate before the last"
    PLAIN_DATABASE = "the database accepts sessions without TLS"
    CLOSED_DATABASE = "nothing listens on the database's port"
    APEX_CERTIFICATE = "the short name has a certificate of its own, which expires soon"
    HOP_CERTIFICATE = "another name of the site's server has an expired certificate"


class Traffic:
    """What the faults know of the traffic since they were activated."""

    def __init__(self) -> None:
        self._recent: deque[float] = deque()
        self._last: dict[str, float] = {}
        self.counts: Counter[str] = Counter()

    def arrived(self, path: str) -> None:
        if path in LOAD_PATHS:
            self._recent.append(time.monotonic())

    def next(self, name: str) -> int:
        """1, 2, 3 … of the counter with this name."""
        self.counts[name] += 1
        return self.counts[name]

    def busy(self, path: str) -> bool:
        """`path` is under load: more than BUSY_RATE requests have come within the last second."""
        while self._recent and self._recent[0] < time.monotonic() - 1:
            self._recent.popleft()
        return path in LOAD_PATHS and len(self._recent) > BUSY_RATE

    def idle_s(self, path: str) -> float:
        """Seconds since this was last asked for the same path."""
        now = time.monotonic()
        before, self._last[path] = self._last.get(path, 0.0), now
        return now - before


Detour = Callable[[Request, Traffic], Awaitable[Response | None]]
Change = Callable[[Request, Reply], None]


@dataclass(frozen=True, slots=True)
class Fault:
    detour: Detour | None = None
    """May wait, and may answer in the product's place."""
    change: Change | None = None
    patches: tuple[tuple[str, str], ...] = ()
    """Texts of the script, each found exactly once, and what stands there instead."""
    break_sql: str = ""
    mend_sql: str = ""
    certificate: Variant | None = None
    switch: Switch | None = None
    plain: bool = False
    """It stands on the plain http listener, not on the https site."""


# --- small words of which faults are made ---


def slow(path: str, seconds: float) -> Fault:
    async def detour(request: Request, _: Traffic) -> Response | None:
        if request.url.path == path:
            await asyncio.sleep(seconds)
        return None

    return Fault(detour=detour)


def instead(path: str, answer: Callable[[Request], Response | None]) -> Fault:
    async def detour(request: Request, _: Traffic) -> Response | None:
        return answer(request) if request.url.path == path else None

    return Fault(detour=detour)


def under_load(*, every: int, then: Callable[[], Awaitable[Response | None]]) -> Fault:
    """Each `every`-th request that comes while the site is busy."""

    async def detour(request: Request, traffic: Traffic) -> Response | None:
        if traffic.busy(request.url.path) and traffic.next("busy") % every == 0:
            return await then()
        return None

    return Fault(detour=detour)


def header(name: str, value: str | None, *, paths: Iterable[str] | None = None) -> Fault:
    """Set a header, or with None take it away, on these paths or everywhere."""
    chosen = None if paths is None else frozenset(paths)

    def change(request: Request, reply: Reply) -> None:
        if chosen is not None and request.url.path not in chosen:
            return
        if value is None:
            del reply.headers[name]
        else:
            reply.headers[name] = value

    return Fault(change=change)


def policy(edit: Callable[[str], str]) -> Fault:
    def change(_: Request, reply: Reply) -> None:
        name = "content-security-policy"
        if name in reply.headers:
            reply.headers[name] = edit(reply.headers[name])

    return Fault(change=change)


def cookie(edit: Callable[[str], str]) -> Fault:
    def change(_: Request, reply: Reply) -> None:
        values = [edit(value) for value in reply.headers.getlist("set-cookie")]
        del reply.headers["set-cookie"]
        for value in values:
            reply.headers.append("set-cookie", value)

    return Fault(change=change)


def content(path: str, edit: Callable[[bytes], bytes]) -> Fault:
    """Alter the body of successful answers of one path."""

    def change(request: Request, reply: Reply) -> None:
        if request.url.path == path and reply.status == 200:
            reply.body = edit(reply.body)

    return Fault(change=change)


def replaced(old: bytes, new: bytes) -> Callable[[bytes], bytes]:
    return lambda body: body.replace(old, new)


def script(*patches: tuple[str, str]) -> Fault:
    return Fault(patches=patches)


BEGIN = "  consent.begin();\n"
"""The line of the script with which its own work begins."""


def at_begin(statement: str) -> Fault:
    """A statement that runs before the script's own."""
    return script((BEGIN, f"  {statement}\n{BEGIN}"))


def patched(text: str, patches: Iterable[tuple[str, str]]) -> str:
    """Raises ValueError when a text to be replaced is not there exactly once."""
    for old, new in patches:
        if text.count(old) != 1:
            raise ValueError(f"the patch for {old!r} fits {text.count(old)} times, wanted once")
        text = text.replace(old, new)
    return text
