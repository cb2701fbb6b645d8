"""Pages that do something where nobody looks, or make it hard to look: what is recorded of them, and what is judged."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from browsing import PARTNER, SITE, Probe, Server, serving
from consent_pages import ENGLISH, FRAME, FRAMED, Judged, judge, page, plain

from gonogo.errors import EvidenceMissing
from gonogo.probes.browser.facts import PrivacyView, Visit


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with serving(Server()) as one:
        one.page("/policy", "<title>Privacy policy</title><p>Privacy policy: what we keep, and why.")
        one.page("/cmp-frame", FRAME)
        one.page("/hit", "ok")
        one.page("/late", "ok")
        yield one


GOOD = plain(ENGLISH)


def judged(probe: Probe, server: Server, name: str, body: str, **consent: object) -> Judged:
    page(server, f"/{name}", body)
    return judge(probe, f"/{name}", **consent)


def look(probe: Probe, server: Server, name: str, body: str, *steps: tuple[str, str] | str, **consent: object) -> Visit:
    """One visit that looks at a page, and again after these steps, at a second snapshot called "then"."""
    after = (*steps, ("wait", "0.3"), ("snapshot", "then")) if steps else ()
    url = page(server, f"/{name}", body)
    return probe.visit(
        *(("goto", url), ("wait", "0.3"), ("snapshot", "first"), *after),
        request={"privacy": True},
        consent={"page": f"/{name}", **consent},
        hosts=[PARTNER],
        resolve={SITE: "127.0.0.1", PARTNER: "127.0.0.1"},
        third_parties=[{"host": PARTNER, "purpose": "analytics", "intercept": False}],
    )


def view(visit: Visit, label: str = "first") -> PrivacyView:
    snapshot = visit.snapshot(label)
    assert snapshot is not None, visit.problems
    assert snapshot.privacy is not None
    return snapshot.privacy


LEAVES = {
    "beacon": "navigator.sendBeacon('%s', 'x')",
    "keepalive": "fetch('%s', { method: 'POST', body: 'x', keepalive: true, mode: 'no-cors' })",
    "picture": "new Image().src = '%s'",
    "attribute": "document.images[0].setAttribute('src', '%s')",
    "srcset": "document.images[1].srcset = '%s 1x'",
}


def leaving(address: str, *ways: str) -> str:
    """A page that sends by these ways while it is left, each to an address of its own."""
    sent = " ".join(f"addEventListener('pagehide', () => {LEAVES[way] % f'{address}/{way}'});" for way in ways)
    return f"<img alt=''><img alt=''><script>{sent}</script>"


@dataclass(frozen=True)
class Left:
    """A page that has sent by every way while it was left, once."""

    address: str
    seen: Visit
    arrived: frozenset[str]
    """Paths that the server was asked for."""


@pytest.fixture(scope="module")
def left(probe: Probe, server: Server) -> Left:
    address = f"http://{PARTNER}:{server.port}/late"
    server.log.clear()
    seen = look(probe, server, "unload", GOOD + leaving(address, *LEAVES), "reload")
    return Left(address, seen, frozenset(path for _, _, path in server.log))


@pytest.mark.parametrize("way", LEAVES)
def test_what_a_page_sends_while_it_is_left_is_recorded(left: Left, way: str) -> None:
    late = f"{left.address}/{way}"
    assert f"/late/{way}" in left.arrived, "it was sent"
    assert [(one.url, one.leaving) for one in left.seen.requests if one.url == late] == [(late, True)]
    assert {one.url for one in left.seen.requests if one.leaving} == {f"{left.address}/{one}" for one in LEAVES}


@pytest.fixture(scope="module", params=["staging", "production"])
def left_own(request: pytest.FixtureRequest, probe: Probe, server: Server) -> Left:
    """One that sends to a collector on the site's own host."""
    own = server.url("/own-hits")
    server.log.clear()
    url = page(server, "/own", leaving(own, *LEAVES))
    seen = probe.visit(
        *(("goto", url), ("snapshot", "first"), "reload", ("wait", "0.3"), ("snapshot", "then")),
        request={"privacy": True},
        tier=request.param,
        consent={"page": "/"},
        analytics={"kind": "other", "hosts": [SITE], "own_paths": [f"/own-hits/{way}" for way in LEAVES]},
    )
    return Left(own, seen, frozenset(path for _, _, path in server.log))


@pytest.mark.parametrize("way", LEAVES)
def test_nothing_leaves_to_a_collector_on_the_sites_own_host(left_own: Left, way: str) -> None:
    assert not [path for path in left_own.arrived if path.startswith("/own-hits")]
    own = f"{left_own.address}/{way}"
    left = [(one.url, one.leaving, one.local) for one in left_own.seen.requests if one.leaving]
    assert [one for one in left if one[0] == own] == [(own, True, True)]
    assert {url for url, _, _ in left} == {f"{left_own.address}/{one}" for one in LEAVES}


