"""One visit, step by step, in a fresh browser context."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar

import anyio

from gonogo.environment.models import Environment
from gonogo.environment.sections.consent import Consent
from gonogo.environment.sections.journeys import Journey
from gonogo.errors import EvidenceMissing
from gonogo.evidence.records import identity
from gonogo.probes.browser import assess, axe, consent, journey, kept, metrics, pages, rules, sign_in, tags
from gonogo.probes.browser import view as privacy
from gonogo.probes.browser.behaviour import ErrorClient, JourneySeen
from gonogo.probes.browser.boundary import Answer, Boundary
from gonogo.probes.browser.facts import Banner, Choice, Load, Snapshot, Transfer, Visit, Vitals
from gonogo.probes.browser.failures import reason, unreached
from gonogo.probes.browser.fleet import DEVICES, Device, Running, Surroundings
from gonogo.probes.browser.measure import Instruments
from gonogo.probes.browser.policy_control import press as press_policy
from gonogo.probes.browser.recorder import MOST_REQUESTS, Recorder, clip
from gonogo.probes.browser.request import Step, VisitRequest
from gonogo.probes.browser.scripts import init_script
from gonogo.probes.context import Context

if TYPE_CHECKING:
    from pathlib import Path

    from playwright.async_api import BrowserContext, Page

VISIT_S = 90.0
"""A visit that takes longer has no facts."""
QUIET_S = 0.25
"""A page is settled when nothing was in flight for so long."""
QUIET_MEASURED_S = 0.5
SETTLE_S = 3.0
"""A page that polls never settles; after its load event it is watched no longer than this."""
STEP_S = 10.0
INTERACTION_S = 5.0
"""web-vitals reports INP about a second after the interaction; a page that takes five is broken."""
MONTH_DAYS = 31.0
"""After more than these another question may be asked than the one that was answered."""
MOST_PROBLEMS = 100
MOST_POPUPS = 20


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
                    await pages.close(browsing)
    except TimeoutError:
        raise EvidenceMissing("timeout", f"{request.name}: the visit was not over after {VISIT_S:.0f} s") from None
    except Error as error:
        if not running.browser.is_connected():
            raise EvidenceMissing("unavailable", f"{request.name}: the browser died during the visit") from None
        raise EvidenceMissing("protocol", f"{request.name}: {reason(error.message)}") from None


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
        self._load_began = self._load_end = 0
        self._chosen = False
        self._transfers: tuple[Transfer, ...] = ()
        self._screenshot = ""
        self._navigations = 0
        self._loaded_at = self._acted_at = 0.0
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
        self._sink = self._thrown = ""
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
        self._attach = partial(self._context.attach, evidence_id)
        self._assessment = assess.Assessment(self._environment.accessibility, self._attach)
        await journey.prepare(self._browsing, self._declared_journeys())
        self._renew = partial(self._open_page, running, device, evidence_id)
        await self._renew()
        self._listen()
        if request.measure:
            self._instruments = await Instruments.attach(self._page, request)
        for step in self._request.steps:
            await self._walk(step)
        if self._request.measure:
            await self._end_load()
            await self._picture()
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

    async def _walk(self, step: Step) -> None:
        from playwright.async_api import Error

        what = f"{step.action} {clip(step.value, 200)}".strip()
        if step.action == "again" and not self._chosen:
            self._problems.append("again: no choice had been made, so the load of a visitor with one was not measured")
            return
        if step.action in {"goto", "reload", "again"}:
            await self._navigate(step, what)
            return
        if step.action == "policy":
            await self._follow()
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

    async def _navigate(self, step: Step, what: str) -> None:
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
            outside = self._recorder.last_undeclared()
            raise unreached(what, error.message, outside=outside, begun=self._navigations > 0) from None
        self._navigations += 1
        await self._load(what, limit_s)
        if not self._request.measure and not self._screenshot:
            await self._picture()

    async def _follow(self) -> None:
        """Go where the first layer's policy link leads, if that may be visited."""
        if not self._policy:
            await self._press_policy()
            return
        if self._boundary.judge("GET", self._policy) is not Answer.ALLOW:
            self._problems.append(f"policy: it leads to {self._policy[:200]}, a host that is not declared")
            return
        try:
            await self._navigate(Step("goto", self._policy), f"policy {self._policy[:200]}")
        except EvidenceMissing as missing:
            status = self._recorder.status(self._policy) if "Download is starting" in missing.message else 0
            said = f"it is a download, with status {status}" if status else missing.message
            self._problems.append(f"policy: {said}")

    async def _press_policy(self) -> None:
        """Press what leads to the policy where no link does, on the page anew: the preferences may stand in its place."""
        allowed_s = STEP_S + consent.LAYER_S
        problem = f"its control could not be pressed within {allowed_s:g} s"
        try:
            await self._navigate(Step("goto", self._request.url), "policy")
            await consent.await_banner(self._page, anyio.current_time() + self._patience_s())
            with anyio.move_on_after(allowed_s):
                problem = await press_policy(self._page, lambda: self._recorder.popups)
        except EvidenceMissing as missing:
            problem = f"its control could not be pressed: {missing.message}"
        await self._recorder.quiet(QUIET_S, SETTLE_S)
        if outside := self._recorder.last_undeclared():
            problem = f"it leads to {outside}, a host that is not declared"
        if problem:
            self._problems.append(f"policy: {problem}")

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
        await pages.scroll(self._page)
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
        self._acted_at = anyio.current_time()
        if self._vitals is None:
            return
        if not await metrics.awaits(self._page, metrics.INP, INTERACTION_S):
            self._problems.append(f"{what}: no INP within {INTERACTION_S:.0f} s of the {how}")
        self._vitals = metrics.with_inp(self._vitals, await metrics.told(self._page))
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

    async def _snapshot(self, label: str) -> None:
        await kept.prove_true(self._page, label)
        sight = await self._sight()
        view, unread = await privacy.view(self._page, sight) if self._request.privacy else (None, [])
        self._problems += [f"snapshot {label}: {one}" for one in unread]
        if view is not None and sight.lacks:
            self._problems.append(f"snapshot {label}: no banner was seen, but not the whole page either: {sight.lacks}")
        if view is not None and view.layer is not None and not self._snapshots:
            self._policy = view.layer.policy
        local, session = [await self._stored(label, name) for name in ("localStorage", "sessionStorage")]
        cookies = await kept.cookies(self._browsing)
        title = await self._page.evaluate("() => String(document.title).slice(0, 300)")
        await self._drain()
        self._recorder.reconcile()
        self._demand("cookies", len(cookies), kept.MOST_COOKIES)
        self._snapshots.append(
            Snapshot(
                label=label,
                url=clip(self._page.url),
                title=clip(title, 300),
                banner=sight.banner,
                cookies=cookies,
                local_storage=local,
                session_storage=session,
                requests=self._recorder.count,
                privacy=view,
            )
        )

    async def _stored(self, label: str, name: str) -> tuple[tuple[str, str], ...]:
        found, most, problems = await kept.stored(self._page, name)
        self._problems += [f"snapshot {label}: {one}" for one in problems]
        self._demand(f"entries in {name}", most, kept.MOST_STORED)
        return found

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
        for fields in await kept.violations(self._page):
            self._recorder.violated(fields)

    async def _collect(self) -> None:
        """Loading metrics of the first page, once it has settled and before anything is pressed."""
        if not self._request.measure or self._vitals is not None:
            return
        self._vitals = await metrics.loading(self._page)
        self._load_end = self._recorder.count
        self._transfers = self._instruments.transfers() if self._instruments else ()

    async def _picture(self) -> None:
        name, problem = await pages.picture(self._page, self._attach(".png"), self._secrets())
        self._screenshot = name or self._screenshot
        self._problems += [f"screenshot: {problem}"] if problem else []

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
