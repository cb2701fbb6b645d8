"""Rules of DuckDuckGo's autoconsent: how the banners of known consent managers and sites are recognised and pressed.

See: https://github.com/duckduckgo/autoconsent/blob/main/docs/rule-syntax.md
"""

from __future__ import annotations

import json
import re
from typing import Any

_TELLS = ("exists", "visible", "waitForVisible", "cookieContains", "any", "wait")
"""Conditions that can be looked up in a page without running a script of the rule's."""
_NOT_RULES = "the rules of autoconsent are not a list of objects with name, detectCmp, detectPopup, optIn and optOut"


def _list(rule: dict[str, Any], key: str) -> list[dict[str, Any]]:
    steps = rule[key]
    if not isinstance(steps, list) or not all(isinstance(step, dict) for step in steps):
        raise TypeError(key)
    return steps


def _can_be_told(conditions: list[dict[str, Any]]) -> bool:
    return bool(conditions) and all(any(word in one for word in _TELLS) for one in conditions)


def _is_for(context: dict[str, Any], url: str) -> bool:
    """The rule may hold on a page of this address, or in a frame, whose address is not known beforehand."""
    try:
        return bool(context.get("frame")) or re.search(context.get("urlPattern", ""), url) is not None
    except re.error:
        return False


def rules_for(text: str, url: str) -> list[dict[str, Any]]:
    """Of the rules' JSON those that may hold at `url` and can be told without a script of theirs, with what a finder needs.

    Raises ValueError when the text is not the list that the package's rules are.
    """
    try:
        rules = json.loads(text)
        if not isinstance(rules, list):
            raise TypeError(type(rules))
        return [
            {
                "name": str(rule["name"])[:100],
                "context": rule.get("runContext") or {},
                "detect": [*_list(rule, "detectCmp"), *_list(rule, "detectPopup")],
                "popup": _list(rule, "detectPopup"),
                "accept": _list(rule, "optIn"),
                "reject": _list(rule, "optOut"),
            }
            for rule in rules
            if _can_be_told(_list(rule, "detectCmp"))
            and _can_be_told(_list(rule, "detectPopup"))
            and not rule.get("intermediate")
            and _is_for(rule.get("runContext") or {}, url)
        ]
    except (AttributeError, KeyError, TypeError, json.JSONDecodeError):
        raise ValueError(_NOT_RULES) from None
