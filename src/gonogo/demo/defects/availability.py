"""The defects of availability, and how each is done to the running demo; see faults.py."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from types import MappingProxyType

from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response

from gonogo.demo.defects.defect import Defect, network, surface
from gonogo.demo.defects.fault import Fault, Traffic, content, header, instead, replaced, slow
from gonogo.demo.replies import Reply, problem


async def _release_changes(request: Request, traffic: Traffic) -> Response | None:
    if request.url.path != "/version" or traffic.next("version") == 1:
        return None
    return JSONResponse({"release": "2026.11.4", "commit": "41b0c6de52f7a983"}, headers={"Cache-Control": "no-store"})


def _unhealthy(*, status: int) -> Fault:
    def answer(request: Request) -> Response | None:
        if request.query_params.get("deep") == "1":
            return None
        return JSONResponse({"status": "unhealthy"}, status_code=status, headers={"Cache-Control": "no-store"})

    return instead("/health", answer)


def _deep_health(edit: Callable[[dict[str, object]], None], *, status: int) -> Fault:
    def change(request: Request, reply: Reply) -> None:
        if request.url.path == "/health" and request.query_params.get("deep") == "1":
            answer = json.loads(reply.body)
            edit(answer)
            reply.body = json.dumps(answer).encode()
            reply.status = status

    return Fault(change=change)


def _queue_down(answer: dict[str, object]) -> None:
    answer["status"] = "degraded"
    checks = answer["checks"]
    assert isinstance(checks, dict)
    checks["queue"] = {"status": "down", "depth": 1000}


def _cache_unchecked(answer: dict[str, object]) -> None:
    checks = answer["checks"]
    assert isinstance(checks, dict)
    del checks["cache"]


AVAILABILITY_FAULTS: Mapping[str, Fault] = MappingProxyType(
    {
        "health-bad": _unhealthy(status=200),
        "health-failing": _unhealthy(status=503),
        "health-cached": header("Cache-Control", "public, max-age=60", paths=["/health"]),
        "queue-down": _deep_health(_queue_down, status=503),
        "health-component-missing": _deep_health(_cache_unchecked, status=200),
        "page-missing": instead("/privacy", lambda _: problem(404, "There is nothing here.")),
        "page-broken": content("/dashboard", replaced(b"Engagement dashboard", b"Something went wrong")),
        "page-slow": slow("/privacy", 4.5),
        "release-old": content("/version", replaced(b"2026.11.3", b"2026.11.2")),
        "release-unstable": Fault(detour=_release_changes),
        "metrics-incomplete": content(
            "/metrics", lambda body: re.sub(rb"(?m)^(# \w+ )?process_resident_memory_bytes.*\n", b"", body)
        ),
        "metrics-page": instead("/metrics", lambda _: HTMLResponse("<!doctype html><p>Sign in")),
    }
)

AVAILABILITY_DEFECTS: tuple[Defect, ...] = (
    network("health-bad", "The health answer says unhealthy", "availability.health.shallow"),
    network(
        "health-failing",
        "The health endpoint answers 503",
        "availability.health.shallow",
        "availability.health.uncached",
    ),
    network("health-cached", "Health answers may be cached for a minute", "availability.health.uncached"),
    network("queue-down", "The queue does not work", "availability.health.deep"),
    network("health-component-missing", "The deep answer leaves out the cache", "availability.health.deep"),
    surface("page-missing", "The privacy page answers 404", "availability.pages.reachable"),
    network(
        "page-broken",
        "The dashboard is an error page with status 200",
        "availability.pages.reachable",
        "journeys.steps.complete",
    ),
    network("page-slow", "The privacy page takes 2.5 s", "availability.pages.response-time"),
    network("release-old", "The release before is still deployed", "availability.release.expected"),
    network("release-unstable", "Another release answers the second time", "availability.release.unchanged"),
    network("metrics-incomplete", "The memory metric is gone", "availability.metrics.readable"),
    network("metrics-page", "The metrics endpoint shows a sign-in page", "availability.metrics.readable"),
)
