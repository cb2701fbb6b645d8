"""The browser probe against a real Chromium and real servers on loopback."""

from __future__ import annotations

import hashlib
import ipaddress
import json
import os
import signal
import socket
import ssl
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from importlib.resources import files
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from browsing import PARTNER, SITE, Probe, Server, new_fleet, noise, probing, serving
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from gonogo.environment.models import Environment
from gonogo.environment.values import split_host
from gonogo.errors import EvidenceMissing
from gonogo.evidence import codec as facts
from gonogo.probes.browser.boundary import Answer, boundary
from gonogo.probes.browser.facts import Vitals
from gonogo.probes.browser.failures import kind_of
from gonogo.probes.browser.recorder import site_of
from gonogo.probes.browser.scripts import init_script, phrases

BANNER = """
<div role="dialog" id="cookie-banner" style="position:fixed;bottom:0;left:0;right:0;background:#eee">
  <p>We use cookies to measure how this site is used.</p>
  <button onclick="document.cookie='consent=yes;max-age=9999';hit();close_()">Accept all</button>
  <button onclick="document.cookie='consent=no;max-age=9999';close_()">Reject all</button>
</div>
<script>
  const hit = () => fetch('http://%(partner)s/hit', {mode: 'no-cors'});
  const close_ = () => document.querySelector('#cookie-banner').remove();
  if (document.cookie.includes('consent=')) close_();
</script>
"""


def until(condition: Callable[[], bool], seconds: float = 5.0) -> bool:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if condition():
            return True
        time.sleep(0.02)
    return condition()


# --- what is recorded ---------------------------------------------------------------------------------------


def test_a_visit_says_who_it_is_and_records_requests_cookies_and_storage(probe: Probe, server: Server) -> None:
    server.page("/style.css", "body{color:red}", headers={"Content-Type": "text/css"})
    url = server.page(
        "/plain",
        "<title>Plain</title><link rel=stylesheet href=/style.css><script>localStorage.a='1';sessionStorage.b='2'</script>text",
        headers={"Set-Cookie": "secret=abc; HttpOnly; SameSite=Strict"},
    )
    seen = probe.visit(("goto", url), ("snapshot", "loaded"))
    assert seen.problems == ()
    assert [(r.url, r.type, r.status, r.third_party, r.failure) for r in seen.requests] == [
        (url, "document", 200, False, ""),
        (server.url("/style.css"), "stylesheet", 200, False, ""),
    ]
    assert all(r.bytes > 15 for r in seen.requests)
    snapshot = seen.snapshot("loaded")
    assert snapshot is not None
    assert (snapshot.title, snapshot.url, snapshot.requests) == ("Plain", url, 2)
    assert [(c.name, c.value, c.http_only, c.same_site) for c in snapshot.cookies] == [
        ("secret", "abc", True, "Strict")
    ]
    assert (snapshot.local_storage, snapshot.session_storage) == ((("a", "1"),), (("b", "2"),))
    assert seen.viewport == (1350, 940)
    assert (probe.folder / seen.screenshot).read_bytes().startswith(b"\x89PNG")
    agent = server.agents["/plain"]
    assert "Headless" not in agent
    assert "Chrome/" in agent
    assert agent.endswith(f"(+{seen.screenshot.removesuffix('.png')})")
    assert seen.browser.split()[-1].count(".") == 3


def test_a_mobile_visit_is_small_and_says_so(probe: Probe, server: Server) -> None:
    url = server.page(
        "/mobile",
        "<meta name=viewport content='width=device-width'><script>document.title=innerWidth+'x'+navigator.maxTouchPoints</script>",
    )
    seen = probe.visit(("goto", url), ("snapshot", "s"), request={"device": "mobile"})
    assert seen.viewport == (412, 823)
    assert seen.snapshots[0].title.startswith("412x")
    assert seen.snapshots[0].title != "412x0"
    assert "Mobile Safari" in server.agents["/mobile"]


def test_automation_does_not_show(probe: Probe, server: Server) -> None:
    url = server.page("/bot", "<script>document.title = String(navigator.webdriver)</script>")
    assert probe.visit(("goto", url), ("snapshot", "s")).snapshots[0].title == "false"


def test_console_errors_and_exceptions_are_kept_apart(probe: Probe, server: Server) -> None:
    url = server.page(
        "/errors",
        "<script>console.error('went wrong');console.error('Content Security Policy');console.log('fine');setTimeout(()=>{throw new TypeError('boom')})</script>",
    )
    seen = probe.visit(("goto", url), ("wait", "0.1"))
    assert {(m.level, m.text) for m in seen.console} == {
        ("error", "went wrong"),
        ("error", "Content Security Policy"),
        ("pageerror", "TypeError: boom"),
    }
    assert all(m.source.startswith(url) for m in seen.console)


def test_csp_violations_are_seen_in_every_document_and_our_own_scripts_cause_none(probe: Probe, server: Server) -> None:
    policy = {"Content-Security-Policy": "default-src 'self'; script-src 'nonce-x'; require-trusted-types-for 'script'"}
    server.page("/inner", "<script>1</script>", headers={"Content-Security-Policy": "script-src 'none'"})
    other = server.page("/other", "<p>clean</p>", headers=policy)
    url = server.page(
        "/csp",
        f"<iframe src=/inner></iframe><script>bad()</script><script nonce=x>eval</script><button id=b>x</button>"
        f"<script nonce=x>setTimeout(()=>{{const i=new Image();i.src='{server.url('/x.png', PARTNER)}'}}, 50)</script>",
        headers=policy,
    )
    seen = probe.visit(
        ("goto", url),
        ("wait", "0.2"),
        ("snapshot", "a"),
        ("interact", "#b"),
        ("goto", other),
        ("snapshot", "b"),
        request={"measure": True},
    )
    assert sorted((v.directive, v.blocked.partition("?")[0], v.disposition) for v in seen.violations) == [
        ("img-src", server.url("/x.png", PARTNER), "enforce"),
        ("script-src-elem", "inline", "enforce"),
        ("script-src-elem", "inline", "enforce"),
    ]
    assert all(v.source.startswith((url, server.url("/inner"))) for v in seen.violations)
    assert {m.level for m in seen.console} == {"csp"}
    assert seen.vitals is not None
    assert seen.vitals.inp_ms is not None


