"""Values that an environment file may hold, each with what is valid."""

from __future__ import annotations

import ipaddress
import re
import string
import warnings
from datetime import date
from functools import cache
from typing import Annotated
from urllib.parse import SplitResult, urlsplit
from zoneinfo import available_timezones

from pydantic import AfterValidator, Field

from gonogo.environment.interpolate import did_you_mean
from gonogo.environment.model import Mark


def _split(value: str) -> SplitResult:
    """urlsplit's own messages repeat parts of the value, which may be a password."""
    try:
        parts = urlsplit(value)
        _ = parts.port
    except ValueError:
        raise ValueError("must be a URL whose host and port (0 to 65535) are well formed") from None
    return parts


def _http_url(value: str) -> str:
    parts = _split(value)
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise ValueError("must be an http:// or https:// URL with a host")
    if parts.username or parts.password:
        raise ValueError("must not hold a user name or password; use [roles]")
    return value.rstrip("/") if parts.path in {"", "/"} else value


def _path(value: str) -> str:
    if not value.startswith("/") or value.startswith("//"):
        raise ValueError("must be a path that begins with a single '/'")
    return value


def _day(value: str) -> str:
    try:
        return date.fromisoformat(value).isoformat()
    except ValueError:
        raise ValueError("must be a day such as 2027-03-31") from None


Day = Annotated[str, AfterValidator(_day)]


def _pattern(value: str) -> str:
    try:
        with warnings.catch_warnings():
            # What may once mean something else is no mistake of today's.
            warnings.simplefilter("ignore", FutureWarning)
            groups = re.compile(value).groups
    except re.error as error:
        raise ValueError(f"must be a regular expression: {error}") from None
    if value and not groups:
        raise ValueError("must have a group: what stands in parentheses is read")
    return value


Pattern = Annotated[str, Field(max_length=500), AfterValidator(_pattern)]


HttpUrl = Annotated[str, AfterValidator(_http_url), Mark.REACHED]


Path = Annotated[str, AfterValidator(_path)]
Reached = Annotated[str, Mark.REACHED]
"""A host or `host:port` that may be contacted."""
RoleName = Annotated[str, Mark.ROLE]
FileName = Annotated[str, Mark.FILE]
FolderName = Annotated[str, Mark.FOLDER]


Positive = Annotated[float, Field(gt=0, allow_inf_nan=False)]


Share = Annotated[float, Field(ge=0, le=1)]


StatusCode = Annotated[int, Field(ge=100, le=599)]


Name = Annotated[str, Field(min_length=1, max_length=60, pattern=r"^[A-Za-z0-9][A-Za-z0-9 ._/-]*$")]


def _said(value: str) -> str:
    if not value.strip():
        raise ValueError("must hold more than spaces")
    return value


Said = Annotated[str, Field(min_length=1), AfterValidator(_said)]
"""Text that names something: empty, it would fit everything or nothing."""


_CLOSED = re.compile(r"""\\.|/\*.*?\*/|"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'""", re.DOTALL)


_OTHER_ENGINE = re.compile(r"\*?[\w:-]+=|\(*(?://|\.\.)|[\"']")


_NOT_OF_CSS = re.compile(
    r":(?:has-text|text-is|text-matches|text|visible|hidden|nth-match|right-of|left-of|above|below|near|contains|eq|gt|lt|first|last|button"
    r"|checkbox|radio|input|submit)(?![\w-])"
)


_NO_NAME = re.compile(r"[#.](?:\d|-\d|\s|\Z)|^\s*@\w*|\{")


_PAIRS = {")": "(", "]": "["}


_NOWHERE = re.compile(r"([>+~])\s*(?:[>+~,]|\Z)")


_NO_LINK = re.compile(r"(?:^|>>)\s*(?:>>|\Z)")


def _css(value: str) -> str:
    """Only what is no selector for certain; the browser judges the rest."""
    outline = _outline(value)
    if other := _OTHER_ENGINE.match(value.lstrip()) or _NOT_OF_CSS.search(outline):
        raise ValueError(
            f"must be a CSS selector: `{other[0]}` is Playwright's or jQuery's, not CSS; give an id, a class or an attribute"
        )
    _relative_css(value)
    if wrong := _NO_NAME.search(outline):
        raise ValueError(f"must be a CSS selector: `{wrong[0].strip()}` cannot stand in one")
    if first := re.match(r"\s*([>+~])", outline):
        raise ValueError(f"must be a CSS selector: nothing stands before `{first[1]}`")
    return value


def _outline(value: str) -> str:
    """A selector without its comments, and with a letter for each string and escape."""
    return _CLOSED.sub(lambda match: " " if match[0].startswith("/*") else "x", value)


