"""One visit, step by step, in a fresh browser context."""

from __future__ import annotations

import json
import math
import tomllib
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import replace
from functools import cache, partial
from importlib.resources import files
from typing import TYPE_CHECKING, Any, ClassVar

import anyio

from gonogo.environment.models import Consent, Environment, Journey
from gonogo.errors import EvidenceMissing
from gonogo.evidence.behaviour import ErrorClient, JourneySeen
from gonogo.evidence.facts import Banner, BrowserCookie, Choice, Load, Snapshot, Transfer, Visit, Vitals
from gonogo.evidence.records import FailureKind, Step, VisitRequest, identity
from gonogo.probes.browser import assess, axe, consent, journey, privacy, rules, sign_in, tags
from gonogo.probes.browser.boundary import Answer, Boundary
from gonogo.probes.browser.failures import kind_of, reason
from gonogo.probes.browser.fleet import DEVICES, Device, Running, Surroundings
from gonogo.probes.browser.measure import Instruments
from gonogo.probes.browser.recorder import MOST_REQUESTS, Recorder, clip
from gonogo.probes.context import Context

if TYPE_CHECKING:
    from pathlib import Path

    from playwright.async_api import BrowserContext, Frame, Page

VISIT_S = 90.0
"""A visit that takes longer has no facts."""
QUIET_S = 0.25
"""A page is settled when nothing was in flight for so long."""
QUIET_MEASURED_S = 0.5
SETTLE_S = 3.0
"""A page that polls never settles; after its load event it is watched no longer than this."""
STEP_S = 10.0
METRICS_S = 2.0
INTERACTION_S = 5.0
"""web-vitals reports INP about a second after the interaction; a page that takes five is broken."""
METRICS_POLL_MS = 50
SCROLLS = 20
MONTH_DAYS = 31.0
"""After more than these another question may be asked than the one that was answered."""
FRAME_S = 3.0
SCREENSHOT_S = 5.0
MOST_COOKIES = 500
MOST_STORED = 500
MOST_PROBLEMS = 100
MOST_POPUPS = 20

_STORAGE = """
([name, most]) => {
  const read = () => {
    let storage;
    try {
      storage = window[name];
    } catch {
      return [];  // a sandboxed or data: frame has no storage
    }
    const told = [];
    // By number: a key such as "length" is no property.
    for (let at = 0; storage && at < storage.length && told.length < most; at++) {
      const key = storage.key(at);
      if (key.startsWith("__gonogo")) continue;
      told.push([key.slice(0, 200), (storage.getItem(key) ?? "").slice(0, 200)]);
    }
    return told;
  };
  return window.__gonogo ? window.__gonogo.natively(read) : read();
}
"""


@cache
def _script(name: str) -> str:
    return (files("gonogo.probes.browser") / name).read_text(encoding="utf-8").rstrip()


@cache
def _web_vitals() -> str:
    return (files("gonogo.vendor") / "web-vitals" / "web-vitals.attribution.iife.js").read_text(encoding="utf-8")


@cache
def phrases() -> dict[str, list[str]]:
    """What banners and their controls say, by purpose, all languages together."""
    told = tomllib.loads(_script("words.toml"))
    return {
        purpose: [phrase for language in said.values() for phrase in language] if isinstance(said, dict) else said
        for purpose, said in told.items()
    }


def init_script(
    boundary: Boundary,
    declared: Consent | None,
    *,
    measure: bool,
    watch: bool = False,
    gpc: bool = False,
    rules: str = "",
) -> str:
    """What is put into every document before its own scripts run; `watch`: what consent visits record; `rules`: those of
    autoconsent, as JSON."""
    named = ("banner", "accept", "reject", "preferences", "settings")
    selectors = {name: getattr(declared, name) if declared else "" for name in named}
    scripts = [f"({_script('page.js')})({json.dumps(phrases())}, {json.dumps(selectors)});"]
    if boundary.methods is not None or boundary.local_paths or watch:
        arguments = ", ".join(
            json.dumps(one)
            for one in (
                sorted(boundary.methods) if boundary.methods is not None else None,
                sorted(boundary.reachable),
                boundary.site,
                sorted(boundary.local_paths),
                watch,
            )
        )
        scripts.append(f"({_script('outgoing.js')})({arguments});")
    if rules:
        scripts.append(f"({_script('rules.js')})(JSON.parse({json.dumps(rules)}));")
    if watch:
        scripts.append(f"({_script('consent.js')})({json.dumps(gpc)});")
    if measure:
        scripts.append(f"if (window === window.top) {{\n{_web_vitals()}\n({_script('vitals.js')})(webVitals);\n}}")
    return "\n".join(scripts)


