"""What is judged of consent: a few visits, each in a fresh browser, seen by many checks."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import NamedTuple

from gonogo.concerns.fixture import Asked, Fixture, Subject, page_request
from gonogo.environment import models
from gonogo.environment.models import Environment
from gonogo.errors import EvidenceMissing
from gonogo.probes.browser.facts import PrivacyView, Snapshot, Visit
from gonogo.probes.browser.request import Step, VisitRequest
from gonogo.probes.http.facts import Exchange

DOWNLOADED = "policy: it is a download, with status 200"
"""The problem of a visit whose policy is no page; that is the page's right."""
OPT_IN = frozenset({"eu", "uk"})
"""Laws under which nothing optional may happen before consent."""
MONTH_DAYS = "30"
SCROLL_S = 0.4
"""How long a page is watched after it was scrolled."""


VISITS = ("reject", "accept", "withdraw", "preferences", "untouched", "elsewhere")


@dataclass(frozen=True, slots=True)
class ConsentFlow:
    """Six visits in fresh browsers: one that rejects, one that accepts, one that takes back what it has accepted, one that
    looks into the preferences and makes no choice until its end, one that touches nothing and waits, and one by telephone that
    lands on another page and saves the preferences as they are. How long a refusal and an acceptance last is seen at the end of
    the fourth and the fifth.

    A visit is looked up when a judgement reads it, and raises EvidenceMissing then where it was not made: what needs the
    other five alone is judged.
    """

    declared: models.Consent
    third_parties: tuple[models.ThirdParty, ...]
    visit: Callable[[str], Visit]
    """By its name in VISITS."""
    laws: tuple[str, ...]
    own_paths: tuple[str, ...] = ()
    """Paths of the site's own host that take analytics hits."""

    @property
    def reject(self) -> Visit:
        return self.visit("reject")

    @property
    def accept(self) -> Visit:
        return self.visit("accept")

    @property
    def withdraw(self) -> Visit:
        return self.visit("withdraw")

    @property
    def preferences(self) -> Visit:
        return self.visit("preferences")

    @property
    def untouched(self) -> Visit:
        """Its snapshot "first" is made `watch_s` after load."""
        return self.visit("untouched")

    @property
    def elsewhere(self) -> Visit:
        """Its snapshot "first" is of `other_page`, "asked" of `page`."""
        return self.visit("elsewhere")

    @property
    def first(self) -> Snapshot:
        """Before any choice: that of the untouched visit. Raises EvidenceMissing("invalid") when it was not taken."""
        found = self.untouched.snapshot("first")
        if found is None:
            words = "; ".join(self.untouched.problems) or "no snapshot"
            raise EvidenceMissing("invalid", f"the page was never seen before a choice: {words}")
        return found

    @property
    def visits(self) -> tuple[tuple[str, Visit], ...]:
        return tuple((name, self.visit(name)) for name in VISITS)


@dataclass(frozen=True, slots=True)
class OptOutFlow:
    """A visit with Global Privacy Control, under a law that knows a right to opt out."""

    declared: models.Consent
    third_parties: tuple[models.ThirdParty, ...]
    visit: Visit
    plain: Visit | None
    """The same without Global Privacy Control, where another law forbids the same before a choice."""
    control: Visit | None
    """The same without Global Privacy Control, where nothing forbids it: what the signal must stop."""
    own_paths: tuple[str, ...] = ()
    """As of a ConsentFlow."""


@dataclass(frozen=True, slots=True)
class PolicyAnswer:
    exchange: Exchange
    declared: models.PolicyPage


def seen(visit: Visit, label: str) -> Snapshot:
    """A snapshot of a visit. Raises EvidenceMissing("invalid") when it was not taken."""
    snapshot = visit.snapshot(label)
    if snapshot is None:
        raise EvidenceMissing(
            "invalid", f"the visit ended before {label!r}: {'; '.join(visit.problems) or 'no snapshot'}"
        )
    return snapshot


def shown(visit: Visit, label: str) -> bool:
    """Whether the banner stood. Raises EvidenceMissing("invalid") when it was not seen, and not the whole page either."""
    if seen(visit, label).banner.visible:
        return True
    able(visit, f"snapshot {label}: no banner")
    return False


def undecided(visit: Visit) -> tuple[Snapshot, ...]:
    """Snapshots of the visit that makes no choice, after the page was scrolled and before Escape; up to where the site takes
    something for a choice, which other checks tell."""
    scrolled = visit.snapshot("scrolled")
    if scrolled is None or not scrolled.banner.visible:
        return ()
    found = []
    for label in ("preferences", "revised", "policy", "returned"):
        snapshot = visit.snapshot(label)
        if label == "revised" and snapshot is not None and not snapshot.banner.visible:
            break
        if snapshot is not None:
            found.append(snapshot)
    return tuple(found)


