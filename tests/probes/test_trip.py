"""The trip probe against real servers: sent once, looked for until it is there or gone, and never where it may not be."""

# ruff: noqa: F811 - a test's argument has the name of the fixture that is imported for it

from __future__ import annotations

import json
import re
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import anyio
import pytest
from hypothesis import given
from hypothesis import strategies as st
from postgres_fixtures import Database, Place, database_trust, one_place, places  # noqa: F401 - fixtures

from gonogo.environment.models import Environment
from gonogo.environment.sections.errors import Row
from gonogo.errors import EvidenceMissing
from gonogo.evidence.codec import from_json, to_json
from gonogo.evidence.records import Evidence, Failure, FailureKind, Request
from gonogo.formats.polling import pauses
from gonogo.gathering.plan import entries
from gonogo.probes.browser.facts import Visit
from gonogo.probes.browser.request import Step, VisitRequest
from gonogo.probes.context import Context
from gonogo.probes.database import postgres_rows
from gonogo.probes.guard import Guard
from gonogo.probes.kinds import kind_of
from gonogo.probes.round_trip import probe as trip
from gonogo.probes.round_trip.facts import Trip
from gonogo.probes.round_trip.request import TripRequest

Answer = tuple[int, str]


@dataclass
class Site:
    """Answers by method and path; remembers what it was sent."""

    answers: dict[str, Callable[[int], Answer]] = field(default_factory=dict)
    """By `POST /path`: the answer to the first, second … such request."""
    sent: list[tuple[str, str, str]] = field(default_factory=list)
    port: int = 0

    def asked(self, what: str) -> int:
        return sum(f"{method} {path}" == what for method, path, _ in self.sent)


class _Handler(BaseHTTPRequestHandler):
    def _answer(self) -> None:
        site: Site = self.server.site  # type: ignore[attr-defined]
        body = self.rfile.read(int(self.headers.get("content-length") or 0)).decode()
        known = site.answers.get(f"{self.command} {self.path}")
        site.sent.append((self.command, self.path, body))
        status, text = known(site.asked(f"{self.command} {self.path}")) if known else (404, "")
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(text.encode())))
        self.end_headers()
        self.wfile.write(text.encode())

    do_GET = do_POST = do_DELETE = _answer  # noqa: N815 - the names that http.server calls

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def site() -> Iterator[Site]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
    made = server.site = Site(port=server.server_address[1])  # type: ignore[attr-defined]
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    yield made
    server.shutdown()
    server.server_close()


def environment(site: Site, *, tier: str = "staging", **fields: Any) -> Environment:
    return Environment.model_validate(
        {
            "name": "t", "tier": tier, "resolve": {"www.acme.test": "127.0.0.1"},
            "limits": {"rate_per_s": 1000, "request_timeout_s": 2, **fields.pop("limits", {})},
            "site": {"url": f"http://www.acme.test:{site.port}"}, **fields,
        }
    )  # fmt: skip


def travel(declared: Environment, request: TripRequest, *, visit: Evidence | None = None) -> Trip:
    async def fetch(_: Request) -> Evidence:
        assert visit is not None
        return visit

    async def main() -> Trip:
        context = Context(declared, Guard(declared), "20261121T0930-t-full-x1", Path(), fetch)
        try:
            return await trip.gather(request, context)
        finally:
            await context.resources.aclose()

    return anyio.run(main)


def errors(site: Site, *, alert: dict[str, Any] | None = None, **request: Any) -> dict[str, Any]:
    declared = {"path": "/fail?why={tag}", "body": '{"message": "{tag}"}', "status": [500], **request}
    place = {"url": f"http://www.acme.test:{site.port}/alerts", "pointer": "/messages", "within_s": 1.2}
    return {"error_tracking": {"kind": "none", "round_trip": {"request": declared, "alert": place | (alert or {})}}}


def tag_of(site: Site) -> str:
    return str(json.loads(site.sent[0][2])["message"])


# --- errors ---


