"""Single rules of the decision, and what a release manager reads."""

from __future__ import annotations

import ast
import json
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from gate_worlds import (
    AT,
    CSP,
    HEALTH,
    RATE,
    START,
    TRUST,
    intent,
    judged,
    result,
    rules,
    shard,
    waiver,
    warned,
    world,
)

import gonogo.gate
from gonogo.gate import (
    Attestation,
    Budget,
    Decision,
    ExitStatus,
    PastRun,
    Policy,
    Shard,
    WaiverState,
    decide,
    fingerprint,
    verdict_json,
    verdict_text,
)
from gonogo.result import Finding, Outcome, Severity

PASS, FAIL, UNKNOWN, SKIP = Outcome.PASS, Outcome.FAIL, Outcome.UNKNOWN, Outcome.NOT_APPLICABLE
GO, HOLD, NO_GO = Decision.GO, Decision.HOLD, Decision.NO_GO


def policy(**tables: object) -> Policy:
    return Policy.model_validate(tables)


def one(*results: object, **changes: object) -> Shard:
    rows = [result(HEALTH), *results]  # type: ignore[list-item]
    return shard(intent([row.check for row in rows], **changes), rows)


def test_exit_statuses_are_fixed() -> None:
    assert {status.name: int(status) for status in ExitStatus} == {
        "GO": 0,
        "NO_GO": 10,
        "HOLD": 11,
        "ROLLBACK": 12,
        "CONFIGURATION_INVALID": 20,
        "EVIDENCE_UNREADABLE": 21,
        "INTERNAL": 22,
    }


@pytest.mark.parametrize(
    ("severity", "outcome", "decision"),
    [
        (Severity.CRITICAL, FAIL, NO_GO),
        (Severity.CRITICAL, UNKNOWN, NO_GO),
        (Severity.CRITICAL, SKIP, NO_GO),
        (Severity.HIGH, FAIL, NO_GO),
        (Severity.HIGH, UNKNOWN, HOLD),
        (Severity.HIGH, SKIP, HOLD),
        (Severity.MEDIUM, FAIL, GO),
        (Severity.MEDIUM, UNKNOWN, HOLD),
        (Severity.MEDIUM, SKIP, HOLD),
        (Severity.LOW, FAIL, GO),
        (Severity.LOW, UNKNOWN, HOLD),
        (Severity.LOW, SKIP, HOLD),
    ],
)
def test_the_default_policy_by_severity(severity: Severity, outcome: Outcome, decision: Decision) -> None:
    verdict = judged([one(result(CSP, outcome, reason="why"))], policy(severity_of={CSP: severity}))
    assert verdict.decision is decision
    told = [*verdict.reasons, *verdict.warnings]
    assert [(reason.check, reason.outcome, reason.severity) for reason in told] == [(CSP, outcome, severity)]


def test_messages_say_what_where_and_what_is_wanted() -> None:
    said = [reason.message for reason in judged([*world(health=FAIL, trust=UNKNOWN)[:1]], at=AT).reasons]
    assert said == [
        "Shard 2 of 2 of suite 'gonogo' is missing: it crashed, was lost or was not given.",
        f"{HEALTH} failed on /: status is 60, wanted 200.",
        "No critical check passed. A release needs at least one that was seen to pass.",
    ]
    (unknown,) = judged([one(result(TRUST, UNKNOWN))]).reasons
    why = "timeout: no answer within 10 s. A critical check must be seen to pass."
    assert unknown.message == f"{TRUST} could not be judged on /: {why}"


def test_words_of_a_site_are_bounded() -> None:
    (reason,) = judged([one(result(TRUST, FAIL, seen="x\n" * 5000))]).reasons
    assert len(reason.message) < 400
    assert "\n" not in reason.message


def test_a_result_may_not_use_the_words_of_the_gate() -> None:
    for outcome in (Outcome.WAIVED, Outcome.MISSING):
        (reason,) = judged([one(result(TRUST, outcome))]).reasons
        assert (reason.rule, reason.outcome) == ("unknown", UNKNOWN)


