"""axe-core as the visit runs it, held against axe-core's own runner in a real Chromium; keyboard, width and motion."""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest
from anyio.from_thread import BlockingPortal
from browsing import PARTNER, SITE, Probe, Server, noise, serving

from gonogo.errors import EvidenceMissing
from gonogo.probes.browser import axe
from gonogo.probes.browser.accessibility import Accessibility, AxeRun
from gonogo.probes.browser.boundary import boundary
from gonogo.probes.browser.facts import Visit
from gonogo.probes.browser.fleet import Fleet

VENDORED = files("gonogo.vendor") / "axe-core"
PARTS: dict[str, str] = {
    "area-alt": "<img src=/dot.svg alt=map usemap=#m width=50 height=50><map name=m><area href=/a shape=rect coords=0,0,40,40></map>",
    "aria-allowed-attr": "<button aria-level=2>b</button>",
    "aria-command-name": "<div role=button tabindex=0></div>",
    "aria-deprecated-role": "<div role=directory>x</div>",
    "aria-hidden-focus": "<div aria-hidden=true><button>b</button></div>",
    "aria-input-field-name": "<div role=textbox tabindex=0></div>",
    "aria-meter-name": "<div role=meter aria-valuenow=1></div>",
    "aria-progressbar-name": "<div role=progressbar></div>",
    "aria-prohibited-attr": "<code aria-label=x></code>",
    "aria-required-attr": "<div role=slider tabindex=0 aria-label=s>x</div>",
    "aria-required-children": "<div role=list><button>b</button></div>",
    "aria-required-parent": "<div role=listitem>x</div>",
    "aria-roles": "<div role=nonsense>x</div>",
    "aria-toggle-field-name": "<div role=checkbox aria-checked=false tabindex=0></div>",
    "aria-tooltip-name": "<div role=tooltip></div>",
    "aria-valid-attr": "<p aria-nonsense=1>x</p>",
    "aria-valid-attr-value": "<p aria-live=perhaps>x</p>",
    "autocomplete-valid": "<input aria-label=n autocomplete=nonsense>",
    "avoid-inline-spacing": "<p style='letter-spacing: 1px !important'>wide</p>",
    "blink": "<blink>x</blink>",
    "button-name": "<button></button>",
    "color-contrast": "<p style='color: #bbb; background: #fff'>pale</p>",
    "definition-list": "<dl><p>x</p></dl>",
    "dlitem": "<div><dt>x</dt></div>",
    "duplicate-id-aria": "<p id=d>a</p><p id=d>b</p><input aria-labelledby=d>",
    "frame-title": "<iframe src=/empty width=99 height=99></iframe>",
    "image-alt": "<img src=/dot.svg width=9 height=9>",
    "input-button-name": "<input type=button>",
    "input-image-alt": "<input type=image src=/dot.svg>",
    "label": "<input>",
    "link-in-text-block": "<p style='color:#000'>text <a href=/x style='color:#222;text-decoration:none'>link</a> text that goes on</p>",
    "link-name": "<a href=/x></a>",
    "list": "<ul><p>x</p></ul>",
    "listitem": "<div><li>x</li></div>",
    "marquee": "<marquee>x</marquee>",
    "nested-interactive": "<div role=button tabindex=0>x <a href=/x>y</a></div>",
    "object-alt": "<object data=/dot.png width=9 height=9></object>",
    "role-img-alt": "<div role=img></div>",
    "scrollable-region-focusable": "<div style='height: 40px; overflow: auto'><p style='height: 900px'>x</p></div>",
    "select-name": "<select><option>x</select>",
    "server-side-image-map": "<a href=/x><img src=/dot.svg ismap alt=x></a>",
    "summary-name": "<details><summary></summary>x</details>",
    "svg-img-alt": "<svg role=img width=9 height=9><path d='M0 0h9v9z'/></svg>",
    "target-size": "<style>.s{display:block;width:10px;height:10px;padding:0;border:0}</style><button class=s aria-label=a></button><button class=s aria-label=b></button>",
    "td-headers-attr": "<table><tr><th id=h>h</th></tr><tr><td headers=other>x</td></tr></table>",
    "valid-lang": "<p lang=nonsense>x</p>",
}
"""Markup that breaks the rule, and maybe others; each is placed on the page, in frames and in shadow roots."""
WHOLE: dict[str, str] = {
    "document-title": "<!doctype html><html lang=en><head></head><body><p>x",
    "html-has-lang": "<!doctype html><html><head><title>t</title></head><body><p>x",
    "html-lang-valid": "<!doctype html><html lang=nonsense><head><title>t</title></head><body><p>x",
    "meta-refresh": "<!doctype html><html lang=en><head><title>t</title><meta http-equiv=refresh content='999; url=/x'></head><body><p>x",
    "meta-viewport": "<!doctype html><html lang=en><head><title>t</title><meta name=viewport content='user-scalable=no'></head><body><p>x",
    "bypass": "<!doctype html><html lang=en><head><title>t</title></head><body><div><a href=/x>x</a></div>",
}
"""Whole pages that break a rule."""
UNBROKEN = {"bypass", "duplicate-id-aria", "scrollable-region-focusable", "server-side-image-map"}
"""axe-core asks a person instead of failing these."""


