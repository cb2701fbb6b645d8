"""verdict.html: one page, nothing but what the template made, readable by everybody."""

from __future__ import annotations

import base64
import hashlib
import re
from dataclasses import replace
from html.parser import HTMLParser
from itertools import pairwise

import pytest
from hypothesis import given, settings
from quick import seconds
from report_samples import (
    ANY_WORDS,
    FILE,
    PICTURE,
    Words,
    all_passed,
    card,
    every_outcome,
    evidence,
    host_policy,
    many,
    report,
    waiver,
)

from gonogo.concerns.vitals.report import FILM_BYTES, Drawing
from gonogo.concerns.vitals.waterfall import Film, Shot, Waterfall
from gonogo.gate import Expected
from gonogo.reports import EvidenceSummary, Point
from gonogo.reports.html import EVIDENCE, IMAGE_BYTES, NAMES, WHOLE, html
from gonogo.result import Finding, Outcome, Result, Severity

VOID = {"meta", "link", "img", "br", "hr", "input", "rect", "line", "circle"}


class Page(HTMLParser):
    """The page's elements, in order, and the text of each."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.text: dict[str, list[str]] = {}
        self.rows = 0
        self.feed(text)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        assert len(dict(attrs)) == len(attrs)
        if tag not in VOID:
            self.open.append(tag)
            self.text.setdefault(tag, []).append("")

    def handle_endtag(self, tag: str) -> None:
        if tag not in VOID:
            assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        for tag in set(self.open):
            self.text[tag][-1] += data

    @property
    def shape(self) -> list[tuple[str, tuple[str, ...]]]:
        return [(tag, tuple(attributes)) for tag, attributes in self.elements]

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for one, attributes in self.elements if one == tag]


USUAL = Page(html(every_outcome()))


@settings(max_examples=60, deadline=None)
@given(ANY_WORDS)
def test_no_text_of_a_target_makes_an_element_an_attribute_or_a_link(words: Words) -> None:
    text = html(every_outcome(words))
    page = Page(text)
    assert page.shape == USUAL.shape
    assert [one.get("href") for one in page.all("a")] == [one.get("href") for one in USUAL.all("a")]
    assert page.text["style"] == USUAL.text["style"]
    text.encode()  # no lone surrogate is left
    assert not re.search(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]", text)


def test_what_a_target_sent_is_shown_as_text() -> None:
    page = Page(html(every_outcome(Words(seen="<script>\x1b[31m\u202e"))))
    assert "<script>\\x1b[31m\\u202e" in page.text["dd"]


@pytest.mark.parametrize("made", [all_passed, every_outcome], ids=["GO", "NO_GO"])
def test_the_page_loads_nothing_and_runs_nothing(made) -> None:  # type: ignore[no-untyped-def]
    page = Page(html(made()))
    policy = next(one["content"] for one in page.all("meta") if one.get("http-equiv") == "Content-Security-Policy")
    (style,) = page.text["style"]
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    assert policy == (
        f"default-src 'none'; style-src 'sha256-{digest}'; img-src data:; base-uri 'none'; form-action 'none'"
    )
    assert "url(" not in style
    assert "@import" not in style
    assert not {tag for tag, _ in page.elements} & {"script", "iframe", "object", "embed", "form", "base"}
    for tag, attributes in page.elements:
        assert not [name for name in attributes if name.startswith("on") or name == "style"]
        if tag in {"img", "link"}:
            assert str(attributes.get("src") or attributes.get("href")).startswith("data:")


@pytest.mark.parametrize("made", [all_passed, every_outcome], ids=["GO", "NO_GO"])
def test_the_page_is_accessible(made) -> None:  # type: ignore[no-untyped-def]
    page = Page(html(made()))
    levels = [int(tag[1]) for tag, _ in page.elements if re.fullmatch("h[1-6]", tag)]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after <= before + 1 for before, after in pairwise(levels))
    assert page.all("html") == [{"lang": "en"}]
    assert [len(page.all(tag)) for tag in ("header", "nav", "main", "footer")] == [1, 1, 1, 1]
    assert all(one.get("scope") in {"col", "row"} for one in page.all("th"))
    assert all(one.get("alt") for one in page.all("img"))
    assert all(one.get("aria-label") for one in page.all("svg"))
    ids = [one["id"] for _, one in page.elements if "id" in one]
    assert len(ids) == len(set(ids))
    named = {word for _, one in page.elements for word in (one.get("aria-labelledby") or "").split()}
    links = {str(one["href"])[1:] for one in page.all("a") if str(one["href"]).startswith("#")}
    assert named | links <= set(ids)


def test_the_verdict_stands_first_with_its_reason() -> None:
    page = Page(html(every_outcome()))
    assert page.text["h1"] == ["NO-GO"]
    assert page.text["header"][0].split("NO-GO")[1].strip().startswith("security.csp.present failed on /pricing")
    assert Page(html(all_passed())).text["h1"] == ["GO"]
    assert "All 2 results passed." in Page(html(all_passed())).text["header"][0]


def test_a_failing_check_has_its_findings_its_evidence_and_its_fix() -> None:
    page = Page(html(every_outcome()))
    (hsts,) = [text for text in page.text["article"] if "security.hsts.max-age" in text]
    for wanted in (
        "/pricing: max-age is 60, wanted at least 31536000.",
        "HSTS tells a browser never again",
        "Send Strict-Transport-Security: max-age=31536000\non every response.",
        "https://www.rfc-editor.org/rfc/rfc6797",
    ):
        assert wanted in hsts
    assert {"href": "https://www.rfc-editor.org/rfc/rfc6797", "rel": "noreferrer noopener"} in page.all("a")


def test_evidence_is_shown_once_and_linked_afterwards() -> None:
    page = Page(html(every_outcome()))
    assert [one.get("id") for one in page.all("details")].count("evidence-http-1") == 1
    assert [one["href"] for one in page.all("a")].count("#evidence-http-1") == 1


def test_what_was_not_observed_stands_apart_from_findings_and_says_why() -> None:
    page = Page(html(every_outcome()))
    unseen = page.text["section"][page_index(page, "unknown")]
    assert "database.role.read-only" in unseen
    assert "timeout: no answer within 10 s" in unseen
    assert "availability.metrics.readable" in unseen
    assert "security.hsts.max-age" not in unseen


def page_index(page: Page, heading: str) -> int:
    return [one.get("aria-labelledby") for one in page.all("section")].index(heading)


def test_an_outage_that_many_checks_met_is_told_once() -> None:
    down = [
        Result(f"database.schema.part-{index}", "main", Outcome.UNKNOWN, Severity.HIGH, reason="connect: refused")
        for index in range(6)
    ]
    page = Page(html(report(down)))
    reasons = page.text["section"][page_index(page, "reasons")]
    assert reasons.count("connect: refused") == 1
    assert "6 checks could not be judged: connect: refused" in reasons
    assert len([one for one in page.text["article"] if "connect: refused" in one]) == 1


def test_the_matrix_counts_what_the_verdict_counts() -> None:
    made = every_outcome()
    page = Page(html(made))
    rows = [cells.split() for cells in page.text["tr"]]
    security = next(row for row in rows if row[:1] == ["security"])
    assert security == ["security", "2", "0", "0", "1", "0", "0"]  # fail unknown missing waived pass n/a
    assert next(row for row in rows if row[:1] == ["critical"])[1:] == ["1", "0", "0", "0", "1", "0"]
    counts = made.verdict["counts"]["outcomes"]  # type: ignore[index]
    legend = next(text for text in page.text["ul"] if "not applicable" in text and "missing" in text)
    for outcome in Outcome:
        assert f"{counts[outcome.value]} {outcome.value.lower().replace('_', ' ')}" in " ".join(legend.split())


def test_every_result_is_counted_in_the_table_of_all_checks() -> None:
    page = Page(html(many(50)))
    rows = "\n".join(row for row in page.text["tr"] if re.search(r"held.*high", row, re.DOTALL))
    assert set(re.findall(r"/page/\d+", rows)) == {f"/page/{index}" for index in range(50)}
    assert sum(map(int, re.findall(r"(?:pass|fail)\s*(\d+?)0\.0 s", rows))) == 50
    assert "51 results" in page.text["summary"]
    (row,) = [row for row in Page(html(many(400))).text["tr"] if "security.check-1.held" in row]
    assert "/page/1, /page/121, /page/161, /page/201, /page/241 and 5 more" in row
    assert re.search(r"pass\s*100\.0 s", row)


def test_a_finding_of_many_subjects_is_told_once_and_names_all() -> None:
    page = Page(html(many(4_000)))
    (article,) = [one for one in page.text["article"] if "security.check-10.held" in one]
    assert article.count("something else") == 2  # in the message and as what was wanted
    assert "The same on /page/1010, /page/1050, /page/1090, /page/1130, /page/1170 and 94 more." in article
    assert "99 further subjects" in article
    assert {f"/page/{index}" for index in range(50, 4_000, 40)} <= set(page.text["li"])


def test_nothing_that_is_not_a_pass_is_left_out() -> None:
    """Each subject of each outcome but PASS stands in the page, however many there are."""
    subjects = [f"/page/{index}" for index in range(300)]
    results = [
        Result("a.b.failed", one, Outcome.FAIL, Severity.LOW, (Finding.of(one, seen=1, wanted=2),)) for one in subjects
    ]
    results += [
        Result("a.b.unknown", f"{one}/u", Outcome.UNKNOWN, Severity.LOW, reason=f"timeout: {one}/u is slow")
        for one in subjects
    ]
    results += [
        Result("a.b.waived", f"{one}/w", Outcome.FAIL, Severity.LOW, (Finding.of(f"{one}/w", seen=1, wanted=2),))
        for one in subjects
    ]
    results += [
        Result("a.b.absent", f"{one}/n", Outcome.NOT_APPLICABLE, Severity.LOW, reason="not declared")
        for one in subjects
    ]
    text = html(report(results, waivers=[waiver("a.b.waived")]))
    words = set(re.split(r"[<>, ]", text))
    for ending in ("", "/u", "/w", "/n"):
        assert {f"{one}{ending}" for one in subjects} <= words
    page = Page(text)
    assert len([one for one in page.text["article"] if "is slow" in one]) == 1
    assert "300 waived failures" in page.text["summary"]


def test_equal_lists_of_subjects_stand_once() -> None:
    subjects = [f"/page/{index}" for index in range(100)]
    page = Page(html(report(
        Result(f"a.b.check-{number}", one, Outcome.FAIL, Severity.LOW, (Finding.of(one, seen=number, wanted=200),))
        for number in range(20) for one in subjects
    )))  # fmt: skip
    assert page.text["li"].count("/page/77") == 1
    assert [one["href"] for one in page.all("a")].count("#subjects-1") == 19


def test_different_findings_beyond_the_first_are_folded_a_line_each() -> None:
    page = Page(html(many(4_000, apart=True)))
    (article,) = [one for one in page.text["article"] if "security.check-10.held" in one]
    assert article.count("Wanted") == WHOLE
    assert f"{100 - WHOLE} further findings" in article
    assert all(f"in case {index}," in article for index in range(10, 4_000, 40))


def test_what_has_no_room_is_counted() -> None:
    subjects = [f"/{'p' * 150}/{index}" for index in range(NAMES // 150 + 500)]
    page = Page(html(report(
        Result("a.b.check", one, Outcome.FAIL, Severity.LOW, (Finding.of(one, seen=1, wanted=200),)) for one in subjects
    )))  # fmt: skip
    named = sum(one.startswith("/ppp") for one in page.text["li"])
    (said,) = [one for one in page.text["li"] if "no room" in one]
    assert named + int(said.split()[0].replace(",", "")) == len(subjects) - 1


def test_evidence_beyond_the_first_records_is_named() -> None:
    number = EVIDENCE + 20
    failed = [
        Result(
            f"a.b.check-{index}",
            "/",
            Outcome.FAIL,
            Severity.LOW,
            (Finding.of("/", seen=index, wanted=0),),
            (f"http-{index}",),
        )
        for index in range(number)
    ]
    page = Page(html(report(failed, summaries=[evidence(f"http-{index}") for index in range(number)])))
    shown = [one for one in page.all("details") if str(one.get("id")).startswith("evidence-")]
    assert len(shown) == EVIDENCE
    assert sum(f"{EVIDENCE} records are shown in this page" in one for one in page.text["p"]) == 20
    assert all(f"evidence/http-{index}.json" in page.text["code"] for index in range(number))


def test_a_profile_of_1000_pages_is_a_page_that_can_be_read() -> None:
    """54 checks on each page, ten of them broken everywhere."""
    made = report(
        Result(
            f"security.part-{check}.held",
            f"/page/{page}",
            Outcome.FAIL if check < 10 else Outcome.PASS,
            Severity.HIGH,
            (Finding.of(f"/page/{page}", seen="none", wanted="one"),) if check < 10 else (),
            (f"http-{page}",),
        )
        for check in range(54)
        for page in range(1_000)
    )
    assert len(html(made).encode()) < 300_000


def test_a_waived_failure_names_its_waiver_and_is_no_finding() -> None:
    page = Page(html(every_outcome()))
    waivers = page.text["section"][page_index(page, "waivers")]
    for wanted in (
        "security.server.*",
        "applied, 1 failure",
        "ops@acme.test",
        "OPS-412",
        "2026-12-11",
        "unmatched",
    ):
        assert wanted in waivers
    assert "version-hidden" not in page.text["section"][page_index(page, "findings")]


def lines_of(page: Page, host: str) -> dict[str, str]:
    """First word of each row of a host's table to the row's text."""
    table = page.text["section"][page_index(page, host)]
    rows = [" ".join(text.split()) for text in page.text["tr"] if text.strip() and text in table]
    return {row.split()[0]: row for row in rows}


def test_each_host_has_its_policy_after_the_findings_and_before_what_was_not_observed() -> None:
    page = Page(html(every_outcome()))
    order = [one.get("aria-labelledby") for one in page.all("section")]
    assert order.index("findings") < order.index("host-1") < order.index("host-2") < order.index("unknown")
    assert {"href": "#host-1"} in page.all("a")
    heading = next(text for text in page.text["h2"] if "Security policy of" in text)
    assert "1 of 2 rules broken" in " ".join(heading.split())
    assert "host-1" not in [one.get("id") for one in Page(html(all_passed())).all("h2")]


def test_a_row_shows_what_was_sent_what_is_in_effect_and_the_rule() -> None:
    lines = lines_of(Page(html(every_outcome(Words(seen="max-age=60", message="/: too short.")))), "host-1")
    hsts = lines["Strict-Transport-Security"]
    assert hsts.startswith("Strict-Transport-Security fail max-age=60")
    assert "/: too short." in hsts
    assert "security.hsts.max-age" in hsts
    assert lines["TLS"].startswith("TLS not applicable")
    assert "1 rule does not apply" in lines["TLS"]
    assert lines["Headers"].split()[4] == "waived"


def test_broken_rules_stand_open_and_kept_ones_are_folded() -> None:
    names = [f"security.hsts.rule-{letter}" for letter in "abc"]
    finding = Finding.of("/", seen="x", wanted="y")
    same = replace(finding, subject="/b", message=finding.message.replace("/", "/b", 1))
    results = [
        Result(names[0], "/", Outcome.PASS, Severity.HIGH),
        Result(names[1], "/", Outcome.PASS, Severity.HIGH),
        Result(names[1], "/b", Outcome.UNKNOWN, Severity.HIGH, reason="timeout: 10 s"),
        Result(names[2], "/", Outcome.FAIL, Severity.LOW, (finding,)),
        Result(names[2], "/b", Outcome.FAIL, Severity.LOW, (same,)),
    ]
    page = Page(html(report(results, hosts=[host_policy()])))
    row = lines_of(page, "host-1")["Strict-Transport-Security"]
    assert row.startswith("Strict-Transport-Security fail")
    assert row.index(names[2]) < row.index(names[1]) < row.index("1 rule holds") < row.index(names[0])
    assert "/: x, wanted y. The same on /b." in row
    assert "timeout: 10 s" in row
    heading = next(text for text in page.text["h2"] if "Security policy of" in text)
    assert "1 of 3 rules broken, 1 not observed" in " ".join(heading.split())


def test_what_never_reported_is_told_with_the_first_host() -> None:
    absent = Expected("security.csp.present", "/", Severity.CRITICAL)
    page = Page(html(report([], missing=[absent], hosts=[host_policy(), host_policy()])))
    assert "missing" in lines_of(page, "host-1")["Content-Security-Policy"]


def test_fixes_are_in_details_to_be_selected() -> None:
    page = Page(html(every_outcome()))
    summaries = [text for text in page.text["summary"] if text in {"nginx", "Caddy", "Vercel", "Netlify"}]
    assert summaries == ["nginx", "Caddy", "Vercel", "Netlify"] * 2
    assert any('add_header Strict-Transport-Security "max-age=31536000" always;' in text for text in page.text["pre"])
    assert not page.all("button")


def test_measurements_are_plotted_with_their_limit() -> None:
    page = Page(html(every_outcome()))
    labels = [one["aria-label"] for one in page.all("svg")]
    assert "LCP: 2,350 ms, median of 2; limit 2,500 ms" in labels
    assert "p95: 700 ms; limit 500 ms" in labels
    vitals = [one["class"] for one in page.all("circle")]
    assert vitals.count("bad") == 2  # one slow run of LCP, and p95


def test_percentiles_share_one_scale() -> None:
    page = Page(html(every_outcome()))
    p50, p95 = (float(str(one["cx"]).rstrip("%")) for one in page.all("circle")[:2])
    assert p50 / p95 == pytest.approx(14 / 700, rel=0.01)


def test_a_screenshot_is_embedded_while_there_is_room() -> None:
    image = b"\x89PNG" + bytes(IMAGE_BYTES // 2)
    failed = [
        Result(
            f"browser.part.n{index}",
            "/",
            Outcome.FAIL,
            Severity.HIGH,
            (Finding.of("/", seen=1, wanted=0),),
            (f"b-{index}",),
        )
        for index in range(3)
    ]
    shots = [evidence(f"b-{index}", image=image, screenshot=f"b-{index}.png") for index in range(3)]
    page = Page(html(report(failed, summaries=shots)))
    assert len(page.all("img")) == 1
    assert "evidence/b-2.png" in " ".join(page.text["code"])
    odd = [evidence("b-0", image=b"<svg onload=alert(1)>")]
    assert Page(html(report(failed, summaries=odd))).all("img") == []


def test_what_a_card_says_is_escaped_and_only_web_addresses_are_links() -> None:
    why = "<b>x</b> `<i>` y.\n\nFix: `a` <u>\nSee: javascript:alert(1) and https://example.org/a."
    one = replace(card("security.hsts.max-age"), why=why, sources=("data:text/html,x",))
    failed = Result("security.hsts.max-age", "/", Outcome.FAIL, Severity.HIGH, (Finding.of("/", seen=1, wanted=0),))
    page = Page(html(report([failed], cards=[one])))
    assert not {tag for tag, _ in page.elements} & {"i", "u"}
    outside = [one["href"] for one in page.all("a") if not str(one["href"]).startswith("#")]
    assert outside == ["https://example.org/a"]


def test_a_run_of_5000_results_is_rendered_in_two_seconds() -> None:
    made = many(5_000)
    html(all_passed())  # the template is compiled once a process
    assert seconds(lambda: html(made), 2.0) < 2
    assert len(html(made)) < 10_000_000


@pytest.mark.parametrize("change", [{"verdict": "MAYBE"}, {"verdict": None}, {"counts": {}}, {"reasons": "none"}])
def test_what_is_no_verdict_is_refused_and_never_shown_as_go(change: dict[str, object]) -> None:
    made = all_passed()
    with pytest.raises((ValueError, KeyError, TypeError)):
        html(replace(made, verdict={**made.verdict, **change}))


def filmed(page: str, *shots: Shot) -> list[EvidenceSummary]:
    falls = tuple(Waterfall(page, f"{page}, {state} load", (), (), 0) for state in ("first", "stored"))
    points = (Point("LCP", 1800, 2500, "ms"),)
    return [
        evidence(f"run-{page}", drawn=Drawing(waterfalls=falls), plot=points),
        evidence(f"warm-{page}", drawn=Drawing(film=Film(page, shots))),
    ]


def jpeg(size: int) -> bytes:
    return b"\xff\xd8\xff".ljust(size, b"x")


def test_a_film_stands_with_the_first_waterfall_of_its_page() -> None:
    shots = (Shot(120, jpeg(9)), Shot(1840, jpeg(12)), Shot(1900, b"no picture"))
    text = html(report([], summaries=[*filmed("/", *shots), *filmed("/pricing on mobile")]))
    told = [one for one in text.split("<summary>") if "load</summary>" in one]
    assert [one.count("<img") for one in told] == [2, 0, 0, 0]
    assert re.findall(r"<span>([\d,]+ ms)</span></li>", told[0]) == ["120 ms", "1,840 ms"]
    Page(text)


def test_films_that_do_not_fit_are_left_out() -> None:
    pages = [f"/{number}" for number in range(4)]
    text = html(report([], summaries=[one for page in pages for one in filmed(page, Shot(1, jpeg(FILM_BYTES // 3)))]))
    assert text.count("data:image/jpeg") == 3


def test_files_beside_the_evidence_are_shown_and_linked_where_they_lie() -> None:
    words = Words(title="../../etc/passwd", seen="color-contrast, as loaded", reason="timeout")
    page = Page(html(every_outcome(words)))
    address = base64.b64encode(PICTURE).decode()
    assert {"src": f"data:image/png;base64,{address}", "alt": "color-contrast, as loaded"} in page.all("img")
    assert [one["href"] for one in page.all("a") if str(one["href"]).startswith("evidence/")] == [f"evidence/{FILE}"]
    assert any("timeout: ../../etc/passwd" in one for one in page.text["li"])  # told, but no link