def test_the_worse_severity_counts_and_the_policy_has_the_last_word() -> None:
    announced = one(result(CSP, FAIL))
    milder = replace(announced.results[1], severity=Severity.LOW)
    lowered = replace(announced, results=(announced.results[0], milder))
    assert judged([lowered]).warnings[0].severity is Severity.MEDIUM
    harder = policy(severity_of={"security.*": "low", CSP: "critical"})
    assert judged([lowered], harder).decision is NO_GO
    globs = policy(severity_of={"security.*": "low", "*.csp.*": "high"})
    assert judged([lowered], globs).reasons[0].severity is Severity.HIGH


def test_max_fail_counts_failures_of_one_severity() -> None:
    failing = one(result(CSP, FAIL), result(CSP, FAIL, subject="/a"), result(RATE, PASS))
    assert judged([failing], policy(severity={"medium": {"max_fail": 2}})).decision is GO
    verdict = judged([failing], policy(severity={"medium": {"max_fail": 1}}))
    assert {(reason.check, reason.subject) for reason in verdict.reasons} == {(CSP, "/"), (CSP, "/a")}
    assert "accepts 1 failures of severity medium; there are 2" in verdict.reasons[0].message


def test_flaky_is_never_harsher_than_a_failure_and_a_skip_never_than_silence() -> None:
    mild = policy(severity={"medium": {"flaky": "no-go", "unknown": "warn", "not_applicable": "no-go"}})
    assert judged([one(result(CSP, FAIL), result(CSP))], mild).decision is GO
    assert judged([one(result(CSP, SKIP, reason="why"))], mild).decision is GO
    limited = policy(severity={"medium": {"flaky": "hold", "max_fail": 0}})
    assert judged([one(result(CSP, FAIL), result(CSP))], limited).decision is HOLD


def test_flaky_in_one_shard_is_a_failure_when_another_failed_outright() -> None:
    rows = [result(CSP, FAIL), result(CSP), result(HEALTH)]
    mild = policy(severity={"medium": {"flaky": "warn", "max_fail": 0}})
    first = shard(intent([HEALTH, CSP], shard=(1, 2)), rows)
    second = shard(intent([HEALTH, CSP], shard=(2, 2)), [result(CSP)])
    assert judged([first, second], mild).decision is GO
    second = shard(intent([HEALTH, CSP], shard=(2, 2)), [result(CSP, FAIL)])
    assert rules(judged([first, second], mild)) == {"fail"}


def test_what_the_intent_rules_out_is_not_expected_even_when_listed() -> None:
    ruled_out = ((CSP, "/", "no [security] section"),)
    verdict = judged([shard(intent([HEALTH, CSP], not_applicable=ruled_out), [result(HEALTH)])])
    assert (verdict.decision, verdict.counts[SKIP]) == (GO, 1)
    other = shard(intent([HEALTH, CSP], shard=(2, 2)), [result(HEALTH)])
    first = shard(intent([HEALTH], not_applicable=ruled_out, shard=(1, 2)), [result(HEALTH)])
    assert rules(judged([first, other])) == {"missing"}


def test_a_failure_that_is_limited_must_be_seen() -> None:
    with pytest.raises(ValueError, match="must be seen"):
        policy(severity={"low": {"max_fail": 3, "unknown": "warn"}})


@pytest.mark.parametrize("action", ["warn", "hold"])
def test_a_critical_check_cannot_be_talked_down(action: str) -> None:
    with pytest.raises(ValueError, match="unknown"):
        policy(severity={"critical": {"unknown": action}})


def test_required_checks_must_be_announced_and_pass() -> None:
    wanted = policy(require={"checks": ["security.*"]})
    assert rules(judged([one()], wanted)) == {"required"}
    assert judged([one(result(CSP))], wanted).decision is GO
    accepted = judged([one(result(CSP, FAIL))], wanted, waivers=[waiver(CSP)])
    assert (accepted.decision, rules(accepted)) == (NO_GO, {"required"})
    unannounced = replace(one(result(CSP)), intent=intent([HEALTH]))
    assert rules(judged([unannounced], wanted)) == {"required"}
    excused = one(not_applicable=((CSP, "/", "no [security] section"),))
    assert rules(judged([excused], wanted)) == {"required"}


