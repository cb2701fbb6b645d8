"""A repository, a settings file or a backup that was copied along with the site holds its passwords and its code.

Fix: deploy built files only, and refuse names that begin with a dot: nginx `location ~ /\\. { deny all; }`.
See: https://owasp.org/www-project-web-security-testing-guide/
Family: Exposure
"""

from __future__ import annotations

from gonogo import Finding, Severity, check
from gonogo.check import report
from gonogo.concerns.security.exposure import Pried
from gonogo.errors import EvidenceMissing
from gonogo.formats.leaks import same_page


@check(title="Sensitive files are not published", severity=Severity.CRITICAL, profiles={"security", "nightly"})
def test_absent(pried: Pried) -> None:
    """Known by its content, not by its status: a site that answers everything with its start page leaks nothing.
    The content type counts for nothing either; binary data of a type that is not read (an image, a font) is UNKNOWN, unless a
    path that does not exist is answered with the same bytes."""
    exchange = pried.exchange
    kind = exchange.value("content-type") or ""
    soft = pried.missing.status == 200 and same_page(exchange.body, pried.missing.body, paths=(pried.leak.path,))
    if exchange.status in {200, 206} and pried.leak.proves(exchange.body, kind) and not soft:
        seen = f"published ({exchange.body_bytes} bytes, {kind[:40] or 'no type'})"
        report([Finding.of(pried.leak.path, seen=seen, wanted="absent", what=pried.leak.what)])
    same = pried.missing.status == 200 and exchange.body_sha256 == pried.missing.body_sha256
    if exchange.status in {200, 206} and exchange.body_bytes and not exchange.body and not same:
        raise EvidenceMissing("invalid", f"{pried.leak.path} came as {kind[:60]!r}, which is not read as text")
