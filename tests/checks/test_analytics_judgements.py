"""What analytics, error tracking, journeys and scripts are judged by, each on evidence made for it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from checks.analytics import test_coverage, test_events, test_hits, test_tag
from checks.browser import test_csp, test_requests, test_scripts, test_trusted_types
from checks.errors import test_client, test_hosts, test_report
from checks.journeys import test_access, test_data, test_steps, test_time
from gonogo.concerns import FIXTURES
from gonogo.concerns.analytics import MARKER, CountedEvent, ErrorReports, ForbiddenHosts, SinkAttempt, TagVisits
from gonogo.concerns.browser.fixtures import PageVisit
from gonogo.concerns.fixture import Asked
from gonogo.concerns.journeys import JourneyRun
from gonogo.environment import models
from gonogo.environment.models import Environment
from gonogo.errors import EvidenceMissing, Shortfall
from gonogo.evidence.codec import to_json
from gonogo.evidence.records import Evidence, Request
from gonogo.probes.browser.behaviour import ErrorClient, JourneySeen, Stamp, StepSeen
from gonogo.probes.browser.facts import (
    Banner,
    BrowserRequest,
    Command,
    ConsentSignals,
    ConsoleMessage,
    PrivacyView,
    Snapshot,
    Violation,
    Visit,
)

SITE = "https://www.shop.test"
COLLECT = "https://collect.test/g/collect?v=2&tid=G-SHOP1234&cid=1.2&dl=x"
KEY = "0123456789abcdef"


def environment(**fields: Any) -> Environment:
    return Environment.model_validate({"name": "t", "tier": "staging", "site": {"url": SITE}} | fields)


def request(url: str, **fields: Any) -> BrowserRequest:
    plain = BrowserRequest(url, "POST", "fetch", third_party=True, status=204, bytes=100, failure="")
    return replace(plain, **fields)


def snapshot(label: str, requests: int, *commands: Command) -> Snapshot:
    signals = ConsentSignals(commands, None, None)
    view = PrivacyView(
        layer=None, withdrawal="", opt_out="", databases=(), caches=(), signals=signals, text_length=1, covered=0.0
    )
    banner = Banner(visible=False, accept="", reject="", text="")
    return Snapshot(label, f"{SITE}/", "Shop", banner, (), (), (), requests, view)


def visit(*requests: BrowserRequest, **fields: Any) -> Visit:
    plain = Visit(
        browser="b 1",
        device="desktop",
        viewport=(1350, 940),
        snapshots=(),
        requests=requests,
        console=(),
        violations=(),
        vitals=None,
        screenshot="",
        problems=(),
    )
    return replace(plain, **fields)


def messages(check: Any, fixture: object) -> list[str]:
    """The messages of a check's findings, empty when it passes."""
    try:
        check(fixture)
    except Shortfall as shortfall:
        return [finding.message for finding in shortfall.findings]
    return []


def unknown(check: Any, fixture: object) -> str:
    with pytest.raises(EvidenceMissing) as missing:
        check(fixture)
    return missing.value.message


# --- analytics ---


def tag(
    *requests: BrowserRequest, commands: tuple[Command, ...] = (), declared: dict[str, Any] | None = None
) -> TagVisits:
    """A visit whose first request came before the choice."""
    accept = visit(*requests, snapshots=(snapshot("first", 1), snapshot("restarted", len(requests), *commands)))
    fields = {"id": "G-SHOP1234"} | (declared or {})
    return TagVisits(models.Analytics(**fields), frozenset({"collect.test"}), "www.shop.test", accept, asks=True)


def accepted(*urls: str, body: str = "", **fields: Any) -> TagVisits:
    page = request(f"{SITE}/", method="GET", type="document", third_party=False)
    return tag(page, *(request(url, body=body) for url in urls), page, **fields)


CONFIG = Command("config", "G-SHOP1234", ())
LOADER = "https://www.googletagmanager.com/gtag/js?id=G-SHOP1234"