def test_go_needs_a_critical_pass_that_was_announced() -> None:
    verdict = judged([shard(intent([CSP]), [result(CSP)])])
    assert (verdict.decision, rules(verdict)) == (NO_GO, {"nothing-critical-passed"})
    assert judged([shard(intent([CSP]), [result(CSP), result(HEALTH)])]).decision is NO_GO


def test_a_partial_run_gives_no_verdict() -> None:
    verdict = judged(world(partial="-k health"))
    assert (verdict.decision, rules(verdict)) == (HOLD, {"partial"})
    assert "-k health" in verdict.reasons[0].message


def test_a_run_cannot_count_other_than_its_receipt() -> None:
    whole = one(result(TRUST, FAIL))
    hidden = replace(whole, results=whole.results[:1])
    assert rules(judged([hidden])) == {"changed", "missing"}
    assert judged([hidden], policy(evidence={"missing": "hold"})).decision is NO_GO


class TestAttestations:
    good = Attestation(name="approval", owner="ann", issued=START, expires=START + timedelta(days=1))
    wanted = policy(require={"attestations": ["approval"]})

    def test_a_valid_one_is_enough(self) -> None:
        bound = self.good.model_copy(update={"environment": "staging", "release": "2.4.0"})
        for one_ in (self.good, bound):
            assert judged(world(), self.wanted, attestations=[one_]).decision is GO
        stale = self.good.model_copy(update={"expires": START})
        assert judged(world(), self.wanted, attestations=[stale, self.good]).decision is GO

    @pytest.mark.parametrize(
        ("changes", "why"),
        [
            ({"name": "approvals"}, "there is none"),
            ({"environment": "production"}, "for environment production, not staging"),
            ({"release": "2.3.9"}, "for release 2.3.9, not 2.4.0"),
            ({"expires": AT}, "expired at 2026-11-20 12:10:00 UTC"),
            (
                {"issued": AT + timedelta(minutes=3), "expires": AT + timedelta(days=1)},
                "issued in the future",
            ),
        ],
    )
    def test_another_is_hold(self, changes: dict[str, object], why: str) -> None:
        verdict = judged(world(), self.wanted, attestations=[self.good.model_copy(update=changes)])
        assert (verdict.decision, rules(verdict)) == (HOLD, {"attestation"})
        assert why in verdict.reasons[0].message


