"""For the collector of a main job: notes each browser that is started, a line with its version, in the file BROWSER_STARTS."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from playwright.async_api import Browser, BrowserType

_launch = BrowserType.launch


async def _noted(self: BrowserType, **options: Any) -> Browser:
    browser = await _launch(self, **options)
    with Path(os.environ["BROWSER_STARTS"]).open("a", encoding="utf-8") as starts:
        starts.write(f"{browser.version}\n")
    return browser


BrowserType.launch = _noted  # type: ignore[method-assign]
