"""What a verifier reads from HTML without rendering it."""

from __future__ import annotations

import base64
import hashlib
from dataclasses import dataclass, replace
from html.parser import HTMLParser


@dataclass(frozen=True, slots=True)
class Script:
    """A script element: its `src` (empty for an inline one), its nonce and its type."""

    src: str
    nonce: str
    type: str
    text: str = ""

    @property
    def digests(self) -> frozenset[str]:
        """The element's hash sources as a CSP would name them (CSP3 §6.7.3.3)."""
        content = self.text.encode("utf-8", "surrogatepass")
        return frozenset(
            f"{name}-{base64.b64encode(hashlib.new(name, content).digest()).decode()}"
            for name in ("sha256", "sha384", "sha512")
        )

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
        self._inside = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "script":
            said = {name: value or "" for name, value in reversed(attrs)}
            self.scripts.append(
                Script(said.get("src", ""), said.get("nonce", ""), said.get("type", "").strip().lower())
            )
            self._inside = True

    def handle_data(self, data: str) -> None:
        if self._inside and self.scripts:
            self.scripts[-1] = replace(self.scripts[-1], text=self.scripts[-1].text + data)

    def handle_endtag(self, tag: str) -> None:
        if tag == "script":
            self._inside = False


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
