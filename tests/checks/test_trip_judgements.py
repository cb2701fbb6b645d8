"""What errors of our own and deletions are judged by, each on evidence made for it; and what an environment may say of them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from checks.errors import test_alert, test_table
from checks.privacy import test_deletion
from gonogo.concerns import FIXTURES
from gonogo.concerns.fixture import Asked
from gonogo.environment import lint, load
from gonogo.environment.models import Environment
from gonogo.errors import EvidenceMissing, Shortfall
from gonogo.evidence.codec import to_json
from gonogo.evidence.records import Evidence, Request, identity
from gonogo.probes.browser.request import VisitRequest
from gonogo.probes.round_trip.facts import Look, Sent, Trip
from gonogo.probes.round_trip.request import TripRequest
from gonogo.run.catalogue import Scope, catalogue
from gonogo.run.replay import frozen

SITE = "https://www.shop.test"
DATABASE = {"name": "main", "url": "postgresql://reader:password@db.shop.test/shop"}
ROW = {"database": "main", "table": "errors", "release": "version", "environment": "tier"}
ALERT = {"url": "https://chat.shop.test/messages", "pointer": "/messages"}
DELETION = {
    "create": {"path": "/people", "body": "{tag}"},
    "ask": {"path": "/people/{tag}", "method": "DELETE", "status": [202]},
    "traces": [{"name": "account", "path": "/people/{tag}"}],
    "within_s": 5,
}


def environment(**fields: Any) -> Environment:
    tracking = {
        "kind": "none", "environment": "staging",
        "round_trip": {"request": {"path": "/fail"}, "row": ROW, "alert": ALERT},
    }  # fmt: skip
    plain = {
        "name": "t", "tier": "staging", "site": {"url": SITE}, "databases": [DATABASE], "release": {"expected": "r7"},
        "error_tracking": tracking, "privacy": {"deletion": DELETION},
    }  # fmt: skip
    return Environment.model_validate(plain | fields)


@dataclass
class Source:
    trip: Trip

    def evidence(self, request: Request) -> Evidence:
        assert isinstance(request, TripRequest)
        return Evidence("trip-1", {}, "", "", "", facts=to_json(self.trip))


def judged(check: str, judge: Any, *, sent: tuple[Sent, ...], looks: tuple[Look, ...] = ()) -> list[str]:
    """Each finding's words; raises EvidenceMissing as the check would."""
    declared = environment()
    entry = catalogue()[check]
    (subject,) = entry.subjects(Scope(declared))
    try:
        judge(entry.fixture.build(Asked(declared, subject, Source(Trip("gonogo-1", sent, looks)))))
    except Shortfall as shortfall:
        return [finding.message for finding in shortfall.findings]
    return []


def row(*, met: bool = True, problem: str = "", **columns: str) -> Look:
    said = {"version": "r7", "tier": "staging"} | columns
    return Look("row", "there", met, 0.2, problem, tuple(said.items()) if met else ())


def alert(*, met: bool, problem: str = "") -> Look:
    return Look("alert", "there", met, 0.2, problem)


RAISED = (Sent("request", "POST https://www.shop.test/fail", 200, taken=True),)


def test_a_row_with_its_labels_and_an_alert_are_no_finding() -> None:
    looks = (row(), alert(met=True))
    assert judged("errors.table.recorded", test_table.test_recorded, sent=RAISED, looks=looks) == []
    assert judged("errors.table.release", test_table.test_release, sent=RAISED, looks=looks) == []
    assert judged("errors.alert.delivered", test_alert.test_delivered, sent=RAISED, looks=looks) == []


def test_a_row_that_never_came_is_one_finding() -> None:
    looks = (row(met=False), alert(met=False))
    assert judged("errors.table.recorded", test_table.test_recorded, sent=RAISED, looks=looks) == [
        "errors.message: no row with the tag, wanted one within 10 s."
    ]
    with pytest.raises(EvidenceMissing, match=r"no row was found; see errors\.table\.recorded"):
        judged("errors.table.release", test_table.test_release, sent=RAISED, looks=looks)
    with pytest.raises(EvidenceMissing, match=r"was not recorded; see errors\.table\.recorded"):
        judged("errors.alert.delivered", test_alert.test_delivered, sent=RAISED, looks=looks)


