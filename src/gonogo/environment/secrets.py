"""Which values of an environment are secret, and how they are taken out of texts that leave the process."""

from __future__ import annotations

import re
from base64 import b64encode
from collections.abc import Iterable, Mapping, Sequence
from html.entities import codepoint2name
from urllib.parse import parse_qsl, unquote, urlsplit

from gonogo.environment.document import Node, children
from gonogo.environment.interpolate import literal_part
from gonogo.environment.shape import ROOT, Kind, Shape

MASK = "***"
MIN_LENGTH = 6
"""A shorter secret stands in too many innocent words to be taken out of texts."""

Json = bool | int | float | str | None | Sequence["Json"] | Mapping[str, "Json"]

# userinfo of RFC 3986 §3.2.1; the bounds keep the work linear.
_USERINFO = r"(?P<userinfo>://[^\s/?#:@\"'<>]{0,256}:)[^\s/?#\"'<>]{1,1024}@"
# RFC 9110 §11.6.2, at the start of a line, and within JSON, Python or shell quotes.
_HEADER_LINE = r"(?P<header>^[ \t<>*]{0,8}(?:proxy-)?authorization[ \t]{0,8}:[ \t]{0,8})[^\r\n]+"
_HEADER_QUOTED = (
    r"(?P<quoted>authorization\\{0,8}[\"']\s{0,8}[:,]\s{0,8}(?:\\{0,8}[\"']value\\{0,8}[\"']\s{0,8}:\s{0,8})?"
    r"b?(?P<mark>\\{0,8}[\"']))(?:(?!(?P=mark))[^\r\n])+"
)
_HEADER_INLINE = r"(?P<inline>authorization\s{0,8}[:=][ \t]{0,8})[^\r\n\"']+"
_ALWAYS = re.compile(f"{_USERINFO}|{_HEADER_LINE}|{_HEADER_QUOTED}|{_HEADER_INLINE}", re.IGNORECASE | re.MULTILINE)
_KEPT = ("userinfo", "header", "quoted", "inline")

_PLAIN = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_~")
_SHORT_ESCAPES = {"\b": "b", "\t": "t", "\n": "n", "\f": "f", "\r": "r", "\v": "v", "\a": "a", "\0": "0"}


class Scrubber:
    """Takes known secrets out of texts, however they were encoded on their way there.

    Found are the value itself, each of its characters raw, percent-encoded (once or more), or escaped as
    JSON, Python or HTML write it, in any mixture; and the base64 of any bytes that hold it, such as
    `user:value`. Beside them, whatever the values are, passwords in URLs and the values of Authorization
    headers. Values shorter than MIN_LENGTH are left to those two.
    """

    def __init__(self, values: Iterable[str]) -> None:
        known = _longest_first(value for value in values if len(value) >= MIN_LENGTH)
        forms = [_any_encoding(value) for value in known]
        cores = _longest_first(core for value in known for core in _base64_cores(value))
        # The character behind a core carries the last bits of the secret.
        forms += [rf"{_any_encoding(core)}[A-Za-z0-9+/_-]?=*" for core in cores]
        self._known = re.compile("|".join(forms)) if forms else None
        self._digits = frozenset(value for value in known if value.lstrip("-").isdigit())

    def __repr__(self) -> str:
        return "Scrubber()"

    def scrub(self, text: str) -> str:
        """The text with `***` in place of every secret."""
        if self._known is not None:
            text = self._known.sub(MASK, text)
        lowered = text.lower()
        return _ALWAYS.sub(_mask_rest, text) if "://" in lowered or "authorization" in lowered else text

    def scrub_json(self, value: Json) -> Json:
        """The same for every text and key of a JSON value; tuples become lists."""
        if isinstance(value, str):
            return self.scrub(value)
        if isinstance(value, Mapping):
            return self._scrub_mapping(value)
        if isinstance(value, Sequence):
            if len(value) == 2 and _is_header(value[0]):
                return [self.scrub_json(value[0]), MASK]
            return [self.scrub_json(item) for item in value]
        if isinstance(value, int) and not isinstance(value, bool) and self._digits:
            return MASK if any(digits in str(value) for digits in self._digits) else value
        return value

    def _scrub_mapping(self, value: Mapping[str, Json]) -> Json:
        # HAR writes a header as {"name": …, "value": …}.
        hidden = "value" if _is_header(value.get("name")) else ""
        return {
            self.scrub(key): MASK if key == hidden or _is_header(key) else self.scrub_json(item)
            for key, item in value.items()
        }


def _longest_first(texts: Iterable[str]) -> list[str]:
    """Each once; the longest first, so that none is cut by one that is part of it."""
    return sorted(set(texts), key=lambda text: (-len(text), text))


def _is_header(name: Json) -> bool:
    return isinstance(name, str) and name.lower() in {"authorization", "proxy-authorization"}


