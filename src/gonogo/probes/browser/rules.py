"""The optional extra `autoconsent`: DuckDuckGo's rules for the banners of known consent managers. Only its rules are read; its
script is never run."""

from __future__ import annotations

import json
from functools import cache

from gonogo.errors import EvidenceMissing
from gonogo.formats import autoconsent

_ABSENT = "[consent] autoconsent = true needs a package that is not installed: pip install 'gonogo[autoconsent]'"


@cache
def rules_at(url: str) -> str:
    """Rules that may hold on a page of this address, as JSON. Raises EvidenceMissing where the package is absent or not as it was."""
    try:
        from duckduckgo_autoconsent import rules_json
    except ImportError:
        raise EvidenceMissing("unavailable", _ABSENT) from None
    try:
        return json.dumps(autoconsent.rules_for(rules_json(), url), separators=(",", ":"))
    except (OSError, ValueError) as error:
        raise EvidenceMissing("invalid", f"[consent] autoconsent = true: {error}") from None
