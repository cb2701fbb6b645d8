"""A visitor who has signed in before: what their browser holds, and which pictures must not be taken of it."""

from __future__ import annotations

import re
from contextlib import suppress
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, quote_plus, urlsplit

import anyio

from gonogo.environment.models import Environment
from gonogo.environment.sections.api import Role
from gonogo.errors import EvidenceMissing

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from playwright.async_api import Locator, Page

LOOK_S = 3.0
_OCTETS = re.compile(r"[\x21\x23-\x2b\x2d-\x3a\x3c-\x5b\x5d-\x7e]+")
"""cookie-octet of RFC 6265 §4.1.1."""
_TEXTS = """
(covered) => {
  const shadow = window.__gonogo?.finder?.shadow ?? ((element) => element.shadowRoot);
  const texts = [];
  const read = (root) => {
    let text = "";
    const filter = (node) => (covered.includes(node) ? NodeFilter.FILTER_REJECT : NodeFilter.FILTER_ACCEPT);
    const walker = document.createTreeWalker(root, NodeFilter.SHOW_ELEMENT | NodeFilter.SHOW_TEXT, filter);
    for (let node = walker.nextNode(); node; node = walker.nextNode()) {
      if (node.nodeType === Node.TEXT_NODE) {
        text += node.data;
        continue;
      }
      for (const attribute of node.attributes) texts.push(attribute.value);
      if (node instanceof HTMLInputElement || node instanceof HTMLTextAreaElement) texts.push(node.value);
      const inner = shadow(node);
      if (inner) read(inner);
    }
    texts.push(text);
  };
  read(document);
  return texts.map(String);
}
"""
"""Texts, attributes and values of a document and its shadow roots, without what stands in covered elements."""


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


async def reveals(page: Page, secrets: tuple[str, ...], *, but: Sequence[Locator] = ()) -> bool:
    """Whether a secret stands in the page, where a picture could show it. Taken for granted when that cannot be told.

    `but`: fields that the picture covers; what stands in them does not count.
    """
    from playwright.async_api import Error

    if not secrets:
        return False
    forms = spellings(secrets)
    with suppress(Error, TimeoutError), anyio.fail_after(LOOK_S):
        covered = [element for field in but for element in await field.element_handles()]
        for frame in page.frames:
            texts = await frame.evaluate(_TEXTS, covered if frame is page.main_frame else [])
            if any(form in text for form in forms for text in texts):
                return True
        return False
    return True


def spellings(secrets: Iterable[str]) -> tuple[str, ...]:
    """Each secret as it is and as it stands in an address, the longest first."""
    forms = {form for one in secrets if one for form in (one, quote(one, safe=""), quote_plus(one))}
    return tuple(sorted(forms, key=len, reverse=True))
