"""A verdict is about one release; when another one is served, or it changes while we look, the verdict is about nothing.

Fix: wait until the rollout has ended, then run again; if it has ended, look for replicas that were left behind.
See: https://github.com/mozilla-services/Dockerflow/blob/main/docs/version_object.md
"""

from __future__ import annotations

from gonogo import Finding, Severity, check
from gonogo.check import report
from gonogo.concerns.availability import ReleaseReading


@check(title="The expected release is deployed", severity=Severity.CRITICAL, profiles={"smoke", "nightly"})
def test_expected(deployed_release: ReleaseReading) -> None:
    """Testing the old release and shipping on its behalf is worse than no test."""
    seen, wanted = deployed_release.before, deployed_release.expected
    if not seen:
        report(
            [
                Finding.of(
                    deployed_release.where, seen="no release id", wanted=repr(wanted) if wanted else "a release id"
                )
            ]
        )
    if wanted and seen != wanted:
        report([Finding.of(deployed_release.where, seen=repr(seen), wanted=repr(wanted), what="the release")])


@check(title="One release is served for the whole run", severity=Severity.CRITICAL, profiles={"smoke", "nightly"})
def test_unchanged(release: ReleaseReading) -> None:
    """Read at the start and at the end: a rollback, a redeployment or a mixed fleet shows as two ids."""
    if release.before != release.after or not release.after:
        seen = f"{release.after!r} at the end of the run"
        report([Finding.of(release.where, seen=seen, wanted=f"{release.before!r} as at its start", what="the release")])
