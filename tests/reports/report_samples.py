"""Reports to write: made by the real gate from results, with text from a hostile target where wanted."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from hypothesis import strategies as st

from gonogo.check import Card, Safety
from gonogo.concerns.accessibility.report import OpenElement, OpenPage, OpenRule, OpenState, to_look_at
from gonogo.concerns.consent.report import Inventory, Item, State, kept
from gonogo.concerns.security.family import Family, FamilyPolicy, HostPolicy
from gonogo.concerns.security.fixes import Changes
from gonogo.concerns.security.report import policies
from gonogo.concerns.vitals.report import measurements
from gonogo.evidence.records import PlanEntry
from gonogo.evidence.summary import Attached
from gonogo.gate import Expected, Intent, Policy, Receipt, Shard, Waiver, count, decide, verdict_json
from gonogo.reports import EvidenceSummary, Point, Report
from gonogo.result import Finding, Outcome, Result, Severity

START = datetime(2026, 11, 21, 2, 57, 16, tzinfo=UTC)
RUN = "20261121T025716Z-demo-full-1f0c3a"
FILE = "browser-0123456789abcdef.violation-1-1.png"
PICTURE = b"\x89PNG picture"
WHY = """HSTS tells a browser never again to speak plain HTTP to this host.

Fix: send `Strict-Transport-Security: max-age=31536000`
on every response.
See: https://www.rfc-editor.org/rfc/rfc6797"""

HOSTILE = st.one_of(
    st.text(st.characters(), min_size=1, max_size=60),
    st.sampled_from(
        [
            "<script>alert(1)</script>",
            "</td></table><img src=x onerror=alert(1)>",
            '" onmouseover="alert(1)',
            "]]></failure><testcase/>",
            "{{ 7 * 7 }}{% raw %}",
            "a | b | c\n| d |",
            "[click](javascript:alert(1)) ![x](https://evil.test/p.png) <https://evil.test>",
            "@octocat see #12 and www.evil.test or https://evil.test mail me@evil.test :tada:",
            "`code` ``` **bold** _it_ ~~no~~ $x$ \\ &lt;b&gt; <!-- x -->",
            "\x1b]8;;https://evil.test\x07link\x1b]8;;\x07\x1b[2J\x9b31m\r\n\x00\x7f",
            "\u202egpj.exe\u2066\ufeff\U000e0041",
            "\ud800\udfff\ufffe\uffff",
            "長い" * 200,
            "x" * 5_000,
        ]
    ),
)


@dataclass(frozen=True)
class Words:
    """Everything in a report that is not ours to choose."""

    subject: str = "/pricing"
    seen: str = "60"
    wanted: str = "at least 31536000"
    message: str = "/pricing: max-age is 60, wanted at least 31536000."
    title: str = "HSTS lasts at least a year"
    reason: str = "timeout: no answer within 10 s"
    excerpt: str = "GET /pricing\nHTTP/2 200"


ANY_WORDS = st.builds(Words, *[HOSTILE] * 7)


FAMILIES = {"hsts": Family.HSTS, "csp": Family.CSP, "server": Family.HEADERS, "certificate": Family.TLS}


def bare(check: str) -> Card:
    """A card that says nothing but the family."""
    why = f"Family: {FAMILIES.get(check.split('.')[1], Family.EXPOSURE)}"
    return Card(check, check, Severity.HIGH, Safety.READ_ONLY, ("full",), (), why)


def card(check: str, severity: Severity = Severity.HIGH, title: str = "HSTS lasts at least a year") -> Card:
    return Card(check, title, severity, Safety.READ_ONLY, ("full",), (), f"{WHY}\n{bare(check).why}")


def evidence(name: str, words: Words = Words(), **more: object) -> EvidenceSummary:
    fields = {
        "probe": "http",
        "title": f"GET {words.subject}",
        "started": START.isoformat(),
        "seconds": 0.03,
        "failure": words.reason,
        "excerpt": words.excerpt,
    }
    return EvidenceSummary(name, **{**fields, **more})  # type: ignore[arg-type]


def report(
    results: Iterable[Result],
    *,
    missing: Iterable[Expected] = (),
    waivers: Iterable[Waiver] = (),
    cards: Iterable[Card] = (),
    summaries: Iterable[EvidenceSummary] = (),
    title: str = "Acme Insights",
    hosts: Iterable[HostPolicy] = (),
    inventories: Iterable[Inventory] = (),
    undecided: Iterable[OpenPage] = (),
) -> Report:
    """What the gate says of these results, beside one critical check that passed."""
    alive = Result("availability.health.shallow", "", Outcome.PASS, Severity.CRITICAL, seconds=0.1)
    told = (alive, *results)
    ran = tuple(one for one in told if one.outcome is not Outcome.NOT_APPLICABLE)
    absent = tuple((one.check, one.subject, one.reason) for one in told if one.outcome is Outcome.NOT_APPLICABLE)
    expected = (*(Expected(one.check, one.subject, one.severity) for one in ran), *missing)
    intent = Intent(RUN, "demo", "demo", "2026.11.3", "full", "e" * 64, "", START, expected, absent)
    receipt = Receipt(START + timedelta(seconds=83), "0" * 64, count(ran))
    verdict = decide([Shard(intent, ran, receipt)], Policy(), waivers=tuple(waivers), at=START + timedelta(seconds=84))
    return Report(
        verdict=verdict_json(verdict),
        results=told,
        cards={name: bare(name) for name in {one.check for one in (*told, *missing)}} | {one.id: one for one in cards},
        evidence={one.id: one for one in summaries},
        title=title,
        tier="demo",
        name="demo",
        plan=(PlanEntry("http", "GET", "https://www.acme.test/", "anonymous", "network", 4),),
        folder=f"reports/{RUN}",
        makers=(policies(tuple(hosts)), kept(tuple(inventories)), to_look_at(tuple(undecided)), measurements),
    )