@pytest.mark.parametrize(
    ("columns", "findings"),
    [
        ({"version": "r6"}, ["errors.version: r6, wanted r7."]),
        ({"version": ""}, ["errors.version: none, wanted r7."]),
        ({"tier": "production", "version": "r6"}, ["errors.version: r6, wanted r7.", "errors.tier: production, wanted staging."]),
    ],
)  # fmt: skip
def test_labels_of_another_deploy_are_findings(columns: dict[str, str], findings: list[str]) -> None:
    assert judged("errors.table.release", test_table.test_release, sent=RAISED, looks=(row(**columns),)) == findings


def test_an_alert_that_never_came_is_a_finding() -> None:
    assert judged(
        "errors.alert.delivered", test_alert.test_delivered, sent=RAISED, looks=(row(), alert(met=False))
    ) == ["https://chat.shop.test/messages: no alert with the tag, wanted one within 30 s."]


def test_what_could_not_be_read_is_unknown() -> None:
    with pytest.raises(EvidenceMissing, match="the table could not be read: authentication: refused"):
        judged("errors.table.recorded", test_table.test_recorded, sent=RAISED, looks=(row(met=False, problem="authentication: refused"),))  # fmt: skip
    with pytest.raises(EvidenceMissing, match="alerts could not be read: it answered 401"):
        judged("errors.alert.delivered", test_alert.test_delivered, sent=RAISED, looks=(alert(met=False, problem="it answered 401"),))  # fmt: skip
    unraised = (Sent("request", "POST /fail", 404, taken=False),)
    with pytest.raises(EvidenceMissing, match="no error could be raised: POST /fail: it answered 404"):
        judged("errors.table.recorded", test_table.test_recorded, sent=unraised)


CREATED = Sent("create", "POST /people", 201, taken=True)
ASKED = Sent("ask", "DELETE /people/x", 202, taken=True)
BEFORE = Look("account", "there", met=True, seconds=0.1)


def test_a_deletion_that_is_done_is_no_finding() -> None:
    looks = (BEFORE, Look("account", "gone", met=True, seconds=1))
    assert judged("privacy.deletion.accepted", test_deletion.test_accepted, sent=(CREATED, ASKED), looks=looks) == []
    assert judged("privacy.deletion.complete", test_deletion.test_complete, sent=(CREATED, ASKED), looks=looks) == []


def test_a_deletion_that_is_refused_is_one_finding() -> None:
    sent = (CREATED, Sent("ask", "DELETE /people/x", 500, taken=False))
    assert judged("privacy.deletion.accepted", test_deletion.test_accepted, sent=sent, looks=(BEFORE,)) == [
        "/people/{tag}: 500, wanted 202."
    ]
    with pytest.raises(EvidenceMissing, match=r"not accepted; see privacy\.deletion\.accepted"):
        judged("privacy.deletion.complete", test_deletion.test_complete, sent=sent, looks=(BEFORE,))


def test_data_that_stays_is_a_finding() -> None:
    looks = (BEFORE, Look("account", "gone", met=False, seconds=5))
    assert judged("privacy.deletion.complete", test_deletion.test_complete, sent=(CREATED, ASKED), looks=looks) == [
        "account: the person is still there, wanted gone within 5 s."
    ]


@pytest.mark.parametrize(
    ("sent", "looks", "words"),
    [
        ((Sent("create", "POST /people", 403, taken=False),), (), "nobody could be made to delete: it answered 403"),
        ((), (), "nobody could be made to delete: nothing was sent"),
        (
            (CREATED, ASKED),
            (Look("account", "there", met=False, seconds=5), Look("account", "gone", met=True, seconds=0)),
            "not seen there before: nothing held the tag within 5 s",
        ),
        (
            (CREATED, ASKED),
            (BEFORE, Look("account", "gone", met=False, seconds=5, problem="it answered 500")),
            "afterwards it could not be told: it answered 500",
        ),
        ((CREATED, ASKED), (BEFORE,), "afterwards it could not be told: no look"),
    ],
)
def test_what_was_never_there_or_cannot_be_told_is_unknown(
    sent: tuple[Sent, ...], looks: tuple[Look, ...], words: str
) -> None:
    with pytest.raises(EvidenceMissing, match=words):
        judged("privacy.deletion.complete", test_deletion.test_complete, sent=sent, looks=looks)


def test_a_deletion_that_could_not_be_asked_for_is_unknown() -> None:
    sent = (CREATED, Sent("ask", "", 0, taken=False, problem="connect: refused"))
    with pytest.raises(EvidenceMissing, match="the deletion was not asked for: connect: refused"):
        judged("privacy.deletion.accepted", test_deletion.test_accepted, sent=sent, looks=(BEFORE,))