@pytest.mark.parametrize(
    ("made", "found"),
    [
        (accepted(COLLECT, commands=(CONFIG,)), []),
        (accepted(LOADER), []),
        (accepted(COLLECT), ["id: none, wanted G-SHOP1234."]),
        (accepted(COLLECT, commands=(Command("config", "G-OTHER123", ()),)), ["id: G-OTHER123, wanted G-SHOP1234."]),
        (accepted(LOADER, declared={"script": "/tag.*.js"}), ["script: not loaded, wanted /tag.*.js."]),
        (accepted(LOADER, f"{SITE}/tag.1.js", declared={"script": "/tag.*.js"}), []),
        (accepted(COLLECT, declared={"kind": "other"}), []),
    ],
)
def test_the_tags_id(made: TagVisits, found: list[str]) -> None:
    assert messages(test_tag.test_id, made) == found


ALL = "all of v, tid, cid, en, dl"


@pytest.mark.parametrize(
    ("made", "found"),
    [
        (accepted(f"{COLLECT}&en=a"), []),
        (accepted(COLLECT, body="en=a\nen=b"), []),
        (accepted(COLLECT), [f"hit '': without en, wanted {ALL}."]),
        (accepted(COLLECT.replace("cid=1.2", "cid="), body="en=a"), [f"hit 'a': without cid, wanted {ALL}."]),
        (accepted(COLLECT.replace("SHOP", "OLD"), body="en=a"), ["hit 'a': tid is G-OLD1234, wanted G-SHOP1234."]),
        (accepted(COLLECT.replace("v=2", "v=1"), body="en=a"), ["hit 'a': v is 1, wanted 2."]),
        (
            accepted("https://collect.test/e?site=7", body='{"kind": "view"}', declared={"kind": "other", "id": "7", "paths": ["/e"], "id_parameter": "site", "event_parameter": "kind", "parameters": ["kind"]}),
            [],
        ),
        (accepted(f"{SITE}/own?v=2&tid=G-SHOP1234&cid=1&en=a&dl=x", declared={"own_paths": ["/own"]}), []),
    ],
)  # fmt: skip
def test_parameters_of_hits(made: TagVisits, found: list[str]) -> None:
    assert messages(test_hits.test_parameters, made) == found


@pytest.mark.parametrize("made", [accepted(), accepted(f"{SITE}/g/collect"), accepted("https://collect.test/other")])
def test_without_hits_nothing_is_known_of_them(made: TagVisits) -> None:
    assert "no hit" in unknown(test_hits.test_parameters, made)


def test_hits_before_the_choice_are_left_to_consent() -> None:
    bad, good = request(COLLECT), request(f"{COLLECT}&en=a")
    assert messages(test_hits.test_parameters, tag(bad, good)) == []


def test_each_load_of_a_consenting_visitor_is_counted() -> None:
    hit, other = request(f"{COLLECT}&en=a"), request(f"{SITE}/a.png")
    labels = ("first", "chosen", "reloaded", "other page", "restarted")
    snapshots = tuple(snapshot(label, number) for number, label in enumerate(labels, 1))

    def seen(*requests: BrowserRequest) -> TagVisits:
        return replace(accepted(), accept=visit(*requests, snapshots=snapshots))

    assert messages(test_coverage.test_pages, seen(other, hit, hit, hit, hit)) == []
    assert messages(test_coverage.test_pages, seen(hit, hit, other, hit, hit)) == [
        "reloaded: no hit (3 of 4 loads were counted), wanted at least one."
    ]
    assert "no hit" in unknown(test_coverage.test_pages, seen(hit, other, other, other, other))
    cut = replace(accepted(), accept=visit(hit, hit, snapshots=snapshots[:2]))
    assert "ended before 'reloaded'" in unknown(test_coverage.test_pages, cut)


def test_a_failed_acceptance_says_nothing() -> None:
    made = accepted(f"{COLLECT}&en=a")
    made = replace(made, accept=replace(made.accept, problems=("consent accept: no control found",)))
    assert "no control found" in unknown(test_hits.test_parameters, made)


