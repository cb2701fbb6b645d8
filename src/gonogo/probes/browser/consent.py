"""Finding the consent banner and pressing its controls, as a person would: by mouse, until it works."""

from __future__ import annotations

import itertools
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

import anyio

from gonogo.probes.browser.facts import Banner, Choice, Toggle
from gonogo.probes.browser.failures import reason
from gonogo.probes.browser.recorder import clip

if TYPE_CHECKING:
    from playwright.async_api import Dialog, ElementHandle, Frame, JSHandle, Page

T = TypeVar("T")
APPEAR_S = 2.0
"""How long after load a banner has to show itself before it counts as absent: on later pages, where none was seen on
the first, and in visits that are not about consent. The first look of a consent visit waits `consent.appear_s`."""
AGAIN_S = 0.5
"""The least time that it has on later pages, where it appeared quickly on the first."""
LATER_S = 8.0
"""The most that it has there, where it appeared slowly; more only for one that took most of this at first."""
CHOOSE_S = 5.0
CLICK_S = 1.0
VANISH_S = 1.0
"""How long a click has to take effect before it is repeated: handlers may be attached late."""
UNSEEN_S = 1.0
"""How long a choice is tried where no banner, or no control that brings it back, was ever seen."""
DEEPER_S = 0.7
"""How long a layer may lack the wanted control before its preferences are opened: controls may be added late."""
OPTIONAL_S = 0.5
"""How long a rule's step that need not be possible is waited for."""
LAYER_S = 3.0
"""How long a layer that follows the first may take to show, once the first is gone, and a policy once it is asked for."""
MOST_TOGGLES = 100
POLL_S = 0.05
FRAME_S = 1.0
_TOGGLES_S = 3.0
MOST_FRAMES = 60
_AFTERWARDS_S = 3.0
"""How much longer a banner is looked for where the page was too busy for the last look."""
_ABSENT = Banner(visible=False, accept="", reject="", text="")


def patience_s(appeared_s: float) -> float:
    """How long later pages are given to show a banner that took `appeared_s` on the first."""
    return max(min(3 * appeared_s, max(LATER_S, 1.5 * appeared_s)), AGAIN_S)


@dataclass(frozen=True, slots=True)
class Sight:
    banner: Banner
    frame: Frame | None
    pressable: frozenset[str] = frozenset()
    """Choices for which there is something to press here, by its words or by a rule."""
    lacks: str = ""
    """Why the page could not be searched whole, where no banner was seen in the rest of it."""
    weak: bool = False
    """What stands there may be something else that wants consent; a banner may be still to come."""
    busy: bool = False
    """That it was busy is why, which may be over soon."""
    place: Frame | None = None
    """The frame that was looked into."""


async def in_sight(frame: Frame) -> bool:
    """Every iframe around this frame is visible."""
    while frame.parent_frame is not None:
        element = await frame.frame_element()
        if not await element.evaluate("(element) => element.ownerDocument.defaultView.__gonogo.visible(element)"):
            return False
        frame = frame.parent_frame
    return True


async def _sight(frame: Frame, *, wide: bool) -> Sight:
    """What stands in one frame, whether it can be seen from the page or not."""
    from playwright.async_api import Error

    told: object = None
    lacks = f"{frame.url[:100]} did not answer in {FRAME_S:g} s"
    try:
        with anyio.move_on_after(FRAME_S):
            told = await frame.evaluate("(wide) => window.__gonogo?.look(wide) ?? null", wide)
            lacks = ""
    except Error as error:
        lacks = f"{frame.url[:100]}: {reason(error.message)}"
    if not isinstance(told, dict):
        # A frame without a document of its own yet has no script either.
        return Sight(
            _ABSENT,
            None,
            busy=True,
            lacks=lacks or ("" if frame.parent_frame else "no look into its page was possible"),
            place=frame,
        )
    if "text" not in told:
        return Sight(_ABSENT, None, lacks=clip(told.get("lacks", ""), 200))
    banner = Banner(
        visible=True,
        accept=clip(told.get("accept", ""), 100),
        reject=clip(told.get("reject", ""), 100),
        text=clip(told.get("text", ""), 300),
        rule=clip(told.get("rule", ""), 100),
        missed=tuple(name for name in ("banner", "accept", "reject") if name in (told.get("missed") or ())),
    )
    return Sight(banner, frame, frozenset(map(str, told.get("pressable") or ())), weak=told.get("weak") is True)