@pytest.mark.parametrize("owner", ["Array", "Object"])
def test_csp_violations_are_seen_although_the_page_changes_how_json_is_made(
    owner: str, probe: Probe, server: Server
) -> None:
    url = server.page(
        "/tojson",
        f"<script>{owner}.prototype.toJSON = function () {{ return 'x' }}</script><img src=/none.png>",
        headers={"Content-Security-Policy": "img-src 'none'; script-src 'unsafe-inline'"},
    )
    seen = probe.visit(("goto", url), ("wait", "0.2"))
    assert [(v.directive, v.blocked) for v in seen.violations] == [("img-src", server.url("/none.png"))]
    assert {m.level for m in seen.console} == {"csp"}


# --- the boundary -------------------------------------------------------------------------------------------


def test_an_undeclared_host_is_never_reached_not_even_while_the_page_unloads(probe: Probe, server: Server) -> None:
    """Each of these names leads to the very server that listens, were it not for the browser's resolver rules."""
    outside = [server.url("/out", host) for host in ("localhost", "127.0.0.1", "127.0.0.2", "2130706433")]
    url = server.page(
        "/leaving",
        f"""<script>for (const out of {json.dumps(outside)}) {{
        new Image().src = out; new WebSocket(out.replace('http', 'ws'));
        addEventListener('pagehide', () => {{ navigator.sendBeacon(out); fetch(out, {{keepalive: true, method: 'POST'}}) }});
        addEventListener('visibilitychange', () => navigator.sendBeacon(out)); }}
        </script>""",
    )
    control = server.page(
        "/control", """<script>addEventListener('pagehide', () => navigator.sendBeacon("/unload"))</script>"""
    )
    seen = probe.visit(("goto", url), ("goto", control), ("goto", url))
    # Positive control: a beacon to the declared host, sent in the same way and before the last page, arrives.
    assert until(lambda: bool(server.arrived("/unload")))
    assert server.arrived("/out") == []
    failed = {(r.type, r.failure) for r in seen.requests if r.failure}
    assert failed == {("image", "blocked: undeclared host"), ("websocket", "blocked: undeclared host")}
    assert {m.level for m in seen.console} == {"blocked"}


def test_a_redirect_to_an_undeclared_host_is_the_guards_refusal(probe: Probe, server: Server) -> None:
    url = server.page("/away", "", status=302, headers={"Location": server.url("/outside", "localhost")})
    with pytest.raises(EvidenceMissing, match="localhost, which the environment does not declare") as caught:
        probe.visit(("goto", url))
    assert caught.value.kind == "guard"
    assert server.arrived("/outside") == []


def test_each_hop_of_a_redirect_is_a_request(probe: Probe, server: Server) -> None:
    landing = server.page("/landing", "<p>here</p>")
    seen = probe.visit(("goto", server.page("/moved", "", status=302, headers={"Location": "/landing"})))
    assert [(r.url, r.status) for r in seen.requests] == [(server.url("/moved"), 302), (landing, 200)]


def test_a_goto_to_an_undeclared_host_is_refused_before_the_browser(probe: Probe, server: Server) -> None:
    with pytest.raises(EvidenceMissing) as caught:
        probe.visit(("goto", server.url("/x", "localhost")))
    assert caught.value.kind == "guard"


def test_a_third_party_is_let_through_or_answered_inside_the_browser(probe: Probe, server: Server) -> None:
    url = server.page(
        "/third",
        f"""<script>fetch("{server.url("/hit", PARTNER)}", {{method: 'POST', credentials: 'include', body: '{{}}',
        headers: {{'content-type': 'application/json'}}}}).then((r) => document.title = 'answered ' + r.status, (e) => document.title = e)
        addEventListener('pagehide', () => navigator.sendBeacon("{server.url("/late", PARTNER)}"));</script>""",
    )
    party = {"host": PARTNER, "purpose": "analytics"}
    resolve = {SITE: "127.0.0.1", PARTNER: "127.0.0.1"}
    steps = (("goto", url), ("wait", "0.2"), ("snapshot", "s"))
    kept = probe.visit(*steps, third_parties=[party], resolve=resolve)
    assert server.arrived("/hit") == server.arrived("/late") == []
    assert kept.snapshots[0].title == "answered 204"
    assert [(r.url, r.status, r.third_party, r.failure) for r in kept.requests if "hit" in r.url] == [
        (server.url("/hit", PARTNER), 204, True, "")
    ]
    through = probe.visit(*steps, third_parties=[party | {"intercept": False}], resolve=resolve)
    assert until(lambda: bool(server.arrived("/hit")))
    assert any("/hit" in r.url and r.third_party for r in through.requests)


def test_on_production_nothing_posts_from_where_nobody_looks(probe: Probe, server: Server) -> None:
    """A shared worker outlives its page and fetchLater its tab; neither passes the driver, so neither exists."""
    worker = f"fetch('{server.url('/from-worker')}', {{method: 'POST', mode: 'no-cors'}})"
    url = server.page(
        "/hidden",
        f"""<script>
        try {{ new SharedWorker(URL.createObjectURL(new Blob(["{worker}"]))); }} catch {{ fetch('/no-shared-worker'); }}
        try {{ fetchLater('/later', {{method: 'POST'}}); }} catch {{ fetch('/no-fetch-later'); }}
        </script>""",
    )
    probe.visit(("goto", url), ("wait", "0.2"), tier="production")
    assert until(lambda: bool(server.arrived("/no-shared-worker")))
    assert until(lambda: bool(server.arrived("/no-fetch-later")))
    assert server.arrived("/from-worker") == server.arrived("/later") == []


MUTATIONS = {"/put", "/beacon", "/xhr", "/unload-beacon", "/unload-fetch", "/unload-request", "/unload-xhr"}


def test_on_production_only_safe_methods_leave_the_browser(probe: Probe, server: Server) -> None:
    url = server.page(
        "/posting",
        """<script>
        fetch('/put', {method: 'PUT'}).catch(() => {}); navigator.sendBeacon('/beacon'); fetch('/got');
        addEventListener('pagehide', () => { navigator.sendBeacon('/unload-beacon'); fetch('/unload-fetch', {method: 'POST', keepalive: true});
          fetch(new Request('/unload-request', {method: 'POST', keepalive: true}));
          const x = new XMLHttpRequest(); x.open('POST', '/unload-xhr'); x.send(); });
        const x = new XMLHttpRequest(); x.open('POST', '/xhr'); x.send();
        </script>""",
    )
    other = server.page("/quiet", "<p>quiet</p>")
    for _ in range(3):
        seen = probe.visit(("goto", url), ("wait", "0.1"), ("goto", other), ("wait", "0.1"), tier="production")
    refused = {(r.method, r.url) for r in seen.requests if r.failure == "blocked: method"}
    assert {("PUT", server.url("/put")), ("POST", server.url("/beacon")), ("POST", server.url("/xhr"))} <= refused
    assert set(server.arrived("/got")) == {("GET", SITE)}
    assert [(m, p) for m, _, p in server.log if m not in {"GET", "HEAD", "OPTIONS"} and p in MUTATIONS] == []
    probe.visit(("goto", url), ("goto", other), tier="production", limits={"allow_methods": ["POST"]})
    assert until(lambda: server.arrived("/beacon") == [("POST", SITE)])
    assert server.arrived("/put") == []


