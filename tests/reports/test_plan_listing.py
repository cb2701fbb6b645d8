"""`gonogo plan` and the page's table say what a visit does, at the width of a usual terminal."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st
from report_samples import HOSTILE, all_passed

from gonogo.evidence.records import PlanEntry
from gonogo.reports.html import html
from gonogo.reports.plan import listing

SITE = "https://www.acme.test/"
REJECT = PlanEntry("browser", "visit", SITE, "anonymous", "browser", 4, "", "consent reject", ("reject", "reload"))
TEAM = PlanEntry("browser", "visit", SITE, "user", "browser", 1, "", "journey team", ("walk journey team",))
RUN = PlanEntry("browser", "visit", SITE, "anonymous", "vitals", 2, "", "vitals /", ("press #x",), 1)
SPARE = replace(RUN, method="visit if needed", does=("only if the first 2 runs leave a budget in doubt",), run=3)
LOAD = PlanEntry("load", "GET", SITE, "anonymous", "load", 150, "", "load profile smoke")
PREFLIGHT = PlanEntry("http", "OPTIONS", SITE, "anonymous", "network", 1, "", "", ("Origin: https://evil.test",))
PLAN = (PREFLIGHT, REJECT, TEAM, RUN, replace(RUN, run=2), SPARE, LOAD)


def test_each_kind_of_visit_says_what_it_does_on_a_terminal() -> None:
    assert listing(PLAN).splitlines() == [
        "network      1 × OPTIONS    https://www.acme.test/",
        "                 Origin: https://evil.test",
        "browser      4 × visit      https://www.acme.test/",
        "                 consent reject: reject, reload",
        "browser      1 × visit      https://www.acme.test/ as user",
        "                 journey team: walk journey team",
        "vitals       4 × visit      https://www.acme.test/",
        "                 vitals /, runs 1 and 2: press #x",
        "vitals       2 × visit      https://www.acme.test/",
        "                 vitals /, run 3: only if the first 2 runs leave a budget in",
        "                   doubt",
        "load       150 × GET        https://www.acme.test/",
        "                 load profile smoke",
        "7 distinct requests, 12 sends and 150 under load; a browser visit also loads what its page asks for",
    ]


@given(st.lists(HOSTILE, max_size=5))
def test_what_a_visit_does_fits_the_terminal(does: list[str]) -> None:
    head, *rest = listing((replace(REJECT, does=tuple(does)),)).splitlines()[:-1]
    assert head.endswith(SITE)
    assert rest
    assert all(len(one) <= 80 and one.startswith(" " * 17) for one in rest)


def test_the_page_tells_apart_visits_of_one_address() -> None:
    table = html(replace(all_passed(), plan=PLAN)).partition("What was planned to be sent")[2].partition("</table>")[0]
    for said in (
        "consent reject: reject, reload",
        "journey team: walk journey team",
        "vitals /, runs 1 and 2: press #x",
        "Origin: https://evil.test",
        "load profile smoke",
    ):
        assert said in table, said
    assert table.count("<tr>") == 1 + 6
