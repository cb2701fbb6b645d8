"""What only a measured visit does: tell how fast the machine is, slow it down as stated, and time each transfer."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from statistics import median
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import anyio

from gonogo.evidence.records import Evidence, Request
from gonogo.probes.browser.facts import MOST_COVERED, Conditions, Coverage, Frame, Transfer, Visit, Vitals
from gonogo.probes.browser.film import Film
from gonogo.probes.browser.recorder import MOST_REQUESTS, clip
from gonogo.probes.browser.request import VisitRequest

if TYPE_CHECKING:
    from pathlib import Path

    from playwright.async_api import CDPSession, Page


@dataclass(frozen=True, slots=True)
class Throttling:
    """How a load is slowed down; the processor's factor is relative to the machine that measures."""

    latency_ms: float
    """Added to each request."""
    download_kbps: float
    upload_kbps: float
    cpu_slowdown: float


THROTTLES: Mapping[str, Throttling] = MappingProxyType({"mobile": Throttling(562.5, 1474.56, 675.0, 4.0)})
"""Lighthouse's mobile profile (core/config/constants.js): slow 4G, a round trip of 150 ms × 3.75 and 1638.4 and 750 kbit/s
× 0.9, as throttling of requests needs them, and a processor at a quarter."""

INSTRUMENT_S = 5.0

_BENCHMARK = """
() => {
  const rounds = [];
  for (let round = 0; round < 7; round++) {
    let state = 2463534242, steps = 0;
    const began = performance.now(), end = began + 10;
    while (performance.now() < end) {
      for (let step = 0; step < 1000; step++) {
        state ^= state << 13; state ^= state >>> 17; state ^= state << 5;
      }
      steps += 1000;
    }
    rounds.push(steps / (performance.now() - began) / 1000 + (state === 0 ? 1 : 0));
  }
  rounds.sort((one, other) => one - other);
  return rounds[3];
}
"""
"""Thousands of xorshift steps a millisecond; the middle of seven rounds of 10 ms."""


class Instruments:
    """A session of its own with the browser, beside the driver's, for one page."""

    def __init__(self, session: CDPSession, request: VisitRequest) -> None:
        self._session = session
        self._request = request
        self._host_index = 0.0
        self._began = 0.0
        self._began_at = 0.0
        """The same moment in Unix time, by which the browser dates pictures."""
        self._film = Film(session) if request.coverage else None
        self._pending: dict[str, Transfer] = {}
        self._done: list[Transfer] = []
        self._sheets: dict[str, tuple[str, int]] = {}

    @classmethod
    async def attach(cls, page: Page, request: VisitRequest) -> Instruments:
        """Calibrate on the empty page, then slow it down."""
        session = await page.context.new_cdp_session(page)
        one = cls(session, request)
        one._host_index = float(await page.evaluate(_BENCHMARK))
        session.on("Network.requestWillBeSent", one._sent)
        session.on("Network.responseReceived", one._answered)
        session.on("Network.dataReceived", one._arrived)
        session.on("Network.loadingFinished", one._finished)
        session.on("Network.loadingFailed", one._failed)
        await session.send("Network.enable")
        throttling = THROTTLES.get(request.throttle)
        if throttling is not None:
            await one._slow_down(throttling)
        if request.coverage:
            await one._cover()
        return one

    async def _slow_down(self, throttling: Throttling) -> None:
        speed = {
            "downloadThroughput": throttling.download_kbps * 1000 / 8,
            "uploadThroughput": throttling.upload_kbps * 1000 / 8,
        }
        network: dict[str, Any] = {"offline": False, "latency": throttling.latency_ms, **speed}
        await self._session.send("Network.emulateNetworkConditions", network)
        await self._session.send("Emulation.setCPUThrottlingRate", {"rate": throttling.cpu_slowdown})

    @property
    def conditions(self) -> Conditions:
        """How fast the machine was before the first load, and how it was slowed down from then on."""
        one = THROTTLES.get(self._request.throttle, Throttling(0.0, 0.0, 0.0, 1.0))
        index = round(self._host_index, 1)
        return Conditions(index, one.cpu_slowdown, one.latency_ms, one.download_kbps, one.upload_kbps)

    # --- transfers ---

    async def begin(self) -> None:
        """A load begins, with an empty cache; connections of a load before stay open."""
        await self._session.send("Network.clearBrowserCache")
        self._began = 0.0
        self._pending.clear()
        self._done.clear()
        if self._film is not None:
            await self._film.start()

    async def film(self, attach: Callable[[str], Path]) -> tuple[Frame, ...]:
        """How the load came into sight; nothing where its times are judged, for taking pictures slows it down."""
        return await self._film.stop(self._began_at, attach) if self._film is not None else ()

    def transfers(self) -> tuple[Transfer, ...]:
        """What the load has fetched so far, in the order asked for; what is under way has no end."""
        return tuple(sorted((*self._done, *self._pending.values()), key=lambda one: one.start_ms))

    def _sent(self, told: dict[str, Any]) -> None:
        name = told["requestId"]
        if (before := self._pending.pop(name, None)) is not None:  # a redirect keeps its id
            self._keep(replace(before, end_ms=self._at(told)))
        if not str(told["request"]["url"]).startswith(("http:", "https:")):
            return
        if not self._began:
            self._began, self._began_at = float(told["timestamp"]), float(told["wallTime"])
        kind = str(told.get("type", "Other")).lower()
        if len(self._pending) + len(self._done) < MOST_REQUESTS:
            self._pending[name] = Transfer(clip(told["request"]["url"], 500), kind, self._at(told))

    def _at(self, told: dict[str, Any]) -> float:
        return round(1000 * (float(told["timestamp"]) - self._began), 1)

    def _answered(self, told: dict[str, Any]) -> None:
        if (one := self._pending.get(told["requestId"])) is not None:
            timing = told["response"].get("timing")
            ms = self._at(told) if timing is None else self._at({"timestamp": timing["requestTime"]})
            ms += float(timing["receiveHeadersEnd"]) if timing else 0.0
            self._pending[told["requestId"]] = replace(one, response_ms=round(ms, 1))

    def _arrived(self, told: dict[str, Any]) -> None:
        if (one := self._pending.get(told["requestId"])) is not None:
            size = one.uncompressed + int(told.get("dataLength", 0))
            self._pending[told["requestId"]] = replace(one, uncompressed=size)

    def _finished(self, told: dict[str, Any]) -> None:
        if (one := self._pending.pop(told["requestId"], None)) is not None:
            self._keep(replace(one, end_ms=self._at(told), transferred=int(told.get("encodedDataLength", 0))))

    def _failed(self, told: dict[str, Any]) -> None:
        if (one := self._pending.pop(told["requestId"], None)) is not None:
            self._keep(replace(one, end_ms=self._at(told)))

    def _keep(self, one: Transfer) -> None:
        self._done.append(one)

    # --- coverage ---

    async def _cover(self) -> None:
        self._session.on("CSS.styleSheetAdded", self._sheet)
        for method, arguments in (
            ("Profiler.enable", {}),
            ("Profiler.startPreciseCoverage", {"callCount": False, "detailed": True}),
            ("DOM.enable", {}),
            ("CSS.enable", {}),
            ("CSS.startRuleUsageTracking", {}),
        ):
            await self._session.send(method, arguments)

    def _sheet(self, told: dict[str, Any]) -> None:
        header = told["header"]
        if str(header.get("sourceURL", "")).startswith("http") and len(self._sheets) < MOST_COVERED:
            self._sheets[header["styleSheetId"]] = (clip(header["sourceURL"], 500), int(header["length"]))

    async def coverage(self) -> tuple[Coverage, ...]:
        """Characters of each script and style sheet that have not been used so far; nothing where it was not watched."""
        from playwright.async_api import Error

        if not self._request.coverage:
            return ()
        with suppress(Error), anyio.move_on_after(INSTRUMENT_S):
            scripts = (await self._session.send("Profiler.takePreciseCoverage"))["result"]
            rules = (await self._session.send("CSS.stopRuleUsageTracking"))["ruleUsage"]
            return (*_scripts(scripts), *self._styles(rules))[:MOST_COVERED]
        return ()

    def _styles(self, rules: Sequence[dict[str, Any]]) -> list[Coverage]:
        used: dict[str, int] = {}
        for rule in rules:
            if rule["used"]:
                sheet = rule["styleSheetId"]
                used[sheet] = used.get(sheet, 0) + int(rule["endOffset"] - rule["startOffset"])
        return [
            Coverage("stylesheet", url, length, max(length - used.get(name, 0), 0))
            for name, (url, length) in self._sheets.items()
        ]


