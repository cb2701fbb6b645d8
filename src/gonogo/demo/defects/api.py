"""The defects of the API, and how each is done to the running demo; see faults.py."""

from __future__ import annotations

import json
from collections.abc import Mapping
from types import MappingProxyType

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from gonogo.demo.defects.defect import Defect, network
from gonogo.demo.defects.fault import Fault, content, header, instead, replaced, slow
from gonogo.demo.replies import Reply

TRENDS = "/api/analytics/engagement/trends"
METRICS = "/api/analytics/engagement/metrics"
EXPORT = "/api/analytics/engagement/export"


def _stats_for_anybody(request: Request) -> Response | None:
    if request.headers.get("authorization"):
        return None
    made = "2026-11-20T00:00:00Z"
    return JSONResponse(
        {"period_days": 7, "events": 0, "sessions": 0, "top_events": [], "generated_at": made},
        headers={"Cache-Control": "private, no-store"},
    )


def _export_for_users(request: Request, reply: Reply) -> None:
    if request.url.path == EXPORT and reply.status == 403:
        reply.status = 200
        reply.headers["content-type"] = "application/json"
        reply.body = b'{"format": "json", "count": 0, "rows": []}'


def _sessions_as_text(body: bytes) -> bytes:
    answer = json.loads(body)
    answer["sessions"] = str(answer["sessions"])
    return json.dumps(answer).encode()


def _without_info(body: bytes) -> bytes:
    document = json.loads(body)
    del document["info"]
    return json.dumps(document).encode()


API_FAULTS: Mapping[str, Fault] = MappingProxyType(
    {
        "api-open": instead("/api/analytics/stats", _stats_for_anybody),
        "api-export-open": Fault(change=_export_for_users),
        "api-schema-drift": content(METRICS, _sessions_as_text),
        "api-media-type": header("Content-Type", "text/plain; charset=utf-8", paths=[TRENDS]),
        "api-slow": slow(TRENDS, 3.0),
        "openapi-invalid": content("/openapi.json", _without_info),
        "openapi-reference-broken": content("/openapi.json", replaced(b"schemas/Version", b"schemas/Release")),
    }
)

API_DEFECTS: tuple[Defect, ...] = (
    network("api-open", "The statistics need no token", "api.access.status"),
    network("api-export-open", "The export is open to every user", "api.access.status"),
    network("api-schema-drift", "A count has become a text", "api.contract.schema"),
    network("api-media-type", "The trends are sent as plain text", "api.contract.media-type"),
    network("api-slow", "The trends take 1.4 s", "api.latency.budget"),
    network("openapi-invalid", "The OpenAPI document has no info", "api.contract.document"),
    network("openapi-reference-broken", "The OpenAPI document refers to nothing", "api.contract.document"),
)
