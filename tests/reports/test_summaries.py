"""One record in a few lines: what could not be judged never looks like a value that was kept."""

from __future__ import annotations

from pathlib import Path

import pytest

from checks.database import test_queries
from gonogo.concerns.database.fixtures import TimedQuery
from gonogo.environment.models import Environment, Query
from gonogo.errors import Shortfall
from gonogo.evidence import codec as facts
from gonogo.evidence.records import Evidence, Failure, FailureKind, canonical, identity
from gonogo.probes.browser.request import Step, VisitRequest
from gonogo.probes.database.facts import Catalogue, QueryTiming
from gonogo.probes.database.request import DatabaseRequest
from gonogo.probes.load.facts import LoadRun, LoadSeries
from gonogo.probes.load.request import LoadRequest
from gonogo.run.report import summarise

AT = "2026-11-21T00:00:00.000000+00:00"
PROFILE = {"name": "smoke", "duration_s": 6, "rate_per_s": 50, "p95_ms": 500, "targets": [{"path": "/"}]}
ENVIRONMENT = Environment.model_validate(
    {"name": "t", "tier": "staging", "site": {"url": "https://www.acme.test"}, "load": [PROFILE]}
)


def _load(*, healthy: bool) -> Evidence:
    series = LoadSeries("all", 100, 0, ((10.0, 99), (90.0, 1)), 90.0)
    why = "" if healthy else "16 of 300 requests left more than 50 ms after they were due"
    run = LoadRun("smoke", 100, 100, 0, 2.0, 50.0, 50.0, (series,), (), (), 0.2, "complete", healthy, why)
    asked = LoadRequest("smoke")
    return Evidence(identity(asked), canonical(asked), AT, AT, "test", facts=facts.to_json(run))


def test_load_that_was_not_made_as_promised_is_held_to_no_limit(tmp_path: Path) -> None:
    good, bad = (summarise(_load(healthy=healthy), ENVIRONMENT, tmp_path) for healthy in (True, False))
    assert {point.label: point.limit for point in good.plot} == {"p50": None, "p95": 500, "p99": None}
    assert {point.label: point.limit for point in bad.plot} == {"p50": None, "p95": None, "p99": None}
    assert (good.title, bad.title) == ("Load profile smoke", "Load profile smoke, not usable")


@pytest.mark.parametrize(
    ("kind", "title"),
    [
        (FailureKind.UNNEEDED, "Browser visit: vitals /, run 4, not needed"),
        (FailureKind.TIMEOUT, "Browser visit: vitals /, run 4"),
    ],
)
def test_a_run_that_was_not_seen_is_told_by_its_number(kind: FailureKind, title: str, tmp_path: Path) -> None:
    asked = VisitRequest("vitals /", (Step("goto", "https://www.acme.test/"),), measure=True, run=4)
    record = Evidence(identity(asked), canonical(asked), AT, AT, "test", failure=Failure(kind, "why"))
    assert summarise(record, ENVIRONMENT, tmp_path).title == title


def test_a_query_is_shown_by_the_number_that_its_check_judges(tmp_path: Path) -> None:
    """The p95 without the round trip, and not the slowest run with it."""
    samples = (*(float(n) for n in range(11, 30)), 900.0)
    seen = Catalogue(
        "18.1", "acme", "reader", False, False, "TLSv1.3", "refused", (), (), "",
        (QueryTiming("events", samples, ""), QueryTiming("broken", (), "no such table")), 9.0, 12.0, 3, 100,
    )  # fmt: skip
    asked = DatabaseRequest("main")
    record = Evidence(identity(asked), canonical(asked), AT, AT, "test", facts=facts.to_json(seen))
    excerpt = summarise(record, ENVIRONMENT, tmp_path).excerpt
    assert "query events: p95 20.0 ms of 20 runs, round trip taken off" in excerpt
    assert "900" not in excerpt
    assert "query broken: no such table" in excerpt
    declared = Query(name="events", sql="select 1", p95_ms=19)
    with pytest.raises(Shortfall, match=r"20 ms \(p95 of 20 runs\)"):
        test_queries.test_latency(TimedQuery(declared, seen.queries[0], seen.round_trip_ms))
