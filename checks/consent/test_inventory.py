"""What nobody knows about cannot be explained to visitors, asked for or deleted.

Fix: find out who sets the entry; remove it, or add it to the policy and to `[[consent.inventory]]` with its purpose.
See: https://eur-lex.europa.eu/eli/reg/2016/679/art_13/oj
"""

from __future__ import annotations

from gonogo import Finding, Severity, check
from gonogo.check import report
from gonogo.nouns import ConsentFlow
from gonogo.nouns.consent import able
from gonogo.privacy import chosen, inventory, stored_without_need


@check(title="Every cookie and storage entry is a declared one", severity=Severity.MEDIUM, profiles={"nightly"})
def test_known(consent_inventory: ConsentFlow) -> None:
    """Over all states: before a choice, after a rejection, after acceptance and after its withdrawal."""
    told = " ".join(one.seen for one in stored_without_need(consent_inventory.first, consent_inventory.declared))
    report(
        Finding.of(
            f"{one.kind} {one.name[:60]!r}",
            seen=f"{one.party}, {one.lifetime}, first seen at {one.first_seen}",
            wanted="a declared purpose",
        )
        for one in inventory(consent_inventory)
        if not one.purpose and repr(one.name[:60]) not in told
    )
    chosen(consent_inventory.reject, "reject")
    chosen(consent_inventory.accept, "accept")
    able(consent_inventory.withdraw, "consent ", "reopen:")
