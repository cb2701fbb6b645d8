"""What a page and its browser keep, read when a snapshot is taken: cookies, storage, violations of its policy."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Any

import anyio

from gonogo.errors import EvidenceMissing
from gonogo.probes.browser import consent
from gonogo.probes.browser import view as privacy
from gonogo.probes.browser.facts import BrowserCookie
from gonogo.probes.browser.recorder import clip

if TYPE_CHECKING:
    from playwright.async_api import BrowserContext, Frame, Page

FRAME_S = 3.0
MOST_COOKIES = 500
MOST_STORED = 500

_STORAGE = """
([name, most]) => {
  const read = () => {
    let storage;
    try {
      storage = window[name];
    } catch {
      return [];  // a sandboxed or data: frame has no storage
    }
    const told = [];
    // By number: a key such as "length" is no property.
    for (let at = 0; storage && at < storage.length && told.length < most; at++) {
      const key = storage.key(at);
      if (key.startsWith("__gonogo")) continue;
      told.push([key.slice(0, 200), (storage.getItem(key) ?? "").slice(0, 200)]);
    }
    return told;
  };
  return window.__gonogo ? window.__gonogo.natively(read) : read();
}
"""


async def prove_true(page: Page, label: str) -> None:
    """Whether answers come through as they were given: they are made by the page's own JavaScript. Raises EvidenceMissing."""
    if await page.evaluate("() => [['a', [1, true]], { b: [null, ''] }]") != [["a", [1, True]], {"b": [None, ""]}]:
        raise EvidenceMissing(
            "protocol", f"snapshot {label}: the page changed JavaScript itself, so that nothing can be read from it"
        )


async def cookies(browsing: BrowserContext) -> tuple[BrowserCookie, ...]:
    return tuple(
        BrowserCookie(
            name=clip(cookie.get("name", ""), 200),
            value=clip(cookie.get("value", ""), 64),
            domain=clip(cookie.get("domain", ""), 255),
            path=clip(cookie.get("path", ""), 200),
            expires=float(cookie.get("expires", -1)),
            http_only=bool(cookie.get("httpOnly")),
            secure=bool(cookie.get("secure")),
            same_site=str(cookie.get("sameSite", "")),
        )
        for cookie in await browsing.cookies()
    )


async def stored(page: Page, name: str) -> tuple[tuple[tuple[str, str], ...], int, list[str]]:
    """What every frame keeps in `localStorage` or `sessionStorage`, the entries of the fullest, and what could not be read."""
    problems = []

    async def one(frame: Frame) -> list[list[str]]:
        told, why = await privacy.of_inner(frame, _STORAGE, [name, MOST_STORED + 1])
        if why:
            problems.append(f"{name} of {why}")
        return told if isinstance(told, list) else []

    found: dict[tuple[str, str], None] = {}
    most = 0
    if len(page.frames) > consent.MOST_FRAMES and name == "localStorage":
        problems.append(f"more than {consent.MOST_FRAMES} frames; the others' storage was not read")
    for told in await consent.side_by_side(page.frames[: consent.MOST_FRAMES], one):
        most = max(most, len(told))
        found |= {(clip(key, 200), clip(value, 200)): None for key, value in told}
    return tuple(found), most, problems


async def violations(page: Page) -> list[Any]:
    """Those that the page's own listener saw, in every frame."""
    from playwright.async_api import Error

    async def one(frame: Frame) -> object:
        with suppress(Error), anyio.move_on_after(FRAME_S):
            return await frame.evaluate("() => window.__gonogo?.violations() ?? []")
        return []

    seen = await consent.side_by_side(page.frames[: consent.MOST_FRAMES], one)
    return [fields for told in seen if isinstance(told, list) for fields in told]
