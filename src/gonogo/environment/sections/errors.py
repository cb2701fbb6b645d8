"""[error_tracking]."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from gonogo.environment.model import Model
from gonogo.environment.slips import Slip, Told
from gonogo.environment.values import HostPattern, HttpUrl, Name, Path, Pointer, Positive, RoleName, StatusCode, _host


class Sending(Model):
    """One request that is sent with the run's own tag: each `{tag}` in path and body becomes it."""

    path: Path
    """Path and query on the API, or on the site where none is declared; `{id}`: see `id_pointer`."""
    method: Literal["GET", "POST", "PUT", "PATCH", "DELETE"] = "POST"
    """Beyond GET only where `limits.allow_methods` lists it, on tier production."""
    role: RoleName = "anonymous"
    """Role whose credentials are sent."""
    body: Annotated[str, Field(max_length=20_000)] = ""
    """What is sent, such as `{"email": "{tag}@acme.invalid"}`; empty: nothing."""
    content_type: str = "application/json"
    """Content-Type of the body."""
    status: tuple[StatusCode, ...] = ()
    """Statuses that say it was taken; empty: any 2xx."""


class Row(Model):
    """Where in a database the tag can be found."""

    database: Name
    """One of [[databases]], read with its role."""
    table: Name
    """`table` or `schema.table`."""
    column: str = "message"
    """Column whose text holds the tag."""
    time: str = ""
    """Column of the time of writing: only the last hour is looked through, which spares a large table; empty: all."""


class ErrorRow(Row):
    """The table to which the system writes its errors."""

    release: str = ""
    """Column of the release; empty: not judged."""
    environment: str = ""
    """Column of the environment; empty: not judged."""
    within_s: Positive = 10.0
    """After so many seconds the row is there."""


class Alerts(Model):
    """Where delivered alerts can be seen: a mailbox, a chat channel, a pager, by its HTTP API."""

    url: HttpUrl
    """Answers JSON; requested with GET."""
    pointer: Pointer = ""
    """JSON Pointer (RFC 6901) to the messages in the answer; empty: all of it."""
    role: RoleName = "anonymous"
    """Role whose credentials are sent."""
    within_s: Positive = 30.0
    """After so many seconds the alert is there."""


class ErrorRoundTrip(Model):
    """An error of our own, followed to the table and the alert; it leaves a row that holds `gonogo-` and the run's id."""

    request: Sending | None = None
    """Request that makes the system record an error with the tag; default: an error in our own visit to `page`."""
    row: ErrorRow | None = None
    """Where it is written."""
    alert: Alerts | None = None
    """Where it is told."""

    @classmethod
    def slips(cls, said: Told) -> Iterator[Slip]:
        if said.get("row") is None and said.get("alert") is None:
            yield Slip((), "needs `row` or `alert`, where the error is to be seen")


def _dsn_host(value: str) -> str:
    return _host(value) if value else value


def _dsn_project(value: str) -> str:
    if not re.fullmatch(r"[0-9]*", value):
        raise ValueError("must be the number at the end of the DSN")
    return value


def _dsn_key(value: str) -> str:
    # Sentry's have 32 hexadecimal digits; servers that speak as it does may have others.
    if not re.fullmatch(r"[A-Za-z0-9._~-]*", value):
        raise ValueError("must be what stands before the @ of the DSN: letters, digits and `-._~`")
    return value


class ErrorTracking(Model):
    """Where errors in the browser are reported."""

    kind: Literal["sentry", "none"]
    """Sentry or what speaks as it does; or none, where only `round_trip` and `forbid_hosts` are judged."""
    host: Annotated[str, AfterValidator(_dsn_host)] = ""
    """Host in the DSN."""
    project: Annotated[str, AfterValidator(_dsn_project)] = ""
    """Project number in the DSN."""
    public_key: Annotated[str, AfterValidator(_dsn_key)] = ""
    """Public key in the DSN; it is no secret."""
    release: str = ""
    """Release that events must name; empty: any, but one."""
    environment: str = ""
    """Environment that events must name; empty: any, but one."""
    tunnel: Path | None = None
    """Path on the site through which events go; answered locally."""
    page: Path = "/"
    """Page on which an error is provoked."""
    provoke: bool = True
    """Throw an error in our own visit. Not done on production where its report would arrive (`intercept = false`)."""
    forbid_hosts: tuple[HostPattern, ...] = ()
    """Host patterns that no page may speak to: *.sentry.io"""
    round_trip: ErrorRoundTrip | None = None
    """Where errors end up that the system itself records."""

    @classmethod
    def slips(cls, said: Told) -> Iterator[Slip]:
        if said.get("kind") == "sentry" and not said.get("host"):
            yield Slip(("host",), "kind sentry needs `host`, the host in the DSN")
        if said.get("kind") == "none" and not said.get("forbid_hosts") and said.get("round_trip") is None:
            yield Slip((), "kind none needs `round_trip` or `forbid_hosts`; else leave the section out")
