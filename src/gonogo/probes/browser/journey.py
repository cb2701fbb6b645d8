"""A declared journey, step by step, as a person makes it: by role, name and text, with a deadline for each step."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import anyio

from gonogo.environment.sections.api import Role
from gonogo.environment.sections.journeys import Freshness, Journey, JourneyStep
from gonogo.formats import json_pointer, json_text
from gonogo.probes.browser import sign_in
from gonogo.probes.browser.behaviour import JourneySeen, Stamp, StepSeen
from gonogo.probes.browser.failures import reason
from gonogo.probes.browser.recorder import clip

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path as FilePath

    from playwright.async_api import BrowserContext, Locator, Page, Response

POLL_S = 0.05
UNCLEAR_S = 1.0
"""How long a page may show several elements of one name, as when one replaces another."""
MOST_RESPONSES = 2000
MOST_BODY = 1_000_000
MOST_TRACE = 20_000_000
"""Bytes of a trace that is kept."""
PICTURE_S = 5.0
MOST_TEXT = 300
UNSEEN = "no picture was taken, for the page may show a secret"


class Unmet(Exception):
    """A step's expectation did not come true; the words say what was seen."""


def longest_s(journey: Journey) -> float:
    """Seconds after which a journey is over, whatever happens."""
    return sum(step.within_s for step in journey.steps) + 2 * PICTURE_S


def told(step: JourneyStep) -> str:
    """A step as a person reads it: `click button 'Sign in'`; never with a secret."""
    value = getattr(step, step.action)
    if step.action == "elapse_s":
        return f"let {value:g} s pass"
    words = [step.action, step.role, "" if step.by == "text" else f"{step.by}"]
    return clip(" ".join(word for word in words if word) + f" {value!r}", MOST_TEXT)


