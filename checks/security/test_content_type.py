"""Without a declared encoding the browser guesses, and text that looks harmless in one encoding is script in another.

Fix: `Content-Type: text/html; charset=utf-8` for pages, `application/json` for JSON.
See: https://www.rfc-editor.org/rfc/rfc9110#section-8.3
"""

from __future__ import annotations

import re

from gonogo import Finding, Severity, check
from gonogo.check import report
from gonogo.formats import json_text
from gonogo.nouns import Response

CHARSET = re.compile(r";\s*charset\s*=\s*\"?[A-Za-z0-9_.:-]+", re.IGNORECASE)
META = re.compile(r"<meta[^>]{0,200}charset\s*=", re.IGNORECASE)
SNIFFED = 1024
"""Characters in which browsers look for a declaration (HTML §4.2.5.4)."""


@check(
    title="Pages declare their character encoding", severity=Severity.HIGH, profiles={"smoke", "security", "nightly"}
)
def test_charset(response: Response) -> None:
    """In the header, or in a `<meta>` within the first 1,024 bytes; a missing type leaves all of it to a guess."""
    exchange = response.exchange
    kind = exchange.value("content-type") or ""
    if response.kind not in {"page", "api"}:
        return  # what a server says of its own in errors and redirects is plain ASCII
    if not kind.strip() and exchange.body_bytes:
        report([Finding.of(response.subject, seen="absent", wanted="a type with its charset", what="Content-Type")])
    html = kind.strip().lower().startswith("text/html")
    if html and exchange.body_bytes and not CHARSET.search(kind) and not META.search(exchange.body[:SNIFFED]):
        report([Finding.of(response.subject, seen=repr(kind[:60]), wanted="charset=utf-8", what="Content-Type")])


@check(title="JSON is not served as a page", severity=Severity.HIGH, profiles={"smoke", "security", "nightly"})
def test_json(response: Response) -> None:
    """JSON as text/html runs whatever markup its values hold."""
    exchange = response.exchange
    kind = (exchange.value("content-type") or "").strip().lower()
    page = kind.startswith("text/html") or (response.kind == "api" and kind and "json" not in kind)
    if page and exchange.body.lstrip()[:1] in {"{", "["}:
        try:
            json_text.parse(exchange.body)
        except json_text.NotJson:
            return
        report([Finding.of(response.subject, seen=repr(kind[:60]), wanted="application/json", what="the type of JSON")])