def view(snapshot: Snapshot) -> PrivacyView:
    """What a consent visit's snapshot has in addition. Raises EvidenceMissing("invalid") when it has not."""
    if snapshot.privacy is None:
        raise EvidenceMissing("invalid", f"the snapshot {snapshot.label!r} has no view of the consent layer")
    return snapshot.privacy


def able(visit: Visit, *steps: str) -> None:
    """Raise EvidenceMissing("invalid") when one of these steps could not be done: what follows it says nothing then."""
    if failed := [problem for problem in visit.problems if problem.startswith(steps)]:
        raise EvidenceMissing("invalid", "; ".join(failed))


def _regions(consent: models.Consent) -> list[models.ConsentRegion]:
    """The environment's own visitor, who has no name, then the declared ones."""
    return [models.ConsentRegion.model_construct(name="", locale="", timezone="", laws=consent.laws), *consent.regions]


def _visit(name: str, region: models.ConsentRegion, steps: tuple[Step, ...], *, gpc: bool = False) -> VisitRequest:
    told = f"consent {name} ({region.name})" if region.name else f"consent {name}"
    return VisitRequest(told, steps, privacy=True, gpc=gpc, locale=region.locale, timezone=region.timezone)


def _chosen(choice: str, first: str, other: str, settle: Step) -> tuple[Step, ...]:
    """Look as soon as the banner stands, choose, look again; then after a reload, where some tags wait for the first scroll, on another page, and after the
    browser was closed."""
    return (
        Step("goto", first),
        Step("snapshot", "first"),
        Step("consent", choice),
        settle,
        Step("snapshot", "chosen"),
        Step("reload"),
        Step("scroll"),
        settle,
        Step("snapshot", "reloaded"),
        Step("goto", other),
        settle,
        Step("snapshot", "other page"),
        Step("restart"),
        Step("goto", other),
        Step("snapshot", "restarted"),
    )


def _withdraw(consent: models.Consent, first: str, other: str, settle: Step) -> tuple[Step, ...]:
    """Accept, take it back on another page, and let that choice grow old."""
    return (
        Step("goto", first),
        Step("snapshot", "first"),
        Step("consent", "accept"),
        settle,
        Step("goto", other),
        Step("snapshot", "given"),
        Step("reopen"),
        Step("snapshot", "reopened"),
        Step("consent", "reject"),
        settle,
        Step("snapshot", "withdrawn"),
        Step("reload"),
        settle,
        Step("snapshot", "after withdrawal"),
        Step("expire", str(consent.expiry_days)),
        Step("goto", first),
        Step("snapshot", "expired"),
    )


def _preferences(consent: models.Consent, first: str) -> tuple[Step, ...]:
    revision = (
        Step("cookie", f"{consent.record}={consent.revised}"),
        Step("goto", first),
        Step("snapshot", "revised"),
    )
    return (
        Step("goto", first),
        Step("snapshot", "first"),
        Step("scroll"),
        Step("wait", f"{SCROLL_S:g}"),
        Step("snapshot", "scrolled"),
        Step("preferences"),
        Step("snapshot", "preferences"),
        *(revision if consent.record and consent.revised else ()),
        Step("policy"),
        Step("snapshot", "policy"),
        Step("goto", first),
        Step("snapshot", "returned"),
        Step("escape"),
        Step("wait", f"{SCROLL_S:g}"),
        Step("snapshot", "escaped"),
        Step("reload"),
        Step("wait", f"{SCROLL_S:g}"),
        Step("snapshot", "after escape"),
        Step("close"),
        Step("wait", f"{SCROLL_S:g}"),
        Step("reload"),
        Step("wait", f"{SCROLL_S:g}"),
        Step("snapshot", "closed"),
        *_a_month_later("reject", first),
    )


def _a_month_later(choice: str, first: str) -> tuple[Step, ...]:
    """For visits that take less time than those of the choices themselves."""
    return (
        Step("consent", choice),
        Step("expire", MONTH_DAYS),
        Step("goto", first),
        Step("snapshot", "a month later"),
    )


def _untouched(consent: models.Consent, first: str) -> tuple[Step, ...]:
    """What starts late starts without being asked for, too; at last accept."""
    watch = Step("wait", f"{max(consent.watch_s, consent.settle_s):g}")
    return Step("goto", first), watch, Step("snapshot", "first"), *_a_month_later("accept", first)


def _elsewhere(first: str, other: str, settle: Step) -> tuple[Step, ...]:
    """Land on the other page, look at the first, and save its preferences as they are."""
    return (
        Step("goto", other),
        settle,
        Step("snapshot", "first"),
        *(() if first == other else (Step("goto", first),)),
        Step("snapshot", "asked"),
        Step("preferences"),
        Step("snapshot", "preferences"),
        Step("save"),
        settle,
        Step("snapshot", "saved"),
        Step("reload"),
        settle,
        Step("snapshot", "saved, reloaded"),
    )


