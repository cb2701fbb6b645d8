"""Pydantic's errors in plain words: where, what was found, what is valid, "did you mean"."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping

from pydantic_core import ErrorDetails

from gonogo.environment.document import Node, shown
from gonogo.environment.interpolate import did_you_mean
from gonogo.environment.lines import KeyPath, dotted
from gonogo.environment.shape import LEAVES, Kind, Shape, near_secret, shape_at
from gonogo.errors import Problem

_MAX_SHOWN = 60
_USERINFO = re.compile("://.*@", re.DOTALL)
_TYPE_ERRORS = frozenset(
    f"{kind}_{what}"
    for kind in ("int", "float", "bool", "string", "tuple", "list", "dict", "model", "model_attributes")
    for what in ("type", "parsing")
)

Context = Mapping[str, object]
_LIMITS: Mapping[str, Callable[[Context], str]] = {
    "greater_than": lambda at: f"wanted more than {_number(at['gt'])}",
    "greater_than_equal": lambda at: f"wanted at least {_number(at['ge'])}",
    "less_than": lambda at: f"wanted less than {_number(at['lt'])}",
    "less_than_equal": lambda at: f"wanted at most {_number(at['le'])}",
    "finite_number": lambda _: "wanted a finite number",
    "string_too_short": lambda at: f"wanted {_count(at['min_length'], 'character')} or more",
    "string_too_long": lambda at: f"wanted {_count(at['max_length'], 'character')} or fewer",
    "string_pattern_mismatch": lambda at: f"wanted text that matches {at['pattern']}",
    "too_short": lambda at: f"wanted {_count(at['min_length'], 'item')} or more",
    "too_long": lambda at: f"wanted {_count(at['max_length'], 'item')} or fewer",
}


def explain(error: ErrorDetails, tree: Node) -> Problem:
    """One error of the models as a problem of the file. Never shows a secret's value, whole or in part."""
    path: KeyPath = tuple(error["loc"])
    if path[-1:] == ("[key]",):
        return _unknown_key(path[:-1], tree)
    kind = error["type"]
    if kind == "extra_forbidden":
        return _unknown_key(path, tree)
    shape, node = shape_at(path), tree.at(path)
    if kind == "value_error":
        return told(tree, path, error["msg"].removeprefix("Value error, "))
    if kind == "missing" or node is None:
        message = f"missing; wanted {shape.words}" if shape else "missing"
    else:
        message = f"found {found(node, shape)}; {_wanted(error, shape, node)}"
    return problem(tree, path, message)


def told(tree: Node, path: KeyPath, message: str) -> Problem:
    """A rule's own words, after what stands at the path where that is one value."""
    node = tree.at(path)
    if node is None or isinstance(node.value, dict | list):
        return problem(tree, path, message)
    return problem(tree, path, f"found {found(node, shape_at(path))}; {message}")


def problem(tree: Node, path: KeyPath, message: str) -> Problem:
    """A problem at a path, on its line, or on that of the nearest table that exists."""
    node = tree.nearest(path)
    return Problem(shown(node.file), node.line, dotted(path), message)


def found(node: Node, shape: Shape | None) -> str:
    """What stands in the file, as the file has it: a reference rather than its value, and never a secret."""
    value = node.value
    if isinstance(value, dict):
        return "a table" if value else "an empty table"
    if isinstance(value, list):
        return "an array" if value else "an empty array"
    if shape is not None and shape.kind in LEAVES and shape.kind is not Kind.SECRET:
        text = _literal(node.raw if isinstance(value, str) else value)
        return f"{text} ({', '.join(node.via)})" if node.via else text
    return "an empty string" if value == "" else _type_of(value)


def _wanted(error: ErrorDetails, shape: Shape | None, node: Node) -> str:
    kind, context = error["type"], error.get("ctx", {})
    words = shape.words if shape else "something else"
    if kind in _LIMITS:
        return _LIMITS[kind](context)
    if kind in {"literal_error", "enum"} and shape is not None:
        # A value from a variable may be a secret that was put in the wrong place: no word of it.
        close = did_you_mean(node.value, list(shape.choices)) if isinstance(node.value, str) and not node.via else ""
        return f"wanted {words}{close}"
    if kind in _TYPE_ERRORS and shape is not None:
        if node.via:
            return f"the value must be {words}, and it is not"
        quoted = isinstance(node.value, str) and shape.kind in {Kind.INTEGER, Kind.NUMBER, Kind.BOOLEAN}
        return f"wanted {words}, without quotes" if quoted else f"wanted {words}"
    return f"wanted {words}" if near_secret(shape) else error["msg"][:1].lower() + error["msg"][1:]


def _unknown_key(path: KeyPath, tree: Node) -> Problem:
    parent = shape_at(path[:-1])
    known = parent.keys() if parent else []
    close = did_you_mean(str(path[-1]), known)
    return problem(tree, path, f"unknown key; known here: {', '.join(known)}{close}")


def _literal(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        # A password may stand in a URL that is too broken for the scrubber to find it.
        value = _USERINFO.sub("://***@", value)
        text = value if len(value) <= _MAX_SHOWN else f"{value[:_MAX_SHOWN]}…"
        return json.dumps(text, ensure_ascii=not text.isprintable())
    text = str(value)
    return text if len(text) <= _MAX_SHOWN else f"{text[:_MAX_SHOWN]}…"


def _type_of(value: object) -> str:
    if isinstance(value, str):
        return "a string"
    if isinstance(value, bool):
        return "a boolean"
    return "a number" if isinstance(value, int | float) else "a date or time"


def _number(value: object) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)


def _count(number: object, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