class TestWaivers:
    failing = world(health=FAIL)

    def states(self, *waivers: object, shards: object = None) -> tuple[Decision, dict[str, WaiverState]]:
        verdict = judged(shards or self.failing, waivers=waivers)  # type: ignore[arg-type]
        return verdict.decision, {use.message: use.state for use in verdict.waivers}

    def test_a_critical_check_needs_a_second_person(self) -> None:
        decision, said = self.states(waiver(approved_by=""))
        assert (decision, said) == (
            NO_GO,
            {"a critical check needs approved_by, a second person": WaiverState.REFUSED},
        )
        decision, said = self.states(waiver(approved_by=" ANN@example.org"))
        assert (decision, list(said.values())) == (NO_GO, [WaiverState.REFUSED])
        assert judged(world(csp=FAIL), waivers=[waiver(CSP, approved_by="")]).warnings[0].rule == "waived"

    def test_a_critical_check_is_waived_for_a_week_at_most(self) -> None:
        long = waiver(expires=START + timedelta(days=8))
        decision, said = self.states(long)
        assert decision is NO_GO
        assert "lasts 9 days; for a critical check 7 are allowed" in next(iter(said))
        assert "9 days" in next(r for r in judged(self.failing, waivers=[long]).reasons if r.check == HEALTH).message

    def test_a_waiver_that_was_never_validated_is_bounded_too(self) -> None:
        forever = waiver(CSP).model_copy(update={"expires": START + timedelta(days=400)})
        verdict = judged(world(csp=FAIL), policy(severity={"medium": {"max_fail": 0}}), waivers=[forever])
        assert (verdict.decision, verdict.waivers[0].state) == (NO_GO, WaiverState.REFUSED)

    def test_force_is_measured_at_the_start_of_the_evidence(self) -> None:
        for seconds, decision in ((0, NO_GO), (1, GO)):
            ends = waiver(expires=START + timedelta(seconds=seconds))
            assert judged(self.failing, waivers=[ends]).decision is decision
        young = waiver(created=AT + timedelta(seconds=1), expires=AT + timedelta(days=2))
        assert judged(self.failing, waivers=[young]).decision is NO_GO

    @pytest.mark.parametrize("outcome", [UNKNOWN, SKIP])
    def test_it_covers_no_absence(self, outcome: Outcome) -> None:
        verdict = judged(world(health=outcome), waivers=[waiver()])
        assert (verdict.decision, verdict.waivers[0].state) == (NO_GO, WaiverState.UNMATCHED)
        assert judged(world()[1:], waivers=[waiver()]).decision is NO_GO

    def test_every_finding_must_be_covered(self) -> None:
        two = [Finding.of("/", seen=seen, wanted="200", what="status") for seen in ("404", "500")]
        rows = [result(TRUST), replace(result(HEALTH, FAIL), findings=tuple(two))]
        failing = [shard(intent([TRUST, HEALTH]), rows)]
        first, second = (waiver(fingerprint=fingerprint(HEALTH, finding)) for finding in two)
        assert self.states(first, shards=failing)[0] is NO_GO
        assert self.states(first, second, shards=failing)[0] is GO
        bare = [shard(intent([TRUST, HEALTH]), [rows[0], replace(rows[1], findings=())])]
        assert self.states(first, second, shards=bare)[0] is NO_GO

    def test_a_fingerprint_forgives_amounts_and_not_codes(self) -> None:
        def print_of(seen: str) -> str:
            return fingerprint(RATE, Finding.of("/", seen=seen, wanted="at most 500 ms", what="p95"))

        assert print_of("812 ms") == print_of("830.5  ms")
        assert print_of("status 404") != print_of("status 500")
        assert print_of("max-age=60") != print_of("max-age=0")

    def test_subjects_narrow_it(self) -> None:
        failing = one(result(CSP, FAIL), result(CSP, FAIL, subject="/admin"))
        strict = policy(severity={"medium": {"max_fail": 0}})
        verdict = judged([failing], strict, waivers=[waiver(CSP, subject="/admin*")])
        assert [reason.subject for reason in verdict.reasons] == ["/"]
        assert verdict.waivers[0].keys == ((CSP, "/admin"),)
        assert verdict.counts[Outcome.WAIVED] == 1

    def test_those_that_do_nothing_or_end_soon_are_told(self) -> None:
        idle = [waiver(TRUST), waiver(CSP, environment="production"), waiver()]
        verdict = judged(self.failing, waivers=idle)
        assert [(r.rule, r.check) for r in verdict.warnings if r.rule.startswith("waiver")] == [
            ("waiver-ends-soon", HEALTH),
            ("waiver-unmatched", TRUST),
        ]


