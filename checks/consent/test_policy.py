"""Visitors decide on what the policy tells them; one without a date, a sender or an address tells too little.

Fix: name the controller, the purposes, the periods and the address for requests, and the day of the last change.
See: https://eur-lex.europa.eu/eli/reg/2016/679/art_13/oj
"""

from __future__ import annotations

import re

from gonogo import Finding, Severity, check
from gonogo.check import report
from gonogo.concerns.consent.fixtures import PolicyAnswer, policy_age_days
from gonogo.errors import EvidenceMissing
from gonogo.probes.http.redirects import absolute

DAYS_A_MONTH = 365.25 / 12
MOST_TEXT = 500_000
_HREF = re.compile(r"""href\s*=\s*["']?([^"'\s>]{1,2000})""", re.IGNORECASE)


@check(title="The policy page states what is declared", severity=Severity.MEDIUM, profiles={"nightly"})
def test_facts(policy_page: PolicyAnswer) -> None:
    """Declared phrases and links, and the date of the last change, in the page as it is delivered."""
    declared, exchange = policy_page.declared, policy_page.exchange
    if exchange.status != 200:
        raise EvidenceMissing("invalid", f"{declared.path}: status {exchange.status}")
    body = exchange.body[:MOST_TEXT]
    where = declared.path
    lower = body.lower()
    links = {absolute(exchange.url, link) for link in _HREF.findall(body)} - {""}
    findings = [
        Finding.of(where, seen=f"{phrase!r} is missing", wanted="it in the text")
        for phrase in declared.phrases
        if phrase.lower() not in lower
    ]
    findings += [
        Finding.of(where, seen=f"no link to {link!r}", wanted="one")
        for link in declared.links
        if absolute(exchange.url, link) not in links
    ]
    report([*findings, *_date(policy_page, body)])


def _date(answer: PolicyAnswer, body: str) -> list[Finding]:
    declared = answer.declared
    if not declared.updated:
        return []
    found = re.search(declared.updated, body)
    if found is None:
        return [Finding.of(declared.path, seen="not found", wanted="one", what="the date of the last change")]
    try:
        days = policy_age_days(answer, found[1])
    except (ValueError, IndexError):
        return [
            Finding.of(declared.path, seen=repr(found[0][:60]), wanted="a date like 2026-11-21", what="the last change")
        ]
    if days > declared.months * DAYS_A_MONTH:
        wanted = f"at most {declared.months} months"
        return [Finding.of(declared.path, seen=f"{days} days ago", wanted=wanted, what="the last change")]
    return []
