"""[privacy]."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated

from pydantic import Field

from gonogo.environment.model import Model
from gonogo.environment.sections.errors import Row, Sending
from gonogo.environment.slips import Slip, Told, table, twice
from gonogo.environment.values import Name, Path, Pointer, Positive, RoleName, StatusCode


class Trace(Model):
    """A place that holds a person's data: an address of the API, or a table."""

    name: Name
    """Names the place in results; unique."""
    path: Path | None = None
    """Path on the API (or site) that shows the data; requested with GET, `{tag}` and `{id}` filled in."""
    role: RoleName = "anonymous"
    """Role whose credentials are sent."""
    gone: tuple[StatusCode, ...] = (404, 410)
    """Statuses that say the data is gone; so does a 2xx without the tag."""
    row: Row | None = None
    """A table in place of an address."""

    @classmethod
    def slips(cls, said: Told) -> Iterator[Slip]:
        if (said.get("path") is None) == (said.get("row") is None):
            yield Slip((), "either `path` or `row`")


class Deletion(Model):
    """A person of our own is made, and asks to be deleted (GDPR Article 17). Never on tier production."""

    create: Sending
    """Makes the person; `{tag}` names them."""
    id_pointer: Pointer = ""
    """JSON Pointer to the person's id in the answer, for `{id}` in what follows; empty: none is needed."""
    ask: Sending
    """Asks for the deletion."""
    traces: Annotated[tuple[Trace, ...], Field(min_length=1)]
    """Places where the person's data is seen before, and gone after."""
    within_s: Positive = 10.0
    """After so many seconds the data is gone."""

    @classmethod
    def slips(cls, said: Told) -> Iterator[Slip]:
        yield from twice(said, "traces")
        create = table(said, "create")
        path, body = create.get("path"), create.get("body", "")
        if isinstance(path, str) and isinstance(body, str) and "{tag}" not in path + body:
            yield Slip(("create",), "neither `path` nor `body` holds {tag}, by which the person is told")


class Privacy(Model):
    """What people may ask of whoever keeps their data."""

    deletion: Deletion | None = None
    """Set it to try a deletion out."""
