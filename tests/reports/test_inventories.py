"""The inventory of cookies and storage: from the visits' evidence to the page and the summary."""

from __future__ import annotations

import json
from dataclasses import replace
from html import unescape
from pathlib import Path

import pytest
from judging import judge
from main_job import ROOT
from report_samples import Words, every_outcome

from gonogo.concerns.consent.fixtures import named_visits
from gonogo.concerns.consent.inventory import MAX_ITEMS, inventories
from gonogo.concerns.consent.judgements import span
from gonogo.concerns.consent.report import Inventory
from gonogo.demo.provider import Demo
from gonogo.environment.model import Tier
from gonogo.environment.models import Environment
from gonogo.environment.sections.consent import Consent, InventoryItem
from gonogo.environment.sections.site import Site
from gonogo.evidence.codec import to_json
from gonogo.evidence.records import Evidence, Failure, FailureKind, Request, canonical, identity
from gonogo.probes.browser.facts import Banner, BrowserCookie, CookieWrite, Snapshot, Visit
from gonogo.reports.html import html
from gonogo.reports.markdown import markdown
from gonogo.result import Outcome
from gonogo.run import target as runs

LATER = ("chosen", "reloaded", "other page", "restarted")
SILENT = Banner(visible=False, accept="", reject="", text="")


def environment(*, laws: tuple[str, ...] = ("eu",), declared: tuple[tuple[str, str, str], ...] = ()) -> Environment:
    return Environment(
        name="shop",
        tier=Tier.STAGING,
        site=Site(url="https://www.shop.test"),
        consent=Consent(
            laws=laws,
            inventory=tuple(InventoryItem(name=name, purpose=why, party=party) for name, why, party in declared),
        ),
    )


def snapshot(label: str, *cookies: tuple[str, str], local: tuple[str, ...] = (), expires: float = -1) -> Snapshot:
    kept = tuple(
        BrowserCookie(name, "", domain, "/", expires, http_only=False, secure=True, same_site="Lax")
        for name, domain in cookies
    )
    return Snapshot(label, "https://www.shop.test/", "Shop", SILENT, kept, tuple((name, "") for name in local), (), 0)


def visit(*snapshots: Snapshot, problems: tuple[str, ...] = (), writes: tuple[CookieWrite, ...] = ()) -> Visit:
    return Visit("b", "desktop", (1, 1), snapshots, (), (), (), None, "", problems, writes=writes)


REJECT = visit(*(snapshot(label, ("sid", "www.shop.test")) for label in ("first", *LATER)))
ACCEPT = visit(
    snapshot("first", ("sid", "www.shop.test")),
    *(
        snapshot(label, ("sid", "www.shop.test"), ("_px", ".shop.test"), ("uid", ".ads.test"), local=("seen",))
        for label in LATER
    ),
    writes=(CookieWrite("_px", "script", "www.shop.test", 12 * 3600, secure=True, same_site="Lax"),),
)
WITHDRAW = visit(
    snapshot("first", ("sid", "www.shop.test")),
    snapshot("given", ("sid", "www.shop.test"), ("_px", ".shop.test"), local=("seen",)),
    *(snapshot(label, ("sid", "www.shop.test"), local=("seen",)) for label in ("withdrawn", "after withdrawal")),
)
LOOK = visit(*(snapshot(label, ("sid", "www.shop.test")) for label in ("first", "scrolled", "preferences")))
UNTOUCHED = visit(snapshot("first", ("sid", "www.shop.test")))
ELSEWHERE = visit(*(snapshot(label, ("sid", "www.shop.test")) for label in ("first", "asked")))
DECLARED = (("sid", "keeps a visit together", "own"), ("_P*", "counts visits", "Pixel Ltd"))


ALL: dict[str, Visit | Failure] = {
    "reject": REJECT,
    "accept": ACCEPT,
    "withdraw": WITHDRAW,
    "preferences": LOOK,
    "untouched": UNTOUCHED,
    "elsewhere": ELSEWHERE,
}


def told(where: Environment, **visits: Visit | Failure) -> Inventory:
    """The only inventory of these visits; one that is left out was not part of the run."""
    records = []
    for requests in named_visits(where).values():
        for name, request in requests:
            if (seen := visits.get(name.replace("-", "_"))) is not None:
                records.append(record(request, seen))
    (only,) = inventories(where, records)
    return only


def record(request: Request, seen: Visit | Failure) -> Evidence:
    at = "2026-11-21T02:57:16+00:00"
    facts, failure = (None, seen) if isinstance(seen, Failure) else (to_json(seen), None)
    return Evidence(identity(request), canonical(request), at, at, "unit", facts=facts, failure=failure)


def rows(inventory: Inventory) -> dict[str, str]:
    """For each entry, its states: + kept, - gone, ? not observed."""
    marks = {True: "+", False: "-", None: "?"}
    return {one.name: "".join(marks[kept] for kept in one.kept) for one in inventory.items}


def test_every_entry_is_told_in_every_state() -> None:
    inventory = told(environment(declared=DECLARED), **ALL)
    assert [state.name for state in inventory.states] == [
        "before a choice",
        "after a rejection",
        "after acceptance",
        "after withdrawal",
    ]
    assert inventory.unseen == ()
    assert rows(inventory) == {"uid": "--+-", "seen": "--++", "sid": "++++", "_px": "--+-"}  # unknown ones first
    assert (inventory.total, inventory.unknown, inventory.declared) == (4, 2, True)
    uid, seen, sid, pixel = inventory.items
    assert (uid.party, uid.domain, uid.lifetime, uid.first_seen) == (
        "third party",
        "ads.test",
        "session",
        "accept: chosen",
    )
    assert (seen.kind, seen.party, seen.lifetime) == ("local storage", "own", "persistent")
    assert (sid.purpose, sid.party, sid.first_seen) == ("keeps a visit together", "own", "reject: first")
    assert (pixel.party, pixel.purpose, pixel.lifetime) == ("Pixel Ltd", "counts visits", "12 h")


