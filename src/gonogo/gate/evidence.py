"""Judges the evidence before anything in it is believed: complete, unaltered, fresh, of the right system."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime, timedelta

from gonogo.gate.items import scope
from gonogo.gate.model import (
    ACTIONS,
    MAIN_SUITE,
    Attestation,
    EvidenceRules,
    Intent,
    Policy,
    ProblemKind,
    Reason,
    Requirements,
    Shard,
    count,
)
from gonogo.result import Decision

MAX_OTHERS = 3
"""Of what else went wrong, so many are named."""
# A run that was killed leaves these; all else means that a finished record was altered: no excuse for that.
CUT_SHORT = frozenset({ProblemKind.UNFINISHED, ProblemKind.TRUNCATED, ProblemKind.UNDATED})


def distinct(shards: Iterable[Shard]) -> tuple[list[Shard], list[Reason]]:
    """The shards without identical copies, in an order of their own, and a warning for each copy."""
    kept: list[Shard] = []
    copies: list[Reason] = []
    places: dict[tuple[object, ...], list[Shard]] = {}
    for shard in sorted(shards, key=_place):
        twins = places.setdefault(_place(shard), [])
        if shard in twins:
            message = f"{label(shard)} was given more than once; it is counted once."
            copies.append(_evidence("duplicate-evidence", Decision.GO, message))
        else:
            twins.append(shard)
            kept.append(shard)
    return kept, sorted(set(copies), key=lambda reason: reason.order)


def judge(shards: Sequence[Shard], policy: Policy, *, at: datetime, environment: str, release: str) -> Iterator[Reason]:
    """Every reason why this evidence may not decide."""
    missing = ACTIONS[policy.evidence.missing]
    intents = [shard.intent for shard in shards if shard.intent is not None]
    if not intents:
        message = "There is no run to judge: no run directory with an intent was given. Run the checks first."
        yield _evidence("empty", Decision.NO_GO, message)
    yield from _same_system(intents, environment=environment, release=release)
    yield from _complete(shards, policy.require, missing)
    for shard in shards:
        yield from _whole(shard, missing)
        yield from _fresh(shard, policy.evidence, at)
    yield from _same_policy(intents, policy)


def attested(
    attestations: Sequence[Attestation], policy: Policy, *, at: datetime, environment: str, release: str
) -> Iterator[Reason]:
    """HOLD for each required attestation that is absent, expired, not yet issued, or about something else."""
    skew = timedelta(seconds=policy.evidence.clock_skew_s)
    for name in sorted(set(policy.require.attestations)):
        faults = set()
        for one in (one for one in attestations if one.name == name):
            if one.environment not in {"", environment}:
                faults.add(f"one is for environment {one.environment}, not {environment}")
            elif one.release not in {"", release}:
                faults.add(f"one is for release {one.release}, not {release or 'an unnamed one'}")
            elif one.expires <= at:
                faults.add(f"the one of {one.owner} expired at {moment(one.expires)}")
            elif one.issued > at + skew:
                faults.add(f"the one of {one.owner} is issued in the future, at {moment(one.issued)}")
            else:
                break
        else:
            why = "; ".join(sorted(faults)) or "there is none"
            message = f"Attestation {name!r} is required and not valid: {why}. Ask its owner for a new one."
            yield _evidence("attestation", Decision.HOLD, message)


def moment(time: datetime) -> str:
    return f"{utc(time):%Y-%m-%d %H:%M:%S} UTC"


def utc(time: datetime) -> datetime:
    """The same moment in UTC. Raises TypeError for a naive one: which moment it means cannot be known."""
    if time.utcoffset() is None:
        raise TypeError(f"{time!r} has no time zone")
    return time.astimezone(UTC)


def label(shard: Shard) -> str:
    """What a person calls this piece of evidence."""
    if shard.foreign:
        return f"The JUnit file of suite {shard.foreign!r}"
    if shard.intent is None:
        return f"Run directory {shard.name or '(unnamed)'}"
    index, total = shard.intent.shard
    parts = [f"Run {shard.intent.run_id}"]
    if total > 1:
        parts.append(f"shard {index} of {total}")
    if shard.intent.region:
        parts.append(f"region {shard.intent.region}")
    return ", ".join(parts)


def _place(shard: Shard) -> tuple[object, ...]:
    """Where a shard stands among others; only copies of one shard share all of it."""
    suite, region = scope(shard)
    intent, receipt = shard.intent, shard.receipt
    return (
        suite,
        region,
        intent.shard if intent else (0, 0),
        intent.run_id if intent else "",
        receipt.results_sha256 if receipt else "",
        len(shard.results),
        tuple(sorted(shard.problems)),
    )


def _complete(shards: Sequence[Shard], require: Requirements, missing: Decision) -> Iterator[Reason]:
    """Every shard of every region, and every required foreign suite, must be here."""
    totals: dict[tuple[str, str], set[int]] = {}
    present: dict[tuple[str, str], set[int]] = {}
    for shard in shards:
        place = scope(shard)
        index, total = shard.intent.shard if shard.intent else (1, 1)
        totals.setdefault(place, set()).add(total)
        present.setdefault(place, set()).add(index)
    required = [(MAIN_SUITE, region) for region in require.regions] + [(suite, "") for suite in require.suites]
    if require.shards > 1 and not any(suite == MAIN_SUITE for suite, _ in totals):
        required.append((MAIN_SUITE, ""))
    for place in required:
        totals.setdefault(place, set())
    for (suite, region), said in sorted(totals.items()):
        name = f"suite {suite!r}" + (f" in region {region}" if region else "")
        if len(said) > 1:
            numbers = ", ".join(map(str, sorted(said)))
            message = f"The shards of {name} disagree on how many there are ({numbers}); they are not of one run."
            yield _evidence("shard-mismatch", Decision.NO_GO, message)
        wanted = max([1, *said, *([require.shards] if suite == MAIN_SUITE else [])])
        seen = present.get((suite, region), set())
        for index in range(1, wanted + 1):
            if index not in seen:
                message = f"Shard {index} of {wanted} of {name} is missing: it crashed, was lost or was not given."
                yield _evidence("missing-shard", missing, message)


def _whole(shard: Shard, missing: Decision) -> Iterator[Reason]:
    """A shard must have been read without a problem, be finished, and hold exactly what its receipt says."""
    name = label(shard)
    for problem in sorted(set(shard.problems)):
        decision = missing if problem.kind in CUT_SHORT else Decision.NO_GO
        yield _evidence(problem.kind.value, decision, f"{name}: {problem.message}")
    intent, receipt = shard.intent, shard.receipt
    if intent is None and not shard.foreign:
        if not any(problem.kind is ProblemKind.INTENT for problem in shard.problems):
            yield _evidence(
                "intent-unreadable",
                Decision.NO_GO,
                f"{name} has no intent: nobody knows what it should hold.",
            )
        return
    if intent is not None and receipt is None and not any(p.kind is ProblemKind.UNFINISHED for p in shard.problems):
        yield _evidence("unfinished", missing, f"{name} began and did not finish: it has no receipt.")
    if receipt is not None and count(shard.results) != {k: v for k, v in receipt.counts.items() if v}:
        said = sum(receipt.counts.values())
        held = len(shard.results)
        message = f"{name} was altered: its {held} results are not the {said} that its receipt counts."
        yield _evidence("changed", Decision.NO_GO, message)
    if not shard.results and not (intent and intent.not_applicable):
        yield _evidence("empty", Decision.NO_GO, f"{name} holds no result: no check ran.")
    if receipt is not None and receipt.others:
        yield _evidence("session", Decision.NO_GO, _others(name, receipt.others))
    if intent and intent.partial:
        message = f"{name} is partial ({intent.partial}) and gives no verdict; run all checks of the profile."
        yield _evidence("partial", Decision.HOLD, message)
    if intent and not 1 <= intent.shard[0] <= intent.shard[1]:
        yield _evidence("shard-mismatch", Decision.NO_GO, f"{name} has an impossible number.")


def _fresh(shard: Shard, rules: EvidenceRules, at: datetime) -> Iterator[Reason]:
    """Its clock must agree with ours, and it must be young, and younger than the deploy."""
    name = label(shard)
    started = shard.intent.started if shard.intent else shard.started
    finished = shard.receipt.finished if shard.receipt else started
    deployed = shard.intent.deploy_finished if shard.intent else None
    if started is None or finished is None:
        if shard.foreign and not any(problem.kind is ProblemKind.UNDATED for problem in shard.problems):
            yield _evidence("undated", ACTIONS[rules.missing], f"{name} does not say when it ran.")
        return
    ahead = max([started, finished, *([deployed] if deployed else [])]) - at
    skew = timedelta(seconds=rules.clock_skew_s)
    if ahead > skew:
        message = f"{name} is {span(ahead)} in the future; at most {span(skew)} of clock skew is allowed."
        yield _evidence("clock", Decision.HOLD, message)
    if finished < started:
        message = f"{name} finished at {moment(finished)}, before it started at {moment(started)}: clock set back."
        yield _evidence("clock", Decision.HOLD, message)
    if age := _too_old(started, rules, at):
        message = f"{name} started {span(age)} ago; evidence may be at most {_limit(rules)} old. Run again."
        yield _evidence("stale", Decision.NO_GO, message)
    if deployed is not None and started < deployed:
        message = f"{name} started at {moment(started)}, before the deploy ended at {moment(deployed)}. Run again."
        yield _evidence("stale", Decision.NO_GO, message)


def lapsed(shards: Sequence[Shard], rules: EvidenceRules, *, read_at: datetime | None) -> str:
    """Why evidence that decided in its time decides nothing at `read_at`; empty where it still does."""
    starts = [shard.intent.started for shard in shards if shard.intent]
    if read_at is None or not starts:
        return ""
    if age := _too_old(min(starts), rules, read_at):
        return f"The evidence is {span(age)} old; it decided then, and decides nothing now (limit {_limit(rules)})."
    return ""


def _too_old(started: datetime, rules: EvidenceRules, at: datetime) -> timedelta | None:
    """The age of evidence that may not decide any more at this moment; None where it still may."""
    age = at - started
    return age if age > timedelta(seconds=rules.max_age_s) else None


def _limit(rules: EvidenceRules) -> str:
    return span(timedelta(seconds=rules.max_age_s))


def _others(name: str, others: Sequence[str]) -> str:
    """Whoever runs tests of another kind in one session wants them to count."""
    more = f" and {len(others) - MAX_OTHERS} more" if len(others) > MAX_OTHERS else ""
    return (
        f"{name}: beside the checks, {'; '.join(others[:MAX_OTHERS])}{more}. Mend that, or leave it out of the session."
    )


def _same_system(intents: Sequence[Intent], *, environment: str, release: str) -> Iterator[Reason]:
    """All evidence must be of one environment and release, and of the ones that the caller decides about."""
    for what, found, wanted in (
        ("environment", {intent.environment for intent in intents}, environment),
        ("tier", {intent.tier for intent in intents}, ""),
        ("release", {intent.release for intent in intents}, release),
    ):
        listed = ", ".join(sorted(one or "(unnamed)" for one in found))
        if len(found) > 1:
            message = f"The evidence is of more than one {what}: {listed}. A verdict is about one."
            yield _evidence("subject-mismatch", Decision.NO_GO, message)
        if wanted and found and found != {wanted}:
            message = f"The evidence is of {what} {listed}, and the decision is about {wanted}."
            yield _evidence("subject-mismatch", Decision.NO_GO, message)
    files: dict[tuple[str, str], set[str]] = {}
    for intent in intents:
        files.setdefault((intent.suite, intent.region), set()).add(intent.environment_digest)
    if any(len(digests) > 1 for digests in files.values()):
        message = "The shards were run with different environment files; they do not describe one system."
        yield _evidence("subject-mismatch", Decision.NO_GO, message)


def _same_policy(intents: Sequence[Intent], policy: Policy) -> Iterator[Reason]:
    if policy.digest and any(intent.policy_digest not in {"", policy.digest} for intent in intents):
        message = "The run began under another policy than the one that decides now."
        yield _evidence("policy-changed", Decision.GO, message)


def span(length: timedelta) -> str:
    """`90 s`, `45 min`, `7 h`, `3 days`: rounded down."""
    seconds = int(length.total_seconds())
    for size, unit, limit in ((1, "s", 120), (60, "min", 7200), (3600, "h", 172_800)):
        if seconds < limit:
            return f"{seconds // size} {unit}"
    return f"{seconds // 86_400} days"


def _evidence(rule: str, decision: Decision, message: str) -> Reason:
    return Reason(rule, "", "", None, None, message, decision)