class TestRegionsAndShards:
    def test_each_region_stands_alone(self) -> None:
        eu, us = one(region="eu"), one(region="us")
        assert judged([eu, us]).decision is GO
        verdict = judged([eu, replace(us, results=(), receipt=None)])
        (said,) = [reason.message for reason in verdict.reasons if reason.rule == "missing"]
        assert said.startswith(f"{HEALTH} was announced for / (region us) and never reported.")

    @pytest.mark.parametrize(
        ("require", "missing"),
        [
            ({"regions": ["eu", "us"]}, "Shard 1 of 1 of suite 'gonogo' in region us is missing"),
            ({"shards": 2}, "Shard 2 of 2 of suite 'gonogo' in region eu is missing"),
            ({"suites": ["unit"]}, "Shard 1 of 1 of suite 'unit' is missing"),
        ],
    )
    def test_what_is_required_must_be_there(self, require: dict[str, object], missing: str) -> None:
        verdict = judged([one(region="eu")], policy(require=require))
        assert (verdict.decision, rules(verdict)) == (NO_GO, {"missing-shard"})
        assert missing in verdict.reasons[0].message

    def test_shards_that_disagree_are_not_of_one_run(self) -> None:
        first, second = world()
        assert second.intent is not None
        third = replace(second, intent=replace(second.intent, shard=(2, 3)))
        assert rules(judged([first, third])) == {"shard-mismatch", "missing-shard"}

    def test_different_environment_files_are_not_one_system(self) -> None:
        first, second = world()
        assert second.intent is not None
        other = replace(second, intent=replace(second.intent, environment_digest="f" * 64))
        assert rules(judged([first, other])) == {"subject-mismatch"}

    def test_another_policy_than_at_the_start_is_told(self) -> None:
        now = Policy().model_copy(update={"digest": "a" * 64})
        assert warned(judged(world(policy_digest="b" * 64), now)) == {"policy-changed"}
        assert warned(judged(world(policy_digest="a" * 64), now)) == set()


class TestTime:
    @pytest.mark.parametrize(("age", "decision"), [(3600, GO), (3601, NO_GO), (-120, GO), (-121, HOLD)])
    def test_limits_are_inclusive(self, age: float, decision: Decision) -> None:
        at = START + timedelta(seconds=age)
        first = replace(one(), receipt=replace(one().receipt, finished=START))  # type: ignore[type-var]
        assert judged([first], at=at).decision is decision

    def test_a_clock_that_ran_backwards_is_hold(self) -> None:
        back = replace(one(), receipt=replace(one().receipt, finished=START - timedelta(seconds=1)))  # type: ignore[type-var]
        assert rules(judged([back])) == {"clock"}

    def test_naive_times_are_refused(self) -> None:
        with pytest.raises(TypeError):
            judged(world(), at=datetime(2026, 11, 20, 12, 10))  # noqa: DTZ001 - that is the point
        with pytest.raises(TypeError):
            judged(world(started=datetime(2026, 11, 20, 12)))  # noqa: DTZ001


class TestBudgets:
    def judge(self, number: float, past: list[float], **budget: object) -> tuple[Decision, set[str]]:
        history = [
            PastRun(f"p{n}", START - timedelta(days=n + 1), GO, "staging", "nightly", {"p95": value})
            for n, value in enumerate(past)
        ]
        fields = {"metric": "p95", "severity": "high"} | budget
        measured = shard(intent([HEALTH]), [result(HEALTH)], metrics=(("p95", number),))
        verdict = judged([measured], policy(budget=[fields]), history=history)
        return verdict.decision, rules(verdict)

    def test_absolute(self) -> None:
        assert self.judge(500, [], value=500) == (GO, set())
        assert self.judge(500.1, [], value=500) == (NO_GO, {"fail"})
        assert self.judge(9, [], value=10, op=">=") == (NO_GO, {"fail"})
        assert self.judge(float("nan"), [], value=10) == (HOLD, {"missing"})

    def test_relative_needs_share_floor_and_more_than_noise(self) -> None:
        steady = [200.0, 201, 199, 200, 202, 198, 200, 201]
        assert self.judge(225, steady, relative=0.1) == (NO_GO, {"fail"})
        assert self.judge(219, steady, relative=0.1) == (GO, set())
        assert self.judge(225, steady, relative=0.1, floor=30) == (GO, set())
        noisy = [200.0, 260, 150, 240, 170, 220, 180, 230]
        assert self.judge(270, noisy, relative=0.1) == (GO, set())
        assert self.judge(225, [200.0] * 8, relative=0.1) == (NO_GO, {"fail"})
        assert self.judge(170, steady, relative=0.1, op=">=") == (NO_GO, {"fail"})
        assert self.judge(100, steady, relative=0.1) == (GO, set())

    def test_only_alike_go_runs_before_this_one_are_a_baseline(self) -> None:
        good = PastRun("p", START - timedelta(days=1), GO, "staging", "nightly", {"p95": 200.0})
        eight = [replace(good, run_id=f"p{n}", started=START - timedelta(days=n + 1)) for n in range(8)]
        measured = shard(intent([HEALTH]), [result(HEALTH)], metrics=(("p95", 300.0),))
        wanted = policy(budget=[{"metric": "p95", "relative": 0.1, "severity": "high"}])
        assert judged([measured], wanted, history=eight).decision is NO_GO
        for changes in (
            {"decision": NO_GO},
            {"environment": "production"},
            {"profile": "smoke"},
            {"region": "eu"},
            {"started": START},
            {"run_id": "run-1"},
            {"run_id": "p1"},
            {"metrics": {}},
        ):
            history = [replace(eight[0], **changes), *eight[1:]]  # type: ignore[arg-type]
            assert rules(judged([measured], wanted, history=history)) == {"no-baseline"}, changes

    def test_a_budget_can_be_waived_and_is_counted(self) -> None:
        measured = shard(intent([HEALTH]), [result(HEALTH)], metrics=(("p95", 300.0),))
        wanted = policy(budget=[Budget(metric="p95", value=200, severity="high")])
        verdict = judged([measured], wanted, waivers=[waiver("budget.p95")])
        assert (verdict.decision, verdict.counts[Outcome.WAIVED]) == (GO, 1)

    def test_a_critical_budget_is_no_critical_check(self) -> None:
        measured = shard(intent([CSP]), [result(CSP)], metrics=(("p95", 100.0),))
        verdict = judged([measured], policy(budget=[{"metric": "p95", "value": 200, "severity": "critical"}]))
        assert rules(verdict) == {"nothing-critical-passed"}


