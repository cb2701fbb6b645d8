"""What a consent visit records beside every visit: the consent layer, stores, signals, and attempts to set cookies."""

from __future__ import annotations

import time
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import anyio

from gonogo.formats import set_cookie
from gonogo.probes.browser.consent import MOST_FRAMES, Sight, side_by_side, toggles
from gonogo.probes.browser.facts import Command, ConsentSignals, Control, CookieWrite, Layer, PrivacyView
from gonogo.probes.browser.failures import reason
from gonogo.probes.browser.recorder import MOST_REQUESTS, clip

if TYPE_CHECKING:
    from playwright.async_api import BrowserContext, Frame, Page, Response

FRAME_S = 3.0
MOST_NAMES = 100
LONGEST_STRING = 16_385
MOST_WRITES = 500
MOST_RESPONSES = MOST_REQUESTS
"""As many as requests are recorded; a visit with more has no facts."""
HEADERS_S = 10.0
AT_ONCE = 50
DAY_S = 86_400

_LAYER = "() => window.__gonogo?.consent?.layer() ?? null"
_AROUND = "() => window.__gonogo?.consent?.around() ?? null"
_STORES = "() => window.__gonogo?.consent?.stores() ?? null"
_SIGNALS = "() => window.__gonogo?.consent?.signals() ?? null"
_NO_SIGNALS = ConsentSignals((), None, None)


class CookieWrites:
    """Listens to one browser context for what sets cookies, as it was asked for."""

    def __init__(self) -> None:
        self._writes: list[CookieWrite] = []
        self._responses: list[Response] = []
        self.lost = False
        """There were more than could be recorded."""

    async def attach(self, browsing: BrowserContext) -> None:
        await browsing.expose_binding("__gonogo_cookie", self._on_script)
        browsing.on("response", self._on_response)

    def _on_script(self, _source: object, fields: object) -> None:
        if isinstance(fields, list) and len(fields) == 2:
            self.lost = self.lost or not fields[1]
            self._add("script", clip(fields[0], 255), clip(fields[1]))

    def _on_response(self, response: Response) -> None:
        if len(self._responses) < MOST_RESPONSES:
            self._responses.append(response)

    def _add(self, by: str, host: str, text: str) -> None:
        cookie = set_cookie.parse(text, at=datetime.now(UTC))
        if cookie is None:
            return
        lifetime = 0 if cookie.deletes else cookie.asked_s
        write = CookieWrite(clip(cookie.name, 200), by, host, lifetime, cookie.secure, cookie.same_site)
        if write in self._writes:
            return
        if len(self._writes) < MOST_WRITES:
            self._writes.append(write)
        else:
            self.lost = True

    async def all(self) -> tuple[CookieWrite, ...]:
        """Scripts' first, then the responses'; headers are asked for now, so the context must still be open."""
        from playwright.async_api import Error

        limiter = anyio.CapacityLimiter(AT_ONCE)

        async def ask(response: Response) -> None:
            async with limiter:
                await read(response)

        async def read(response: Response) -> None:
            with suppress(Error):
                for value in await response.header_values("set-cookie"):
                    self._add("Set-Cookie", (urlsplit(response.url).hostname or "").lower(), value)

        with anyio.move_on_after(HEADERS_S) as scope:
            async with anyio.create_task_group() as group:
                for response in self._responses:
                    group.start_soon(ask, response)
        self.lost = self.lost or scope.cancelled_caught
        return tuple(self._writes)


async def view(page: Page, sight: Sight) -> tuple[PrivacyView, list[str]]:
    """The page as it stands now, and what could not be read of inner frames. Raises TimeoutError when the page itself does
    not tell in time."""
    layer = await _told(sight.frame, _LAYER) if sight.frame is not None else None
    around = await _told(page.main_frame, _AROUND)
    databases: dict[str, None] = {}
    caches: dict[str, None] = {}

    kept: dict[str, None] = {}
    unread: list[str] = []

    async def stores(frame: Frame) -> dict[str, object]:
        if frame is page.main_frame:
            return await _told(frame, _STORES)
        told, why = await of_inner(frame, _STORES)
        if why:
            unread.append(f"IndexedDB and caches of {why}")
        return told if isinstance(told, dict) else {}

    for told in await side_by_side(page.frames[:MOST_FRAMES], stores):
        databases |= dict.fromkeys(clip(name, 200) for name in _list(told, "databases"))
        caches |= dict.fromkeys(clip(name, 200) for name in _list(told, "caches"))
        kept |= dict.fromkeys(clip(name, 200) for name in _list(told, "files"))
    seen = PrivacyView(
        layer=await _layer(page, layer) if layer else None,
        toggles=() if layer else await toggles(page),
        withdrawal=clip(around.get("withdrawal", ""), 100),
        opt_out=clip(around.get("optOut", ""), 100),
        databases=tuple(databases),
        caches=tuple(caches),
        files=tuple(kept),
        signals=_signals(await _told(page.main_frame, _SIGNALS)),
        text_length=int(_number(around, "length")),
        covered=_number(around, "covered"),
        locked=around.get("locked") is True,
        focus=clip(around.get("focus", ""), 100),
        preconnects=tuple(clip(url, 300) for url in _list(around, "preconnects")),
    )
    return seen, unread


