"""The way of the focus through a page, pressed key by key as a person without a mouse does."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import anyio

from gonogo.probes.browser import consent
from gonogo.probes.browser.accessibility import KeyboardPath, TabStop
from gonogo.probes.browser.recorder import clip

if TYPE_CHECKING:
    from playwright.async_api import FloatRect, Frame, Page

REJECT = "reject"
"""The target that means the consent banner's control; no CSS selector of a page looks like it."""
STUCK = 3
"""Presses of Tab that leave the focus where it is before it counts as held; some controls take one for themselves."""
OPERATE_S = 1.5
STEADY_S = 1.0
"""How long two equal pictures are waited for; a focus style that fades in, or content that comes with scrolling, has come."""
_MOST_FRAMES = 30


@dataclass(frozen=True, slots=True)
class _Stop:
    """Where the focus stands, with what is needed to see later whether it showed."""

    key: tuple[str, ...]
    frame: Frame
    told: dict[str, Any]
    picture: bytes | None

    @property
    def indicator(self) -> str:
        return str(self.told["indicator"])


async def _where(page: Page) -> _Stop | None:
    """The focused element, looked for down through frames; None on the page's end and on a frame's border."""
    frame, path = page.main_frame, ""
    for _ in range(_MOST_FRAMES):
        told = await frame.evaluate("() => __gonogo_axe.stop()")
        if not isinstance(told, dict):
            return None
        path += f"/{told['number']}"
        if not told["frame"]:
            picture = None if told["indicator"] or not told["rests"] else await _steady(page, frame, told)
            return _Stop((frame.url, path), frame, told, picture)
        handle = await frame.evaluate_handle("() => document.activeElement")
        element = handle.as_element()
        inner = await element.content_frame() if element else None
        if inner is None:
            return None
        frame = inner
    return None


async def _picture(page: Page, frame: Frame, told: dict[str, Any]) -> bytes | None:
    """The element's box as it looks now; more would show the outline of its neighbour. Only on the page itself: elsewhere its place in the window is not known."""
    box = told["box"]
    size = page.viewport_size
    if frame is not page.main_frame or size is None or box[2] < 1 or box[3] < 1:
        return None
    left, top = max(box[0], 0), max(box[1], 0)
    right, bottom = min(box[0] + box[2], size["width"]), min(box[1] + box[3], size["height"])
    if right - left < 1 or bottom - top < 1:
        return None
    place: FloatRect = {"x": left, "y": top, "width": right - left, "height": bottom - top}
    return await page.screenshot(clip=place, scale="css", timeout=3000)


async def _steady(page: Page, frame: Frame, told: dict[str, Any]) -> bytes | None:
    """The element's box when it has stopped changing; None where it does not, or the element has moved meanwhile."""
    before = await _picture(page, frame, told)
    end = anyio.current_time() + STEADY_S
    while before is not None and anyio.current_time() < end:
        now = await _picture(page, frame, told)
        if now == before:
            return now if await frame.evaluate("(number) => __gonogo_axe.same(number)", told["number"]) else None
        before = now
    return None


async def _judged(page: Page, stop: _Stop) -> TabStop:
    """The stop, with how its focus showed: told now that the focus has gone on."""
    from playwright.async_api import Error

    indicator = stop.indicator
    if not indicator:
        indicator = "unknown"
        with suppress(Error):
            told = str(await stop.frame.evaluate("(number) => __gonogo_axe.left(number)", stop.told["number"]))
            indicator = {"gone": "unknown"}.get(told, told) or await _pixels(page, stop)
    return TabStop(
        element=clip(stop.told["element"], 200),
        name=clip(stop.told["name"], 80),
        indicator=indicator,
        modal=bool(stop.told["modal"]),
    )


async def _pixels(page: Page, stop: _Stop) -> str:
    """ "pixels" when the place looks otherwise without the focus. What has scrolled since is scrolled back meanwhile;
    where the element does not stand as it stood, or never looks the same twice, it cannot be compared."""
    if stop.picture is None:
        return "unknown"
    number = stop.told["number"]
    try:
        if not await stop.frame.evaluate("(number) => __gonogo_axe.back(number)", number):
            return "unknown"
        now = await _steady(page, stop.frame, stop.told)
    finally:
        await stop.frame.evaluate("(number) => __gonogo_axe.forth(number)", number)
    if now is None:
        return "unknown"
    return "" if now == stop.picture else "pixels"


