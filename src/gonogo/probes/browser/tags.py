"""Which requests of a page are collectors' business: their bodies are kept, and on the site's own host they never leave."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from gonogo.environment.models import Environment
from gonogo.formats import request_body
from gonogo.probes.browser.behaviour import ErrorClient

if TYPE_CHECKING:
    from playwright.async_api import Page, Request

_CLIENT = """
() => {
  const text = (value) => (typeof value === "string" ? value.slice(0, 500) : "");
  const carrier = window.__SENTRY__ ?? {};
  const scopes = [carrier, ...Object.values(carrier)].flatMap((one) => [one?.stack, one?.defaultCurrentScope]);
  const clients = [window.Sentry, ...scopes].map((one) => {
    try {
      return one?.getClient?.() ?? one?.getScope?.()?.getClient?.();
    } catch {
      return undefined;
    }
  });
  const options = clients.find((one) => one?.getOptions)?.getOptions();
  return options ? ["dsn", "release", "environment", "tunnel"].map((name) => text(options[name])) : null;
}
"""
"""Sentry's client through its global, or through what its SDKs leave in `__SENTRY__`."""

_THROW = "(words) => { setTimeout(() => { throw new Error(words); }); }"
_SINK = """
() => {
  const element = document.createElement("div");
  try {
    element.innerHTML = "<img alt=''>";
    return element.childElementCount ? "accepted" : "emptied";
  } catch (error) {
    return `${error.name}: ${error.message}`.slice(0, 300);
  }
}
"""


def own_paths(environment: Environment) -> frozenset[str]:
    """Paths on the site's own host that lead to somebody's collector, and are therefore answered inside the browser."""
    analytics, tracking = environment.analytics, environment.error_tracking
    return frozenset(
        (
            *(analytics.own_paths if analytics else ()),
            *([tracking.tunnel] if tracking and tracking.tunnel else []),
        )
    )


@dataclass(frozen=True, slots=True)
class Collectors:
    """Hosts and own paths whose requests are kept with their bodies."""

    hosts: frozenset[str]
    own: frozenset[str]
    paths: frozenset[str]

    def takes(self, url: str) -> bool:
        try:
            parts = urlsplit(url)
            host = (parts.hostname or "").lower()
        except ValueError:
            return False
        return host in self.hosts or (host in self.own and parts.path in self.paths)


def collectors(environment: Environment) -> Collectors:
    hosts = {party.host.lower() for party in environment.third_parties if party.purpose in {"analytics", "errors"}}
    if environment.analytics:
        hosts |= {host.lower() for host in environment.analytics.hosts}
    if environment.error_tracking and environment.error_tracking.host:
        hosts.add(environment.error_tracking.host.lower())
    own = frozenset({(urlsplit(environment.site.url).hostname or "").lower()})
    return Collectors(frozenset(hosts), own, own_paths(environment))


def keeper(environment: Environment) -> Callable[[Request], str]:
    """A function that gives the body of a request to a collector as text, and of any other an empty one."""
    wanted = collectors(environment)

    def body(request: Request) -> str:
        if not wanted.takes(request.url):
            return ""
        sent = request.post_data_buffer
        return request_body.text(sent, request.headers.get("content-encoding", "")) if sent else ""

    return body


async def error_client(page: Page) -> ErrorClient | None:
    """What the page's error tracker says of itself; None where there is none to be found."""
    told = await page.evaluate(_CLIENT)
    return ErrorClient(*map(str, told)) if isinstance(told, list) and len(told) == 4 else None


async def throw(page: Page, words: str) -> None:
    """An error in the page that nobody catches."""
    await page.evaluate(_THROW, words)


async def write_markup(page: Page) -> str:
    """What becomes of text that a script of the page writes to `innerHTML` (Trusted Types)."""
    return str(await page.evaluate(_SINK))
