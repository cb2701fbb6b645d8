"""A version number in a header tells an attacker which known holes to try first.

Fix: nginx `server_tokens off;` · Apache `ServerTokens Prod` · remove `X-Powered-By`.
See: https://www.rfc-editor.org/rfc/rfc9110#section-10.2.4
"""

from __future__ import annotations

import re

from gonogo import Finding, Severity, check
from gonogo.check import report
from gonogo.nouns import Document

TELLING = ("server", "x-powered-by", "x-aspnet-version", "x-aspnetmvc-version", "x-generator")
VERSION = re.compile(r"\d+\.\d+|/v?\d+(?![\w])|^\d+$")


@check(title="Headers do not give away versions", severity=Severity.LOW, profiles={"smoke", "security", "nightly"})
def test_version_hidden(document: Document) -> None:
    """A product name alone is no finding; digits of a version are."""
    report(
        Finding.of(document.page.path, seen=repr(value[:80]), wanted="no version", what=name.title())
        for name in TELLING
        for value in document.exchange.values(name)
        if VERSION.search(value)
    )