class Walker:
    """Makes one journey in the page of a visit."""

    def __init__(
        self,
        page: Page,
        journey: Journey,
        origin: str,
        attach: Callable[[str], FilePath],
        *,
        secrets: tuple[str, ...] = (),
    ) -> None:
        """`attach` gives the path of an attachment by its suffix; `secrets` must stand in none of them."""
        self._secrets = secrets
        self._spellings = sign_in.spellings(secrets)
        self._page = page
        self._journey = journey
        self._origin = origin
        self._attach = attach
        self._answers: list[tuple[str, int]] = []
        """Path with query and status of each answer of the site, in order."""
        self._cursor = 0
        self._stamped: asyncio.Future[tuple[bytes, str]] | None = None
        """Body of the last answer that holds the time of the data, and when it came."""
        self._reads: list[asyncio.Future[tuple[bytes, str]]] = []
        self._fields: list[Locator] = []
        """Filled with a secret; covered in pictures."""
        self._pictures: list[str] = []
        self._status = 0

    def listen(self) -> None:
        """Note answers from now on; to those of the first page's load a journey may look back."""
        self._page.context.on("response", self._on_response)

    async def forget(self) -> None:
        """Stop listening, and reading what was heard. May be called twice."""
        reads, self._reads = self._reads, []
        for read in reads:
            read.cancel()
        await asyncio.gather(*reads, return_exceptions=True)

    async def walk(self) -> JourneySeen:
        """Make the journey as far as it goes. Raises playwright's Error only when the page or the browser is gone."""
        tracing = await self._trace()
        seen: list[StepSeen] = []
        began = anyio.current_time()
        try:
            for step in self._journey.steps:
                seen.append(await self._take(step))
                if seen[-1].error:
                    break
            seconds = anyio.current_time() - began
            failed = bool(seen[-1].error)
            stamp = await self._stamp() if self._journey.fresh and not failed else None
            if failed and not await self._picture():
                seen[-1] = replace(seen[-1], error=f"{seen[-1].error}; {UNSEEN}")
            if tracing:
                await self._keep_trace(wanted=failed)
        finally:
            self._page.context.remove_listener("response", self._on_response)
            await self.forget()
        return JourneySeen(self._journey.name, tuple(seen), seconds, stamp, tuple(self._pictures))

    def _on_response(self, response: Response) -> None:
        path = _site_path(response.url, self._origin)
        if not path or len(self._answers) >= MOST_RESPONSES:
            return
        self._answers.append((path, response.status))
        fresh = self._journey.fresh
        if fresh and fresh.response and _matches(path, fresh.response):
            # Now, for the browser forgets an answer when its page is left.
            self._stamped = asyncio.ensure_future(_body(response, datetime.now(UTC).isoformat()))
            self._reads.append(self._stamped)

    # --- steps ---

    async def _take(self, step: JourneyStep) -> StepSeen:
        from playwright.async_api import Error

        began = anyio.current_time()
        self._status = 0
        error = ""
        try:
            with anyio.fail_after(step.within_s + 1.0):
                await self._act(step)
        except Unmet as unmet:
            error = str(unmet)
        except TimeoutError:
            error = f"not done within {step.within_s:g} s"
        except Error as problem:
            if self._page.is_closed():
                raise
            error = _plain(problem.message)
        seconds = anyio.current_time() - began
        error, url = self._without_secrets(error), self._without_secrets(self._page.url)
        return StepSeen(told(step), seconds, clip(error, MOST_TEXT), self._status, clip(url))

    def _without_secrets(self, text: str) -> str:
        """What the page says of itself may hold what was typed. Call it before a text is cut or quoted."""
        for form in self._spellings:
            text = text.replace(form, "***")
        return text

    async def _act(self, step: JourneyStep) -> None:
        limit_ms = step.within_s * 1000
        match step.action:
            case "goto":
                await self._goto(step)
            case "click":
                await (await self._only(step, str(step.click))).click(timeout=limit_ms)
            case "fill":
                await self._fill(step)
            case "press":
                await self._page.keyboard.press(str(step.press))
            case "see":
                await self._find(step, str(step.see)).filter(visible=True).first.wait_for(timeout=limit_ms)
            case "absent":
                found = self._find(step, str(step.absent)).filter(visible=True)
                await found.first.wait_for(state="hidden", timeout=limit_ms)
            case "elapse_s":
                await self._page.clock.fast_forward(int((step.elapse_s or 0) * 1000))
            case "url" | "title":
                await self._until_place(step)
            case "response":
                await self._until_answer(step)

    async def _goto(self, step: JourneyStep) -> None:
        """Open a page. A status that was not expected is told by the facts and stops nothing: another check judges it."""
        from playwright.async_api import Error

        known = len(self._answers)
        try:
            response = await self._page.goto(f"{self._origin}{step.goto}", timeout=step.within_s * 1000)
            self._status = response.status if response else 0
        except Error:
            # An answer without a body is an error to the browser, yet an answer.
            answered = [status for path, status in self._answers[known:] if _matches(path, str(step.goto))]
            if not answered or answered[-1] < 400:
                raise
            self._status = answered[-1]
        if not step.status and self._status >= 400:
            raise Unmet(f"it answered {self._status}")

    async def _fill(self, step: JourneyStep) -> None:
        field = await self._only(step, str(step.fill))
        secret = step.secret.get_secret_value()
        if secret:
            self._fields.append(field)
        await field.fill(secret or step.value, timeout=step.within_s * 1000)

    async def _only(self, step: JourneyStep, named: str) -> Locator:
        """The one visible element of the name: the whole name comes before a part of one. Raises Unmet when it is not one."""
        until = anyio.current_time() + step.within_s
        whole, partly = (self._find(step, named, exact=exact).filter(visible=True) for exact in (True, False))
        await partly.first.wait_for(timeout=step.within_s * 1000)
        unclear = min(until, anyio.current_time() + UNCLEAR_S)
        while True:
            count = 0
            for found in (whole, partly):
                count = await found.count()
                if count == 1:
                    return found
                if count:
                    break
            if anyio.current_time() > unclear:
                raise Unmet(f"{count} visible elements match; say which by its whole name, `role` or a selector")
            await anyio.sleep(POLL_S)

    def _find(self, step: JourneyStep, named: str, *, exact: bool = False) -> Locator:
        if step.role:
            return self._page.get_by_role(step.role, name=named, exact=exact)  # type: ignore[arg-type]
        if step.by == "selector":
            return self._page.locator(named)
        if step.by == "label" or step.fill is not None:
            return self._page.get_by_label(named, exact=exact)
        return self._page.get_by_text(named, exact=exact)

    async def _until_place(self, step: JourneyStep) -> None:
        """Wait for the page's path or title."""
        until = anyio.current_time() + step.within_s
        while True:
            if step.url is not None:
                place = _site_path(self._page.url, self._origin) or self._page.url
                met = _matches(place, step.url)
            else:
                place = await self._page.title()
                met = str(step.title) in place
            if met:
                return
            if anyio.current_time() > until:
                raise Unmet(f"it is {self._without_secrets(place)[:150]!r}")
            await anyio.sleep(POLL_S)

    async def _until_answer(self, step: JourneyStep) -> None:
        """Wait for an answer that no earlier step waited for; it may have come before this step."""
        until = anyio.current_time() + step.within_s
        while True:
            for index in range(self._cursor, len(self._answers)):
                path, status = self._answers[index]
                if _matches(path, str(step.response)):
                    self._cursor = index + 1
                    self._status = status
                    if status not in step.status if step.status else status >= 400:
                        raise Unmet(f"it answered {status}")
                    await self._settled()
                    return
            if anyio.current_time() > until:
                raise Unmet(f"no answer within {step.within_s:g} s")
            await anyio.sleep(POLL_S)

    async def _settled(self) -> None:
        """The driver loses an answer's body when its page is left, so it is read to its end before the next step."""
        if self._stamped is not None:
            with anyio.move_on_after(PICTURE_S):
                await asyncio.wait({self._stamped})

    # --- what is left of it ---

    async def _stamp(self) -> Stamp:
        from playwright.async_api import Error

        fresh = self._journey.fresh
        assert fresh is not None
        try:
            with anyio.fail_after(PICTURE_S):
                return await (self._shown(fresh) if fresh.selector else self._answered(fresh))
        except (Error, TimeoutError) as error:
            source = fresh.selector or str(fresh.response)
            return Stamp(source, "", "", f"it could not be read: {reason(str(error)) or 'not in time'}")

    async def _answered(self, fresh: Freshness) -> Stamp:
        source = f"{fresh.response} {fresh.pointer}"
        if self._stamped is None:
            return Stamp(source, "", "", "no answer was seen")
        body, at = await self._stamped
        if len(body) > MOST_BODY:
            return Stamp(source, "", at, f"the answer has more than {MOST_BODY} bytes")
        try:
            document = json_text.parse(body.decode("utf-8", "replace"))
            value = json_pointer.resolve(document, fresh.pointer)
        except (json_text.NotJson, LookupError) as error:
            return Stamp(source, "", at, f"nothing stands there: {clip(error, 100)}")
        return Stamp(source, clip(self._without_secrets(str(value)), 100), at, "")

    async def _shown(self, fresh: Freshness) -> Stamp:
        element = self._page.locator(fresh.selector).first
        text = await element.get_attribute("datetime", timeout=PICTURE_S * 1000) or await element.inner_text()
        text = self._without_secrets(text.strip())
        return Stamp(fresh.selector, clip(text, 100), datetime.now(UTC).isoformat(), "")

    async def _picture(self) -> bool:
        """The page where the journey ended; fields with secrets are covered. False where it may show one elsewhere."""
        from playwright.async_api import Error

        path = self._attach(".failed.png")
        with suppress(Error, TimeoutError):
            if await sign_in.reveals(self._page, self._secrets, but=self._fields):
                return False
            with anyio.fail_after(PICTURE_S):
                await self._page.screenshot(path=path, timeout=PICTURE_S * 1000, scale="css", mask=self._fields or None)
            self._pictures.append(path.name)
        return True

    async def _trace(self) -> bool:
        """Begin the browser's trace, which a failure keeps. A journey with secrets has none: it would hold them."""
        from playwright.async_api import Error

        if self._secrets:
            return False
        try:
            await self._page.context.tracing.start(snapshots=True, screenshots=False, sources=False)
        except Error:
            return False
        return True

    async def _keep_trace(self, *, wanted: bool) -> None:
        from playwright.async_api import Error

        path = self._attach(".trace.zip")
        with suppress(Error, TimeoutError), anyio.fail_after(PICTURE_S):
            if not wanted:
                await self._page.context.tracing.stop()
                return
            await self._page.context.tracing.stop(path=path)
            if path.stat().st_size > MOST_TRACE:
                path.unlink()
            else:
                self._pictures.append(path.name)


