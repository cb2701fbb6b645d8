"""Consent flows in a real browser, on pages of our own: languages, frames, shadow roots, and what is no banner."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator

import pytest
from browsing import PARTNER, Probe, Server, serving
from consent_pages import ENGLISH, FRAME, FRAMED, GATES, LANGUAGES, Judged, judge, page, plain

from gonogo.concerns.consent.fixtures import shown
from gonogo.evidence.codec import to_json
from gonogo.probes.browser.facts import Visit


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with serving(Server()) as one:
        one.page("/policy", "<title>Privacy policy</title><p>Privacy policy: what we keep, and why.")
        one.page("/cmp-frame", FRAME)
        yield one


PAGES = {
    "plain": plain(ENGLISH),
    "open": plain(ENGLISH, wrap="box.attachShadow({mode: 'open'})"),
    "closed": plain(ENGLISH, wrap="box.attachShadow({mode: 'closed'})"),
    "frame": FRAMED,
    "gates": plain(ENGLISH) + GATES,
    **{language: plain(texts) for language, texts in LANGUAGES.items()},
}
DAILY = ("plain", "closed", "frame")
"""Flows of every day."""


def problems(judged: Judged) -> list[str]:
    """But for what these banners do not have: preferences, and a cross."""
    absent = ("preferences: no control", "save: no control", "close: no control")
    return [one for _, visit in judged.flow.visits for one in visit.problems if not one.startswith(absent)]


def choices(visit: Visit) -> list[tuple[str, int]]:
    return [(one.choice, one.clicks) for one in visit.choices]


@pytest.mark.parametrize("name", [pytest.param(one, marks=[] if one in DAILY else [pytest.mark.slow]) for one in PAGES])
def test_every_flow_is_right_wherever_the_banner_stands(probe: Probe, server: Server, name: str) -> None:
    """Accept, reject, persistence, withdrawal, expiry: a good page has no finding, and nothing is left unknown."""
    page(server, f"/own-{name}", PAGES[name], lang=name if len(name) == 2 else "en")
    judged = judge(probe, f"/own-{name}")
    assert problems(judged) == []
    assert (judged.failed, judged.unknown) == ({}, {})
    assert choices(judged.flow.reject) == [("reject", 1)]
    assert choices(judged.flow.accept) == [("accept", 1)]
    assert choices(judged.flow.withdraw) == [("accept", 1), ("reject", 1)]
    states = {snapshot.label: snapshot.banner.visible for snapshot in judged.flow.reject.snapshots}
    assert states == {"first": True, "chosen": False, "reloaded": False, "other page": False, "restarted": False}
    assert [shown(judged.flow.withdraw, label) for label in ("given", "reopened", "withdrawn", "expired")] == [
        False,
        True,
        False,
        True,
    ]


@pytest.mark.alone
@pytest.mark.slow
def test_the_whole_evidence_of_a_page_takes_seconds(probe: Probe, server: Server) -> None:
    """Six seconds on two quiet cores; twice that is allowed here, and the quickest of a few counts."""
    page(server, "/timed", PAGES["plain"])
    assert any(judge(probe, "/timed").seconds < 12 for _ in range(4))


def test_gates_and_newsletters_are_no_banner(probe: Probe, server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gonogo.probes.browser.consent.CHOOSE_S", 0.5)
    page(server, "/only-gates", GATES)
    judged = judge(probe, "/only-gates", appear_s=0.5)
    assert not judged.flow.first.banner.visible
    assert set(judged.failed) == {"consent.banner.shown"}
    cookies = {
        cookie.name for _, visit in judged.flow.visits for snapshot in visit.snapshots for cookie in snapshot.cookies
    }
    assert cookies == set()


DEEP = """<div role="dialog" aria-label="Cookies" id="cookie-box" style="position:fixed;bottom:0;background:white"><p>We use cookies. <a href="/policy">Privacy policy</a></p>
<button onclick="choose('yes');gone()">Accept all</button> <button onclick="more.hidden=false">Settings</button>
<div id="more" hidden><label><input type="checkbox" checked disabled> Necessary</label><label><input type="checkbox" id="a" %(checked)s> Analytics</label>
<button onclick="choose(a.checked?'yes':'no');gone()">Save settings</button></div></div><button onclick="box.hidden=false;document.body.append(box)">Cookie settings</button>
<script>const box = document.querySelector('#cookie-box'), gone = () => box.remove(); if (read('choice')) gone();</script>"""


@pytest.mark.slow
@pytest.mark.parametrize("checked", ["", "checked"])
def test_a_refusal_behind_the_settings_is_found_and_told(probe: Probe, server: Server, checked: str) -> None:
    page(server, f"/deep-{checked}", DEEP % {"checked": checked})
    judged = judge(probe, f"/deep-{checked}")
    assert set(judged.failed) == {"consent.layers.reject-first"} | ({"consent.layers.preticked"} if checked else set())
    made = judged.flow.reject.choices[0]
    assert (made.clicks, made.deeper) == (3 if checked else 2, True)
    assert "Analytics" in judged.failed.get("consent.layers.preticked", "Analytics")


SURE = """<div role="dialog" aria-label="Cookies" style="position:fixed;bottom:0;background:white"><p>We use cookies. <a href="/policy">Privacy policy</a></p>
<button onclick="choose('yes');gone()">Accept all</button> <button onclick="ask()">Reject all</button></div><button onclick="document.body.append(box)">Cookie settings</button>
<script>const box = document.querySelector('[role=dialog]'), whole = box.innerHTML;
const gone = () => { box.remove(); box.innerHTML = whole; }; if (read('choice')) gone();
const ask = () => { box.innerHTML = `<p>Reject cookies? Pages will be worse. <a href="/policy">Privacy policy</a></p><button onclick="choose('yes');gone()">Accept all</button>
<button onclick="choose('no');gone()">Reject anyway</button>`; }</script>"""


@pytest.mark.slow
def test_a_refusal_that_must_be_confirmed_is_two_clicks(probe: Probe, server: Server) -> None:
    page(server, "/sure", SURE)
    judged = judge(probe, "/sure")
    assert choices(judged.flow.reject) == [("reject", 2)]
    assert set(judged.failed) == {"consent.layers.reject-easy"}


HUGE = """<div id="cookie-wall" role="dialog" style="position:fixed;top:0;height:300px;overflow:auto">We use cookies.<button>Accept all</button><button>Reject all</button>
<script>for (let i = 0; i < 300; i++) document.write('<div><label><input type=checkbox checked> cookies ' + i + '</label>');</script></div>
<script>for (let i = 0; i < 20000; i++) { const a = document.createElement('button'); a.textContent = 'Cookie settings ' + i; document.body.append(a); }
for (let i = 0; i < 5000; i++) document.cookie = 'c' + i + '=1; max-age=9'; window.dataLayer = Array.from({length: 1e5}, () => ['consent', 'default', {a: 'x'.repeat(1000)}]);
window.__tcfapi = () => {}; window.__gpp = (c, done) => done({gppString: 'x'.repeat(1e6)});</script>"""


def test_a_hostile_page_costs_bounded_time_and_space(probe: Probe, server: Server) -> None:
    url = page(server, "/huge", HUGE)
    began = time.monotonic()
    seen = probe.visit(
        ("goto", url), ("snapshot", "first"), "preferences", "reopen", request={"privacy": True}, consent={}
    )
    assert time.monotonic() - began < 60
    assert len(json.dumps(to_json(seen))) < 1_000_000
    assert len(seen.writes) <= 500
    # Either it was described, or it is said why not.
    assert seen.snapshot("first") or seen.problems


STORES = """<script>
  document.cookie = 'long=1; max-age=315360000; path=/'; document.cookie = 'gone=; max-age=0';
  indexedDB.open('profile'); window.dataLayer = [];
  function gtag() { dataLayer.push(arguments); }
  gtag('config', 'G-1'); gtag('consent', 'default', {ad_storage: 'granted', analytics_storage: 'denied'});
  window.__gpp = (command, callback) => callback({signalStatus: 'ready', gppString: 'DBAA', applicableSections: [7]}, true);
  window.__tcfapi = (command, version, callback) => callback({tcString: 'nonsense', gdprApplies: true, purpose: {consents: {1: true}}}, true);
