"""Pages that do something where nobody looks, or make it hard to look: what is recorded of them, and what is judged."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from browsing import PARTNER, Probe, Server, serving
from consent_pages import ENGLISH, FRAME, FRAMED, Judged, judge, page, plain

from gonogo.errors import EvidenceMissing


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with serving(Server()) as one:
        one.page("/policy", "<title>Privacy policy</title><p>Privacy policy: what we keep, and why.")
        one.page("/cmp-frame", FRAME)
        one.page("/hit", "ok")
        one.page("/late", "ok")
        yield one


GOOD = plain(ENGLISH)


def judged(probe: Probe, server: Server, name: str, body: str, *, head: str = "", **consent: object) -> Judged:
    page(server, f"/{name}", body)
    if head:
        status, headers, text, delay = server.pages[f"/{name}"]
        server.pages[f"/{name}"] = (status, headers, text.replace(b"<head>", b"<head>" + head.encode()), delay)
    return judge(probe, f"/{name}", **consent)


@pytest.mark.parametrize("way", ["beacon", "keepalive", "picture"])
def test_what_a_page_sends_while_it_is_left_is_recorded(probe: Probe, server: Server, way: str) -> None:
    late = f"http://{PARTNER}:{server.port}/late"
    sends = {
        "beacon": f"navigator.sendBeacon('{late}', 'x')",
        "keepalive": f"fetch('{late}', {{ method: 'POST', body: 'x', keepalive: true, mode: 'no-cors' }})",
        "picture": f"new Image().src = '{late}'",
    }
    seen = judged(
        probe, server, f"unload-{way}", f"{GOOD}<script>addEventListener('pagehide', () => {sends[way]})</script>"
    )
    assert "consent.requests.before-choice" in seen.failed
    assert "consent.choice.reject-obeyed" in seen.failed
    told = [request for request in seen.flow.preferences.requests if request.url == late]
    assert [request.leaving for request in told] == [True] * len(told) and told
    assert len({request.url for request in seen.flow.preferences.requests if request.leaving}) == 1


def test_a_good_page_sends_nothing_while_it_is_left(probe: Probe, server: Server) -> None:
    seen = judged(probe, server, "good", GOOD)
    assert (seen.failed, seen.unknown) == ({}, {})
    assert not [request for _, visit in seen.flow.visits for request in visit.requests if request.leaving]


def test_a_tag_that_waits_for_scrolling_after_a_rejection_is_found(probe: Probe, server: Server) -> None:
    hit = f"fetch('http://{PARTNER}:{server.port}/hit?scroll', {{ mode: 'no-cors' }})"
    waits = f"<script>if (read('choice') === 'no') addEventListener('scroll', () => {hit}, {{ once: true }})</script>"
    seen = judged(probe, server, "scroll", f"{GOOD}{waits}<div style='height:5000px'></div>")
    assert set(seen.failed) == {"consent.choice.reject-obeyed"}


def test_escape_that_accepts_is_found(probe: Probe, server: Server) -> None:
    accepts = "<script>addEventListener('keydown', (event) => { if (event.key === 'Escape') document.querySelector('.y')?.click(); })</script>"
    seen = judged(probe, server, "escape", GOOD + accepts)
    assert set(seen.failed) == {"consent.choice.escape"}


def test_a_page_that_stays_locked_after_a_rejection_is_found(probe: Probe, server: Server) -> None:
    locks = "<script>if (read('choice') === 'no') document.documentElement.style.overflow = 'hidden'</script>"
    seen = judged(probe, server, "locked", f"{GOOD}{locks}<div style='height:5000px'></div>")
    assert set(seen.failed) == {"consent.wall.usable"}
    assert "cannot be scrolled" in seen.failed["consent.wall.usable"]


def test_a_connection_to_a_tracker_before_the_choice_is_found(probe: Probe, server: Server) -> None:
    seen = judged(probe, server, "preconnect", f"{GOOD}<link rel='preconnect' href='http://{PARTNER}:{server.port}'>")
    assert set(seen.failed) == {"consent.requests.before-choice"}
    assert "preconnect" in seen.failed["consent.requests.before-choice"]


REPLACED = {
    "mootools": "Array.prototype.find = function () {}; Element.prototype.matches = function () { return false; };",
    "entries": "Object.entries = () => []; Array.prototype.map = function () { return []; };",
    "styles": "window.getComputedStyle = () => ({});",
    "text": "Object.defineProperty(HTMLElement.prototype, 'innerText', { get: () => '', configurable: true });",
}


@pytest.mark.parametrize("name", REPLACED)
def test_replaced_built_ins_hide_neither_the_banner_nor_what_is_stored(probe: Probe, server: Server, name: str) -> None:
    stores = "<script>localStorage.setItem('uid', '1'); localStorage.setItem('length', '0'); localStorage.setItem('key', '0')</script>"
    seen = judged(probe, server, f"replaced-{name}", GOOD + stores, head=f"<script>{REPLACED[name]}</script>")
    assert set(seen.failed) == {"consent.storage.before-choice", "consent.choice.reject-obeyed"}
    assert {"uid", "length", "key"} <= {key for key, _ in seen.flow.first.local_storage}


def test_a_page_that_spoils_every_answer_is_unknown(probe: Probe, server: Server) -> None:
    url = page(server, "/spoilt", f"<script>Array.prototype[Symbol.iterator] = function* () {{}};</script>{GOOD}")
    with pytest.raises(EvidenceMissing, match="changed JavaScript itself"):
        probe.visit(("goto", url), ("snapshot", "first"), request={"privacy": True}, consent={})


STUCK = (
    "Object.defineProperty(Element.prototype, 'matches', { value: () => false, configurable: false, writable: false });"
)


def test_a_page_that_cannot_be_searched_is_unknown_and_not_without_banner(probe: Probe, server: Server) -> None:
    seen = judged(probe, server, "stuck", GOOD, head=f"<script>{STUCK}</script>", appear_s=1)
    assert not seen.failed
    assert "matches" in seen.unknown["consent.banner.shown"]


@pytest.mark.parametrize("many", [40, 70])
def test_a_banner_behind_many_frames(probe: Probe, server: Server, many: int) -> None:
    frames = "".join(f"<iframe srcdoc='{number}' style='width:9px;height:9px'></iframe>" for number in range(many))
    seen = judged(probe, server, f"frames-{many}", frames + FRAMED, appear_s=1)
    assert not seen.failed
    assert ("frames" in seen.unknown.get("consent.banner.shown", "")) is (many > 60)


@pytest.mark.slow
@pytest.mark.parametrize("rows", [8_000, 40_000])
def test_a_banner_behind_many_elements(probe: Probe, server: Server, rows: int) -> None:
    table = f"<table>{'<tr><td>1</td></tr>' * rows}</table>"
    seen = judged(probe, server, f"rows-{rows}", table + GOOD, appear_s=1)
    assert not seen.failed
    assert ("elements" in seen.unknown.get("consent.banner.shown", "")) is (rows > 30_000)


def test_cookies_written_again_and_again_hide_none(probe: Probe, server: Server) -> None:
    many = "for (let i = 0; i < 600; i++) document.cookie = 'choice=' + i + '; path=/'; document.cookie = 'choice=; max-age=0; path=/';"
    long = "document.querySelector('.y')?.addEventListener('click', () => { document.cookie = '_trk=1; max-age=315360000; path=/'; });"
    seen = judged(probe, server, "writes", f"{GOOD}<script>if (!read('choice')) {{ {many} }} {long}</script>")
    assert "consent.lifetime.trackers" in seen.failed


def test_more_kinds_of_cookies_than_are_recorded_are_unknown(probe: Probe, server: Server) -> None:
    many = "for (let i = 0; i < 600; i++) document.cookie = 'choice' + i + '=1; path=/; max-age=' + i % 2;"
    seen = judged(probe, server, "kinds", f"{GOOD}<script>{many}</script>", essential_cookies=["choice*"])
    assert "more ways" in seen.unknown["consent.lifetime.trackers"]


LAYERS = """<script>
const layer = (inner) => { const box = document.createElement('div'); box.setAttribute('role', 'dialog'); box.setAttribute('aria-label', 'Cookies');
  box.style.cssText = 'position:fixed;bottom:0;left:0;right:0;background:white;border:1px solid'; box.innerHTML = inner; document.body.append(box); return box; };
