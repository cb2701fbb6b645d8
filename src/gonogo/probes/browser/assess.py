"""The steps of a visit that look at accessibility, and what they saw."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

import anyio

from gonogo.environment import models
from gonogo.errors import EvidenceMissing
from gonogo.probes.browser import axe, consent, display, keyboard
from gonogo.probes.browser.accessibility import Accessibility, AxeRun, KeyboardPath, Motion, Reflow
from gonogo.probes.browser.request import VisitRequest

if TYPE_CHECKING:
    from playwright.async_api import Page

SECONDS = {"axe": axe.AXE_S + 2 * axe.MOST_PICTURES, "tab": 30.0}
"""How much longer than any step these may take."""
SHOWN_S = 3.0


def assesses(request: VisitRequest) -> bool:
    return any(step.action in Assessment.actions for step in request.steps)


class Assessment:
    """What one visit has seen so far."""

    def __init__(self, declared: models.Accessibility | None, attach: Callable[[str], Path]) -> None:
        self._declared = declared or models.Accessibility()
        self._attach = attach
        self._page: Page
        self._runs: list[AxeRun] = []
        self._paths: list[KeyboardPath] = []
        self._reflows: list[Reflow] = []
        self._motions: list[Motion] = []

    def facts(self) -> Accessibility:
        return Accessibility(tuple(self._runs), tuple(self._paths), tuple(self._reflows), tuple(self._motions))

    async def step(self, page: Page, action: str, value: str) -> str:
        """Walk one step. Returns what went wrong, or empty. Raises EvidenceMissing where the page cannot be judged."""
        self._page = page
        return await self.actions[action](self, value) or ""

    async def _axe(self, label: str) -> None:
        number = len(self._runs) + 1
        # The suffix sorts behind that of the visit's own picture.
        self._runs.append(
            await axe.assess(self._page, label, lambda rule: self._attach(f".violation-{number}-{rule + 1}.png"))
        )

    async def _tab(self, target: str) -> None:
        self._paths.append(await keyboard.walk(self._page, target, self._declared.presses))

    async def _reflow(self, label: str) -> None:
        self._reflows.append(await display.reflow(self._page, label))

    async def _dismiss(self, wanted: str) -> str:
        """Reject what the banner asks, if one is there; `wanted`: one must be."""
        until = anyio.current_time() + (SHOWN_S if wanted else 0.0)
        if (await consent.await_banner(self._page, until)).banner.visible:
            _, problem = await consent.choose(self._page, "reject")
            return f"consent reject: {problem}" if problem else ""
        return "consent reject: no banner was seen that could be closed" if wanted else ""

    async def _press(self, key: str) -> None:
        await self._page.keyboard.press(key)

    async def _shown(self, selector: str) -> None:
        await self._page.locator(selector).first.wait_for(state="visible", timeout=SHOWN_S * 1000)

    async def _reduce_motion(self, _value: str) -> None:
        await self._page.emulate_media(reduced_motion="reduce")

    async def _motion(self, label: str) -> None:
        seen = await display.motion(self._page, label, self._declared.motion_ms)
        if not seen.honoured:
            raise EvidenceMissing("invalid", "the browser did not emulate prefers-reduced-motion")
        self._motions.append(seen)

    actions: ClassVar[dict[str, Callable[[Assessment, str], Awaitable[str | None]]]] = {
        "axe": _axe,
        "tab": _tab,
        "reflow": _reflow,
        "dismiss": _dismiss,
        "press": _press,
        "shown": _shown,
        "reduce motion": _reduce_motion,
        "motion": _motion,
    }