@pytest.mark.parametrize(
    ("signals", "seen"),
    [("gcs=G111", ""), ("gcs=G101", ""), ("gcd=13r3r3r3r5", ""), ("gcs=G100", "denied"), ("gcd=13p3p3p3p5", "denied"), ("", "absent"), ("gcs=G1--", "")],
)  # fmt: skip
def test_consent_in_hits(signals: str, seen: str) -> None:
    found = messages(test_hits.test_signals, accepted(f"{COLLECT}&en=a&{signals}"))
    assert found == ([f"hit 'a': analytics_storage is {seen}, wanted granted."] if seen else [])


def test_counted_events() -> None:
    event = models.AnalyticsEvent(name="sign_up")
    assert messages(test_events.test_seen, CountedEvent(event, ("page_view", "sign_up"))) == []
    assert messages(test_events.test_seen, CountedEvent(event, ("page_view",))) == [
        "sign_up: page_view, wanted the event sign_up."
    ]


# --- error tracking ---


TRACKING: dict[str, Any] = {
    "kind": "sentry",
    "host": "errors.test",
    "project": "7",
    "public_key": KEY,
    "release": "1.2",
    "environment": "staging",
}
ENVELOPE_URL = f"https://errors.test/api/7/envelope/?sentry_key={KEY}"


def envelope(message: str = MARKER, release: str = "1.2", name: str = "staging", header: str = "{}") -> str:
    event = (
        f'{{"release": "{release}", "environment": "{name}", "exception": {{"values": [{{"value": "{message}"}}]}}}}'
    )
    return f'{header}\n{{"type": "session"}}\n{{}}\n{{"type": "event"}}\n{event}'


def reports(*requests: BrowserRequest, client: ErrorClient | None = None, **declared: Any) -> ErrorReports:
    return ErrorReports(models.ErrorTracking(**TRACKING | declared), visit(*requests, error_client=client))


def client(dsn: str = f"https://{KEY}@errors.test/7", tunnel: str = "") -> ErrorClient:
    return ErrorClient(dsn, "1.2", "staging", tunnel)


SENT = request(ENVELOPE_URL, body=envelope())


@pytest.mark.parametrize(
    ("made", "found"),
    [
        (reports(client=client()), []),
        (reports(SENT), []),
        (reports(client=client("")), ["client: no DSN, so it sends nothing, wanted a DSN at errors.test."]),
        (reports(client=client("x")), ["client: a DSN that is not an http:// or https:// URL, wanted a DSN at errors.test."]),
        (reports(client=client(f"https://{KEY}@other.test/7")), ["client: host is other.test, wanted errors.test."]),
        (reports(client=client("https://k@errors.test/8")), ["client: project is 8, wanted 7.", f"client: public key is k, wanted {KEY}."]),
        (reports(client=client(), tunnel="/t"), ["client: tunnel is none, wanted /t."]),
        (reports(client=client(tunnel=f"{SITE}/t"), tunnel="/t"), []),
        (reports(request(f"{SITE}/t", body=envelope(header=f'{{"dsn": "https://{KEY}@errors.test/9"}}')), tunnel="/t"), ["client: project is 9, wanted 7."]),
        (reports(request("https://errors.test/api/8/envelope/", body=envelope())), ["client: project is 8, wanted 7.", f"client: public key is none, wanted {KEY}."]),
    ],
)  # fmt: skip
def test_the_error_trackers_client(made: ErrorReports, found: list[str]) -> None:
    assert messages(test_client.test_configured, made) == found


def test_without_client_and_report_nothing_is_known_of_the_client() -> None:
    assert "no client was found" in unknown(test_client.test_configured, reports())


@pytest.mark.parametrize(
    ("made", "found"),
    [
        (reports(SENT), []),
        (reports(), ["/: nothing was sent, wanted an event with the error's words."]),
        (reports(request(ENVELOPE_URL, body=envelope("other"))), ["/: only session, event, wanted an event with the error's words."]),
        (reports(request(ENVELOPE_URL, body="not an envelope")), ["/: nothing was sent, wanted an event with the error's words."]),
    ],
)  # fmt: skip
def test_a_report_is_sent(made: ErrorReports, found: list[str]) -> None:
    assert messages(test_report.test_sent, made) == found


