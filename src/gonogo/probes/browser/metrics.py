"""Numbers that web-vitals reports, read with care."""

from __future__ import annotations

import math
from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING

import anyio

from gonogo.probes.browser.facts import Vitals
from gonogo.probes.browser.recorder import clip

if TYPE_CHECKING:
    from playwright.async_api import Page

METRICS_S = 2.0
POLL_MS = 50
LOADED = "(seen) => [seen.lcp, seen.cls, seen.fcp, seen.ttfb].every((value) => value !== null)"
INP = "(seen) => seen.inp !== null && seen.inp >= seen.slowest"
"""The library tells INP about a second after the interaction; it must cover the slowest that was seen."""


def _number(told: dict[str, object], key: str) -> float | None:
    value = told.get(key)
    if not isinstance(value, int | float) or isinstance(value, bool) or not math.isfinite(value):
        return None
    return float(value)


def with_inp(vitals: Vitals, seen: dict[str, object]) -> Vitals:
    inp, fid = _number(seen, "inp"), _number(seen, "fid")
    return replace(vitals, inp_ms=inp, fid_ms=fid, inp_element=clip(seen.get("inpElement", ""), 300))


def _parts(told: dict[str, object]) -> tuple[tuple[str, float], ...]:
    """The parts of LCP, as the page's own script put them."""
    parts = told.get("lcpParts")
    return tuple(
        (clip(one[0], 40), round(float(one[1]), 1))
        for one in (parts if isinstance(parts, list) else [])[:8]
        if isinstance(one, list) and len(one) == 2 and isinstance(one[1], int | float) and math.isfinite(one[1])
    )


async def awaits(page: Page, condition: str, seconds: float) -> bool:
    """Wait for a condition on the metrics, asked in the page so that the driver does not disturb it."""
    from playwright.async_api import Error

    script = f"""
    (most) => new Promise((done) => {{
      const end = performance.now() + most;
      const ask = () => {{
        const met = ({condition})(window.__gonogo?.vitals ?? {{}});
        if (met || performance.now() > end) done(met); else setTimeout(ask, {POLL_MS});
      }};
      ask();
    }})
    """
    with suppress(Error), anyio.move_on_after(seconds + 1.0):
        return bool(await page.evaluate(script, seconds * 1000))
    return False


async def told(page: Page) -> dict[str, object]:
    """What the library has told so far, in the page's own words; empty where nothing can be read."""
    from playwright.async_api import Error

    said: object = None
    with suppress(Error), anyio.move_on_after(METRICS_S):
        said = await page.evaluate("() => ({ ...window.__gonogo?.vitals })")
    return said if isinstance(said, dict) else {}


async def loading(page: Page) -> Vitals:
    """The metrics of a load that has settled; those that do not come in time are None."""
    await awaits(page, LOADED, METRICS_S)
    seen = await told(page)
    return Vitals(
        lcp_ms=_number(seen, "lcp"),
        cls=_number(seen, "cls"),
        inp_ms=None,
        fcp_ms=_number(seen, "fcp"),
        ttfb_ms=_number(seen, "ttfb"),
        lcp_element=clip(seen.get("lcpElement", ""), 300),
        cls_element=clip(seen.get("clsElement", ""), 300),
        inp_element="",
        tbt_ms=_number(seen, "tbt"),
        tbt_source=clip(seen.get("tbtSource", ""), 300),
        lcp_parts=_parts(seen),
    )
