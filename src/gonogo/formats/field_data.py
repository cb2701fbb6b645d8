"""The 75th percentiles in a document of field data: the Chrome UX Report's API answer, or one's own endpoint's."""

from __future__ import annotations

import math
from collections.abc import Mapping

from gonogo.formats import json_pointer, json_text

MOST_DIGITS = 40


def percentiles(text: str, pointers: Mapping[str, str]) -> dict[str, float | None] | str:
    """The number that each JSON Pointer (RFC 6901) names; None where there is none, and words where this is no JSON.

    Numbers may stand as text, as the Chrome UX Report has its layout shift.
    """
    try:
        document = json_text.parse(text)
    except json_text.NotJson:
        return "the answer is not JSON"
    return {name: _number(_value(document, pointer)) for name, pointer in pointers.items()}


def _value(document: object, pointer: str) -> object:
    try:
        return json_pointer.resolve(document, pointer)
    except LookupError:
        return None


def _number(found: object) -> float | None:
    if isinstance(found, bool) or not isinstance(found, int | float | str) or len(str(found)) > MOST_DIGITS:
        return None
    try:
        value = float(found)
    except ValueError:
        return None
    return value if math.isfinite(value) and value >= 0 else None