</script>"""


def test_stores_signals_and_lifetimes_are_recorded(probe: Probe, server: Server) -> None:
    page(server, "/stores", plain(ENGLISH) + STORES)
    judged = judge(probe, "/stores", inventory=[{"name": "choice", "purpose": "the choice"}])
    assert judged.flow.first.privacy is not None
    seen = judged.flow.first.privacy
    assert seen.databases == ("profile",)
    assert [(one.name, one.target) for one in seen.signals.commands] == [("config", "G-1"), ("consent", "default")]
    assert dict(seen.signals.gpp or ())["gppString"] == "DBAA"
    assert dict(seen.signals.tcf or ())["purposes"] == "1"
    writes = {(write.name, write.lifetime_s, write.by) for write in judged.flow.reject.writes}
    assert {("long", 315_360_000, "script"), ("gone", 0, "script"), ("choice", 15_552_000, "script")} <= writes
    assert set(judged.failed) == {
        "consent.lifetime.trackers", "consent.signals.default", "consent.signals.iab", "consent.signals.update",
        "consent.storage.before-choice", "consent.choice.reject-obeyed",
    }  # fmt: skip
    assert "3650 days" in judged.failed["consent.lifetime.trackers"]
    assert "'profile'" in judged.failed["consent.storage.before-choice"]


def test_global_privacy_control_and_place_are_what_the_page_sees(probe: Probe, server: Server) -> None:
    url = server.page(
        "/gpc",
        "<script>document.title = [navigator.globalPrivacyControl, navigator.language, Intl.DateTimeFormat().resolvedOptions().timeZone]</script>",
    )
    asked = {"gpc": True, "privacy": True, "locale": "de-DE", "timezone": "Europe/Berlin"}
    seen = probe.visit(("goto", url), ("snapshot", "s"), request=asked)
    assert seen.snapshots[0].title == "true,de-DE,Europe/Berlin"
    plain_ = probe.visit(("goto", url), ("snapshot", "s"), request={"privacy": True})
    assert plain_.snapshots[0].title.startswith(",")


def test_set_cookie_is_recorded_as_it_was_asked_for(probe: Probe, server: Server) -> None:
    url = server.page(
        "/set", "<p>x", headers={"Set-Cookie": "id=1; Max-Age=315360000; Secure; SameSite=None; HttpOnly"}
    )
    seen = probe.visit(("goto", url), request={"privacy": True})
    assert [(one.name, one.by, one.lifetime_s, one.same_site) for one in seen.writes] == [
        ("id", "Set-Cookie", 315_360_000, "None")
    ]


def test_nothing_escapes_where_third_parties_are_intercepted(probe: Probe, server: Server) -> None:
    """The stand-in collector's own log is the proof: no hit, no beacon at unload, no service worker's request."""
    beacon = f"http://{PARTNER}:{server.port}/late"
    server.page("/worker.js", f"fetch('{beacon}')", headers={"Content-Type": "text/javascript"})
    body = (
        plain(ENGLISH)
        + f"""<script>addEventListener('pagehide', () => navigator.sendBeacon('{beacon}'));
    navigator.serviceWorker?.register('/worker.js').catch(() => {{}});</script>"""
    )
    url = page(server, "/escape", body)
    server.log.clear()
    steps = (("goto", url), ("snapshot", "first"), ("consent", "accept"), ("wait", "0.3"), "reload", ("wait", "0.2"))
    seen = probe.visit(
        *steps, request={"privacy": True}, third_parties=[{"host": PARTNER, "purpose": "analytics"}], consent={}
    )
    hits = [request for request in seen.requests if request.third_party]
    assert hits
    assert all(request.local for request in hits)
    assert server.arrived("/hit") == server.arrived("/late") == server.arrived("/worker.js") == []