def _relative_css(value: str) -> str:
    """CSS that may begin with a combinator, as Playwright reads it."""
    if value and not value.strip():
        raise ValueError("must be a CSS selector, not spaces")
    opened: list[str] = []
    outer = ""
    for char in _outline(value):
        if char in "\"'":
            raise ValueError(f"must be a CSS selector: a quote {char} is not closed")
        if char in "([":
            opened.append(char)
        elif char in _PAIRS and (not opened or opened.pop() != _PAIRS[char]):
            raise ValueError(f"must be a CSS selector: `{char}` closes nothing")
        outer += char if not opened else "x"
    if opened:
        raise ValueError(f"must be a CSS selector: `{opened[-1]}` is not closed")
    if nowhere := _NOWHERE.search(outer):
        raise ValueError(f"must be a CSS selector: `{nowhere[1]}` leads nowhere")
    if value and not all(part.strip() for part in outer.split(",")):
        raise ValueError("must be a CSS selector: nothing stands beside a comma")
    return value


def _selector(value: str) -> str:
    """CSS, unless it is of another of Playwright's engines: `text=Menu`, `//button`, `"Menu"`, or a chain with `>>`."""
    # Within quotes, which only Playwright reads as it does, a `>>` links nothing.
    if ">>" in value and not re.search("[\"']", value) and _NO_LINK.search(value):
        raise ValueError("must be a selector: nothing stands before or behind a `>>`")
    return value if _OTHER_ENGINE.match(value.lstrip()) or ">>" in value else _relative_css(value)


Css = Annotated[str, AfterValidator(_css)]


Selector = Annotated[str, AfterValidator(_selector)]


_LABEL = r"[A-Za-z0-9_](?:[A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?"


_HOST = re.compile(rf"(?=.{{1,254}}\Z){_LABEL}(?:\.{_LABEL})*\.?")


def _host(value: str) -> str:
    try:
        ipaddress.ip_address(value[1:-1] if value.startswith("[") and value.endswith("]") else value)
    except ValueError:
        if not _HOST.fullmatch(value):
            raise ValueError(
                "must be a host name alone, without scheme, port or path, and in ASCII: shop.example, not https://shop.example/"
            ) from None
    return value


Host = Annotated[str, AfterValidator(_host)]


def _host_pattern(value: str) -> str:
    if not re.fullmatch(r"[\w.*?\[\]!:-]+", value, re.ASCII):
        raise ValueError("must be a pattern of host names such as *.sentry.io")
    return value


HostPattern = Annotated[str, AfterValidator(_host_pattern)]


def _pointer(value: str) -> str:
    if value and not re.fullmatch(r"(?:/(?:[^~/]|~[01])*)+", value):
        raise ValueError(
            "must be a JSON Pointer (RFC 6901) such as /data/0/id: each part begins with `/`, `~` is written ~0"
        )
    return value


Pointer = Annotated[str, AfterValidator(_pointer)]


_NAMED_KEYS = frozenset(
    "AltGraph AltLeft AltRight ArrowDown ArrowLeft ArrowRight ArrowUp AudioVolumeDown AudioVolumeMute AudioVolumeUp Backquote "
    "Backslash Backspace BracketLeft BracketRight CapsLock Comma ContextMenu ControlLeft ControlRight Delete End Enter Equal "
    "Escape Home Insert MediaPlayPause MediaTrackNext MediaTrackPrevious MetaLeft MetaRight Minus NumLock NumpadAdd "
    "NumpadDecimal NumpadDivide NumpadEnter NumpadMultiply NumpadSubtract PageDown PageUp Pause Period PrintScreen Quote "
    "ScrollLock Semicolon ShiftLeft ShiftRight Slash Space Tab "
    "Alt Control ControlOrMeta Meta Shift".split()
) | {f"{kind}{each}" for kind, all_of in {
    "F": range(1, 13), "Digit": range(10), "Numpad": range(10), "Key": string.ascii_uppercase,
}.items() for each in all_of}  # fmt: skip


KEYS = _NAMED_KEYS | set(string.ascii_letters + string.digits + string.punctuation + " ")
"""What Playwright presses: the codes of a US keyboard (https://www.w3.org/TR/uievents-code/), the characters on it, and
modifiers by their names."""


