"""What is put into each page before its own scripts run."""

from __future__ import annotations

import json
import tomllib
from functools import cache
from importlib.resources import files

from gonogo.environment.sections.consent import Consent
from gonogo.probes.browser.boundary import Boundary


@cache
def _script(name: str) -> str:
    return (files("gonogo.probes.browser") / name).read_text(encoding="utf-8").rstrip()


@cache
def _web_vitals() -> str:
    return (files("gonogo.vendor") / "web-vitals" / "web-vitals.attribution.iife.js").read_text(encoding="utf-8")


@cache
def phrases() -> dict[str, list[str]]:
    """What banners and their controls say, by purpose, all languages together."""
    told = tomllib.loads(_script("words.toml"))
    return {
        purpose: [phrase for language in said.values() for phrase in language] if isinstance(said, dict) else said
        for purpose, said in told.items()
    }


def init_script(
    boundary: Boundary,
    declared: Consent | None,
    *,
    measure: bool,
    watch: bool = False,
    gpc: bool = False,
    rules: str = "",
) -> str:
    """What is put into every document before its own scripts run; `watch`: what consent visits record; `rules`: those of
    autoconsent, as JSON."""
    named = ("banner", "accept", "reject", "preferences", "settings")
    selectors = {name: getattr(declared, name) if declared else "" for name in named}
    scripts = [f"({_script('page.js')})({json.dumps(phrases())}, {json.dumps(selectors)});"]
    if boundary.methods is not None or boundary.local_paths or watch:
        arguments = ", ".join(
            json.dumps(one)
            for one in (
                sorted(boundary.methods) if boundary.methods is not None else None,
                sorted(boundary.reachable),
                boundary.site,
                sorted(boundary.local_paths),
                watch,
            )
        )
        scripts.append(f"({_script('outgoing.js')})({arguments});")
    if rules:
        scripts.append(f"({_script('rules.js')})(JSON.parse({json.dumps(rules)}));")
    if watch:
        scripts.append(f"({_script('consent.js')})({json.dumps(gpc)});")
    if measure:
        scripts.append(f"if (window === window.top) {{\n{_web_vitals()}\n({_script('vitals.js')})(webVitals);\n}}")
    return "\n".join(scripts)