def secrets_of(journey: Journey, role: Role | None) -> tuple[str, ...]:
    """What the journey types, and the token of the role that has signed in."""
    typed = [step.secret.get_secret_value() for step in journey.steps]
    return tuple(filter(None, [*typed, *([role.token.get_secret_value()] if role else [])]))


async def prepare(browsing: BrowserContext, journeys: Iterable[Journey]) -> None:
    """Put the page's clock under control where time must pass; before any page is opened."""
    if any(step.elapse_s for journey in journeys for step in journey.steps):
        await browsing.clock.install()


async def _body(response: Response, at: str) -> tuple[bytes, str]:
    return await response.body(), at


def _site_path(url: str, origin: str) -> str:
    """Path and query of an address of the site; empty for another origin's."""
    try:
        here, there = urlsplit(url), urlsplit(origin)
        if (here.scheme, here.hostname, here.port) != (there.scheme, there.hostname, there.port):
            return ""
    except ValueError:
        return ""
    return f"{here.path or '/'}?{here.query}" if here.query else here.path or "/"


def _matches(path: str, pattern: str) -> bool:
    """Against a pattern with `*`; one without a query fits any."""
    return fnmatchcase(path if "?" in pattern else path.partition("?")[0], pattern)


def _plain(message: str) -> str:
    """Playwright's words for a person."""
    return "not found, or not ready for it" if "Timeout" in message else reason(message)