def key_name(value: str) -> str:
    """A key, or keys held together as in `Control+A`. Raises ValueError."""
    # A plus is a key itself where none stands before it: `+`, `Control++`.
    together = re.fullmatch(r"(?:.[^+]*\+)*.[^+]*", value, re.DOTALL)
    wrong = next((key for key in re.findall(r"(.[^+]*)(?:\+|\Z)", value, re.DOTALL) if key not in KEYS), None)
    if together is None or wrong is not None:
        close = did_you_mean(wrong, sorted(_NAMED_KEYS)) if wrong and len(wrong) > 1 else ""
        raise ValueError(f"must be a key such as Enter, Escape, Tab, ArrowDown, a or Control+A{close}")
    return value


def _pressed_there(value: str) -> str:
    if value == " ":
        raise ValueError("the space bar is `Space` here")
    return key_name(value) if value else value


Key = Annotated[str, AfterValidator(key_name)]


_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*")


def _place(value: str) -> str:
    """A pattern of paths, or of whole addresses of other origins: only what no page can have is refused."""
    fixed = re.split(r"[*?\[]", value, maxsplit=1)[0]
    scheme, colon, rest = fixed.partition(":")
    open_ended = fixed != value
    if fixed.startswith("/") or not fixed:
        if fixed and "#" in value and "[" not in value:
            raise ValueError("what stands behind a `#` is not compared")
    elif not _SCHEME.fullmatch(scheme) or not (colon or open_ended):
        raise ValueError("must be a path such as /orders/*, or the whole address of a page elsewhere")
    elif scheme in {"http", "https"} and not open_ended and "/" not in rest.removeprefix("//"):
        raise ValueError("a page's address goes on after its host, as in https://pay.example/*")
    return value


# RFC 5646 §2.1, without extended languages, extensions and private use.
_LANGUAGE = re.compile(
    r"[A-Za-z]{2,3}(?:-[A-Za-z]{4})?(?:-(?:[A-Za-z]{2}|[0-9]{3}))?(?:-(?:[A-Za-z0-9]{5,8}|[0-9][A-Za-z0-9]{3}))*"
)


def _locale(value: str) -> str:
    if value and not _LANGUAGE.fullmatch(value):
        raise ValueError("must be a language tag (BCP 47) such as de, de-DE or zh-Hant-TW")
    return value


@cache
def _zones() -> frozenset[str]:
    return frozenset(available_timezones())


def _timezone(value: str) -> str:
    # A machine without the database of time zones cannot tell; the browser brings its own.
    if value and _zones() and value not in _zones():
        raise ValueError(f"must be an IANA time zone such as Europe/Berlin{did_you_mean(value, sorted(_zones()))}")
    return value


def _cookie_name(value: str) -> str:
    if value and not re.fullmatch(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+", value):
        raise ValueError(
            "must be a cookie's name (RFC 6265): letters, digits and !#$%&'*+-.^_`|~, without spaces or `;`"
        )
    return value


def _cookie_value(value: str) -> str:
    if re.search(r"""[\x00-\x20\x7f;,"']|\s""", value):
        raise ValueError("must be a cookie's value: no `;`, comma, space, quote or control character")
    return value


ARIA_ROLES = frozenset(
    "alert alertdialog application article banner blockquote button caption cell checkbox code columnheader combobox "
    "complementary contentinfo definition deletion dialog directory document emphasis feed figure form generic grid "
    "gridcell group heading img image insertion link list listbox listitem log main mark marquee math menu menubar menuitem "
    "menuitemcheckbox menuitemradio meter navigation none note option paragraph presentation progressbar radio "
    "radiogroup region row rowgroup rowheader scrollbar search searchbox separator slider spinbutton status strong "
    "subscript suggestion superscript switch tab table tablist tabpanel term textbox time timer toolbar tooltip tree "
    "treegrid treeitem".split()
)
"""WAI-ARIA 1.2 §5.4 without the abstract roles, and what 1.3 adds."""


def _aria_role(value: str) -> str:
    if value and value not in ARIA_ROLES:
        raise ValueError(
            f"must be an ARIA role such as button, link, heading or textbox{did_you_mean(value, sorted(ARIA_ROLES))}"
        )
    return value


def split_host(text: str) -> tuple[str, int | None]:
    """`host`, `host:port`, `[address]:port` or an address; the host in lower case."""
    text = text.strip().lower()
    if text.startswith("["):
        host, _, port = text[1:].partition("]")
        port = port.removeprefix(":")
    elif text.count(":") == 1:
        host, _, port = text.partition(":")
    else:
        host, port = text, ""
    return host, int(port) if port.isascii() and port.isdecimal() else None


def _address(value: str) -> str:
    try:
        return str(ipaddress.ip_address(value))
    except ValueError:
        raise ValueError("must be an IPv4 or IPv6 address") from None


Origin = Annotated[str, Field(pattern=r"^https?://[^/?#@\s]+$")]