async def side_by_side(frames: Sequence[Frame], ask: Callable[[Frame], Awaitable[T]]) -> list[T]:
    """What each frame tells, in their order; asked all at once, for pages may have dozens. Raises what the first of those
    that failed has raised."""
    from playwright.async_api import Error

    told: dict[int, T] = {}
    failed: dict[int, Exception] = {}

    async def one(at: int, frame: Frame) -> None:
        try:
            told[at] = await ask(frame)
        except (Error, TimeoutError) as error:  # not out of the group, which would wrap it
            failed[at] = error

    async with anyio.create_task_group() as group:
        for at, frame in enumerate(frames):
            group.start_soon(one, at, frame)
    if failed:
        raise failed[min(failed)]
    return [told[at] for at in sorted(told)]


async def _sights(page: Page, *, wide: bool) -> list[Sight]:
    """What frames in sight show, and what could not be searched of them."""
    from playwright.async_api import Error

    async def one(frame: Frame) -> Sight | None:
        sight = await _sight(frame, wide=wide)
        # A frame that is loading, gone or busy shows no banner now; the next look will tell.
        with suppress(Error), anyio.move_on_after(FRAME_S):
            if (sight.banner.visible or sight.lacks) and not frame.is_detached() and await in_sight(frame):
                return sight
        return None

    every = [sight for sight in await side_by_side(page.frames[:MOST_FRAMES], one) if sight is not None]
    if len(page.frames) > MOST_FRAMES:
        every.append(Sight(_ABSENT, None, lacks=f"it has more than {MOST_FRAMES} frames"))
    return every


def _alike(banner: Banner, asked: Banner) -> bool:
    """Whether a banner is the question that was asked before, or another with both answers: beside these, much speaks of
    accepting cookies, as what stands in place of a video does, "Your settings were saved. OK", or a chat."""
    if banner.accept and banner.reject:
        return True
    said = [(one.accept, one.reject, one.text[:40]) for one in (banner, asked)]
    # A pressed control may say "Saving…" for a while: the question before the answers, and the other answer, tell.
    answers = [at for label in (asked.accept, asked.reject) if label and (at := asked.text.find(label)) >= 0]
    question = asked.text[: min([40, *answers])]
    same = (banner.accept and banner.accept == asked.accept) or (banner.reject and banner.reject == asked.reject)
    return said[0] == said[1] or bool(question.strip() and same and banner.text.startswith(question))


def _told(banner: Banner) -> tuple[str, str, str]:
    return banner.accept, banner.reject, banner.text


async def look(page: Page, *, wide: bool = False, asked: Banner | None = None) -> Sight:
    """The banner as it stands now; of several frames the first whose banner has a control.

    `asked`: what was asked before, where only that, or another question with both answers, counts.

    `wide`: where the declared selectors find nothing, also by words that stand in the page's own flow, for later layers look
    different.
    """
    return _foremost(await _sights(page, wide=wide), asked)


def _foremost(every: Sequence[Sight], asked: Banner | None) -> Sight:
    seen = [one for one in every if one.banner.visible and (asked is None or _alike(one.banner, asked))]
    every = [one for one in every if not one.banner.visible]
    seen.sort(key=lambda one: one.weak)
    complete = next((sight for sight in seen if sight.pressable), None)
    return complete or next(iter(seen or every), Sight(_ABSENT, None))


async def await_banner(page: Page, until: float, asked: Banner | None = None) -> Sight:
    """The banner, waited for until the loop's clock shows `until`; `asked` as for `look`."""
    while True:
        sight = await look(page, asked=asked)
        late = anyio.current_time() - until
        if (sight.banner.visible and not sight.weak) or late >= (_AFTERWARDS_S if sight.busy and sight.lacks else 0.0):
            return sight
        await anyio.sleep(POLL_S)


async def choose(
    page: Page, choice: str, *, again: bool = False, known: bool = True, asked: Banner | None = None
) -> tuple[Choice, str]:
    """Press "accept" or "reject" until the banner is gone; where the first layer has no such control, through the
    preferences. `again`: the layer was opened by the page's own control, so it may be another one than at first;
    `known`: a banner was seen in this visit, else it is not waited for as long; `asked`: that banner.

    Returns what was pressed, and what went wrong, or an empty text.
    """
    seconds = CHOOSE_S if known else min(CHOOSE_S, UNSEEN_S)
    return await _Chooser(page, choice, again=again, seconds=seconds, asked=asked).all()