# --- what an environment says of them ---


def subjects(check: str, **fields: Any) -> list[str]:
    return [subject.id for subject in catalogue()[check].subjects(Scope(environment(**fields)))]


def test_nothing_is_deleted_on_production() -> None:
    assert subjects("privacy.deletion.accepted") == ["/people/{tag}"]
    assert subjects("privacy.deletion.accepted", tier="production") == []
    assert subjects("privacy.deletion.complete", tier="production") == []


def _tracking(**fields: Any) -> dict[str, Any]:
    return {"error_tracking": {"kind": "none", "round_trip": {"row": ROW}} | fields}


def test_an_error_is_thrown_in_the_page_where_no_request_raises_it() -> None:
    declared = environment(**_tracking())
    (subject,) = catalogue()["errors.table.recorded"].subjects(Scope(declared))
    request, visit = subject.requests
    assert isinstance(request, TripRequest)
    assert request.visit == visit
    assert isinstance(visit, VisitRequest)
    assert [step.action for step in visit.steps] == ["goto", "throw", "wait"]
    assert subjects("errors.table.recorded", **_tracking(provoke=False)) == []
    assert subjects("errors.alert.delivered", **_tracking()) == []
    forbidding = environment(**_tracking(forbid_hosts=["*.sentry.io"]))
    assert visit in FIXTURES["forbidden_hosts"].subjects(forbidding)[0].requests


def test_a_report_that_would_arrive_is_not_provoked_on_production() -> None:
    sentry = _tracking(kind="sentry", host="errors.shop.test")
    party = {"host": "errors.shop.test", "purpose": "errors", "intercept": False}
    assert subjects("errors.table.recorded", **sentry) == ["errors"]
    assert subjects("errors.table.recorded", **sentry, tier="production", third_parties=[party]) == []


def test_the_hosts_of_alerts_are_declared() -> None:
    assert "chat.shop.test" in environment().declared_hosts


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"error_tracking": {"kind": "none"}}, "kind none needs `round_trip` or `forbid_hosts`"),
        ({"error_tracking": {"kind": "none", "round_trip": {}}}, "needs `row` or `alert`"),
        (_tracking(round_trip={"row": ROW | {"database": "other"}}), "no \\[\\[databases\\]\\] is named so"),
        (_tracking(round_trip={"alert": ALERT | {"role": "boss"}}), "alert.role\n.*not a declared role"),
        ({"privacy": {"deletion": DELETION | {"create": {"path": "/people"}}}}, "holds {tag}"),
        ({"privacy": {"deletion": DELETION | {"traces": []}}}, "at least 1 item"),
        ({"privacy": {"deletion": DELETION | {"traces": [{"name": "x"}]}}}, "either `path` or `row`"),
        ({"privacy": {"deletion": DELETION | {"traces": DELETION["traces"] * 2}}}, "traces.1.name\n.*declared twice"),  # type: ignore[operator]
    ],
)
def test_what_makes_no_sense_is_refused(fields: dict[str, Any], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        environment(**fields)


TEXT = """name = "x"
tier = "production"
[site]
url = "https://www.shop.io"
[privacy.deletion]
create = { path = "/people", body = "{tag}" }
ask = { path = "/people/{tag}" }
traces = [{ name = "account", path = "/people/{tag}" }]
"""


def test_a_deletion_on_production_is_an_error_of_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "x.toml").write_text(TEXT)
    (problem,) = lint(load("x", folder=tmp_path, process_env={})).errors
    assert str(problem).startswith("x.toml:5: privacy.deletion: people are made and deleted on staging, never on tier")
    (tmp_path / "x.toml").write_text(TEXT.replace("production", "staging"))
    assert lint(load("x", folder=tmp_path, process_env={})).errors == ()


def test_a_stored_environment_asks_for_the_same_evidence() -> None:
    """Replay finds records by the requests' ids, so what is read back must make the same requests."""
    declared = environment(vitals={"interaction": "#x"}, journeys=[{"name": "j", "steps": [{"see": "x"}]}])
    again = Environment.model_validate(frozen(declared))
    for name, fixture in FIXTURES.items():
        made, read = ([identity(one) for s in fixture.subjects(e) for one in s.requests] for e in (declared, again))
        assert made == read, name
