"""What the models say, for editors and for readers, and what one loaded environment says."""

from __future__ import annotations

import ast
import inspect
import json
from collections.abc import Iterator, Mapping
from enum import Enum
from functools import cache
from importlib import import_module
from itertools import pairwise
from pkgutil import iter_modules
from typing import TYPE_CHECKING

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from gonogo.environment import models, sections
from gonogo.environment.lines import KeyPath, dotted
from gonogo.environment.model import Model, Secret
from gonogo.environment.models import Environment
from gonogo.environment.secrets import MASK, Json, Scrubber
from gonogo.environment.shape import Kind, Shape, shape_of

if TYPE_CHECKING:
    from gonogo.environment.load import Loaded

_COMMENT = "Generated from gonogo.environment.models by `python -m gonogo.environment`; do not edit."
_REFERENCE: dict[str, Json] = {"type": "string", "pattern": r"\$\{[A-Za-z_][A-Za-z0-9_]*(:-[^}]*)?\}"}
_STRICT = frozenset({"pattern", "enum", "const", "minLength", "maxLength"})

_INTRODUCTION = """\
# Environment files

One TOML file describes one deployed system at one tier. `gonogo run --env=staging` and `pytest
--env=staging` read `environments/staging.toml`; `--env=shop/staging` reads
`environments/systems/shop/staging.toml` or `environments/shop/staging.toml`; a path that ends in `.toml`
is taken as it is.

A section that is absent makes the checks of that section NOT_APPLICABLE, and the report says so.

## Variables

Any string may hold `${NAME}` or `${NAME:-default}`; `$$` stands for a dollar sign. A string that is one
such reference as a whole may stand for a number, or for `true` or `false`. A variable is looked up

1. in what the environment's `provider` supplies,
2. in the process environment,
3. in `.env.<file name>` beside the environment file, then in `.env` beside it (for `staging.toml`:
   `.env.staging`),
4. in the same two files of the environments folder,
5. in `.env` of the current directory.

A variable that is not set, or is set but empty, is an error; `${NAME:-}` allows it to be empty. Nothing
is replaced within `.env` files, so that a password may hold a `$`.

## Secrets

Tokens and database URLs are secrets: they stand in the file as `${NAME}` only, and reports, logs and
messages show `***` in their place. In a database URL only the password is secret:
`postgresql://reader:${PASSWORD}@db.internal/shop` is fine. A password with characters that a URL
reserves is percent-encoded.

## One file on top of another

`extends = "base.toml"` reads that file first, from the folder of the file that says so. Tables are
merged key by key; any other value, arrays included, replaces the one below. Files called `base.toml` or
`_….toml` are not environments.

## What is checked

A file with mistakes is refused with all of them at once, each with its file, line and key. `gonogo env
lint NAME` says more: secrets written into the file, names used twice, files that are not there,
addresses for hosts that the file does not name, and on tier production placeholders, addresses of this
machine, and plain http. `gonogo env show NAME --origin` prints what was read, defaults included, with
the file and line of each value.

## Keys

"Required" means that the key must be there when its section is. Relative file names start from the
folder of the environment file. Names are made of letters, digits, spaces and `. _ / -`.
"""


def environment_schema() -> dict[str, Json]:
    """The JSON Schema (draft 2020-12) of an environment file as it is written: with `${NAME}` and `extends`.

    A file that extends another may leave out what the other says, so nothing that merges is required of it.
    """
    schema: dict[str, Json] = json.loads(json.dumps(Environment.model_json_schema()))
    definitions = _table(schema.pop("$defs"))
    told = meanings()
    for model, definition in (("Environment", schema), *((name, _table(one)) for name, one in definitions.items())):
        properties = definition.get("properties")
        for name, value in _table(properties).items() if properties else ():
            described = {**_table(value), "description": told[model, name]}
            _table(properties)[name] = _allow_reference(described, definitions)
    demands = _lift_required(Environment, schema, definitions)
    _table(schema["properties"])["extends"] = {
        "description": "Path of the file that this one is merged over, from this file's folder.",
        "type": "string",
        "minLength": 1,
    }
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$comment": _COMMENT,
        **schema,
        "if": {"not": {"required": ["extends"]}},
        "then": demands,
        "$defs": definitions,
    }