class _Chooser:
    """One attempt at a choice: what was pressed so far, and until when to try."""

    def __init__(self, page: Page, choice: str, *, again: bool, seconds: float, asked: Banner | None) -> None:
        self._page = page
        self._choice = choice
        self._began = anyio.current_time()
        self._end = self._began + seconds
        self._pressed: set[tuple[str, str]] = set()
        self._deeper = False
        self._opened = False
        self._decided = False
        """A control was pressed that makes a choice; opening the preferences does not."""
        self._wide = again
        self._place: Frame | None = None
        """The frame whose control was pressed."""
        self._pressed_at = float("-inf")
        self._asked = asked
        """What stands until the choice is made: the banner, later the layer whose control was pressed."""
        self._problem = f"no control to {choice} was found"

    async def all(self) -> tuple[Choice, str]:
        self._page.on("dialog", self._agree)
        try:
            problem = await self._try()
        finally:
            self._page.remove_listener("dialog", self._agree)
        return Choice(self._choice, len(self._pressed), self._deeper), problem

    async def _agree(self, dialog: Dialog) -> None:
        """ "Are you sure?" is one click more; what only tells something is closed."""
        from playwright.async_api import Error

        if dialog.type == "confirm":
            self._pressed.add((dialog.message, "confirm"))
        with suppress(Error):
            await dialog.accept()

    async def _try(self) -> str:
        while anyio.current_time() < self._end:
            sight = await look(self._page, wide=self._wide, asked=None if self._wide else self._asked)
            if self._decided and await self._gone():
                return ""
            if sight.frame is not None and self._choice in sight.pressable:
                if await self._press_and_wait(sight.frame, sight.banner):
                    return ""
            elif await self._stands():
                if anyio.current_time() < self._pressed_at + LAYER_S:  # it says "Saving…" now
                    await anyio.sleep(POLL_S)
                    continue
                self._problem = f"the banner has no control to {self._choice}: {sight.banner.text[:100]!r}"
                if anyio.current_time() - self._began > DEEPER_S and await self._go_on(sight.frame):
                    return ""
                await anyio.sleep(POLL_S)
            else:
                await anyio.sleep(POLL_S)
        return self._problem

    async def _stands(self) -> bool:
        """A consent layer is in sight; one of toggles alone counts where it is not the first layer."""
        if (await look(self._page, wide=self._wide, asked=self._asked if self._decided else None)).banner.visible:
            return True
        return self._wide and bool(await toggles(self._page))

    async def _gone(self) -> bool:
        """No consent layer is in sight any more. A page that is too busy to tell, or just being left, does not count as that; nor
        does the frame in which the control was."""
        every = await _sights(self._page, wide=self._wide)
        if _foremost(every, self._asked).banner.visible:
            return False
        if any(one.busy and one.lacks and one.place in (self._page.main_frame, self._place) for one in every):
            return False
        return not (self._wide and await toggles(self._page))

    async def _press_and_wait(self, frame: Frame, banner: Banner) -> bool:
        """Press, and see whether the banner goes."""
        failed = await press(frame, "(choice) => window.__gonogo.pressable(choice)", self._choice)
        if failed:
            self._problem = f"its control could not be pressed: {failed}"
            await anyio.sleep(POLL_S)
            return False
        if not self._decided:
            self._end = max(self._end, anyio.current_time() + 2 * VANISH_S)
        self._decided, self._asked, self._place = True, banner, frame
        self._pressed_at = anyio.current_time()
        self._pressed.add((banner.text, getattr(banner, self._choice)))
        self._problem = f"the banner stayed after {len(self._pressed)} clicks"
        if await self._vanishes():
            return True
        # Some panels store the choice at once and stay open until they are closed.
        if self._wide and not await press_anywhere(self._page, "close"):
            self._pressed.add(("", "close"))
            return await self._vanishes()
        return False

    async def _vanishes(self) -> bool:
        vanished = min(anyio.current_time() + VANISH_S, self._end)
        while anyio.current_time() < vanished:
            if await self._gone():
                return True
            await anyio.sleep(POLL_S)
        return False

    async def _go_on(self, frame: Frame | None) -> bool:
        """Through further layers, as a rule knows them or by their words. True when the choice is made."""
        if frame is not None and not self._deeper and await self._follow_rule(frame):
            return True
        return await self._go_deeper()

    async def _follow_rule(self, frame: Frame) -> bool:
        """Press in turn what the rule of this banner names; False where there is no rule, or the banner stays."""
        if not await frame.evaluate("(choice) => window.__gonogo.rules?.begin(choice) ?? false", self._choice):
            return False
        self._deeper = True
        self._end += CHOOSE_S
        presses = 0
        waited = anyio.current_time()
        while presses < MOST_TOGGLES:
            due = await frame.evaluate("() => window.__gonogo.rules.due()")
            if due == "press" and not await press(frame, "() => window.__gonogo.rules.next()", ""):
                await frame.evaluate("() => window.__gonogo.rules.pressed()")
                presses += 1
                self._pressed.add((str(presses), "step"))
                waited = anyio.current_time()
                continue
            if due in {"end", "script"}:
                break
            if anyio.current_time() > waited + (OPTIONAL_S if due == "maybe" else VANISH_S):
                if due != "maybe":
                    break
                await frame.evaluate("() => window.__gonogo.rules.skip()")
                waited = anyio.current_time()
            await anyio.sleep(POLL_S)
        self._decided = presses > 0
        return self._decided and await self._vanishes()

    async def _go_deeper(self) -> bool:
        """Open the preferences; in them switch off what is optional, and save. True when the choice is made."""
        if self._choice != "reject":
            return False
        if not self._deeper:
            self._deeper = self._wide = True
            self._end += CHOOSE_S
        # Where the toggles are in sight already, the way leads through them.
        if not await toggles(self._page) and await self._open():
            return False
        ticked = [one for one in await toggles(self._page) if one.checked and not one.fixed]
        for number in range(len(ticked)):
            if await press_anywhere(self._page, "optional"):
                break
            self._pressed.add((str(number), "optional"))
        layer = (await look(self._page, wide=True)).banner
        if await press_anywhere(self._page, "save"):
            await self._open()
            return False
        self._decided, self._asked = True, layer
        await _take_whole(self._page, whole=False)
        self._pressed.add(("", "save"))
        return await self._vanishes()

    async def _open(self) -> bool:
        """Open the preferences, once; True when they were opened."""
        if self._opened:
            return False
        self._opened = True
        if await open_preferences(self._page):
            return False
        self._pressed.add(("", "preferences"))
        self._began = anyio.current_time()
        return True


