"""JSON from a target: bounded, and with one kind of error."""

from __future__ import annotations

import json
from typing import Any


class NotJson(ValueError):
    """The text is not JSON that can be judged; the words say why."""


def parse(text: str) -> Any:
    """The value of a JSON text (RFC 8259); a byte order mark is ignored (§8.1).

    Raises NotJson.
    """
    text = text.removeprefix("\ufeff")
    try:
        return json.loads(text)
    except RecursionError:
        raise NotJson("nested too deeply to be read") from None
    except ValueError as error:
        raise NotJson(str(error)[:120]) from None