@cache
def meanings() -> dict[tuple[str, str], str]:
    """What each key means, by model and field: the docstring below the field in the models' source.

    Pydantic can collect them too, but then reads the source at every start of every run.
    """
    told: dict[tuple[str, str], str] = {}
    named = sorted(one.name for one in iter_modules(sections.__path__))
    modules = [*(import_module(f"{sections.__name__}.{name}") for name in named), models]
    for node in (node for module in modules for node in ast.parse(inspect.getsource(module)).body):
        if isinstance(node, ast.ClassDef):
            bases = {base.id for base in node.bases if isinstance(base, ast.Name)}
            told |= {(node.name, name): text for (model, name), text in told.items() if model in bases}
            for field, below in pairwise(node.body):
                match field, below:
                    case ast.AnnAssign(target=ast.Name(id=name)), ast.Expr(value=ast.Constant(value=str(text))):
                        told[node.name, name] = inspect.cleandoc(text)
    return told


def schema_text() -> str:
    """The JSON Schema as its file holds it."""
    return json.dumps(environment_schema(), indent=2, ensure_ascii=False) + "\n"


def reference_markdown() -> str:
    """The reference of every section and key, as Markdown."""
    parts = [f"<!-- {_COMMENT} -->\n\n{_INTRODUCTION}"]
    for heading, model in _sections(Environment, ""):
        about = (model.__doc__ or "").strip()
        rows = "".join(_row(model, name, info) for name, info in model.model_fields.items())
        parts.append(f"\n### {heading}\n\n{about}\n\n| key | type | default | meaning |\n|---|---|---|---|\n{rows}")
    return "".join(parts)


def show(loaded: Loaded, origin: bool = False) -> str:
    """The environment as TOML with every default and `***` for secrets; `origin` adds file and line."""
    lines = list(_shown_table(loaded.environment, (), loaded if origin else None))
    return Scrubber(loaded.secrets).scrub("\n".join(lines).strip() + "\n")


def toml_value(value: object) -> str:
    """One value as TOML writes it, on one line; a secret as `"***"`."""
    if isinstance(value, Secret):
        return f'"{MASK}"'
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Enum):
        return _toml_string(str(value.value))
    if isinstance(value, str):
        return _toml_string(value)
    if isinstance(value, float):
        return f"{value:g}" if value == float(f"{value:g}") else repr(value)
    if isinstance(value, BaseModel):
        return toml_value({name: getattr(value, name) for name in value.model_fields_set})
    if isinstance(value, Mapping):
        pairs = ", ".join(f"{dotted((str(key),))} = {toml_value(item)}" for key, item in value.items())
        return f"{{ {pairs} }}" if pairs else "{}"
    if isinstance(value, tuple):
        return f"[{', '.join(map(toml_value, value))}]"
    return str(value)


def _toml_string(text: str) -> str:
    # JSON's escapes are TOML's, except that TOML forbids a raw DEL and surrogates.
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")


def _shown_table(model: BaseModel, path: KeyPath, loaded: Loaded | None) -> Iterator[str]:
    """The plain keys of a table, then its tables, since TOML wants them in that order."""
    tables: list[tuple[KeyPath, object]] = []
    for name in type(model).model_fields:
        value: object = getattr(model, name)
        if _is_tables(value):
            tables.append(((*path, name), value))
        elif value is not None:
            yield _shown_pair((*path, name), value, loaded)
    for at, table in tables:
        yield from _shown_tables(table, at, loaded)


def _is_tables(value: object) -> bool:
    if isinstance(value, tuple):
        return bool(value) and isinstance(value[0], BaseModel)
    return isinstance(value, BaseModel) or (isinstance(value, Mapping) and bool(value))


def _shown_tables(value: object, path: KeyPath, loaded: Loaded | None) -> Iterator[str]:
    if isinstance(value, tuple):
        for at, item in enumerate(value):
            assert isinstance(item, BaseModel)
            yield from ("", f"[[{_header(path)}]]")
            yield from _shown_table(item, (*path, at), loaded)
    elif isinstance(value, BaseModel):
        yield from ("", f"[{_header(path)}]")
        yield from _shown_table(value, path, loaded)
    elif isinstance(value, Mapping):
        if not _is_tables(next(iter(value.values()))):
            yield from ("", f"[{_header(path)}]")
        for key, item in value.items():
            below: KeyPath = (*path, str(key))
            if _is_tables(item):
                yield from _shown_tables(item, below, loaded)
            else:
                yield _shown_pair(below, item, loaded)


def _header(path: KeyPath) -> str:
    return dotted(tuple(key for key in path if isinstance(key, str)))


def _shown_pair(path: KeyPath, value: object, loaded: Loaded | None) -> str:
    line = f"{dotted(path[-1:])} = {toml_value(value)}"
    if loaded is None:
        return line
    node = loaded.tree.at(path)
    if node is None:
        return f"{line}  # default"
    file, number = loaded.origins[dotted(path)]
    via = f" ({', '.join(node.via)})" if node.via else ""
    return f"{line}  # {file}:{number}{via}"


