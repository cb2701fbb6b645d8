"""Judgements of consent on evidence that once could fool them: each with what it must say."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from pydantic import ValidationError

from checks.consent import test_allowed as after_consent
from checks.consent import test_banner as banner
from checks.consent import test_choice as choice
from checks.consent import test_inventory as inventory
from checks.consent import test_layers as layers
from checks.consent import test_lifetime as lifetime
from checks.consent import test_policy as policy
from checks.consent import test_renewal as renewal
from checks.consent import test_requests as requests_
from checks.consent import test_signals as signals
from checks.consent import test_storage as storage
from checks.consent import test_traces as traces
from checks.consent import test_wall as wall
from checks.consent import test_withdrawal as withdrawal
from gonogo import Shortfall
from gonogo.concerns import FIXTURES
from gonogo.concerns.consent.fixtures import VISITS, ConsentFlow, OptOutFlow, PolicyAnswer
from gonogo.environment import models
from gonogo.environment.models import Environment
from gonogo.errors import EvidenceMissing
from gonogo.probes.browser.facts import (
    Banner,
    BrowserCookie,
    BrowserRequest,
    Choice,
    Command,
    ConsentSignals,
    Control,
    CookieWrite,
    Layer,
    PrivacyView,
    Snapshot,
    Toggle,
    Violation,
    Visit,
)
from gonogo.probes.http.facts import Exchange, Timings
from gonogo.run.catalogue import Scope, catalogue

URL = "https://www.shop.test/"
TAG = "https://stats.partner.test/hit"
ACCEPT = Control("accept", "Accept all", "button", 100, 40, 16, 7, 7)
REJECT = Control("reject", "Reject all", "button", 100, 40, 16, 7, 7)
LAYER = Layer(
    "dialog", "Cookies", modal=False, focused=False, controls=(ACCEPT, REJECT), policy=f"{URL}policy", toggles=()
)
ASKS = Banner(visible=True, accept="Accept all", reject="Reject all", text="We use cookies")
SILENT = Banner(visible=False, accept="", reject="", text="")
NONE = ConsentSignals((), None, None)
VIEW = PrivacyView(LAYER, "Cookie settings", "Your privacy choices", (), (), NONE, 1000, 0.1)
PARTY = models.ThirdParty(host="stats.partner.test", purpose="analytics")


def cookie(name: str) -> BrowserCookie:
    return BrowserCookie(name, "1", "www.shop.test", "/", -1, http_only=False, secure=True, same_site="Lax")


def request(
    url: str, *, third: bool = True, status: int = 204, local: bool = True, kind: str = "fetch"
) -> BrowserRequest:
    return BrowserRequest(url, "GET", kind, third, status, 0, "", local)


def snapshot(label: str, *names: str, asks: bool = False, requests: int = 0, **view: Any) -> Snapshot:
    told = {"layer": LAYER if asks else None, **view}
    return Snapshot(
        label, URL, "Shop", ASKS if asks else SILENT, tuple(map(cookie, names)), (), (), requests, replace(VIEW, **told)
    )


def visit(*snapshots: Snapshot, requests: tuple[BrowserRequest, ...] = (), **fields: Any) -> Visit:
    basic = Visit("b", "desktop", (1, 1), snapshots, requests, (), (), None, "", ())
    return replace(basic, **fields)


REJECTED = visit(
    snapshot("first", asks=True),
    *(snapshot(label, "choice") for label in ("chosen", "reloaded", "other page", "restarted")),
    choices=(Choice("reject", 1, deeper=False),),
    writes=(CookieWrite("choice", "script", "www.shop.test", 200 * 86_400, secure=True, same_site="Lax"),),
)
ACCEPTED = visit(
    snapshot("first", asks=True),
    *(snapshot(label, "choice", "_px", requests=1) for label in ("chosen", "reloaded", "other page", "restarted")),
    requests=(request(TAG),),
    choices=(Choice("accept", 1, deeper=False),),
)
WITHDRAWN = visit(
    snapshot("first", asks=True),
    snapshot("given", "choice", "_px", requests=1),
    snapshot("reopened", "choice", "_px", asks=True, requests=1),
    *(snapshot(label, "choice", requests=1) for label in ("withdrawn", "after withdrawal")),
    snapshot("expired", asks=True, requests=1),
    requests=(request(TAG),),
    choices=(Choice("accept", 1, deeper=False), Choice("reject", 1, deeper=False)),
)
LOOKED = visit(
    snapshot("first", asks=True),
    snapshot("scrolled", asks=True),
    snapshot("preferences", asks=True),
    replace(snapshot("policy", asks=True), url=f"{URL}policy"),
    *(snapshot(label, asks=True, requests=1) for label in ("returned", "escaped", "after escape", "closed")),
    snapshot("a month later", "choice", requests=1),
    requests=(request(f"{URL}policy", third=False, status=200, local=False, kind="document"),),
)
UNTOUCHED = visit(
    snapshot("first", asks=True), snapshot("a month later", "choice", "_px", requests=1), requests=(request(TAG),)
)
ELSEWHERE = visit(
    *(snapshot(label, asks=True) for label in ("first", "asked", "preferences")),
    *(snapshot(label, "choice") for label in ("saved", "saved, reloaded")),
)
FLOW = ConsentFlow(
    models.Consent(essential_cookies=("choice",), record="choice"),
    (PARTY,),
    dict(zip(VISITS, (REJECTED, ACCEPTED, WITHDRAWN, LOOKED, UNTOUCHED, ELSEWHERE), strict=True)).__getitem__,
    ("eu",),
)


def having(flow: ConsentFlow, *, first: Snapshot | None = None, **visits: Visit) -> ConsentFlow:
    """The flow with these visits in place of its own, and this snapshot before a choice."""
    made = {name: visits.get(name, visit) for name, visit in flow.visits}
    if first is not None:
        _, *rest = made["untouched"].snapshots
        made["untouched"] = replace(made["untouched"], snapshots=(first, *rest))
    return replace(flow, visit=made.__getitem__)


def without(one: Visit, label: str) -> Visit:
    return replace(one, snapshots=tuple(snapshot for snapshot in one.snapshots if snapshot.label != label))


def changed(one: Visit, label: str, **fields: Any) -> Visit:
    return replace(
        one, snapshots=tuple(replace(each, **fields) if each.label == label else each for each in one.snapshots)
    )


def viewed(one: Visit, label: str, **fields: Any) -> Visit:
    known = one.snapshot(label)
    assert known is not None
    assert known.privacy is not None
    return changed(one, label, privacy=replace(known.privacy, **fields))


def first(**fields: Any) -> ConsentFlow:
    """The flow with another first layer."""
    seen = viewed(REJECTED, "first", layer=replace(LAYER, **fields))
    return having(FLOW, reject=seen, first=seen.snapshots[0])


BUTTON = first(policy="", controls=(ACCEPT, REJECT, replace(ACCEPT, purpose="policy", text="Privacy policy")))


def asked(**fields: Any) -> ConsentFlow:
    """The flow with something else seen before a choice."""
    seen = viewed(UNTOUCHED, "first", **fields)
    return having(FLOW, untouched=seen, first=seen.snapshots[0])


def says(judge: Any, fixture: object) -> str:
    try:
        judge(fixture)
    except Shortfall as error:
        return f"FAIL {error}"
    except EvidenceMissing as error:
        return f"UNKNOWN {error}"
    return "PASS"


EVERY = [
    banner.test_shown, banner.test_named, banner.test_focus_returned, withdrawal.test_easy, choice.test_reject_obeyed, choice.test_accept_effective, choice.test_persists,
    choice.test_scrolling, choice.test_escape, choice.test_closing, choice.test_selection, layers.test_reject_first, layers.test_reject_easy, layers.test_prominence, layers.test_preticked,
    layers.test_policy, withdrawal.test_reachable, withdrawal.test_effective, renewal.test_expiry, lifetime.test_trackers,
    lifetime.test_record, lifetime.test_record_attributes, signals.test_default, signals.test_update, signals.test_iab,
    traces.test_none_left, wall.test_usable, wall.test_before_choice,
]  # fmt: skip


@pytest.mark.parametrize("judge", EVERY, ids=lambda one: f"{one.__module__}.{one.__name__}")
def test_a_good_site_passes(judge: Any) -> None:
    assert says(judge, FLOW) == "PASS"


@pytest.mark.parametrize("judge", EVERY, ids=lambda one: f"{one.__module__}.{one.__name__}")
def test_without_a_banner_nothing_else_is_said_to_be_wrong(judge: Any) -> None:
    """One cause, one finding: where no banner was seen, the others are unknown, or have nothing to do with it."""
    unseen = visit(
        snapshot("first"), problems=("consent reject: no control to reject was found", "consent accept: none")
    )
    flow = having(
        FLOW,
        reject=unseen,
        accept=unseen,
        withdraw=unseen,
        preferences=unseen,
        untouched=unseen,
        first=unseen.snapshots[0],
    )
    said = says(judge, flow)
    assert said.startswith("FAIL" if judge is banner.test_shown else ("UNKNOWN", "PASS")), said


def without_effects(accepted: Visit) -> Visit:
    """Acceptance after which nothing optional was sent or stored."""
    bare = tuple(replace(one, cookies=(cookie("choice"),)) for one in accepted.snapshots)
    return replace(accepted, snapshots=bare, requests=())


def rejecting_with(url: str, *, third: bool = False) -> ConsentFlow:
    """A flow in which this is asked for after the rejection."""
    snapshots = tuple(replace(one, requests=one.label != "first") for one in REJECTED.snapshots)
    return having(FLOW, reject=replace(REJECTED, snapshots=snapshots, requests=(request(url, third=third),)))


def collecting(flow: ConsentFlow, path: str) -> ConsentFlow:
    return replace(flow, declared=flow.declared.model_copy(update={"collectors": (path,)}))


def asking_early(url: str) -> ConsentFlow:
    early = changed(replace(REJECTED, requests=(request(url, third=False),)), "first", requests=1)
    return having(FLOW, reject=early)


SILENT_ACCEPTANCE = replace(
    ACCEPTED, requests=(), snapshots=tuple(replace(one, cookies=(), requests=0) for one in ACCEPTED.snapshots)
)


def opened_preferences(**fields: Any) -> ConsentFlow:
    """The banner has a control for preferences; what was seen behind it."""
    flow = first(controls=(ACCEPT, REJECT, replace(ACCEPT, purpose="preferences", text="Settings")))
    return having(flow, preferences=viewed(LOOKED, "preferences", **fields))


def reopened(*, focused: bool, focus: str) -> ConsentFlow:
    """What had the focus in the layer that was opened again, and after it was closed."""
    opened = viewed(WITHDRAWN, "reopened", layer=replace(LAYER, focused=focused))
    return having(FLOW, withdraw=viewed(opened, "withdrawn", focus=focus))


def withdrawing_takes(clicks: int) -> ConsentFlow:
    made = (Choice("accept", 1, deeper=False), Choice("reject", clicks, deeper=True))
    return having(FLOW, withdraw=replace(WITHDRAWN, choices=made))


def unsearched(name: str, one: Visit, label: str) -> ConsentFlow:
    """No banner was seen at a snapshot, and not the whole page either."""
    seen = replace(changed(one, label, banner=SILENT), problems=(f"snapshot {label}: no banner was seen, but not",))
    flow = having(FLOW, **{name: seen})
    return having(flow, first=flow.untouched.snapshots[0])


def later(label: str, **fields: Any) -> ConsentFlow:
    """Something is there later on in the visit that makes no choice."""
    return having(FLOW, preferences=changed(LOOKED, label, **fields))


def sending_later(url: str, *, third: bool = True, label: str = "returned") -> ConsentFlow:
    """A request before this snapshot of the visit that makes no choice."""
    labels = [one.label for one in LOOKED.snapshots]
    snapshots = tuple(replace(one, requests=1 + (at >= labels.index(label))) for at, one in enumerate(LOOKED.snapshots))
    sent = (*LOOKED.requests, request(url, third=third))
    return having(FLOW, preferences=replace(LOOKED, snapshots=snapshots, requests=sent))


def accepting_also(**fields: Any) -> ConsentFlow:
    sent = replace(request(TAG, kind=fields.pop("kind", "fetch")), **fields)
    return having(FLOW, accept=replace(ACCEPTED, requests=(*ACCEPTED.requests, sent)))


def leaving_with(url: str, *, third: bool = True) -> ConsentFlow:
    flow = sending_later(url, third=third)
    page, sent = flow.preferences.requests
    left = replace(sent, status=0, local=False, leaving=True)
    return having(flow, preferences=replace(flow.preferences, requests=(page, left)))


def connecting(url: str) -> ConsentFlow:
    return having(FLOW, reject=viewed(REJECTED, "first", preconnects=(url,)))


def consented(*commands: tuple[str, dict[str, str]]) -> ConsentSignals:
    told = [Command("consent", target, tuple(values.items())) for target, values in commands]
    return ConsentSignals(tuple(told), None, None)


SIGNALS_4 = ("ad_storage", "analytics_storage", "ad_user_data", "ad_personalization")
ALL_DENIED, ALL_GRANTED = dict.fromkeys(SIGNALS_4, "denied"), dict.fromkeys(SIGNALS_4, "granted")
GRANTS = consented(("default", ALL_DENIED), ("update", ALL_GRANTED))
REGIONAL = consented(("default", {**ALL_DENIED, "region": "DE,FR"}), ("default", ALL_GRANTED))


def regional_first() -> ConsentFlow:
    seen = viewed(REJECTED, "first", signals=REGIONAL)
    return having(FLOW, reject=seen, first=seen.snapshots[0])


CASES: list[tuple[Any, ConsentFlow, str]] = [
    (banner.test_named, first(role=""), "FAIL"),
    (banner.test_named, first(name=""), "FAIL"),
    (banner.test_named, first(modal=True), "FAIL"),
    (banner.test_named, first(modal=True, focused=True), "PASS"),
    (banner.test_focus_returned, reopened(focused=True, focus=""), "FAIL"),
    (banner.test_focus_returned, reopened(focused=True, focus="Cookie settings"), "PASS"),
    (banner.test_focus_returned, reopened(focused=False, focus=""), "PASS"),
    (banner.test_focus_returned, having(FLOW, withdraw=viewed(WITHDRAWN, "reopened", layer=None, focus="Cookie settings")), "PASS"),
    (banner.test_focus_returned, having(FLOW, withdraw=viewed(WITHDRAWN, "reopened", layer=None, focus="div")), "FAIL"),
    (withdrawal.test_easy, withdrawing_takes(2), "PASS"),
    (withdrawal.test_easy, withdrawing_takes(3), "FAIL"),
    (withdrawal.test_easy, having(withdrawing_takes(3), reject=replace(REJECTED, choices=(Choice("reject", 3, deeper=True),))), "PASS"),
    (withdrawal.test_easy, having(FLOW, withdraw=replace(WITHDRAWN, problems=("reopen: no control",))), "UNKNOWN"),
    (layers.test_reject_first, first(controls=(ACCEPT,)), "FAIL"),
    (layers.test_reject_easy, first(controls=(ACCEPT,)), "UNKNOWN"),
    (layers.test_reject_easy, first(controls=(ACCEPT, replace(REJECT, kind="link"))), "FAIL"),
    (layers.test_reject_easy, first(controls=(replace(ACCEPT, kind="link"), replace(REJECT, kind="link"))), "PASS"),
    (layers.test_reject_easy, having(FLOW, reject=replace(REJECTED, choices=(Choice("reject", 2, deeper=False),))), "FAIL"),
    (layers.test_prominence, first(controls=(ACCEPT, replace(REJECT, width=40))), "FAIL"),
    (layers.test_prominence, first(controls=(ACCEPT, replace(REJECT, font_px=12))), "FAIL"),
    (layers.test_prominence, first(controls=(ACCEPT, replace(REJECT, contrast=2))), "FAIL"),
    (layers.test_prominence, first(controls=(ACCEPT, replace(REJECT, contrast=0, fill=0))), "PASS"),
    (layers.test_prominence, first(controls=(ACCEPT, replace(REJECT, fill=1))), "FAIL"),
    (layers.test_preticked, first(toggles=(Toggle("Statistics", checked=True, fixed=False),)), "FAIL"),
    (layers.test_preticked, first(toggles=(Toggle("Needed", checked=True, fixed=True), Toggle("Ads", checked=False, fixed=False))), "PASS"),
    (layers.test_preticked, first(toggles=(Toggle("Needed", checked=True, fixed=True),)), "UNKNOWN"),
    (layers.test_policy, first(policy=""), "FAIL"),
    (layers.test_policy, having(BUTTON, preferences=replace(LOOKED, requests=())), "PASS"),
    (layers.test_policy, having(BUTTON, preferences=changed(LOOKED, "policy", url="chrome-error://chromewebdata/")), "FAIL"),
    (layers.test_policy, having(BUTTON, preferences=replace(LOOKED, problems=("policy: pressing it shows nothing",))), "FAIL"),
    (layers.test_policy, having(BUTTON, preferences=replace(LOOKED, problems=("policy: its control could not be pressed: x",))), "UNKNOWN"),
    (layers.test_policy, having(FLOW, preferences=replace(LOOKED, problems=("policy: it leads to x, a host that is not declared",))), "UNKNOWN"),
    (layers.test_policy, having(FLOW, preferences=replace(LOOKED, requests=(request(f"{URL}policy", third=False, status=404, kind="document"),))), "FAIL"),
    (choice.test_reject_obeyed, having(FLOW, reject=changed(REJECTED, "restarted", cookies=(cookie("_px"),))), "FAIL"),
    (choice.test_reject_obeyed, having(FLOW, reject=changed(REJECTED, "other page", cookies=(cookie("_px"),))), "FAIL"),
    (choice.test_reject_obeyed, having(FLOW, reject=viewed(REJECTED, "chosen", databases=("profile",))), "FAIL"),
    (choice.test_reject_obeyed, having(FLOW, accept=replace(ACCEPTED, requests=())), "UNKNOWN"),
    (choice.test_reject_obeyed, having(replace(FLOW, third_parties=()), accept=without_effects(ACCEPTED)), "UNKNOWN"),
    (choice.test_reject_obeyed, rejecting_with(f"{URL}g/collect?v=2"), "FAIL"),
    (choice.test_reject_obeyed, replace(rejecting_with(f"{URL}collect"), own_paths=("/collect",)), "FAIL"),
    (choice.test_reject_obeyed, rejecting_with(f"{URL}collect"), "PASS"),
    (choice.test_reject_obeyed, rejecting_with(f"{URL}matomo.php?idsite=1"), "PASS"),
    (choice.test_reject_obeyed, collecting(rejecting_with(f"{URL}matomo.php?idsite=1"), "/matomo.php"), "FAIL"),
    (choice.test_reject_obeyed, rejecting_with(TAG, third=False), "FAIL"),
    (choice.test_accept_effective, having(FLOW, accept=changed(ACCEPTED, "first", requests=1)), "FAIL"),
    (withdrawal.test_effective, having(FLOW, accept=without_effects(ACCEPTED)), "UNKNOWN"),
    (requests_.test_before_choice, asking_early(f"{URL}g/collect?v=2"), "FAIL"),
    (requests_.test_before_choice, asking_early(f"{URL}style.css"), "PASS"),
    (layers.test_preticked, opened_preferences(layer=None), "UNKNOWN"),
    (choice.test_closing, having(FLOW, preferences=changed(LOOKED, "closed", cookies=(cookie("_px"),))), "FAIL"),
    (choice.test_closing, having(FLOW, preferences=changed(LOOKED, "after escape", banner=SILENT)), "UNKNOWN"),
    (choice.test_closing, having(FLOW, preferences=replace(without(LOOKED, "closed"), problems=("close: no control for dismiss was found",))), "PASS"),
    (choice.test_closing, having(FLOW, preferences=replace(LOOKED, problems=("close: it is covered",))), "UNKNOWN"),
    (choice.test_selection, having(FLOW, elsewhere=changed(ELSEWHERE, "saved", cookies=(cookie("_px"),))), "FAIL"),
    (choice.test_selection, having(FLOW, elsewhere=replace(changed(ELSEWHERE, "saved, reloaded", requests=1), requests=(request(TAG),))), "FAIL"),
    (choice.test_selection, having(FLOW, elsewhere=changed(ELSEWHERE, "asked", banner=SILENT)), "UNKNOWN"),
    (choice.test_selection, having(FLOW, elsewhere=replace(ELSEWHERE, problems=("save: no control for save was found",))), "PASS"),
    (choice.test_selection, having(FLOW, elsewhere=replace(ELSEWHERE, problems=("save: it is covered",))), "UNKNOWN"),
    (choice.test_selection, having(FLOW, accept=SILENT_ACCEPTANCE), "UNKNOWN"),
    (choice.test_persists, having(FLOW, preferences=changed(LOOKED, "a month later", banner=ASKS)), "FAIL"),
    (choice.test_persists, having(FLOW, preferences=changed(LOOKED, "a month later", banner=ASKS), untouched=changed(UNTOUCHED, "a month later", banner=ASKS)), "PASS"),
    (layers.test_reject_first, having(FLOW, elsewhere=viewed(ELSEWHERE, "asked", layer=replace(LAYER, controls=(ACCEPT,)))), "FAIL"),
    (storage.test_before_choice, having(FLOW, first=replace(FLOW.first, cookies=(cookie("_px"),))), "FAIL"),
    (storage.test_before_choice, having(FLOW, elsewhere=changed(ELSEWHERE, "first", cookies=(cookie("_px"),))), "FAIL"),
    (requests_.test_before_choice, having(FLOW, untouched=replace(changed(UNTOUCHED, "first", requests=1), requests=(request(TAG),))), "FAIL"),
    (layers.test_preticked, opened_preferences(layer=None, toggles=(Toggle("Ads", checked=True, fixed=False),)), "FAIL"),
    (layers.test_preticked, opened_preferences(layer=None, toggles=(Toggle("Ads", checked=False, fixed=False),)), "PASS"),
    (signals.test_update, having(FLOW, reject=viewed(REJECTED, "reloaded", signals=GRANTS)), "FAIL"),
    (signals.test_update, having(FLOW, reject=viewed(REJECTED, "reloaded", signals=REGIONAL)), "UNKNOWN"),
    (signals.test_default, regional_first(), "UNKNOWN"),
    (choice.test_persists, having(FLOW, accept=changed(ACCEPTED, "restarted", banner=ASKS)), "FAIL"),
    (choice.test_persists, having(FLOW, accept=without(ACCEPTED, "restarted")), "UNKNOWN"),
    (choice.test_scrolling, having(FLOW, preferences=changed(LOOKED, "scrolled", banner=SILENT)), "FAIL"),
    (choice.test_scrolling, having(FLOW, preferences=changed(LOOKED, "scrolled", cookies=(cookie("_px"),))), "FAIL"),
    (choice.test_scrolling, unsearched("preferences", LOOKED, "scrolled"), "UNKNOWN"),
    (choice.test_escape, having(FLOW, preferences=changed(LOOKED, "after escape", cookies=(cookie("_px"),))), "FAIL"),
    (choice.test_escape, having(FLOW, preferences=changed(LOOKED, "escaped", banner=SILENT)), "PASS"),
    (choice.test_escape, having(FLOW, preferences=changed(LOOKED, "returned", banner=SILENT)), "UNKNOWN"),
    (choice.test_escape, having(FLOW, preferences=replace(LOOKED, problems=("escape: not done",))), "UNKNOWN"),
    (choice.test_persists, having(FLOW, reject=replace(REJECTED, problems=("snapshot reloaded: no banner was seen, but",))), "UNKNOWN"),
    (banner.test_shown, unsearched("untouched", UNTOUCHED, "first"), "UNKNOWN"),
    (renewal.test_expiry, unsearched("withdraw", WITHDRAWN, "expired"), "UNKNOWN"),
    (lifetime.test_trackers, having(FLOW, accept=replace(ACCEPTED, problems=("cookies: more ways than are recorded",))), "UNKNOWN"),
    (storage.test_before_choice, later("policy", cookies=(cookie("_px"),)), "FAIL"),
    (storage.test_before_choice, later("returned", cookies=(cookie("_px"),)), "FAIL"),
    (storage.test_before_choice, later("returned", cookies=(cookie("choice"),)), "PASS"),
    (storage.test_before_choice, having(FLOW, preferences=replace(LOOKED, problems=("snapshot policy: localStorage could not be read",))), "UNKNOWN"),
    (requests_.test_before_choice, sending_later(TAG), "FAIL"),
    (requests_.test_before_choice, sending_later(f"{URL}g/collect?v=2", third=False), "FAIL"),
    (requests_.test_before_choice, sending_later(f"{URL}a.css", third=False), "PASS"),
    (choice.test_escape, sending_later(f"{URL}g/collect?v=2", third=False, label="after escape"), "FAIL"),
    (choice.test_scrolling, having(FLOW, preferences=replace(LOOKED, problems=("snapshot scrolled: localStorage could not be read",))), "UNKNOWN"),
    (withdrawal.test_effective, having(FLOW, withdraw=replace(WITHDRAWN, problems=("snapshot withdrawn: localStorage could not be read",))), "UNKNOWN"),
    (withdrawal.test_effective, having(FLOW, withdraw=replace(changed(changed(WITHDRAWN, "given", cookies=()), "first", requests=1), requests=(request(TAG),))), "UNKNOWN"),
    (layers.test_reject_first, having(opened_preferences(), preferences=replace(LOOKED, problems=("preferences: no effect",))), "UNKNOWN"),
    (layers.test_reject_first, opened_preferences(layer=None), "UNKNOWN"),
    (after_consent.test_declared, accepting_also(failure="blocked: undeclared host"), "FAIL"),
    (after_consent.test_declared, accepting_also(kind="script"), "FAIL"),
    (after_consent.test_declared, accepting_also(), "PASS"),
    (after_consent.test_declared, having(FLOW, accept=replace(ACCEPTED, problems=("consent accept: none",))), "UNKNOWN"),
    (after_consent.test_declared, having(FLOW, accept=replace(ACCEPTED, violations=(Violation("img-src", "https://x.test", "a.js:1", "enforce"),))), "FAIL"),
    (requests_.test_before_choice, leaving_with(TAG), "FAIL"),
    (requests_.test_before_choice, leaving_with(f"{URL}bye", third=False), "PASS"),
    (requests_.test_before_choice, connecting("https://stats.partner.test"), "FAIL"),
    (requests_.test_before_choice, connecting("https://fonts.else.test/"), "FAIL"),
    (requests_.test_before_choice, connecting("https://cdn.shop.test/"), "PASS"),
    (layers.test_reject_first, opened_preferences(layer=replace(LAYER, controls=(ACCEPT,))), "FAIL"),
    (layers.test_reject_first, opened_preferences(layer=replace(LAYER, controls=(ACCEPT,), toggles=(Toggle("Ads", checked=False, fixed=False),))), "UNKNOWN"),
    (layers.test_reject_first, opened_preferences(layer=replace(LAYER, controls=(ACCEPT, replace(REJECT, purpose="save")))), "PASS"),
    (withdrawal.test_reachable, having(FLOW, withdraw=replace(WITHDRAWN, problems=("reopen: no control",))), "FAIL"),
    (withdrawal.test_effective, having(FLOW, withdraw=replace(WITHDRAWN, problems=("reopen: no control",))), "UNKNOWN"),
    (withdrawal.test_effective, having(FLOW, withdraw=changed(WITHDRAWN, "after withdrawal", cookies=(cookie("_px"),))), "FAIL"),
    (withdrawal.test_effective, having(FLOW, reject=changed(REJECTED, "chosen", cookies=(cookie("_px"),))), "UNKNOWN"),
    (renewal.test_expiry, having(FLOW, withdraw=changed(WITHDRAWN, "expired", banner=SILENT)), "FAIL"),
    (renewal.test_expiry, having(FLOW, withdraw=without(WITHDRAWN, "expired")), "UNKNOWN"),
    (wall.test_usable, having(FLOW, reject=viewed(REJECTED, "reloaded", text_length=300)), "FAIL"),
    (wall.test_usable, having(FLOW, reject=viewed(REJECTED, "other page", covered=0.9)), "FAIL"),
    (wall.test_usable, having(FLOW, accept=viewed(ACCEPTED, "reloaded", text_length=0)), "UNKNOWN"),
    (wall.test_usable, having(FLOW, reject=viewed(REJECTED, "chosen", locked=True)), "FAIL"),
    (wall.test_usable, having(FLOW, reject=viewed(REJECTED, "chosen", locked=True), accept=viewed(ACCEPTED, "chosen", locked=True)), "PASS"),
    (wall.test_before_choice, FLOW, "PASS"),
    (wall.test_before_choice, asked(text_length=300), "FAIL"),
    (wall.test_before_choice, asked(covered=0.9), "FAIL"),
    (wall.test_before_choice, asked(covered=0.4), "PASS"),
    (wall.test_before_choice, asked(locked=True), "FAIL"),
    (wall.test_before_choice, having(asked(locked=True), accept=viewed(ACCEPTED, "chosen", locked=True)), "PASS"),
    (wall.test_before_choice, having(asked(locked=True), accept=replace(ACCEPTED, problems=("consent accept: none",))), "UNKNOWN"),
]  # fmt: skip


@pytest.mark.parametrize(("judge", "flow", "wanted"), CASES)
def test_what_is_said(judge: Any, flow: ConsentFlow, wanted: str) -> None:
    assert says(judge, flow).startswith(wanted), says(judge, flow)


def written(*writes: tuple[str, int | None]) -> ConsentFlow:
    made = tuple(
        CookieWrite(name, "script", "www.shop.test", seconds, secure=False, same_site="") for name, seconds in writes
    )
    return having(FLOW, reject=replace(REJECTED, writes=made))


DAY = 86_400


@pytest.mark.parametrize(
    ("writes", "wanted"),
    [
        ([("_px", 3650 * DAY)], "FAIL"),
        ([("_px", 396 * DAY)], "PASS"),
        ([("_px", None)], "PASS"),
        ([("choice", 3650 * DAY)], "PASS"),
    ],
)
def test_the_lifetime_of_trackers(writes: list[tuple[str, int | None]], wanted: str) -> None:
    assert says(lifetime.test_trackers, written(*writes)).startswith(wanted)


@pytest.mark.parametrize(
    ("writes", "wanted"),
    [
        ([("choice", None)], "FAIL"), ([("choice", 30 * DAY)], "FAIL"), ([("choice", 3650 * DAY)], "FAIL"),
        ([("choice", 180 * DAY), ("choice", 0)], "PASS"), ([("choice", 400 * DAY)], "PASS"), ([], "UNKNOWN"),
    ],
)  # fmt: skip
def test_the_lifetime_of_the_choice(writes: list[tuple[str, int | None]], wanted: str) -> None:
    assert says(lifetime.test_record, written(*writes)).startswith(wanted)


def test_the_choices_cookie_lacks_both_attributes() -> None:
    said = says(lifetime.test_record_attributes, written(("choice", 200 * DAY)))
    assert "Secure" in said
    assert "SameSite" in said


def told(
    after_reject: ConsentSignals, after_accept: ConsentSignals = NONE, first_: ConsentSignals = NONE
) -> ConsentFlow:
    reject = viewed(viewed(REJECTED, "chosen", signals=after_reject), "first", signals=first_)
    return having(
        FLOW, reject=reject, accept=viewed(ACCEPTED, "chosen", signals=after_accept), first=reject.snapshots[0]
    )


DENIED = tuple((name, "denied") for name in ("ad_storage", "analytics_storage", "ad_user_data", "ad_personalization"))
GRANTED = tuple((name, "granted") for name, _ in DENIED)


def calls(*made: tuple[str, str, tuple[tuple[str, str], ...]]) -> ConsentSignals:
    return ConsentSignals(tuple(Command(*one) for one in made), None, None)


BEGUN = calls(("consent", "default", DENIED), ("config", "G-1", ()))


@pytest.mark.parametrize(
    ("first_", "wanted"),
    [
        (BEGUN, "PASS"),
        (calls(("config", "G-1", ()), ("consent", "default", DENIED)), "FAIL"),
        (calls(("consent", "default", DENIED[:2]), ("config", "G-1", ())), "FAIL"),
        (calls(("consent", "default", GRANTED), ("config", "G-1", ())), "FAIL"),
        (calls(("config", "G-1", ())), "FAIL"),
        (NONE, "PASS"),
    ],
)
def test_consent_mode_by_default(first_: ConsentSignals, wanted: str) -> None:
    assert says(signals.test_default, told(NONE, NONE, first_)).startswith(wanted)


FEATURE = "CQuCLYAQuCLYAAfAAAENAAFoAAAAAAAAAAAAAAAAAAAA"  # opt-in to special feature 1, and no purpose


def platform(string: str, **fields: str) -> ConsentSignals:
    pairs = {"answered": "true", "signalStatus": "ready", "gppString": string} | fields
    return ConsentSignals((), None, tuple(pairs.items()))


@pytest.mark.parametrize(
    ("after_reject", "after_accept", "wanted"),
    [
        (BEGUN, calls(("consent", "default", DENIED), ("consent", "update", GRANTED)), "PASS"),
        (BEGUN, BEGUN, "FAIL"),
        (calls(("consent", "update", GRANTED)), calls(("consent", "update", GRANTED)), "FAIL"),
    ],
)
def test_consent_mode_after_a_choice(after_reject: ConsentSignals, after_accept: ConsentSignals, wanted: str) -> None:
    assert says(signals.test_update, told(after_reject, after_accept)).startswith(wanted)


def test_a_hit_after_a_rejection_that_says_granted() -> None:
    hit = request("https://region1.google-analytics.com/g/collect?v=2&gcs=G111")
    made = changed(replace(REJECTED, requests=(hit,)), "restarted", requests=1)
    assert "ad_storage" in says(signals.test_update, having(FLOW, reject=made))


STRING = "CQq7FMAQq7FMAEsABBENDIFAAOAAAAAAAAYgAAAA"  # consent to purposes 1, 2 and 3


def tcf(**fields: str) -> ConsentSignals:
    pairs = {"answered": "true", "gdprApplies": "true", "tcString": STRING, "purposes": "1,2,3"} | fields
    return ConsentSignals((), tuple(pairs.items()), None)


@pytest.mark.parametrize(
    ("after_reject", "after_accept", "wanted"),
    [
        (NONE, tcf(), "PASS"),
        (tcf(), tcf(), "FAIL"),
        (tcf(gdprApplies="false"), tcf(gdprApplies="false"), "UNKNOWN"),
        (NONE, tcf(purposes="1"), "FAIL"),
        (NONE, tcf(tcString=""), "FAIL"),
        (NONE, tcf(answered="false"), "FAIL"),
        (NONE, ConsentSignals((), None, (("answered", "true"), ("signalStatus", "ready"))), "FAIL"),
        (NONE, platform("DBAA"), "PASS"),
        (NONE, platform("DBABMA"), "FAIL"),
        (NONE, platform("DBABMA", signalStatus="not ready"), "PASS"),
        (NONE, platform(f"DBABMA~{STRING}"), "PASS"),
        (platform(f"DBABMA~{STRING}"), NONE, "FAIL"),
        (tcf(tcString=FEATURE, purposes=""), NONE, "FAIL"),
        (platform(f"DBABMA~{FEATURE}"), NONE, "FAIL"),
        (platform(f"DBABMA~{STRING}", applicableSections="[7]"), NONE, "PASS"),
        (platform(f"DBABMA~{STRING}", applicableSections="[-1]"), NONE, "FAIL"),
        (NONE, platform("DBABMA~CO"), "FAIL"),
    ],
)
def test_iab_signals(after_reject: ConsentSignals, after_accept: ConsentSignals, wanted: str) -> None:
    assert says(signals.test_iab, told(after_reject, after_accept)).startswith(wanted)


def test_global_privacy_control_is_judged_by_what_it_changes() -> None:
    """What happens with and without it is told by the checks before a choice; what only it lets happen is told here."""
    firing = visit(
        snapshot("first", "_px", asks=True, requests=1), snapshot("other page", requests=1), requests=(request(TAG),)
    )
    flow = OptOutFlow(FLOW.declared, (PARTY,), firing, None, None)
    assert says(signals.test_gpc, flow).startswith("FAIL")
    assert says(signals.test_gpc, replace(flow, plain=firing)) == "PASS"
    assert says(signals.test_gpc, replace(flow, plain=REJECTED)).startswith("FAIL")


def test_silence_with_the_signal_proves_nothing_where_nothing_fires() -> None:
    silent = visit(snapshot("first"), snapshot("other page"))
    firing = replace(silent, requests=(request(TAG),))
    assert says(signals.test_gpc, OptOutFlow(FLOW.declared, (PARTY,), silent, None, silent)).startswith("UNKNOWN")
    assert says(signals.test_gpc, OptOutFlow(FLOW.declared, (PARTY,), silent, None, firing)) == "PASS"
    assert says(signals.test_gpc, OptOutFlow(FLOW.declared, (PARTY,), firing, None, firing)).startswith("FAIL")


@pytest.mark.parametrize(
    ("signals_", "wanted"),
    [
        (platform("DBABBg~BAUAAABA.YA"), "PASS"),
        (platform("DBABBg~BAYAAABA.QA"), "GPP's usca: opt-out of sharing is no, wanted yes"),
        (platform("DBABLA~CAAVAAAAAABA.QA"), "GPP's usnat: Global Privacy Control is no, wanted yes"),
        (platform("DBABTA~1YNN"), "GPP's uspv1: opt-out of sale is no, wanted yes"),
        (platform("DBABTA~1YNN", applicableSections="[8]"), "PASS"),
        (platform("DBABTA~1YNN", applicableSections="[6]"), "uspv1"),
        (platform("DBABTA~1YNN", signalStatus="not ready"), "PASS"),
        (platform("DBABTA~1YN"), "not `1` and three of"),
        (platform("DBABTA"), "names 1 sections, and 0 follow"),
    ],
)
def test_a_gpp_string_that_denies_the_opt_out_is_found(signals_: ConsentSignals, wanted: str) -> None:
    silent = visit(snapshot("first"), snapshot("other page"))
    firing = replace(silent, requests=(request(TAG),))
    telling = viewed(silent, "other page", signals=signals_)
    assert wanted in says(signals.test_gpc, OptOutFlow(FLOW.declared, (PARTY,), telling, None, firing))


def test_the_opt_out_link_is_on_every_page() -> None:
    with_it = visit(snapshot("first"), snapshot("other page"))
    assert says(signals.test_opt_out_link, OptOutFlow(FLOW.declared, (), with_it, None, None)) == "PASS"
    lacking = viewed(with_it, "other page", opt_out="")
    assert says(signals.test_opt_out_link, OptOutFlow(FLOW.declared, (), lacking, None, None)).startswith("FAIL")


@pytest.mark.parametrize(
    ("made", "wanted"),
    [
        (request(TAG), "PASS"),
        (request(TAG, local=False), "FAIL"),
        (replace(request(TAG, local=False, status=0), failure="net::ERR_FAILED"), "PASS"),
        (replace(request(TAG, local=False, status=0), leaving=True), "FAIL"),
        (request(f"{URL}g/collect?v=2", third=False, local=False, status=204), "FAIL"),
        (request(f"{URL}own/hits", third=False, local=False, status=204), "FAIL"),
        (request(f"{URL}api/own", third=False, local=False, status=204), "PASS"),
    ],
)
def test_what_leaves_a_trace(made: BrowserRequest, wanted: str) -> None:
    declared = having(
        replace(FLOW, declared=models.Consent(collectors=("/own/*",))), accept=replace(ACCEPTED, requests=(made,))
    )
    assert says(traces.test_none_left, declared).startswith(wanted)


def test_an_unknown_entry_is_told_with_where_it_was_first_seen() -> None:
    listed = models.Consent(
        essential_cookies=("choice",), inventory=(models.InventoryItem(name="choice", purpose="the choice"),)
    )
    said = says(inventory.test_known, replace(FLOW, declared=listed))
    assert "cookie '_px'" in said
    assert "accept: chosen" in said
    whole = listed.model_copy(
        update={"inventory": (*listed.inventory, models.InventoryItem(name="_p*", purpose="counts"))}
    )
    assert says(inventory.test_known, replace(FLOW, declared=whole)) == "PASS"


def page(body: str, status: int = 200, **fields: Any) -> PolicyAnswer:
    exchange = Exchange(
        f"{URL}privacy", "GET", "anonymous", status, "HTTP/1.1", (), body, len(body), 0, "", Timings(None, None, None, 0, 0), "",
        "2026-11-21T00:00:00+00:00",
    )  # fmt: skip
    return PolicyAnswer(exchange, models.PolicyPage(**fields))


@pytest.mark.parametrize(
    ("body", "fields", "wanted"),
    [
        ("Write to Us", {"phrases": ("write to us",)}, "PASS"),
        ("Nothing", {"phrases": ("write to us",)}, "FAIL"),
        ('<a href="/rights">', {"links": (f"{URL}rights",)}, "PASS"),
        ("", {"links": ("/rights",)}, "FAIL"),
        ('<a href="http://[">x</a> <a href="/rights">', {"links": ("/rights",)}, "PASS"),
        ('<a href="http://[">', {"links": ("http://[",)}, "FAIL"),
        ("Updated 2026-01-01", {"updated": r"Updated (\d{4}-\d\d-\d\d)"}, "PASS"),
        ("Updated 2020-01-01", {"updated": r"Updated (\d{4}-\d\d-\d\d)"}, "FAIL"),
        ("Updated 2026-99-01", {"updated": r"Updated (\d{4}-\d\d-\d\d)"}, "FAIL"),
        ("Never", {"updated": r"Updated (\d{4}-\d\d-\d\d)"}, "FAIL"),
    ],
)
def test_the_policy_page(body: str, fields: dict[str, Any], wanted: str) -> None:
    assert says(policy.test_facts, page(body, **fields)).startswith(wanted)


def test_a_policy_page_that_is_not_there_is_unknown() -> None:
    assert says(policy.test_facts, page("", 404)).startswith("UNKNOWN")


# --- what an environment declares ---


def declared(**consent: Any) -> Environment:
    return Environment.model_validate(
        {"name": "t", "tier": "staging", "site": {"url": "https://www.shop.test"}, "consent": consent}
    )


def test_each_region_has_visits_of_its_own() -> None:
    germany = {"name": "Germany", "locale": "de-DE", "timezone": "Europe/Berlin"}
    california = {"name": "California", "locale": "en-US", "timezone": "America/Los_Angeles", "laws": ["us"]}
    environment = declared(regions=[germany, california], laws=["uk"])
    flows = list(FIXTURES["consent"].subjects(environment))
    assert [subject.id for subject in flows] == ["/", "/ (Germany)"]
    assert [(one.name, one.locale, one.timezone) for one in flows[1].requests] == [
        (f"consent {name} (Germany)", "de-DE", "Europe/Berlin") for name in VISITS
    ]
    opt_outs = list(FIXTURES["opt_out"].subjects(environment))
    assert [subject.id for subject in opt_outs] == ["/ (California)"]
    assert [(one.gpc, one.locale) for one in opt_outs[0].requests] == [(True, "en-US"), (False, "en-US")]


def test_under_an_opt_out_law_alone_nobody_is_asked_first() -> None:
    assert list(FIXTURES["consent"].subjects(declared(laws=["us"]))) == []
    assert len(list(FIXTURES["opt_out"].subjects(declared(laws=["us"])))) == 1


def test_with_both_laws_the_visits_are_shared() -> None:
    environment = declared(laws=["eu", "us"])
    requests = {
        one
        for name in ("consent", "opt_out")
        for subject in FIXTURES[name].subjects(environment)
        for one in subject.requests
    }
    assert len(requests) == len(VISITS) + 1


@pytest.mark.parametrize(
    "check",
    [
        "consent.lifetime.record",
        "consent.renewal.revision",
        "consent.inventory.known",
        "consent.policy.facts",
        "consent.choice.accept-effective",
    ],
)
def test_what_is_not_declared_does_not_apply(check: str) -> None:
    assert catalogue()[check].subjects(Scope(declared())) == ()


@pytest.mark.parametrize(
    ("consent", "why"),
    [
        ({"revised": "granted.1"}, "needs consent.record"),
        ({"regions": [{"name": "A"}, {"name": "A"}]}, "more than once"),
        ({"policy": {"updated": "("}}, "regular expression"),
        ({"policy": {"updated": "Updated"}}, "must have a group"),
    ],
)
def test_a_declaration_that_cannot_be_meant_is_refused(consent: dict[str, Any], why: str) -> None:
    with pytest.raises(ValidationError, match=why):
        declared(**consent)