def test_resolver_rules_and_judgement_agree() -> None:
    environment = Environment.model_validate(
        {
            "name": "t",
            "tier": "production",
            "site": {"url": "https://www.shop.test:8443"},
            "resolve": {"www.shop.test": "::1", "undeclared.test": "127.0.0.1"},
            "hosts": ["cdn.shop.test:444", "192.0.2.7"],
            "tls": {"hosts": ["[2001:db8::7]:993"]},
            "third_parties": [
                {"host": PARTNER, "purpose": "analytics"},
                {"host": "www.shop.test", "purpose": "other"},
            ],
        }
    )
    limits = boundary(environment)
    assert limits.resolver_rules() == (
        "MAP www.shop.test [::1] , MAP * ~NOTFOUND , EXCLUDE 192.0.2.7 , EXCLUDE 2001:db8::7 , EXCLUDE cdn.shop.test"
    )
    assert limits.origins == (("www.shop.test", 8443), ("cdn.shop.test", 444), ("2001:db8::7", 993))
    answers = {
        "https://www.shop.test/": Answer.ALLOW,
        "https://[2001:db8::7]/": Answer.ALLOW,
        f"https://{PARTNER}/": Answer.INTERCEPT,
        "https://undeclared.test/": Answer.UNDECLARED,
        "wss://undeclared.test/": Answer.UNDECLARED,
        "data:text/plain,x": Answer.ALLOW,
    }
    assert {url: limits.judge("GET", url) for url in answers} == answers
    assert limits.judge("POST", "https://www.shop.test/") is Answer.METHOD


@pytest.mark.parametrize("host", ["*", "a b", "x.test , EXCLUDE *", "*.shop.test"])
def test_what_is_not_a_host_name_never_becomes_a_rule(host: str) -> None:
    environment = Environment.model_validate(
        {"name": "t", "tier": "demo", "site": {"url": "https://www.shop.test"}, "hosts": [host]}
    )
    with pytest.raises(EvidenceMissing, match="not a host name"):
        boundary(environment)


def test_split_host_reads_every_form() -> None:
    assert split_host("A.test") == ("a.test", None)
    assert split_host("a.test:8443") == ("a.test", 8443)
    assert split_host("[::1]:443") == ("::1", 443)
    assert split_host("::1") == ("::1", None)


def test_third_party_is_told_by_registrable_domain() -> None:
    assert site_of("https://a.b.example.co.uk/") == "example.co.uk"
    assert site_of("https://me.github.io/") != site_of("https://you.github.io/")
    assert site_of("http://127.0.0.1:80/") == "127.0.0.1"
    assert site_of("http://localhost/") == "localhost"


# --- navigation failures ------------------------------------------------------------------------------------


def test_a_dead_port_is_a_connect_failure(probe: Probe) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with pytest.raises(EvidenceMissing, match="ERR_CONNECTION_REFUSED") as caught:
        probe.visit(("goto", f"http://{SITE}:{port}/"))
    assert caught.value.kind == "connect"


def test_a_silent_server_is_a_timeout(probe: Probe, server: Server) -> None:
    url = server.page("/silent", "late", delay=3)
    with pytest.raises(EvidenceMissing) as caught:
        probe.visit(("goto", url), limits={"request_timeout_s": 0.5})
    assert caught.value.kind == "timeout"


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        ("NAME_NOT_RESOLVED", "dns"),
        ("CONNECTION_REFUSED", "connect"),
        ("ADDRESS_UNREACHABLE", "connect"),
        ("CERT_AUTHORITY_INVALID", "tls"),
        ("SSL_PROTOCOL_ERROR", "tls"),
        ("CONNECTION_TIMED_OUT", "timeout"),
        ("EMPTY_RESPONSE", "protocol"),
        ("TOO_MANY_REDIRECTS", "protocol"),
        ("ABORTED", "protocol"),
    ],
)
def test_the_browsers_codes_have_a_kind(code: str, kind: str) -> None:
    assert kind_of(f"Page.goto: net::ERR_{code} at http://x/") == kind