def secrets_of(tree: Node) -> tuple[str, ...]:
    """Every secret of a document, the longest first; of a URL also its password, as is and decoded."""
    values = [node.value for node in secret_nodes(tree) if isinstance(node.value, str) and not node.broken]
    return tuple(_longest_first(text for value in values for text in parts(value) if text))


def secret_nodes(tree: Node, shape: Shape | None = ROOT) -> list[Node]:
    """The values of a document that stand where the models want a secret, whether or not they are valid."""
    if shape is None:
        return []
    if shape.kind is Kind.SECRET:
        return [tree]
    return [found for key, child in children(tree) for found in secret_nodes(child, shape.child(key))]


def literal_secret(raw: str, value: str) -> str:
    """What a secret's raw text gives away of its value; empty when the secret comes from variables alone."""
    literal = literal_part(raw)
    if "://" not in value:
        return literal
    # Of a URL only the password is secret: the user, host and path may well be in the file.
    userinfo, at, _ = literal.rpartition("://")[2].rpartition("@")
    return userinfo.partition(":")[2] if at else ""


def parts(value: str) -> list[str]:
    """A secret, and of a URL also its password: as it is, decoded, and where it stands in the query."""
    if "://" not in value:
        return [value]
    try:
        split = urlsplit(value)
        password = split.password or ""
        query = [item for key, item in parse_qsl(split.query) if "password" in key.lower()]
    except ValueError:
        password, query = value.partition("://")[2].rpartition("@")[0].partition(":")[2], []
    return [value, password, unquote(password), *query]


def _mask_rest(match: re.Match[str]) -> str:
    kept = next(match[name] for name in _KEPT if match[name] is not None)
    return f"{kept}{MASK}@" if match["userinfo"] else f"{kept}{MASK}"


def _any_encoding(value: str) -> str:
    """A pattern for a value whose characters may each be written in any of the usual ways.

    Repetitions are bounded and do not compete for the same characters, so that no text makes the search slow.
    """
    pattern = ""
    # JSON within JSON doubles backslashes at each level, hence the runs of them.
    slashes = r"\\{1,16}+"
    for match in re.finditer(r"\\+|.", value, re.DOTALL):
        token = match[0]
        if token.startswith("\\"):
            pattern += rf"(?:\\{{{len(token)},{16 * len(token)}}}+|(?:%(?:25){{0,4}}5[Cc]){{{len(token)}}})"
            # It has taken those too that escape the next character.
            slashes = r"\\{0,16}+"
            continue
        pattern += token if token in _PLAIN else f"(?:{'|'.join(_forms(token, slashes))})"
        slashes = r"\\{1,16}+"
    return pattern


def _forms(char: str, slashes: str) -> list[str]:
    code = ord(char)
    octets = char.encode("utf-8", "surrogatepass")
    units = char.encode("utf-16-be", "surrogatepass")
    pairs = [units[at : at + 2].hex() for at in range(0, len(units), 2)]
    escaped = r"\\{0,16}+" if char in "\"'/" else ""
    forms = [
        "".join(f"%(?:25){{0,4}}(?i:{octet:02x})" for octet in octets),
        rf"{slashes}u(?i:{pairs[0]})" + "".join(rf"\\{{1,16}}+u(?i:{pair})" for pair in pairs[1:]),
        rf"{slashes}x(?i:{octets[0]:02x})" + "".join(rf"\\{{1,16}}+x(?i:{octet:02x})" for octet in octets[1:]),
        rf"{slashes}U(?i:{code:08x})",
        rf"{escaped}&(?:amp;){{0,4}}#0{{0,6}}{code};",
        rf"{escaped}&(?:amp;){{0,4}}#(?i:x0{{0,6}}{code:x});",
    ]
    if code < 0x100:
        forms.append(rf"{slashes}x(?i:{code:02x})")
    if name := codepoint2name.get(code, "apos" if char == "'" else ""):
        forms.append(rf"{escaped}&(?:amp;){{0,4}}{name};")
    if char in _SHORT_ESCAPES:
        forms.append(rf"{slashes}{_SHORT_ESCAPES[char]}")
    if char == " ":
        forms.append(r"\+")
    # Last, since the `%` and `&` of an encoded character would do for the raw one.
    forms.append(escaped + re.escape(char))
    return list(dict.fromkeys(forms))


def _base64_cores(value: str) -> set[str]:
    """What base64 (RFC 4648 §4 and §5) of any bytes around the value must hold, for its three alignments."""
    octets = value.encode("utf-8", "surrogatepass")
    cores: set[str] = set()
    for offset in range(3):
        encoded = b64encode(b"\0" * offset + octets).decode()
        first = -(-offset * 8 // 6)
        core = encoded[first : (offset + len(octets)) * 8 // 6]
        cores |= {core, core.replace("+", "-").replace("/", "_")}
    return cores
