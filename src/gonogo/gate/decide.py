"""The decision: results, policy, waivers, attestations and history in; a verdict out. A pure function.

In this order, and the worst of all answers stands; nothing later can better what an earlier rule said:

1. Evidence: complete, unaltered, fresh, of the right system (`gonogo.gate.evidence`).
2. Results: every outcome of every item by its severity, failures after waivers.
3. Requirements: required checks passed; at least one critical check passed; attestations valid.
4. Budgets: absolute, and against the history.
5. Readiness: a score may stop a release; it never lets one through.

What was not seen is never a pass. With `missing = "hold"`, a lost shard can hide a NO_GO behind a HOLD, never
behind a GO. A run that nobody announced cannot be missed: name regions, shards and suites in `[require]`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import datetime
from fnmatch import fnmatchcase

from gonogo.gate import budgets, evidence
from gonogo.gate import waivers as waiving
from gonogo.gate.items import Item, aggregate, scope
from gonogo.gate.model import (
    ACTIONS,
    BUDGET_PREFIX,
    SEVERITIES,
    Attestation,
    Intent,
    PastRun,
    Policy,
    Reason,
    Shard,
    ShardUse,
    Verdict,
    Waiver,
)
from gonogo.result import Decision, Outcome, Severity

WEIGHTS = {Severity.CRITICAL: 100, Severity.HIGH: 30, Severity.MEDIUM: 10, Severity.LOW: 3}
MAX_TEXT = 300
"""Characters of a site's own words in a message."""

_CLEAN = frozenset({Outcome.PASS})

# For counting only: a definite failure is shown before an absence, an absence before an excuse.
_SHOWN = (
    Outcome.FAIL,
    Outcome.MISSING,
    Outcome.UNKNOWN,
    Outcome.WAIVED,
    Outcome.NOT_APPLICABLE,
    Outcome.PASS,
)


def decide(
    shards: Sequence[Shard],
    policy: Policy,
    *,
    waivers: Sequence[Waiver] = (),
    attestations: Sequence[Attestation] = (),
    history: Sequence[PastRun] = (),
    at: datetime,
    read_at: datetime | None = None,
    environment: str = "",
    release: str = "",
) -> Verdict:
    """Judge the evidence in `shards` at the moment `at`.

    `environment` and `release`, when given, are what the caller means to release; evidence of anything else
    is NO_GO. Waivers of the policy and those given count alike. The order within an argument does not matter,
    nor do identical copies. `read_at` is when a stored run is judged again as of `at`: the verdict is the one of then,
    and where its evidence is too old by now, it says so and permits nothing. Raises TypeError when a datetime is naive.
    """
    kept, copies = evidence.distinct(shards)
    intents = [shard.intent for shard in kept if shard.intent is not None]
    named = environment or min((intent.environment for intent in intents), default="")
    released = release or min((intent.release for intent in intents), default="")
    reasons = [*copies, *evidence.judge(kept, policy, at=at, environment=environment, release=release)]
    reasons += evidence.attested(attestations, policy, at=at, environment=named, release=released)

    budgeted, uncompared = budgets.judge(kept, policy, history)
    items = aggregate(kept, policy) + budgeted
    covered = waiving.cover(
        items,
        [*policy.waivers, *waivers],
        environment=named,
        evidence_start=max((intent.started for intent in intents), default=at),
        at=at,
    )
    reasons += uncompared
    reasons += waiving.warnings(covered.uses, at=at)
    reasons += _outcomes(items, covered, policy)
    reasons += _required(items, policy)
    reasons += _something_passed(items)
    readiness, low = _score(items, covered, policy)
    reasons += low
    return _verdict(
        kept,
        policy,
        at=at,
        reasons=reasons,
        items=items,
        covered=covered,
        readiness=readiness,
        subject=(named, released),
        lapsed=evidence.lapsed(kept, policy.evidence, read_at=read_at),
    )