def test_a_step_that_fails_is_a_problem_and_the_rest_is_still_seen(
    probe: Probe, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gonogo.probes.browser.walk.INTERACTION_S", 0.3)
    url = server.page("/steps", "<p>x</p>")
    seen = probe.visit(("goto", url), ("click", "#nowhere"), "scroll", ("snapshot", "s"))
    assert [problem.partition(":")[0] for problem in seen.problems] == ["click #nowhere"]
    assert seen.snapshot("s") is not None


# --- consent ------------------------------------------------------------------------------------------------


def consent_page(server: Server, path: str, body: str = BANNER) -> str:
    return server.page(path, "<title>t</title>" + body % {"partner": f"{PARTNER}:{server.port}"})


PARTNERSHIP: dict[str, Any] = {
    "hosts": [PARTNER],
    "resolve": {SITE: "127.0.0.1", PARTNER: "127.0.0.1"},
    "consent": {},
}


@pytest.mark.parametrize(("choice", "value", "hits"), [("accept", "yes", 1), ("reject", "no", 0)])
def test_a_choice_has_its_effect_and_persists(
    probe: Probe, server: Server, monkeypatch: pytest.MonkeyPatch, choice: str, value: str, hits: int
) -> None:
    monkeypatch.setattr("gonogo.probes.browser.consent.APPEAR_S", 0.5)
    url = consent_page(server, f"/consent-{choice}")
    server.log.clear()
    seen = probe.visit(
        ("goto", url), ("wait", "0.1"), ("snapshot", "first"), ("consent", choice), ("wait", "0.2"), ("snapshot", "chosen"),
        "reload", ("snapshot", "reloaded"), **PARTNERSHIP,
    )  # fmt: skip
    assert seen.problems == ()
    first, chosen, reloaded = seen.snapshots
    assert first.banner.visible
    assert (first.banner.accept, first.banner.reject) == ("Accept all", "Reject all")
    assert "We use cookies" in first.banner.text
    assert first.cookies == ()
    assert not chosen.banner.visible
    assert [(c.name, c.value) for c in chosen.cookies] == [("consent", value)]
    assert not reloaded.banner.visible
    assert len(server.arrived("/hit")) == hits
    later = [r.url for r in seen.requests[first.requests : chosen.requests]]
    assert later == [server.url("/hit", PARTNER)] * hits


def test_a_tracker_before_the_choice_is_seen_before_the_first_snapshot(probe: Probe, server: Server) -> None:
    url = consent_page(server, "/early", BANNER + "<script>hit();document.cookie='_ga=1'</script>")
    seen = probe.visit(("goto", url), ("wait", "0.2"), ("snapshot", "first"), **PARTNERSHIP)
    first = seen.snapshots[0]
    assert [r.url for r in seen.requests[: first.requests] if r.third_party] == [server.url("/hit", PARTNER)]
    assert [c.name for c in first.cookies] == ["_ga"]


SHADOW = """<cookie-bar></cookie-bar><script>
customElements.define('cookie-bar', class extends HTMLElement { connectedCallback() {
  const root = this.attachShadow({mode: '%(mode)s'});
  root.innerHTML = `<style>div{position:fixed;top:0}</style><div><p>This site uses cookies.</p><button id=n>Decline</button><button id=y>OK</button></div>`;
  for (const b of root.querySelectorAll('button')) b.onclick = (e) => { if (e.isTrusted) { document.cookie = 'consent=' + b.id; this.remove() } };
  document.title = String(this.shadowRoot);
}});</script>"""
GERMAN = """<section class="hinweis" style="position:sticky;top:0">Wir verwenden Cookies, um unsere Website zu verbessern.
<button onclick="c('y')">Alles akzeptieren</button> <a href="#" onclick="c('n')">Nur notwendige Cookies</a>
<a href="/datenschutz">Datenschutzerklärung</a></section>
<script>const c = (v) => { document.cookie = 'consent=' + v; document.querySelector('section').style.display = 'none' }</script>"""
JAPANESE = """<div id="cookie-notice">当サイトではクッキーを使用しています。<button onclick="c('y')">すべて同意する</button>
<button onclick="c('n')">拒否する</button></div>
<script>const c = (v) => { document.cookie = 'consent=' + v; document.querySelector('div').hidden = true }</script>"""
HIDDEN_NAME = """<div role=alertdialog>Cookies: your privacy <button aria-label="Cookies : Deny all cookies" onclick="c('n')"><i>✗</i></button>
<span role=button tabindex=0 onclick="c('y')">✓ Allow all cookies</span><button>Pay and reject</button><button>Cookie settings</button></div>
<script>const c = (v) => { document.cookie = 'consent=' + v; document.querySelector('div').remove() }</script>"""
LATE = """<script>setTimeout(() => { document.body.innerHTML += `<dialog open style="position:fixed">We value your privacy and use cookies
<button id=y>Accept</button><button id=n>Continue without accepting</button></dialog>`;
setTimeout(() => document.querySelectorAll('button').forEach((b) => b.onclick = () => {
  document.cookie = 'consent=' + b.id; document.querySelector('dialog').style.transition = 'opacity .2s';
  document.querySelector('dialog').style.opacity = 0 }), 700); }, 600)</script>"""
DECOYS = """<div role=dialog style="position:fixed;top:0">Subscribe to our newsletter! See our privacy policy. <input type=email><button>No thanks</button>
<button>I agree</button></div><div role=dialog style="position:fixed;top:200px">Are you over 18? This site uses cookies. <button>Yes</button>
<button>No</button></div><footer>Cookie policy <a href=/c>Accept nothing</a></footer>"""


@pytest.mark.parametrize(
    ("name", "body"),
    [
        ("open", SHADOW % {"mode": "open"}),
        ("closed", SHADOW % {"mode": "closed"}),
        ("german", GERMAN),
        ("japanese", JAPANESE),
        ("hidden-name", HIDDEN_NAME),
        ("late", LATE),
        ("decoys-then-banner", DECOYS + BANNER % {"partner": "x"}),
    ],
)
def test_the_banner_is_found_by_its_words_wherever_it_stands(
    probe: Probe, server: Server, name: str, body: str
) -> None:
    url = server.page(f"/find-{name}", "<!doctype html><title>t</title><body>" + body)
    seen = probe.visit(
        ("goto", url), ("snapshot", "first"), ("consent", "reject"), ("snapshot", "chosen"), **PARTNERSHIP
    )
    assert seen.problems == ()
    assert seen.snapshots[0].banner.visible
    assert seen.snapshots[0].banner.accept
    assert seen.snapshots[0].banner.reject
    assert [c.value for c in seen.snapshots[1].cookies] in (["n"], ["no"])
    if name == "closed":
        assert seen.snapshots[0].title == "null"  # the page's own closed root stays closed to the page


def test_a_banner_in_a_frame_of_another_host_is_found_and_pressed(probe: Probe, server: Server) -> None:
    server.page(
        "/cmp",
        """<body>We and our partners use cookies. <button onclick="parent.postMessage('y','*')">Accept all</button>
        <button onclick="parent.postMessage('n','*')">Refuse</button>""",
    )
    url = server.page(
        "/framed",
        f"""<iframe style="position:fixed;bottom:0" src="{server.url("/cmp", PARTNER)}"></iframe>
        <iframe style="visibility:hidden" src="{server.url("/cmp", PARTNER)}"></iframe>
        <script>onmessage = (e) => {{ document.cookie = 'consent=' + e.data; document.querySelector('iframe').remove() }}</script>""",
    )
    seen = probe.visit(
        ("goto", url), ("snapshot", "first"), ("consent", "reject"), ("snapshot", "chosen"), **PARTNERSHIP
    )
    assert seen.problems == ()
    assert seen.snapshots[0].banner.reject == "Refuse"
    assert [c.value for c in seen.snapshots[1].cookies] == ["n"]
    assert not seen.snapshots[1].banner.visible


def test_what_only_looks_like_a_banner_is_left_alone(
    probe: Probe, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gonogo.probes.browser.consent.CHOOSE_S", 0.3)
    monkeypatch.setattr("gonogo.probes.browser.consent.APPEAR_S", 0.3)
    url = server.page("/decoys", "<body>" + DECOYS)
    seen = probe.visit(("goto", url), ("snapshot", "first"), ("consent", "accept"), **PARTNERSHIP)
    assert not seen.snapshots[0].banner.visible
    assert seen.problems == ("consent accept: no control to accept was found",)


def test_declared_selectors_come_first(probe: Probe, server: Server) -> None:
    url = server.page(
        "/selectors",
        """<div id=ours style="position:fixed">Keks? <button id=ja onclick="c('y')">Jawoll</button><button id=nix onclick="c('n')">Nix</button></div>
        <script>const c = (v) => { document.cookie = 'consent=' + v; document.querySelector('#ours').remove() }</script>""",
    )
    declared = {"banner": "#ours", "accept": "#ja", "reject": "#nix"}
    seen = probe.visit(
        ("goto", url), ("snapshot", "first"), ("consent", "reject"), ("snapshot", "chosen"), consent=declared
    )
    assert seen.problems == ()
    assert (seen.snapshots[0].banner.accept, seen.snapshots[0].banner.reject) == ("Jawoll", "Nix")
    assert [c.value for c in seen.snapshots[1].cookies] == ["n"]


def test_a_click_without_effect_is_a_problem(probe: Probe, server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gonogo.probes.browser.consent.CHOOSE_S", 0.5)
    url = server.page(
        "/stays",
        """<div role=dialog>We use cookies <button>Accept all</button><button>Reject all</button></div>""",
    )
    seen = probe.visit(("goto", url), ("consent", "reject"), **PARTNERSHIP)
    assert len(seen.problems) == 1
    assert seen.problems[0].startswith("consent reject: the banner stayed after")


LABELS = [
    (
        "en",
        "We use cookies",
        ("Accept all", "Allow all cookies", "I agree", "Got it!"),
        ("Reject all", "Continue without accepting", "Only necessary cookies", "Do not accept"),
    ),
    (
        "de",
        "Wir nutzen Cookies",
        ("Alle akzeptieren", "Zustimmen", "Alles klar"),
        ("Alle ablehnen", "Nur notwendige Cookies verwenden", "Ohne Einwilligung fortfahren"),
    ),
    (
        "fr",
        "Ce site utilise des cookies",
        ("Tout accepter", "J\u2019accepte", "D'accord"),
        ("Tout refuser", "Continuer sans accepter →", "Non, merci"),
    ),
    (
        "es",
        "Usamos cookies",
        ("Aceptar todo", "Permitir todas", "De acuerdo"),
        ("Rechazar todo", "Solo necesarias", "Continuar sin aceptar"),
    ),
    (
        "it",
        "Questo sito usa cookie",
        ("Accetta tutti", "Acconsento"),
        ("Rifiuta tutti", "Solo cookie necessari", "Continua senza accettare"),
    ),
    (
        "pt",
        "Utilizamos cookies",
        ("Aceitar todos", "Concordo"),
        ("Rejeitar todos", "Recusar", "Apenas necessários"),
    ),
    (
        "nl",
        "Wij gebruiken cookies",
        ("Alles accepteren", "Akkoord", "Cookies toestaan"),
        ("Alles weigeren", "Alleen noodzakelijke cookies", "Niet akkoord"),
    ),
    (
        "pl",
        "Używamy plików cookie",
        ("Zaakceptuj wszystkie", "Zgadzam się"),
        ("Odrzuć wszystkie", "Nie zgadzam się", "Tylko niezbędne"),
    ),
    (
        "sv",
        "Vi använder kakor",
        ("Acceptera alla", "Godkänn alla", "Tillåt alla"),
        ("Avvisa alla", "Endast nödvändiga", "Neka"),
    ),
    ("da", "Vi bruger cookies", ("Accepter alle", "Tillad alle"), ("Afvis alle", "Kun nødvendige")),
    ("nb", "Vi bruker informasjonskapsler (cookies)", ("Godta alle",), ("Avvis alle", "Kun nødvendige")),
    (
        "fi",
        "Käytämme evästeitä",
        ("Hyväksy kaikki", "Salli kaikki evästeet"),
        ("Hylkää kaikki", "Vain välttämättömät", "Kiellä"),
    ),
    (
        "cs",
        "Používáme soubory cookie",
        ("Přijmout vše", "Souhlasím"),
        ("Odmítnout vše", "Pouze nezbytné", "Nesouhlasím"),
    ),
    (
        "ja",
        "当サイトではクッキーを使用します",
        ("すべて同意する", "許可する"),
        ("すべて拒否する", "同意しない"),
    ),
]


def test_labels_are_understood_in_every_language(probe: Probe, server: Server) -> None:
    cases = [
        (language, text, yes, no) for language, text, accepts, rejects in LABELS for yes in accepts for no in rejects
    ]

    async def look() -> list[tuple[str, str, str, str]]:
        environment = probe.environment()
        running = await probe.fleet.browser(boundary(environment).flags(()))
        page = await running.browser.new_page()
        await page.add_init_script(init_script(boundary(environment), None, measure=False))
        await page.goto("about:blank")
        wrong = []
        for language, text, yes, no in cases:
            await page.set_content(
                f"<div role=dialog><p>{text}</p><button>{no}</button><button>{yes}</button><a href=/p>Cookie policy</a></div>"
            )
            told = await page.evaluate("() => window.__gonogo.look()")
            if told is None or (told["accept"], told["reject"]) != (yes, no):
                wrong.append((language, yes, no, repr(told)))
        await page.close()
        return wrong

    assert probe.portal.call(look) == []


def test_no_phrase_both_accepts_and_is_lost_to_another_purpose() -> None:
    said = phrases()
    purposes = "accept reject not other all selection consent gate preferences save close withdraw policy opt_out essential inessential optional on off"
    assert set(said) == set(purposes.split())
    assert all(phrase == phrase.lower().strip() and phrase.strip("*=") for group in said.values() for phrase in group)


# --- Web Vitals ---------------------------------------------------------------------------------------------


def measured(probe: Probe, *steps: tuple[str, str], **fields: Any) -> Vitals:
    seen = probe.visit(*steps, request={"measure": True}, **fields)
    assert seen.problems == ()
    assert seen.vitals is not None
    return seen.vitals


@pytest.mark.alone
@pytest.mark.parametrize("tier", ["staging", "production"])
def test_lcp_is_when_the_late_image_came(probe: Probe, server: Server, tier: str) -> None:
    server.page("/slow.png", noise(400, 300), delay=0.8, headers={"Content-Type": "image/png"})
    url = server.page("/lcp", "<!doctype html><p>text</p><img id=hero src=/slow.png width=800 height=600>")
    # A machine that others share delays a load now and then, so the quickest of three counts; none is too quick.
    for _ in range(3):
        vitals = measured(probe, ("goto", url), tier=tier)
        assert vitals.lcp_ms is not None
        assert vitals.lcp_ms >= 800
        if vitals.lcp_ms <= 800 * 1.1 + 50:
            break
    assert vitals.lcp_ms is not None
    assert vitals.lcp_ms <= 800 * 1.1 + 50
    assert "#hero" in vitals.lcp_element
    assert vitals.ttfb_ms is not None
    assert 0 < vitals.ttfb_ms < 100
    assert vitals.fcp_ms is not None
    assert vitals.fcp_ms < 400
    assert (vitals.cls, vitals.inp_ms) == (0, None)


@pytest.mark.alone
def test_cls_is_what_arithmetic_says(probe: Probe, server: Server) -> None:
    url = server.page(
        "/cls",
        """<!doctype html><body style="margin:0"><div id=push style="height:0"></div><div id=block style="height:400px;background:#08c">x</div>
        <script>onload = () => setTimeout(() => push.style.height = '100px', 250)</script>""",
    )
    vitals = measured(probe, ("goto", url), ("wait", "0.6"))
    # Impact: the block's old and new place, 500 of 940 pixels high; distance: 100 pixels of the larger side.
    assert vitals.cls == pytest.approx(500 / 940 * 100 / 1350, rel=0.01)
    assert "#block" in vitals.cls_element


@pytest.mark.alone
def test_inp_is_how_long_the_handler_kept_the_page_busy(probe: Probe, server: Server) -> None:
    url = server.page(
        "/inp",
        "<!doctype html><p>text<button id=busy onclick='const t=performance.now();while(performance.now()-t<120);this.textContent=1'>b</button>",
    )
    vitals = measured(probe, ("goto", url), ("interact", "#busy"))
    assert vitals.inp_ms is not None
    assert 120 <= vitals.inp_ms <= 120 * 1.1 + 50
    assert vitals.inp_element == "#busy"
    assert vitals.lcp_ms is not None


def test_an_interaction_that_is_never_reported_is_a_problem_and_none(
    probe: Probe, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gonogo.probes.browser.walk.INTERACTION_S", 0.4)
    url = server.page("/noinp", "<!doctype html><p>text<button id=b>b</button>")
    seen = probe.visit(("goto", url), ("interact", "#b"), request={"measure": True})
    assert seen.vitals is not None
    assert seen.vitals.inp_ms is None
    assert [problem.partition(":")[0] for problem in seen.problems] == ["interact #b"]


def test_the_vendored_library_is_the_one_that_is_named() -> None:
    folder = files("gonogo.vendor") / "web-vitals"
    sums = dict(reversed(line.split()) for line in (folder / "SHA256SUMS").read_text().splitlines())
    assert set(sums) == {"web-vitals.attribution.iife.js", "LICENSE"}
    for name, digest in sums.items():
        assert hashlib.sha256((folder / name).read_bytes()).hexdigest() == digest
    assert "Apache License" in (folder / "LICENSE").read_text()
    assert (folder / "VERSION").read_text() == "6.2.3\n"


# --- strangers ----------------------------------------------------------------------------------------------


def test_a_hostile_page_is_bounded(probe: Probe, server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    url = server.page(
        "/hostile",
        """<script>
        document.title = 'x'.repeat(1e7);
        for (let i = 0; i < 400; i++) document.cookie = 'c' + i + '=' + 'v'.repeat(20);
        for (let i = 0; i < 400; i++) localStorage['k' + i] = 'v'.repeat(1000);
        for (let i = 0; i < 100; i++) fetch('/n?' + i + 'y'.repeat(3000));
        for (let i = 0; i < 300; i++) console.error('e'.repeat(1e4));
        alert('stop'); confirm('really?'); open('/popup'); open('/popup');
        location.hash = 'z'.repeat(5000);
        const a = document.createElement('a'); a.href = '/file'; a.download = 'f'; a.click();
        onbeforeunload = () => 'stay';
        for (let i = 0; i < 300; i++) __gonogo_violation?.(['d', 'b', 's', 'x'.repeat(1e4)]);
        </script>""",
    )
    began = time.monotonic()
    seen = probe.visit(("goto", url), ("snapshot", "s"), "reload")
    assert time.monotonic() - began < 30
    stored = json.dumps(facts.to_json(seen))
    assert len(stored) < 3_000_000
    assert len(seen.requests) > 100
    assert len(seen.console) == 200
    assert len(seen.violations) == 200
    snapshot = seen.snapshots[0]
    assert len(snapshot.title) == 300
    assert len(snapshot.local_storage) == 400
    assert max(len(value) for _, value in snapshot.local_storage) == 200
    assert max(len(text) for r in seen.requests for text in (r.url, r.failure)) <= 2000
    assert any("more console messages than are recorded" in problem for problem in seen.problems)


@pytest.mark.parametrize(
    ("limit", "script", "what"),
    [
        ("recorder.MOST_REQUESTS", "for (let i = 0; i < 20; i++) fetch('/n?' + i)", "requests"),
        ("kept.MOST_COOKIES", "for (let i = 0; i < 20; i++) document.cookie = 'c' + i + '=1'", "cookies"),
        (
            "kept.MOST_STORED",
            "for (let i = 0; i < 20; i++) localStorage['k' + i] = '1'",
            "entries in localStorage",
        ),
    ],
)
def test_a_list_that_would_be_cut_short_is_no_evidence(
    probe: Probe, server: Server, monkeypatch: pytest.MonkeyPatch, limit: str, script: str, what: str
) -> None:
    """What a check looks for could stand behind the cut."""
    monkeypatch.setattr("gonogo.probes.browser.walk.MOST_REQUESTS", 10)
    monkeypatch.setattr(f"gonogo.probes.browser.{limit}", 10, raising=True)
    with pytest.raises(EvidenceMissing, match=f"more than 10 {what}") as caught:
        probe.visit(("goto", server.page("/many", f"<script>{script}</script>")), ("snapshot", "s"))
    assert caught.value.kind == "too-large"


def test_windows_that_a_page_opens_are_closed(probe: Probe, server: Server) -> None:
    server.page("/popup", "<title>popup</title>")
    url = server.page(
        "/opener",
        "<title>opener</title><script>open('/popup'); open('/popup', '_blank', 'noopener')</script>",
    )
    seen = probe.visit(("goto", url), ("wait", "0.2"), ("snapshot", "s"))
    assert seen.problems == ()
    assert seen.snapshots[0].title == "opener"
    assert {r.url for r in seen.requests} <= {url, server.url("/popup")}


def test_a_page_that_never_ends_is_bounded(probe: Probe, server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gonogo.probes.browser.walk.STEP_S", 0.5)
    monkeypatch.setattr("gonogo.probes.browser.pages.CLOSE_S", 0.5)
    monkeypatch.setattr("gonogo.probes.browser.walk.SETTLE_S", 0.5)
    monkeypatch.setattr("gonogo.probes.browser.pages.SCREENSHOT_S", 0.5)
    url = server.page("/spin", "<p>x</p><script>setTimeout(() => { while (true); }, 100)</script>")
    seen = probe.visit(("goto", url), ("wait", "0.2"), ("snapshot", "s"), limits={"request_timeout_s": 1})
    assert seen.snapshot("s") is None
    assert any(problem.startswith("snapshot s: not done after") for problem in seen.problems)
    again = probe.visit(("goto", server.page("/after", "<title>after</title>")), ("snapshot", "s"))
    assert again.snapshots[0].title == "after"


@pytest.mark.parametrize(
    ("path", "headers", "status"),
    [
        ("/loop", {"Location": "/loop"}, 302),
        (
            "/download",
            {"Content-Disposition": "attachment; filename=x.bin", "Content-Type": "application/octet-stream"},
            200,
        ),
    ],
)
def test_an_endless_redirect_and_a_download_are_not_pages(
    probe: Probe, server: Server, path: str, headers: dict[str, str], status: int
) -> None:
    with pytest.raises(EvidenceMissing) as caught:
        probe.visit(("goto", server.page(path, "x", status=status, headers=headers)))
    assert caught.value.kind == "protocol"


def test_a_page_that_reloads_itself_for_ever_is_bounded(
    probe: Probe, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gonogo.probes.browser.walk.STEP_S", 1.0)
    monkeypatch.setattr("gonogo.probes.browser.pages.CLOSE_S", 1.0)
    monkeypatch.setattr("gonogo.probes.browser.walk.SETTLE_S", 0.5)
    monkeypatch.setattr("gonogo.probes.browser.pages.SCREENSHOT_S", 0.5)
    began = time.monotonic()
    seen = probe.visit(
        ("goto", server.page("/again", "<script>location.reload()</script>")),
        ("wait", "0.2"),
        limits={"request_timeout_s": 1},
    )
    assert time.monotonic() - began < 10
    assert len(seen.requests) > 1


# --- a private CA -------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Authority:
    key: ec.EllipticCurvePrivateKey
    certificate: x509.Certificate

    def issue(self, folder: Path, *names: str, days: int = 30) -> ssl.SSLContext:
        key = ec.generate_private_key(ec.SECP256R1())
        now = datetime.now(UTC)
        alternatives = [
            x509.DNSName(n) if not n[0].isdigit() else x509.IPAddress(ipaddress.ip_address(n)) for n in names
        ]
        leaf = (
            x509.CertificateBuilder()
            .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, names[0])]))
            .issuer_name(self.certificate.subject)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - timedelta(days=60))
            .not_valid_after(now + timedelta(days=days))
            .add_extension(x509.SubjectAlternativeName(alternatives), critical=False)
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(self.key.public_key()), critical=False)
            .sign(self.key, hashes.SHA256())
        )
        file = folder / f"{names[0]}{days}.pem"
        private = key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        file.write_bytes(private + leaf.public_bytes(serialization.Encoding.PEM))
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(file)
        return context


@pytest.fixture(scope="module")
def authority() -> Authority:
    key = ec.generate_private_key(ec.SECP256R1())
    now = datetime.now(UTC)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Private CA")])
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=90))
        .not_valid_after(now + timedelta(days=90))
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(
            x509.KeyUsage(
                digital_signature=False, content_commitment=False, key_encipherment=False, data_encipherment=False,
                key_agreement=False, key_cert_sign=True, crl_sign=True, encipher_only=False, decipher_only=False,
            ),
            critical=True,
        )
        .sign(key, hashes.SHA256())
    )  # fmt: skip
    return Authority(key, certificate)