def test_what_a_page_sends_while_it_is_left_is_judged(probe: Probe, server: Server) -> None:
    seen = judged(probe, server, "unload-judged", GOOD + leaving(f"http://{PARTNER}:{server.port}/late", "beacon"))
    assert set(seen.failed) == {"consent.requests.before-choice", "consent.choice.reject-obeyed", "consent.withdrawal.effective"} - set(seen.unknown)  # fmt: skip
    assert "consent.choice.reject-obeyed" in seen.failed


def test_a_good_page_sends_nothing_while_it_is_left(probe: Probe, server: Server) -> None:
    seen = judged(probe, server, "good", GOOD)
    assert (seen.failed, seen.unknown) == ({}, {})
    assert not [request for _, visit in seen.flow.visits for request in visit.requests if request.leaving]


@pytest.mark.slow
def test_a_tag_that_waits_for_scrolling_after_a_rejection_is_found(probe: Probe, server: Server) -> None:
    hit = f"fetch('http://{PARTNER}:{server.port}/hit?scroll', {{ mode: 'no-cors' }})"
    waits = f"<script>if (read('choice') === 'no') addEventListener('scroll', () => {hit}, {{ once: true }})</script>"
    seen = judged(probe, server, "scroll", f"{GOOD}{waits}<div style='height:5000px'></div>")
    assert set(seen.failed) == {"consent.choice.reject-obeyed"}


def test_escape_that_accepts_is_found(probe: Probe, server: Server) -> None:
    accepts = "<script>addEventListener('keydown', (event) => { if (event.key === 'Escape') document.querySelector('.y')?.click(); })</script>"
    seen = judged(probe, server, "escape", GOOD + accepts)
    assert set(seen.failed) == {"consent.choice.escape"}


@pytest.mark.slow
def test_escape_that_accepts_for_the_next_page_is_found(probe: Probe, server: Server) -> None:
    keeps = "document.cookie = 'choice=yes; max-age=999; path=/'; document.querySelector('[role=dialog]').remove();"
    keys = f"<script>addEventListener('keydown', (event) => {{ if (event.key === 'Escape') {{ {keeps} }} }})</script>"
    assert set(judged(probe, server, "escape-later", GOOD + keys).failed) == {"consent.choice.escape"}


@pytest.mark.slow
def test_browsing_on_that_is_taken_for_consent_is_found(probe: Probe, server: Server) -> None:
    browses = "<script>if (!read('choice') && read('age')) hit(); document.cookie = 'age=1; path=/'</script>"
    seen = judged(probe, server, "browsing", GOOD + browses)
    assert {"consent.storage.before-choice", "consent.requests.before-choice"} <= set(seen.failed)


def test_a_page_that_stays_locked_is_recorded(probe: Probe, server: Server) -> None:
    locks = "<script>addEventListener('click', () => document.documentElement.style.overflow = 'hidden')</script><div style='height:5000px'></div>"
    seen = look(probe, server, "locked", GOOD + locks, ("consent", "reject"))
    assert (view(seen).locked, view(seen, "then").locked) == (False, True)


def test_connections_beforehand_are_recorded(probe: Probe, server: Server) -> None:
    seen = look(
        probe,
        server,
        "preconnect",
        f"{GOOD}<link rel='preconnect' href='https://{PARTNER}'><link rel='icon' href='/x'>",
    )
    assert view(seen).preconnects == (f"https://{PARTNER}/",)


REPLACED = {
    "mootools": "Array.prototype.find = function () {}; Element.prototype.matches = function () { return false; };",
    "entries": "Object.entries = () => []; Array.prototype.map = function () { return []; };",
    "styles": "window.getComputedStyle = () => ({});",
    "text": "Object.defineProperty(HTMLElement.prototype, 'innerText', { get: () => '', configurable: true });",
    "json": "JSON.stringify = () => 'x';",
}


@pytest.mark.parametrize("name", REPLACED)
def test_replaced_built_ins_hide_neither_the_banner_nor_what_is_stored(probe: Probe, server: Server, name: str) -> None:
    stores = "<script>for (const key of ['uid', 'length', 'key']) localStorage.setItem(key, '1'); document.cookie = 'a=1'</script>"
    seen = look(probe, server, f"replaced-{name}", f"<script>{REPLACED[name]}</script>{GOOD}{stores}")
    (first,) = seen.snapshots
    assert (first.banner.accept, first.banner.reject) == ("Accept all", "Reject all")
    assert {key for key, _ in first.local_storage} == {"uid", "length", "key"}
    assert "a" in {one.name for one in seen.writes}


