"""What is done to a page whatever the visit is for: scrolled, pictured, closed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import anyio

from gonogo.probes.browser import sign_in
from gonogo.probes.browser.failures import reason

if TYPE_CHECKING:
    from pathlib import Path

    from playwright.async_api import BrowserContext, Page

CLOSE_S = 10.0
SCROLLS = 20
SCREENSHOT_S = 5.0


async def close(browsing: BrowserContext) -> None:
    """Close a context; a browser that cannot do so within the bound is killed, so that nothing runs on."""
    with anyio.move_on_after(CLOSE_S) as scope:
        await browsing.close()
    if scope.cancelled_caught and browsing.browser is not None:
        with anyio.move_on_after(CLOSE_S):
            await browsing.browser.close()


async def scroll(page: Page) -> None:
    """To the end of the page, or SCROLLS windows down."""
    height = page.viewport_size["height"] if page.viewport_size else 800
    # Some tags wait for whatever comes first.
    await page.mouse.move(3, 3)
    await page.keyboard.press("Shift")
    for _ in range(SCROLLS):
        await page.mouse.wheel(0, height)
        await page.evaluate("() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")
        if await page.evaluate("() => scrollY + innerHeight >= document.documentElement.scrollHeight - 2"):
            break


async def picture(page: Page, path: Path, secrets: tuple[str, ...]) -> tuple[str, str]:
    """The viewport only: a picture of the whole page would resize it, and lazy parts of it would load.

    The file's name, or why there is none.
    """
    from playwright.async_api import Error

    try:
        if await sign_in.reveals(page, secrets):
            return "", "not taken, for the page may hold a secret"
        with anyio.fail_after(SCREENSHOT_S + 1.0):
            await page.screenshot(path=path, timeout=SCREENSHOT_S * 1000, scale="css")
    except (Error, TimeoutError) as error:
        return "", reason(str(error)) or "not done in time"
    return path.name, ""
