"""What a verifier reads from HTML without rendering it."""

from __future__ import annotations

from dataclasses import dataclass
from html.parser import HTMLParser


@dataclass(frozen=True, slots=True)
class Script:
    """A script element: its `src` (empty for an inline one), its nonce and its type."""

    src: str
    nonce: str
    type: str

    @property
    def executes(self) -> bool:
        """Classic scripts and modules run; data blocks (`application/ld+json`) do not (HTML §4.12.1)."""
        return (
            self.type in {"", "module", "importmap", "speculationrules"}
            or "javascript" in self.type
            or "ecmascript" in self.type
        )


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.scripts: list[Script] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "script":
            said = {name: value or "" for name, value in reversed(attrs)}
            self.scripts.append(
                Script(said.get("src", ""), said.get("nonce", ""), said.get("type", "").strip().lower())
            )


def scripts(text: str) -> tuple[Script, ...]:
    """Every script element, in order. Any text is accepted."""
    reader = _Reader()
    try:
        reader.feed(text)
        reader.close()
    except (AssertionError, ValueError):
        # html.parser gives up on some malformed declarations; what it read so far is what there is.
        pass
    return tuple(reader.scripts)
