"""A script from another host runs with all of the site's rights; whoever changes it there changes the site.

Fix: `<script src="https://cdn.example/lib.js" integrity="sha384-…" crossorigin="anonymous">`, or serve the file yourself.
See: https://www.w3.org/TR/SRI/
Family: Content-Security-Policy
"""

from __future__ import annotations

from gonogo import Finding, Severity, check
from gonogo.check import report
from gonogo.concerns.security.pages import Document
from gonogo.formats import csp_review, html, sri


@check(
    title="Scripts of other hosts cannot change unseen",
    severity=Severity.HIGH,
    profiles={"smoke", "security", "nightly"},
)
def test_external(document: Document) -> None:
    """Scripts and style sheets of other origins: integrity with a hash that browsers know, and crossorigin. What is
    loaded in the clear is told by the check of mixed content; declared third parties, whose scripts change, are trusted."""
    report(
        Finding.said(document.page.path, seen=one.seen, wanted=one.wanted, message=one.message)
        for one in sri.unpinned(document.markup, document.exchange.url)
        if csp_review.upgrades(document.policies) or not one.url.lower().startswith("http:")
        if html.host_of(document.markup.absolute(one.url, document.exchange.url)) not in document.trusted
    )