def waiver(check: str, **more: object) -> Waiver:
    fields = {
        "check": check,
        "owner": "ops@acme.test",
        "reason": "The proxy is replaced on Thursday",
        "ticket": "OPS-412",
        "created": START - timedelta(days=1),
        "expires": START + timedelta(days=20),
    }
    return Waiver(**{**fields, **more})  # type: ignore[arg-type]


def host_policy(words: Words = Words(), *, results: Iterable[tuple[str, str]] = ()) -> HostPolicy:
    """A host whose headers are the target's words."""
    policies = (
        FamilyPolicy(Family.HSTS, (words.seen, words.excerpt), (words.message,)),
        FamilyPolicy(Family.CSP, (), (words.reason, words.wanted)),
    )
    changes = Changes(
        "www.acme.test", "https://www.acme.test", headers=(("Strict-Transport-Security", "max-age=31536000"),)
    )
    return HostPolicy("www.acme.test", "the site", words.title, policies, frozenset(results), changes)


def inventory(words: Words = Words()) -> Inventory:
    """Of a page whose cookies have names of the target's choice."""
    states = (State("before a choice", ""), State("after acceptance", words.reason))
    unknown = Item(words.seen, "cookie", words.subject, words.wanted, "180 d", "", "accept: chosen", (False, None))
    known = Item(words.title, "cookie", "own", "", "session", words.message, "reject: first", (True, True))
    return Inventory(words.subject, states, (unknown, known), 1, 1, declared=True)


def undecided(words: Words = Words()) -> OpenPage:
    """Of a page whose elements are the target's words."""
    element = OpenElement(words.subject, words.seen, words.wanted)
    rules = (
        OpenRule(words.title, words.message, "WCAG 1.4.3", "https://dequeuniversity.com/rules/axe/x", 4, (element,)),
        OpenRule("label", words.excerpt, "", "", 1, (element,)),
    )
    states = (OpenState(("as loaded", words.title), rules), OpenState(("banner closed",), (), words.reason))
    return OpenPage(words.subject, (*states, OpenState(("state: menu open",), ())))


def every_outcome(words: Words = Words()) -> Report:
    """Each outcome at least once, with evidence and plots; the verdict is NO_GO."""
    finding = Finding(words.subject, words.seen, words.wanted, words.message)
    high = Severity.HIGH
    return report(
        [
            Result(
                "security.hsts.max-age",
                words.subject,
                Outcome.FAIL,
                high,
                (finding, finding),
                ("http-1",),
                0.2,
            ),
            Result(
                "security.csp.present",
                words.subject,
                Outcome.FAIL,
                Severity.CRITICAL,
                (finding,),
                ("http-1",),
            ),
            Result(
                "database.role.read-only",
                words.subject,
                Outcome.UNKNOWN,
                high,
                (),
                ("db-1",),
                reason=words.reason,
            ),
            Result(
                "tls.certificate.trust",
                words.subject,
                Outcome.NOT_APPLICABLE,
                high,
                reason=f"because {words.reason}",
            ),
            Result("security.server.version-hidden", words.subject, Outcome.FAIL, Severity.LOW, (finding,)),
            Result("delivery.assets.immutable", words.subject, Outcome.PASS, Severity.MEDIUM, seconds=3.5),
        ],
        missing=[Expected("availability.metrics.readable", words.subject, high)],
        waivers=[waiver("security.server.*"), waiver("load.*", reason="it was slow")],
        cards=[
            card("security.hsts.max-age", title=words.title),
            card("tls.certificate.trust", title=words.title),
        ],
        summaries=[
            evidence(
                "http-1", words, attached=(Attached(words.title, words.reason), Attached(FILE, words.seen, PICTURE))
            ),
            evidence("db-1", words, excerpt=""),
            evidence("visit-1", words, plot=(Point("LCP", 1800, 2500, "ms"),), group="Web Vitals of /"),
            evidence("visit-2", words, plot=(Point("LCP", 2900, 2500, "ms"),), group="Web Vitals of /"),
            evidence(
                "load-1",
                words,
                title=words.title,
                plot=(Point("p50", 14, None, "ms"), Point("p95", 700, 500, "ms")),
            ),
        ],
        title=words.title,
        hosts=[host_policy(words), host_policy(words, results=[("security.csp.present", words.subject)])],
        inventories=[inventory(words)],
        undecided=[undecided(words)],
    )


def all_passed() -> Report:
    return report([Result("security.hsts.max-age", "/", Outcome.PASS, Severity.HIGH)])


def many(number: int, *, apart: bool = False) -> Report:
    """So many results on distinct subjects; every tenth failed, with the same words or each with its own (`apart`)."""

    def finding(index: int) -> Finding:
        seen = f"{'x' * 200}{f' in case {index}' if apart else ''}"
        return Finding.of(f"/page/{index}", seen=seen, wanted="something else")

    return report(
        Result(
            f"security.check-{index % 40}.held",
            f"/page/{index}",
            Outcome.PASS if index % 10 else Outcome.FAIL,
            Severity.HIGH,
            () if index % 10 else (finding(index),),
        )
        for index in range(number)
    )
