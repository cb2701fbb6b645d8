"""Journeys, collectors' bodies, provoked errors and sinks, in a real Chromium against real servers on loopback."""

from __future__ import annotations

import gzip
import json
import zipfile
from collections.abc import Iterator
from typing import Any

import pytest
from browsing import PARTNER, SITE, Probe, Server, serving

from gonogo.formats import sentry_envelope
from gonogo.formats.sentry_envelope import Envelope
from gonogo.probes.browser.behaviour import ErrorClient, JourneySeen
from gonogo.probes.browser.facts import Visit

SHOP = """
<title>Shop</title><h1>Shop</h1>
<label>Name <input id="name"></label><label>Password <input id="password" type="password"></label>
<button onclick="document.querySelector('#said').textContent = 'Hello ' + document.querySelector('#name').value">Greet</button>
<a href="/orders?page=1">Orders</a><p id="said" role="status"></p><p hidden>Not for you</p>
<time datetime="2026-11-21T06:00:00Z">this morning</time>
<script>
  addEventListener("keydown", (event) => { if (event.key === "F2") document.title = "Key pressed"; });
  document.querySelector("#password").addEventListener("input", (event) => { document.title = `${event.target.value.length} characters`; });
</script>
"""
TWINS = """
<title>Twins</title><button hidden>Save</button><button>Save draft</button><button onclick="document.title = 'Saved'">Save</button>
<button>Delete</button><button>Delete</button><label>Email confirmation <input></label><label>Email <input id="email"></label>
<p hidden>Total</p><p>Total: 3</p><p class="row">a</p><p class="row">b</p>
"""
ORDERS = """
<title>Orders</title><h2>Your orders</h2><ul id="orders"></ul>
<script>
  const load = () => fetch("/api/orders").then((answer) => answer.json()).then((told) => {
    document.querySelector("#orders").innerHTML = told.orders.map((one) => `<li>${one}</li>`).join("");
  });
  load();
  setInterval(load, 60000);
</script>
"""
AT = "2026-11-21T06:30:00Z"


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with serving(Server()) as one:
        one.page("/", SHOP)
        one.page("/orders", ORDERS)
        body = json.dumps({"orders": ["tea"], "made": {"at": AT}, "list": [{"at": 5}]})
        one.page("/api/orders", body, headers={"Content-Type": "application/json"})
        one.page("/twins", TWINS)
        one.page("/members", "<title>Sign in</title>Sign in", status=401)
        one.page("/refused", "", status=403)
        one.page("/broken", "<title>Broken</title>", status=500)
        yield one


def go(probe: Probe, *steps: dict[str, Any], **fields: Any) -> JourneySeen:
    declared = {"name": "j", "steps": list(steps), **fields}
    visit = probe.visit(("goto", probe.server.url("/")), ("journey", "j"), journeys=[declared])
    assert visit.problems == ()
    assert visit.journey is not None
    return visit.journey


def test_a_journey_by_role_label_text_and_selector(probe: Probe) -> None:
    seen = go(
        probe,
        {"see": "Shop", "role": "heading"},
        {"fill": "Name", "value": "Ada"},
        {"click": "Greet", "role": "button"},
        {"see": "Hello Ada"},
        {"absent": "Not for you"},
        {"absent": "#missing", "by": "selector"},
        {"press": "F2"},
        {"title": "Key pressed"},
        {"click": "Orders"},
        {"url": "/orders*"},
        {"url": "/orders?page=1"},
        {"response": "/api/*"},
        {"see": "#orders li", "by": "selector"},
        fresh={"response": "/api/orders", "pointer": "/made/at"},
    )
    assert [(step.text, step.error) for step in seen.steps if step.error] == []
    assert [step.text for step in seen.steps][:4] == [
        "see heading 'Shop'",
        "fill 'Name'",
        "click button 'Greet'",
        "see 'Hello Ada'",
    ]
    assert seen.steps[11].status == 200
    assert seen.steps[-1].url.endswith("/orders?page=1")
    assert seen.stamp is not None
    assert (seen.stamp.text, seen.stamp.error) == (AT, "")
    assert seen.stamp.at > "2026"
    assert 0 < seen.seconds == pytest.approx(sum(step.seconds for step in seen.steps), abs=0.5)
    assert seen.pictures == ()


