"""Answers against OpenAPI documents, each version in its own dialect."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gonogo.formats import openapi


def document(version: str, schema: dict[str, Any], **components: object) -> dict[str, Any]:
    return {
        "openapi": version,
        "info": {"title": "t", "version": "1"},
        "paths": {
            "/a": {
                "get": {"responses": {"200": {"description": "", "content": {"application/json": {"schema": schema}}}}}
            }
        },
        "components": {"schemas": components},
    }


def errors(version: str, schema: dict[str, Any], instance: object, **components: object) -> list[str]:
    whole = document(version, schema, **components)
    described = openapi.described_response(whole, "/a", "GET", 200)
    media = openapi.match_media_type(described, "application/json; charset=utf-8")
    assert media is not None
    assert media.schema is not None
    return [error.pointer for error in openapi.schema_errors(whole, media.schema, instance, limit=20)]


ITEM = {"type": "object", "required": ["id"], "properties": {"id": {"type": "integer"}}}


@pytest.mark.parametrize(
    ("version", "schema", "instance", "wanted"),
    [
        ("3.1.0", {"type": ["string", "null"]}, None, []),
        ("3.0.3", {"type": "string", "nullable": True}, None, []),
        ("3.0.3", {"type": "string"}, None, ["", ""]),
        ("3.0.3", {"type": "integer", "minimum": 1, "exclusiveMinimum": True}, 1, [""]),
        ("3.1.0", {"type": "integer", "exclusiveMinimum": 1}, 1, [""]),
        (
            "3.1.0",
            {"type": "array", "items": {"$ref": "#/components/schemas/Item"}},
            [{"id": 1}, {"id": "x"}, {}],
            ["/1/id", "/2"],
        ),
        ("3.0.0", {"$ref": "#/components/schemas/Item"}, {"id": "x"}, ["/id"]),
        ("3.1.0", {"type": "string", "format": "date-time"}, "yesterday", [""]),
        (
            "3.0.0",
            {"type": "object", "required": ["p"], "properties": {"p": {"type": "string", "writeOnly": True}}},
            {},
            [],
        ),
    ],
)
def test_schema(version: str, schema: dict[str, Any], instance: object, wanted: list[str]) -> None:
    assert errors(version, schema, instance, Item=ITEM) == wanted


def test_recursive_schema() -> None:
    node = {
        "type": "object",
        "properties": {"next": {"$ref": "#/components/schemas/Node"}, "value": {"type": "integer"}},
    }
    assert errors("3.1.0", {"$ref": "#/components/schemas/Node"}, {"next": {"next": {"value": "x"}}}, Node=node) == [
        "/next/next/value"
    ]


@pytest.mark.parametrize(("status", "documented"), [(200, True), (204, False), (404, True), (503, True)])
def test_status_ranges(status: int, documented: bool) -> None:
    whole = document("3.1.0", {})
    whole["paths"]["/a"]["get"]["responses"] |= {
        "4XX": {"description": ""},
        "503": {"$ref": "#/components/responses/Down"},
    }
    whole["components"]["responses"] = {"Down": {"description": ""}}
    assert openapi.described_response(whole, "/a", "GET", status).documented is documented


@pytest.mark.parametrize("version", ["2.0", "3.2.0", "4.0", None, 3])
def test_other_versions_are_refused(version: object) -> None:
    with pytest.raises(openapi.UnsupportedDocument, match="not supported"):
        openapi.described_response({"openapi": version, "paths": {}}, "/a", "GET", 200)


@pytest.mark.parametrize(
    "schema", [{"$ref": "#/nowhere"}, {"$ref": "https://elsewhere.test/x"}, {"type": "nonsense"}, {"pattern": "("}]
)
def test_broken_schemas_are_refused(schema: dict[str, Any]) -> None:
    whole = document("3.1.0", schema)
    with pytest.raises(openapi.UnsupportedDocument):
        openapi.schema_errors(whole, schema, "x", limit=5)


def test_document_errors() -> None:
    whole = document("3.1.0", {"$ref": "#/components/schemas/Gone"})
    whole["info"] = {"title": "t"}
    whole["paths"]["b"] = {"get": []}
    found = {error.pointer for error in openapi.document_errors(whole)}
    assert found == {"/info/version", "/paths/b", "/paths/b/get", "#/components/schemas/Gone"}


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["$ref", "openapi", "paths", "get", "responses", "200", "content", "schema", "type", "/a"]),
            inner,
            max_size=4,
        )
    ),
    max_leaves=20,
)


@given(JSON)
def test_any_document_is_judged_or_refused(whole: object) -> None:
    openapi.document_errors(whole)
    if isinstance(whole, dict):
        try:
            described = openapi.described_response(whole, "/a", "GET", 200)
            for media in described.media:
                if media.schema is not None:
                    openapi.schema_errors(whole, media.schema, {}, limit=5)
        except openapi.UnsupportedDocument:
            pass
