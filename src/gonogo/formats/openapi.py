"""OpenAPI 3.0 and 3.1 documents, as far as one answer must be held to them.

Each version is judged in its own dialect: 3.0 with `nullable`, boolean `exclusiveMinimum` and read/write rules, 3.1 with
JSON Schema 2020-12 (https://spec.openapis.org/oas/v3.1.0#schema-object). `servers` is not trusted: the caller says which
path template it asked for.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

FORMATS = ("date", "date-time", "email", "ipv4", "ipv6", "regex", "uuid")
"""Values of `format` that are enforced; others are annotations (JSON Schema 2020-12 §7)."""
METHODS = frozenset({"get", "put", "post", "delete", "options", "head", "patch", "trace"})
_ROOT = "urn:gonogo:openapi"


class UnsupportedDocument(ValueError):
    """The document cannot be used to judge this answer; the text says why."""


@dataclass(frozen=True, slots=True)
class MediaType:
    type: str
    schema: dict[str, Any] | bool | None


@dataclass(frozen=True, slots=True)
class DescribedResponse:
    documented: bool
    """The status is described, exactly, as `2XX` or by `default`."""
    media: tuple[MediaType, ...]


@dataclass(frozen=True, slots=True)
class SchemaError:
    pointer: str
    """JSON Pointer into the instance (RFC 6901)."""
    message: str


def _version(document: dict[str, Any]) -> str:
    version = document.get("openapi")
    if isinstance(version, str) and version.startswith(("3.0.", "3.1.")):
        return version[:3]
    found = f"openapi {version!r}" if version is not None else f"swagger {document.get('swagger')!r}"
    raise UnsupportedDocument(f"{found} is not supported, wanted 3.0 or 3.1")


def _follow(document: dict[str, Any], node: object, depth: int = 0) -> dict[str, Any]:
    """The object a local `$ref` leads to; other nodes as they are."""
    if not isinstance(node, dict):
        raise UnsupportedDocument("an object was expected where the document has something else")
    reference = node.get("$ref")
    if reference is None:
        return node
    if depth > 20 or not isinstance(reference, str) or not reference.startswith("#/"):
        raise UnsupportedDocument(f"$ref {str(reference)[:100]!r} cannot be followed; only local references are")
    found: object = document
    for token in reference[2:].split("/"):
        key = token.replace("~1", "/").replace("~0", "~")
        if not isinstance(found, dict) or key not in found:
            raise UnsupportedDocument(f"$ref {reference[:100]!r} leads nowhere")
        found = found[key]
    return _follow(document, found, depth + 1)


def described_response(document: dict[str, Any], path: str, method: str, status: int) -> DescribedResponse:
    """What the document says of one answer. Raises UnsupportedDocument when it does not know the operation."""
    _version(document)
    paths = document.get("paths")
    if not isinstance(paths, dict) or path not in paths:
        raise UnsupportedDocument("the document does not describe this path; name its template in `operation`")
    operation = _follow(document, paths[path]).get(method.lower())
    if not isinstance(operation, dict):
        raise UnsupportedDocument(f"the document does not describe {method} of this path")
    responses = operation.get("responses")
    responses = responses if isinstance(responses, dict) else {}
    for key in (str(status), f"{status // 100}XX", f"{status // 100}xx", "default"):
        if key in responses:
            content = _follow(document, responses[key]).get("content") or {}
            if not isinstance(content, dict):
                raise UnsupportedDocument(f"the content of response {key} is not an object")
            media = tuple(
                MediaType(str(name), described.get("schema") if isinstance(described, dict) else None)
                for name, described in content.items()
            )
            return DescribedResponse(True, media)
    return DescribedResponse(False, ())


def match_media_type(described: DescribedResponse, content_type: str) -> MediaType | None:
    """The described media type that a Content-Type falls under: exact first, then `type/*`, then `*/*` (OAS §4.8.17)."""
    said = content_type.partition(";")[0].strip().lower()
    wanted = (said, f"{said.partition('/')[0]}/*", "*/*") if said else ()
    for name in wanted:
        for media in described.media:
            if media.type.partition(";")[0].strip().lower() == name:
                return media
    return None


def _rebase(node: object) -> Any:
    """The same tree with local references made absolute, so that a schema can be judged away from its document."""
    if isinstance(node, dict):
        return {
            key: f"{_ROOT}{value}"
            if key == "$ref" and isinstance(value, str) and value.startswith("#")
            else _rebase(value)
            for key, value in node.items()
        }
    return [_rebase(one) for one in node] if isinstance(node, list) else node


def schema_errors(
    document: dict[str, Any], schema: dict[str, Any] | bool, instance: object, *, limit: int
) -> tuple[SchemaError, ...]:
    """How an instance breaks a schema of the document, in document order, at most `limit` errors.

    Raises UnsupportedDocument when the schema itself cannot be used.
    """
    from jsonschema import FormatChecker
    from jsonschema.exceptions import SchemaError as BadSchema
    from jsonschema.exceptions import UnknownType
    from openapi_schema_validator import OAS30ReadValidator, OAS31Validator
    from referencing import Registry
    from referencing.exceptions import Unresolvable
    from referencing.jsonschema import DRAFT4, DRAFT202012

    old = _version(document) == "3.0"
    kind, specification = (OAS30ReadValidator, DRAFT4) if old else (OAS31Validator, DRAFT202012)
    registry: Any = Registry().with_resource(_ROOT, specification.create_resource(_rebase(document)))
    try:
        validator = kind(_rebase(schema), registry=registry, format_checker=FormatChecker(FORMATS))
        found = []
        for error in validator.iter_errors(instance):
            pointer = "".join(f"/{str(part).replace('~', '~0').replace('/', '~1')}" for part in error.absolute_path)
            found.append(SchemaError(pointer[:200], error.message))
            if len(found) >= limit:
                break
    except (
        Unresolvable,
        BadSchema,
        UnknownType,
        re.error,
        RecursionError,
        TypeError,
        AttributeError,
        ValueError,
    ) as error:
        raise UnsupportedDocument(f"the schema cannot be used: {type(error).__name__}: {str(error)[:200]}") from None
    return tuple(sorted(found, key=lambda error: error.pointer))


def _references(node: object) -> Iterable[str]:
    if isinstance(node, dict):
        for key, value in node.items():
            if key == "$ref" and isinstance(value, str):
                yield value
            else:
                yield from _references(value)
    elif isinstance(node, list):
        for one in node:
            yield from _references(one)


def document_errors(document: object) -> tuple[SchemaError, ...]:
    """What keeps a document from being used: version, info, paths, operations without responses, references to nothing.

    The rules are those of the specification's fixed fields (OAS 3.1 §4.8); it is not a full lint.
    """
    if not isinstance(document, dict):
        return (SchemaError("", "the document is not an object"),)
    try:
        _version(document)
    except UnsupportedDocument as error:
        return (SchemaError("/openapi", str(error)),)
    return (*_information_errors(document), *_path_errors(document), *_reference_errors(document))[:50]


def _information_errors(document: dict[str, Any]) -> Iterable[SchemaError]:
    information = document.get("info")
    for field in ("title", "version"):
        if not isinstance(information, dict) or not isinstance(information.get(field), str):
            yield SchemaError(f"/info/{field}", "is required and missing")


def _path_errors(document: dict[str, Any]) -> Iterable[SchemaError]:
    paths = document.get("paths", {})
    if not isinstance(paths, dict) or not (paths or document.get("webhooks") or document.get("components")):
        yield SchemaError("/paths", "describes nothing")
        return
    for path, item in paths.items():
        place = f"/paths/{str(path).replace('~', '~0').replace('/', '~1')}"
        if not str(path).startswith("/"):
            yield SchemaError(place, "a path begins with '/'")
        for method, operation in item.items() if isinstance(item, dict) else ():
            if method not in METHODS:
                continue
            if not isinstance(operation, dict) or not isinstance(operation.get("responses", {}), dict):
                yield SchemaError(f"{place}/{method}", "is not an operation")
            elif _version(document) == "3.0" and not operation.get("responses"):
                yield SchemaError(f"{place}/{method}/responses", "is required and missing")


def _reference_errors(document: dict[str, Any]) -> Iterable[SchemaError]:
    for reference in dict.fromkeys(_references(document)):
        if reference.startswith("#/"):
            try:
                _follow(document, {"$ref": reference})
            except UnsupportedDocument as error:
                yield SchemaError(reference[:200], str(error))