def document(body: str, head: str = "") -> str:
    return f"<!doctype html><html lang=en><head><title>t</title>{head}</head><body><main>{body}</main></body></html>"


def in_shadow(body: str, mode: str) -> str:
    made = f"document.querySelector('#host').attachShadow({{mode: '{mode}'}}).innerHTML = {json.dumps(body)};"
    return document(f"<div id=host></div><script>{made}</script>")


Found = set[tuple[str, tuple[str, ...]]]
"""Rules with the flattened targets of their elements."""


def found(run: AxeRun) -> Found:
    return {(rule.id, tuple(sorted(node.target for node in rule.nodes))) for rule in run.violations}


@dataclass
class Bench:
    """One page with our scripts and one with nothing, in the same browser, to be sent from case to case."""

    portal: BlockingPortal
    server: Server
    folder: Path
    ours: Any = None
    plain: Any = None

    async def begin(self, fleet: Fleet, probe: Probe) -> None:
        environment = probe.environment(resolve={SITE: "127.0.0.1", PARTNER: "127.0.0.1"}, hosts=[PARTNER])
        running = await fleet.browser(boundary(environment).flags(()))
        context = await running.browser.new_context()
        await context.add_init_script(axe.script())
        self.ours = await context.new_page()
        self.plain = await (await running.browser.new_context()).new_page()

    def judge(self, url: str) -> AxeRun:
        return self.portal.call(self._judge, url)

    async def _judge(self, url: str) -> AxeRun:
        await self.ours.goto(url)
        return await axe.assess(self.ours, "x", lambda number: self.folder / f"{number}.png")

    def reference(self, url: str) -> Found:
        """What axe-core's own runner finds, put into every frame by script tags."""
        return self.portal.call(self._reference, url)

    async def _reference(self, url: str) -> Found:
        await self.plain.goto(url)
        for frame in self.plain.frames:
            await frame.add_script_tag(content=(VENDORED / "axe.min.js").read_text(encoding="utf-8"))
            await frame.evaluate("() => axe.configure({ allowedOrigins: ['<unsafe_all_origins>'] })")
        options = {"runOnly": {"type": "tag", "values": list(axe.TAGS)}}
        told = await self.plain.evaluate(
            "async (options) => (await axe.run(document, options)).violations.map((rule) => "
            "[rule.id, rule.nodes.map((node) => node.target.flat(Infinity).join(' >>> '))])",
            options,
        )
        return {(rule, tuple(sorted(targets))) for rule, targets in told}


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with serving(Server()) as one:
        one.page("/empty", document("<p>empty</p>"))
        one.page("/dot.svg", "<svg xmlns='http://www.w3.org/2000/svg'/>", headers={"Content-Type": "image/svg+xml"})
        one.page("/dot.png", noise(9, 9), headers={"Content-Type": "image/png"})
        for rule, body in PARTS.items():
            one.page(f"/{rule}", document(body))
            one.page(f"/{rule}/open", in_shadow(body, "open"))
            one.page(f"/{rule}/closed", in_shadow(body, "closed"))
            for kind, host in (("frame", SITE), ("foreign-frame", PARTNER)):
                inner = one.url(f"/{rule}", host)
                one.page(
                    f"/{rule}/{kind}", document(f"<p>x</p><iframe title=f src='{inner}' width=600 height=300></iframe>")
                )
        for rule, page in WHOLE.items():
            one.page(f"/{rule}", page)
        yield one


