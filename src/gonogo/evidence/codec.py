"""What each probe saw, typed. A probe fills these, the store keeps them as JSON, a check reads them.

Times are seconds unless a name says `_ms`; sizes are bytes; instants are UTC ISO 8601 text.
"""

from __future__ import annotations

from typing import Any, TypeVar

from pydantic import TypeAdapter

Facts = TypeVar("Facts")


_adapters: dict[type[object], TypeAdapter[Any]] = {}


def _adapter(kind: type[object]) -> TypeAdapter[Any]:
    if kind not in _adapters:
        _adapters[kind] = TypeAdapter(kind)
    return _adapters[kind]


def to_json(facts: object) -> dict[str, Any]:
    """JSON-ready form of any dataclass in this module."""
    return _adapter(type(facts)).dump_python(facts, mode="json")  # type: ignore[no-any-return]


def from_json(kind: type[Facts], fields: dict[str, Any]) -> Facts:
    """Read what `to_json` wrote. Raises pydantic.ValidationError (a ValueError) on anything else."""
    return _adapter(kind).validate_python(fields)  # type: ignore[no-any-return]


# --- http ---------------------------------------------------------------------------------------------------------


# --- tls ----------------------------------------------------------------------------------------------------------


# --- browser ------------------------------------------------------------------------------------------------------


# --- database -----------------------------------------------------------------------------------------------------


# --- load ---------------------------------------------------------------------------------------------------------
