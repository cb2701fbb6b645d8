"""Who cannot use a mouse presses Tab and Enter. What these do not reach does not exist for them.

Fix: use real links and buttons, keep them in the order of the page, never `tabindex="-1"` on what people need, and leave the browser's outline in place or draw a better one with `:focus-visible`.
See: https://www.w3.org/TR/WCAG22/#keyboard-accessible
"""

from __future__ import annotations

from gonogo import Finding, Severity, check
from gonogo.check import report
from gonogo.concerns.accessibility.fixtures import FocusWalk
from gonogo.errors import EvidenceMissing


def _unreached(walk: FocusWalk) -> list[Finding]:
    path = walk.path
    if not path.found:
        raise EvidenceMissing("invalid", f"{path.target}: not on the page, or not visible")
    if path.reached:
        return []
    last = path.stops[-1].element if path.stops else "nothing"
    seen = f"{path.target} was not reached in {path.presses} presses of Tab; the focus last stood on {last}"
    return [Finding.of(walk.page, seen=seen, wanted=f"reached within {walk.declared.presses}")]


@check(title="The main action is reached by keyboard", severity=Severity.HIGH, profiles={"nightly"})
def test_main_action(main_action: FocusWalk) -> None:
    """Pressing Tab from the top of the page, the banner being closed; nothing is set off.

    See: https://www.w3.org/TR/WCAG22/#keyboard
    """
    report(_unreached(main_action))


@check(title="Consent can be refused by keyboard", severity=Severity.HIGH, profiles={"nightly"})
def test_reject(keyboard_reject: FocusWalk) -> None:
    """Tab reaches the banner's control to reject, and Enter or Space on it closes the banner. A choice that only a mouse can make is no free choice.

    See: https://www.w3.org/TR/WCAG22/#keyboard
    """
    path = keyboard_reject.path
    findings = _unreached(keyboard_reject)
    if path.reached and not path.operated:
        seen = "the banner stayed after Enter and Space on its control to reject"
        findings.append(Finding.of(keyboard_reject.page, seen=seen, wanted="the banner closed"))
    report(findings)


@check(title="The keyboard's focus is never held", severity=Severity.HIGH, profiles={"nightly"})
def test_trap(main_action: FocusWalk) -> None:
    """Tab leads on from every element to the end of the page; modal dialogs may keep it.

    Fix: do not prevent the default action of Tab; in a dialog let Escape close it and give the focus back.
    See: https://www.w3.org/TR/WCAG22/#no-keyboard-trap
    """
    path = main_action.path
    report(
        [Finding.of(main_action.page, seen=f"Tab does not lead away from {path.trap}", wanted="a way on")]
        if path.trap
        else []
    )


@check(title="The keyboard's focus is visible", severity=Severity.MEDIUM, profiles={"nightly"})
def test_focus_visible(focus_walk: FocusWalk) -> None:
    """Each element on the way looks otherwise while it has the focus: an outline, a caret, or a change that its style or its picture shows.

    Fix: `:focus-visible { outline: 3px solid; outline-offset: 2px; }`, and no `outline: none` without a replacement.
    See: https://www.w3.org/TR/WCAG22/#focus-visible
    """
    path = focus_walk.path
    report(
        Finding.of(
            focus_walk.page,
            seen=f"{stop.element} {stop.name!r} looks the same with the focus as without",
            wanted="a visible focus",
        )
        for stop in path.stops
        if not stop.indicator
    )
    if not path.stops:
        raise EvidenceMissing("invalid", "Tab moved the focus to nothing")
    if unseen := [stop.element for stop in path.stops if stop.indicator == "unknown"]:
        raise EvidenceMissing("invalid", f"how the focus shows could not be compared: {', '.join(unseen)[:300]}")