const open_ = () => {
  const one = layer(`<p>We use cookies to measure our site. <a href="/policy">Privacy policy</a></p><button class=y>Accept all</button> <button class=n>Reject all</button> <button class=p>Preferences</button>`);
  one.querySelector('.y').onclick = () => { one.remove(); choose('yes'); }; one.querySelector('.n').onclick = () => { one.remove(); choose('no'); };
  one.querySelector('.p').onclick = () => { one.remove(); const two = layer(`%s`); two.querySelectorAll('[aria-pressed]').forEach((each) => each.onclick = () => each.setAttribute('aria-pressed', each.getAttribute('aria-pressed') !== 'true'));
    const save = two.querySelector('.s'); if (save) save.onclick = () => { two.remove(); choose('no'); }; };
};
if (!read('choice')) open_();
</script><button onclick="open_()">Cookie settings</button>"""
SAVE = "<button class=s>Save selection</button>"
ALL = "<button>Accept all</button>"
SECOND = {
    "radio": ("<fieldset><legend>Marketing</legend><label><input type=radio name=m checked> Allow</label> <label><input type=radio name=m> Deny</label></fieldset>", {"Marketing": (True, False)}),
    "radio-off": ("<fieldset><legend>Marketing</legend><label><input type=radio name=m> On</label> <label><input type=radio name=m checked> Off</label></fieldset>", {"Marketing": (False, False)}),
    "pressed": ("<button aria-pressed=true>Marketing</button>", {"Marketing": (True, False)}),
    "not-necessary": ("<label><input type=checkbox checked> Marketing (not necessary)</label>", {"Marketing (not necessary)": (True, False)}),
    "necessary": ("<label><input type=checkbox checked> Strictly necessary</label>", {"Strictly necessary": (True, True)}),
}  # fmt: skip


@pytest.mark.parametrize("name", SECOND)
def test_toggles_of_every_kind_are_read(probe: Probe, server: Server, name: str) -> None:
    inner, wanted = SECOND[name]
    seen = judged(probe, server, f"second-{name}", LAYERS % f"<p>Cookies</p>{inner}{SAVE}{ALL}")
    opened = seen.flow.preferences.snapshot("preferences")
    assert opened is not None
    assert opened.privacy is not None
    assert opened.privacy.layer is not None
    assert {one.name: (one.checked, one.fixed) for one in opened.privacy.layer.toggles} == wanted
    on = any(checked and not fixed for checked, fixed in wanted.values())
    assert set(seen.failed) == ({"consent.layers.preticked"} if on else set())


def test_preferences_that_can_only_be_accepted_are_found(probe: Probe, server: Server) -> None:
    seen = judged(probe, server, "second-only", LAYERS % f"<p>Cookies: we and our partners use them.</p>{ALL}")
    assert "the preferences" in seen.failed["consent.layers.reject-first"]


FAINT = {
    "opacity": '<button class="n" style="opacity:.12">',
    "gradient": '<button class="n" style="background:linear-gradient(#fff,#fff);color:#eee;border:0">',
}


@pytest.mark.parametrize("name", FAINT)
def test_a_refusal_that_can_hardly_be_read_is_told(probe: Probe, server: Server, name: str) -> None:
    seen = judged(probe, server, f"faint-{name}", GOOD.replace('<button class="n">', FAINT[name]))
    assert set(seen.failed) == {"consent.layers.prominence"}
    assert "text contrast" in seen.failed["consent.layers.prominence"]