@pytest.fixture(scope="module")
def bench(probe: Probe, server: Server, tmp_path_factory: pytest.TempPathFactory) -> Bench:
    one = Bench(probe.portal, server, tmp_path_factory.mktemp("pictures"))
    probe.portal.call(one.begin, probe.fleet, probe)
    return one


# --- the same violations as axe-core's own runner ---------------------------------------------------------------------


def test_the_vendored_library_is_the_one_that_is_named() -> None:
    sums = dict(reversed(line.split()) for line in (VENDORED / "SHA256SUMS").read_text().splitlines())
    assert set(sums) == {"axe.min.js", "LICENSE", "LICENSE-3RD-PARTY.txt"}
    for name, digest in sums.items():
        assert hashlib.sha256((VENDORED / name).read_bytes()).hexdigest() == digest
    assert "Mozilla Public License" in (VENDORED / "LICENSE").read_text()
    version = (VENDORED / "VERSION").read_text().strip()
    assert f"/*! axe v{version}\n" in (VENDORED / "axe.min.js").read_text(encoding="utf-8")


@pytest.mark.parametrize("rule", [*PARTS, *WHOLE])
def test_a_page_breaks_the_rules_that_the_runner_finds(rule: str, bench: Bench) -> None:
    url = bench.server.url(f"/{rule}")
    run = bench.judge(url)
    assert found(run) == bench.reference(url)
    assert (rule in {one.id for one in run.violations}) is (rule not in UNBROKEN)
    assert run.unseen == ()


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["frame", "foreign-frame", "open"])
@pytest.mark.parametrize("rule", PARTS)
def test_frames_and_open_shadow_roots_hold_the_violations_that_the_runner_finds(
    rule: str, kind: str, bench: Bench
) -> None:
    url = bench.server.url(f"/{rule}/{kind}")
    run = bench.judge(url)
    assert found(run) == bench.reference(url)
    assert run.frames == (rule == "frame-title") + (2 if kind.endswith("frame") else 1)


@pytest.mark.slow
@pytest.mark.parametrize("rule", PARTS)
def test_a_closed_shadow_root_holds_the_violations_of_an_open_one(rule: str, bench: Bench) -> None:
    closed = bench.judge(bench.server.url(f"/{rule}/closed"))
    assert found(closed) == bench.reference(bench.server.url(f"/{rule}/open"))


@pytest.mark.parametrize(
    ("path", "target", "place"),
    [
        ("/image-alt/frame", "iframe >>> img", "main > iframe >>> "),
        ("/image-alt/foreign-frame", "iframe >>> img", "main > iframe >>> "),
        ("/image-alt/open", "#host >>> img", "#host > >>> > img"),
        ("/image-alt/closed", "#host >>> img", "#host > >>> > img"),
    ],
)
def test_a_violation_inside_says_where_it_stands(path: str, target: str, place: str, bench: Bench) -> None:
    run = bench.judge(bench.server.url(path))
    (rule,) = [one for one in run.violations if one.id == "image-alt"]
    (node,) = rule.nodes
    assert node.target == target
    assert place in node.place
    assert node.html.startswith("<img src=")
    assert "Element does not have an alt attribute" in node.fix
    assert rule.screenshot
    assert (bench.folder / rule.screenshot).read_bytes().startswith(b"\x89PNG")
    assert {"wcag2a", "wcag111"} <= set(rule.tags)
    assert rule.url.startswith("https://dequeuniversity.com/")
    assert run.version == (VENDORED / "VERSION").read_text().strip()


def test_a_place_does_not_change_when_something_else_opens(bench: Bench, server: Server) -> None:
    late = "<script>document.body.prepend(Object.assign(document.createElement('section'), {innerHTML: '<div>banner</div>'}))</script>"
    part = "<section id=s1><div role=directory>x</div></section>"
    places = []
    for path, body in (("/alone", part), ("/beside", part + late)):
        (rule,) = bench.judge(server.page(path, document(body))).violations
        places.append((rule.nodes[0].target, rule.nodes[0].place))
    assert places[0][1] == places[1][1] == "#s1 > div"
    assert places[0][0] != places[1][0]


# --- pages that stand in the way --------------------------------------------------------------------------------------

