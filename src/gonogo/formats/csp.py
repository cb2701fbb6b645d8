"""Content-Security-Policy as browsers enforce it (CSP3 https://www.w3.org/TR/CSP3/).

Several headers, and commas in one, are separate policies; all of them are enforced, so a weakness is real only where no
policy blocks it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

NONCE = re.compile(r"'nonce-([A-Za-z0-9+/_-]+={0,2})'", re.IGNORECASE)
HASH = re.compile(r"'sha(?:256|384|512)-[A-Za-z0-9+/_-]+={0,2}'", re.IGNORECASE)
MAX_LENGTH = 65_536
"""Characters of one header value that are read; far more than any server sends."""

FALLBACK: dict[str, tuple[str, ...]] = {
    "script-src-elem": ("script-src-elem", "script-src", "default-src"),
    "script-src-attr": ("script-src-attr", "script-src", "default-src"),
    "script-src": ("script-src", "default-src"),
    "style-src": ("style-src", "default-src"),
    "object-src": ("object-src", "default-src"),
}
"""Which directive governs what (CSP3 §6.8.3); base-uri, form-action and frame-ancestors fall back to nothing."""


@dataclass(frozen=True, slots=True)
class Policy:
    """One serialised policy; of a directive given twice only the first counts (CSP3 §2.2.1)."""

    directives: tuple[tuple[str, tuple[str, ...]], ...]

    def directive(self, name: str) -> tuple[str, ...] | None:
        return next((sources for found, sources in self.directives if found == name), None)

    def effective(self, name: str) -> tuple[str, ...] | None:
        """The source list in force for a directive after fallback; None when nothing restricts it."""
        for candidate in FALLBACK.get(name, (name,)):
            if (found := self.directive(candidate)) is not None:
                return found
        return None


def parse(values: Iterable[str]) -> tuple[Policy, ...]:
    """Every non-empty policy in the header's values, in order. Any text is accepted, as browsers accept it."""
    policies = []
    for text in (part for value in values for part in value[:MAX_LENGTH].split(",")):
        directives: dict[str, tuple[str, ...]] = {}
        for token in re.split(r"[;]", text):
            words = token.split()
            if words:
                directives.setdefault(words[0].lower(), tuple(words[1:]))
        if directives:
            policies.append(Policy(tuple(directives.items())))
    return tuple(policies)


def allows_inline(policy: Policy, directive: str) -> bool:
    """Whether a policy lets inline scripts without nonce or hash run, for script-src-elem or script-src-attr (§6.7.3)."""
    sources = policy.effective(directive)
    if sources is None:
        return True
    lowered = [source.lower() for source in sources]
    neutralised = (
        any(NONCE.fullmatch(source) or HASH.fullmatch(source) for source in sources) or "'strict-dynamic'" in lowered
    )
    return "'unsafe-inline'" in lowered and not neutralised


def allows_eval(policy: Policy) -> bool:
    """Whether a policy lets `eval` run (§4.4.1)."""
    sources = policy.effective("script-src")
    return sources is None or "'unsafe-eval'" in [source.lower() for source in sources]


ANY = frozenset({"*", "http:", "https:", "data:", "blob:", "http://*", "https://*"})
"""Sources that hold for scripts of any host, or for text that an attacker can write into a page."""


def allows_any_script(policy: Policy) -> bool:
    """Whether scripts are not restricted at all: no directive, or a source of any host that nothing makes void.

    `'strict-dynamic'` makes host and scheme sources void (§8.2).
    """
    sources = policy.effective("script-src-elem")
    if sources is None:
        return True
    lowered = {source.lower() for source in sources}
    return bool(lowered & ANY) and "'strict-dynamic'" not in lowered


def hashes(policies: Sequence[Policy]) -> frozenset[str]:
    """Every hash source, without its quotes, that a policy's effective script sources hold."""
    return frozenset(
        source.strip("'")
        for policy in policies
        for source in policy.effective("script-src-elem") or ()
        if HASH.fullmatch(source)
    )


def nonces(policies: Sequence[Policy]) -> frozenset[str]:
    """Every nonce that a policy's effective script sources hold."""
    return frozenset(
        found.group(1)
        for policy in policies
        for source in policy.effective("script-src-elem") or ()
        if (found := NONCE.fullmatch(source))
    )
