"""Pictures in a page that loads nothing: as addresses that hold them."""

from __future__ import annotations

import base64

_KINDS = {b"\x89PNG": "image/png", b"\xff\xd8\xff": "image/jpeg", b"RIFF": "image/webp"}


def address(image: bytes) -> str:
    """A picture as a `data:` address; empty where it is none of a kind that is known."""
    kind = next((kind for magic, kind in _KINDS.items() if image.startswith(magic)), "")
    return f"data:{kind};base64,{base64.b64encode(image).decode()}" if kind else ""