def test_a_whole_name_comes_before_a_part_of_one(probe: Probe) -> None:
    seen = go(
        probe,
        {"goto": "/twins"},
        {"click": "Save", "role": "button"},
        {"title": "Saved"},
        {"fill": "Email", "value": "a@b.test"},
        {"see": "Total"},
        {"see": ".row", "by": "selector"},
    )
    assert [step.error for step in seen.steps] == [""] * 6


@pytest.mark.parametrize(
    ("step", "error"),
    [
        ({"click": "Delete", "role": "button"}, "2 visible elements match"),
        ({"click": ".row", "by": "selector"}, "2 visible elements match"),
        ({"fill": "mail", "value": "x"}, "2 visible elements match"),
        ({"absent": ".row", "by": "selector"}, "not found, or not ready for it"),
    ],
)
def test_a_name_that_several_have_is_not_guessed(step: dict[str, Any], error: str, probe: Probe) -> None:
    seen = go(probe, {"goto": "/twins"}, {**step, "within_s": 1.5})
    assert error in seen.steps[-1].error


@pytest.mark.parametrize(
    ("step", "words"),
    [
        ({"click": "Pay", "role": "button"}, "not found, or not ready for it"),
        ({"see": "Not for you"}, "not found, or not ready for it"),
        ({"absent": "Greet"}, "not found, or not ready for it"),
        ({"title": "Checkout"}, "it is 'Shop'"),
        ({"url": "/orders"}, "it is '/'"),
        ({"response": "/api/pay"}, "no answer within 0.3 s"),
        ({"goto": "/broken"}, "it answered 500"),
        ({"goto": "/refused"}, "it answered 403"),
        ({"fill": "Address", "value": "x"}, "not found, or not ready for it"),
    ],
)
def test_a_step_that_fails_ends_the_journey_with_picture_and_trace(
    step: dict[str, Any], words: str, probe: Probe
) -> None:
    seen = go(probe, {"see": "Shop"}, step | {"within_s": 0.3}, {"see": "Shop"})
    assert [one.error for one in seen.steps] == ["", words]
    picture, trace = seen.pictures
    assert (probe.folder / picture).read_bytes().startswith(b"\x89PNG")
    assert "trace.trace" in zipfile.ZipFile(probe.folder / trace).namelist()


@pytest.mark.parametrize(("path", "status"), [("/members", 401), ("/refused", 403), ("/", 200), ("/broken", 500)])
def test_a_declared_status_is_told_and_stops_nothing(path: str, status: int, probe: Probe) -> None:
    seen = go(probe, {"goto": path, "status": [401, 403]}, {"goto": "/orders"})
    assert [(one.status, one.error) for one in seen.steps] == [(status, ""), (200, "")]


def test_an_answer_is_waited_for_once_and_time_passes_at_once(probe: Probe) -> None:
    twice = ({"goto": "/orders"}, {"response": "/api/orders"}, {"response": "/api/orders", "within_s": 0.4})
    assert go(probe, *twice).steps[-1].error == "no answer within 0.4 s"
    seen = go(probe, *twice[:2], {"elapse_s": 61}, {"response": "/api/orders"})
    assert [one.error for one in seen.steps] == ["", "", "", ""]
    assert seen.seconds < 10


@pytest.mark.parametrize(
    ("fresh", "text", "error"),
    [
        ({"response": "/api/orders", "pointer": "/list/0/at"}, "5", ""),
        ({"response": "/api/orders", "pointer": "/made/by"}, "", "nothing stands there: by"),
        ({"response": "/api/none"}, "", "no answer was seen"),
        ({"selector": "ul"}, "tea", ""),
    ],
)
def test_the_time_of_the_data(fresh: dict[str, Any], text: str, error: str, probe: Probe) -> None:
    seen = go(probe, {"goto": "/orders"}, {"see": "tea"}, fresh=fresh)
    assert seen.stamp is not None
    assert (seen.stamp.text, seen.stamp.error) == (text, error)


def test_the_time_in_an_element_is_its_datetime(probe: Probe) -> None:
    seen = go(probe, {"see": "Shop"}, fresh={"selector": "time"})
    assert seen.stamp is not None
    assert seen.stamp.text == "2026-11-21T06:00:00Z"


