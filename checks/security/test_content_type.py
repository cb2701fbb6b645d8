"""Without a declared encoding the browser guesses, and text that looks harmless in one encoding is script in another.

Fix: `Content-Type: text/html; charset=utf-8` for pages, `application/json` for JSON.
See: https://www.rfc-editor.org/rfc/rfc9110#section-8.3
Family: Content types
"""

from __future__ import annotations

import re

from gonogo import Finding, Severity, check
from gonogo.check import report
from gonogo.concerns.security.pages import Response
from gonogo.formats import json_text

CHARSET = re.compile(r";\s*charset\s*=\s*\"?([A-Za-z0-9_.:-]+)", re.IGNORECASE)
META = re.compile(r"<meta[^>]{0,200}charset\s*=\s*[\"']?\s*([A-Za-z0-9_.:-]*)", re.IGNORECASE)
KNOWN = re.compile(
    r"utf-?8|unicode-1-1-utf-8|unicode11utf8|(?:x-)?unicode20utf8|utf-16(?:le|be)?|(?:iso-10646-)?ucs-2|(?:cs)?unicode(?:feff|fffe)?"
    r"|(?:us-)?ascii|ansi_x3\.4-1968|latin[1-6]|l[1-69]|iso(?:-?|_)8859-?(?:[1-9]|1[013456])(?:-[ei]|:19\d\d)?|iso-ir-\d{2,3}"
    r"|csiso(?:latin(?:[1-69]|arabic|cyrillic|greek|hebrew)|8859[68][ei]|2022jp|58gb231280)|arabic|cyrillic|greek8?|hebrew"
    r"|asmo-708|ecma-11[48]|elot_928|sun_eu_greek|logical|visual|(?:cp|ibm)819|(?:cp|ibm|csibm)?866"
    r"|(?:windows-|(?:x-)?cp)125[0-8]|windows-874|dos-874|tis-620|koi8?|koi8[-_]r|koi8-r?u|cskoi8r"
    r"|(?:cs)?macintosh|mac|x-mac-(?:roman|cyrillic|ukrainian)|(?:x-)?gbk|gb18030|(?:cs)?gb_?2312(?:-80)?|chinese"
    r"|(?:cn-|cs|x-x-)?big5(?:-hkscs)?|euc-(?:jp|kr)|x-euc-jp|cseuc(?:pkdfmtjapanese|kr)|iso-2022-jp|(?:cs)?shift[-_]?jis|(?:x-)?sjis"
    r"|ms_kanji|ms932|windows-31j|korean|(?:cs)?ksc?_?(?:c_)?5601(?:1987|-19(?:87|89))?|windows-949|x-user-defined",
    re.IGNORECASE,
)
"""Labels of encodings that browsers decode (Encoding Standard §4.2); UTF-7 and what they replace by U+FFFD are not among them."""
SNIFFED = 1024
"""Characters in which browsers look for a declaration (HTML §4.2.5.4)."""


@check(
    title="Pages declare their character encoding", severity=Severity.HIGH, profiles={"smoke", "security", "nightly"}
)
def test_charset(response: Response) -> None:
    """In the header, or in a `<meta>` within the first 1,024 bytes, with a label that browsers know; a missing type leaves all
    of it to a guess. A byte order mark stands above both.

    See: https://encoding.spec.whatwg.org/#names-and-labels
    """
    exchange = response.exchange
    kind = exchange.value("content-type") or ""
    if response.kind not in {"page", "api"}:
        return  # what a server says of its own in errors and redirects is plain ASCII
    if not kind.strip() and exchange.body_bytes:
        report([Finding.of(response.subject, seen="absent", wanted="a type with its charset", what="Content-Type")])
    html = kind.strip().lower().startswith("text/html")
    if html and exchange.body_bytes and not _is_declared(kind, exchange.body[:SNIFFED]):
        report([Finding.of(response.subject, seen=repr(kind[:60]), wanted="charset=utf-8", what="Content-Type")])


def _is_declared(kind: str, beginning: str) -> bool:
    """An unknown label counts as none: browsers go on to look for another (HTML §13.2.3.2)."""
    said = (*CHARSET.findall(kind)[:1], *META.findall(beginning)[:1])
    return beginning.startswith("\ufeff") or any(KNOWN.fullmatch(label) for label in said)


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
