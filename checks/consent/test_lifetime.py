"""An identifier that outlives every reason to keep it is a profile; a choice that is lost too soon is asked for again and again.

Fix: set Max-Age to what the purpose needs: at most thirteen months for identifiers, six to thirteen for the choice.
See: https://www.cnil.fr/en/cookies-and-other-trackers-cnil-publishes-new-guidelines
"""

from __future__ import annotations

from fnmatch import fnmatchcase

from gonogo import Finding, Severity, check
from gonogo.check import report
from gonogo.concerns.consent.fixtures import ConsentFlow, able
from gonogo.concerns.consent.judgements import chosen
from gonogo.errors import EvidenceMissing
from gonogo.probes.browser.facts import CookieWrite

DAY_S = 86_400
LEAST_RECORD_DAYS, MOST_RECORD_DAYS = 180, 400
"""Six months (CNIL, deliberation 2020-092, §38) to what browsers keep (rfc6265bis §5.5)."""


def _writes(flow: ConsentFlow) -> list[CookieWrite]:
    return list(dict.fromkeys(write for _, visit in flow.visits for write in visit.writes))


@check(title="Cookies that need consent last 13 months at most", severity=Severity.MEDIUM, profiles={"nightly"})
def test_trackers(consent: ConsentFlow) -> None:
    """As asked for by header or script: browsers cut at 400 days, so their own list would hide ten years."""
    limit = consent.declared.tracker_days
    essential = [pattern.lower() for pattern in consent.declared.essential_cookies]
    longest: dict[str, CookieWrite] = {}
    for write in _writes(consent):
        if any(fnmatchcase(write.name.lower(), pattern) for pattern in essential):
            continue
        if (write.lifetime_s or 0) > limit * DAY_S:
            known = longest.get(write.name)
            if known is None or (known.lifetime_s or 0) < (write.lifetime_s or 0):
                longest[write.name] = write
    report(
        Finding.of(
            f"{name[:60]} ({write.host}, {write.by})",
            seen=f"{(write.lifetime_s or 0) / DAY_S:.0f} days",
            wanted=f"at most {limit}",
            what="its lifetime",
        )
        for name, write in longest.items()
    )
    chosen(consent.accept, "accept")
    for _, visit in consent.visits:
        able(visit, "cookies:")


def _records(flow: ConsentFlow) -> list[CookieWrite]:
    """What set the choice's cookie, deletions apart. Raises EvidenceMissing("invalid") when nothing did."""
    found = [
        write for write in _writes(flow) if fnmatchcase(write.name, flow.declared.record) and write.lifetime_s != 0
    ]
    if not found:
        raise EvidenceMissing("invalid", f"no cookie {flow.declared.record!r} was set by any choice")
    return found


@check(
    title="The choice is kept for six to thirteen months",
    severity=Severity.LOW,
    profiles={"nightly"},
    where=lambda _, law: law.consent.record,
    needs="[consent] record",
)
def test_record(consent: ConsentFlow) -> None:
    """The cookie that the environment declares as `record`, for each way in which it is set."""
    for write in _records(consent):
        days = None if write.lifetime_s is None else write.lifetime_s / DAY_S
        if days is None or not LEAST_RECORD_DAYS <= days <= MOST_RECORD_DAYS:
            told = "until the browser is closed" if days is None else f"{days:.0f} days"
            wanted = f"{LEAST_RECORD_DAYS} to {MOST_RECORD_DAYS} days"
            report([Finding.of(f"{write.name} ({write.by})", seen=told, wanted=wanted, what="its lifetime")])


@check(
    title="The choice's cookie is Secure and SameSite",
    severity=Severity.LOW,
    profiles={"nightly"},
    where=lambda _, law: law.consent.record,
    needs="[consent] record",
)
def test_record_attributes(consent: ConsentFlow) -> None:
    """Somebody else on the way could set a choice that was never made.

    Fix: write it with `Secure; SameSite=Lax` (`SameSite=None` only where a frame of another site must read it).
    See: https://httpwg.org/http-extensions/draft-ietf-httpbis-rfc6265bis.html#name-the-secure-attribute-2
    """
    findings = []
    https = consent.first.url.startswith("https:")
    for write in _records(consent):
        lacking = [*(["Secure"] if https and not write.secure else []), *([] if write.same_site else ["SameSite"])]
        findings += [Finding.of(f"{write.name} ({write.by})", seen=f"without {name}", wanted=name) for name in lacking]
    report(dict.fromkeys(findings))
