"""One browser for the run: started at the first visit, started again if it died, closed with the run."""

from __future__ import annotations

import asyncio
import re
import shutil
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import anyio

from gonogo import __version__
from gonogo.errors import EvidenceMissing, Unavailable
from gonogo.probes.browser.browsers import BrowserIdentity, launch

if TYPE_CHECKING:
    from pathlib import Path

    from playwright.async_api import Browser, BrowserContext, Page, Playwright
    from playwright.async_api._context_manager import PlaywrightContextManager

CLOSE_S = 5.0


@dataclass(frozen=True, slots=True)
class Device:
    """What a visit looks like to a page; layout shift depends on the viewport, which is recorded."""

    viewport: tuple[int, int]
    scale: float
    mobile: bool


DEVICES = {
    "desktop": Device((1350, 940), 1.0, mobile=False),
    "mobile": Device((412, 823), 1.75, mobile=True),
}
"""The screens that Lighthouse emulates (core/config/constants.js)."""

_MOBILE_PLATFORM = "Linux; Android 10; K"
"""What Chrome sends on every phone since its user agent was reduced."""


@dataclass(frozen=True, slots=True)
class Surroundings:
    """Where a visitor is and what their browser asks for."""

    locale: str = ""
    """BCP 47 language tag; empty for the browser's own."""
    timezone: str = ""
    gpc: bool = False
    """Send `Sec-GPC: 1` (https://w3c.github.io/gpc/)."""
    state: Mapping[str, Any] | None = field(default=None, repr=False)
    """Cookies and storage of a visitor who has signed in; see sign_in.py."""


@dataclass(frozen=True, slots=True)
class Running:
    """A launched browser and what it says of itself."""

    browser: Browser
    identity: BrowserIdentity
    user_agent: str
    brands: tuple[tuple[str, str], ...]

    def agent(self, device: Device, evidence_id: str) -> str:
        """Chrome's own user agent, reduced as Chrome reduces it and without "Headless", then who asks."""
        text = re.sub(r"(?:Headless)?Chrome/(\d+)[\d.]*", r"Chrome/\1.0.0.0", self.user_agent)
        if device.mobile:
            before, _, rest = text.partition("(")
            text = f"{before}({_MOBILE_PLATFORM}){rest.partition(')')[2]}".replace(" Safari/", " Mobile Safari/")
        return f"{text} gonogo/{__version__} (+{evidence_id})"

    async def answers(self) -> bool:
        """Whether it can be used. A page can end the driver, and the browser goes on saying that it is connected.

        One that is too busy to answer is alive: to stop it would end the visits of others.
        """
        from playwright.async_api import Error

        if not self.browser.is_connected():
            return False
        try:
            with anyio.move_on_after(CLOSE_S):
                session = await self.browser.new_browser_cdp_session()
                await session.detach()
        except Error:
            return False
        return True

    async def open(
        self, device: Device, evidence_id: str, surroundings: Surroundings = Surroundings()
    ) -> BrowserContext:
        """A fresh context: no cookies, no cache, no connections of another visit."""
        return await self.browser.new_context(
            user_agent=self.agent(device, evidence_id),
            viewport={"width": device.viewport[0], "height": device.viewport[1]},
            device_scale_factor=device.scale,
            is_mobile=device.mobile,
            has_touch=device.mobile,
            service_workers="block",
            accept_downloads=False,
            locale=surroundings.locale or None,
            timezone_id=surroundings.timezone or None,
            extra_http_headers={"Sec-GPC": "1"} if surroundings.gpc else None,
            storage_state=surroundings.state,  # type: ignore[arg-type]
        )

    async def rename(self, page: Page, device: Device, evidence_id: str, locale: str = "") -> None:
        """Take "Headless" out of the client hints (UA-CH), which the context's user agent does not reach."""
        brands = [
            {"brand": name.replace("HeadlessChrome", "Google Chrome"), "version": version}
            for name, version in self.brands
        ]
        metadata: dict[str, Any] = {
            "brands": brands,
            "mobile": device.mobile,
            "platform": "Android" if device.mobile else "Linux",
            "platformVersion": "",
            "architecture": "" if device.mobile else "x86",
            "model": "",
        }
        session = await page.context.new_cdp_session(page)
        override = {"userAgent": self.agent(device, evidence_id), "userAgentMetadata": metadata}
        if locale:
            override["acceptLanguage"] = locale
        await session.send("Emulation.setUserAgentOverride", override)


