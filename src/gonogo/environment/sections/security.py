"""[security] and [exposure]."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import Field

from gonogo.environment.model import Model
from gonogo.environment.values import HttpUrl, Origin, Path, RoleName


class Preload(Model):
    """The HSTS preload list, https://hstspreload.org: judged by its published rules."""

    url: HttpUrl
    """Origin of the registrable domain: https://example.org"""
    plain_url: HttpUrl | None = None
    """Its plain-http origin; default: the same host on port 80."""

    @property
    def plain(self) -> str:
        return self.plain_url or f"http://{urlsplit(self.url).hostname}"

    def named_hosts(self) -> Iterator[str]:
        yield from (*super().named_hosts(), self.plain, f"https://www.{urlsplit(self.url).hostname}")


class RateLimit(Model):
    """A limit that is tried out: at most `requests` + 2 requests, one after another, at the end of the run."""

    path: Path
    """Path and query on the site, or on the API when it begins with /api; requested with GET."""
    requests: Annotated[int, Field(ge=1, le=200)]
    """The limit; a refusal with 429 must come after no more than this many."""
    role: RoleName = "anonymous"
    """Role whose credentials are sent."""


class Logout(Model):
    """The log-out, which must clear what the browser holds."""

    path: Path
    """Path on the site."""
    method: Literal["GET", "POST"] = "POST"
    """POST needs `limits.allow_methods` on tier production."""
    role: RoleName = "anonymous"
    """Role whose credentials are sent."""


class Exposure(Model):
    """Some thirty requests for what should not be there: sensitive files, source maps, TRACE, and odd requests that may show a
    stack trace. A firewall may take them for an attack."""

    published: tuple[Path, ...] = ()
    """Paths of the list of sensitive files that are meant to be there."""
    error_paths: tuple[Path, ...] = ()
    """Further paths that answer with an error, to see what the error tells."""
    source_maps: bool = False
    """Whether source maps of the declared scripts may be public."""


class Security(Model):
    """Response headers, redirects, cookies and CORS."""

    hsts_max_age_s: Annotated[int, Field(ge=0)] = 31_536_000
    """Least `max-age` of Strict-Transport-Security, seconds; the default is a year."""
    hsts_include_subdomains: bool = True
    """Whether `includeSubDomains` is demanded."""
    session_cookies: Annotated[tuple[str, ...], Field(min_length=1)] = (
        "*sess*", "sid", "*[._-]sid", "auth", "*[._-]auth", "*auth[._-]token", "*authtoken", "*access[._-]token", "*accesstoken",
        "*refresh[._-]token", "*refreshtoken", "*id[._-]token", "*idtoken", "*user[._-]token", "*usertoken", "jwt", "jwt[._-]*",
        "*[._-]jwt", "*jwttoken", "*remember[._-]*", "remember*", "*logged_in*", "*login*", ".asp*", "token",
    )  # fmt: skip
    """Name patterns of cookies that script must not read (HttpOnly); not those against forged requests, which it must."""
    session_max_age_s: Annotated[int, Field(ge=0)] = 34_560_000
    """Longest lifetime of a session cookie, seconds; the default is the 400 days that browsers allow."""
    cookie_domains: tuple[str, ...] = ()
    """Domains that cookies may be shared with by their Domain attribute; none by default."""
    permissions: tuple[str, ...] = ("camera", "geolocation", "microphone")
    """Browser features that Permissions-Policy must not leave open to every frame."""
    isolated: bool = False
    """Whether pages must be cross-origin isolated (COOP and COEP)."""
    trusted_types: bool = False
    """Whether the CSP must enforce Trusted Types."""
    inline_styles: bool = True
    """Whether the CSP may allow inline styles."""
    origins: tuple[Origin, ...] = ()
    """Origins that the API serves across origins (CORS); the first is tried out."""
    cors_paths: tuple[Path, ...] = ()
    """Paths whose CORS answers are judged; default: the first API endpoint, else the start page."""
    private_paths: tuple[Path, ...] = ()
    """Pages that must never be kept by a shared cache, beside the API's answers to roles."""
    redirect_paths: tuple[Path, ...] = ()
    """Paths that redirect to what they are told, with `{target}` in it: /login?next={target}"""
    security_txt: bool | None = None
    """Whether /.well-known/security.txt must be there; unset: on tier production."""
    preload: Preload | None = None
    """Set it to hold the domain to the HSTS preload list's rules."""
    rate_limit: RateLimit | None = None
    """Set it to try a rate limit out."""
    logout: Logout | None = None
    """Set it to judge Clear-Site-Data on log-out."""
