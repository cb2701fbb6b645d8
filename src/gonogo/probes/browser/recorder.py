"""What a visit sees: requests, console, CSP violations; from strangers, so every text and list is bounded."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import anyio

from gonogo.formats.public_suffix import registrable
from gonogo.probes.browser.boundary import Answer, Boundary
from gonogo.probes.browser.facts import BrowserRequest, ConsoleMessage, Violation

if TYPE_CHECKING:
    from playwright.async_api import BrowserContext, Page, Request, Response, Route, WebError, WebSocket
    from playwright.async_api import ConsoleMessage as PageConsole

MOST_REQUESTS = 5000
"""Of a visit, which may load half a dozen pages."""
MOST_MESSAGES = 200
MOST_CHARACTERS = 2000
SIZES_S = 5.0
POLL_S = 0.02
TOLD_S = 0.25
"""How long the driver may take to tell of a request that a page has sent."""

_POLICY = re.compile(r"Content[ -]Security[ -]Policy|requires 'Trusted", re.IGNORECASE)
_MIXED = re.compile(r"Mixed Content: ")
_SOCKET = re.compile(r"WebSocket connection to '([^']+)' failed")
_WEB = ("http://", "https://", "ws://", "wss://")


def clip(text: object, most: int = MOST_CHARACTERS) -> str:
    return str(text)[:most]


def site_of(url: str) -> str:
    """The registrable domain of a URL's host (Public Suffix List, offline), or the host itself."""
    host = (urlsplit(url).hostname or "").lower().rstrip(".")
    if ":" in host or host.replace(".", "").isdigit():
        return host
    return registrable(host) or host


def _key(url: str, method: str) -> tuple[str, str]:
    return (clip(url.partition("#")[0]), method)


class _Entry:
    __slots__ = (
        "answer",
        "body",
        "failure",
        "finished",
        "inner",
        "leaving",
        "method",
        "request",
        "status",
        "type",
        "url",
    )

    def __init__(self, url: str, method: str, kind: str, answer: Answer, request: Request | None) -> None:
        self.url = url
        self.method = method
        self.type = kind
        self.answer = answer
        self.request = request
        self.status = 0
        self.failure = ""
        self.body = ""
        self.finished = False
        self.leaving = False
        self.inner = False


@dataclass(frozen=True, slots=True)
class _Sent:
    """A request that a page is about to send; `at` by the loop's clock, in seconds."""

    method: str
    url: str
    type: str
    at: float
    told: int
    """How many of the kind the driver had told of by then."""


