"""The OpenAPI 3.1 description that the demo serves: https://spec.openapis.org/oas/v3.1.1.html"""

from __future__ import annotations

from typing import Any

Json = dict[str, Any]

COUNT: Json = {"type": "integer", "minimum": 0}
INSTANT: Json = {"type": "string", "format": "date-time"}
BEARER: list[Json] = [{"bearer": []}]


def _object(**properties: Json) -> Json:
    return {
        "type": "object",
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
    }


def _list(items: Json) -> Json:
    return {"type": "array", "items": items}


def _schema(name: str) -> Json:
    return {"$ref": f"#/components/schemas/{name}"}


def _answer(description: str, name: str, media: str = "application/json") -> Json:
    return {"description": description, "content": {media: {"schema": _schema(name)}}}


def _problem(name: str) -> Json:
    return {"$ref": f"#/components/responses/{name}"}


SCHEMAS: dict[str, Json] = {
    "Problem": {
        "type": "object",
        "description": "RFC 9457 problem details.",
        "properties": {
            "type": {"type": "string", "format": "uri-reference"},
            "title": {"type": "string"},
            "status": {"type": "integer", "minimum": 400, "maximum": 599},
            "detail": {"type": "string"},
        },
        "required": ["type", "title", "status"],
    },
    "Health": {
        "type": "object",
        "properties": {
            "status": {"enum": ["ok", "degraded"]},
            "checks": {"type": "object", "additionalProperties": _schema("Component")},
        },
        "required": ["status"],
    },
    "Component": {
        "type": "object",
        "properties": {"status": {"enum": ["ok", "down"]}},
        "required": ["status"],
    },
    "Version": _object(release={"type": "string"}, commit={"type": "string"}),
    "Stats": _object(
        period_days=COUNT,
        events=COUNT,
        sessions=COUNT,
        top_events=_list(_object(name={"type": "string"}, count=COUNT)),
        generated_at=INSTANT,
    ),
    "Engagement": _object(
        period_days=COUNT,
        sessions=COUNT,
        events_per_session={"type": "number", "minimum": 0},
        bounce_rate={"type": "number", "minimum": 0, "maximum": 1},
        average_session_seconds={"type": "number", "minimum": 0},
        generated_at=INSTANT,
    ),
    "Day": _object(date={"type": "string", "format": "date"}, events=COUNT, sessions=COUNT),
    "Trends": _object(days=COUNT, points=_list(_schema("Day"))),
    "Row": _object(
        id=COUNT,
        occurred_at=INSTANT,
        name={"type": "string"},
        session_id={"type": "string", "format": "uuid"},
    ),
    "Export": _object(format={"const": "json"}, count=COUNT, rows=_list(_schema("Row"))),
    "Cleared": _object(cleared=COUNT),
    "Summary": _object(events=COUNT, sessions=COUNT, generated_at=INSTANT, days=_list(_schema("Day"))),
}


def _operation(
    identifier: str,
    summary: str,
    answer: Json,
    *,
    parameters: tuple[Json, ...] = (),
    problems: tuple[str, ...] = (),
) -> Json:
    statuses = {
        "Unauthorized": "401",
        "Forbidden": "403",
        "Unprocessable": "422",
    }
    operation: Json = {
        "operationId": identifier,
        "summary": summary,
        "responses": {"200": answer, **{statuses[name]: _problem(name) for name in problems}},
    }
    if "Unauthorized" in problems:
        operation["security"] = BEARER
    if parameters:
        operation["parameters"] = list(parameters)
    return operation


def _query(name: str, schema: Json) -> Json:
    return {"name": name, "in": "query", "required": False, "schema": schema}


USER = ("Unauthorized",)
ADMIN = ("Unauthorized", "Forbidden")


def document(*, release: str, origin: str) -> Json:
    """The description of the API served at `origin`."""
    days = _query("days", {"type": "integer", "minimum": 1, "maximum": 90, "default": 7})
    kind = _query("format", {"const": "json", "default": "json"})
    deep = _query("deep", {"enum": ["0", "1"], "default": "0"})
    health = _operation("getHealth", "Whether the service works", _answer("It works", "Health"), parameters=(deep,))
    health["responses"]["503"] = _answer("A part it needs is down", "Health")
    engagement = "/api/analytics/engagement"
    paths: dict[str, Json] = {
        "/health": {"get": health},
        "/version": {"get": _operation("getVersion", "What is deployed", _answer("The release", "Version"))},
        "/api/public/summary": {"get": _operation("getSummary", "Public figures", _answer("The figures", "Summary"))},
        "/api/analytics/stats": {
            "get": _operation("getStats", "Totals of a week", _answer("The totals", "Stats"), problems=USER)
        },
        f"{engagement}/metrics": {
            "get": _operation("getEngagement", "How people use it", _answer("The metrics", "Engagement"), problems=USER)
        },
        f"{engagement}/trends": {
            "get": _operation(
                "getTrends",
                "Day by day",
                _answer("The trends", "Trends"),
                parameters=(days,),
                problems=(*USER, "Unprocessable"),
            )
        },
        f"{engagement}/export": {
            "get": _operation(
                "exportEvents",
                "The latest events",
                _answer("The events", "Export"),
                parameters=(kind,),
                problems=(*ADMIN, "Unprocessable"),
            )
        },
        "/api/analytics/cache": {
            "delete": _operation("clearCache", "Forget cached answers", _answer("How many", "Cleared"), problems=ADMIN)
        },
    }
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Acme Insights API",
            "version": release,
            "description": "Events, engagement and exports.",
        },
        "servers": [{"url": origin}],
        "security": [],
        "paths": paths,
        "components": {
            "schemas": SCHEMAS,
            "securitySchemes": {"bearer": {"type": "http", "scheme": "bearer"}},
            "responses": {
                name: _answer(text, "Problem", "application/problem+json")
                for name, text in (
                    ("Unauthorized", "No valid token was sent"),
                    ("Forbidden", "This token may not do that"),
                    ("Unprocessable", "A parameter is not valid"),
                )
            },
        },
    }
