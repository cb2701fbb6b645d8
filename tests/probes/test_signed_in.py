"""Journeys of somebody who has signed in: what their browser sends and to whom, and that the token stands nowhere."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from browsing import PARTNER, SITE, Probe, Server, probing, serving

from gonogo.concerns.journeys import journey_visit
from gonogo.environment.models import Environment
from gonogo.environment.sections.api import Role
from gonogo.errors import EvidenceMissing
from gonogo.gathering.plan import entries
from gonogo.probes.browser import sign_in
from gonogo.probes.browser.behaviour import JourneySeen
from gonogo.probes.browser.facts import Visit
from gonogo.run.replay import frozen

TOKEN = "tok-5c1d9e77a4"
PAGE = """<!doctype html><title>Account</title><h1>Account</h1><p id="stored"></p><p id="read"></p>
<script>
  document.querySelector("#stored").textContent = localStorage.getItem("session") ? "stored" : "nothing stored";
  document.querySelector("#read").textContent = document.cookie ? "readable" : "unreadable";
  fetch("/api/own").catch(() => {});
  fetch("http://%s:%d/hit", { mode: "no-cors", credentials: "include" }).catch(() => {});
</script>"""


@dataclass
class Doorman:
    """A site that lets in who has the cookie, and remembers every Cookie and Authorization header."""

    port: int = 0
    seen: list[tuple[str, str, str]] = field(default_factory=list)
    """Host, path, and both headers in one."""

    def sent_to(self, host: str) -> set[str]:
        return {headers for name, _, headers in self.seen if name == host}


@pytest.fixture(scope="module")
def doorman() -> Iterator[Doorman]:
    made = Doorman()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            host = (self.headers.get("Host") or "").partition(":")[0]
            sent = "".join(self.headers.get(name) or "" for name in ("Cookie", "Authorization"))
            made.seen.append((host, self.path, sent))
            body = (PAGE % (PARTNER, made.port)).encode()
            if self.path == "/shown":
                body = f"<title>Key</title><h1>Key</h1><input value='{TOKEN}'>".encode()
            status = 200 if TOKEN in sent or self.path in {"/open", "/shown"} else 401
            self.send_response(302 if self.path == "/away" else status)
            if self.path == "/away":
                self.send_header("Location", f"http://{PARTNER}:{made.port}/landed")
            self.send_header("Content-Type", "text/html")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    made.port = server.server_address[1]
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    yield made
    server.shutdown()
    server.server_close()


@pytest.fixture(scope="module")
def probe(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Probe]:
    with serving(Server()) as unused, probing(unused, tmp_path_factory.mktemp("evidence")) as one:
        yield one


def declared(doorman: Doorman, *steps: dict[str, Any], start: str = "/account", **role: Any) -> dict[str, Any]:
    origin = f"http://{SITE}:{doorman.port}"
    return {
        "site": {"url": origin, "plain_url": origin},
        "resolve": {SITE: "127.0.0.1", PARTNER: "127.0.0.1"},
        "third_parties": [{"host": PARTNER, "purpose": "other", "intercept": False}],
        "roles": {"user": {"token": TOKEN, **role}},
        "journeys": [{"name": "j", "start": start, "role": "user" if role else "anonymous", "steps": list(steps)}],
    }


def go(probe: Probe, doorman: Doorman, *steps: dict[str, Any], start: str = "/account", **role: Any) -> Visit:
    doorman.seen.clear()
    url = f"http://{SITE}:{doorman.port}{start}"
    return probe.visit(("goto", url), ("journey", "j"), **declared(doorman, *steps, start=start, **role))


def journey(visit: Visit) -> JourneySeen:
    assert visit.journey is not None
    return visit.journey


def test_a_cookie_signs_in_and_no_other_host_has_it(probe: Probe, doorman: Doorman) -> None:
    steps = ({"see": "Account", "role": "heading"}, {"response": "/api/own"}, {"see": "unreadable"})
    seen = journey(go(probe, doorman, *steps, cookie="account"))
    assert [(one.error, one.status) for one in seen.steps] == [("", 0), ("", 200), ("", 0)]
    assert doorman.sent_to(SITE) == {f"account={TOKEN}"}
    assert doorman.sent_to(PARTNER) == {""}


def test_a_redirect_to_another_host_takes_nothing_along(probe: Probe, doorman: Doorman) -> None:
    go(probe, doorman, {"goto": "/away", "status": [401]}, cookie="account")
    assert ("/landed", "") in [(path, sent) for host, path, sent in doorman.seen if host == PARTNER]


def test_local_storage_signs_in(probe: Probe, doorman: Doorman) -> None:
    seen = journey(go(probe, doorman, {"see": "stored"}, start="/open", local_storage="session"))
    assert [one.error for one in seen.steps] == [""]
    assert doorman.sent_to(SITE) == {""}


def test_a_stranger_is_refused(probe: Probe, doorman: Doorman) -> None:
    seen = journey(go(probe, doorman, {"goto": "/account", "status": [401]}, {"see": "nothing stored"}))
    assert [(one.error, one.status) for one in seen.steps] == [("", 401), ("", 0)]


def test_one_visitor_leaves_nothing_to_the_next(probe: Probe, doorman: Doorman) -> None:
    go(probe, doorman, {"see": "Account"}, cookie="account", local_storage="session")
    seen = journey(go(probe, doorman, {"see": "nothing stored"}, start="/open"))
    assert [one.error for one in seen.steps] == [""]
    assert doorman.sent_to(SITE) == {""}


def test_the_token_is_in_no_fact_and_there_is_no_trace(probe: Probe, doorman: Doorman) -> None:
    visit = go(probe, doorman, {"see": "Never", "within_s": 0.3}, cookie="account", local_storage="session")
    assert TOKEN not in repr(visit)
    assert [name.partition(".")[2] for name in journey(visit).pictures] == ["failed.png"]
    assert visit.screenshot


def test_no_picture_is_taken_of_a_page_that_shows_the_token(probe: Probe, doorman: Doorman) -> None:
    visit = go(probe, doorman, {"see": "Never", "within_s": 0.3}, start="/shown", cookie="account")
    assert (visit.screenshot, journey(visit).pictures) == ("", ())
    assert visit.problems == ("screenshot: not taken, for the page may hold a secret",)


@pytest.mark.parametrize("token", ["two words", "semi;colon", 'quo"te', "comma,", "tab\t", "grüße"])
def test_a_token_that_no_cookie_may_hold_is_missing_evidence_and_not_told(token: str) -> None:
    environment = Environment.model_validate({"name": "t", "tier": "staging", "site": {"url": "https://a.test"}})
    with pytest.raises(EvidenceMissing, match="invalid: the token for cookie 'account'") as missing:
        sign_in.storage(environment, Role.model_validate({"token": token, "cookie": "account"}))
    assert token not in str(missing.value)


def test_the_plan_names_the_role_and_a_stored_run_has_no_token(probe: Probe, doorman: Doorman) -> None:
    made = probe.environment(**declared(doorman, {"see": "x"}, cookie="account"))
    (entry,) = entries((journey_visit(made, made.journeys[0]),), made)
    assert (entry.method, entry.role) == ("visit", "user")
    stored = frozen(made)
    assert TOKEN not in repr(stored)
    assert stored["roles"]["user"]["cookie"] == "account"
    assert journey_visit(Environment.model_validate(stored), made.journeys[0]) == journey_visit(made, made.journeys[0])


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"role": "boss"}, "not a declared role"),
        ({"role": "user"}, "neither `cookie` nor `local_storage`"),
    ],
)
def test_a_role_that_no_browser_can_have_is_refused(fields: dict[str, str], words: str) -> None:
    journeys = [{"name": "j", "steps": [{"see": "x"}], **fields}]
    basic = {"name": "t", "tier": "staging", "site": {"url": "https://a.test"}}
    with pytest.raises(ValueError, match=words):
        Environment.model_validate(basic | {"roles": {"user": {"token": TOKEN}}, "journeys": journeys})