@pytest.fixture
def failing(site: Site) -> Site:
    """A site whose every POST fails, and tells of it at the third look."""

    class Fails(dict[str, Callable[[int], Answer]]):
        def get(self, key: str, default: Any = None) -> Any:
            return (lambda _: (500, "")) if key.startswith("POST /fail") else super().get(key, default)

    site.answers = Fails()
    site.answers["GET /alerts"] = lambda number: (
        200,
        json.dumps({"other": tag_of(site), "messages": [{"text": f"broken: {tag_of(site)}"}] if number > 2 else []}),
    )
    return site


def test_an_error_is_raised_once_with_a_tag_and_its_alert_awaited(failing: Site) -> None:
    seen = travel(environment(failing, **errors(failing)), TripRequest("errors"))
    posts = [one for one in failing.sent if one[0] == "POST"]
    assert posts == [("POST", f"/fail?why={seen.tag}", json.dumps({"message": seen.tag}))]
    assert [(one.name, one.status, one.taken) for one in seen.sent] == [("request", 500, True)]
    alert = seen.look("alert")
    assert alert is not None
    assert (alert.met, alert.problem, failing.asked("GET /alerts")) == (True, "", 3)
    assert 0.5 < alert.seconds < 1.2
    assert from_json(Trip, to_json(seen)) == seen


def test_two_runs_have_two_tags(failing: Site) -> None:
    declared = environment(failing, **errors(failing))
    assert travel(declared, TripRequest("errors")).tag != travel(declared, TripRequest("errors")).tag


@pytest.mark.parametrize(
    ("answer", "problem"),
    [
        ((200, '{"messages": []}'), ""),
        ((200, '{"messages": ["another gonogo-20261121t0930-t-00000000"]}'), ""),
        ((200, "<p>Sign in"), "it answered something that is not JSON"),
        ((200, "{}"), "nothing stands at /messages"),
        ((503, ""), "it answered 503"),
    ],
)
def test_an_alert_that_is_not_there_is_told_from_one_that_cannot_be_seen(
    answer: Answer, problem: str, failing: Site
) -> None:
    failing.answers["GET /alerts"] = lambda _: answer
    alert = travel(environment(failing, **errors(failing)), TripRequest("errors")).look("alert")
    assert alert is not None
    assert (alert.met, alert.problem) == (False, problem)
    assert alert.seconds == pytest.approx(1.2, abs=0.4)


def test_what_was_not_taken_is_not_looked_for(failing: Site) -> None:
    declared = environment(failing, **errors(failing, status=[]))
    seen = travel(declared, TripRequest("errors"))
    assert [(one.status, one.taken) for one in seen.sent] == [(500, False)]
    assert (seen.looks, failing.asked("GET /alerts")) == ((), 0)


def test_production_is_written_to_only_where_it_opts_in(failing: Site) -> None:
    with pytest.raises(EvidenceMissing, match=r"guard: POST .*allow_methods"):
        travel(environment(failing, tier="production", **errors(failing)), TripRequest("errors"))
    assert failing.sent == []
    allowing = environment(failing, tier="production", limits={"allow_methods": ["POST"]}, **errors(failing))
    assert travel(allowing, TripRequest("errors")).looks[0].met


def _visit(**fields: Any) -> Evidence:
    plain: dict[str, Any] = {
        "browser": "x", "device": "desktop", "viewport": [1, 1], "snapshots": [], "requests": [], "console": [],
        "violations": [], "vitals": None, "screenshot": "", "problems": [],
    }  # fmt: skip
    return Evidence("browser-1", {}, "", "", "", facts=to_json(from_json(Visit, plain | fields)))


PAGE = TripRequest("errors", VisitRequest("script", (Step("goto", "http://www.acme.test/"),)))


