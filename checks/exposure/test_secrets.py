"""A key in a page's script is everybody's key, from the moment a crawler has seen it.

Fix: revoke the key, then take it out; what a browser needs is a public key with its own narrow rights, or a call to your server.
See: https://cwe.mitre.org/data/definitions/798.html
Family: Exposure
"""

from __future__ import annotations

import re
from datetime import datetime

from gonogo import Finding, Severity, check
from gonogo.check import report
from gonogo.concerns.security.exposure import Published
from gonogo.errors import EvidenceMissing
from gonogo.formats import secrets

TEXTS = (
    ".js",
    ".mjs",
    ".cjs",
    ".json",
    ".html",
    ".htm",
    ".css",
    ".map",
    ".xml",
    ".txt",
    ".yaml",
    ".yml",
    ".webmanifest",
    ".svg",
)
BINARY = re.compile(
    r"(?:image|font|audio|video|model)/|application/(?:pdf|wasm|zip|gzip|zstd|font-|x-font|vnd\.ms-fontobject)"
)
"""Types of which nobody expects text."""


@check(title="Published texts hold no secret", severity=Severity.CRITICAL, profiles={"smoke", "security", "nightly"})
def test_absent(published: Published) -> None:
    """Searched, each up to five million characters: the HTML of the declared pages, with the scripts and JSON inside it; the files of
    `delivery.assets` and `delivery.text`; the answers of health and release; the OpenAPI document. Not searched: scripts and
    data that a page loads and no declaration names (`delivery.text` takes them), what other hosts serve, and what only a
    role may read; images, fonts, films, archives. What is text is read, whatever its type says; binary data of another type or
    under a text's name is UNKNOWN. By precise rules: public keys, placeholders and an issuer's own examples are none. Only the
    issuer's prefix and a digest are ever shown."""
    report(
        Finding.of(published.path, seen=f"{found.prefix}… (SHA-256 {found.digest})", wanted="absent", what=found.rule)
        for found in secrets.find(published.exchange.body, at=datetime.fromisoformat(published.exchange.ended))
    )
    exchange = published.exchange
    if len(exchange.body) > secrets.MAX_LENGTH:
        why = f"{published.path} has {len(exchange.body)} characters, and {secrets.MAX_LENGTH} were searched: split the file"
        raise EvidenceMissing("too-large", why)
    kind = (exchange.value("content-type") or "").strip().lower()[:60]
    if exchange.body_bytes and not exchange.body and (_is_text(published.path) or not BINARY.match(kind)):
        raise EvidenceMissing("invalid", f"{published.path} came as {kind!r}, which is not read as text")


def _is_text(path: str) -> bool:
    return path.partition("?")[0].lower().endswith(TEXTS)
