"""Finding the consent banner and pressing its controls, as a person would: by mouse, until it works."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

import anyio

from gonogo.evidence.facts import Banner
from gonogo.probes.browser.recorder import clip

if TYPE_CHECKING:
    from playwright.async_api import Frame, Page

APPEAR_S = 2.0
"""How long after load a banner has to show itself before it counts as absent."""
CHOOSE_S = 5.0
CLICK_S = 1.0
VANISH_S = 1.0
"""How long a click has to take effect before it is repeated: handlers may be attached late."""
POLL_S = 0.05
_FRAME_S = 1.0
_MOST_FRAMES = 30
_ABSENT = Banner(visible=False, accept="", reject="", text="")


@dataclass(frozen=True, slots=True)
class Sight:
    banner: Banner
    frame: Frame | None


async def _shown(frame: Frame) -> bool:
    """Every iframe around this frame is visible."""
    while frame.parent_frame is not None:
        element = await frame.frame_element()
        if not await element.evaluate("(element) => element.ownerDocument.defaultView.__gonogo.visible(element)"):
            return False
        frame = frame.parent_frame
    return True


async def _sights(page: Page) -> AsyncIterator[Sight]:
    from playwright.async_api import Error

    for frame in page.frames[:_MOST_FRAMES]:
        told: object = None
        # A frame that is loading, gone or busy shows no banner now; the next look will tell.
        with suppress(Error), anyio.move_on_after(_FRAME_S):
            told = await frame.evaluate("() => window.__gonogo?.look() ?? null")
            if told is not None and not await _shown(frame):
                told = None
        if isinstance(told, dict):
            banner = Banner(
                visible=True,
                accept=clip(told.get("accept", ""), 100),
                reject=clip(told.get("reject", ""), 100),
                text=clip(told.get("text", ""), 300),
            )
            yield Sight(banner, frame)


async def look(page: Page) -> Sight:
    """The banner as it stands now; of several frames the first whose banner has a control."""
    seen = [sight async for sight in _sights(page)]
    complete = next((sight for sight in seen if sight.banner.accept or sight.banner.reject), None)
    return complete or next(iter(seen), Sight(_ABSENT, None))


async def await_banner(page: Page, until: float) -> Banner:
    """The banner, waited for until the loop's clock shows `until`."""
    while True:
        sight = await look(page)
        if sight.banner.visible or anyio.current_time() >= until:
            return sight.banner
        await anyio.sleep(POLL_S)


async def choose(page: Page, choice: str) -> str:
    """Press "accept" or "reject" until the banner is gone. Returns what went wrong, or empty."""
    end = anyio.current_time() + CHOOSE_S
    clicks = 0
    problem = f"no control to {choice} was found"
    while anyio.current_time() < end:
        sight = await look(page)
        if clicks and not sight.banner.visible:
            return ""
        if sight.frame is None or not getattr(sight.banner, choice):
            if sight.banner.visible:
                problem = f"the banner has no control to {choice}: {sight.banner.text[:100]!r}"
            await anyio.sleep(POLL_S)
            continue
        failed = await _press(sight.frame, choice)
        if failed:
            problem = f"its control could not be pressed: {failed}"
            await anyio.sleep(POLL_S)
            continue
        clicks += 1
        problem = f"the banner stayed after {clicks} clicks"
        vanished = min(anyio.current_time() + VANISH_S, end)
        while anyio.current_time() < vanished:
            if not (await look(page)).banner.visible:
                return ""
            await anyio.sleep(POLL_S)
    return problem


async def _press(frame: Frame, choice: str) -> str:
    from playwright.async_api import Error

    try:
        handle = await frame.evaluate_handle("(choice) => window.__gonogo.control(choice)", choice)
        element = handle.as_element()
        if element is None:
            return "it is gone"
        await element.click(timeout=CLICK_S * 1000)
    except Error as error:
        return error.message.splitlines()[0][:200]
    return ""
