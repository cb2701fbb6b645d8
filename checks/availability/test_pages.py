"""A page that does not come, or comes late, is what a visitor notices first.

Fix: open the page by hand, look at the server's log for the time of this run, and roll back if the release broke it.
See: https://www.rfc-editor.org/rfc/rfc9110#section-15
"""

from __future__ import annotations

from gonogo import Finding, Severity, check
from gonogo.check import report
from gonogo.concerns.availability import Answer


@check(title="Every declared page answers with its content", severity=Severity.CRITICAL, profiles={"smoke", "nightly"})
def test_reachable(page_answer: Answer) -> None:
    """An error page with status 200 is an error all the same: the page's own words must be there."""
    exchange = page_answer.exchange
    if exchange is None:
        seen = page_answer.failure.message if page_answer.failure else "no answer"
        report([Finding.of(page_answer.subject, seen=seen, wanted="status 200")])
        return
    if exchange.status != 200:
        report([Finding.of(page_answer.subject, seen=f"status {exchange.status}", wanted="status 200")])
    if page_answer.contains and page_answer.contains not in exchange.body:
        title = exchange.body.partition("<title>")[2].partition("</title>")[0].strip()[:80]
        report(
            [
                Finding.of(
                    page_answer.subject, seen=f"a page titled {title!r}", wanted=f"the text {page_answer.contains!r}"
                )
            ]
        )


@check(title="Every declared page answers in time", severity=Severity.HIGH, profiles={"smoke", "nightly"})
def test_response_time(page_answer: Answer) -> None:
    """Visitors leave slow pages. One sample, whole response; budgets under load are judged by the load checks."""
    exchange = page_answer.exchange
    if exchange is None:
        seen = page_answer.failure.message if page_answer.failure else "no answer"
        report([Finding.of(page_answer.subject, seen=seen, wanted=f"an answer within {page_answer.max_s:g} s")])
        return
    if exchange.timings.total > page_answer.max_s:
        report(
            [
                Finding.of(
                    page_answer.subject,
                    seen=f"{exchange.timings.total:.2f} s",
                    wanted=f"at most {page_answer.max_s:g} s",
                    what="the answer time",
                )
            ]
        )
