"""The demo without hurry: its environment with so much room in every budget of time that a busy machine accuses nobody.

Whole runs that prove words, statuses, files or defects are made with it; speed is judged in the pool `alone` and in
benchmarks/ only.
"""

from __future__ import annotations

import json
import tomllib
from typing import Any

from main_job import ROOT

JUDGED = ("max_s", "lcp_ms", "fcp_ms", "tbt_ms", "inp_ms", "ttfb_ms", "p95_ms", "connect_max_ms")
"""Budgets that a check judges."""
ROOM = 8
WAITED = ("within_s",)
"""How long something is waited for; a defect may make it never come."""
PATIENCE = 2
QUICK = {"vitals": {"runs": 1}, "consent": {"settle_s": 0.3}}
"""For defects: one run of Web Vitals shows them, and a page that settles sooner."""
UNSAID = {
    "vitals": {"fcp_ms": 1800, "ttfb_ms": 800},
    "limits": {"request_timeout_s": 10, "run_timeout_s": 180},
}
"""Budgets that demo.toml leaves at their defaults, and the run's own bounds."""


def _with_room(value: Any, key: str = "") -> Any:
    if isinstance(value, dict):
        return {name: _with_room(one, name) for name, one in value.items()}
    if isinstance(value, list):
        return [_with_room(one) for one in value]
    if key in WAITED:
        return value * PATIENCE
    return value * ROOM if key in JUDGED else value


def _toml(value: Any) -> str:
    """A value in one line; of a string, what JSON writes is TOML too."""
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{json.dumps(name)} = {_toml(one)}" for name, one in value.items()) + " }"
    if isinstance(value, list):
        return "[" + ", ".join(map(_toml, value)) + "]"
    return json.dumps(value, ensure_ascii=False)


def environment(*, load: bool = False, hurry: bool = False, **more: dict[str, Any]) -> str:
    """The text of an environment file that extends demo.toml; `more`: further keys by section, merged into the demo's.

    `hurry`: with the demo's own budgets after all.
    """
    demo = tomllib.loads((ROOT / "environments" / "demo.toml").read_text(encoding="utf-8"))
    for section, defaults in UNSAID.items():
        demo[section] = defaults | demo[section]
    limits = {name: value * 4 for name, value in demo.pop("limits").items() if name.endswith("timeout_s")}
    given = {name: _with_room(value) for name, value in demo.items() if isinstance(value, dict | list)}
    said = {} if hurry else {name: value for name, value in given.items() if value != demo[name]} | {"limits": limits}
    if not load:
        said["load"] = []
    for section, fields in more.items():
        said[section] = said.get(section, {}) | fields
    environments = ROOT / "environments"
    lines = [
        f"extends = {json.dumps(str(environments / 'demo.toml'))}",
        f"policy = {json.dumps(str(environments / 'policies' / 'strict.toml'))}",
        *(f"{name} = {_toml(value)}" for name, value in said.items()),
    ]
    return "\n".join(lines) + "\n"
