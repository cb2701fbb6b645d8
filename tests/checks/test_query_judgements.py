"""A declared query: within its budget, over it, stopped, or not run at all."""

from __future__ import annotations

import pytest

from checks.database.test_queries import test_latency as judge
from gonogo.concerns import FIXTURES
from gonogo.concerns.fixture import Asked
from gonogo.environment.models import Environment
from gonogo.errors import EvidenceMissing, Shortfall
from gonogo.evidence.codec import to_json
from gonogo.evidence.records import Evidence, Request, canonical, identity
from gonogo.gathering.plan import entries, merge
from gonogo.probes.database.facts import Catalogue, QueryTiming

ENVIRONMENT = Environment.model_validate(
    {
        "name": "t",
        "tier": "staging",
        "site": {"url": "https://www.acme.test"},
        "databases": [
            {
                "name": "main",
                "url": "postgresql://verifier:secret-word@db.acme.test/app",
                "queries": [{"name": "events", "sql": "select 1", "p95_ms": 100}],
            }
        ],
    }
)
STOPPED = "canceling statement due to statement timeout after 5000 ms"


class Stored:
    def __init__(self, timing: QueryTiming) -> None:
        self._catalogue = Catalogue(
            server_version="15", database="app", role="verifier", superuser=False, in_recovery=False, tls="TLSv1.3", plaintext="refused",
            tables=(), applied_migrations=None, migrations_error="", queries=(timing,), round_trip_ms=2.0, connect_ms=5.0,
            connections=1, max_connections=100,
        )  # fmt: skip

    def evidence(self, request: Request) -> Evidence:
        return Evidence(identity(request), canonical(request), "", "", "", facts=to_json(self._catalogue))


def outcome(*samples: float, error: str = "") -> str:
    fixture = FIXTURES["query"]
    (subject,) = fixture.subjects(ENVIRONMENT)
    try:
        judge(fixture.build(Asked(ENVIRONMENT, subject, Stored(QueryTiming("events", samples, error)))))
    except Shortfall as shortfall:
        return shortfall.findings[0].seen
    except EvidenceMissing as missing:
        return f"UNKNOWN {missing.message}"
    return "PASS"


@pytest.mark.parametrize(
    ("samples", "error", "wanted"),
    [
        ((50.0,) * 20, "", "PASS"),
        ((50.0,) * 18 + (300.0,) * 2, "", "298 ms (p95 of 20 runs)"),
        # Stopped while it warmed up, after some good runs, and twice: what it had run by then is known.
        ((5000.0,), STOPPED, f"at least 4998 ms ({STOPPED})"),
        ((50.0,) * 12 + (5000.0,), STOPPED, f"at least 4998 ms ({STOPPED})"),
        ((300.0,) * 3, "stopped after 3 of 20 runs: the time for it was over", "at least 298 ms (stopped after 3 of 20 runs: the time for it was over)"),
        # Nothing known says that it is too slow.
        ((50.0,) * 3, "stopped after 3 of 20 runs: the time for it was over", "UNKNOWN events: stopped after 3 of 20 runs: the time for it was over"),
        ((90.0,), "canceling statement due to user request after 90 ms", "UNKNOWN events: canceling statement due to user request after 90 ms"),
        ((), "not run: it must be one SELECT", "UNKNOWN events: not run: it must be one SELECT"),
    ],
)  # fmt: skip
def test_what_is_known_of_a_query_decides(samples: tuple[float, ...], error: str, wanted: str) -> None:
    assert outcome(*samples, error=error) == wanted


def test_the_plan_lists_each_query_with_its_executions() -> None:
    requests = merge(FIXTURES["query"].subjects(ENVIRONMENT)[0].requests, ENVIRONMENT)
    listed = [(one.method, one.count, one.name) for one in entries(requests, ENVIRONMENT)]
    assert listed == [("connect", 1, ""), ("connect", 1, "without TLS, which must be refused"), ("query", 21, "events")]