class TestReadiness:
    @pytest.mark.parametrize(
        ("csp", "readiness"), [(PASS, 100.0), (FAIL, 95.2), (UNKNOWN, 95.2)], ids=["pass", "fail", "unknown"]
    )
    def test_it_is_the_weight_that_passed(self, csp: Outcome, readiness: float) -> None:
        assert judged(world(csp=csp)).readiness == readiness

    def test_it_never_rounds_up_to_a_hundred(self) -> None:
        rows = [result(HEALTH, subject=f"/{n}") for n in range(300)]
        assert judged([one(*rows, result(CSP, FAIL))]).readiness == 99.9

    def test_it_stops_and_warns_and_never_buys_back(self) -> None:
        assert rules(judged(world(csp=FAIL), policy(score={"pass": 96}))) == {"score"}
        verdict = judged(world(csp=FAIL), policy(score={"pass": 95, "warn": 99}))
        assert (verdict.decision, warned(verdict)) == (GO, {"score", "fail"})
        assert judged(world(health=FAIL), policy(score={"pass": 1})).decision is NO_GO

    def test_what_does_not_apply_is_left_out_and_what_is_missing_is_not(self) -> None:
        assert judged([one(not_applicable=((CSP, "/", "no section"),))]).readiness == 100
        assert judged([shard(intent([HEALTH, TRUST]), [result(HEALTH)])]).readiness == 50


