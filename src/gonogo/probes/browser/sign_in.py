"""A visitor who has signed in before: what their browser holds, and which pictures must not be taken of it."""

from __future__ import annotations

import re
from contextlib import suppress
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import anyio

from gonogo.environment.models import Environment, Role
from gonogo.errors import EvidenceMissing

if TYPE_CHECKING:
    from playwright.async_api import Page

LOOK_S = 3.0
_OCTETS = re.compile(r"[\x21\x23-\x2b\x2d-\x3a\x3c-\x5b\x5d-\x7e]+")
"""cookie-octet of RFC 6265 §4.1.1."""
_TYPED = "() => [...document.querySelectorAll('input, textarea')].map((one) => String(one.value).slice(0, 5000))"


def storage(environment: Environment, role: Role) -> dict[str, Any]:
    """Playwright's storage state: a cookie of the site's own host, an entry in its origin's local storage.

    No header: a browser would send it along when it is redirected to another host.

    Raises EvidenceMissing("invalid") when the token cannot stand in a cookie; it is not repeated.
    """
    parts = urlsplit(environment.site.url)
    token = role.token.get_secret_value()
    state: dict[str, Any] = {"cookies": [], "origins": []}
    if role.cookie:
        if not _OCTETS.fullmatch(token):
            raise EvidenceMissing(
                "invalid", f"the token for cookie {role.cookie!r} has characters that no cookie may hold"
            )
        state["cookies"].append(
            {
                "name": role.cookie, "value": token, "domain": parts.hostname, "path": "/", "expires": -1,
                "httpOnly": True, "secure": parts.scheme == "https", "sameSite": "Lax",
            }
        )  # fmt: skip
    if role.local_storage:
        origin = f"{parts.scheme}://{parts.netloc}"
        state["origins"].append({"origin": origin, "localStorage": [{"name": role.local_storage, "value": token}]})
    return state


async def reveals(page: Page, secrets: tuple[str, ...]) -> bool:
    """Whether a secret stands in the page, where a picture could show it. Taken for granted when that cannot be told."""
    from playwright.async_api import Error

    if not secrets:
        return False
    with suppress(Error, TimeoutError), anyio.fail_after(LOOK_S):
        for frame in page.frames:
            texts = [await frame.content(), *await frame.evaluate(_TYPED)]
            if any(secret in text for secret in secrets for text in texts):
                return True
        return False
    return True
