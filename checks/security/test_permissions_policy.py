"""A frame or an injected script may ask for camera, microphone and place, with the site's name in the question.

Fix: send `Permissions-Policy: camera=(), geolocation=(), microphone=()`, with `(self)` for what the site itself uses.
See: https://www.w3.org/TR/permissions-policy/
Family: Permissions-Policy
"""

from __future__ import annotations

from gonogo import Finding, Severity, check
from gonogo.check import report
from gonogo.concerns.security.pages import Document
from gonogo.formats.permissions_policy import PermissionsPolicy, Reach, parse

OPEN = frozenset({Reach.EVERYONE, Reach.DEFAULT})


@check(title="Permissions-Policy is well formed", severity=Severity.MEDIUM, profiles={"smoke", "security", "nightly"})
def test_valid(document: Document) -> None:
    """One syntax error, such as the quotes and spaces of the old Feature-Policy, voids the whole header."""
    values = document.exchange.values("permissions-policy")
    policy = parse(values)
    if values and isinstance(policy, str):
        wanted = "a dictionary of allowlists: camera=(), geolocation=(self)"
        report([Finding.of(document.page.path, seen=policy, wanted=wanted, what="Permissions-Policy")])


@check(
    title="Camera, microphone and place are restricted",
    severity=Severity.MEDIUM,
    profiles={"smoke", "security", "nightly"},
)
def test_restricted(document: Document) -> None:
    """Judged for the features in `security.permissions`; the default leaves them to the site's own pages and asks the user."""
    values = document.exchange.values("permissions-policy")
    policy = parse(values)
    if isinstance(policy, PermissionsPolicy):
        report(
            Finding.of(
                document.page.path,
                seen=policy.allowed(feature).value,
                wanted="none, self or named origins",
                what=feature,
            )
            for feature in document.security.permissions
            if policy.allowed(feature) in OPEN
        )
    elif not values and document.security.permissions:
        wanted = ", ".join(f"{feature}=()" for feature in document.security.permissions)
        report([Finding.of(document.page.path, seen="absent", wanted=wanted, what="Permissions-Policy")])
