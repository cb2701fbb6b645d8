"""Envelopes that Sentry's SDKs send, and the DSN that says where to (https://develop.sentry.dev/sdk/)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from gonogo.formats import json_text

MAX_TEXT = 64_000
MAX_ITEMS = 100
MAX_VALUE = 500
MAX_EXCEPTIONS = 20

_PATH = re.compile(r"(?:/[A-Za-z0-9._-]{1,100}){0,8}/api/(?P<project>[0-9]{1,32})/(?:envelope|store)/?")


@dataclass(frozen=True, slots=True)
class Address:
    """Where events go: host, project number and public key; each empty where it is not told."""

    host: str
    project: str
    key: str


@dataclass(frozen=True, slots=True)
class Event:
    """What an `event` item says of itself."""

    release: str
    environment: str
    messages: tuple[str, ...]
    """Of the event, its log entry and its exceptions."""


@dataclass(frozen=True, slots=True)
class Envelope:
    dsn: str
    """Of the header; SDKs from 11 on leave it out, and a tunnel needs it."""
    types: tuple[str, ...]
    """Of the items, in order: `session`, `event`, `client_report` …"""
    events: tuple[Event, ...]


def read_dsn(text: str) -> Address | str:
    """A DSN, `https://<key>@<host>/<path>/<project>`; or words why it is none."""
    try:
        parts = urlsplit(text.strip()[:MAX_VALUE])
        host, key = parts.hostname or "", parts.username or ""
    except ValueError:
        return "not a URL"
    project = parts.path.rpartition("/")[2]
    if parts.scheme not in {"http", "https"} or not host:
        return "not an http:// or https:// URL"
    if not key:
        return "no public key before the @"
    if not (project.isascii() and project.isdigit()):
        return "no project number at its end"
    return Address(host.lower(), project, key)


def address(url: str) -> Address | None:
    """Where a request to `/api/<project>/envelope/` leads; None for any other address."""
    try:
        parts = urlsplit(url[: 8 * MAX_VALUE])
        host = (parts.hostname or "").lower()
        query = dict(parse_qsl(parts.query, max_num_fields=200))
    except ValueError:
        return None
    found = _PATH.fullmatch(parts.path)
    return Address(host, found["project"], query.get("sentry_key", "")[:MAX_VALUE]) if found else None


def read(text: str) -> Envelope | str:
    """An envelope: a header, then items of a header and a payload, a line each; or words why it is none.

    A payload with a `length` has as many bytes, and may hold line ends; items behind one that cannot be read are lost.
    """
    rest = text[:MAX_TEXT].encode("utf-8", "surrogatepass")
    line, _, rest = rest.partition(b"\n")
    header = _object(line)
    if header is None:
        return "its first line is not a JSON object"
    types: list[str] = []
    events: list[Event] = []
    while rest.strip() and len(types) < MAX_ITEMS:
        line, _, rest = rest.partition(b"\n")
        if not line.strip():
            continue
        item = _object(line)
        if item is None:
            break
        payload, rest = _payload(rest, item.get("length"))
        kind = _word(item.get("type"))
        types.append(kind)
        if kind == "event" and (told := _object(payload)) is not None:
            events.append(_event(told))
    if not types:
        return "it holds no item"
    return Envelope(_word(header.get("dsn")), tuple(types), tuple(events))


def _payload(rest: bytes, length: object) -> tuple[bytes, bytes]:
    """The payload and what is behind it; a `length` that does not end at a line's end is not believed."""
    if isinstance(length, int) and not isinstance(length, bool) and 0 <= length <= len(rest):
        behind = rest[length : length + 1]
        if behind in {b"", b"\n"}:
            return rest[:length], rest[length + 1 :]
    payload, _, rest = rest.partition(b"\n")
    return payload, rest


def _object(line: bytes) -> dict[str, Any] | None:
    try:
        told = json_text.parse(line.decode("utf-8", "replace"))
    except json_text.NotJson:
        return None
    return told if isinstance(told, dict) else None


def _word(value: object) -> str:
    return value[:MAX_VALUE] if isinstance(value, str) else ""


def _event(told: dict[str, Any]) -> Event:
    entry = told.get("logentry")
    thrown = told.get("exception")
    values = thrown.get("values") if isinstance(thrown, dict) else thrown
    said = [told.get("message"), *((entry.get("formatted"), entry.get("message")) if isinstance(entry, dict) else ())]
    listed = values[:MAX_EXCEPTIONS] if isinstance(values, list) else []
    said += [one.get("value") for one in listed if isinstance(one, dict)]
    messages = tuple(word for one in said if (word := _word(one)))
    return Event(_word(told.get("release")), _word(told.get("environment")), messages)
