"""Cross-Origin-Opener-Policy and -Embedder-Policy (HTML §7.1.3, §7.1.4), Cross-Origin-Resource-Policy (Fetch §3.6)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from gonogo.formats import structured_fields

OPENER = ("unsafe-none", "same-origin-allow-popups", "same-origin", "noopener-allow-popups")
EMBEDDER = ("unsafe-none", "require-corp", "credentialless")
RESOURCE = ("same-origin", "same-site", "cross-origin")


@dataclass(frozen=True, slots=True)
class Policy:
    value: str
    report_to: str = ""
    """The name of a reporting endpoint, or an empty text."""


def opener_policy(values: Sequence[str]) -> Policy | str:
    """Cross-Origin-Opener-Policy in force, or why browsers take `unsafe-none`. Sent twice it is void."""
    return _policy(values, OPENER)


def embedder_policy(values: Sequence[str]) -> Policy | str:
    """Cross-Origin-Embedder-Policy in force, or why browsers take `unsafe-none`. Sent twice it is void."""
    return _policy(values, EMBEDDER)


def resource_policy(values: Sequence[str]) -> Policy | str:
    """Cross-Origin-Resource-Policy in force, or why browsers apply none.

    No structured field: the exact text, case and all, of the joined fields.
    """
    if not values:
        return "absent"
    text = ", ".join(value.strip(" \t") for value in values)
    return Policy(text) if text in RESOURCE else f"{text[:80]!r} is not exactly one of {', '.join(RESOURCE)}"


def isolates(opener: Policy | str, embedder: Policy | str) -> bool:
    """The two together give a page cross-origin isolation: shared memory and precise clocks (HTML §7.1.3.2)."""
    return (
        isinstance(opener, Policy)
        and opener.value == "same-origin"
        and isinstance(embedder, Policy)
        and embedder.value in {"require-corp", "credentialless"}
    )


def _policy(values: Sequence[str], known: tuple[str, ...]) -> Policy | str:
    item = structured_fields.item(values)
    if isinstance(item, str):
        return item
    value = structured_fields.token(item)
    if not value:
        return f"{str(item.value)[:80]!r} is not an unquoted word, so it is void"
    if value not in known:
        return f"{value[:80]!r} is not one of {', '.join(known)}, so it is void"
    return Policy(value, structured_fields.string(item.parameters.get("report-to")))
