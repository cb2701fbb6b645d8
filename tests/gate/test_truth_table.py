"""The gate's truth table, row by row: what a release manager may rely on."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path

import pytest
from gate_worlds import (
    AT,
    CSP,
    HEALTH,
    KNOWN,
    RATE,
    START,
    TRUST,
    intent,
    judged,
    on_disk,
    result,
    rules,
    shard,
    waiver,
    warned,
    world,
)

from gonogo.errors import PolicyInvalid, RunUnreadable
from gonogo.gate import (
    Budget,
    Decision,
    ExitStatus,
    PastRun,
    Policy,
    Verdict,
    fingerprint,
    parse_policy,
    parse_waivers,
)
from gonogo.result import Outcome
from gonogo.run import folder as rundir

PASS, FAIL, UNKNOWN, SKIP = Outcome.PASS, Outcome.FAIL, Outcome.UNKNOWN, Outcome.NOT_APPLICABLE
GO, HOLD, NO_GO = Decision.GO, Decision.HOLD, Decision.NO_GO

Make = Callable[[Path], Verdict]
JUNIT = '<testsuite name="smoke" tests="1" timestamp="{when}"><testcase classname="t" name="a"/></testsuite>'


@dataclass(frozen=True)
class Row:
    number: str
    situation: str
    make: Make
    decision: Decision | None
    """None when there must be no verdict at all."""
    status: ExitStatus
    because: frozenset[str] = frozenset()
    """Rules that must be among the reasons."""
    warns: frozenset[str] = frozenset()
    """Rules that must be among the warnings."""


def severe(name: str, **rule: object) -> Policy:
    return Policy.model_validate({"severity": {name: rule}})


HOLDING = Policy.model_validate({"evidence": {"missing": "hold"}})
TWO_SHARDS = Policy.model_validate({"require": {"shards": 2}})


def failing_health() -> str:
    (finding,) = result(HEALTH, FAIL).findings
    return fingerprint(HEALTH, finding)


def unfinished_beside_green_xml(path: Path) -> Verdict:
    folder = on_disk(path, intent([HEALTH]), [result(HEALTH)], finished=False)
    stale = path / "junit.xml"
    stale.write_text(JUNIT.format(when=(START - timedelta(days=1)).isoformat()))
    return judged([rundir.read(folder), rundir.read_junit(stale)])


def changed_results(path: Path) -> Verdict:
    folder = on_disk(path, intent([HEALTH]), [result(HEALTH, FAIL)])
    results = folder / "results.jsonl"
    results.write_text(results.read_text().replace('"FAIL"', '"PASS"'))
    return judged([rundir.read(folder)])


def beside_junit(text: str) -> Make:
    def make(path: Path) -> Verdict:
        (path / "unit.xml").write_text(text)
        return judged([*world(), rundir.read_junit(path / "unit.xml")])

    return make


def crashed_worker(_: Path) -> Verdict:
    checks = [HEALTH, TRUST, CSP]
    expected = tuple(replace(one, subject=f"/{n}") for one in intent(checks).expected for n in (1, 2))
    done = [result(CSP, UNKNOWN, subject="/1", reason="crash: worker gw0 died"), result(CSP, subject="/2")]
    return judged([shard(intent([], expected=expected), done)])


def interrupted(_: Path) -> Verdict:
    expected = tuple(replace(one, subject=f"/{n}") for one in intent([HEALTH]).expected for n in range(20))
    done = [result(HEALTH, subject=f"/{n}") for n in range(2)]
    return judged([replace(shard(intent([], expected=expected), done), receipt=None)])


def twice(first: Outcome, second: Outcome, check: str, policy: Policy | None = None) -> Verdict:
    """One run that reports one key two times, beside a critical check that passes."""
    results = [result(TRUST), result(check, first), result(check, second)]
    return judged([shard(intent([TRUST, check]), results)], policy)


def load(reason: str, policy: Policy | None = None) -> Verdict:
    results = [result(HEALTH), result(RATE, UNKNOWN, reason=reason)]
    return judged([shard(intent([HEALTH, RATE]), results)], policy)


def measured(budget: Budget, values: tuple[tuple[str, float], ...], runs: int = 0) -> Verdict:
    past = [
        PastRun(
            f"past-{n}",
            START - timedelta(days=n + 1),
            GO,
            "staging",
            "nightly",
            {"load.p95_ms": 200.0 + n % 3},
        )
        for n in range(runs)
    ]
    return judged([shard(intent([HEALTH]), [result(HEALTH)], metrics=values)], Policy(budget=(budget,)), history=past)


def policy_with(text: str) -> Make:
    def make(_: Path) -> Verdict:
        return judged(world(), parse_policy(text, file="policy.toml", known_checks=KNOWN))

    return make


def waivers_with(text: str) -> Make:
    def make(_: Path) -> Verdict:
        return judged(world(), waivers=parse_waivers(text, file="waivers.toml", known_checks=KNOWN))

    return make


def elsewhere(**changes: object) -> Verdict:
    first, second = world()
    assert second.intent is not None
    return judged([first, replace(second, intent=replace(second.intent, **changes))])  # type: ignore[arg-type]


def later(**delta: float) -> Verdict:
    return judged(world(), at=AT + timedelta(**delta))


def row(
    number: str,
    situation: str,
    make: Make,
    decision: Decision | None,
    because: str = "",
    warns: str = "",
    *,
    status: ExitStatus | None = None,
) -> Row:
    wanted = status if status is not None else ExitStatus[decision.name] if decision else ExitStatus.INTERNAL
    return Row(number, situation, make, decision, wanted, frozenset(because.split()), frozenset(warns.split()))


ROWS = (
    row("1", "all pass, fresh, complete", lambda _: judged(world(), TWO_SHARDS), GO),
    row(
        "2",
        "a medium failure within max_fail",
        lambda _: judged(world(csp=FAIL), severe("medium", max_fail=1)),
        GO,
        "",
        "fail",
    ),
    row(
        "2-beyond",
        "a medium failure beyond max_fail",
        lambda _: judged(world(csp=FAIL), severe("medium", max_fail=0)),
        NO_GO,
        "fail",
    ),
    row("3", "a critical failure", lambda _: judged(world(health=FAIL)), NO_GO, "fail"),
    row(
        "4",
        "a critical failure with a valid waiver",
        lambda _: judged(world(health=FAIL), waivers=[waiver(fingerprint=failing_health())]),
        GO,
        "",
        "waived",
    ),
    row(
        "5-expired",
        "its waiver ended a second before the evidence",
        lambda _: judged(world(health=FAIL), waivers=[waiver(expires=START - timedelta(seconds=1))]),
        NO_GO,
        "fail",
        "waiver-expired",
    ),
    row(
        "5-fingerprint",
        "its waiver is for another finding",
        lambda _: judged(world(health=FAIL), waivers=[waiver(fingerprint="0" * 16)]),
        NO_GO,
        "fail",
        "waiver-refused",
    ),
    row(
        "5-environment",
        "its waiver is for another environment",
        lambda _: judged(world(health=FAIL), waivers=[waiver(environment="production")]),
        NO_GO,
        "fail",
    ),
    row(
        "6",
        "no test was collected",
        lambda _: judged([shard(intent([]), [])]),
        NO_GO,
        "empty nothing-critical-passed",
    ),
    row("6-nothing", "no evidence at all", lambda _: judged([]), NO_GO, "empty"),
    row(
        "7",
        "all skipped",
        lambda _: judged(world(health=SKIP, trust=SKIP, csp=SKIP)),
        NO_GO,
        "unknown nothing-critical-passed",
    ),
    row(
        "7-reason",
        "all skipped with a reason that nobody approved",
        lambda _: judged(world(health=SKIP, trust=SKIP, csp=SKIP, reason="not today")),
        NO_GO,
        "unapproved-skip",
    ),
    row(
        "8",
        "a critical check that the environment rules out",
        lambda _: judged(
            [
                shard(
                    intent([TRUST], not_applicable=((HEALTH, "/", "no [health] section"),)),
                    [result(TRUST), result(HEALTH, SKIP, reason="no [health] section")],
                )
            ]
        ),
        GO,
    ),
    row("9", "shard 2 never came", lambda _: judged(world()[:1]), NO_GO, "missing-shard"),
    row(
        "9-hold",
        "shard 2 never came, missing = hold",
        lambda _: judged(world()[:1], HOLDING),
        HOLD,
        "missing-shard",
    ),
    row(
        "9-receipt",
        "shard 2 has no receipt",
        lambda _: judged([world()[0], replace(world()[1], receipt=None)]),
        NO_GO,
        "unfinished",
    ),
    row(
        "10",
        "no receipt beside a green file of yesterday",
        unfinished_beside_green_xml,
        NO_GO,
        "unfinished stale",
    ),
    row("11-digest", "results altered after the receipt", changed_results, NO_GO, "changed"),
    row(
        "11-truncated",
        "a truncated JUnit file",
        beside_junit(JUNIT.format(when=START.isoformat())[:-14]),
        NO_GO,
        "truncated",
    ),
    row(
        "11-counts",
        "a JUnit header that counts other than its elements",
        beside_junit(JUNIT.format(when=START.isoformat()).replace('tests="1"', 'tests="10"')),
        NO_GO,
        "counts-differ",
    ),
    row("12", "a worker crashed, four critical checks never ran", crashed_worker, NO_GO, "missing"),
    row(
        "13",
        "a worker crashed, only a medium check is unknown",
        lambda _: judged(world(csp=UNKNOWN)),
        HOLD,
        "unknown",
    ),
    row(
        "13-warn",
        "the same, and the policy lets medium unknowns warn",
        lambda _: judged(world(csp=UNKNOWN), severe("medium", unknown="warn")),
        GO,
        "",
        "unknown",
    ),
    row(
        "14",
        "a module did not import, its checks are missing",
        lambda _: judged([shard(intent([HEALTH, TRUST, CSP]), [result(TRUST)])]),
        NO_GO,
        "missing",
    ),
    row(
        "15",
        "PASS in shard 1, FAIL in shard 2",
        lambda _: judged(
            [
                world()[0],
                shard(intent([TRUST, CSP], shard=(2, 2)), [result(TRUST), result(CSP), result(HEALTH, FAIL)]),
            ]
        ),
        NO_GO,
        "fail",
        "duplicate-result",
    ),
    row(
        "15-medium",
        "the same of a medium check",
        lambda _: judged(
            [shard(intent([HEALTH, CSP], shard=(1, 2)), [result(HEALTH), result(CSP)]), world(csp=FAIL)[1]]
        ),
        GO,
        "",
        "fail duplicate-result",
    ),
    row(
        "16",
        "the same evidence twice",
        lambda _: judged([*world(), world()[0]]),
        GO,
        "",
        "duplicate-evidence",
    ),
    row("17", "critical: failed, then passed", lambda _: twice(FAIL, PASS, HEALTH), NO_GO, "flaky"),
    row(
        "17-hold",
        "the same, flaky = hold",
        lambda _: twice(FAIL, PASS, HEALTH, severe("critical", flaky="hold")),
        HOLD,
        "flaky",
    ),
    row(
        "18",
        "critical: passed, then its teardown broke",
        lambda _: twice(PASS, UNKNOWN, HEALTH),
        NO_GO,
        "unknown",
    ),
    row(
        "18-medium",
        "medium: passed, then its teardown broke",
        lambda _: twice(PASS, UNKNOWN, CSP),
        HOLD,
        "unknown",
    ),
    row(
        "19",
        "an expected failure that passes",
        lambda _: judged(world(reason="xpass: remove the mark")),
        GO,
        "",
        "remark",
    ),
    row("20-age", "evidence older than max_age", lambda _: later(hours=1), NO_GO, "stale"),
    row(
        "20-deploy",
        "evidence from before the deploy ended",
        lambda _: judged(world(deploy_finished=START + timedelta(seconds=1))),
        NO_GO,
        "stale",
    ),
    row(
        "21",
        "five minutes in the future",
        lambda _: judged(world(), at=START - timedelta(minutes=5)),
        HOLD,
        "clock",
    ),
    row(
        "22-release",
        "evidence of another release",
        lambda _: judged(world(), release="2.5.0"),
        NO_GO,
        "subject-mismatch",
    ),
    row(
        "22-environment",
        "evidence of another environment",
        lambda _: judged(world(), environment="production"),
        NO_GO,
        "subject-mismatch",
    ),
    row("22-shards", "shards of two releases", lambda _: elsewhere(release="2.5.0"), NO_GO, "subject-mismatch"),
    row("23", "interrupted after 2 of 20", interrupted, NO_GO, "unfinished missing"),
    row(
        "24",
        "the load generator was saturated",
        lambda _: load("invalid: the generator used 97 % of its CPU"),
        HOLD,
        "invalid",
    ),
    row(
        "25",
        "inconclusive and required",
        lambda _: load(
            "inconclusive: p95 is 480 to 530 ms", Policy.model_validate({"require": {"checks": ["load.*"]}})
        ),
        HOLD,
        "invalid required",
    ),
    row(
        "25-mild",
        "inconclusive, medium, not required",
        lambda _: load(
            "inconclusive: p95 is 480 to 530 ms",
            Policy.model_validate({"severity_of": {RATE: "medium"}, "severity": {"medium": {"unknown": "warn"}}}),
        ),
        GO,
        "",
        "invalid",
    ),
    row(
        "26-absolute",
        "no baseline yet, an absolute budget decides",
        lambda _: measured(Budget(metric="load.p95_ms", value=500, relative=0.1), (("load.p95_ms", 210.0),), 7),
        GO,
        "",
        "no-baseline",
    ),
    row(
        "26-relative",
        "no baseline yet, and only a relative budget",
        lambda _: measured(Budget(metric="load.p95_ms", relative=0.1), (("load.p95_ms", 210.0),), 7),
        HOLD,
        "no-baseline",
    ),
    row(
        "26-regression",
        "a regression against eight runs",
        lambda _: measured(Budget(metric="load.p95_ms", relative=0.1, severity="high"), (("load.p95_ms", 260.0),), 8),
        NO_GO,
        "fail",
    ),
    row(
        "27-medium",
        "a medium metric is gone",
        lambda _: measured(Budget(metric="load.p95_ms", relative=0.1), (), 9),
        HOLD,
        "missing",
    ),
    row(
        "27-critical",
        "a critical metric is gone",
        lambda _: measured(Budget(metric="load.p95_ms", value=500, severity="critical"), (), 9),
        NO_GO,
        "missing",
    ),
    row(
        "28-key",
        "a misspelt key in the policy",
        policy_with("[severity.critical]\nmax_fial = 0\n"),
        None,
        status=ExitStatus.CONFIGURATION_INVALID,
    ),
    row(
        "28-expiry",
        "a waiver without an expiry",
        waivers_with(f'[[waiver]]\ncheck = "{CSP}"\nowner = "a"\nreason = "b"\ncreated = 2026-11-19T00:00:00Z\n'),
        None,
        status=ExitStatus.CONFIGURATION_INVALID,
    ),
    row("29", "the disk is full", lambda _: judged(world()), None, status=ExitStatus.INTERNAL),
    row(
        "30",
        "a policy without a rule",
        policy_with("version = 1\n"),
        None,
        status=ExitStatus.CONFIGURATION_INVALID,
    ),
)


def status_of(row: Row, path: Path) -> tuple[ExitStatus, Verdict | None]:
    """What a command answers: a verdict's status only after the verdict stands on disk."""
    try:
        verdict = row.make(path)
        rundir.write_verdict(path, verdict)
    except PolicyInvalid:
        return ExitStatus.CONFIGURATION_INVALID, None
    except RunUnreadable:
        return ExitStatus.EVIDENCE_UNREADABLE, None
    except OSError:
        return ExitStatus.INTERNAL, None
    return verdict.exit_status, verdict


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row.number}-{row.situation.replace(' ', '-')}")
def test_truth_table(row: Row, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    if row.number == "29":

        def full(_: int) -> None:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

        monkeypatch.setattr(os, "fsync", full)
    status, verdict = status_of(row, tmp_path)
    assert (status, verdict.decision if verdict else None) == (row.status, row.decision)
    assert (tmp_path / "verdict.json").exists() == (row.decision is not None)
    if verdict is not None:
        assert row.because <= rules(verdict)
        assert row.warns <= warned(verdict)
        assert bool(verdict.reasons) == (verdict.decision is not GO)


def test_every_row_of_the_table_is_here() -> None:
    assert {int(row.number.partition("-")[0]) for row in ROWS} == set(range(1, 31))


def test_a_crash_names_each_check_that_never_ran(tmp_path: Path) -> None:
    missing = {(r.check, r.subject) for r in crashed_worker(tmp_path).reasons if r.rule == "missing"}
    assert missing == {(HEALTH, "/1"), (HEALTH, "/2"), (TRUST, "/1"), (TRUST, "/2")}