def test_a_report_that_gonogo_stopped_is_unknown() -> None:
    stopped = request(ENVELOPE_URL, failure="blocked: method", status=0)
    assert "blocked: method" in unknown(test_report.test_sent, reports(stopped))


@pytest.mark.parametrize(
    ("body", "declared", "found"),
    [
        (envelope(), {}, []),
        (envelope(release="1.1"), {}, ["event: release is 1.1, wanted 1.2."]),
        (envelope(release="", name=""), {}, ["event: release is none, wanted 1.2.", "event: environment is none, wanted staging."]),
        (envelope(release="", name="any"), {"release": "", "environment": ""}, ["event: release is none, wanted one."]),
    ],
)  # fmt: skip
def test_reports_are_labelled(body: str, declared: dict[str, Any], found: list[str]) -> None:
    assert messages(test_report.test_labelled, reports(request(ENVELOPE_URL, body=body), **declared)) == found
    assert "no report" in unknown(test_report.test_labelled, reports())


def test_forbidden_hosts_are_seen_in_requests_and_in_what_the_policy_blocked() -> None:
    declared = models.ErrorTracking(kind="none", forbid_hosts=("*.sentry.io",))
    blocked = Violation("connect-src", "https://o1.ingest.sentry.io/api", "app.js", "enforce")
    visits = (
        ("page /", visit(request("https://errors.test/"), request("https://O2.sentry.io:443/x"), request("https://["))),
        ("page /b", visit(violations=(blocked, blocked))),
        ("page /c", visit(request("https://sentry.io.test/"))),
    )
    assert messages(test_hosts.test_forbidden, ForbiddenHosts(declared, visits)) == [
        "page /: o2.sentry.io, wanted no request to it.",
        "page /b: o1.ingest.sentry.io, wanted no request to it.",
    ]


def test_errors_are_not_provoked_where_reports_would_reach_production() -> None:
    party = {"host": "errors.test", "purpose": "errors", "intercept": False}
    fixture = FIXTURES["error_reports"]
    for tier, intercept, provoked in (("production", False, 0), ("production", True, 1), ("staging", False, 1)):
        made = environment(tier=tier, error_tracking=TRACKING, third_parties=[party | {"intercept": intercept}])
        assert len(fixture.subjects(made)) == provoked
    assert fixture.subjects(environment(error_tracking=TRACKING | {"provoke": False})) == []
    assert fixture.subjects(environment()) == []


# --- journeys ---


def run(*seen: StepSeen, steps: list[dict[str, Any]] | None = None, stamp: Stamp | None = None, seconds: float = 1.0, **fields: Any) -> JourneyRun:  # fmt: skip
    declared = models.Journey.model_validate({"name": "j", "steps": steps or [{"see": "x"}] * len(seen)} | fields)
    return JourneyRun(declared, visit(), JourneySeen("j", seen, seconds, stamp, ("f.png",)))


DONE, FAILED = StepSeen("see 'x'", 0.2, ""), StepSeen("see 'y'", 5.0, "not found")


def test_steps_that_were_not_done() -> None:
    assert messages(test_steps.test_complete, run(DONE, DONE)) == []
    assert messages(test_steps.test_complete, run(DONE, FAILED)) == ["step 2: see 'y': not found, wanted done."]


def clean(*requests: BrowserRequest, pages: tuple[Visit, ...] = (), seen: tuple[StepSeen, ...] = (DONE,), steps: list[dict[str, Any]] | None = None, **fields: Any) -> JourneyRun:  # fmt: skip
    return replace(
        run(*seen, steps=steps), visit=visit(*requests, **fields), api="https://api.else.test", pages=lambda: pages
    )


THROWN = ConsoleMessage("pageerror", "TypeError: a is undefined", "app.js:4:2")
REJECTED = ConsoleMessage("pageerror", "TypeError: Failed to fetch", "app.js:9:1")


def own(path: str, **fields: Any) -> BrowserRequest:
    return request(f"{SITE}{path}", third_party=False, **fields)