def private(tmp_path: Path, authority: Authority, secure: Server) -> dict[str, Any]:
    bundle = tmp_path / "ca.pem"
    bundle.write_bytes(authority.certificate.public_bytes(serialization.Encoding.PEM))
    return {
        "ca_file": str(bundle),
        "site": {"url": secure.url("", scheme="https")},
        "resolve": {SITE: "127.0.0.1", PARTNER: "127.0.0.1"},
    }


def test_a_certificate_of_the_private_ca_is_trusted_by_its_key(
    probe: Probe, tmp_path: Path, authority: Authority
) -> None:
    with serving(Server(), authority.issue(tmp_path, SITE, PARTNER)) as secure:
        url = secure.page("/", f'<title>secure</title><script src="{secure.url("/t.js", PARTNER, "https")}"></script>')
        secure.page("/t.js", "document.title += ' ' + isSecureContext", headers={"Content-Type": "text/javascript"})
        url = secure.url("/", scheme="https")
        seen = probe.visit(("goto", url), ("snapshot", "s"), hosts=[PARTNER], **private(tmp_path, authority, secure))
        assert seen.snapshots[0].title == "secure true"
        assert seen.console == ()
        assert "Headless" not in secure.hints["/"]
        assert "Chromium" in secure.hints["/"]