AMD = """<script>
window.define = (...given) => { throw new Error("No AMD modules allowed: " + given.length) };
window.define.amd = {};
window.module = {get exports() { throw new Error("no modules") }};
window.exports = window.module;
</script>"""
STRICT = "default-src 'none'; require-trusted-types-for 'script'; trusted-types 'none'; frame-src 'self'; sandbox allow-scripts"


@pytest.mark.parametrize(
    ("name", "head", "policy"),
    [
        (
            "policy",
            "",
            "default-src 'none'; frame-src 'self'; require-trusted-types-for 'script'; trusted-types 'none'",
        ),
        ("sandbox", "", STRICT),
        ("amd", AMD, ""),
        (
            "own-axe",
            "<script>window.axe = {run() { throw new Error('not this one') }}; Object.freeze(axe)</script>",
            "",
        ),
        ("proxy", "<script>window.postMessage = () => { throw new Error('no messages') }</script>", ""),
        ("json", "<script>Array.prototype.toJSON = undefined; Object.freeze(Array.prototype)</script>", ""),
    ],
)
def test_policies_and_loaders_do_not_stop_it(name: str, head: str, policy: str, bench: Bench, server: Server) -> None:
    headers = {"Content-Security-Policy": policy} if policy else {}
    server.page(f"/guarded/{name}/inner", document("<button></button>", head), headers=headers)
    url = server.page(
        f"/guarded/{name}",
        document(f"<img src=/dot.svg><iframe title=f src='/guarded/{name}/inner'></iframe>", head),
        headers=headers,
    )
    run = bench.judge(url)
    assert found(run) == {("image-alt", ("img",)), ("button-name", ("iframe >>> button",))}
    assert (run.unseen, run.frames) == ((), 2)


def test_the_page_sees_nothing_of_it(bench: Bench, server: Server) -> None:
    url = server.page(
        "/watching",
        document(
            "<iframe title=f src=/button-name></iframe><div id=host></div>",
            "<script>window.messages = 0; addEventListener('message', () => messages++)</script>",
        )
        + "<script>host.attachShadow({mode: 'closed'}).innerHTML = '<button></button>'</script>",
    )
    run = bench.judge(url)
    assert {rule.id for rule in run.violations} == {"button-name"}
    assert sum(rule.count for rule in run.violations) == 2
    told = bench.portal.call(bench.ours.evaluate, "() => [messages, typeof window.axe, host.shadowRoot]")
    assert told == [0, "undefined", None]


def test_frames_that_cannot_be_judged_are_named(bench: Bench, server: Server) -> None:
    url = server.page(
        "/mute", document("<iframe title=f sandbox src=/button-name></iframe><iframe title=g src=/empty></iframe>")
    )
    run = bench.judge(url)
    assert run.frames == 2
    assert [frame.partition(": ")[2] for frame in run.unseen] == ["no script runs in it"]
    assert "frame-tested" not in {rule.id for rule in run.violations}


def test_what_it_cannot_decide_stands_apart(bench: Bench, server: Server) -> None:
    url = server.page("/unsure", document("<p style='background: url(/dot.svg); color: #777'>text on a picture</p>"))
    run = bench.judge(url)
    assert run.violations == ()
    (rule,) = run.incomplete
    assert (rule.id, rule.count) == ("color-contrast", 1)
    assert rule.url.startswith("https://dequeuniversity.com/rules/")
    assert (rule.nodes[0].target, rule.nodes[0].html[:3]) == ("p", "<p ")
    assert "could not be determined due to a background image" in rule.nodes[0].fix
    assert run.passed > 3


def test_no_request_is_made_by_it(bench: Bench, server: Server) -> None:
    server.page("/far.css", "p { color: #000 }", headers={"Content-Type": "text/css"})
    url = server.page(
        "/styled", document("<p>x</p>", f"<link rel=stylesheet href='{server.url('/far.css', PARTNER)}'>")
    )
    bench.judge(url)
    assert len(server.arrived("/far.css")) == 1


