"""Text that reaches `innerHTML` unchecked is how most scripts are injected into pages today.

Fix: remove `createHTML: (text) => text` policies, above all one named `default`; make policies that sanitise.
See: https://www.w3.org/TR/trusted-types/#default-policy-hdr
"""

from __future__ import annotations

from gonogo import Finding, Severity, check
from gonogo.check import report
from gonogo.concerns.analytics import SinkAttempt


@check(title="Trusted Types refuse markup from scripts", severity=Severity.HIGH, profiles={"nightly"})
def test_enforced(sink_attempt: SinkAttempt) -> None:
    """A script of our own in the page writes an image to `innerHTML` of an element that is in no document."""
    if sink_attempt.outcome == "accepted":
        report([Finding.of(sink_attempt.page, seen="innerHTML took markup", wanted="refused, as the policy demands")])