@pytest.mark.parametrize("fault", ["expired", "name", "authority"])
def test_a_certificate_that_does_not_verify_is_not_pinned(
    probe: Probe, tmp_path: Path, authority: Authority, fault: str
) -> None:
    names = ("other.test",) if fault == "name" else (SITE,)
    context = authority.issue(tmp_path, *names, days=-1 if fault == "expired" else 30)
    with serving(Server(), context) as secure:
        fields = private(tmp_path, authority, secure)
        if fault == "authority":
            other = ec.generate_private_key(ec.SECP256R1())
            name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Somebody else")])
            stranger = (
                x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(other.public_key()).serial_number(7)
                .not_valid_before(datetime.now(UTC)).not_valid_after(datetime.now(UTC) + timedelta(days=1)).sign(other, hashes.SHA256())
            )  # fmt: skip
            Path(fields["ca_file"]).write_bytes(stranger.public_bytes(serialization.Encoding.PEM))
        with pytest.raises(EvidenceMissing, match="ERR_CERT_") as caught:
            probe.visit(("goto", secure.url("/", scheme="https")), **fields)
        assert caught.value.kind == "tls"
        assert secure.log == []


# --- the browser itself -------------------------------------------------------------------------------------


def test_a_browser_that_died_is_started_again(probe: Probe, server: Server) -> None:
    url = server.page("/revived", "<title>alive</title>")
    probe.visit(("goto", url))
    running = list(probe.fleet._running.values())

    async def close() -> None:
        for one in running:
            await one.browser.close()

    probe.portal.call(close)
    assert probe.visit(("goto", url), ("snapshot", "s")).snapshots[0].title == "alive"


