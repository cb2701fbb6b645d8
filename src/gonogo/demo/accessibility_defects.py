"""Defects of accessibility; see defects.py."""

from __future__ import annotations

from gonogo.demo.defect import Defect, Reach


def _browser(id_: str, title: str, *trips: str) -> Defect:
    return Defect(id_, title, tuple(f"accessibility.{check}" for check in trips), Reach.BROWSER)


ACCESSIBILITY_DEFECTS: tuple[Defect, ...] = (
    _browser("picture-unnamed", "The largest picture has no text alternative", "axe.critical-and-serious"),
    _browser("text-pale", "The lead has too little contrast", "axe.critical-and-serious"),
    _browser("zoom-forbidden", "A page cannot be zoomed by fingers", "axe.moderate-and-minor"),
    _browser("figures-pale", "Figures that a button reveals have too little contrast", "states.violations"),
    _browser("hero-wide", "The largest picture is wider than a zoomed window", "reflow.width"),
    _browser("plans-unreachable", "Tab passes over the main action", "keyboard.main-action"),
    _browser("reject-mouse-only", "The banner's buttons do not answer to Enter", "keyboard.reject"),
    _browser("focus-trapped", "A button keeps the focus", "keyboard.trap"),
    _browser("focus-invisible", "The focus has no outline", "keyboard.focus-visible"),
    _browser("logo-turning", "The logo turns for visitors who asked for less motion", "motion.reduced"),
    _browser("known-violation-mended", "A known violation has been mended", "baseline.current"),
)
