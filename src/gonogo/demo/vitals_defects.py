"""Defects of the demo that Web Vitals, weights and field data show."""

from __future__ import annotations

from gonogo.demo.defect import Defect, Reach


def _browser(id_: str, title: str, *trips: str) -> Defect:
    return Defect(id_, title, trips, Reach.BROWSER)


VITALS_DEFECTS: tuple[Defect, ...] = (
    _browser("hero-slow", "The largest picture takes 3.7 s", "vitals.loading.lcp"),
    _browser("styles-slow", "The style sheet takes two seconds", "vitals.loading.fcp"),
    _browser("cold-start", "The first page after a pause takes 1.2 s", "vitals.loading.ttfb"),
    _browser("cold-start-near", "The first page after a pause takes 0.74 s", "vitals.headroom.ttfb"),
    _browser("layout-shift", "A late promotion pushes the page down", "vitals.stability.cls"),
    _browser("layout-shift-near", "A late line pushes the page down a little", "vitals.headroom.medians"),
    _browser("handler-slow", "A button blocks the page for 700 ms", "vitals.responsiveness.inp"),
    _browser("handler-near", "A button blocks the page for 450 ms", "vitals.headroom.inp"),
    _browser("script-blocks", "A script blocks the page for 900 ms after it has shown", "vitals.responsiveness.tbt"),
    _browser("image-heavy", "The largest picture weighs 400 kB", "vitals.weight.bytes"),
    _browser("script-bloated", "The script holds 800 kB that compress well", "vitals.weight.uncompressed"),
    _browser("requests-many", "The page asks for forty pictures of a pixel", "vitals.weight.requests"),
    _browser("tags-many", "The page sends eight messages to a third party", "vitals.weight.third-party"),
    _browser("field-lcp-slow", "Real visitors wait 4.1 s for the main content", "vitals.field.lcp"),
    _browser("field-layout-shift", "Pages shift for real visitors", "vitals.field.cls"),
    _browser("field-reaction-slow", "Pages react slowly to real visitors", "vitals.field.inp"),
)