def test_errors_on_a_journey() -> None:
    assert messages(test_steps.test_clean, clean(console=(THROWN, THROWN))) == [
        "j: pageerror is 'TypeError: a is undefined' (app.js:4:2), wanted none."
    ]
    logged = ConsoleMessage("error", "no stock", "")
    assert messages(test_steps.test_clean, clean(console=(logged,))) == [
        "j: error is 'no stock' (inline), wanted none."
    ]
    elsewhere = tuple(ConsoleMessage(level, "x", "") for level in ("csp", "mixed", "network", "blocked"))
    assert messages(test_steps.test_clean, clean(console=elsewhere)) == []


@pytest.mark.parametrize(
    ("fields", "seen"),
    [
        ({"status": 500}, "status 500"),
        ({"status": 503, "failure": "net::ERR_HTTP_RESPONSE_CODE_FAILURE"}, "status 503"),
        ({"status": 0, "failure": "net::ERR_CONNECTION_RESET"}, "net::ERR_CONNECTION_RESET"),
        ({"status": 200, "failure": "net::ERR_CONTENT_LENGTH_MISMATCH"}, "net::ERR_CONTENT_LENGTH_MISMATCH"),
        ({"status": 401}, ""),
        ({"status": 403, "failure": "net::ERR_HTTP_RESPONSE_CODE_FAILURE"}, ""),
        ({"status": 0, "failure": "net::ERR_ABORTED"}, ""),
        ({"status": 0, "failure": "blocked: method"}, ""),
        ({"status": 0, "failure": "csp"}, ""),
        ({"status": 0, "failure": "net::ERR_FAILED", "local": True}, ""),
    ],
)
def test_failed_requests_on_a_journey(fields: dict[str, Any], seen: str) -> None:
    found = messages(test_steps.test_clean, clean(own("/a", **fields)))
    assert found == ([f"j: {seen}: fetch {SITE}/a, wanted an answer."] if seen else [])


def test_a_journey_is_held_to_the_own_hosts_alone() -> None:
    party, api = request("https://else.test/a", status=500), request("https://api.else.test/a", status=500)
    assert messages(test_steps.test_clean, clean(party)) == []
    assert messages(test_steps.test_clean, clean(api)) == [
        "j: status 500: fetch https://api.else.test/a, wanted an answer."
    ]


def test_an_answer_that_a_step_asks_for_is_no_failure() -> None:
    steps: list[dict[str, Any]] = [{"goto": "/closed", "status": [503]}]
    assert messages(test_steps.test_clean, clean(own("/closed", status=503), steps=steps)) == []
    assert len(messages(test_steps.test_clean, clean(own("/closed", status=500), steps=steps))) == 1
    assert len(messages(test_steps.test_clean, clean(own("/open", status=503), steps=steps))) == 1


def test_what_a_page_shows_by_being_opened_is_told_once() -> None:
    broken = own("/b", status=502)
    opened = visit(broken, console=(THROWN,))
    assert messages(test_steps.test_clean, clean(broken, console=(THROWN,), pages=(opened,))) == []
    both = clean(broken, console=(THROWN, replace(THROWN, text="TypeError: b is undefined")), pages=(opened,))
    assert messages(test_steps.test_clean, both) == [
        f"j: pageerror is 'TypeError: b is undefined' ({THROWN.source}), wanted none."
    ]


def test_a_rejected_fetch_is_an_echo_of_what_was_stopped_only_where_nothing_else_failed() -> None:
    stopped, reset = own("/a", status=0, failure="blocked: method"), own("/b", status=0, failure="net::ERR_FAILED")
    assert messages(test_steps.test_clean, clean(stopped, console=(REJECTED,))) == []
    assert len(messages(test_steps.test_clean, clean(stopped, reset, console=(REJECTED,)))) == 2
    assert len(messages(test_steps.test_clean, clean(console=(REJECTED,)))) == 1
    assert len(messages(test_steps.test_clean, clean(stopped, console=(THROWN,)))) == 1


