"""A source map gives the program away as it was written, comments and internal addresses included.

Fix: upload source maps to the error tracker and leave them out of the deployment; `exposure.source_maps = true` allows them.
See: https://tc39.es/ecma426/
Family: Exposure
"""

from __future__ import annotations

from gonogo import Finding, Severity, check
from gonogo.check import report
from gonogo.concerns.security.exposure import ScriptMap
from gonogo.errors import EvidenceMissing
from gonogo.formats.leaks import holds_source_map, is_source_map, source_map_name
from gonogo.probes.http.facts import Exchange
from gonogo.probes.http.redirects import absolute

FIELDS = ("sourcemap", "x-sourcemap")
"""ECMA-426 §11.1.1; the second is older."""


def _named(script: Exchange) -> str:
    """Where the script says that its map lies, without the query; empty where it says nothing."""
    name = next((value for field in FIELDS if (value := script.value(field))), "") or source_map_name(script.body)
    address = absolute(script.url, name.strip())
    return (address or name).partition("#")[0].partition("?")[0]


def _unread(exchange: Exchange) -> bool:
    """It came as a type that is no text (an image, a font), so nothing of it was read."""
    return exchange.status == 200 and not exchange.body and exchange.body_bytes > 0


@check(title="Source maps are not published", severity=Severity.MEDIUM, profiles={"security", "nightly"})
def test_absent(script: ScriptMap) -> None:
    """Looked for beside each declared script (its path and `.map`), and within it as a data: address. A script whose last
    comment or SourceMap header names a map anywhere else is UNKNOWN: what lies there was not asked for. Take the comment out of
    the script, or put the map beside it, where it can be seen to be absent."""
    findings = []
    if script.map.status == 200 and is_source_map(script.map.body):
        findings.append(Finding.of(f"{script.path}.map", seen="published", wanted="absent", what="a source map"))
    named = _named(script.script)
    if holds_source_map(script.script.body) or named.startswith("data:"):
        findings.append(Finding.of(script.path, seen="inside the script", wanted="absent", what="a source map"))
    report(findings)
    for exchange in (script.script, script.map):
        if _unread(exchange):
            kind = (exchange.value("content-type") or "")[:60]
            raise EvidenceMissing("invalid", f"{exchange.url[:200]} came as {kind!r}, which is not read as text")
    if named and named != script.map.url:
        told = f"{script.path} names a source map at {named[:200]}, which is not among the planned requests"
        raise EvidenceMissing("invalid", told)
