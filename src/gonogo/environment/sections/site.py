"""[limits], [site] and [[third_parties]]."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import Field

from gonogo.environment.model import Mark, Model
from gonogo.environment.values import Host, HttpUrl, Path, Positive


class Limits(Model):
    """The production guard: what may leave this process at most."""

    requests: Annotated[int, Field(ge=1)] = 500
    """Budget of HTTP requests and handshakes in a run; browser and load have their own."""
    rate_per_s: Positive = 20
    """Requests per second, over all hosts."""
    concurrency: Annotated[int, Field(ge=1, le=64)] = 8
    """Network probes at the same time."""
    request_timeout_s: Positive = 10
    """One request with its answer, seconds."""
    run_timeout_s: Positive = 600
    """All gathering of a run, seconds; what has not arrived by then is UNKNOWN."""
    body_bytes: Annotated[int, Field(ge=1024)] = 5_000_000
    """Most of a body that is read, after decompression."""
    allow_methods: tuple[Literal["POST", "PUT", "PATCH", "DELETE", "TRACE"], ...] = ()
    """Methods beyond GET, HEAD and OPTIONS; refused on tier production unless listed here."""
    allow_load: bool = False
    """Allow load profiles on tier production."""


class Page(Model):
    """One page that visitors reach."""

    path: Path
    """Path and query on the site."""
    contains: str = ""
    """Text that the page's body must hold, so that an error page with status 200 is not taken for it."""
    max_s: Positive = 2.0
    """Budget of the whole response, seconds."""


class Site(Model):
    """The public site: where it answers and which pages are judged."""

    url: HttpUrl
    """Origin of the public site: https://www.example.org"""
    plain_url: HttpUrl | None = None
    """Origin that must redirect to `url`; default: the same host on http port 80."""
    aliases: tuple[HttpUrl, ...] = ()
    """Other addresses that must lead to the site, such as https://example.org for https://www.example.org."""
    pages: Annotated[tuple[Page, ...], Field(min_length=1)] = (Page(path="/"),)
    """Pages whose answers and headers are judged, in this order."""

    @property
    def host(self) -> str:
        return urlsplit(self.url).hostname or ""

    @property
    def plain(self) -> str:
        return self.plain_url or f"http://{f'[{self.host}]' if ':' in self.host else self.host}"

    def named_hosts(self) -> Iterator[str]:
        yield from (*super().named_hosts(), self.plain)


class ThirdParty(Model):
    """A host outside the site's own that its pages may speak to."""

    host: Annotated[Host, Mark.REACHED]
    """Host name, without scheme or port."""
    purpose: Literal["analytics", "errors", "advertising", "media", "other"]
    """What it is used for; analytics and advertising need consent."""
    essential: bool = False
    """May be contacted without consent."""
    intercept: bool = True
    """Answer requests locally so that no trace is left there; false lets them through."""
    scripts: bool = False
    """Whether pages may run scripts from there; one from any other host is a finding."""