def test_an_answer_is_read_before_its_page_is_left(probe: Probe) -> None:
    seen = go(
        probe,
        {"goto": "/orders"},
        {"response": "/api/orders"},
        {"goto": "/members", "status": [401]},
        fresh={"response": "/api/orders", "pointer": "/made/at"},
    )
    assert seen.stamp is not None
    assert (seen.stamp.text, seen.stamp.error) == (AT, "")


def test_a_secret_is_typed_and_stands_nowhere(probe: Probe) -> None:
    seen = go(
        probe,
        {"fill": "Password", "secret": "open-sesame"},
        {"title": "11 characters"},
        {"fill": "#none", "by": "selector", "secret": "open-sesame", "within_s": 0.3},
    )
    assert [one.error for one in seen.steps] == ["", "", "not found, or not ready for it"]
    assert "open-sesame" not in repr(seen)
    assert len(seen.pictures) == 1, "a trace would hold the secret"


ECHOES = {
    "text": "said.textContent = 'You typed ' + field.value",
    "pieces": "said.innerHTML = [...field.value].map((one) => `<b>${one}</b>`).join('')",
    "another field": "other.value = field.value",
    "address": "said.textContent = encodeURIComponent(field.value)",
    "closed shadow root": "root.textContent = field.value",
    "frame": "frames[0].document.body.textContent = field.value",
}


@pytest.mark.parametrize("echo", ECHOES)
def test_no_picture_is_taken_of_a_page_that_repeats_a_secret(echo: str, probe: Probe) -> None:
    probe.server.page(
        "/echo",
        f"""<label>Password <input id=field></label><input id=other><p id=said></p><div id=host></div><iframe srcdoc=x></iframe>
        <script>const root = host.attachShadow({{mode: 'closed'}}); field.oninput = () => {{ {ECHOES[echo]} }}</script>""",
    )
    seen = go(
        probe, {"goto": "/echo"}, {"fill": "Password", "secret": "open <& sesame"}, {"see": "x1", "within_s": 0.3}
    )
    assert seen.pictures == ()
    assert seen.steps[-1].error == (
        "not found, or not ready for it; no picture was taken, for the page may show a secret"
    )


def test_a_secret_in_a_covered_field_spoils_no_picture(probe: Probe) -> None:
    """Some libraries keep a field's value in its attribute too, and a rich text's is its content."""
    probe.server.page(
        "/synced",
        """<label>Password <input id=field></label><div id=rich contenteditable>...</div>
        <script>field.oninput = () => field.setAttribute('value', field.value)</script>""",
    )
    seen = go(
        probe,
        {"goto": "/synced"},
        {"fill": "Password", "secret": "open-sesame"},
        {"fill": "#rich", "by": "selector", "secret": "open-sesame"},
        {"see": "x1", "within_s": 0.3},
    )
    assert [one.error for one in seen.steps] == ["", "", "", "not found, or not ready for it"]
    assert [name.endswith(".failed.png") for name in seen.pictures] == [True]


def test_a_secret_in_title_or_address_is_not_repeated(probe: Probe) -> None:
    probe.server.page(
        "/titled",
        """<label>Password <input id=field></label><script>field.oninput = () => {
        document.title = 'x'.repeat(140) + field.value; history.replaceState(0, '', '?p=' + encodeURIComponent(field.value)) }
        </script>""",
    )
    seen = go(
        probe,
        {"goto": "/titled"},
        {"fill": "Password", "secret": "open' sesame-123456"},
        {"title": "Hello", "within_s": 0.3},
    )
    assert seen.steps[-1].url.endswith("/titled?p=***")
    assert seen.steps[-1].error.startswith(f"it is '{'x' * 140}***'")
    assert not any(part in repr(seen) for part in ("open'", "open%27", "sesame"))


# --- what collectors are sent ---


def tagged(probe: Probe, page: str, *steps: tuple[str, str] | str, **fields: Any) -> Visit:
    declared = {
        "third_parties": [{"host": PARTNER, "purpose": "analytics"}],
        "analytics": {"own_paths": ["/g/collect"]},
        "error_tracking": {"kind": "sentry", "host": "errors.partner.test", "tunnel": "/monitoring"},
    }
    url = probe.server.page("/tagged", page)
    return probe.visit(("goto", url), *steps, ("wait", "0.4"), **(declared | fields))


