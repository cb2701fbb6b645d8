"""How a page comes into sight: small pictures of a load whose times are not judged, for taking them costs some."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import anyio

from gonogo.door import write_bytes
from gonogo.probes.browser.facts import Frame

if TYPE_CHECKING:
    from playwright.async_api import CDPSession

SIDE = 240
"""Pixels of a picture's longer side."""
QUALITY = 40
"""Of its JPEG, out of 100."""
MOST_FRAMES = 10
MOST_BYTES = 45_000
"""Of all pictures of a film: 60,000 in a report, which holds them as base64."""
MOST_SEEN = 600
"""Pictures that are kept while a page loads; one that moves all the time yields sixty a second."""
STOP_S = 2.0


class Film:
    """Records what the page shows, each time that it changes."""

    def __init__(self, session: CDPSession) -> None:
        self._session = session
        self._seen: list[tuple[float, bytes]] = []
        self._running = False

    async def start(self) -> None:
        self._session.on("Page.screencastFrame", self._came)
        self._running = True
        size = {"maxWidth": SIDE, "maxHeight": SIDE}
        await self._session.send("Page.startScreencast", {"format": "jpeg", "quality": QUALITY, **size})

    async def _came(self, told: dict[str, Any]) -> None:
        from playwright.async_api import Error

        with suppress(KeyError, TypeError, ValueError, binascii.Error):
            if self._running and len(self._seen) < MOST_SEEN:
                self._seen.append((float(told["metadata"]["timestamp"]), base64.b64decode(told["data"])))
        with suppress(Error):  # the page may be gone
            await self._session.send("Page.screencastFrameAck", {"sessionId": told["sessionId"]})

    async def stop(self, began: float, attach: Callable[[str], Path]) -> tuple[Frame, ...]:
        """End it and keep some of its pictures. `began` is the Unix time at which the load began, in seconds."""
        from playwright.async_api import Error

        self._running = False
        with suppress(Error), anyio.move_on_after(STOP_S):
            await self._session.send("Page.stopScreencast")
        frames = []
        for number, (ms, picture) in enumerate(chosen([(1000 * (at - began), one) for at, one in self._seen])):
            path = attach(f".film-{number:02}.jpg")
            write_bytes(path, picture)
            frames.append(Frame(round(ms), path.name))
        return tuple(frames)


def chosen(
    seen: Sequence[tuple[float, bytes]], most: int = MOST_FRAMES, limit: int = MOST_BYTES
) -> list[tuple[float, bytes]]:
    """Of pictures and the milliseconds at which they came those that tell the most: each change, or where there are more
    changes than may be kept, what stood there at evenly spaced moments; the last one always.

    What came before the load began is another page's. Times ascend strictly, neighbours differ.
    """
    changes: list[tuple[float, bytes]] = []
    for ms, picture in sorted((one for one in seen if one[0] > 0), key=lambda one: one[0]):
        if not changes or (picture != changes[-1][1] and ms > changes[-1][0]):
            changes.append((ms, picture))
    for number in range(min(most, len(changes)), 0, -1):
        kept = changes if number == len(changes) else _spread(changes, number)
        if sum(len(picture) for _, picture in kept) <= limit:
            return kept
    return []


def _spread(changes: Sequence[tuple[float, bytes]], number: int) -> list[tuple[float, bytes]]:
    """What stood there at so many moments between the first change and the last; less where nothing changed between two."""
    first, last = changes[0][0], changes[-1][0]
    moments = [last - (last - first) * step / max(number - 1, 1) for step in range(number)]
    stood = {max(index for index, (ms, _) in enumerate(changes) if ms <= max(moment, first)) for moment in moments}
    spread: list[tuple[float, bytes]] = []
    for index in sorted(stood):
        if not spread or changes[index][1] != spread[-1][1]:
            spread.append(changes[index])
    return spread if spread[-1] is changes[-1] else [*spread[:-1], changes[-1]]