def test_a_journey_that_was_not_seen_whole_is_not_clean() -> None:
    assert "stopped after" in unknown(test_steps.test_clean, clean(seen=(DONE, FAILED), console=(THROWN,)))
    lost = ("3 more console messages than are recorded",)
    assert "3 more" in unknown(test_steps.test_clean, clean(problems=lost))
    assert len(messages(test_steps.test_clean, clean(problems=lost, console=(THROWN,)))) == 1


def test_pages_that_this_run_did_not_visit_are_no_comparison() -> None:
    made = environment(journeys=[{"name": "j", "steps": [{"see": "x"}]}])
    (subject,) = FIXTURES["journey"].subjects(made)

    class Source:
        def evidence(self, wanted: Request) -> Evidence:
            if wanted != subject.requests[0]:
                raise EvidenceMissing("deadline", "it was not part of the plan")
            journey = JourneySeen("j", (DONE,), 1.0, None, ())
            return Evidence("v", {}, "", "", "", facts=to_json(visit(console=(THROWN,), journey=journey)))

    assert len(messages(test_steps.test_clean, FIXTURES["journey"].build(Asked(made, subject, Source())))) == 1


def test_the_journeys_time() -> None:
    slow = replace(DONE, seconds=9.0)
    assert messages(test_time.test_budget, run(DONE, seconds=15.0)) == []
    assert messages(test_time.test_budget, run(DONE, slow, seconds=15.2)) == [
        "j: 15.2 s (see 'x' 9.0 s, see 'x' 0.2 s), wanted at most 15 s."
    ]
    assert "stopped after" in unknown(test_time.test_budget, run(DONE, FAILED))
    assert "1 of 2" in unknown(test_time.test_budget, run(DONE, steps=[{"see": "x"}] * 2))


NOW = "2026-11-21T06:01:00+00:00"


@pytest.mark.parametrize(
    ("text", "seen"),
    [
        ("2026-11-21T06:00:30Z", ""),
        ("2026-11-21T06:00:30", ""),
        ("2026-11-21T07:00:30+01:00", ""),
        ("1795240830", ""),
        ("1795240830000", ""),
        ("2026-11-21T05:58:00Z", "180 s old, wanted at most 60 s."),
        ("2026-11-21T06:02:00Z", "60 s in the future, wanted the time of the data."),
        ("now", "'now' is no time, wanted ISO 8601 or Unix time."),
        ("1e400", "'1e400' is no time, wanted ISO 8601 or Unix time."),
        ("nan", "'nan' is no time, wanted ISO 8601 or Unix time."),
    ],
)
def test_freshness(text: str, seen: str) -> None:
    made = run(DONE, stamp=Stamp("/api", text, NOW, ""), fresh={"response": "/api"})
    assert messages(test_data.test_fresh, made) == ([f"/api: {seen}"] if seen else [])


def test_data_without_a_time() -> None:
    made = run(DONE, stamp=Stamp("/api", "", "", "no answer was seen"), fresh={"response": "/api"})
    assert messages(test_data.test_fresh, made) == ["/api: no answer was seen, wanted the time of the data."]
    assert "stopped" in unknown(test_data.test_fresh, run(FAILED, fresh={"response": "/api"}))


def test_declared_statuses() -> None:
    steps = [{"goto": "/a", "status": [401, 403]}, {"goto": "/b"}]
    refused, opened = StepSeen("goto '/a'", 0.1, "", 401), StepSeen("goto '/a'", 0.1, "", 200)
    assert messages(test_access.test_status, run(refused, opened, steps=steps)) == []
    assert messages(test_access.test_status, run(opened, opened, steps=steps)) == ["goto '/a': 200, wanted 401 or 403."]


@pytest.mark.parametrize(
    "fields",
    [
        {"steps": []},
        {"steps": [{}]},
        {"steps": [{"see": "a", "click": "b"}]},
        {"steps": [{"see": "a"}], "fresh": {"max_age_s": 3}},
        {"steps": [{"see": "a"}], "fresh": {"response": "/a", "selector": "b"}},
    ],
)
def test_journeys_that_are_refused(fields: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"steps|fresh"):
        environment(journeys=[{"name": "j"} | fields])