@pytest.mark.wait
@pytest.mark.slow
@pytest.mark.parametrize("at", ["script", "load"])
def test_a_page_that_ends_the_driver_spoils_no_later_visit(at: str, server: Server) -> None:
    """What a page hands to the driver is JSON by the page's own `JSON`, and the driver does not survive what is none."""
    write = "__gonogo_cookie(['a', 'b=1'])"
    deadly = server.page(
        "/deadly",
        f"<script>JSON.stringify = () => 'x'; {write if at == 'script' else f'onload = () => {{ {write} }}'}</script>",
    )
    good = server.page("/good", "<title>good</title>")
    with TemporaryDirectory() as folder, probing(server, Path(folder)) as alone:
        for _ in range(2):
            with pytest.raises(EvidenceMissing):
                alone.visit(("goto", deadly), ("wait", "0.3"), ("snapshot", "s"), request={"privacy": True})
            for _ in range(2):
                assert alone.visit(("goto", good), ("snapshot", "s")).snapshots[0].title == "good"


def test_no_browser_is_unavailable_and_says_so_each_time(
    probe: Probe, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GONOGO_BROWSER", "/nowhere/chromium")
    url = server.page("/unseen", "x")
    alone = Probe(probe.portal, probe.portal.call(new_fleet), probe.folder, server)
    try:
        for _ in range(2):
            with pytest.raises(EvidenceMissing, match="/nowhere/chromium") as caught:
                alone.visit(("goto", url))
            assert caught.value.kind == "unavailable"
    finally:
        probe.portal.call(alone.fleet.aclose)
    assert server.arrived("/unseen") == []


def test_the_driver_starts_though_a_variable_goes_while_it_copies_them(
    probe: Probe, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Playwright copies `os.environ` name by name, and pytest's thread takes PYTEST_CURRENT_TEST out of it."""
    from playwright._impl import transport

    real, asked = transport.get_driver_env, []

    def variables() -> dict[str, str]:
        asked.append(1)
        return real() if len(asked) > 1 else {}["PYTEST_CURRENT_TEST"]

    monkeypatch.setattr(transport, "get_driver_env", variables)
    alone = Probe(probe.portal, probe.portal.call(new_fleet), probe.folder, server)
    try:
        assert alone.visit(("goto", server.page("/after-all", "x"))).requests
    finally:
        probe.portal.call(alone.fleet.aclose)
    assert len(asked) == 2


# --- processes ----------------------------------------------------------------------------------------------

CHILD = """
import sys, anyio
from pathlib import Path
from gonogo.environment.models import split_host, Environment
from gonogo.errors import EvidenceMissing
from gonogo.probes.browser.probe import gather
from gonogo.probes.browser.request import Step, VisitRequest
from gonogo.probes.context import Context
from gonogo.probes.guard import Guard

async def main(mode, good, bad, folder):
    environment = Environment.model_validate({"name": "t", "tier": "demo", "site": {"url": good}})
    context = Context(environment=environment, guard=Guard(environment), run_id="r", folder=Path(folder), fetch=None)
    async with context.resources:
        await gather(VisitRequest("good", (Step("goto", good),)), context)
        try:
            await gather(VisitRequest("bad", (Step("goto", bad),)), context)
        except EvidenceMissing as error:
            print(error.kind, flush=True)
        if mode == "hang":
            print("running", flush=True)
            await anyio.sleep(60)
    print("closed", flush=True)
    sys.stdin.readline()

anyio.run(main, *sys.argv[1:])
"""


def descendants(pid: int) -> set[int]:
    table = subprocess.run(["ps", "-eo", "pid=,ppid="], capture_output=True, text=True, check=True).stdout
    children: dict[int, list[int]] = {}
    for line in table.splitlines():
        child, parent = map(int, line.split())
        children.setdefault(parent, []).append(child)
    found: set[int] = set()
    queue = [pid]
    while queue:
        for child in children.get(queue.pop(), []):
            found.add(child)
            queue.append(child)
    return found


def alive(pid: int) -> bool:
    state = subprocess.run(["ps", "-o", "stat=", "-p", str(pid)], capture_output=True, text=True).stdout.strip()
    return bool(state) and not state.startswith("Z")


@pytest.mark.parametrize("mode", ["close", "hang"])
def test_no_process_stays_behind(server: Server, tmp_path: Path, mode: str) -> None:
    good = server.page("/alive", "<p>x</p>").replace(SITE, "127.0.0.1")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        bad = f"http://127.0.0.1:{free.getsockname()[1]}/"
    command = [sys.executable, "-c", CHILD, mode, good, bad, str(tmp_path)]
    path = os.pathsep.join(sys.path)
    with subprocess.Popen(
        command,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": path},
    ) as child:
        assert child.stdout is not None
        assert child.stdin is not None
        assert child.stdout.readline() == "connect\n"
        started: set[int] = set()
        if mode == "hang":
            assert child.stdout.readline() == "running\n"
            started = descendants(child.pid)
            assert len(started) >= 3
            child.send_signal(signal.SIGKILL)
            child.wait()
            assert until(lambda: not any(map(alive, started)), 10)
        else:
            assert child.stdout.readline() == "closed\n"
            assert until(lambda: not any(map(alive, descendants(child.pid))), 5)
            child.stdin.write("\n")
            child.stdin.flush()
            assert child.wait() == 0
