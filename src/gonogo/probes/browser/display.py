"""How a page adapts: to a narrow window, which is what zoom makes of any window, and to a wish for less motion."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gonogo.probes.browser.accessibility import Animation, Motion, Reflow, WideElement
from gonogo.probes.browser.recorder import clip

if TYPE_CHECKING:
    from playwright.async_api import Page

NARROW = (320, 256)
"""CSS pixels: a window of 1280 by 1024 at 400 % zoom (WCAG 2.2 SC 1.4.10, note 1)."""
MOST_WIDE = 5
MOST_ELEMENTS = 20_000
MOST_ANIMATIONS = 20
_SETTLED = "() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))"


async def reflow(page: Page, label: str) -> Reflow:
    """Measure the page in the narrow window, then give it its own size again."""
    before = page.viewport_size
    await page.set_viewport_size({"width": NARROW[0], "height": NARROW[1]})
    try:
        await page.evaluate(_SETTLED)
        told = await page.evaluate(
            "([wide, elements]) => __gonogo_axe.widths(wide, elements)", [MOST_WIDE, MOST_ELEMENTS]
        )
    finally:
        if before is not None:
            await page.set_viewport_size(before)
    await page.evaluate(_SETTLED)
    return Reflow(
        label=label,
        width_px=int(told["width"]),
        content_px=int(told["content"]),
        widest=tuple(WideElement(clip(element, 200), float(right)) for element, right in told["widest"]),
    )


async def motion(page: Page, label: str, least_ms: float) -> Motion:
    """What moves for `least_ms` or longer, in a document that was loaded under the wish for less."""
    told = await page.evaluate("([least, most]) => __gonogo_axe.moving(least, most)", [least_ms, MOST_ANIMATIONS])
    return Motion(
        label=label,
        honoured=bool(told["honoured"]),
        animations=tuple(
            Animation(clip(element, 200), tuple(clip(name, 40) for name in properties), float(duration))
            for element, properties, duration in told["animations"]
        ),
    )