async def _on_target(page: Page, target: str) -> Frame | None:
    """The frame in which the target has the focus, or None."""
    frame: Frame | None = page.main_frame
    for _ in range(_MOST_FRAMES):
        if frame is None:
            return None
        if await frame.evaluate("(target) => __gonogo_axe.on(target)", target):
            return frame
        handle = await frame.evaluate_handle("() => document.activeElement")
        element = handle.as_element()
        frame = await element.content_frame() if element else None
    return None


async def _found(page: Page, target: str) -> bool:
    from playwright.async_api import Error

    if target == REJECT:
        return bool((await consent.look(page)).banner.reject)
    for frame in page.frames[:_MOST_FRAMES]:
        with suppress(Error):
            if await frame.evaluate("(selector) => __gonogo_axe.present(selector)", target):
                return True
    return False


class _Way:
    """Where the focus has been since the walk began."""

    def __init__(self, page: Page, target: str) -> None:
        self._page = page
        self._target = target
        self.stops: list[TabStop] = []
        self.reached = 0
        self.trap = ""
        self.operated: bool | None = None
        self._known: dict[tuple[str, ...], int] = {}
        self._since_end: list[tuple[str, ...]] = []
        self._before: _Stop | None = None
        self._held = 0

    async def arrive(self, stop: _Stop | None, presses: int) -> bool:
        """Take note of where a press led. Returns whether there is more to learn."""
        before, self._before = self._before, stop
        if before is not None and (stop is None or stop.key != before.key):
            self.stops[self._known[before.key]] = await _judged(self._page, before)
        if stop is None:
            self._since_end = []
            return not self.reached
        if before is not None and stop.key == before.key:
            return self._stays(stop)
        self._held = 0
        if stop.key in self._since_end:
            self.trap = _trapped([self.stops[self._known[key]] for key in self._turn(stop)])
            return False
        if stop.key in self._known:
            return False  # round once, past the page's end
        self._known[stop.key] = len(self.stops)
        self._since_end.append(stop.key)
        self.stops.append(_unjudged(stop))
        return await self._looked_for(stop, presses)

    def _stays(self, stop: _Stop) -> bool:
        self._held += 1
        if self._held < STUCK:
            return True
        self.trap = self.stops[self._known[stop.key]].element
        return False

    def _turn(self, stop: _Stop) -> list[tuple[str, ...]]:
        """The stops that the focus goes round in, without the page's end among them."""
        return self._since_end[self._since_end.index(stop.key) :]

    async def _looked_for(self, stop: _Stop, presses: int) -> bool:
        if self.reached or not await _on_target(self._page, self._target):
            return True
        self.reached = presses
        if self._target != REJECT:
            return True
        self.stops[-1], self.operated = await _operate(self._page, stop)
        return False


async def walk(page: Page, target: str, presses: int) -> KeyboardPath:
    """Press Tab until the focus has been all round the page, is held, or `presses` are used up.

    On the banner's control to reject, Enter is pressed as well; then the walk ends.
    """
    found = await _found(page, target)
    way = _Way(page, target)
    made = 0
    for made in range(1, presses + 1):
        await page.keyboard.press("Tab")
        if not await way.arrive(await _where(page), made):
            break
    return KeyboardPath(target, found, way.reached, made, tuple(way.stops), clip(way.trap, 300), way.operated)


def _unjudged(stop: _Stop) -> TabStop:
    told = stop.told
    return TabStop(clip(told["element"], 200), clip(told["name"], 80), stop.indicator or "unknown", bool(told["modal"]))


def _trapped(circle: Sequence[TabStop]) -> str:
    """The elements that the focus goes round in; empty in a modal dialog, which should hold it (WCAG 2.2 SC 2.1.2)."""
    return "" if all(stop.modal for stop in circle) else ", ".join(stop.element for stop in circle)


async def _operate(page: Page, stop: _Stop) -> tuple[TabStop, bool]:
    """How the focus on the control shows, and whether Enter or Space on it makes the banner go."""
    judged = _unjudged(stop)
    if not stop.indicator:
        await page.keyboard.press("Tab")
        judged = await _judged(page, stop)
        await page.keyboard.press("Shift+Tab")
    for key in ("Enter", " "):
        if await _on_target(page, REJECT):
            await page.keyboard.press(key)
            with anyio.move_on_after(OPERATE_S):
                while (await consent.look(page)).banner.visible:
                    await anyio.sleep(0.05)
                return judged, True
    return judged, False