def _places(environment: Environment, consent: models.Consent) -> tuple[str, str, Step]:
    first = f"{environment.site.url}{consent.page}"
    other = f"{environment.site.url}{consent.other_page or consent.page}"
    return first, other, Step("wait", f"{consent.settle_s:g}")


def consent_visits(environment: Environment, region: models.ConsentRegion) -> tuple[VisitRequest, ...]:
    """The visits of one region, as VISITS names them."""
    consent = environment.consent or models.Consent()
    first, other, settle = _places(environment, consent)
    return (
        _visit("reject", region, _chosen("reject", first, other, settle)),
        _visit("accept", region, _chosen("accept", first, other, settle)),
        _visit("withdraw", region, _withdraw(consent, first, other, settle)),
        _visit("preferences", region, _preferences(consent, first)),
        _visit("untouched", region, _untouched(consent, first)),
        replace(_visit("elsewhere", region, _elsewhere(first, other, settle)), device="mobile"),
    )


class Law(NamedTuple):
    """What the environment declares of the visitors of one region."""

    consent: models.Consent
    laws: tuple[str, ...]
    visits: tuple[VisitRequest, ...]


def _subject(consent: models.Consent, region: models.ConsentRegion, visits: tuple[VisitRequest, ...]) -> Subject[Law]:
    name = f"{consent.page} ({region.name})" if region.name else consent.page
    return Subject(name, visits, Law(consent, region.laws, visits))


def flows(environment: Environment) -> list[Subject[Law]]:
    """The visitors who are asked first, with their visits as VISITS names them."""
    consent = environment.consent
    if consent is None:
        return []
    return [
        _subject(consent, region, consent_visits(environment, region))
        for region in _regions(consent)
        if OPT_IN & set(region.laws)
    ]


def _opt_outs(environment: Environment) -> list[Subject[Law]]:
    consent = environment.consent
    if consent is None:
        return []
    first, other, settle = _places(environment, consent)
    steps = (
        Step("goto", first),
        settle,
        Step("snapshot", "first"),
        Step("goto", other),
        settle,
        Step("snapshot", "other page"),
    )
    return [
        _subject(
            consent,
            region,
            (
                _visit("opt-out", region, steps, gpc=True),
                consent_visits(environment, region)[VISITS.index("untouched")]
                if OPT_IN & set(region.laws)
                else _visit("without signal", region, steps),
            ),
        )
        for region in _regions(consent)
        if "us" in region.laws
    ]


def named_visits(environment: Environment) -> dict[str, tuple[tuple[str, VisitRequest], ...]]:
    """By page and region, the visits that look at what is stored there, by their short names."""
    told = {subject.id: tuple(zip(VISITS, subject.declared.visits, strict=True)) for subject in flows(environment)}
    for subject in _opt_outs(environment):
        told[subject.id] = (*told.get(subject.id, ()), ("opt-out", subject.declared.visits[0]))
    return told


def _policies(environment: Environment) -> list[Subject[models.PolicyPage]]:
    policy = environment.consent.policy if environment.consent else None
    return [Subject(policy.path, (page_request(environment, policy.path),), policy)] if policy else []


def _own_paths(environment: Environment) -> tuple[str, ...]:
    return environment.analytics.own_paths if environment.analytics else ()


def _flow(asked: Asked[Law]) -> ConsentFlow:
    consent, laws, visits = asked.declared
    made = {name: asked.later(Visit, one) for name, one in zip(VISITS, visits, strict=True)}
    parties = asked.environment.third_parties
    return ConsentFlow(consent, parties, lambda name: made[name](), laws, _own_paths(asked.environment))


def _opt_out(asked: Asked[Law]) -> OptOutFlow:
    declared, laws, visits = asked.declared
    visit, other = (asked.facts(Visit, one) for one in visits)
    plain, control = (other, None) if OPT_IN & set(laws) else (None, other)
    return OptOutFlow(declared, asked.environment.third_parties, visit, plain, control, _own_paths(asked.environment))


def _policy(asked: Asked[models.PolicyPage]) -> PolicyAnswer:
    return PolicyAnswer(asked.facts(Exchange), asked.declared)


def policy_age_days(answer: PolicyAnswer, written: str) -> int:
    """Days from a date (2026-11-21) to when the page was read. Raises ValueError when it is no date."""
    at = datetime.fromisoformat(answer.exchange.ended)
    return (at.date() - datetime.fromisoformat(written).date()).days


CONSENT = (
    Fixture(
        "consent",
        "[consent] for eu or uk",
        "Visits that reject, accept, withdraw, look into the preferences, wait, and save the preferences.",
        flows,
        _flow,
    ),
    Fixture("opt_out", "[consent] for us", "A visit with Global Privacy Control.", _opt_outs, _opt_out),
    Fixture("policy_page", "[consent.policy]", "The page that tells what is stored.", _policies, _policy),
)