class Fleet:
    """The run's browsers by launch flags; in practice one."""

    def __init__(self, traces: Path | None = None) -> None:
        """`traces`: a folder in which traces are made and which goes with the fleet, so that a run that is killed leaves
        none among everybody's temporary files."""
        self._traces = traces
        self._lock = anyio.Lock()
        self._playwright: Playwright | None = None
        self._running: dict[tuple[str, ...], Running] = {}
        self._refused = ""

    async def browser(self, flags: Sequence[str]) -> Running:
        """The browser with these flags. Raises EvidenceMissing("unavailable") when none starts."""
        key = tuple(flags)
        async with self._lock:
            known = self._running.get(key)
            if known is not None and await known.answers():
                return known
            if self._refused:
                raise EvidenceMissing("unavailable", self._refused)
            try:
                self._running[key] = await self._launch(key)
            except Unavailable as error:
                self._refused = str(error)
                raise EvidenceMissing("unavailable", self._refused) from None
            return self._running[key]

    async def _launch(self, flags: tuple[str, ...]) -> Running:
        try:
            from playwright.async_api import Error, async_playwright
        except ImportError as error:
            raise Unavailable(f"the Python package `playwright` cannot be imported: {error}") from None
        while True:
            fresh = self._playwright is None
            try:
                if self._playwright is None:
                    self._playwright = await _driver(async_playwright)
                browser, identity = await launch(self._playwright, args=flags, traces=self._traces)
                return Running(browser, identity, *await _introduce(browser))
            except (Error, Unavailable) as error:
                # A driver that has died is replaced once; one that still runs a browser is not to blame.
                if fresh or any([await one.answers() for one in self._running.values()]):
                    raise Unavailable(str(error)) from None
                await self._stop()

    async def aclose(self) -> None:
        """Close every browser, then the driver, which kills what did not close."""
        running, self._running = self._running, {}
        for one in running.values():
            await _bounded(one.browser.close())
        await self._stop()
        if self._traces is not None:
            shutil.rmtree(self._traces, ignore_errors=True)

    async def _stop(self) -> None:
        playwright, self._playwright = self._playwright, None
        if playwright is not None:
            await _bounded(playwright.stop())


async def _driver(playwright: Callable[[], PlaywrightContextManager]) -> Playwright:
    """Playwright's driver, started.

    Playwright copies the environment's variables one by one; now and then pytest's thread takes PYTEST_CURRENT_TEST away
    meanwhile. Nothing was started then, so it is begun again, once.
    """
    try:
        return await playwright().start()
    except KeyError:
        return await playwright().start()


async def _introduce(browser: Browser) -> tuple[str, tuple[tuple[str, str], ...]]:
    """The browser's user agent and brands; the latter are told to secure origins only, so one is made up."""
    page = await browser.new_page()
    await page.route("**/*", lambda route: route.fulfill(status=200, content_type="text/html", body=""))
    await page.goto("https://introduction.invalid/")
    agent, brands = await page.evaluate(
        "() => [navigator.userAgent, (navigator.userAgentData?.brands ?? []).map((one) => [one.brand, one.version])]"
    )
    await page.close()
    return str(agent), tuple((str(name), str(version)) for name, version in brands)


async def _bounded(closing: Any) -> None:
    from playwright.async_api import Error

    with suppress(Error, TimeoutError, ConnectionError):
        await asyncio.wait_for(closing, CLOSE_S)