def test_an_error_of_the_page_is_looked_for_by_the_visits_own_tag(site: Site) -> None:
    site.answers["GET /alerts"] = lambda _: (200, '{"messages": "about gonogo-of-the-visit"}')
    declared = errors(site)
    del declared["error_tracking"]["round_trip"]["request"]
    seen = travel(environment(site, **declared), PAGE, visit=_visit(thrown="gonogo-of-the-visit"))
    assert (seen.tag, seen.looks[0].met) == ("gonogo-of-the-visit", True)
    assert [(one.name, one.what, one.taken) for one in seen.sent] == [("page", "http://www.acme.test/", True)]


@pytest.mark.parametrize(
    ("visit", "words"),
    [
        (_visit(problems=["throw: the page was gone"]), "invalid: no error was thrown: throw: the page was gone"),
        (
            Evidence("b", {}, "", "", "", failure=Failure(FailureKind.UNAVAILABLE, "no browser")),
            "unavailable: no browser",
        ),
        (
            _visit(
                thrown="x",
                requests=[
                    {
                        "url": "http://www.acme.test/log",
                        "method": "POST",
                        "type": "fetch",
                        "third_party": False,
                        "status": 0,
                        "bytes": 0,
                        "failure": "blocked: method",
                    }
                ],
            ),
            "guard: the page's own report to http://www.acme.test/log was stopped",
        ),
    ],
)
def test_an_error_that_was_not_thrown_or_not_let_out_is_missing(visit: Evidence, words: str, site: Site) -> None:
    with pytest.raises(EvidenceMissing, match=re.escape(words)):
        travel(environment(site, **errors(site)), PAGE, visit=visit)
    assert site.sent == []


# --- deletion ---


def deletion(**fields: Any) -> dict[str, Any]:
    return {
        "privacy": {
            "deletion": {
                "create": {"path": "/people", "body": '{"message": "{tag}@acme.invalid"}'},
                "id_pointer": "/id",
                "ask": {"path": "/people/{id}", "method": "DELETE"},
                "traces": [{"name": "account", "path": "/people/{id}"}, {"name": "search", "path": "/find?q={tag}"}],
                "within_s": 0.8,
                **fields,
            }
        }
    }


@pytest.fixture
def forgetting(site: Site) -> Site:
    """A site that makes a person, shows them in two places, and forgets them half a second after it was asked."""

    asked: list[float] = []

    def ask(_: int) -> Answer:
        asked.append(time.monotonic())
        return 202, ""

    def known() -> bool:
        return not asked or time.monotonic() - asked[0] < 0.4

    class Knows(dict[str, Callable[[int], Answer]]):
        def get(self, key: str, default: Any = None) -> Any:
            name = tag_of(site) if site.sent else ""
            if key.startswith("GET /find"):
                return lambda _: (200, json.dumps([name] if known() else []))
            return super().get(key, default)

    site.answers = Knows()
    site.answers |= {
        "POST /people": lambda _: (201, '{"id": 7}'),
        "GET /people/7": lambda _: (200, json.dumps({"email": tag_of(site)})) if known() else (404, ""),
        "DELETE /people/7": ask,
    }
    return site


def looked(seen: Trip) -> list[tuple[str, str, bool, str]]:
    return [(one.name, one.wanted, one.met, one.problem) for one in seen.looks]


SEEN = [("account", "there", True, ""), ("search", "there", True, "")]


def test_a_person_is_made_seen_deleted_and_gone(forgetting: Site) -> None:
    seen = travel(environment(forgetting, **deletion()), TripRequest("deletion"))
    assert [(one.name, one.status, one.taken) for one in seen.sent] == [("create", 201, True), ("ask", 202, True)]
    assert looked(seen) == [*SEEN, ("account", "gone", True, ""), ("search", "gone", True, "")]
    assert f"/find?q={seen.tag}" in [path for _, path, _ in forgetting.sent]
    assert [one[0] for one in forgetting.sent].count("POST") == 1


def test_nobody_is_made_on_production_whatever_it_allows(forgetting: Site) -> None:
    limits = {"allow_methods": ["POST", "DELETE"]}
    with pytest.raises(
        EvidenceMissing, match=r"guard: privacy\.deletion: nobody is made or deleted on tier production"
    ):
        travel(environment(forgetting, tier="production", limits=limits, **deletion()), TripRequest("deletion"))
    assert forgetting.sent == []