@pytest.mark.parametrize(
    ("name", "script"),
    [
        ("many", "document.querySelector('main').innerHTML = '<p>x</p>'.repeat(20000)"),
        (
            "deep",
            "let at = document.body; for (let i = 0; i < 3000; i++) at = at.appendChild(document.createElement('b'))",
        ),
        (
            "endless",
            "setInterval(() => { for (let i = 0; i < 4000; i++) document.body.append(document.createElement('p')) }, 0)",
        ),
    ],
)
def test_a_page_without_end_is_refused_in_words(name: str, script: str, probe: Probe, server: Server) -> None:
    url = server.page(f"/huge/{name}", document("", "") + f"<script>{script}</script>")
    began = time.monotonic()
    with pytest.raises(EvidenceMissing, match=f"more than {axe.MOST_ELEMENTS} elements|axe-core: RangeError"):
        probe.visit(("goto", url), ("wait", "0.3"), ("axe", "as loaded"))
    assert time.monotonic() - began < 20


def test_a_page_that_blocks_is_left_in_words(probe: Probe, server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(axe, "AXE_S", 1.0)
    slow = "<script>const real = getComputedStyle; window.getComputedStyle = (...given) => { const end = performance.now() + 100; while (performance.now() < end); return real(...given) }</script>"
    url = server.page("/blocking", document("<p>x</p>" * 500, slow))
    began = time.monotonic()
    with pytest.raises(EvidenceMissing, match="axe-core was not done after 1 s"):
        probe.visit(("goto", url), ("axe", "as loaded"))
    assert time.monotonic() - began < 20


def test_a_page_that_lies_is_bounded(probe: Probe, server: Server) -> None:
    url = server.page("/lies", document("<img src=/dot.svg title=" + "x" * 10**6 + ">" + "<img src=/dot.svg>" * 300))
    seen = _seen(probe.visit(("goto", url), ("axe", "as loaded"))).axe[0]
    (rule,) = seen.violations
    assert (rule.id, rule.count, len(rule.nodes)) == ("image-alt", 300, 100)
    assert max(len(node.html) for node in rule.nodes) <= 200
    assert max(len(node.target) for node in rule.nodes) <= 2000


# --- as steps of a visit ----------------------------------------------------------------------------------------------

BANNER = """<div role=dialog aria-label=Cookies id=cookie-banner style="position:fixed;bottom:0;left:0;right:0;background:#eee">
<p>We use cookies to measure how this site is used.</p>
<button onclick="this.closest('div').remove()">Accept all</button>%s</div>"""
REJECT = "<button onclick=\"this.closest('div').remove()\">Reject all</button>"


def _seen(visit: Visit) -> Accessibility:
    assert visit.accessibility is not None
    return visit.accessibility


def test_a_visit_records_each_state(probe: Probe, server: Server) -> None:
    page = document(
        BANNER % (REJECT + "<img src=/dot.svg>") + "<button id=more onclick='menu.hidden=false'>more</button>"
        "<div id=menu hidden><button></button></div>"
    )
    url = server.page("/states", page)
    visit = probe.visit(
        ("goto", url), ("axe", "as loaded"), "dismiss", ("axe", "banner closed"), ("click", "#more"), ("press", "Escape"),
        ("shown", "#menu"), ("axe", "state: menu open"), ("shown", "#nothing"),
    )  # fmt: skip
    runs = {run.label: {rule.id for rule in run.violations} for run in _seen(visit).axe}
    assert runs == {"as loaded": {"image-alt"}, "banner closed": set(), "state: menu open": {"button-name"}}
    assert [problem.partition(": ")[0] for problem in visit.problems] == ["shown #nothing"]
    assert _seen(visit).axe[0].viewport == (1350, 940)
    assert [rule.screenshot.partition(".")[2] for run in _seen(visit).axe for rule in run.violations] == [
        "violation-1-1.png",
        "violation-3-1.png",
    ]


def test_other_visits_carry_no_axe(probe: Probe, server: Server) -> None:
    url = server.page(
        "/bare", document("<p>x</p><script>document.title = Object.hasOwn(window, '__gonogo_axe')</script>")
    )
    visit = probe.visit(("goto", url), ("snapshot", "s"))
    assert visit.accessibility is None
    assert visit.snapshots[0].title == "false"


@pytest.mark.parametrize(
    ("name", "body", "wanted"),
    [
        ("plain", "<a href=/a>a</a><button id=go>go</button><a href=/b>b</a>", (2, "")),
        ("unreachable", "<a href=/a>a</a><button id=go tabindex=-1>go</button>", (0, "")),
        ("inside", "<a href=/a>a</a><div id=go><button>go</button></div>", (2, "")),
        ("held", "<a href=/a onkeydown='event.preventDefault()'>a</a><button id=go>go</button>", (0, "main > a")),
        (
            "round",
            "<button id=one>a</button><button onkeydown=\"if (event.key === 'Tab') { one.focus(); event.preventDefault() }\" id=two>b</button><button id=go>go</button>",
            (0, "button#one, button#two"),
        ),
        (
            "modal",
            "<button id=go>go</button><div role=dialog aria-modal=true aria-label=d><button id=one>a</button><button onkeydown=\"if (event.key === 'Tab') { one.focus(); event.preventDefault() }\" id=two>b</button></div>",
            (1, ""),
        ),
        ("frame", "<a href=/a>a</a><iframe title=f srcdoc='<button id=go>go</button>'></iframe>", (2, "")),
        ("shadow", "<a href=/a>a</a><div id=h></div><script>h.attachShadow({mode:'closed'}).innerHTML='<button id=go>go</button>'</script>", (2, "")),
        ("empty", "<p>nothing</p><p id=go>go</p>", (0, "")),
    ],
)  # fmt: skip
def test_the_keyboards_way(name: str, body: str, wanted: tuple[int, str], probe: Probe, server: Server) -> None:
    url = server.page(f"/way/{name}", document(body))
    visit = probe.visit(("goto", url), ("tab", "#go"), accessibility={"presses": 15})
    (path,) = _seen(visit).paths
    assert visit.problems == ()
    assert (path.reached, path.trap) == wanted
    assert path.found
    assert path.presses <= 15
    assert path.operated is None


@pytest.mark.parametrize(
    ("style", "indicator"),
    [
        ("", "outline"),
        ("a { outline: none }", ""),
        ("a { outline: none } a:focus { background: #ff0 }", "style"),
        ("a { outline: none } a:focus::after { content: '<' }", "style"),
        ("a { outline: none } p:focus-within { box-shadow: 0 0 3px #000 }", ""),
        ("a { outline: none } p:has([href='/a']:focus) { box-shadow: 0 0 3px #000 }", "style"),
        ("a { outline: 3px solid transparent }", ""),
        ("a { outline: none } html:has([href='/a']:focus) { background: #ff0 }", "pixels"),
        ("a { outline: none } a + a:focus { outline: 3px solid }", ""),
    ],
)
def test_how_focus_shows(style: str, indicator: str, probe: Probe, server: Server) -> None:
    url = server.page(
        "/focus", document("<p><a href=/a>first</a> <a href=/b>second</a></p><hr>", f"<style>{style}</style>")
    )
    (path,) = _seen(probe.visit(("goto", url), ("tab", "[href='/b']"))).paths
    assert [stop.name for stop in path.stops] == ["first", "second"]
    assert path.stops[0].indicator == indicator


LONG = "<a href=/a>first</a><hr><p><a href=/b>second</a></p><hr><a href=/c>third</a>"
"""Links so far apart that each press of Tab scrolls."""
SPACED = "hr { height: 3000px; border: 0 } a { outline: none } "
SCROLLER = "main { height: 300px; overflow: auto } "
SMOOTH = "html { scroll-behavior: smooth } "
HIDING = """<div id=bar style='position: fixed; inset: 0 0 auto; height: 100vh; background: #ff0; display: none'>x</div><script>
let before = 0;
addEventListener('scroll', () => { bar.style.display = scrollY < before ? 'block' : 'none'; before = scrollY });
</script>"""
"""A bar that comes when the page is scrolled up."""


@pytest.mark.parametrize(
    ("style", "more", "indicator"),
    [
        (SPACED + "a:focus { outline: 3px solid }", "", "outline"),
        (SPACED, "", ""),
        (SPACED + "html:has([href='/b']:focus) { background: #ff0 }", "", "pixels"),
        (SPACED + SCROLLER, "", ""),
        (SPACED + SCROLLER + "html:has([href='/b']:focus) { background: #ff0 }", "", "pixels"),
        (SPACED + SMOOTH, "", ""),
        (SPACED + SMOOTH + "html:has([href='/b']:focus) { background: #ff0 }", "", "pixels"),
        (SPACED, HIDING, "unknown"),
        (SPACED + "@keyframes k { to { background: #ff0 } } html { animation: k 300ms infinite alternate }", "", "unknown"),
        (SPACED, "<script>addEventListener('focusout', (left) => left.target.pathname === '/b' && (document.querySelector('p').style.marginTop = '90px'))</script>", "unknown"),
        (SPACED, "<script>addEventListener('focusout', () => document.querySelector('main').append(document.createElement('hr')))</script>", ""),
        (SPACED, "<script>addEventListener('scroll', () => document.activeElement.pathname === '/c' && scrollTo(0, 9e9))</script>", "unknown"),
    ],
    ids=["outline", "none", "pixels", "box-none", "box-pixels", "smooth-none", "smooth-pixels", "bar", "moving", "moved", "grown", "refused"],
)  # fmt: skip
def test_how_focus_shows_where_tab_scrolls(style: str, more: str, indicator: str, probe: Probe, server: Server) -> None:
    url = server.page("/far", document(LONG, f"<style>{style}</style>") + more)
    (path,) = _seen(probe.visit(("goto", url), ("tab", "[href='/c']"))).paths
    assert [stop.name for stop in path.stops] == ["first", "second", "third"]
    assert path.stops[1].indicator == indicator


@pytest.mark.parametrize(
    ("name", "reject", "wanted"),
    [
        ("button", REJECT, (True, True, True)),
        ("mouse-only", "<div role=button tabindex=0 onclick=\"this.closest('div[id]').remove()\">Reject all</div>", (True, True, False)),
        ("unreachable", REJECT.replace("<button", "<button tabindex=-1"), (True, False, None)),
        ("missing", "", (False, False, None)),
    ],
)  # fmt: skip
def test_the_way_to_reject(
    name: str, reject: str, wanted: tuple[bool, bool, bool | None], probe: Probe, server: Server
) -> None:
    url = server.page(f"/reject/{name}", document(BANNER % reject))
    visit = probe.visit(("goto", url), ("tab", "reject"), consent={"page": "/"})
    (path,) = _seen(visit).paths
    assert (path.found, path.reached > 0, path.operated) == wanted


@pytest.mark.parametrize(
    ("body", "width"),
    [
        ("<p>text that wraps as it should</p>", 320),
        ("<div style='width: 700px'>wide</div>", 700),
        ("<div style='overflow-x: auto'><table style='width: 700px'><tr><td>x</table></div>", 320),
        ("<style>html { overflow-x: hidden }</style><p style='width: 700px'>cut off</p>", 700),
        (
            "<style>body { overflow-x: hidden }</style><div style='width: 700px; height: 9px; background: red'></div>",
            320,
        ),
    ],
)
def test_width_at_four_hundred_percent(body: str, width: int, probe: Probe, server: Server) -> None:
    viewport = "<meta name=viewport content='width=device-width'><style>body { margin: 0 }</style>"
    url = server.page("/narrow", document(body, viewport))
    visit = probe.visit(("goto", url), ("reflow", "as loaded"), ("axe", "after"))
    (seen,) = _seen(visit).reflows
    assert (seen.width_px, seen.content_px) == (320, width)
    assert bool(seen.widest) is (width > 320)
    assert _seen(visit).axe[0].viewport == (1350, 940)


@pytest.mark.parametrize(
    ("style", "moving"),
    [
        ("", []),
        ("p { animation: go 3s infinite }", ["main > p"]),
        ("p { animation: go 3s 2 }", ["main > p"]),
        ("p { animation: go 100ms }", []),
        ("p { animation: fade 3s infinite }", []),
        ("@media (prefers-reduced-motion: no-preference) { p { animation: go 3s infinite } }", []),
    ],
)
def test_what_moves_under_reduced_motion(style: str, moving: list[str], probe: Probe, server: Server) -> None:
    frames = "@keyframes go { to { transform: translateX(90px) } } @keyframes fade { to { opacity: 0.2 } }"
    url = server.page("/moving", document("<p>x</p>", f"<style>{frames} {style}</style>"))
    visit = probe.visit("reduce motion", ("goto", url), ("wait", "0.3"), ("motion", "reduced motion"))
    (seen,) = _seen(visit).motions
    assert seen.honoured
    assert [one.element for one in seen.animations] == moving