def _outcomes(items: Sequence[Item], covered: waiving.Covered, policy: Policy) -> Iterator[Reason]:
    """What every reported outcome of every item leads to."""
    plain = [item for item in items if item.outcomes != _CLEAN or item.reasons]
    fails = Counter(item.severity for item in plain if _fails(item, covered))
    for item in plain:
        rule = policy.severity.of(item.severity)
        if item.disputed:
            said = ", ".join(sorted(item.outcomes))
            message = f"{item.check} was reported more than once for {item.where}, with {said}; the worst counts."
            yield _about(item, "duplicate-result", None, Decision.GO, message)
        if _fails(item, covered):
            yield _failure(item, covered, policy, fails[item.severity])
        elif Outcome.FAIL in item.outcomes:
            message = f"{item.check} failed on {item.where} and is waived: {_findings(item)}"
            yield _about(item, "waived", Outcome.WAIVED, Decision.GO, message)
        if Outcome.UNKNOWN in item.outcomes:
            yield _unknown(item, policy)
        if Outcome.MISSING in item.outcomes:
            why = f" ({item.reasons[0]})" if item.reasons else ""
            message = (
                f"{item.check} was announced for {item.where} and never reported{why}."
                f" Run it again; a {item.severity} check must be seen to pass."
            )
            yield _about(item, "missing", Outcome.MISSING, ACTIONS[rule.unknown], message)
        if Outcome.NOT_APPLICABLE in item.outcomes and item.announced:
            message = (
                f"{item.check} was announced for {item.where} and then said not to apply: {_text(item)}."
                " What does not apply must be known from the environment file, before the run."
            )
            # A skip tells more than silence; harsher than silence, it would teach checks to be silent.
            decision = min(ACTIONS[rule.not_applicable], ACTIONS[rule.unknown], key=lambda one: one.rank)
            yield _about(item, "unapproved-skip", Outcome.NOT_APPLICABLE, decision, message)
        if item.outcomes == _CLEAN and item.reasons:
            message = f"{item.check} passed on {item.where} with a remark: {_text(item)}."
            yield _about(item, "remark", Outcome.PASS, Decision.GO, message)


def _fails(item: Item, covered: waiving.Covered) -> bool:
    return Outcome.FAIL in item.outcomes and item.key not in covered.keys


def _failure(item: Item, covered: waiving.Covered, policy: Policy, fails: int) -> Reason:
    rule = policy.severity.of(item.severity)
    refusal = covered.refusals.get(item.key)
    waiver = f" A waiver names it, but {refusal}." if refusal else ""
    tolerated = rule.max_fail is None or fails <= rule.max_fail
    if item.flaky:
        message = f"{item.check} failed and passed on {item.where} in one run: {_findings(item)}{waiver}"
        return _about(item, "flaky", Outcome.FAIL, Decision.GO if tolerated else ACTIONS[rule.flaky], message)
    message = f"{item.check} failed on {item.where}: {_findings(item)}{waiver}"
    if tolerated:
        return _about(item, "fail", Outcome.FAIL, Decision.GO, message)
    if rule.max_fail:
        message += f" The policy accepts {rule.max_fail} failures of severity {item.severity}; there are {fails}."
    return _about(item, "fail", Outcome.FAIL, Decision.NO_GO, message)


def _unknown(item: Item, policy: Policy) -> Reason:
    decision = ACTIONS[policy.severity.of(item.severity).unknown]
    if item.invalid:
        # A measurement was taken and is not fit to judge: whatever it would have shown, a person must decide.
        decision = Decision.HOLD if decision is not Decision.GO else Decision.GO
        message = f"{item.check} gave no usable measurement on {item.where}: {_text(item)}. Measure again."
        return _about(item, "invalid", Outcome.UNKNOWN, decision, message)
    message = (
        f"{item.check} could not be judged on {item.where}: {_text(item)}."
        f" A {item.severity} check must be seen to pass."
    )
    return _about(item, "unknown", Outcome.UNKNOWN, decision, message)


def _required(items: Sequence[Item], policy: Policy) -> Iterator[Reason]:
    """Each required check must be announced somewhere and pass everywhere."""
    for glob in sorted(set(policy.require.checks)):
        named = [item for item in items if fnmatchcase(item.check, glob)]
        if not any(item.announced for item in named):
            message = f"{glob} is required and was not announced by any run. Select it, or declare what it judges."
            yield Reason("required", glob, "", Outcome.MISSING, None, message, Decision.NO_GO)
        for item in named:
            if item.outcomes != _CLEAN:
                said = ", ".join(sorted(item.outcomes))
                message = f"{item.check} is required to pass on {item.where} and is {said}; a waiver does not help."
                unfit = item.invalid and item.outcomes <= {Outcome.UNKNOWN, Outcome.PASS}
                decision = Decision.HOLD if unfit else Decision.NO_GO
                yield _about(item, "required", None, decision, message)


def _something_passed(items: Sequence[Item]) -> Iterator[Reason]:
    """GO rests on at least one critical check that a run of ours announced and saw pass."""
    for item in items:
        budget = item.check.startswith(BUDGET_PREFIX)
        if item.severity is Severity.CRITICAL and item.outcomes == _CLEAN and item.announced and not budget:
            return
    message = "No critical check passed. A release needs at least one that was seen to pass."
    yield Reason("nothing-critical-passed", "", "", None, Severity.CRITICAL, message, Decision.NO_GO)


