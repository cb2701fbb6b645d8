"""What nobody knows about cannot be explained to visitors, asked for or deleted.

Fix: find out who sets the entry; remove it, or add it to the policy and to `[[consent.inventory]]` with its purpose.
See: https://eur-lex.europa.eu/eli/reg/2016/679/art_13/oj
"""

from __future__ import annotations

from gonogo import Finding, Severity, check
from gonogo.check import report
from gonogo.concerns.consent.fixtures import ConsentFlow, able
from gonogo.concerns.consent.judgements import chosen, inventory, stored_without_need


@check(
    title="Every cookie and storage entry is a declared one",
    severity=Severity.MEDIUM,
    profiles={"nightly"},
    where=lambda _, law: law.consent.inventory,
    needs="[[consent.inventory]]",
)
def test_known(consent: ConsentFlow) -> None:
    """Over all states: before a choice, after a rejection, after acceptance and after its withdrawal."""
    told = " ".join(one.seen for one in stored_without_need(consent.first, consent.declared))
    report(
        Finding.of(
            f"{one.kind} {one.name[:60]!r}",
            seen=f"{one.party}, {one.lifetime}, first seen at {one.first_seen}",
            wanted="a declared purpose",
        )
        for one in inventory(consent)
        if not one.purpose and repr(one.name[:60]) not in told
    )
    chosen(consent.reject, "reject")
    chosen(consent.accept, "accept")
    able(consent.withdraw, "consent ", "reopen:")
