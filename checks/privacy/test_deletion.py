"""Whoever asks to be forgotten and is not has a right to complain, and the regulator to fine.

Fix: delete in every place that holds the person, by a job that is tried again until it is done; answer when it is accepted.
See: https://gdpr-info.eu/art-17-gdpr/
"""

from __future__ import annotations

from gonogo import Finding, Severity, check
from gonogo.check import Safety, report
from gonogo.concerns.round_trips import DeletedTrace, DeletionTrip


@check(
    title="A request to delete one's data is accepted",
    severity=Severity.HIGH,
    profiles={"nightly"},
    safety=Safety.STAGING_ONLY,
)
def test_accepted(deletion: DeletionTrip) -> None:
    """For a person that this run made, with a tag of its own; never on production."""
    asked, wanted = deletion.asked, deletion.declared.ask.status
    if not asked.taken:
        named = " or ".join(map(str, wanted)) if wanted else "2xx"
        report([Finding.of(deletion.declared.ask.path, seen=str(asked.status), wanted=named)])


@check(title="Deleted data is gone", severity=Severity.CRITICAL, profiles={"nightly"}, safety=Safety.STAGING_ONLY)
def test_complete(deletion_trace: DeletedTrace) -> None:
    """In each declared place, which showed the person before: an address of the API, a table."""
    if not deletion_trace.after.met:
        wanted = f"gone within {deletion_trace.within_s:g} s"
        report([Finding.of(deletion_trace.declared.name, seen="the person is still there", wanted=wanted)])
