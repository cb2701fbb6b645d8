"""Assets that browsers fetch again on each visit make every page slower and every bill higher.

Fix: send `Cache-Control: public, max-age=31536000, immutable` for files with a content hash in their name.
See: https://www.rfc-editor.org/rfc/rfc8246
"""

from __future__ import annotations

from gonogo import Finding, Severity, check
from gonogo.check import report
from gonogo.concerns.delivery import Delivered
from gonogo.formats.cache_control import parse, seconds


@check(title="Hashed assets are cached for good", severity=Severity.MEDIUM, profiles={"smoke", "nightly"})
def test_immutable(asset: Delivered) -> None:
    """A year and `immutable`, so that a reload does not ask again; and the asset must be there at all."""
    if asset.exchange.status != 200:
        report([Finding.of(asset.path, seen=f"status {asset.exchange.status}", wanted="status 200")])
    directives = parse(asset.exchange.values("cache-control"))
    age, wanted = seconds(directives, "max-age"), asset.declared.asset_max_age_s
    findings = []
    if "no-store" in directives or age is None or age < wanted:
        seen = "no-store" if "no-store" in directives else ("absent" if age is None else age)
        findings.append(Finding.of(asset.path, seen=seen, wanted=f"at least {wanted}", what="max-age"))
    if "immutable" not in directives:
        findings.append(Finding.of(asset.path, seen="absent", wanted="present", what="immutable"))
    report(findings)
