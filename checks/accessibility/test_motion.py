"""Movement on a page makes some people dizzy or sick; they tell their system so, and the browser tells the page.

Fix: put animations into `@media (prefers-reduced-motion: no-preference)`.
See: https://www.w3.org/TR/WCAG22/#animation-from-interactions
"""

from __future__ import annotations

from gonogo import Finding, Severity, check
from gonogo.check import report
from gonogo.concerns.accessibility.fixtures import AccessiblePage
from gonogo.errors import EvidenceMissing
from gonogo.probes.browser.accessibility import Animation


def _lasts(animation: Animation) -> str:
    return "for ever" if animation.duration_ms < 0 else f"for {animation.duration_ms:.0f} ms"


@check(title="Who asks for less motion gets it", severity=Severity.LOW, profiles={"nightly"})
def test_reduced(accessible_page: AccessiblePage) -> None:
    """A second after a load with `prefers-reduced-motion: reduce`, nothing moves or grows that does so for longer than declared. Level AAA, so this only informs."""
    if not accessible_page.seen.motions:
        raise EvidenceMissing("invalid", "the page was not loaded with less motion")
    report(
        Finding.of(
            accessible_page.path,
            seen=f"{one.element} moves ({', '.join(one.properties[:4])}) {_lasts(one)}",
            wanted=f"nothing that moves for {accessible_page.declared.motion_ms:g} ms",
        )
        for motion in accessible_page.seen.motions
        for one in motion.animations
    )
