"""Structured Fields (RFC 9651): one typed answer or words, for any text."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import TypeAlias

import http_sf
from http_sf import DisplayString, Token

LIMIT = 65_536
"""Characters of a joined field that are read; browsers refuse header blocks of this size."""

Bare: TypeAlias = int | float | Decimal | bool | str | bytes | Token | DisplayString | datetime
Parameters: TypeAlias = Mapping[str, Bare]


@dataclass(frozen=True, slots=True)
class Item:
    value: Bare
    """A quoted string is a `str`, an unquoted word a `Token`: most fields take only one of the two."""
    parameters: Parameters


@dataclass(frozen=True, slots=True)
class InnerList:
    items: tuple[Item, ...]
    parameters: Parameters


Member: TypeAlias = Item | InnerList


def item(values: Sequence[str]) -> Item | str:
    """The one item of a field (§4.2.3), or why it has none: sent twice it is a syntax error."""
    parsed = _parse(values, "item")
    if isinstance(parsed, str):
        return parsed
    member = _member(parsed)
    return member if isinstance(member, Item) else "a list where one item is wanted"


def members(values: Sequence[str]) -> tuple[Member, ...] | str:
    """The members of a list field (§4.2.1), or why it has none; several fields are one list."""
    parsed = _parse(values, "list")
    return parsed if isinstance(parsed, str) else tuple(_member(each) for each in _sequence(parsed))


def dictionary(values: Sequence[str], *, repeated: Callable[[str], None] | None = None) -> dict[str, Member] | str:
    """The members of a dictionary field (§4.2.2), or why it has none; several fields are one dictionary.

    Of a key given twice the last counts; `repeated` hears of it.
    """
    parsed = _parse(values, "dictionary", repeated)
    if isinstance(parsed, str):
        return parsed
    return {key: _member(value) for key, value in parsed.items()} if isinstance(parsed, dict) else {}


def token(member: Member | None) -> str:
    """The text of an unquoted word, or an empty text for anything else."""
    return str(member.value) if isinstance(member, Item) and isinstance(member.value, Token) else ""


def string(value: object) -> str:
    """The text of a quoted string, or an empty text for anything else."""
    return value if isinstance(value, str) else ""


def natural(value: object) -> int | None:
    """An integer of zero or more, or None for anything else."""
    return value if isinstance(value, int) and not isinstance(value, bool) and value >= 0 else None


def _parse(values: Sequence[str], kind: str, repeated: Callable[[str], None] | None = None) -> object:
    """What the library makes of the joined field (§4.2), or words."""
    if not values:
        return "absent"
    field = ", ".join(value.strip(" \t") for value in values)
    if len(field) > LIMIT:
        return f"longer than {LIMIT} characters, so not read"
    if not field.isascii():
        return "holds a character outside ASCII, so it is void"
    try:
        return http_sf.parse(
            field.encode("ascii"),
            tltype=kind,
            on_duplicate_key=lambda key, where: repeated(key) if repeated and where == "dictionary" else None,
        )
    except http_sf.StructuredFieldError as error:
        return f"not a structured field, so it is void: {error} in {field[:80]!r}"


def _member(parsed: object) -> Member:
    """The library gives (value, parameters), where an inner list has a list for its value."""
    value, parameters = parsed if isinstance(parsed, tuple) else (parsed, {})
    if isinstance(value, list):
        return InnerList(tuple(each for one in value if isinstance(each := _member(one), Item)), parameters)
    return Item(value, parameters)


def _sequence(parsed: object) -> list[object]:
    return parsed if isinstance(parsed, list) else []