async def visit(request: VisitRequest, context: Context, running: Running, boundary: Boundary) -> Visit:
    """Make the visit. Raises EvidenceMissing when a page cannot be reached, crashes, or time runs out."""
    from playwright.async_api import Error

    evidence_id = identity(request)
    device = DEVICES[request.device]
    try:
        with anyio.fail_after(VISIT_S):
            state = _signed_in(request, context.environment)
            surroundings = Surroundings(request.locale, request.timezone, request.gpc, state)
            browsing = await running.open(device, evidence_id, surroundings)
            try:
                walk = _Walk(request, context, boundary, browsing)
                try:
                    return await walk.all(running, device, evidence_id)
                finally:
                    await walk.forget()
            finally:
                with anyio.CancelScope(shield=True), suppress(Error):
                    await _close(browsing)
    except TimeoutError:
        raise EvidenceMissing("timeout", f"{request.name}: the visit was not over after {VISIT_S:.0f} s") from None
    except Error as error:
        if not running.browser.is_connected():
            raise EvidenceMissing("unavailable", f"{request.name}: the browser died during the visit") from None
        raise EvidenceMissing("protocol", f"{request.name}: {reason(error.message)}") from None


async def _close(browsing: BrowserContext) -> None:
    """Close a context; a browser that cannot do so within the bound is killed, so that nothing runs on."""
    with anyio.move_on_after(STEP_S) as scope:
        await browsing.close()
    if scope.cancelled_caught and browsing.browser is not None:
        with anyio.move_on_after(STEP_S):
            await browsing.browser.close()


def _journeys(request: VisitRequest, environment: Environment) -> list[Journey]:
    named = {step.value for step in request.steps if step.action == "journey"}
    return [one for one in environment.journeys if one.name in named]


def _signed_in(request: VisitRequest, environment: Environment) -> dict[str, Any] | None:
    """What the browser of the journey's role holds; None for a stranger's."""
    for one in _journeys(request, environment):
        if one.role in environment.roles:
            return sign_in.storage(environment, environment.roles[one.role])
    return None


