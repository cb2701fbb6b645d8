"""Which failures a person has accepted, and what became of each waiver. UNKNOWN and MISSING never are."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from fnmatch import fnmatchcase

from gonogo.gate.evidence import moment
from gonogo.gate.items import Item, Key
from gonogo.gate.model import (
    MAX_WAIVER,
    MAX_WAIVER_CRITICAL,
    Reason,
    Waiver,
    WaiverState,
    WaiverUse,
    fingerprint,
)
from gonogo.result import Decision, Outcome, Severity

SOON = timedelta(days=7)
OTHER_FINDING = "its fingerprint is not that of every finding"


@dataclass(frozen=True, slots=True)
class Covered:
    """What the waivers do to one verdict."""

    keys: frozenset[Key]
    """Of the items whose every failure is accepted."""
    refusals: dict[Key, str]
    """Why a waiver that names the check does not cover it."""
    uses: tuple[WaiverUse, ...]


def cover(
    items: Sequence[Item],
    waivers: Sequence[Waiver],
    *,
    environment: str,
    evidence_start: datetime,
    at: datetime,
) -> Covered:
    """Apply the waivers to the failed items.

    A waiver is in force when it expires after `evidence_start`, the start of the latest run: it accepts what
    was seen then, so deciding again later gives the same answer. It must have been written by `at`.
    """
    ordered = sorted(set(waivers), key=lambda one: one.model_dump_json())
    idle = {waiver: _idle(waiver, environment, evidence_start, at) for waiver in ordered}
    keys: dict[Waiver, set[tuple[str, str]]] = {waiver: set() for waiver in ordered}
    refused: dict[Waiver, set[str]] = {waiver: set() for waiver in ordered}
    accepted: set[Key] = set()
    refusals: dict[Key, str] = {}
    by_check: dict[str, list[Waiver]] = {}
    for item in (item for item in items if Outcome.FAIL in item.outcomes):
        if item.check not in by_check:
            by_check[item.check] = [one for one in ordered if fnmatchcase(item.check, one.check)]
        named = [waiver for waiver in by_check[item.check] if fnmatchcase(item.subject, waiver.subject)]
        faults = {waiver: idle[waiver][1] or _inadmissible(waiver, item) for waiver in named}
        helping = _sufficient(item, [waiver for waiver in named if not faults[waiver]])
        if helping:
            accepted.add(item.key)
        for waiver in named:
            if waiver in helping:
                keys[waiver].add((item.check, item.subject))
            elif fault := faults[waiver] or ("" if helping else OTHER_FINDING):
                refused[waiver].add(fault)
        if named and not helping:
            refusals[item.key] = min(faults[waiver] or OTHER_FINDING for waiver in named)
    uses = [_use(waiver, idle[waiver], tuple(sorted(keys[waiver])), sorted(refused[waiver])) for waiver in ordered]
    return Covered(frozenset(accepted), refusals, tuple(uses))


def warnings(uses: Sequence[WaiverUse], *, at: datetime) -> list[Reason]:
    """What a release manager should know of the waivers: those that do nothing, and those about to end."""
    found = []
    for use in uses:
        waiver = use.waiver
        if use.state is not WaiverState.APPLIED:
            if "is for environment" not in use.message:
                message = f"The waiver of {waiver.owner} for {waiver.check} is {use.state}: {use.message}."
                found.append(
                    Reason(f"waiver-{use.state}", waiver.check, waiver.subject, None, None, message, Decision.GO)
                )
        elif waiver.expires - at <= SOON:
            message = f"The waiver of {waiver.owner} for {waiver.check} ends at {moment(waiver.expires)}."
            found.append(Reason("waiver-ends-soon", waiver.check, waiver.subject, None, None, message, Decision.GO))
    return found


def _idle(waiver: Waiver, environment: str, start: datetime, at: datetime) -> tuple[WaiverState, str]:
    """Why a waiver is not in force at all, whatever failed; no words when it is."""
    if waiver.environment not in {"", environment}:
        return WaiverState.UNMATCHED, f"it is for environment {waiver.environment}, not {environment}"
    if waiver.expires <= start:
        return (
            WaiverState.EXPIRED,
            f"it expired at {moment(waiver.expires)}, before the evidence of {moment(start)}",
        )
    if waiver.created > at:
        return WaiverState.UNMATCHED, f"it begins only at {moment(waiver.created)}"
    # The model refuses longer ones; this one may have been built without validation.
    if waiver.expires - waiver.created > MAX_WAIVER:
        return WaiverState.REFUSED, f"it lasts longer than {MAX_WAIVER.days} days"
    return WaiverState.UNMATCHED, ""


def _inadmissible(waiver: Waiver, item: Item) -> str:
    if item.severity is not Severity.CRITICAL:
        return ""
    if not waiver.approved_by:
        return "a critical check needs approved_by, a second person"
    if waiver.approved_by.strip().casefold() == waiver.owner.strip().casefold():
        return f"{waiver.owner} may not approve their own waiver of a critical check"
    if waiver.expires - waiver.created > MAX_WAIVER_CRITICAL:
        days = MAX_WAIVER_CRITICAL.days
        return f"it lasts {(waiver.expires - waiver.created).days} days; for a critical check {days} are allowed"
    return ""


def _sufficient(item: Item, waivers: Sequence[Waiver]) -> list[Waiver]:
    """The waivers that together accept every finding of the item; none when one finding stays."""
    if not waivers:
        return []
    exact = any(waiver.fingerprint for waiver in waivers)
    prints = {fingerprint(item.check, finding) for finding in item.findings} if exact else set()
    helping = [waiver for waiver in waivers if not waiver.fingerprint or waiver.fingerprint in prints]
    if all(waiver.fingerprint for waiver in helping):
        explained = bool(prints) and not item.unexplained
        return helping if explained and prints <= {waiver.fingerprint for waiver in helping} else []
    return helping


def _use(
    waiver: Waiver, idle: tuple[WaiverState, str], keys: tuple[tuple[str, str], ...], refused: Sequence[str]
) -> WaiverUse:
    state, why = idle
    if why:
        return WaiverUse(waiver, state, why)
    if keys:
        return WaiverUse(waiver, WaiverState.APPLIED, f"covers {len(keys)} failed subjects", keys)
    if refused:
        return WaiverUse(waiver, WaiverState.REFUSED, "; ".join(refused))
    return WaiverUse(waiver, WaiverState.UNMATCHED, "nothing that it names failed")
