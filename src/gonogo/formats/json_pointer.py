"""JSON Pointer (RFC 6901)."""

from __future__ import annotations


def resolve(document: object, pointer: str) -> object:
    """The value that a pointer names; the empty pointer names the whole document.

    Raises LookupError with the first part that is not there.
    """
    found = document
    for part in pointer.split("/")[1:]:
        name = part.replace("~1", "/").replace("~0", "~")
        if isinstance(found, dict) and name in found:
            found = found[name]
        elif (
            isinstance(found, list) and name.isascii() and name.isdigit() and len(name) < 10 and int(name) < len(found)
        ):
            found = found[int(name)]
        else:
            raise LookupError(name)
    return found