def _scripts(told: Sequence[dict[str, Any]]) -> list[Coverage]:
    """By URL: how long each script is, and how much of it lies in ranges that never ran."""
    found: list[Coverage] = []
    for script in told:
        ranges = [one for function in script["functions"] for one in function["ranges"]]
        if not script["url"].startswith("http") or not ranges:
            continue
        length = max(int(one["endOffset"]) for one in ranges)
        found.append(Coverage("script", clip(script["url"], 500), length, unused(length, ranges)))
    return found


def unused(length: int, ranges: Sequence[Mapping[str, Any]]) -> int:
    """Characters whose innermost range has a count of 0 (ranges nest, the outer first, as V8 gives them)."""
    told = ((int(one["startOffset"]), int(one["endOffset"]), int(one["count"])) for one in ranges)
    spans = [(start, end, count) for start, end, count in told if start < end]
    marks = sorted(
        [
            *((start, 1, -end, index, count) for index, (start, end, count) in enumerate(spans)),
            *((end, 0, -start, -index, count) for index, (start, end, count) in enumerate(spans)),
        ]
    )
    never, at, counts = 0, 0, [1]
    for offset, opens, _, _, count in marks:
        here = min(max(offset, at), length)
        if counts[-1] == 0:
            never += here - at
        at = here
        if opens:
            counts.append(count)
        elif len(counts) > 1:
            counts.pop()
    return never


# --- repetitions that are made only if needed ---


async def in_doubt(request: VisitRequest, fetch: Callable[[Request], Awaitable[Evidence]]) -> bool:
    """Whether the first runs of this visit leave a budget in doubt: a median over it, the best run within."""
    if request.spare is None:
        return True
    first = []
    for run in range(1, request.spare.runs + 1):
        evidence = await fetch(replace(request, run=run, spare=None))
        if evidence.facts is None:
            return False
        first.append(evidence.seen(Visit))
    return any(
        _doubtful([load.vitals for visit in first for load in visit.loads if load.state == state], metric, limit)
        for state, metric, limit in request.spare.limits
    )


def _doubtful(measured: Sequence[Vitals], metric: str, limit: float) -> bool:
    values = [value for vitals in measured if (value := getattr(vitals, metric)) is not None]
    return bool(values) and min(values) <= limit < median(values)
