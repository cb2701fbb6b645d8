"""What must hold of every verdict: losing or worsening evidence never helps, and order never matters."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta

from gate_worlds import AT, START, shard, waiver
from hypothesis import given, settings
from hypothesis import strategies as st

from gonogo.gate import (
    Attestation,
    Decision,
    Expected,
    Intent,
    Policy,
    ProblemKind,
    ReadProblem,
    Shard,
    Waiver,
    count,
    decide,
)
from gonogo.gate.encode import verdict_text
from gonogo.result import Finding, Outcome, Result, Severity

PASS, FAIL, UNKNOWN, SKIP = Outcome.PASS, Outcome.FAIL, Outcome.UNKNOWN, Outcome.NOT_APPLICABLE
CHECKS = {
    "health.deep": Severity.CRITICAL,
    "tls.trust": Severity.CRITICAL,
    "hsts.max-age": Severity.HIGH,
    "csp.present": Severity.MEDIUM,
    "text.compressed": Severity.LOW,
}
many = settings(max_examples=250, deadline=None)


@dataclass(frozen=True)
class World:
    shards: tuple[Shard, ...]
    policy: Policy
    waivers: tuple[Waiver, ...]
    attestations: tuple[Attestation, ...]

    def decide(self, shards: Sequence[Shard] | None = None) -> Decision:
        return self.verdict(shards).decision

    def verdict(self, shards: Sequence[Shard] | None = None):  # type: ignore[no-untyped-def]
        chosen = self.shards if shards is None else shards
        return decide(chosen, self.policy, waivers=self.waivers, attestations=self.attestations, at=AT)


def mild(limited: bool) -> st.SearchStrategy[dict[str, object]]:
    strict = st.sampled_from(["no-go", "hold"])
    action = strict if limited else st.sampled_from(["no-go", "hold", "warn"])
    fields: dict[str, st.SearchStrategy[object]] = {
        "unknown": action,
        "not_applicable": action,
        "flaky": st.sampled_from(["no-go", "hold", "warn"]),
    }
    return st.fixed_dictionaries(fields | ({"max_fail": st.integers(0, 2)} if limited else {}))


high = st.fixed_dictionaries(
    {
        "max_fail": st.integers(0, 1),
        "unknown": st.sampled_from(["no-go", "hold"]),
        "flaky": st.sampled_from(["no-go", "hold", "warn"]),
    }
)
policies = st.builds(
    lambda missing, high_, medium, low, pass_at, required, attested: Policy.model_validate(
        {
            "evidence": {"missing": missing},
            "severity": {"high": high_, "medium": medium, "low": low},
            "score": {"pass": pass_at},
            "require": {"checks": required, "attestations": attested},
        }
    ),
    st.sampled_from(["no-go", "hold"]),
    high,
    st.booleans().flatmap(mild),
    st.booleans().flatmap(mild),
    st.sampled_from([0, 0, 80]),
    st.sampled_from([[], [], ["csp.present"]]),
    st.sampled_from([[], [], ["approval"]]),
)
approval = Attestation(name="approval", owner="ann", issued=START, expires=START + timedelta(days=1))
findings = st.sampled_from([Finding.of("/", seen=seen, wanted="200") for seen in ("404", "500")])
outcomes = st.sampled_from([PASS] * 12 + [FAIL, UNKNOWN, SKIP])


@st.composite
def results(draw: st.DrawFn, check: str, subject: str) -> Result:
    outcome = draw(outcomes)
    reason = draw(st.sampled_from(["", "timeout: 10 s", "invalid: saturated"])) if outcome in {UNKNOWN, SKIP} else ""
    found = tuple(draw(st.lists(findings, max_size=2, unique=True))) if outcome is FAIL else ()
    return Result(check, subject, outcome, CHECKS[check], findings=found, reason=reason)


@st.composite
def worlds(draw: st.DrawFn, max_shards: int = 3, again: bool = True) -> World:
    keys = draw(
        st.lists(
            st.tuples(st.sampled_from(list(CHECKS)), st.sampled_from(["/", "/a"])),
            min_size=1,
            max_size=7,
            unique=True,
        )
    )
    total = draw(st.integers(1, max_shards))
    held: list[list[Result]] = [[] for _ in range(total)]
    for check, subject in keys:
        for _ in range(draw(st.sampled_from([1] * 8 + [2])) if again else 1):
            held[draw(st.integers(0, total - 1))].append(draw(results(check, subject)))
    expected = tuple(Expected(check, subject, CHECKS[check]) for check, subject in keys)
    excused = draw(st.sampled_from([(), (("dns.caa", "/", "no [dns] section"),)]))
    shards = tuple(
        shard(
            Intent(
                "run",
                "staging",
                "staging",
                "1",
                "nightly",
                "e",
                "",
                START,
                expected,
                excused,
                shard=(n, total),
            ),
            rows,
        )
        for n, rows in enumerate(held, start=1)
    )
    accepted = draw(
        st.lists(
            st.builds(
                lambda check, approver, print_: waiver(check, approved_by=approver, fingerprint=print_),
                st.sampled_from([*CHECKS, "*.max-age"]),
                st.sampled_from(["bob@example.org", ""]),
                st.sampled_from(["", "", "0123456789abcdef"]),
            ),
            max_size=2,
        )
    )
    return World(shards, draw(policies), tuple(accepted), (approval,))


def recounted(one: Shard, rows: Sequence[Result]) -> Shard:
    """The shard that an honest run with these results would have left."""
    receipt = replace(one.receipt, counts=count(rows)) if one.receipt else None
    return replace(one, results=tuple(rows), receipt=receipt)


@st.composite
def lost(draw: st.DrawFn, world: World) -> World:
    """The world with one piece of evidence gone: a result, a receipt, a shard, an attestation."""
    shards = list(world.shards)
    number = draw(st.integers(0, len(shards) - 1))
    one = shards[number]
    match draw(st.sampled_from(["result", "receipt", "shard", "attestation", "damage"])):
        case "result" if one.results:
            gone = draw(st.integers(0, len(one.results) - 1))
            shards[number] = replace(one, results=one.results[:gone] + one.results[gone + 1 :])
        case "receipt":
            shards[number] = replace(one, receipt=None)
        case "attestation":
            return replace(world, attestations=())
        case "damage":
            problem = ReadProblem(draw(st.sampled_from(list(ProblemKind))), "damaged")
            shards[number] = replace(one, problems=(problem,))
        case _:
            del shards[number]
    return replace(world, shards=tuple(shards))


@st.composite
def worsened(draw: st.DrawFn, world: World) -> World:
    """The world with one PASS turned into something else by an honest run."""
    places = [(n, m) for n, one in enumerate(world.shards) for m, row in enumerate(one.results) if row.outcome is PASS]
    if not places:
        return world
    number, place = draw(st.sampled_from(places))
    one = world.shards[number]
    outcome = draw(st.sampled_from([FAIL, UNKNOWN, SKIP]))
    found = (draw(findings),) if outcome is FAIL else ()
    reason = draw(st.sampled_from(["", "invalid: saturated", "because"])) if outcome is not FAIL else ""
    rows = list(one.results)
    rows[place] = replace(rows[place], outcome=outcome, findings=found, reason=reason)
    shards = list(world.shards)
    shards[number] = recounted(one, rows)
    return replace(world, shards=tuple(shards))


@st.composite
def unseen(draw: st.DrawFn, world: World) -> World:
    """The world in which an honest run never observed one check: UNKNOWN, skipped, or not reported at all."""
    keys = sorted({row.key for one in world.shards for row in one.results})
    key = draw(st.sampled_from(keys))
    seen = all(row.outcome in {PASS, FAIL} for one in world.shards for row in one.results if row.key == key)
    # To say with a reason that a check does not apply is more than silence; a policy may rank it so.
    how = draw(st.sampled_from([UNKNOWN, None, *([SKIP] if seen else [])]))
    shards = []
    for one in world.shards:
        rows = [
            replace(row, outcome=how, findings=(), reason="not seen") if row.key == key and how else row
            for row in one.results
            if row.key != key or how
        ]
        shards.append(recounted(one, rows))
    return replace(world, shards=tuple(shards))


@given(st.data())
@many
def test_worsening_a_result_never_improves_the_verdict(data: st.DataObject) -> None:
    world = data.draw(worlds())
    worse = data.draw(worsened(world))
    assert worse.decide().rank >= world.decide().rank


@given(st.data())
@many
def test_losing_evidence_never_improves_the_verdict(data: st.DataObject) -> None:
    world = data.draw(worlds())
    less = data.draw(lost(world))
    if world.policy.evidence.missing == "no-go":
        assert less.decide().rank >= world.decide().rank
    else:
        # Documented: a lost shard may hide a NO_GO behind a HOLD.
        assert less.decide() is not Decision.GO or world.decide() is Decision.GO


@given(st.data())
@many
def test_not_seeing_a_check_never_leads_to_go(data: st.DataObject) -> None:
    world = data.draw(worlds())
    blind = data.draw(unseen(world))
    assert blind.decide() is not Decision.GO or world.decide() is Decision.GO


@given(worlds(), st.randoms(use_true_random=False))
@many
def test_order_does_not_matter(world: World, random: object) -> None:
    shuffled = []
    for one in world.shards:
        rows = list(one.results)
        random.shuffle(rows)  # type: ignore[attr-defined]
        expected = list(one.intent.expected) if one.intent else []
        random.shuffle(expected)  # type: ignore[attr-defined]
        shuffled.append(replace(one, results=tuple(rows), intent=replace(one.intent, expected=tuple(expected))))
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    other = replace(world, waivers=world.waivers[::-1])
    assert verdict_text(other.verdict(shuffled)) == verdict_text(world.verdict())


@given(worlds(), st.data())
@many
def test_a_copy_counts_once(world: World, data: st.DataObject) -> None:
    copy = data.draw(st.sampled_from(world.shards))
    once, twice = world.verdict(), world.verdict([*world.shards, copy])
    assert (twice.decision, twice.reasons, twice.counts, twice.readiness) == (
        once.decision,
        once.reasons,
        once.counts,
        once.readiness,
    )
    assert {w.rule for w in twice.warnings} == {w.rule for w in once.warnings} | {"duplicate-evidence"}


@given(worlds(max_shards=1), st.lists(st.integers(0, 2), min_size=14, max_size=14))
@many
def test_splitting_a_run_into_shards_does_not_matter(world: World, choice: Sequence[int]) -> None:
    (whole,) = world.shards
    keys = sorted({row.key for row in whole.results})
    part_of = dict(zip(keys, choice, strict=False))
    parts = [rows for n in range(3) if (rows := [row for row in whole.results if part_of[row.key] == n])]
    assert whole.intent is not None
    split = [
        recounted(replace(whole, intent=replace(whole.intent, shard=(n, len(parts)))), rows)
        for n, rows in enumerate(parts, start=1)
    ]
    one, several = world.verdict(), world.verdict(split)
    assert (several.decision, several.reasons, several.warnings, several.counts, several.readiness) == (
        one.decision,
        one.reasons,
        one.warnings,
        one.counts,
        one.readiness,
    )


@given(worlds())
@many
def test_a_waiver_helps_failures_only(world: World) -> None:
    bare = replace(world, waivers=(), policy=world.policy)
    assert world.decide().rank <= bare.decide().rank
    for field in (Outcome.UNKNOWN, Outcome.MISSING, Outcome.PASS, Outcome.NOT_APPLICABLE):
        assert world.verdict().counts[field] >= bare.verdict().counts[field]


@given(worlds(again=False))
@many
def test_the_default_policy_agrees_with_a_table(world: World) -> None:
    """The default policy, stated again for runs in which each check reports once and nobody waives."""
    table = {
        Severity.CRITICAL: {FAIL: "NO_GO", UNKNOWN: "NO_GO", SKIP: "NO_GO"},
        Severity.HIGH: {FAIL: "NO_GO", UNKNOWN: "HOLD", SKIP: "HOLD"},
        Severity.MEDIUM: {FAIL: "GO", UNKNOWN: "HOLD", SKIP: "HOLD"},
        Severity.LOW: {FAIL: "GO", UNKNOWN: "HOLD", SKIP: "HOLD"},
    }
    rows = [row for one in world.shards for row in one.results]
    said = {"GO"}
    for row in rows:
        if row.outcome is not PASS:
            # A skip without a reason was not observed; `invalid:` is a measurement that a person must judge.
            outcome = UNKNOWN if row.outcome is SKIP and not row.reason else row.outcome
            invalid = row.outcome is UNKNOWN and row.reason.startswith("invalid:")
            said.add("HOLD" if invalid else table[row.severity][outcome])
    if not any(row.severity is Severity.CRITICAL and row.outcome is PASS for row in rows):
        said.add("NO_GO")
    if any(not one.results and not (one.intent and one.intent.not_applicable) for one in world.shards):
        said.add("NO_GO")
    wanted = "NO_GO" if "NO_GO" in said else "HOLD" if "HOLD" in said else "GO"
    assert decide(world.shards, Policy(), at=AT).decision == wanted