async def press(frame: Frame, script: str, argument: str) -> str:
    """Click, by mouse, what a script names. Returns why that was not possible, or an empty text.

    The driver gives a click up where a busy page does not answer in time, though it has it: what arrived, was pressed.
    """
    from playwright.async_api import Error

    element = watch = None
    try:
        handle = await frame.evaluate_handle(script, argument)
        element = handle.as_element()
        if element is None:
            return "it is gone"
        watch = await element.evaluate_handle("(element) => window.__gonogo.watched(element)")
        await element.click(timeout=CLICK_S * 1000)
    except Error as error:
        if watch is not None and await _arrived(watch):
            return ""
        with suppress(Error):
            if element is not None and await _press_moving(frame.page, element, watch):
                return ""
        return error.message.splitlines()[0][:200]
    return ""


async def _arrived(watch: JSHandle) -> bool:
    """Whether the click did. A document that went away meanwhile was left by it."""
    from playwright.async_api import Error

    try:
        return bool(await watch.evaluate("(watch) => watch.arrived()"))
    except Error:
        return True


_AT_ITS_CENTRE = """(element) => {
  const box = element.getBoundingClientRect();
  const top = element.getRootNode().elementFromPoint(box.x + box.width / 2, box.y + box.height / 2);
  return Boolean(top) && (element === top || element.contains(top));
}"""


async def _press_moving(page: Page, element: ElementHandle, watch: JSHandle | None) -> bool:
    """What never stands still, a pulsing button say, is pressed where it is, if it is on top there."""
    box = await element.bounding_box()
    if box is None or not await element.evaluate(_AT_ITS_CENTRE):
        return False
    if watch is not None and await _arrived(watch):  # late, for these questions had to wait for it
        return True
    await page.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    return True


