"""One record in a few lines: what could not be judged never looks like a value that was kept."""

from __future__ import annotations

from pathlib import Path

import pytest

from gonogo.environment.models import Environment
from gonogo.evidence import facts
from gonogo.evidence.facts import LoadRun, LoadSeries
from gonogo.evidence.records import Evidence, Failure, FailureKind, LoadRequest, Step, VisitRequest, canonical, identity
from gonogo.summaries import summarise

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