def test_a_page_that_spoils_every_answer_is_unknown(probe: Probe, server: Server) -> None:
    with pytest.raises(EvidenceMissing, match="changed JavaScript itself"):
        look(probe, server, "spoilt", f"<script>Array.prototype[Symbol.iterator] = function* () {{}};</script>{GOOD}")


STUCK = (
    "Object.defineProperty(Element.prototype, 'matches', { value: () => false, configurable: false, writable: false });"
)


@pytest.mark.slow
def test_a_page_that_cannot_be_searched_is_unknown_and_not_without_banner(probe: Probe, server: Server) -> None:
    seen = judged(probe, server, "stuck", f"<script>{STUCK}</script>{GOOD}", appear_s=0.5)
    assert not seen.failed
    assert "matches" in seen.unknown["consent.banner.shown"]


@pytest.mark.parametrize("many", [40, 70])
def test_a_banner_behind_many_frames(probe: Probe, server: Server, many: int) -> None:
    frames = "".join(f"<iframe srcdoc='{number}' style='width:9px;height:9px'></iframe>" for number in range(many))
    seen = look(probe, server, f"frames-{many}", frames + FRAMED, appear_s=0.5)
    found = seen.snapshots[0].banner.visible
    assert (found, any("more than 60 frames" in one for one in seen.problems)) == (many < 60, many > 60)


@pytest.mark.parametrize("rows", [8_000, 40_000])
def test_a_banner_behind_many_elements(probe: Probe, server: Server, rows: int) -> None:
    table = f"<table>{'<tr><td>1</td></tr>' * rows}</table>"
    seen = look(probe, server, f"rows-{rows}", table + GOOD, appear_s=0.5)
    found = seen.snapshots[0].banner.visible
    assert (found, any("more than 60000 elements" in one for one in seen.problems)) == (rows < 30_000, rows > 30_000)


@pytest.mark.slow
def test_a_store_of_an_inner_frame_that_does_not_tell_is_unknown(probe: Probe, server: Server) -> None:
    page(server, "/silent-frame", "<script>indexedDB.databases = () => new Promise(() => {})</script>")
    told = judged(probe, server, "silent", f"{GOOD}<iframe src=/silent-frame></iframe>")
    unread = "IndexedDB and caches of .*/silent-frame: .*did not tell in time"
    assert re.search(unread, told.unknown["consent.choice.reject-obeyed"])
    assert not told.failed


def test_a_sandboxed_frame_keeps_nothing_and_hides_nothing(probe: Probe, server: Server) -> None:
    page(server, "/boxed", "<p>A map</p>")
    seen = look(
        probe, server, "sandboxed", f"{GOOD}<iframe sandbox src=/boxed></iframe><iframe srcdoc='<p>x'></iframe>"
    )
    assert seen.problems == ()


def test_cookies_written_again_and_again_hide_none(probe: Probe, server: Server) -> None:
    many = "for (let i = 0; i < 600; i++) document.cookie = 'a=' + i + '; path=/'; document.cookie = 'b=1; max-age=315360000; path=/';"
    seen = look(probe, server, "writes", f"<script>{many}</script>{GOOD}")
    assert {(one.name, one.lifetime_s) for one in seen.writes} == {("a", None), ("b", 315_360_000)}
    assert seen.problems == ()


def test_more_kinds_of_cookies_than_are_recorded_are_told(probe: Probe, server: Server) -> None:
    many = "for (let i = 0; i < 600; i++) document.cookie = 'a' + i + '=1; path=/; max-age=' + i % 2;"
    seen = look(probe, server, "kinds", f"<script>{many}</script>{GOOD}")
    assert any(one.startswith("cookies: more ways") for one in seen.problems)


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
    "needed": ("<label><input type=checkbox checked> Statistics: only the data needed to improve our shop</label>", {"Statistics: only the data needed to improve our shop": (True, False)}),
    "necessary": ("<label><input type=checkbox checked> Strictly necessary</label>", {"Strictly necessary": (True, True)}),
}  # fmt: skip


@pytest.mark.parametrize("name", SECOND)
def test_toggles_of_every_kind_are_read(probe: Probe, server: Server, name: str) -> None:
    inner, wanted = SECOND[name]
    seen = look(probe, server, f"second-{name}", LAYERS % f"<p>Cookies</p>{inner}{SAVE}{ALL}", "preferences")
    layer = view(seen, "then").layer
    assert layer is not None
    assert {one.name: (one.checked, one.fixed) for one in layer.toggles} == wanted
    assert layer.control("save")