class _Walk:
    """The state of one visit while its steps are walked."""

    def __init__(self, request: VisitRequest, context: Context, boundary: Boundary, browsing: BrowserContext) -> None:
        self._request = request
        self._context = context
        self._environment = context.environment
        self._boundary = boundary
        self._browsing = browsing
        self._recorder = Recorder(boundary, request.url, tags.keeper(self._environment))
        self._problems: list[str] = []
        self._snapshots: list[Snapshot] = []
        self._vitals: Vitals | None = None
        self._instruments: Instruments | None = None
        self._loads: list[Load] = []
        self._load_began = 0
        self._load_end = 0
        self._chosen = False
        self._transfers: tuple[Transfer, ...] = ()
        self._screenshot = ""
        self._navigations = 0
        self._loaded_at = 0.0
        self._acted_at = 0.0
        self._awaited = True
        self._appeared_s = 0.0
        """How long after its load event the first page showed its banner; 0 before that."""
        self._weakly_s = 0.0
        """The same of what may be one."""
        self._missed = False
        """A look that waited saw no banner, so the next does not wait as long."""
        self._asked: Banner | None = None
        """The first banner of the visit."""
        self._settled = False
        """A choice was made, and it has neither been opened again nor grown old."""
        self._policy = ""
        self._reopened = False
        self._journey: JourneySeen | None = None
        self._walkers: dict[str, journey.Walker] = {}
        self._error_client: ErrorClient | None = None
        self._sink = ""
        self._thrown = ""
        self._choices: list[Choice] = []
        self._writes = privacy.CookieWrites()
        self._page: Page
        self._renew: Callable[[], Awaitable[None]]
        self._attach: Callable[[str], Path]

    async def all(self, running: Running, device: Device, evidence_id: str) -> Visit:
        request = self._request
        await self._recorder.attach(self._browsing)
        if request.privacy:
            await self._writes.attach(self._browsing)
            await self._recorder.listen_to_leaving(self._browsing)
        script = init_script(
            self._boundary,
            self._environment.consent,
            measure=request.measure,
            watch=request.privacy,
            gpc=request.gpc,
            rules=self._rules(),
        )
        await self._browsing.add_init_script(script)
        if assess.assesses(request):
            await self._browsing.add_init_script(axe.script())
        self._assessment = assess.Assessment(
            self._environment.accessibility, lambda suffix: self._context.attach(evidence_id, suffix)
        )
        self._attach = partial(self._context.attach, evidence_id)
        await journey.prepare(self._browsing, self._declared_journeys())
        self._renew = partial(self._open_page, running, device, evidence_id)
        await self._renew()
        self._listen()
        if request.measure:
            self._instruments = await Instruments.attach(self._page, request)
        for step in self._request.steps:
            await self._walk(step, evidence_id)
        if self._request.measure:
            await self._end_load()
            await self._picture(evidence_id)
        await self._drain()
        self._recorder.reconcile(0.0)
        self._demand("requests", self._recorder.sent, MOST_REQUESTS)
        writes = await self._writes.all() if request.privacy else ()
        return Visit(
            browser=str(running.identity),
            device=self._request.device,
            viewport=device.viewport,
            snapshots=tuple(self._snapshots),
            requests=await self._recorder.requests(),
            console=self._recorder.console(),
            violations=self._recorder.violations(),
            vitals=self._loads[0].vitals if self._loads else None,
            loads=tuple(self._loads),
            conditions=self._instruments.conditions if self._instruments else None,
            coverage=await self._instruments.coverage() if self._instruments else (),
            screenshot=self._screenshot,
            problems=self._all_problems(),
            accessibility=self._assessment.facts() if assess.assesses(request) else None,
            journey=self._journey,
            error_client=self._error_client,
            sink=self._sink,
            thrown=self._thrown,
            choices=tuple(self._choices),
            writes=writes,
        )

    def _rules(self) -> str:
        """Rules of autoconsent for the page of this visit, where they are declared and a banner may be met."""
        declared = self._environment.consent
        return rules.rules_at(self._request.url) if declared is not None and declared.autoconsent else ""

    async def _open_page(self, running: Running, device: Device, evidence_id: str) -> None:
        """A fresh tab, which is the visit's from now on."""
        if self._navigations:
            self._browsing.remove_listener("page", self._on_popup)
        self._page = await self._browsing.new_page()
        self._browsing.on("page", self._on_popup)
        self._recorder.watch(self._page)
        await running.rename(self._page, device, evidence_id, self._request.locale)

    def _all_problems(self) -> tuple[str, ...]:
        lost = [f"{number} more {what} than are recorded" for what, number in self._recorder.dropped.items()]
        lost += ["cookies: more ways of setting them than are recorded"] if self._writes.lost else []
        if self._recorder.popups > MOST_POPUPS:
            lost.append(f"{self._recorder.popups} windows were opened and closed")
        return tuple(clip(problem, 500) for problem in (*lost, *self._problems))[:MOST_PROBLEMS]

    async def _on_popup(self, page: Page) -> None:
        from playwright.async_api import Error

        self._recorder.popups += 1
        with suppress(Error):
            await page.close()

    # --- steps ---

    async def _walk(self, step: Step, evidence_id: str) -> None:
        from playwright.async_api import Error

        what = f"{step.action} {clip(step.value, 200)}".strip()
        if step.action == "again" and not self._chosen:
            self._problems.append("again: no choice had been made, so the load of a visitor with one was not measured")
            return
        if step.action in {"goto", "reload", "again"}:
            await self._navigate(step, what, evidence_id)
            return
        if step.action == "policy":
            await self._follow(evidence_id)
            return
        try:
            with anyio.fail_after(self._seconds(step)):
                if step.action in assess.Assessment.actions:
                    await self._assess(step)
                else:
                    await self._actions[step.action](self, step.value)
        except TimeoutError:
            self._problems.append(f"{what}: not done after {self._seconds(step):.0f} s")
        except Error as error:
            self._problems.append(f"{what}: {reason(error.message)}")
        if self._recorder.crashed:
            raise EvidenceMissing("protocol", f"{self._request.name}: {what}: the page crashed the browser's renderer")

    def _seconds(self, step: Step) -> float:
        extra = {
            "wait": float(step.value) if step.action == "wait" else 0.0,
            "interact": 2 * INTERACTION_S,
            "keystroke": 2 * INTERACTION_S,
            "consent": 2 * consent.CHOOSE_S,
            "preferences": consent.CHOOSE_S,
            "snapshot": self._patience_s(),
            "reopen": consent.CHOOSE_S,
            "journey": sum(map(journey.longest_s, self._declared_journeys())),
        }
        return STEP_S + extra.get(step.action, 0.0) + assess.SECONDS.get(step.action, 0.0)

    async def _navigate(self, step: Step, what: str, evidence_id: str) -> None:
        from playwright.async_api import Error

        if self._navigations:
            await self._leave()
        if step.action == "again":
            await self._end_load()
        limit_s = self._environment.limits.request_timeout_s
        if self._instruments is not None and self._vitals is None:
            self._load_began = self._recorder.count
            await self._instruments.begin()
        try:
            if step.action == "reload":
                await self._page.reload(wait_until="commit", timeout=limit_s * 1000)
            else:
                await self._page.goto(step.value, wait_until="commit", timeout=limit_s * 1000)
        except Error as error:
            raise self._unreached(what, error.message) from None
        self._navigations += 1
        await self._load(what, limit_s)
        if not self._request.measure and not self._screenshot:
            await self._picture(evidence_id)

    async def _follow(self, evidence_id: str) -> None:
        """Go where the first layer's policy link leads, if that may be visited."""
        if not self._policy:
            await self._press_policy(evidence_id)
            return
        if self._boundary.judge("GET", self._policy) is not Answer.ALLOW:
            self._problems.append(f"policy: it leads to {self._policy[:200]}, a host that is not declared")
            return
        try:
            await self._navigate(Step("goto", self._policy), f"policy {self._policy[:200]}", evidence_id)
        except EvidenceMissing as missing:
            status = self._recorder.status(self._policy) if "Download is starting" in missing.message else 0
            said = f"it is a download, with status {status}" if status else missing.message
            self._problems.append(f"policy: {said}")

    async def _press_policy(self, evidence_id: str) -> None:
        """Press what leads to the policy where no link does, on the page anew: the preferences may stand in its place."""
        allowed_s = STEP_S + consent.LAYER_S
        problem = f"its control could not be pressed within {allowed_s:g} s"
        try:
            await self._navigate(Step("goto", self._request.url), "policy", evidence_id)
            await consent.await_banner(self._page, anyio.current_time() + self._patience_s())
            with anyio.move_on_after(allowed_s):
                problem = await consent.open_policy(self._page, lambda: self._recorder.popups)
        except EvidenceMissing as missing:
            problem = f"its control could not be pressed: {missing.message}"
        await self._recorder.quiet(QUIET_S, SETTLE_S)
        if outside := self._recorder.last_undeclared():
            problem = f"it leads to {outside}, a host that is not declared"
        if problem:
            self._problems.append(f"policy: {problem}")

    def _unreached(self, what: str, message: str) -> EvidenceMissing:
        outside = self._recorder.last_undeclared()
        if outside:
            return EvidenceMissing(
                "guard",
                f"{what}: led to {outside}, which the environment does not declare; add it to `hosts`",
            )
        kind = kind_of(message)
        if self._navigations and kind in {"dns", "connect"}:
            kind = (
                FailureKind.PROTOCOL
            )  # these two are tried again, which is fair only while nothing has reached the target
        return EvidenceMissing(kind, f"{what}: {reason(message)}")

    async def _load(self, what: str, limit_s: float) -> None:
        """Wait for the load event, fonts and a quiet network; each within a bound, for none has to come."""
        from playwright.async_api import Error

        try:
            await self._page.wait_for_load_state("load", timeout=limit_s * 1000)
        except Error as error:
            self._problems.append(f"{what}: no load event: {reason(error.message)}")
        self._loaded_at = self._acted_at = anyio.current_time()
        self._awaited = False
        if self._request.privacy and self._navigations == 1:
            self._note(await consent.look(self._page))
        with suppress(Error), anyio.move_on_after(SETTLE_S):
            await self._page.evaluate("async () => { await document.fonts.ready; }")
        await self._recorder.quiet(QUIET_MEASURED_S if self._request.measure else QUIET_S, SETTLE_S)
        if self._recorder.crashed:
            raise EvidenceMissing("protocol", f"{what}: the page crashed the browser's renderer")

    async def _leave(self) -> None:
        """Before a document goes: take what only it knows."""
        await self._collect()
        await self._drain()

    async def _wait(self, value: str) -> None:
        """Watch until `value` seconds after load or the last action, then until nothing is in flight."""
        until = self._acted_at + float(value)
        if self._request.privacy and self._navigations == 1 and not self._appeared_s:
            self._note(await consent.await_banner(self._page, until))
        await anyio.sleep(max(until - anyio.current_time(), 0.0))
        await self._recorder.quiet(0.0, SETTLE_S)

    async def _scroll(self, _value: str) -> None:
        height = self._page.viewport_size["height"] if self._page.viewport_size else 800
        # Some tags wait for whatever comes first.
        await self._page.mouse.move(3, 3)
        await self._page.keyboard.press("Shift")
        for _ in range(SCROLLS):
            await self._page.mouse.wheel(0, height)
            await self._page.evaluate(
                "() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))"
            )
            if await self._page.evaluate("() => scrollY + innerHeight >= document.documentElement.scrollHeight - 2"):
                break
        self._acted_at = anyio.current_time()

    async def _consent(self, choice: str) -> None:
        await self._collect()
        made, problem = await consent.choose(
            self._page,
            choice,
            again=self._reopened,
            known=bool(self._appeared_s) or not self._snapshots,
            asked=None if self._reopened else self._asked,
        )
        self._choices.append(made)
        self._chosen = self._settled = not problem
        if problem:
            self._problems.append(f"consent {choice}: {problem}")
        self._acted_at = anyio.current_time()
        self._awaited = True

    async def _acts(self, what: str, action: Callable[[Page], Awaitable[str]]) -> None:
        if problem := await action(self._page):
            self._problems.append(f"{what}: {problem}")
        self._acted_at = anyio.current_time()

    async def _preferences(self, _value: str) -> None:
        await self._acts("preferences", consent.open_preferences)

    async def _save(self, _value: str) -> None:
        await self._acts("save", lambda page: consent.press_anywhere(page, "save"))

    async def _close_banner(self, _value: str) -> None:
        await self._acts("close", lambda page: consent.press_anywhere(page, "dismiss"))

    async def _reopen(self, _value: str) -> None:
        self._reopened, self._settled = True, False
        await self._acts("reopen", consent.reopen)

    async def _escape(self, _value: str) -> None:
        await self._page.keyboard.press("Escape")
        self._acted_at = anyio.current_time()

    async def _restart(self, _value: str) -> None:
        """The browser is closed and opened: another tab, without the cookies and storage of the session."""
        await self._leave()
        await self._page.close()
        await privacy.forget_session(self._browsing)
        await self._renew()

    async def _expire(self, days: str) -> None:
        self._settled = self._settled and float(days) <= MONTH_DAYS
        await privacy.pass_days(self._browsing, float(days))

    async def _cookie(self, pair: str) -> None:
        await privacy.put_cookie(self._browsing, self._request.url, pair)

    async def _click(self, selector: str) -> None:
        await self._page.locator(selector).first.click(timeout=INTERACTION_S * 1000)
        self._acted_at = anyio.current_time()

    async def _interact(self, selector: str) -> None:
        await self._collect()
        await self._click(selector)
        await self._await_inp(f"interact {clip(selector, 200)}", "click")

    async def _keystroke(self, value: str) -> None:
        await self._collect()
        key, _, selector = value.partition(" ")
        await self._page.locator(selector).first.press(key, timeout=INTERACTION_S * 1000)
        await self._await_inp(f"keystroke {clip(value, 200)}", "key")

    async def _await_inp(self, what: str, how: str) -> None:
        """The library tells INP about a second after the interaction; it must cover the slowest that was seen."""
        self._acted_at = anyio.current_time()
        if self._vitals is None:
            return
        if not await self._awaits("(seen) => seen.inp !== null && seen.inp >= seen.slowest", INTERACTION_S):
            self._problems.append(f"{what}: no INP within {INTERACTION_S:.0f} s of the {how}")
        told = await self._metrics()
        self._vitals = _with_inp(self._vitals, told)
        self._acted_at = anyio.current_time()

    async def _end_load(self) -> None:
        """Keep what was measured of the load so far, and be ready for the next."""
        await self._collect()
        if self._vitals is None or self._instruments is None:
            return
        state = "stored" if self._loads else "first"
        frames = await self._instruments.film(self._attach)
        self._loads.append(Load(state, self._vitals, self._load_began, self._load_end, self._transfers, frames))
        self._vitals = None

    async def _assess(self, step: Step) -> None:
        # A banner that was seen may have been closed by the keyboard on the way.
        value = "" if step.action == "dismiss" and self._asked is not None else step.value
        if problem := await self._assessment.step(self._page, step.action, value):
            self._problems.append(problem)
        self._acted_at = anyio.current_time()

    def _declared_journeys(self) -> list[Journey]:
        return _journeys(self._request, self._environment)

    def _secrets(self) -> tuple[str, ...]:
        """What must not be seen in a picture of this visit."""
        return tuple(
            secret
            for one in self._declared_journeys()
            for secret in journey.secrets_of(one, self._environment.roles.get(one.role))
        )

    def _listen(self) -> None:
        """A journey hears the answers from the first page on."""
        origin, secrets = self._environment.site.url, self._secrets()
        for one in self._declared_journeys():
            self._walkers[one.name] = journey.Walker(self._page, one, origin, self._attach, secrets=secrets)
            self._walkers[one.name].listen()

    async def forget(self) -> None:
        """End what a journey left under way; for the visit's end, whatever it was."""
        for walker in self._walkers.values():
            await walker.forget()

    async def _make_journey(self, name: str) -> None:
        self._journey = await self._walkers[name].walk()
        self._acted_at = anyio.current_time()

    async def _throw(self, words: str) -> None:
        self._error_client = await tags.error_client(self._page)
        await tags.throw(self._page, f"{words} {self._context.tag}")
        self._thrown = self._context.tag
        self._acted_at = anyio.current_time()

    async def _write_markup(self, _value: str) -> None:
        self._sink = await tags.write_markup(self._page)

    async def _prove_true(self, label: str) -> None:
        """Whether answers come through as they were given: they are made by the page's own JavaScript."""
        if await self._page.evaluate("() => [['a', [1, true]], { b: [null, ''] }]") != [
            ["a", [1, True]],
            {"b": [None, ""]},
        ]:
            raise EvidenceMissing(
                "protocol", f"snapshot {label}: the page changed JavaScript itself, so that nothing can be read from it"
            )

    async def _snapshot(self, label: str) -> None:
        await self._prove_true(label)
        sight = await self._sight()
        view, unread = await privacy.view(self._page, sight) if self._request.privacy else (None, [])
        self._problems += [f"snapshot {label}: {one}" for one in unread]
        if view is not None and sight.lacks:
            self._problems.append(f"snapshot {label}: no banner was seen, but not the whole page either: {sight.lacks}")
        if view is not None and view.layer is not None and not self._snapshots:
            self._policy = view.layer.policy
        local, session = (
            await self._stored(label, "localStorage"),
            await self._stored(label, "sessionStorage"),
        )
        cookies = await self._browsing.cookies()
        title = await self._page.evaluate("() => String(document.title).slice(0, 300)")
        await self._drain()
        self._recorder.reconcile()
        self._demand("cookies", len(cookies), MOST_COOKIES)
        self._snapshots.append(
            Snapshot(
                label=label,
                url=clip(self._page.url),
                title=clip(title, 300),
                banner=sight.banner,
                cookies=tuple(
                    BrowserCookie(
                        name=clip(cookie.get("name", ""), 200),
                        value=clip(cookie.get("value", ""), 64),
                        domain=clip(cookie.get("domain", ""), 255),
                        path=clip(cookie.get("path", ""), 200),
                        expires=float(cookie.get("expires", -1)),
                        http_only=bool(cookie.get("httpOnly")),
                        secure=bool(cookie.get("secure")),
                        same_site=str(cookie.get("sameSite", "")),
                    )
                    for cookie in cookies
                ),
                local_storage=local,
                session_storage=session,
                requests=self._recorder.count,
                privacy=view,
            )
        )

    async def _stored(self, label: str, name: str) -> tuple[tuple[str, str], ...]:
        """What every frame keeps in `localStorage` or `sessionStorage`."""

        async def one(frame: Frame) -> list[list[str]]:
            told, why = await privacy.of_inner(frame, _STORAGE, [name, MOST_STORED + 1])
            if why:
                self._problems.append(f"snapshot {label}: {name} of {why}")
            return told if isinstance(told, list) else []

        kept: dict[tuple[str, str], None] = {}
        if len(self._page.frames) > consent.MOST_FRAMES and name == "localStorage":
            self._problems.append(
                f"snapshot {label}: more than {consent.MOST_FRAMES} frames; the others' storage was not read"
            )
        for told in await consent.side_by_side(self._page.frames[: consent.MOST_FRAMES], one):
            self._demand(f"entries in {name}", len(told), MOST_STORED)
            kept |= {(clip(key, 200), clip(value, 200)): None for key, value in told}
        return tuple(kept)

    def _demand(self, what: str, number: int, most: int) -> None:
        """A list that was cut short could hide what a check looks for, so then there are no facts."""
        if number > most:
            raise EvidenceMissing("too-large", f"{self._request.name}: more than {most} {what}")

    async def _sight(self) -> consent.Sight:
        """The banner; the first look after a load gives it time to appear: "absent" is not "not yet".

        Once it has been seen, it is given about three times as long as it took then.
        """
        patient = self._environment.consent is not None and not self._awaited
        self._awaited = True
        until = self._loaded_at + self._patience_s() if patient else 0.0
        sight = await consent.await_banner(self._page, until, self._asked if self._settled else None)
        if patient:
            self._note(sight, awaited=True)
            self._missed = not sight.banner.visible
        return sight

    def _patience_s(self) -> float:
        """How long after its load event a page may take to show its banner."""
        if self._appeared_s:
            return consent.patience_s(self._appeared_s)
        appear_s = (self._environment.consent or Consent()).appear_s
        about = self._request.privacy or assess.assesses(self._request)
        return appear_s if about and not self._missed else min(appear_s, consent.APPEAR_S)

    def _note(self, sight: consent.Sight, *, awaited: bool = False) -> None:
        """Remember the first banner and when it came; `awaited`: a better one was waited for."""
        if not sight.banner.visible:
            return
        came = max(anyio.current_time() - self._loaded_at, consent.POLL_S)
        if sight.weak:
            came = self._weakly_s = self._weakly_s or came
            if not awaited:
                return
        if self._asked is None:
            self._asked = sight.banner
        self._appeared_s = self._appeared_s or came

    # --- what the page keeps ---

    async def _drain(self) -> None:
        """Violations that were seen before the driver listened."""
        from playwright.async_api import Error

        async def one(frame: Frame) -> object:
            with suppress(Error), anyio.move_on_after(FRAME_S):
                return await frame.evaluate("() => window.__gonogo?.violations() ?? []")
            return []

        for told in await consent.side_by_side(self._page.frames[: consent.MOST_FRAMES], one):
            for fields in told if isinstance(told, list) else ():
                self._recorder.violated(fields)

    async def _awaits(self, condition: str, seconds: float) -> bool:
        """Wait for a condition on the metrics, asked in the page so that the driver does not disturb it."""
        from playwright.async_api import Error

        script = f"""
        (most) => new Promise((done) => {{
          const end = performance.now() + most;
          const ask = () => {{
            const met = ({condition})(window.__gonogo?.vitals ?? {{}});
            if (met || performance.now() > end) done(met); else setTimeout(ask, {METRICS_POLL_MS});
          }};
          ask();
        }})
        """
        with suppress(Error), anyio.move_on_after(seconds + 1.0):
            return bool(await self._page.evaluate(script, seconds * 1000))
        return False

    async def _metrics(self) -> dict[str, object]:
        from playwright.async_api import Error

        told: object = None
        with suppress(Error), anyio.move_on_after(METRICS_S):
            told = await self._page.evaluate("() => ({ ...window.__gonogo?.vitals })")
        return told if isinstance(told, dict) else {}

    async def _collect(self) -> None:
        """Loading metrics of the first page, once it has settled and before anything is pressed."""
        if not self._request.measure or self._vitals is not None:
            return
        await self._awaits(
            "(seen) => [seen.lcp, seen.cls, seen.fcp, seen.ttfb].every((value) => value !== null)", METRICS_S
        )
        told = await self._metrics()
        self._vitals = Vitals(
            lcp_ms=_number(told, "lcp"),
            cls=_number(told, "cls"),
            inp_ms=None,
            fcp_ms=_number(told, "fcp"),
            ttfb_ms=_number(told, "ttfb"),
            lcp_element=clip(told.get("lcpElement", ""), 300),
            cls_element=clip(told.get("clsElement", ""), 300),
            inp_element="",
            tbt_ms=_number(told, "tbt"),
            tbt_source=clip(told.get("tbtSource", ""), 300),
            lcp_parts=_parts(told),
        )
        self._load_end = self._recorder.count
        self._transfers = self._instruments.transfers() if self._instruments else ()

    async def _picture(self, evidence_id: str) -> None:
        """The viewport only: a picture of the whole page would resize it, and lazy parts of it would load."""
        from playwright.async_api import Error

        path = self._context.attach(evidence_id, ".png")
        try:
            if await sign_in.reveals(self._page, self._secrets()):
                self._problems.append("screenshot: not taken, for the page may hold a secret")
                return
            with anyio.fail_after(SCREENSHOT_S + 1.0):
                await self._page.screenshot(path=path, timeout=SCREENSHOT_S * 1000, scale="css")
            self._screenshot = path.name
        except (Error, TimeoutError) as error:
            self._problems.append(f"screenshot: {reason(str(error)) or 'not done in time'}")

    _actions: ClassVar[dict[str, Callable[[_Walk, str], Awaitable[None]]]] = {
        "wait": _wait,
        "scroll": _scroll,
        "consent": _consent,
        "click": _click,
        "interact": _interact,
        "keystroke": _keystroke,
        "preferences": _preferences,
        "save": _save,
        "close": _close_banner,
        "reopen": _reopen,
        "escape": _escape,
        "restart": _restart,
        "expire": _expire,
        "cookie": _cookie,
        "journey": _make_journey,
        "throw": _throw,
        "sink": _write_markup,
        "snapshot": _snapshot,
    }


def _number(told: dict[str, object], key: str) -> float | None:
    value = told.get(key)
    if not isinstance(value, int | float) or isinstance(value, bool) or not math.isfinite(value):
        return None
    return float(value)


def _with_inp(vitals: Vitals, told: dict[str, object]) -> Vitals:
    inp, fid = _number(told, "inp"), _number(told, "fid")
    return replace(vitals, inp_ms=inp, fid_ms=fid, inp_element=clip(told.get("inpElement", ""), 300))


def _parts(told: dict[str, object]) -> tuple[tuple[str, float], ...]:
    """The parts of LCP, as the page's own script put them."""
    parts = told.get("lcpParts")
    return tuple(
        (clip(one[0], 40), round(float(one[1]), 1))
        for one in (parts if isinstance(parts, list) else [])[:8]
        if isinstance(one, list) and len(one) == 2 and isinstance(one[1], int | float) and math.isfinite(one[1])
    )