def test_data_that_stays_is_told(forgetting: Site) -> None:
    forgetting.answers["DELETE /people/7"] = lambda _: (204, "")
    seen = travel(environment(forgetting, **deletion()), TripRequest("deletion"))
    assert looked(seen) == [*SEEN, ("account", "gone", False, ""), ("search", "gone", False, "")]


def test_an_answer_that_says_neither_is_a_problem(forgetting: Site) -> None:
    forgetting.answers["GET /people/7"] = lambda number: (
        (200, json.dumps(tag_of(forgetting))) if number < 2 else (500, "")
    )
    seen = travel(environment(forgetting, **deletion()), TripRequest("deletion"))
    assert ("account", "gone", False, "it answered 500") in looked(seen)


def test_a_refused_deletion_is_not_waited_for(forgetting: Site) -> None:
    forgetting.answers["DELETE /people/7"] = lambda _: (500, "")
    seen = travel(environment(forgetting, **deletion()), TripRequest("deletion"))
    assert [(one.name, one.taken) for one in seen.sent] == [("create", True), ("ask", False)]
    assert looked(seen) == SEEN


@pytest.mark.parametrize(
    ("answer", "problem"),
    [
        ("{}", "invalid: the answer to `create` has no id at /id"),
        ("<p>Welcome", "invalid: the answer to `create` has no id at /id"),
        ('{"id": "../admins/1"}', "invalid: the id at /id is '../admins/1', which fits no path"),
        ('{"id": "7?all=1"}', "invalid: the id at /id is '7?all=1', which fits no path"),
    ],
)
def test_only_an_id_that_stays_in_its_place_is_used(answer: str, problem: str, forgetting: Site) -> None:
    forgetting.answers["POST /people"] = lambda _: (201, answer)
    seen = travel(environment(forgetting, **deletion()), TripRequest("deletion"))
    assert [(one.name, one.taken, one.problem) for one in seen.sent] == [("create", True, ""), ("ask", False, problem)]
    assert len(forgetting.sent) == 1


def test_a_lost_connection_after_the_person_was_made_is_told_and_not_raised(forgetting: Site) -> None:
    """Raised, it would be tried again, and there would be two persons."""

    def closes(_: int) -> Answer:
        raise ConnectionResetError

    forgetting.answers["DELETE /people/7"] = closes
    seen = travel(environment(forgetting, **deletion()), TripRequest("deletion"))
    asked = seen.answer("ask")
    assert asked is not None
    assert asked.problem.startswith("protocol: ")
    assert kind_of(TripRequest("deletion")).once(TripRequest("deletion"))


# --- rows ---


@pytest.fixture
def journal(one_place: Place) -> Database:
    made = one_place.database()
    made.execute(
        'create table billing."error log" (at timestamptz default now(), "message text" text, release text, n int);'
        ' grant usage on schema billing to gonogo; grant select on billing."error log" to gonogo;'
        " insert into billing.\"error log\" (\"message text\", release, n) values ('boom gonogo-1%_x', '1.2', 3)"
    )
    return made


def watched(database: Database, tag: str, *, there: bool = True, within_s: float = 0.6, **fields: Any) -> Any:
    declared = database.environment()
    columns = fields.pop("columns", ())
    # Not by validation: the names are as odd as a database allows, more than an environment does.
    row = Row.model_construct(
        **{"database": "main", "table": "billing.error log", "column": "message text", "time": ""} | fields
    )

    async def fetch(_: Request) -> Evidence:
        raise AssertionError

    async def main() -> Any:
        context = Context(declared, Guard(declared), "r", Path(), fetch)
        return await postgres_rows.watch(row, tag, context, there=there, within_s=within_s, columns=columns)

    return anyio.run(main)