async def _told(frame: Frame, script: str) -> dict[str, object]:
    with anyio.fail_after(FRAME_S):
        told: object = await frame.evaluate(script)
    return told if isinstance(told, dict) else {}


async def of_inner(frame: Frame, script: str, argument: object = None) -> tuple[object, str]:
    """What a frame tells, or None and why it could not be asked. One that loads another document is asked once more; one
    that is gone keeps nothing."""
    from playwright.async_api import Error

    why = f"{clip(frame.url, 200)}: no answer in {FRAME_S:g} s"
    for _ in range(2):
        try:
            with anyio.fail_after(FRAME_S):
                return await frame.evaluate(script, argument), ""
        except TimeoutError:
            break
        except Error as error:
            why = f"{clip(frame.url, 200)}: {reason(error.message)}"
    return None, "" if frame.is_detached() else why


def _list(told: dict[str, object], key: str) -> list[object]:
    found = told.get(key)
    return found[:MOST_NAMES] if isinstance(found, list) else []


def _number(told: dict[str, object], key: str) -> float:
    value = told.get(key)
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else 0.0


async def _layer(page: Page, told: dict[str, object]) -> Layer:
    controls = [
        Control(
            purpose=clip(one.get("purpose", ""), 20),
            text=clip(one.get("text", ""), 100),
            kind=clip(one.get("kind", ""), 20),
            width=round(_number(one, "width"), 1),
            height=round(_number(one, "height"), 1),
            font_px=round(_number(one, "font"), 1),
            contrast=round(_number(one, "contrast"), 2),
            fill=round(_number(one, "fill"), 2),
        )
        for one in _list(told, "controls")
        if isinstance(one, dict)
    ]
    return Layer(
        role=clip(told.get("role", ""), 50),
        name=clip(told.get("name", ""), 200),
        modal=told.get("modal") is True,
        focused=told.get("focused") is True,
        controls=tuple(controls),
        policy=clip(told.get("policy", "")),
        toggles=await toggles(page),
    )


def _signals(told: dict[str, object]) -> ConsentSignals:
    if not told:
        return _NO_SIGNALS
    commands = [
        Command(clip(one[0], 20), clip(one[1], 100), _pairs(one[2]) or ())
        for one in _list(told, "commands")
        if isinstance(one, list) and len(one) == 3
    ]
    return ConsentSignals(tuple(commands), _pairs(told.get("tcf")), _pairs(told.get("gpp")))


def _pairs(told: object) -> tuple[tuple[str, str], ...] | None:
    if not isinstance(told, list):
        return None
    return tuple(
        (clip(one[0], 50), clip(one[1], LONGEST_STRING)) for one in told if isinstance(one, list) and len(one) == 2
    )


async def forget_session(browsing: BrowserContext) -> None:
    """Cookies that end with the browser's session end."""
    for cookie in await browsing.cookies():
        if float(cookie.get("expires", -1)) < 0:
            await _clear(browsing, cookie)


async def pass_days(browsing: BrowserContext, days: float) -> None:
    """As if `days` had passed: pages see another clock, and cookies that would have ended are gone."""
    later = time.time() + days * DAY_S
    for cookie in await browsing.cookies():
        if float(cookie.get("expires", -1)) <= later:
            await _clear(browsing, cookie)
    await browsing.clock.set_system_time(datetime.now(UTC) + timedelta(days=days))


async def _clear(browsing: BrowserContext, cookie: Any) -> None:
    await browsing.clear_cookies(name=cookie.get("name"), domain=cookie.get("domain"), path=cookie.get("path"))


async def put_cookie(browsing: BrowserContext, url: str, pair: str) -> None:
    """Put a cookie in place for a page's host, as the visitor's browser could have kept it."""
    name, _, value = pair.partition("=")
    await browsing.add_cookies([{"name": name, "value": value, "url": url}])
