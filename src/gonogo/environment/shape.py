"""What the models allow at each place of an environment file."""

from __future__ import annotations

import types
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum, StrEnum
from typing import Annotated, Literal, Union, get_args, get_origin

from gonogo.environment.lines import KeyPath
from gonogo.environment.model import Model, Secret
from gonogo.environment.models import Environment


class Kind(StrEnum):
    """The words of TOML, and the two that it lacks: a secret and a choice."""

    STRING = "string"
    SECRET = "secret"  # noqa: S105 - a kind of value, not a password
    CHOICE = "choice"
    INTEGER = "integer"
    NUMBER = "number"
    BOOLEAN = "boolean"
    ARRAY = "array"
    TABLE = "table"
    MAP = "map"
    """A table whose keys the user chooses."""


LEAVES = frozenset({Kind.STRING, Kind.SECRET, Kind.CHOICE, Kind.INTEGER, Kind.NUMBER, Kind.BOOLEAN})

_ONE = {
    Kind.STRING: "a string",
    Kind.SECRET: "a string",
    Kind.INTEGER: "a whole number",
    Kind.NUMBER: "a number",
    Kind.BOOLEAN: "true or false",
    Kind.TABLE: "a table",
}
_MANY = {
    Kind.STRING: "strings",
    Kind.SECRET: "strings",
    Kind.INTEGER: "whole numbers",
    Kind.NUMBER: "numbers",
    Kind.BOOLEAN: "booleans",
    Kind.TABLE: "tables",
}


@dataclass(frozen=True, slots=True)
class Shape:
    """What one place of the file may hold."""

    kind: Kind
    model: type[Model] | None = None
    """The model of a TABLE."""
    item: Shape | None = None
    """What an ARRAY or MAP holds."""
    choices: tuple[str, ...] = ()
    """The words of a CHOICE, or those that may be keys of a MAP; empty: any."""

    def child(self, key: str | int) -> Shape | None:
        """What stands under a key or index; None where nothing may."""
        if isinstance(key, int):
            return self.item if self.kind is Kind.ARRAY else None
        if self.kind is Kind.MAP:
            return self.item
        if self.model is not None and (info := self.model.model_fields.get(key)):
            return shape_of(info.annotation)
        return None

    def keys(self) -> list[str]:
        """The keys that may stand in this table; empty: any, or none at all."""
        return list(self.model.model_fields) if self.model is not None else list(self.choices)

    @property
    def words(self) -> str:
        """In plain words: `a whole number`, `an array of strings`."""
        if self.kind is Kind.CHOICE:
            return f"one of {_listed(self.choices)}"
        if self.kind is Kind.ARRAY:
            return f"an array of {self._many}"
        if self.kind is Kind.MAP:
            return f"a table of {self._many}"
        return _ONE[self.kind]

    @property
    def _many(self) -> str:
        if self.item is None:
            return "values"
        if self.item.kind is Kind.CHOICE:
            return _listed(self.item.choices)
        if self.item.kind in {Kind.ARRAY, Kind.MAP}:
            return f"{'arrays' if self.item.kind is Kind.ARRAY else 'tables'} of {self.item._many}"
        return _MANY[self.item.kind]


def _listed(choices: tuple[str, ...]) -> str:
    return ", ".join(one or '""' for one in choices)


def shape_of(annotation: object) -> Shape:
    """The shape of a model's annotation. Raises TypeError for a type that no environment file can hold."""
    origin = get_origin(annotation)
    arguments = get_args(annotation)
    if origin is Annotated:
        return shape_of(arguments[0])
    if origin in {Union, types.UnionType}:
        (only,) = (argument for argument in arguments if argument is not type(None))
        return shape_of(only)
    if origin is Literal:
        return Shape(Kind.CHOICE, choices=tuple(str(argument) for argument in arguments))
    if origin is tuple:
        return Shape(Kind.ARRAY, item=shape_of(arguments[0]))
    if origin is dict:
        return Shape(Kind.MAP, item=shape_of(arguments[1]), choices=shape_of(arguments[0]).choices)
    if isinstance(annotation, type):
        return _shape_of_class(annotation)
    raise TypeError(f"no shape for {annotation!r}")


def _shape_of_class(annotation: type) -> Shape:
    if issubclass(annotation, Secret):
        return Shape(Kind.SECRET)
    if issubclass(annotation, Model):
        return Shape(Kind.TABLE, model=annotation)
    if issubclass(annotation, Enum):
        return Shape(Kind.CHOICE, choices=tuple(str(member.value) for member in annotation))
    kinds = {str: Kind.STRING, bool: Kind.BOOLEAN, int: Kind.INTEGER, float: Kind.NUMBER}
    if annotation in kinds:
        return Shape(kinds[annotation])
    raise TypeError(f"no shape for {annotation!r}")


ROOT = Shape(Kind.TABLE, model=Environment)


def shape_at(path: KeyPath) -> Shape | None:
    """What the models allow at a path; None where nothing may stand."""
    shape: Shape | None = ROOT
    for key in path:
        if shape is None:
            return None
        shape = shape.child(key)
    return shape


def near_secret(shape: Shape | None) -> bool:
    """Whether a value of a wrong type here could be a secret that was put in the wrong place."""
    return shape is None or any(kind is Kind.SECRET for kind in _kinds(shape))


def _kinds(shape: Shape) -> Iterator[Kind]:
    yield shape.kind
    if shape.item is not None:
        yield from _kinds(shape.item)
    for info in shape.model.model_fields.values() if shape.model else ():
        yield from _kinds(shape_of(info.annotation))