def test_an_event_needs_a_journey_that_accepts() -> None:
    journey = {"name": "j", "steps": [{"see": "a"}]}
    analytics = {"events": [{"name": "e", "journey": "j"}]}
    environment(journeys=[journey | {"consent": "accept"}], analytics=analytics)
    for journeys in ([], [journey]):
        with pytest.raises(ValueError, match="no journey of this name"):
            environment(journeys=journeys, analytics=analytics)


# --- scripts ---


def page(*requests: BrowserRequest, **fields: Any) -> PageVisit:
    parties = (
        models.ThirdParty(host="tag.test", purpose="analytics", scripts=True),
        models.ThirdParty(host="img.test", purpose="media"),
    )
    return PageVisit(models.Page(path="/"), visit(*requests, **fields), parties)


LOADING = "Loading the image 'https://a.test/x' violates the following Content Security Policy directive: "


@pytest.mark.parametrize(
    ("text", "known"),
    [
        (f"{LOADING}\"img-src 'none'\". The action has been blocked.", False),
        ("This document requires 'TrustedHTML' assignment. The action has been blocked.", False),
        (f"{LOADING}\"img-src 'none'\". The policy is report-only, so nothing was done.", True),
        (
            "Framing 'https://a.test/' violates the following Content Security Policy directive: \"frame-ancestors 'none'\".",
            True,
        ),
        ("Unrecognized Content-Security-Policy directive 'imgsrc'.", True),
    ],
)
def test_a_violation_of_which_only_the_console_tells_is_unknown(text: str, known: bool) -> None:
    made = page(console=(ConsoleMessage("csp", text, "https://a.test/"),))
    if known:
        assert messages(test_csp.test_violations, made) == []
    else:
        assert "whose event was not seen" in unknown(test_csp.test_violations, made)
    said_by_a_script = page(console=(ConsoleMessage("error", text, "https://a.test/"),))
    assert messages(test_csp.test_violations, said_by_a_script) == []
    seen = replace(made, visit=replace(made.visit, violations=(Violation("img-src", "x", "y", "enforce"),)))
    assert len(messages(test_csp.test_violations, seen)) == 1


def test_scripts_of_declared_hosts() -> None:
    made = page(
        request("https://tag.test/a.js", type="script"),
        request("https://img.test/b.js", type="script"),
        request("https://img.test/c.png", type="image"),
        request("https://other.test/d.js", type="script", failure="blocked: undeclared host"),
        request(f"{SITE}/e.js", type="script", third_party=False),
    )
    assert messages(test_scripts.test_declared, made) == [
        "/ → img.test: script https://img.test/b.js, wanted hosts with scripts = true."
    ]


@pytest.mark.parametrize(
    ("fields", "seen"),
    [
        ({"status": 404}, "status 404"),
        ({"status": 0, "failure": "net::ERR_CONNECTION_REFUSED"}, "net::ERR_CONNECTION_REFUSED"),
        ({"status": 399}, ""),
        ({"status": 0, "failure": "net::ERR_ABORTED"}, ""),
        ({"status": 0, "failure": "blocked: undeclared host"}, ""),
        ({"status": 0, "failure": "csp"}, ""),
        ({"status": 0, "failure": "net::ERR_FAILED", "local": True}, ""),
    ],
)
def test_parts_that_do_not_arrive(fields: dict[str, Any], seen: str) -> None:
    found = messages(test_requests.test_answered, page(request(f"{SITE}/a", **fields)))
    assert found == ([f"/: {seen}: fetch {SITE}/a, wanted an answer."] if seen else [])


def test_mixed_content() -> None:
    mixed, other = ConsoleMessage("mixed", "Mixed Content: a", ""), ConsoleMessage("error", "b", "")
    assert messages(test_requests.test_encrypted, page(console=(mixed, mixed, other))) == [
        "/: Mixed Content: a, wanted https:// only."
    ]


def test_sinks() -> None:
    assert messages(test_trusted_types.test_enforced, SinkAttempt("/", "TypeError: refused")) == []
    assert messages(test_trusted_types.test_enforced, SinkAttempt("/", "accepted")) == [
        "/: innerHTML took markup, wanted refused, as the policy demands."
    ]