def _sections(model: type[Model], heading: str) -> Iterator[tuple[str, type[Model]]]:
    """Every table of the file with its header, parents first."""
    yield (f"`{heading}`" if heading else "Top level"), model
    prefix = heading.strip("[]")
    for name, info in model.model_fields.items():
        shape = shape_of(info.annotation)
        below = shape if shape.model else shape.item
        if below is None or below.model is None:
            continue
        path = f"{prefix}.{name}" if prefix else name
        if shape.kind is Kind.MAP:
            path += ".<name>"
        yield from _sections(below.model, f"[[{path}]]" if shape.kind is Kind.ARRAY else f"[{path}]")


def _row(model: type[Model], name: str, info: FieldInfo) -> str:
    shape = shape_of(info.annotation)
    default = "required" if info.is_required() else _default(info.default)
    meaning = " ".join(meanings()[model.__name__, name].split())
    return f"| `{name}` | {_type(shape, info)} | {default} | {_cell(meaning)} |\n"


def _type(shape: Shape, info: FieldInfo) -> str:
    if shape.kind is Kind.SECRET:
        return "a secret string"
    words = ", ".join(f"`{choice}`" if choice else '`""`' for choice in shape.choices)
    if shape.kind is Kind.CHOICE:
        return f"one of {words}"
    if shape.kind is Kind.MAP and words:
        return f"{shape.words}; keys: {words}"
    limits = "".join(_bounds(info))
    return f"{shape.words}{limits}"


def _bounds(info: FieldInfo) -> Iterator[str]:
    words = {"gt": "more than", "ge": "at least", "lt": "less than", "le": "at most"}
    for rule in info.metadata:
        for name, text in words.items():
            bound = getattr(rule, name, None)
            if bound is not None:
                yield f", {text} {bound}"


def _default(value: object) -> str:
    if value is None:
        return "absent"
    if isinstance(value, BaseModel):
        return "the defaults of its keys"
    if isinstance(value, float) and value != round(value, 4):
        return f"`{value:.4f}`"
    return f"`{_cell(toml_value(value))}`"


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


def _table(value: Json) -> dict[str, Json]:
    assert isinstance(value, dict)
    return value


def _allow_reference(schema: dict[str, Json], definitions: dict[str, Json]) -> dict[str, Json]:
    """A schema that also takes `${NAME}` where the plain one would not: numbers, choices, patterns …"""
    if "anyOf" in schema:
        # TOML has no null: an absent key is the only way to say None.
        schema = {key: value for key, value in schema.items() if key not in {"anyOf", "default"}} | _not_null(schema)
    if schema.get("type") == "array":
        return {**schema, "items": _allow_reference(_table(schema["items"]), definitions)}
    if schema.get("type") == "object" and isinstance(schema.get("additionalProperties"), dict):
        return {
            **schema,
            "additionalProperties": _allow_reference(_table(schema["additionalProperties"]), definitions),
        }
    pointed = definitions.get(str(schema.get("$ref", "")).removeprefix("#/$defs/"), {})
    wants_other = schema.get("type") in {"integer", "number", "boolean"}
    if not (wants_other or _STRICT & schema.keys() or "enum" in _table(pointed)):
        return schema
    about = {key: value for key, value in schema.items() if key in {"default", "description", "title"}}
    plain = {key: value for key, value in schema.items() if key not in about}
    return {**about, "anyOf": [plain, dict(_REFERENCE)]}


def _not_null(schema: dict[str, Json]) -> dict[str, Json]:
    alternatives = schema["anyOf"]
    assert isinstance(alternatives, list)
    (only,) = (_table(each) for each in alternatives if each != {"type": "null"})
    return only


def _lift_required(model: type[Model], schema: dict[str, Json], definitions: dict[str, Json]) -> dict[str, Json]:
    """Take `required` away from the tables that merge, and give it back as one schema of its own."""
    demands: dict[str, Json] = {}
    if required := schema.pop("required", None):
        demands["required"] = required
    below: dict[str, Json] = {}
    for name, info in model.model_fields.items():
        shape = shape_of(info.annotation)
        inner = shape.item if shape.kind is Kind.MAP else shape
        if inner is None or inner.model is None or inner.kind is not Kind.TABLE:
            continue
        found = _lift_required(inner.model, _table(definitions[inner.model.__name__]), definitions)
        if found:
            below[name] = {"additionalProperties": found} if shape.kind is Kind.MAP else found
    if below:
        demands["properties"] = below
    return demands