def test_a_third_partys_cookie_of_the_same_name_is_another() -> None:
    """One's own is one, whether it is set for the host or for its domain."""
    cookies = (("id", "www.shop.test"), ("id", ".shop.test"), ("id", ".ads.test"), ("id", "px.test"))
    inventory = told(environment(), reject=visit(*(snapshot(label, *cookies) for label in ("first", *LATER))))
    assert [(one.name, one.domain) for one in inventory.items] == [("id", ""), ("id", "ads.test"), ("id", "px.test")]


def test_a_visit_that_failed_hides_what_it_would_have_shown() -> None:
    failed = Failure(FailureKind.TIMEOUT, "the visit was not over after 90 s")
    inventory = told(environment(), **(ALL | {"accept": failed}))
    assert rows(inventory) == {"sid": "++++", "_px": "?-+-", "seen": "?-++"}
    words = "timeout: the visit was not over after 90 s"
    assert inventory.unseen == (("before a choice, after acceptance", words),)


def test_a_choice_that_could_not_be_made_is_no_state() -> None:
    """What stands there afterwards is what stands there without any choice."""
    deaf = replace(REJECT, problems=("consent reject: no control was found",))
    inventory = told(environment(), **(ALL | {"reject": deaf}))
    assert rows(inventory)["sid"] == "+?++"
    assert inventory.unseen == (("after a rejection", "consent reject: no control was found"),)


def test_a_visit_that_was_not_made_is_not_an_empty_browser() -> None:
    inventory = told(environment(), reject=REJECT)
    assert rows(inventory) == {"sid": "++??"}
    assert [why for _, why in inventory.unseen] == ["no visit of this run looked"]


def test_a_snapshot_that_is_missing_proves_no_absence() -> None:
    ended = replace(WITHDRAW, snapshots=WITHDRAW.snapshots[:-1])
    inventory = told(environment(), **(ALL | {"withdraw": ended}))
    assert rows(inventory) == {"sid": "++++", "_px": "--+?", "uid": "--+?", "seen": "--++"}


def test_under_a_right_to_opt_out_the_signal_is_a_state() -> None:
    signal = visit(*(snapshot(label, ("sid", "www.shop.test")) for label in ("first", "other page")))
    only = told(environment(laws=("us",)), opt_out=signal)
    assert [state.name for state in only.states] == ["with Global Privacy Control"]
    both = told(environment(laws=("eu", "us")), **(ALL | {"opt_out": signal}))
    assert rows(both) == {"sid": "+++++", "_px": "--+--", "uid": "--+--", "seen": "--++-"}


def test_a_run_without_these_visits_has_no_inventory() -> None:
    assert inventories(environment(), []) == ()


def test_a_cookie_whose_setting_was_not_seen_has_an_end() -> None:
    late = visit(*(snapshot(label, ("late", "www.shop.test"), expires=1_811_808_000) for label in ("first", *LATER)))
    (late_one,) = told(environment(), reject=late).items
    assert late_one.lifetime == "until 2027-06-01"


def test_a_flood_of_names_is_cut_and_counted() -> None:
    flood = visit(snapshot("first", *((f"n{number}" + "x" * 4000, "www.shop.test") for number in range(400))))
    inventory = told(environment(), reject=flood)
    assert (len(inventory.items), inventory.left_out, inventory.unknown) == (MAX_ITEMS, 400 - MAX_ITEMS, 400)
    assert max(len(one.name) for one in inventory.items) == 200


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(15_552_000, "180 d"), (86_400, "1 d"), (86_399, "24 h"), (1_800, "30 min"), (45, "45 s")],
)
def test_lifetimes_in_words(seconds: float, words: str) -> None:
    assert span(seconds) == words


def test_the_page_flags_what_nobody_knows() -> None:
    page = unescape(html(every_outcome(Words(seen="<script>", wanted="ads.test", reason="timeout: too late"))))
    section = page.partition('id="inventory"')[2].partition("</section>")[0]
    (odd,) = [row for row in section.split("<tr")[1:] if 'class="odd"' in row]
    assert "unknown" in odd
    assert "ads.test" in odd
    assert "after acceptance: timeout: too late" in section
    assert "1 more entry, not listed" in section


def test_the_summary_names_what_nobody_knows() -> None:
    text = markdown(every_outcome(Words(seen="_ab")))
    assert "(1 of 3 unknown)" in text
    assert "| &#95;ab | cookie |" in text


@pytest.mark.wait
@pytest.mark.slow
def test_the_demo_keeps_what_it_declares_and_a_defect_adds_one(demo: Demo, tmp_path: Path) -> None:
    demo.inject(["cookie-unlisted"])
    try:
        judged = judge("demo", demo.variables, checks=["consent.inventory.known"], folder=tmp_path)
    finally:
        demo.inject([])
    assert judged.checks(Outcome.FAIL) == {"consent.inventory.known"}
    target = runs.target("demo", folder=ROOT / "environments", variables=demo.variables, decides=False)
    records = [Evidence.from_json(json.loads(one.read_text())) for one in (tmp_path / "evidence").glob("*.json")]
    (inventory,) = inventories(target.environment, records)
    assert rows(inventory) == {"_ab": "--+-?", "session": "++++?", "consent": "-+++?", "_ax": "--+-?"}
