"""Hits of Google Analytics 4 and of collectors that speak alike: parameters in the address, one event a line of the body.

The format is not documented by its maker; https://developers.google.com/tag-platform/gtagjs tells of the tag alone.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from urllib.parse import parse_qsl, urlsplit

MAX_URL = 16_384
MAX_BODY = 64_000
MAX_EVENTS = 100
MAX_PARAMETERS = 200
MAX_VALUE = 1000

_ID = re.compile(r"(?:G|GT|AW|DC|GTM|UA)-[A-Z0-9][A-Z0-9-]{1,30}")
_LOADERS = ("/gtag/js", "/gtm.js")


@dataclass(frozen=True, slots=True)
class Hit:
    """One event that a page sent to a collector."""

    parameters: tuple[tuple[str, str], ...]
    """Those of the address, then those of the event; of two with one name the event's wins."""

    def get(self, name: str) -> str:
        """The value of a parameter; empty where it is absent or empty."""
        return dict(self.parameters).get(name, "")


def hits(url: str, body: str = "") -> tuple[Hit, ...]:
    """The events of one request; one with the address's parameters alone where the body holds none.

    A line of the body is `name=value&…` or a JSON object, whose plain values are taken.
    """
    shared = _pairs(_query(url))
    events = [_event(line) for line in body[:MAX_BODY].splitlines()[:MAX_EVENTS] if line.strip()]
    return tuple(Hit(_merged(shared, event)) for event in (events or [()]))


def tag_id(url: str) -> str:
    """The id that Google's script is loaded with (`/gtag/js?id=G-…`, `/gtm.js?id=GTM-…`); empty for any other address."""
    try:
        path = urlsplit(url[:MAX_URL]).path
    except ValueError:
        return ""
    if not path.endswith(_LOADERS):
        return ""
    found = dict(_pairs(_query(url))).get("id", "")
    return found if is_id(found) else ""


def is_id(text: str) -> bool:
    """A measurement, container or conversion id: `G-…`, `GTM-…`, `AW-…`, `UA-…`."""
    return _ID.fullmatch(text) is not None


def _query(url: str) -> str:
    try:
        return urlsplit(url[:MAX_URL]).query
    except ValueError:
        return ""


def _pairs(text: str) -> tuple[tuple[str, str], ...]:
    try:
        pairs = parse_qsl(text, keep_blank_values=True, max_num_fields=10 * MAX_PARAMETERS)
    except ValueError:
        return ()
    return tuple((name[:MAX_VALUE], value[:MAX_VALUE]) for name, value in pairs[:MAX_PARAMETERS])


def _event(line: str) -> tuple[tuple[str, str], ...]:
    if not line.lstrip().startswith("{"):
        return _pairs(line)
    try:
        told = json.loads(line)
    except (ValueError, RecursionError):
        return ()
    if not isinstance(told, dict):
        return ()
    plain = [(name, value) for name, value in told.items() if isinstance(value, str | int | float)]
    return tuple((name[:MAX_VALUE], _written(value)) for name, value in plain[:MAX_PARAMETERS])


def _written(value: str | float) -> str:
    try:
        return str(value)[:MAX_VALUE]
    except ValueError:  # an integer of more digits than Python writes
        return ""


def _merged(*parts: tuple[tuple[str, str], ...]) -> tuple[tuple[str, str], ...]:
    merged: dict[str, str] = {}
    for part in parts:
        merged |= dict(part)
    return tuple(merged.items())
