"""After a log-out the next person at the same screen sees what the browser kept.

Fix: answer the log-out with `Clear-Site-Data: "cookies", "storage"`, quotes included.
See: https://www.w3.org/TR/clear-site-data/
"""

from __future__ import annotations

from gonogo import Finding, Severity, check
from gonogo.check import Safety, report
from gonogo.concerns.security.exposure import Provoked
from gonogo.errors import EvidenceMissing
from gonogo.formats import clear_site_data


@check(
    title="Log-out clears the browser's data",
    severity=Severity.LOW,
    safety=Safety.OPT_IN,
    profiles={"security", "nightly"},
)
def test_clears_site_data(logout: Provoked) -> None:
    """Judged where `security.logout` names the address; types without quotes are ignored."""
    exchange = logout.exchange
    if exchange.status >= 400:
        raise EvidenceMissing("invalid", f"{logout.subject}: the log-out answered {exchange.status}")
    values = exchange.values("clear-site-data")
    found = clear_site_data.parse(values)
    if isinstance(found, str):
        seen = found if values else "absent"
        report([Finding.of(logout.subject, seen=seen, wanted='"cookies", "storage"', what="Clear-Site-Data")])
    else:
        report(
            Finding.of(
                logout.subject,
                seen=f"{', '.join(found.types + found.ignored)[:60]}",
                wanted=f'"{kind}" among it',
                what="Clear-Site-Data",
            )
            for kind in ("cookies", "storage")
            if not found.clears(kind)
        )
