"""What keys say against each other, told at the key to mend: the models raise it, and the loader finds it even where
other keys are wrong."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

from pydantic import ValidationError
from pydantic_core import InitErrorDetails

from gonogo.environment.lines import KeyPath

Told = Mapping[str, object]
"""What one table says, right or wrong: a key may be absent, of any type, or have a value that could not be read."""


class Slip(NamedTuple):
    """One of them. The path starts from the table whose rule it breaks; empty: the table itself."""

    path: KeyPath
    message: str


def refuse(slips: Iterable[Slip]) -> None:
    """Raises pydantic's ValidationError with all of them, each at its own key."""
    details = [
        InitErrorDetails(type="value_error", loc=slip.path, input=None, ctx={"error": ValueError(slip.message)})
        for slip in slips
    ]
    if details:
        raise ValidationError.from_exception_data("environment", details, hide_input=True)


def table(said: Told, *keys: str) -> Told:
    """The table under these keys; an empty one where there is none."""
    for key in keys:
        below = said.get(key)
        said = below if isinstance(below, Mapping) else {}
    return said


def rows(said: Told, key: str) -> list[tuple[int, Told]]:
    """The tables of an array, each with its place."""
    return [(at, row) for at, row in enumerate(_array(said.get(key)) or ()) if isinstance(row, Mapping)]


def texts(said: Told, key: str, default: tuple[str, ...] = ()) -> list[str] | None:
    """The texts of an array; None where one of them could not be read."""
    found = _array(said.get(key, default))
    return None if found is None else _all_texts(found)


def names(said: Told, key: str) -> set[str] | None:
    """The names of the tables of an array; None where one of them could not be read: then any name may be among them."""
    if said.get(key) is None:
        return set()
    found = _array(said.get(key))
    if found is None:
        return None
    named = _all_texts([row.get("name") if isinstance(row, Mapping) else None for row in found])
    return None if named is None else set(named)


def twice(said: Told, key: str) -> Iterator[Slip]:
    """Tables of an array that have a name which stands before them."""
    known: set[str] = set()
    for at, row in rows(said, key):
        name = row.get("name")
        if isinstance(name, str):
            if name in known:
                yield Slip((key, at, "name"), "declared twice; no name may stand more than once")
            known.add(name)


def _array(value: object) -> list[object] | None:
    return list(value) if isinstance(value, list | tuple) else None


def _all_texts(values: list[object]) -> list[str] | None:
    read = [value for value in values if isinstance(value, str)]
    return read if len(read) == len(values) else None