def test_a_row_is_found_by_its_tag_and_read(journal: Database) -> None:
    seen = watched(journal, "gonogo-1%_x", columns=("release", "n"))
    assert (seen.met, seen.columns) == (True, (("release", "1.2"), ("n", "3")))
    assert watched(journal, "gonogo-1%_x", time="at").met
    journal.execute("update billing.\"error log\" set at = now() - interval '2 hours'")
    assert not watched(journal, "gonogo-1%_x", time="at").met


@pytest.mark.parametrize("tag", ["gonogo-1__x", "GONOGO-1%_x", "gonogo-2"])
def test_a_row_with_another_tag_is_not_it(tag: str, journal: Database) -> None:
    assert not watched(journal, tag).met


def test_a_row_is_waited_for_and_so_is_its_end(journal: Database) -> None:
    insert = 'insert into billing."error log" ("message text") values (\'late gonogo-9\')'
    later = threading.Timer(0.5, journal.execute, [insert])
    later.start()
    seen = watched(journal, "gonogo-9", within_s=5)
    later.join()
    assert seen.met
    assert 0.3 < seen.seconds < 3
    assert not watched(journal, "gonogo-9", there=False).met
    later = threading.Timer(0.5, journal.execute, ['delete from billing."error log"'])
    later.start()
    assert watched(journal, "gonogo-9", there=False, within_s=5).met
    later.join()


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"table": "none"}, r"none.message text: there is no such table"),
        ({"column": "none"}, r"there is no such column"),
        ({"column": 'x"; drop table events; --'}, r"there is no such column"),
        ({"table": "billing.invoices", "column": "number"}, "this role may not read it"),
    ],
)
def test_what_cannot_be_read_is_missing_and_never_gone(fields: dict[str, str], words: str, journal: Database) -> None:
    for there in (True, False):
        with pytest.raises(EvidenceMissing, match=words):
            watched(journal, "x", there=there, **fields)


def test_rows_are_read_in_a_transaction_that_cannot_write(journal: Database) -> None:
    journal.execute(
        "create function counts() returns text language plpgsql as"
        " 'begin insert into events (occurred_at, name) values (now(), ''x''); return ''gonogo''; end';"
        " grant insert on events to gonogo; create view noisy as select counts() as message;"
        " grant select on noisy to gonogo"
    )
    journal.execute(f"alter role gonogo in database {journal.name} set default_transaction_read_only = off")
    with pytest.raises(EvidenceMissing, match="it tried to write"):
        watched(journal, "gonogo", table="noisy", column="message")


# --- what it rests on ---


@given(st.floats(min_value=0.001, max_value=900))
def test_pauses_fill_the_time_and_grow(within_s: float) -> None:
    made = pauses(within_s)
    assert sum(made) == pytest.approx(within_s)
    assert all(0 < one <= 2 for one in made)
    assert list(made[:-1]) == sorted(made[:-1])


@given(st.text(max_size=60))
def test_a_tag_is_fit_for_a_mailbox_a_path_and_a_text(run_id: str) -> None:
    declared = Environment.model_validate({"name": "t", "tier": "staging", "site": {"url": "https://a.test"}})
    tag = Context(declared, Guard(declared), run_id, Path(), lambda _: None).tag  # type: ignore[arg-type, return-value]
    assert re.fullmatch(r"gonogo-[a-z0-9-]{9,}", tag)
    assert len(tag) <= 40


def test_the_plan_lists_what_is_sent_and_every_look(site: Site) -> None:
    declared = environment(site, **errors(site), **deletion())
    listed = entries((TripRequest("errors"), TripRequest("deletion")), declared)
    origin = f"http://www.acme.test:{site.port}"
    assert [(one.method, one.target.removeprefix(origin), one.count) for one in listed] == [
        ("POST", "/fail?why={tag}", 1),
        ("GET", "/alerts", len(pauses(1.2)) + 1),
        ("POST", "/people", 1),
        ("DELETE", "/people/{id}", 1),
        ("GET", "/people/{id}", 2 * (len(pauses(0.8)) + 1)),
        ("GET", "/find?q={tag}", 2 * (len(pauses(0.8)) + 1)),
    ]
    assert all(one.lane == "trip" for one in listed)