ENVELOPE = '{"sent_at":"x"}\n{"type":"event"}\n{"message":"boom"}'


def test_bodies_of_collectors_are_kept_and_of_nobody_else(probe: Probe, server: Server) -> None:
    page = f"""<script>
      fetch("http://{PARTNER}/g/collect?v=2", {{method: "POST", mode: "no-cors", body: "en=page_view"}});
      navigator.sendBeacon("http://{PARTNER}/g/collect?v=3", "en=scroll");
      fetch("/g/collect?v=4", {{method: "POST", body: "en=own"}});
      fetch("/api/form", {{method: "POST", body: "private"}});
    </script>"""
    seen = tagged(probe, page)
    told = {
        (one.url.partition("//")[2].partition("/")[0].partition(":")[0], one.body)
        for one in seen.requests
        if one.method == "POST"
    }
    assert told == {(PARTNER, "en=page_view"), (PARTNER, "en=scroll"), (SITE, "en=own"), (SITE, "")}
    assert server.arrived("/api/form") != []
    assert server.arrived("/g/collect") == [], "paths of collectors on the site's own host are answered locally"


def test_a_compressed_envelope_through_a_tunnel_is_read_and_never_arrives(probe: Probe, server: Server) -> None:
    squeezed = list(gzip.compress(ENVELOPE.encode()))
    page = f"""<script>
      fetch("/monitoring", {{method: "POST", body: new Uint8Array({squeezed})}});
    </script>"""
    seen = tagged(probe, page)
    sent = next(one for one in seen.requests if one.url.endswith("/monitoring"))
    read = sentry_envelope.read(sent.body)
    assert isinstance(read, Envelope)
    assert [event.messages for event in read.events] == [("boom",)]
    assert sent.local
    assert server.arrived("/monitoring") == []


def test_a_tunnel_is_answered_on_production_too(probe: Probe, server: Server) -> None:
    page = f"""<script>fetch("/monitoring", {{method: "POST", body: {json.dumps(ENVELOPE)}}});
      addEventListener("pagehide", () => navigator.sendBeacon("/monitoring", "late"));</script>"""
    seen = tagged(probe, page, ("goto", server.url("/orders")), tier="production")
    told = [(one.body, one.local, one.failure) for one in seen.requests if one.url.endswith("/monitoring")]
    assert (ENVELOPE, True, "") in told
    assert server.arrived("/monitoring") == []


def test_an_error_is_thrown_and_the_client_found(probe: Probe) -> None:
    page = """<script>
      const options = { dsn: "https://k@errors.partner.test/7", release: "r", environment: "e", tunnel: "/monitoring" };
      window.__SENTRY__ = { version: "9", "9": { stack: { getClient: () => ({ getOptions: () => options }) } } };
      addEventListener("error", (event) => { document.title = event.message; });
    </script>"""
    seen = tagged(probe, page, ("throw", "provoked words"), ("wait", "0.2"), ("snapshot", "after"))
    assert seen.error_client == ErrorClient("https://k@errors.partner.test/7", "r", "e", "/monitoring")
    assert seen.snapshots[0].title == f"Uncaught Error: provoked words {seen.thrown}"
    assert seen.thrown.startswith("gonogo-")
    assert tagged(probe, "nothing", ("throw", "x")).error_client is None


@pytest.mark.parametrize(
    ("policy", "outcome"),
    [("", "accepted"), ("require-trusted-types-for 'script'; trusted-types 'none'", "TypeError: ")],
)
def test_markup_from_a_script(policy: str, outcome: str, probe: Probe, server: Server) -> None:
    url = server.page("/sink", "text", headers={"Content-Security-Policy": policy} if policy else {})
    assert probe.visit(("goto", url), "sink").sink.startswith(outcome)


def test_mixed_content_and_network_errors_are_told_apart(probe: Probe, server: Server) -> None:
    url = server.page("/parts", "<img src=/no-such.png><script>console.error('ours')</script>")
    server.page("/no-such.png", "", status=404)
    seen = probe.visit(("goto", url))
    assert sorted(message.level for message in seen.console) == ["error", "network"]
