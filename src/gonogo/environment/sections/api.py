"""[roles] and [api]."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from gonogo.environment.model import Model, Secret
from gonogo.environment.values import HttpUrl, Name, Path, Positive, RoleName, StatusCode


class Role(Model):
    """Credentials by which requests are made in a role; endpoints and load targets name it."""

    token: Secret
    """The credential itself, as `${NAME}`."""
    header: str = "Authorization"
    """Request header that carries it."""
    scheme: str = "Bearer"
    """Put before the token, with a space; empty for none."""
    cookie: str = ""
    """Name of the cookie in which a browser has the token, for journeys in this role."""
    local_storage: str = ""
    """Key of the site's local storage under which a browser has it."""


class Endpoint(Model):
    """One API operation: who may use it and how fast it answers."""

    name: Name
    """Names the endpoint in results; unique."""
    path: Path
    """Path and query on the API."""
    method: Literal["GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE"] = "GET"
    """Beyond GET, HEAD and OPTIONS only where `limits.allow_methods` lists it, on tier production."""
    status: Annotated[dict[RoleName, Annotated[tuple[StatusCode, ...], Field(min_length=1)]], Field(min_length=1)] = {
        "anonymous": (200,)
    }
    """Allowed status codes by role; `anonymous` sends no credentials."""
    max_s: Positive = 1.0
    """Budget of an answer, seconds."""
    operation: str = ""
    """Path template in the OpenAPI document when it differs from `path`."""
    destructive: bool = False
    """Never requested on tier production."""


class Api(Model):
    """The HTTP API and its contract."""

    url: HttpUrl | None = None
    """Origin; default: the site's."""
    openapi: Path | None = None
    """Path of the OpenAPI 3.0 or 3.1 document."""
    endpoints: tuple[Endpoint, ...] = ()
    """Operations that are requested and judged."""
