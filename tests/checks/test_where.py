"""A check with a `where` judges some of its fixture's subjects: each is seen to keep and to drop."""

from __future__ import annotations

import pytest
from main_job import ROOT

from gonogo import Severity, check
from gonogo.demo import provider
from gonogo.environment.models import Environment
from gonogo.evidence.records import Request
from gonogo.run import target as runs
from gonogo.run.catalogue import Scope, catalogue, expected, not_applicable

CHOOSY = [name for name, entry in catalogue().items() if entry.card.where is not None]
ALERT = {"url": "https://chat.shop.test/alerts", "within_s": 5}
ROW = {"database": "main", "table": "errors", "column": "message"}


def bare(**fields: object) -> Environment:
    """Every section that a `where` looks into, with as little in it as it may have, on a site that has no name."""
    least: dict[str, object] = {
        "name": "bare",
        "tier": "staging",
        "site": {"url": "https://192.0.2.1"},
        "security": {},
        "tls": {},
        "consent": {},
        "analytics": {"hosts": ["stats.shop.test"]},
        "vitals": {"device": "mobile"},
        "journeys": [{"name": "look", "steps": [{"see": "Shop"}]}],
        "databases": [{"name": "main", "url": "postgresql://reader:secret-of-reader@192.0.2.2/shop", "tls": False}],
        "error_tracking": {"kind": "none", "round_trip": {"row": ROW}},
    }
    return Environment.model_validate(least | fields)


BARE = [Scope(bare()), Scope(bare(error_tracking={"kind": "none", "round_trip": {"alert": ALERT}}))]


@pytest.fixture(scope="module")
def demo() -> Scope:
    variables = provider.planned_variables()
    return Scope(runs.target("demo", folder=ROOT / "environments", variables=variables, decides=False).environment)


def test_there_are_checks_to_look_at() -> None:
    assert len(CHOOSY) >= 30


@pytest.mark.parametrize("name", CHOOSY)
def test_a_where_keeps_subjects_of_the_demo_and_drops_those_of_a_bare_environment(name: str, demo: Scope) -> None:
    entry = catalogue()[name]
    kept = entry.subjects(demo)
    assert kept
    assert all(one in demo.of(entry.fixture) for one in kept)
    assert any(scope.of(entry.fixture) and not entry.subjects(scope) for scope in BARE)


@pytest.mark.parametrize("name", CHOOSY)
def test_what_is_dropped_does_not_apply_for_want_of_what_the_check_needs(name: str) -> None:
    entry = catalogue()[name]
    scope = next(one for one in BARE if not entry.subjects(one))
    why = f"not applicable: {entry.card.needs} is absent from environment 'bare'"
    assert entry.excluded(scope) == why
    assert [one for one in not_applicable(scope, "full") if one[0] == name] == [(name, "not configured", why)]
    assert [one for one in expected(scope, "full") if one.check == name] == []


def test_subjects_are_made_once_a_run_and_shared_by_the_checks_of_a_fixture(demo: Scope) -> None:
    first, second = (catalogue()[f"security.csp.{name}"] for name in ("present", "syntax"))
    assert first.subjects(demo) is second.subjects(demo)
    again = Scope(demo.environment)
    assert first.subjects(again) is not first.subjects(demo)
    assert first.subjects(again) == first.subjects(demo)


def test_a_dropped_subject_asks_for_nothing(demo: Scope) -> None:
    """Where only some of a fixture's subjects are kept, only their requests are planned."""

    def asked(name: str) -> set[Request]:
        return {request for subject in catalogue()[name].subjects(demo) for request in subject.requests}

    assert asked("journeys.data.fresh") < asked("journeys.steps.complete")


@pytest.mark.parametrize("given", [{"where": lambda *_: True}, {"needs": "[tls] alpn"}])
def test_where_and_needs_belong_together(given: dict[str, object]) -> None:
    with pytest.raises(ValueError, match="belong together"):
        check(title="It is there", severity=Severity.LOW, **given)  # type: ignore[arg-type]