def test_verdict_json() -> None:
    first, second = world(csp=FAIL)
    assert first.receipt is not None
    measured = replace(first.receipt, evidence=(("evidence/http-1.json", "a" * 64),), metrics=(("p95", 1.5),))
    verdict = judged([replace(first, receipt=measured), second], waivers=[waiver(CSP)])
    fields = verdict_json(verdict)
    assert json.loads(verdict_text(verdict)) == fields
    assert verdict_text(verdict).endswith("}\n")
    assert [key for key in fields if not isinstance(fields[key], list | dict)] == [
        "schema",
        "verdict",
        "exit_status",
        "environment",
        "tier",
        "release",
        "profile",
        "run_id",
        "decided_at",
        "started",
        "finished",
        "environment_digest",
        "policy_digest",
        "readiness",
    ]
    assert (fields["verdict"], fields["exit_status"], fields["run_id"]) == ("GO", 0, "run-1")
    assert fields["decided_at"] == "2026-11-20T12:10:00.000000+00:00"
    assert fields["counts"]["outcomes"] == {
        "PASS": 2,
        "FAIL": 0,
        "UNKNOWN": 0,
        "NOT_APPLICABLE": 0,
        "WAIVED": 1,
        "MISSING": 0,
    }
    assert fields["counts"]["severities"]["medium"]["WAIVED"] == 1
    assert fields["reasons"] == []
    assert fields["warnings"][0] == {
        "rule": "waived",
        "check": CSP,
        "subject": "/",
        "outcome": "WAIVED",
        "severity": "medium",
        "message": f"{CSP} failed on / and is waived: status is 60, wanted 200.",
        "decision": "GO",
    }
    assert fields["waivers"][0]["covers"] == [{"check": CSP, "subject": "/"}]
    assert fields["evidence"] == [{"path": "evidence/http-1.json", "sha256": "a" * 64}]
    assert fields["metrics"] == [{"metric": "p95", "value": 1.5}]


def test_seconds_of_results_do_not_reach_the_verdict() -> None:
    slow = [replace(s, results=tuple(replace(r, seconds=9.0) for r in s.results)) for s in world(csp=FAIL)]
    assert verdict_text(judged(slow)) == verdict_text(judged(world(csp=FAIL)))


def test_the_gate_is_pure() -> None:
    """It imports nothing that reads a clock, a file or the network, and asks no clock."""
    allowed = {"gonogo.result", "gonogo.errors", "pydantic", "pydantic_core", "xml.parsers"}
    pure = {
        *(
            "__future__",
            "collections",
            "collections.abc",
            "dataclasses",
            "datetime",
            "difflib",
            "enum",
            "fnmatch",
        ),
        *("hashlib", "json", "math", "re", "statistics", "tomllib", "typing"),
    }
    for path in Path(gonogo.gate.__file__).parent.glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.ImportFrom):
                name = node.module or ""
                assert name in allowed | pure or name.startswith("gonogo.gate"), (path.name, name)
            elif isinstance(node, ast.Import):
                assert {alias.name for alias in node.names} <= pure, path.name
            elif isinstance(node, ast.Attribute):
                assert node.attr not in {"now", "utcnow", "today"}, path.name


def test_decide_takes_no_default_moment() -> None:
    with pytest.raises(TypeError, match="at"):
        decide(world(), Policy())  # type: ignore[call-arg]


class TestSession:
    """What else went wrong where the checks ran."""

    @pytest.mark.parametrize("number", [1, 3, 4, 40])
    def test_other_failures_stop_a_release(self, number: int) -> None:
        whole = shard(intent([HEALTH]), [result(HEALTH)])
        assert whole.receipt is not None
        others = tuple(f"tests/test_{one}.py failed" for one in range(number))
        told = replace(whole, receipt=replace(whole.receipt, others=others))
        (reason,) = judged([told]).reasons
        assert (reason.rule, reason.decision) == ("session", NO_GO)
        assert reason.message.count(" failed") == min(number, 3)
        assert (f"and {number - 3} more" in reason.message) == (number > 3)


class TestReplay:
    """Judged again as of then: the verdict is the same, and what it permits is not."""

    @pytest.mark.parametrize(
        ("later", "status"),
        [(timedelta(0), 0), (timedelta(minutes=40), 0), (timedelta(hours=2), 10), (timedelta(days=365), 10)],
    )
    def test_a_go_lapses(self, later: timedelta, status: int) -> None:
        then = judged(world())
        again = judged(world(), read_at=AT + later)
        assert verdict_text(again) == verdict_text(then)
        assert (int(again.exit_status), bool(again.lapsed)) == (status, status != 0)

    def test_what_was_no_go_stays_so(self) -> None:
        failed = [result(HEALTH, Outcome.FAIL)]
        again = judged([shard(intent([HEALTH]), failed)], read_at=AT + timedelta(days=1))
        assert again.exit_status == 10
        assert "1 day" not in again.lapsed
        assert "decides nothing now" in again.lapsed