class Recorder:
    """Listens to one browser context."""

    def __init__(self, boundary: Boundary, url: str, body: Callable[[Request], str] = lambda _: "") -> None:
        """`body`: what of a request's body is kept."""
        self._boundary = boundary
        self._body = body
        self._site = site_of(url)
        self._entries: list[_Entry] = []
        self._by_request: dict[Request, _Entry] = {}
        self._flying: set[Request] = set()
        self._changed = anyio.current_time()
        self._console: list[ConsoleMessage] = []
        self._violations: list[Violation] = []
        self.dropped: Counter[str] = Counter()
        self.sent = 0
        self._page: Page | None = None
        self._sent: list[_Sent] = []
        self._told: Counter[tuple[str, str]] = Counter()
        self.popups = 0
        self.crashed = False

    # --- listening ---

    async def attach(self, context: BrowserContext) -> None:
        context.on("request", self._on_request)
        context.on("response", self._on_response)
        context.on("requestfinished", self._on_finished)
        context.on("requestfailed", self._on_failed)
        context.on("console", self._on_console)
        context.on("weberror", self._on_error)
        await context.expose_binding("__gonogo_violation", self._on_violation)
        await context.expose_binding("__gonogo_refused", self._on_refused)
        if self._boundary.routed:
            await context.route("**/*", self._route)

    def watch(self, page: Page) -> None:
        """The page of the visit; others that open are closed by the visit."""
        self._page = page
        page.on("websocket", self._on_websocket)
        page.on("crash", self._on_crash)

    async def listen_to_leaving(self, context: BrowserContext) -> None:
        """What a page sends while it unloads is told neither to the driver nor by DevTools; outgoing.js leaves a note of it
        for the next page of the origin, which tells."""
        await context.expose_binding("__gonogo_leaving", self._on_leaving)

    def _on_leaving(self, _source: object, fields: object) -> None:
        if isinstance(fields, list) and len(fields) == 3 and len(self._sent) < MOST_REQUESTS:
            method, url, kind = map(clip, fields)
            self._sent.append(_Sent(method, url, kind, anyio.current_time(), self._told[_key(url, method)]))

    def reconcile(self, age_s: float = TOLD_S) -> None:
        """Record what pages sent while they unloaded, unless the driver has told of it in the meantime."""
        until = anyio.current_time() - age_s
        for sent in [one for one in self._sent if one.at <= until]:
            self._sent.remove(sent)
            if self._told[_key(sent.url, sent.method)] == sent.told:
                entry = self._add(sent.url, sent.method, sent.type, None)
                if entry is not None:
                    entry.leaving = True

    def _on_crash(self, _page: Page) -> None:
        self.crashed = True

    def _add(self, url: str, method: str, kind: str, request: Request | None) -> _Entry | None:
        if not url.startswith(_WEB):
            return None
        self.sent += 1
        if len(self._entries) >= MOST_REQUESTS:
            return None
        entry = _Entry(url, method, kind, self._boundary.judge(method, url), request)
        self._entries.append(entry)
        return entry

    def _on_request(self, request: Request) -> None:
        entry = self._add(request.url, request.method, request.resource_type, request)
        if entry is not None:
            self._by_request[request] = entry
            self._told[_key(request.url, request.method)] += 1
            entry.body = self._body(request)
            entry.inner = request.resource_type == "document" and self._inner(request)
            if self._ours(request):
                self._flying.add(request)
            self._changed = anyio.current_time()

    def _ours(self, request: Request) -> bool:
        """Sent by the visit's page; what a closed window had begun never ends and must not be waited for."""
        from playwright.async_api import Error

        try:
            return request.frame.page is self._page
        except Error:  # a window's first request, before there is a page
            return False

    def _inner(self, request: Request) -> bool:
        from playwright.async_api import Error

        try:
            return request.frame.parent_frame is not None
        except Error:
            return False

    def _on_response(self, response: Response) -> None:
        entry = self._by_request.get(response.request)
        if entry is not None:
            entry.status = response.status

    def _land(self, request: Request) -> _Entry | None:
        self._flying.discard(request)
        self._changed = anyio.current_time()
        return self._by_request.get(request)

    def _on_finished(self, request: Request) -> None:
        entry = self._land(request)
        if entry is not None:
            entry.finished = True

    def _on_failed(self, request: Request) -> None:
        entry = self._land(request)
        if entry is not None:
            entry.failure = clip(request.failure or "failed")

    def _on_websocket(self, socket: WebSocket) -> None:
        entry = self._add(socket.url, "GET", "websocket", None)
        if entry is not None:

            def failed(reason: str) -> None:
                entry.failure = clip(reason)

            socket.on("socketerror", failed)

    def _on_console(self, message: PageConsole) -> None:
        if message.type != "error" and not _MIXED.match(message.text):
            return
        place = message.location
        url, text = str(place.get("url", "")), clip(message.text)
        # What the browser itself says has no arguments, what a script says has; only the former is sorted.
        level = "error" if message.args else self._level(text, url)
        self._say(ConsoleMessage(level, text, clip(f"{url}:{place.get('lineNumber', 0)}" if url else "")))

    def _level(self, text: str, url: str) -> str:
        if _MIXED.match(text):
            return "mixed"
        if _POLICY.search(text):
            return "csp"
        socket = _SOCKET.match(text)
        if socket or text.startswith("Failed to load resource"):
            answer = self._boundary.judge("GET", socket[1] if socket else url)
            if answer is not Answer.ALLOW or "ERR_BLOCKED_BY_CLIENT" in text:
                return "blocked"
            return "network"
        return "error"

    def _on_error(self, error: WebError) -> None:
        thrown = error.error
        frames = [line.strip() for line in (thrown.stack or "").splitlines() if line.lstrip().startswith("at ")]
        text = f"{thrown.name}: {thrown.message}" if thrown.name else thrown.message
        self._say(ConsoleMessage("pageerror", clip(text), clip(frames[0].removeprefix("at ") if frames else "")))

    def _say(self, message: ConsoleMessage) -> None:
        if len(self._console) >= MOST_MESSAGES:
            self.dropped["console messages"] += 1
        else:
            self._console.append(message)

    def _on_violation(self, _source: object, fields: object) -> None:
        self._violated(fields)

    def _on_refused(self, _source: object, fields: object) -> None:
        """A request that outgoing.js did not let the page make: method, URL, type."""
        if isinstance(fields, list) and len(fields) == 3:
            method, url, kind = map(clip, fields)
            if self._boundary.judge(method, url) is Answer.METHOD:
                self._add(url, method, kind, None)

    def violated(self, fields: object) -> None:
        """Record a violation that the page has kept, unless it arrived when it happened."""
        if isinstance(fields, list) and len(fields) == 4 and Violation(*map(clip, fields)) in self._violations:
            return
        self._violated(fields)

    def _violated(self, fields: object) -> None:
        """As page.js tells it: directive, blocked, source, disposition."""
        if not isinstance(fields, list) or len(fields) != 4:
            return
        if len(self._violations) >= MOST_MESSAGES:
            self.dropped["CSP violations"] += 1
        else:
            self._violations.append(Violation(*map(clip, fields)))

    async def _route(self, route: Route, request: Request) -> None:
        from playwright.async_api import Error

        with suppress(Error):  # the page may be gone already
            match self._boundary.judge(request.method, request.url):
                case Answer.ALLOW:
                    await route.continue_()
                case Answer.INTERCEPT:
                    origin = request.headers.get("origin", "*")
                    headers = {"access-control-allow-origin": origin, "cache-control": "no-store"}
                    if origin != "*":
                        headers["access-control-allow-credentials"] = "true"
                    await route.fulfill(status=204, headers=headers)
                case Answer.UNDECLARED | Answer.METHOD:
                    await route.abort("blockedbyclient")

    # --- asking ---

    @property
    def count(self) -> int:
        """Requests sent so far, no more than are kept."""
        return len(self._entries)

    async def quiet(self, idle_s: float, limit_s: float) -> None:
        """Wait until no request has begun, ended or been in flight for `idle_s`, but `limit_s` at most."""
        with anyio.move_on_after(limit_s):
            while self._flying or anyio.current_time() - self._changed < idle_s:
                await anyio.sleep(POLL_S)

    def status(self, url: str) -> int:
        """The status of the last answer to a request for this address; 0 where there was none."""
        return next((entry.status for entry in reversed(self._entries) if entry.url == url and entry.status), 0)

    def last_undeclared(self) -> str:
        """The host of a navigation that was led outside, or empty."""
        last = next((entry for entry in reversed(self._entries) if entry.type == "document" and not entry.inner), None)
        return urlsplit(last.url).hostname or "" if last and last.answer is Answer.UNDECLARED else ""

    def console(self) -> tuple[ConsoleMessage, ...]:
        return tuple(self._console)

    def violations(self) -> tuple[Violation, ...]:
        return tuple(self._violations)

    async def requests(self) -> tuple[BrowserRequest, ...]:
        """Every request in the order sent; sizes are asked for now, so the context must still be open."""
        sizes = [0] * len(self._entries)

        async def ask(index: int, request: Request) -> None:
            from playwright.async_api import Error

            with suppress(Error):
                told = await request.sizes()
                sizes[index] = max(told["responseHeadersSize"], 0) + max(told["responseBodySize"], 0)

        entries = list(self._entries)
        with anyio.move_on_after(SIZES_S):
            async with anyio.create_task_group() as group:
                for index, entry in enumerate(entries):
                    if entry.finished and entry.request is not None and entry.answer is not Answer.INTERCEPT:
                        group.start_soon(ask, index, entry.request)
        return tuple(
            BrowserRequest(
                url=clip(entry.url),
                method=clip(entry.method, 20),
                type=entry.type,
                third_party=site_of(entry.url) != self._site,
                status=entry.status,
                bytes=size,
                failure=_failure(entry),
                local=entry.answer is Answer.INTERCEPT,
                body=entry.body,
                leaving=entry.leaving,
                inner=entry.inner,
            )
            for entry, size in zip(entries, sizes, strict=True)
        )


def _failure(entry: _Entry) -> str:
    """Why a request failed. What gonogo stopped is said to be so, whatever the browser calls it."""
    if entry.answer is Answer.UNDECLARED and not entry.status:
        return Answer.UNDECLARED.value
    if entry.answer is Answer.METHOD and not entry.status:
        return Answer.METHOD.value
    return entry.failure
