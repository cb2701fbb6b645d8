"""axe-core over a page and all its frames, whatever policy the page has.

The library is in every document before the page's own scripts (an init script passes CSP and Trusted Types), hidden from
module loaders and from the page. Each frame judges itself; the driver carries the parts to the top, where axe-core joins
them. So no message crosses the page, and a frame of another origin or in a shadow root is reached like any other.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import suppress
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any

import anyio

from gonogo.errors import EvidenceMissing
from gonogo.probes.browser.accessibility import AxeNode, AxeRule, AxeRun
from gonogo.probes.browser.failures import reason
from gonogo.probes.browser.recorder import clip

if TYPE_CHECKING:
    from playwright.async_api import Frame, Page

TAGS = ("wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa")
"""WCAG 2.1 and 2.2, levels A and AA; tags are not cumulative, and `target-size` runs only when its own is given."""
OPTIONS: dict[str, Any] = {
    "runOnly": {"type": "tag", "values": TAGS},
    "reporter": "v1",
    "resultTypes": ["violations", "incomplete"],
    # Style sheets are not fetched again: no request may leave that the page itself did not make.
    "preload": {"assets": ["media"], "timeout": 1000},
}
AXE_S = 30.0
"""A page that takes longer has no facts; 5,000 elements take about 3 s, 10,000 about 12."""
MOST_ELEMENTS = 12_000
MOST_FRAMES = 30
MOST_RULES = 100
MOST_PICTURES = 5
MOST_PART = 5_000_000
PICTURE_S = 2.0
FRAME_S = 2.0
_ERROR_PAGE = "chrome-error://"
"""Where a frame stands whose document was blocked or did not come: there is nothing of the site's to judge."""


@cache
def script() -> str:
    """What is put into every document: axe-core, out of reach of module loaders, and what asks it."""
    folder = files("gonogo.vendor") / "axe-core"
    library = (folder / "axe.min.js").read_text(encoding="utf-8")
    ours = (files("gonogo.probes.browser") / "axe.js").read_text(encoding="utf-8").rstrip()
    return f"""(() => {{
if (Object.hasOwn(window, "__gonogo_axe")) return;
(function (define, module, exports, require) {{
{library}
}}).call(window);
const axe = window.axe;
delete window.axe;
({ours})(axe);
}})();"""


Picture = Callable[[int], Path]
"""Where the screenshot with this number goes."""


class _Run:
    """The state of one run over the tree of frames."""

    def __init__(self) -> None:
        self.parts: list[str | None] = []
        self.frames: dict[str, Frame] = {}
        self.places: dict[str, str] = {"[]": ""}
        """Where each frame stands, by its path of selectors."""
        self.unseen: list[str] = []
        self.elements = 0

    async def judge(self, frame: Frame, context: object, path: list[object]) -> None:
        """This frame, then those inside, in document order, which is the order that axe-core joins them in."""
        self.elements += await frame.evaluate("(most) => __gonogo_axe.size(most)", MOST_ELEMENTS)
        if self.elements > MOST_ELEMENTS:
            raise EvidenceMissing("too-large", f"{clip(frame.url, 200)}: more than {MOST_ELEMENTS} elements")
        inner = await frame.evaluate(
            "([context, options]) => __gonogo_axe.partial(context, options)", [context, OPTIONS]
        )
        self.frames[json.dumps(path)] = frame
        if path:
            part = await frame.evaluate("(most) => __gonogo_axe.take(most)", MOST_PART)
            self.parts.append(part)
            if part is None:
                self.unseen.append(f"{clip(frame.url, 200)}: more to tell than {MOST_PART} characters")
        for selector, text, name in inner:
            await self._judge_inner(frame, selector, json.loads(text), [*path, name])

    async def _judge_inner(self, outer: Frame, selector: object, context: object, path: list[object]) -> None:
        from playwright.async_api import Error

        at, why = len(self.parts), ""
        frame: Frame | None = None
        try:
            handle = await outer.evaluate_handle("(selector) => __gonogo_axe.select(selector)", selector)
            element = handle.as_element()
            frame = await element.content_frame() if element else None
            if frame is None or frame.url.startswith(_ERROR_PAGE):
                self.parts.append(None)
                return
            if len(self.frames) >= MOST_FRAMES:
                raise EvidenceMissing("too-large", f"more than {MOST_FRAMES} frames")
            if not await _runs(frame):
                why = "no script runs in it"
            else:
                (place,) = await outer.evaluate("(selectors) => __gonogo_axe.places(selectors)", [selector])
                self.places[json.dumps(path)] = f"{self.places[json.dumps(path[:-1])]}{place} >>> "
                await self.judge(frame, context, path)
        except Error as error:
            why = reason(error.message)
        if why:
            self.parts[at:] = [None]
            self.unseen.append(f"{clip(frame.url if frame else selector, 200)}: {clip(why, 200)}")


