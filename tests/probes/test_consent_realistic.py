"""Pages as real sites have them: what obeys is clean, what does not is found; each differs in one thing from an obeying page."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest
from browsing import PARTNER, Probe, Server, serving
from consent_pages import Judged, judge, page

from gonogo.probes.browser.facts import Visit

PAGE = """<main>%(before)s</main><script>
const float = (inner) => { const box = document.createElement('div'); box.setAttribute('role', 'dialog'); box.setAttribute('aria-label', 'Cookies');
  box.style.cssText = 'position:fixed;bottom:0;left:0;right:0;background:white;border:1px solid'; box.innerHTML = inner; document.body.append(box); return box; };
const press = (box, name, act) => box.querySelectorAll(name).forEach((one) => one.onclick = act);
const answer = (box, value) => { box.remove(); choose(value); };
const ask = () => {
  const one = float(`<p>We use cookies to measure our site. <a href="/policy">Privacy policy</a></p>%(inside)s
    <button class=yes>Accept all</button> <button class=no>%(refusal)s</button> <button class=more>Preferences</button>`);
  press(one, '.yes', () => answer(one, 'yes'));
  press(one, '.no', () => answer(one, 'no'));
  press(one, '.cross', () => { %(cross)s });
  press(one, '.more', async () => {
    one.remove();
    %(delay)s
    const two = float(`%(second)s`);
    press(two, '.yes', () => answer(two, 'yes'));
    press(two, '.no', () => answer(two, 'no'));
    press(two, '.save', () => answer(two, %(saved)s));
  });
};
if (!read('choice')) ask();
</script>%(again)s%(after)s"""
DEFAULTS = {
    "before": "",
    "inside": "",
    "refusal": "Reject all",
    "cross": "one.remove()",
    "delay": "",
    "second": "<p>Cookies</p><label><input type=checkbox class=stats> Statistics</label> <button class=save>Save selection</button>"
    " <button class=yes>Accept all</button> <button class=no>Reject all</button>",
    "saved": "two.querySelector('.stats')?.checked ? 'yes' : 'no'",
    "again": '<button onclick="ask()">Cookie settings</button>',
    "after": "",
}


def asking(**parts: str) -> str:
    return PAGE % {**DEFAULTS, **parts}


def linked(attributes: str, after: str, tag: str = "a") -> str:
    """With another link to the policy."""
    known, other = '<a href="/policy">Privacy policy</a>', f"<{tag} {attributes}>Privacy policy</{tag}>"
    return asking(after=after).replace(known, other)


TOLD = "Privacy policy: we store who you are for a year, to count visits, and tell nobody else. You can take consent back at any time."
ABOUT = f"""<script>function about() {{ const told = document.createElement('dialog'); told.textContent = '{TOLD}';
document.body.append(told); told.showModal(); }} for (const one of document.querySelectorAll('.about')) one.onclick = () => about();</script>"""
FRAMED = """<script>for (const one of document.querySelectorAll('.about')) one.onclick = () => {
const told = document.createElement('iframe'); told.src = '/policy'; one.parentNode.append(told); };</script>"""


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with serving(Server()) as one:
        one.page("/policy", "<title>Privacy policy</title><p>Privacy policy: what we keep, and why.")
        one.page("/framing-policy", f"<p>Privacy policy.<iframe src='http://{PARTNER}:{one.port}/hit'></iframe>")
        one.page("/hit", "ok")
        one.page("/policy.pdf", "%PDF-1.4\n%%EOF", headers={"Content-Type": "application/pdf"})
        page(one, "/tracking", "<script>if (read('choice') !== 'no') hit()</script>")
        page(one, "/settings", SETTINGS)
        yield one


SETTINGS = """<h1>Cookie settings</h1><p>We use cookies. Choose which ones.</p><form>
<label><input type=checkbox checked disabled> Strictly necessary</label> <label><input type=checkbox class=stats> Statistics</label>
<button>Save</button></form><a href="/settings">Cookie settings</a><script>
document.querySelector('.stats').checked = read('choice') === 'yes';
document.forms[0].onsubmit = (event) => { event.preventDefault(); choose(document.querySelector('.stats').checked ? 'yes' : 'no'); };
</script>"""
PARTNERS = "".join(f"<li>Partner {number}: reads and stores information for 365 days</li>" for number in range(100))
VIDEO = """<div class="consent-placeholder"><p>This video sets cookies.</p><button onclick="choose('yes'); location.reload()">Accept and play</button></div>"""
TOAST = """const toast = document.createElement('div'); toast.setAttribute('role', 'status'); toast.style.cssText = 'position:fixed;top:0;right:0;background:#ddd';
  toast.innerHTML = 'Your cookie preferences have been saved. <button>OK, got it</button>'; document.body.append(toast);"""
CHAT = '<div style="position:fixed;right:9px;bottom:90px">By starting the chat you accept our privacy policy. <button>Accept and start chat</button></div>'
BOOKING = """<form>Children <input type=number name=children> <input name=id> <input name=title> <input name=parentElement>
<input name=innerText> <button>Search</button></form>"""
SAVING = "(e) => {{ e.target.textContent = 'Saving…'; e.target.disabled = true; setTimeout(() => answer(one, '{}'), 1500); }}"
FIRST = """<button class=yes>Accept all</button> <button class=no>Reject all</button> <button class=more>Preferences</button>"""
SCROLLED = f"<div style='max-height:60px;width:400px;overflow:auto'>{'We count visits, and nothing else. ' * 20}<a href='/policy'>Privacy policy</a></div>"
SHADOW = f"""<button id=again>Cookie settings</button><script>const ask = () => {{
const host = document.createElement('div'); document.body.append(host); const root = host.attachShadow({{mode: 'open'}});
root.innerHTML = `<div role=dialog aria-label=Cookies style="position:fixed;bottom:0;left:0;right:0;background:white;border:1px solid"><p>We use cookies.
<a href="/policy">Privacy policy</a></p><div style="max-height:80px;overflow:auto">{"What we do with what we know. " * 35}</div>
<button class=y>Accept all</button> <button class=n>Reject all</button></div>`;
for (const [name, value] of [['.y', 'yes'], ['.n', 'no']]) root.querySelector(name).onclick = () => {{ host.remove(); choose(value); }}; }};
again.onclick = ask; if (!read('choice')) ask();</script>"""


def named(accept: str, refusal: str, *, first: bool = False) -> str:
    """With these answers in the first layer."""
    yes, no = f"<button class=yes>{accept}</button>", f"<button class=no>{refusal}</button>"
    answers = (no, yes) if first else (yes, no)
    return answering(f"{' '.join(answers)} <button class=more>Preferences</button>")


def answering(controls: str) -> str:
    """With these controls in the first layer."""
    body = asking()
    assert FIRST in body
    return body.replace(FIRST, controls)


def saving() -> str:
    body = asking()
    for value in ("yes", "no"):
        at_once = f"press(one, '.{value}', () => answer(one, '{value}'));"
        body = body.replace(at_once, f"press(one, '.{value}', {SAVING.format(value)});")
    return body


OBEYING = {
    "a form with a field called children": asking(before=BOOKING),
    "a choice that takes a while to save": saving(),
    "Ne pas autoriser": named("Autoriser", "Ne pas autoriser", first=True),
    "Nicht alle akzeptieren": named("Alle akzeptieren", "Nicht alle akzeptieren"),
    "Ja and Nein": named("Ja", "Nein"),
    "a policy at the end of a text that scrolls": asking(inside=SCROLLED).replace(
        '<a href="/policy">Privacy policy</a>', "", 1
    ),
    "a vendor before the policy": asking().replace(
        '<a href="/policy"', '<a href="https://vendor.test/">Learn more about CMP</a> <a href="/policy"'
    ),
    "an icon of svg": asking(
        again='<button onclick="ask()"><svg role=img aria-label="Cookie settings" width=20 height=20></svg></button>'
    ),
    "a long banner in a shadow root": SHADOW,
    "as it should be": asking(),
    "a hundred partners": asking(inside=f'<div style="max-height:90px;overflow:auto"><ul>{PARTNERS}</ul></div>'),
    "a pulsing button": asking(
        after="<style>@keyframes pulse { 50% { transform: scale(1.05) } } .yes { animation: pulse 1.2s infinite }</style>"
    ),
    "a place for a video": asking(before=VIDEO),
    "a toast": asking().replace("choose(value); };", f"choose(value); {TOAST} }};", 1),
    "a chat": asking(after=CHAT),
    "refusing by accepting the necessary": asking(refusal="Accept essential cookies"),
    "a second layer that loads later": asking(delay="await new Promise((done) => setTimeout(done, 1200));"),
    "a page of settings": asking(again='<a href="/settings">Cookie settings</a>'),
    "a page of settings that is called Cookies": asking(again='<a href="/settings">Cookies</a>'),
    "a policy to download": asking().replace('href="/policy"', 'href="/policy.pdf"'),
    "a policy that a link opens": linked("href='#' class=about", ABOUT),
    "a cross": asking(inside='<button class=cross aria-label="Close">×</button>'),
}


def judged(probe: Probe, server: Server, name: str, body: str, **consent: object) -> Judged:
    path = f"/{name.replace(' ', '-')}"
    page(server, path, body)
    return judge(probe, path, **consent)


@pytest.mark.slow
@pytest.mark.parametrize("name", OBEYING)
def test_a_page_that_obeys_is_clean(probe: Probe, server: Server, name: str) -> None:
    seen = judged(probe, server, name, OBEYING[name])
    assert (seen.failed, seen.unknown) == ({}, {})


LATE = "<script>setTimeout(() => { if (!read('choice')) hit() }, 3000)</script>"
LONG_TEXT = "What we sell is made by hand, and lasts. " * 600


def hiding(until: str, always: str = "") -> str:
    """With a style of the content until there is a choice."""
    late = "setInterval(() => document.body.classList.toggle('asks', !read('choice')), 50)"
    rule = until.replace("main", "body.asks main")
    return asking(
        before=LONG_TEXT,
        after=f"<style>h1, body > p {{ display: none }} {always} {rule}</style><script>{late}</script>",
    )


BREAKING = {
    "a selection of nothing accepts": (asking(saved="'yes'"), "consent.choice.selection"),
    "the cross accepts": (
        asking(inside='<button class=cross aria-label="Close">×</button>', cross="answer(one, 'yes')"),
        "consent.choice.closing",
    ),
    "a refusal lasts a day": (
        asking().replace(
            "choose(value); };",
            "choose(value); if (value === 'no') document.cookie = 'choice=no; max-age=86400; path=/'; };",
            1,
        ),
        "consent.choice.persists",
    ),
    "a late tag": (asking(after=LATE), "consent.requests.before-choice"),
    "no refusal by telephone": (
        asking(
            after="<meta name=viewport content='width=device-width'><style>@media (max-width: 700px) { .no { display: none } }</style>"
        ),
        "consent.layers.reject-first",
    ),
    "marketing locked on": (
        asking(
            second="<p>Cookies</p><label><input type=checkbox checked disabled> Marketing</label>"
            " <label><input type=checkbox class=stats> Statistics</label><button class=save>Save selection</button>"
        ),
        "consent.layers.preticked",
    ),
    "a policy that frames a partner": (
        asking().replace('href="/policy"', 'href="/framing-policy"'),
        "consent.requests.before-choice",
    ),
    "a policy link that does nothing": (linked("href='#'", ""), "consent.layers.policy"),
    "a refusal in French that tracks": (
        named("Autoriser", "Ne pas autoriser").replace("() => answer(one, 'no')", "() => answer(one, 'yes')"),
        "consent.choice.reject-obeyed",
    ),
    "a cross of svg that accepts": (
        asking(
            inside="<button class=cross><svg aria-label=Close width=9 height=9></svg></button>",
            cross="answer(one, 'yes')",
        ),
        "consent.choice.closing",
    ),
    "a page that is blurred": (hiding("main { filter: blur(9px) }"), "consent.wall.before-choice"),
    "a page that is transparent": (hiding("main { opacity: 0 }"), "consent.wall.before-choice"),
    "a shell that cannot be scrolled": (
        hiding("main { overflow: hidden }", "main { height: 100vh; overflow: auto }"),
        "consent.wall.before-choice",
    ),
    "a dead control beside a chat": (
        asking(again='<a href="#" onclick="return false">Cookie settings</a>', after=CHAT),
        "consent.withdrawal.reachable",
    ),
    "a refusal that asks whether one is sure": (
        asking().replace(
            "press(one, '.no', () => answer(one, 'no'))",
            "press(one, '.no', () => confirm('Sure?') && answer(one, 'no'))",
        ),
        "consent.layers.reject-easy",
    ),
    "a file of the origin": (
        asking(after="<script>if (read('choice') === 'no') caches.open('uid')</script>").replace(
            "caches.open('uid')", "indexedDB.open('uid')"
        ),
        "consent.choice.reject-obeyed",
    ),
}


@pytest.mark.slow
@pytest.mark.parametrize("name", BREAKING)
def test_a_page_that_does_not_is_found(probe: Probe, server: Server, name: str) -> None:
    body, check = BREAKING[name]
    assert check in judged(probe, server, name, body).failed


@pytest.mark.slow
def test_a_page_that_tracks_who_lands_on_it_is_found(probe: Probe, server: Server) -> None:
    seen = judged(probe, server, "landing", asking(), other_page="/tracking")
    assert {"consent.storage.before-choice", "consent.requests.before-choice"} <= set(seen.failed)


SECTION = "<section id=privacy><h2>Privacy policy</h2>What we keep, and why.</section>"
DRAWER = f"""<div id=drawer style="position:fixed;top:0;right:0;transform:translateX(100%);width:400px;height:300px;background:white">
<p>{TOLD}</p></div><script>for (const one of document.querySelectorAll('.about')) one.onclick = () => (drawer.style.transform = 'none')</script>"""
HYDRATED = ABOUT.replace("<script>", "<script>setTimeout(() => {").replace("</script>", "}, 1500)</script>")
FETCHED = f"""<div id=fetched style="display:none;position:fixed;inset:20px"></div><script>for (const one of document.querySelectorAll('.about'))
one.onclick = () => {{ fetched.style.display = fetched.style.display ? '' : 'none'; setTimeout(() => (fetched.textContent = '{TOLD}'), 2000); }}</script>"""
QUOTING = f"""<p id=told></p><script>let at = 0; setInterval(() => (told.textContent = `${{at++}}: {"They are so kind here, I always come back! " * 3}`), 1000)</script>"""
SLOWER = FETCHED.replace("2000", "3300")
ADDRESS = """<script>for (const one of document.querySelectorAll('.about')) one.onclick = () => history.pushState({}, '', '/privacy')</script>"""
MORE = '<p>Cookies: <a href="/policy">Privacy policy</a></p>'
NOTHING = "policy: pressing it shows nothing"
UNKNOWN = "policy: its control shows something that is not recognised as a policy"
JAPANESE = "当社は訪問者数の計測のためにクッキーを一年間保存し、第三者には提供しません。同意はいつでも撤回できます。"
LEADING = {
    "a link of script": (linked('href="javascript:about()"', ABOUT), ""),
    "a button": (linked("class=about", ABOUT, "button"), ""),
    "a frame": (linked("href='#' class=about", FRAMED), ""),
    "a window": (linked("""href='#' onclick='window.open("/policy")'""", ""), ""),
    "a section": (linked('href="#privacy"', SECTION), ""),
    "a drawer that was there": (linked("href='#' class=about", DRAWER), ""),
    "a button whose script comes late": (linked("class=about", HYDRATED, "button"), ""),
    "a drawer that is filled late, and closed by a second press": (linked("class=about", FETCHED, "button"), ""),
    "another address": (linked("class=about", ADDRESS, "button"), ""),
    "a dialog that is called so": (
        linked("href='#' class=about", ABOUT).replace("'Cookies')", "'We value your privacy'); box.tabIndex = -1"),
        "",
    ),
    "a policy in the preferences alone": (linked("href='#'", "").replace("<p>Cookies</p>", MORE), NOTHING),
    "another host": (
        linked("href='javascript:location = \"http://elsewhere.test/\"'", ""),
        "policy: it leads to elsewhere.test, a host that is not declared",
    ),
    "a link of script, void": (linked('href="javascript:void(0)"', ""), NOTHING),
    "a hidden section, dead": (
        linked("href='#told' onclick='event.preventDefault()'", "<div id=told style='display:none'></div>"),
        NOTHING,
    ),
    "a hidden section": (
        linked(
            "href='#told'",
            f"<style>#told {{ display: none }} #told:target {{ display: block; position: fixed; top: 0 }}</style><div id=told>{TOLD}</div>",
        ),
        "",
    ),
    "a link that does nothing, beside quotations": (linked("href='#' onclick='return false'", QUOTING), UNKNOWN),
    "a drawer that is filled very late": (linked("class=about", SLOWER, "button"), ""),
    "a part of the text": (linked("tabindex=0 class=about", ABOUT, "span"), ""),
    "a summary in Japanese": (
        asking().replace(
            '<a href="/policy">Privacy policy</a>',
            f"<details><summary>プライバシーポリシー</summary>{JAPANESE}</details>",
        ),
        "",
    ),
    "a missing section": (linked('href="#privacy"', "<p>Our shop."), NOTHING),
    "a button, dead": (linked("class=about", "", "button"), NOTHING),
}


@pytest.mark.parametrize("name", LEADING)
def test_a_policy_counts_by_what_is_shown(probe: Probe, server: Server, name: str) -> None:
    body, problem = LEADING[name]
    url = page(server, f"/{name.replace(' ', '-').replace(',', '')}", body)
    steps = (("snapshot", "first"), "preferences", "policy", ("snapshot", "policy"))
    seen: Visit = probe.visit(("goto", url), *steps, request={"privacy": True})
    assert [one for one in seen.problems if one.startswith("policy")] == ([problem] if problem else [])
    assert seen.snapshot("policy") is not None


BAR = """<div id="cookie-bar"><p>We use cookies.</p><button onclick="choose('yes'); this.parentNode.remove()">OK, accept</button></div>
<script>if (read('choice')) document.querySelector('#cookie-bar').remove()</script>"""


def test_a_bar_in_the_pages_flow_that_only_accepts_is_the_banner(probe: Probe, server: Server) -> None:
    """What else it could be is waited for once, and not on every page."""
    url = page(server, "/bar", BAR)
    steps = (("snapshot", "first"), ("consent", "accept"), ("snapshot", "chosen"), "reload", ("snapshot", "reloaded"))
    # A busy machine delays a visit now and then; one that waits on every page does so each time.
    for _ in range(4):
        began = time.monotonic()
        seen: Visit = probe.visit(("goto", url), *steps, request={"privacy": True}, consent={"appear_s": 3})
        seconds = time.monotonic() - began
        assert [one.banner.visible for one in seen.snapshots] == [True, False, False]
        if seconds < 3 + 5:
            break
    assert seconds < 3 + 5


@pytest.mark.slow
def test_toggles_that_nobody_recognises_leave_the_question_open(probe: Probe, server: Server) -> None:
    second = '<p>Cookies</p><label><input type=checkbox checked disabled> Necessary</label> <b class="on" tabindex=0>Marketing</b>'
    seen = judged(probe, server, "bold", asking(second=f"{second} <button class=save>Save selection</button>"))
    assert "only those were recognised that must be on" in seen.unknown["consent.layers.preticked"]


def test_a_page_whose_stores_do_not_tell_has_no_snapshot(probe: Probe, server: Server) -> None:
    url = page(
        server, "/mute", f"<script>IDBFactory.prototype.databases = () => new Promise(() => {{}})</script>{asking()}"
    )
    seen: Visit = probe.visit(("goto", url), ("wait", "0.3"), ("snapshot", "first"), request={"privacy": True})
    assert seen.snapshots == ()
    assert any("did not tell in time" in one for one in seen.problems)


LONG = "{ const end = Date.now() + 1600; while (Date.now() < end); }"
SLOW = {
    "at once": f"{LONG} answer(one, 'yes')",
    "afterwards": f"answer(one, 'yes'); {LONG}",
    "on another page": f"choose('yes'); {LONG} location.reload(); {LONG}",
}


@pytest.mark.parametrize("name", SLOW)
def test_a_press_that_the_page_takes_long_for_is_one_press(probe: Probe, server: Server, name: str) -> None:
    """The driver gives a click up after a second; the page had it nevertheless."""
    body = asking().replace(
        "press(one, '.yes', () => answer(one, 'yes'));", f"press(one, '.yes', () => {{ {SLOW[name]} }});"
    )
    url = page(server, f"/slow-{name.replace(' ', '-')}", body)
    steps = (("snapshot", "first"), ("consent", "accept"), ("snapshot", "chosen"))
    seen: Visit = probe.visit(("goto", url), *steps, request={"privacy": True})
    assert seen.problems == ()
    assert [(one.choice, one.clicks) for one in seen.choices] == [("accept", 1)]
    assert [one.banner.visible for one in seen.snapshots] == [True, False]
    assert any(cookie.name == "choice" and cookie.value == "yes" for cookie in seen.snapshots[1].cookies)