async def press_anywhere(page: Page, purpose: str) -> str:
    """Click what consent.js finds for a purpose, in the first frame that has it."""
    problem = f"no control for {purpose} was found"
    for frame in page.frames[:MOST_FRAMES]:
        failed = await press(frame, "(purpose) => window.__gonogo?.consent?.element(purpose) ?? null", purpose)
        if not failed:
            return ""
        if failed != "it is gone":
            problem = failed
    return problem


async def toggles(page: Page) -> tuple[Toggle, ...]:
    """The toggles of every consent layer that is in sight. Raises TimeoutError when a frame does not tell in time."""
    from playwright.async_api import Error

    async def one(frame: Frame) -> list[Toggle]:
        told: object = None
        with suppress(Error):
            told = await frame.evaluate("() => window.__gonogo?.consent?.toggles() ?? []")
        each = told if isinstance(told, list) else []
        return [Toggle(clip(it["name"], 100), bool(it["checked"]), bool(it["fixed"])) for it in each]

    with anyio.fail_after(_TOGGLES_S):
        found = await side_by_side(page.frames[:MOST_FRAMES], one)
    return tuple(itertools.chain.from_iterable(found))[:MOST_TOGGLES]


async def within(seconds: float, done: Callable[[], Awaitable[bool]]) -> bool:
    end = anyio.current_time() + seconds
    while not await done():
        if anyio.current_time() >= end:
            return False
        await anyio.sleep(POLL_S)
    return True


async def open_preferences(page: Page) -> str:
    """Press the control for preferences until toggles, or another layer, are in sight."""
    before = (await look(page)).banner
    had = len(await toggles(page))

    async def opened() -> bool:
        now = (await look(page, wide=True)).banner
        return (
            len(await toggles(page)) > had
            or (now.visible and now.text != before.text)
            or (before.visible and not now.visible)
        )

    async def shown() -> bool:
        return len(await toggles(page)) > had or (await look(page, wide=True)).banner.visible

    problem = ""
    end = anyio.current_time() + CHOOSE_S
    while anyio.current_time() < end:
        problem = await press_anywhere(page, "preferences")
        if problem.startswith("no control"):
            return problem
        if not problem and await within(VANISH_S, opened):
            await within(LAYER_S, shown)
            return ""
        await anyio.sleep(POLL_S)
    return problem or "the control for preferences has no effect"


async def _take_whole(page: Page, *, whole: bool) -> None:
    """Take the page itself for a consent layer, or no longer."""
    from playwright.async_api import Error

    with suppress(Error):
        await page.evaluate("(whole) => window.__gonogo?.consent?.whole(whole)", whole)


async def reopen(page: Page) -> str:
    """Press the page's own control for cookie settings until a consent layer stands again, on this page or on one of its
    own to which the control leads."""
    from playwright.async_api import Error

    before = page.url.partition("#")[0]
    stood = {_told(sight.banner) for sight in await _sights(page, wide=True)}

    async def stands() -> bool:
        now = [sight.banner for sight in await _sights(page, wide=True) if sight.banner.visible]
        # A chat that speaks of accepting a policy stood there before; a question with both answers may have, in the page's flow.
        new = any((one.accept and one.reject) or _told(one) not in stood for one in now)
        return new or bool(await toggles(page))

    async def left() -> bool:
        return page.url.partition("#")[0] != before

    problem = ""
    began = anyio.current_time()
    while anyio.current_time() < began + (UNSEEN_S if problem.startswith("no control") else CHOOSE_S):
        problem = await press_anywhere(page, "reopening")
        bare = problem.startswith("no control") and not await press_anywhere(page, "cookies")
        if bare:
            await within(VANISH_S, left)
        if not problem and await within(VANISH_S, stands):
            return ""
        if page.url.partition("#")[0] != before:
            with suppress(Error):
                await page.wait_for_load_state("load", timeout=CHOOSE_S * 1000)
            await _take_whole(page, whole=True)
            if await within(VANISH_S, stands):
                return ""
            landed = page.url.partition("#")[0][:200]
            return problem or f"it leads to {landed}, where no choice was recognised"
        await anyio.sleep(POLL_S)
    return problem or "the control for cookie settings has no effect"
