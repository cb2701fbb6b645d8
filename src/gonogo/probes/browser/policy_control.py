"""The first layer's control for the policy, where no link leads to one: pressed, and what it brings into sight."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

import anyio

from gonogo.probes.browser import consent

if TYPE_CHECKING:
    from playwright.async_api import Frame, Page

LEAST_TEXT = 80
"""Characters of new text that show that a policy was opened; one of a script without letters counts for three."""
_ABOUT = re.compile(
    r"cookie|kakor|キー|priva[ct]|privé|vie priv|prywatn|persönlich|data\b|dato[rs]?\b|daten|données|confiden|dane\b|danych"
    r"|gegevens|personuppgift|personopplysning|personlige|informasjonskapsl|tieto|evästei|osobní|soukrom|dados|プライバシー|個人情報",
    re.IGNORECASE,
)
"""What a text about privacy speaks of; a quotation that changes by itself, or a chat, does not."""
_DENSE = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]")


async def press(page: Page, windows: Callable[[], int]) -> str:
    """Press the first layer's control for the policy, where no link leads to one, until another address, a window, an embedded
    document or new text is in sight. `windows`: how many were opened so far. Returns what went wrong, or an empty text."""
    had, address = windows(), page.url.partition("#")[0]
    before = await _contents(page)
    if problem := await consent.press_anywhere(page, "leads"):
        return f"its control could not be pressed: {problem.replace('for leads', 'for the policy')}"

    now = before

    async def opened() -> bool:
        nonlocal now
        if page.url.partition("#")[0] != address or windows() > had:
            return True
        now = await _contents(page)
        return any(_is_policy(frame, contents, before.get(frame)) for frame, contents in now.items())

    if await consent.within(consent.LAYER_S, opened):
        return ""
    # A second press where the first did nothing: handlers may be attached late. What it opened, a second one may close.
    if now == before:
        await consent.press_anywhere(page, "leads")
    if await consent.within(consent.LAYER_S, opened):
        return ""
    if any(contents.adds(before.get(frame, _NOTHING)) for frame, contents in now.items()):
        return "its control shows something that is not recognised as a policy"
    return "pressing it shows nothing"


@dataclass(frozen=True, slots=True)
class _Contents:
    texts: frozenset[str]
    seen: frozenset[str]
    """Texts of what is on top at a grid of points: what slides or fades in was among the texts before."""
    embedded: int

    def new(self, before: _Contents) -> list[str]:
        """Texts that were not there, and texts that were not in sight."""
        return ["\n".join(sorted(one)) for one in (self.texts - before.texts, self.seen - before.seen)]

    def adds(self, before: _Contents) -> bool:
        return any(len(text) + 2 * len(_DENSE.findall(text)) >= LEAST_TEXT for text in self.new(before))


_NOTHING = _Contents(frozenset(), frozenset(), 0)


def _is_policy(frame: Frame, now: _Contents, before: _Contents | None) -> bool:
    """Whether what a frame shows more than before, all of it where it came into sight, is a text about privacy."""
    if before is None:
        return bool(_ABOUT.search(frame.url) or any(map(_ABOUT.search, now.new(_NOTHING))))
    if now.embedded > before.embedded:
        return True
    return now.adds(before) and any(map(_ABOUT.search, now.new(before)))


async def _contents(page: Page) -> dict[Frame, _Contents]:
    """Of each frame that is in sight and tells."""
    from playwright.async_api import Error

    async def one(frame: Frame) -> tuple[Frame, object]:
        with suppress(Error), anyio.move_on_after(consent.FRAME_S):
            if await consent.in_sight(frame):
                return frame, await frame.evaluate("() => window.__gonogo?.consent?.contents() ?? null")
        return frame, None

    found = {}
    for frame, told in await consent.side_by_side(page.frames[: consent.MOST_FRAMES], one):
        match told:
            case [list() as texts, list() as seen, int() as embedded]:
                found[frame] = _Contents(_stripped(texts), _stripped(seen), embedded)
    return found


def _stripped(texts: Sequence[object]) -> frozenset[str]:
    return frozenset(str(text).strip() for text in texts)