def _score(items: Sequence[Item], covered: waiving.Covered, policy: Policy) -> tuple[float, list[Reason]]:
    """Readiness in percent, and what the policy says of it. Missing results stay in the denominator."""
    weight = credit = 0
    for item in items:
        if item.outcomes == {Outcome.NOT_APPLICABLE} and not item.announced:
            continue
        weight += WEIGHTS[item.severity]
        if item.outcomes == _CLEAN:
            credit += 2 * WEIGHTS[item.severity]
        elif item.outcomes <= {Outcome.PASS, Outcome.FAIL} and (item.flaky or item.key in covered.keys):
            credit += WEIGHTS[item.severity]
    readiness = (credit * 500 // weight) / 10 if weight else 0.0
    for limit, decision in ((policy.score.pass_at, Decision.NO_GO), (policy.score.warn_at, Decision.GO)):
        if credit * 50 < limit * weight or (limit and not weight):
            message = f"Readiness is {readiness:g} %, wanted at least {limit:g} %."
            return readiness, [Reason("score", "", "", None, None, message, decision)]
    return readiness, []


def _about(item: Item, rule: str, outcome: Outcome | None, decision: Decision, message: str) -> Reason:
    return Reason(rule, item.check, item.subject, outcome, item.severity, message, decision)


def _findings(item: Item) -> str:
    if not item.findings:
        return "no finding was given."
    more = f" (and {len(item.findings) - 1} more findings)" if len(item.findings) > 1 else ""
    # Where it failed was said already.
    return _short(item.findings[0].message.removeprefix(f"{item.where}: ")) + more


def _text(item: Item) -> str:
    return _short("; ".join(item.reasons)).rstrip(".")


def _short(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= MAX_TEXT else line[: MAX_TEXT - 1] + "…"


def _shown(item: Item, covered: waiving.Covered) -> Outcome:
    outcomes = item.outcomes
    if outcomes == _CLEAN:
        return Outcome.PASS
    if item.key in covered.keys:
        outcomes = (outcomes - {Outcome.FAIL}) | {Outcome.WAIVED}
    return next(outcome for outcome in _SHOWN if outcome in outcomes)


def _verdict(
    shards: Sequence[Shard],
    policy: Policy,
    *,
    at: datetime,
    reasons: Sequence[Reason],
    items: Sequence[Item],
    covered: waiving.Covered,
    readiness: float,
    subject: tuple[str, str],
    lapsed: str,
) -> Verdict:
    intents = [shard.intent for shard in shards if shard.intent is not None]
    receipts = [shard.receipt for shard in shards if shard.receipt is not None]
    ordered = sorted(set(reasons), key=lambda reason: reason.order)
    severities = {severity: dict.fromkeys(Outcome, 0) for severity in SEVERITIES}
    for item in items:
        severities[item.severity][_shown(item, covered)] += 1
    starts = [one for one in (*(i.started for i in intents), *(s.started for s in shards)) if one is not None]
    environment, release = subject
    return Verdict(
        decision=max((reason.decision for reason in ordered), key=lambda one: one.rank, default=Decision.GO),
        environment=environment,
        tier=_joined(intent.tier for intent in intents),
        release=release,
        profile=_joined(intent.profile for intent in intents),
        run_id=_joined(intent.run_id for intent in intents),
        decided_at=evidence.utc(at),
        started=evidence.utc(min(starts)) if starts else None,
        finished=evidence.utc(max(receipt.finished for receipt in receipts)) if receipts else None,
        environment_digest=_joined(intent.environment_digest for intent in intents),
        policy_digest=policy.digest,
        counts={outcome: sum(severities[severity][outcome] for severity in SEVERITIES) for outcome in Outcome},
        severities=severities,
        readiness=readiness,
        reasons=tuple(reason for reason in ordered if reason.decision is not Decision.GO),
        warnings=tuple(reason for reason in ordered if reason.decision is Decision.GO),
        waivers=covered.uses,
        shards=tuple(_used(shard) for shard in shards),
        evidence=_files(shards),
        metrics=tuple(sorted({metric for receipt in receipts for metric in receipt.metrics})),
        lapsed=lapsed,
    )


def _joined(words: Iterator[str]) -> str:
    return ", ".join(sorted(set(words)))


def _used(shard: Shard) -> ShardUse:
    suite, region = scope(shard)
    intent: Intent | None = shard.intent
    return ShardUse(
        suite=suite,
        region=region,
        shard=intent.shard if intent else (1, 1),
        run_id=intent.run_id if intent else "",
        results_sha256=shard.receipt.results_sha256 if shard.receipt else "",
    )


def _files(shards: Sequence[Shard]) -> tuple[tuple[str, str], ...]:
    """Every evidence file with its digest; with several runs, each path begins with its run's id."""
    runs = {shard.intent.run_id for shard in shards if shard.intent}
    found = set()
    for shard in shards:
        if shard.receipt is not None:
            prefix = f"{shard.intent.run_id}/" if shard.intent and len(runs) > 1 else ""
            found |= {(f"{prefix}{path}", digest) for path, digest in shard.receipt.evidence}
    return tuple(sorted(found))