@pytest.mark.slow
def test_of_two_that_confirm_the_one_for_the_selection_is_pressed(probe: Probe, server: Server) -> None:
    both = "<button onclick=\"choose('yes'); location.reload()\">Alle bestätigen</button> <button class=s>Auswahl bestätigen</button>"
    toggle = "<label><input type=checkbox> Statistik</label>"
    asking = (LAYERS % f"<p>Cookies</p>{toggle}{both}").replace(
        "<button class=n>Reject all</button>", "<i class=n></i>"
    )
    seen = judged(probe, server, "confirm", asking)
    assert set(seen.failed) == {"consent.layers.reject-first"}
    chosen = [one.value for shot in seen.flow.reject.snapshots for one in shot.cookies if one.name == "choice"]
    assert set(chosen) == {"no"}


@pytest.mark.slow
@pytest.mark.parametrize("name", ["radio", "pressed"])
def test_toggles_that_are_on_are_found_and_switched_off(probe: Probe, server: Server, name: str) -> None:
    first, second = LAYERS % f"<p>Cookies</p>{SECOND[name][0]}{SAVE}", " <button class=n>Reject all</button>"
    asking = first.replace(second, "").replace(
        "one.querySelector('.n').onclick = () => { one.remove(); choose('no'); };", ""
    )
    seen = judged(probe, server, f"deep-{name}", asking)
    assert set(seen.failed) == {"consent.layers.preticked", "consent.layers.reject-first"}
    assert [(one.choice, one.clicks) for one in seen.flow.reject.choices] == [("reject", 3)]


@pytest.mark.slow
def test_preferences_that_can_only_be_accepted_are_found(probe: Probe, server: Server) -> None:
    seen = judged(probe, server, "second-only", LAYERS % f"<p>Cookies: we and our partners use them.</p>{ALL}")
    assert "the preferences" in seen.failed["consent.layers.reject-first"]


FAINT = {
    "opacity": '<button class="n" style="opacity:.12">',
    "gradient": '<button class="n" style="background:linear-gradient(#fff,#fff);color:#eee;border:0">',
}


@pytest.mark.parametrize("name", FAINT)
def test_a_refusal_that_can_hardly_be_read_has_its_numbers(probe: Probe, server: Server, name: str) -> None:
    seen = look(probe, server, f"faint-{name}", GOOD.replace('<button class="n">', FAINT[name]))
    layer = view(seen).layer
    assert layer is not None
    accept, reject = layer.control("accept"), layer.control("reject")
    assert accept is not None
    assert reject is not None
    assert 0 < reject.contrast < 3 < accept.contrast


# --- declared selectors ---

AGAIN = """<script>
if (read('choice')) { const box = document.createElement('div'); box.id = 'second'; box.setAttribute('role', 'dialog'); box.setAttribute('aria-label', 'Cookies');
  box.style.cssText = 'position:fixed;top:0;left:0;right:0;background:white'; box.innerHTML = '<p>We use cookies.</p><button>Accept all</button> <button>Reject all</button>'; document.body.append(box); }
</script>"""


@pytest.mark.slow
def test_a_second_banner_that_no_selector_names_is_found(probe: Probe, server: Server) -> None:
    seen = judged(probe, server, "second-banner", GOOD + AGAIN, accept="button.y", reject="button.n")
    assert "consent.choice.persists" in seen.failed


@pytest.mark.slow
def test_a_stale_selector_is_named_and_the_site_not_blamed(probe: Probe, server: Server) -> None:
    seen = judged(probe, server, "stale", GOOD, accept="#gone", reject="button.n", settings="#gone-too")
    assert seen.failed == {}
    assert set(seen.unknown) == {"consent.banner.shown"}
    assert 'consent.accept = "#gone" matches nothing in sight' in seen.unknown["consent.banner.shown"]


@pytest.mark.slow
def test_selectors_that_all_are_stale_leave_the_words(probe: Probe, server: Server) -> None:
    seen = judged(probe, server, "all-stale", GOOD, banner="#b", accept="#a", reject="#r")
    assert seen.failed == {}
    assert seen.flow.first.banner.missed == ("banner", "accept", "reject")


def test_an_embedded_players_question_is_none_where_selectors_are_declared(probe: Probe, server: Server) -> None:
    page(
        server,
        "/player",
        "<div role=dialog style='position:fixed;top:0'><p>We use cookies.</p><button>Accept all</button><button>Reject all</button></div>",
    )
    seen = look(
        probe,
        server,
        "embedding",
        "<iframe src=/player width=600 height=400></iframe>",
        accept="#a",
        reject="#r",
        appear_s=0.3,
    )
    assert not seen.snapshots[0].banner.visible
