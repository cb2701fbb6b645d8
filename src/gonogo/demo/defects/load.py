"""The defects of load, and how each is done to the running demo; see faults.py."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from types import MappingProxyType

from starlette.requests import Request
from starlette.responses import Response

from gonogo.demo.defects.defect import Defect, load
from gonogo.demo.defects.fault import Fault, Traffic, under_load
from gonogo.demo.replies import problem


async def _pause() -> None:
    await asyncio.sleep(0.9)


async def _overloaded() -> Response:
    return problem(503, "Too many connections to the database.")


def _queue_grows() -> Fault:
    """Each answer waits a little longer than the one before, so answers fall behind the arrivals; the wait
    stays below the p95 budget of the demo's profile (500 ms)."""

    async def detour(request: Request, traffic: Traffic) -> Response | None:
        if traffic.busy(request.url.path):
            await asyncio.sleep(min(0.44, 0.0017 * traffic.next("queued")))
        return None

    return Fault(detour=detour)


def _serialised(*, rate_per_s: float) -> Fault:
    """One lock around everything, as with a pool of one connection."""
    lock = asyncio.Lock()

    async def detour(request: Request, traffic: Traffic) -> Response | None:
        if traffic.busy(request.url.path):
            async with lock:
                await asyncio.sleep(1 / rate_per_s)
        return None

    return Fault(detour=detour)


LOAD_FAULTS: Mapping[str, Fault] = MappingProxyType(
    {
        "tail-latency": under_load(every=8, then=_pause),
        "errors-under-load": under_load(every=20, then=_overloaded),
        "queue-grows": _queue_grows(),
        "requests-serialised": _serialised(rate_per_s=35),
    }
)

LOAD_DEFECTS: tuple[Defect, ...] = (
    load("tail-latency", "Under load each eighth request waits 0.9 s", "load.latency.p95"),
    load("errors-under-load", "Under load each twentieth request fails", "load.errors.share"),
    load("queue-grows", "Under load answers fall behind the arrivals", "load.throughput.rate"),
    load(
        "requests-serialised",
        "Under load requests wait for one lock",
        "load.latency.p95",
        "load.throughput.rate",
    ),
)