async def _runs(frame: Frame) -> bool:
    """The frame has our script and timers that fire; a sandboxed one has none, and would be waited for without end."""
    script = "() => new Promise((done) => setTimeout(() => done(Boolean(window.__gonogo_axe))))"
    with anyio.move_on_after(FRAME_S):
        return bool(await frame.evaluate(script))
    return False


async def assess(page: Page, label: str, picture: Picture) -> AxeRun:
    """Judge the page as it stands, with a picture of the first element of some rules that it breaks.

    Raises EvidenceMissing: `timeout` after AXE_S, `too-large` beyond MOST_ELEMENTS, `invalid` when axe-core fails.
    """
    from playwright.async_api import Error

    run = _Run()
    try:
        with anyio.fail_after(AXE_S):
            await run.judge(page.main_frame, {"include": [[":root"]]}, [])
            told = await page.evaluate(
                "([parts, options]) => __gonogo_axe.finish(parts, options)", [run.parts, OPTIONS]
            )
            version = await page.evaluate("() => __gonogo_axe.version")
            size = await page.evaluate("() => [innerWidth, innerHeight]")
    except TimeoutError:
        raise EvidenceMissing("timeout", f"{label}: axe-core was not done after {AXE_S:.0f} s") from None
    except Error as error:
        raise EvidenceMissing("invalid", f"{label}: axe-core: {clip(reason(error.message), 300)}") from None
    broken = told["violations"][:MOST_RULES]
    places = await _places(run, broken)
    violations = [
        _rule(one, places, await _picture(run, one, picture(number)) if number < MOST_PICTURES else "")
        for number, one in enumerate(broken)
    ]
    return AxeRun(
        label=label,
        url=clip(page.url),
        version=clip(version, 20),
        viewport=(int(size[0]), int(size[1])),
        violations=tuple(violations),
        incomplete=tuple(_rule(one, {}, "") for one in told["incomplete"][:MOST_RULES]),
        passed=int(told["passed"]),
        frames=len(run.frames),
        unseen=tuple(run.unseen),
    )


async def _places(run: _Run, rules: list[dict[str, Any]]) -> dict[str, str]:
    """Where each element stands, by its path of selectors: asked once a frame."""
    from playwright.async_api import Error

    asked: dict[str, list[object]] = {}
    for node in (node for rule in rules for node in rule["nodes"]):
        *frames, selector = node["path"]
        asked.setdefault(json.dumps(frames), []).append(selector)
    places: dict[str, str] = {}
    for path, selectors in asked.items():
        if path not in run.frames:
            continue
        with suppress(Error), anyio.move_on_after(PICTURE_S):
            told = await run.frames[path].evaluate("(selectors) => __gonogo_axe.places(selectors)", selectors)
            for selector, place in zip(selectors, told, strict=True):
                places[json.dumps([*json.loads(path), selector])] = f"{run.places[path]}{place}" if place else ""
    return places


def _rule(told: dict[str, Any], places: dict[str, str], screenshot: str) -> AxeRule:
    return AxeRule(
        id=clip(told["id"], 100),
        impact=clip(told["impact"], 20),
        tags=tuple(clip(tag, 40) for tag in told["tags"]),
        help=clip(told["help"], 300),
        url=clip(told["url"], 300),
        count=int(told["count"]),
        nodes=tuple(_node(one, places) for one in told["nodes"]),
        screenshot=screenshot,
    )


def _node(told: dict[str, Any], places: dict[str, str]) -> AxeNode:
    place = places.get(json.dumps(told["path"]), "")
    return AxeNode(clip(told["target"]), clip(told["html"], 200), clip(told["fix"], 600), clip(place))


async def _picture(run: _Run, told: dict[str, Any], path: Path) -> str:
    """The first element, where it can be shown at once; a picture is an extra, so nothing is said when there is none."""
    from playwright.async_api import Error

    if not told["nodes"]:
        return ""
    *frames, selector = told["nodes"][0]["path"]
    frame = run.frames.get(json.dumps(frames))
    if frame is None:
        return ""
    with suppress(Error), anyio.move_on_after(PICTURE_S):
        handle = await frame.evaluate_handle("(selector) => __gonogo_axe.select(selector)", selector)
        element = handle.as_element()
        box = await element.bounding_box() if element else None
        if element and box and 1 <= box["width"] <= 1500 and 1 <= box["height"] <= 1500:
            await element.screenshot(path=path, timeout=PICTURE_S * 1000, scale="css")
            return path.name
    return ""
