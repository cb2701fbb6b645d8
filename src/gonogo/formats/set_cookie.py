"""Set-Cookie as browsers store it: draft-ietf-httpbis-rfc6265bis, whose section numbers stand here (draft 22).

`read` and `parse` tell what one field says (§5.6); `stored` tells whether a browser keeps it (§5.7).
"""

from __future__ import annotations

import base64
import ipaddress
import math
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from fnmatch import fnmatchcase
from urllib.parse import urlsplit

from gonogo.formats import json_text

MAX_PAIR_OCTETS = 4096
"""Name and value together (§5.6 step 5)."""
MAX_ATTRIBUTE_OCTETS = 1024
"""A longer attribute value is ignored (§5.6.1)."""
MAX_LIFETIME_S = 400 * 86_400
"""Browsers cut a longer lifetime (§5.5)."""

_SAME_SITE = {"strict": "Strict", "lax": "Lax", "none": "None"}
_PREFIXES = ("__Host-Http-", "__Http-", "__Host-", "__Secure-")
_CONTROL = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")
_MAX_AGE = re.compile(r"-?[0-9]+")
_COOKIE_NAME = r"[!#$%&'*+\-.^_`|~0-9A-Za-z]++"
_JOINED_PAIR = re.compile(rf"\A[^=,]*+=*+,[ \t]++{_COOKIE_NAME}[ \t]*+=")
"""A value without an equals sign but for padding: `x=1, y=2` is a list of the site's own."""
_JOINED_ATTRIBUTE = re.compile(rf",[ \t]*+{_COOKIE_NAME}[ \t]*+=")

_DATE_DELIMITER = re.compile(r"[\t\x20-\x2f\x3b-\x40\x5b-\x60\x7b-\x7e]+")
_DATE_TIME = re.compile(r"([0-9]{1,2}):([0-9]{1,2}):([0-9]{1,2})(?![0-9])")
_DATE_DAY = re.compile(r"([0-9]{1,2})(?![0-9])")
_DATE_YEAR = re.compile(r"([0-9]{2,4})(?![0-9])")
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")


@dataclass(frozen=True, slots=True)
class Cookie:
    name: str
    value: str
    secure: bool
    http_only: bool
    same_site: str
    """`Strict`, `Lax` or `None` as sent, or an empty text when absent or not one of them."""
    domain: str
    """The Domain attribute without its leading dot, in lower case; empty for a cookie of this host alone."""
    path: str
    """The Path attribute when it is absolute, or an empty text: then the directory of the request's path counts."""
    deletes: bool
    """The header removes the cookie: Max-Age of zero or less, or an Expires in the past."""
    expires_in_s: int | None = None
    """Seconds that a browser keeps it, at most 400 days; 0 when the header deletes it, None for a session cookie."""
    asked_s: int | None = None
    """Seconds that the header asks for, before browsers cut them."""
    partitioned: bool = False
    prefix: str = ""
    """`__Host-`, `__Secure-`, `__Http-` or `__Host-Http-` when the name begins so in any case, or an empty text."""
    same_site_raw: str | None = None
    """The last SameSite as sent, None when absent."""
    priority: str = ""
    """`low`, `medium` or `high` (a Chromium extension), or an empty text."""
    unknown: tuple[str, ...] = ()
    """Names of attributes that no browser knows, in lower case."""
    problems: tuple[str, ...] = ()
    """Why browsers drop it wherever it comes from; `stored` adds what depends on the URL."""
    remarks: tuple[str, ...] = ()
    """What browsers ignore or read otherwise than it looks: the cookie is still kept."""
    ignored_lifetime: str = ""
    """Max-Age or Expires as sent, where browsers ignore it and it would have counted; empty otherwise."""
    looks_joined: bool = False
    """A second cookie seems to follow a comma: some intermediary joined two fields. A guess, not a rule."""
    prefix_problems: tuple[str, ...] = ()
    """Why browsers that know `__Http-` and `__Host-Http-`, newer than the draft, drop it, beside `problems`."""

    @property
    def persistent(self) -> bool:
        """It outlives the browser session (§5.7 persistent-flag)."""
        return self.expires_in_s is not None

    @property
    def host_only(self) -> bool:
        """It goes back to this very host alone, not to its subdomains."""
        return not self.domain


@dataclass(frozen=True, slots=True)
class Stored:
    """A cookie as it lies in a browser's store (§5.7)."""

    cookie: Cookie
    domain: str
    host_only: bool
    path: str


def parse(value: str, *, at: datetime) -> Cookie | None:
    """One Set-Cookie field, or None where a browser ignores it whole. `at` (aware) decides what has expired."""
    cookie = read(value, at=at)
    return None if isinstance(cookie, str) else cookie


def parse_all(values: Iterable[str], *, at: datetime) -> tuple[Cookie, ...]:
    """Every cookie that can be read. Look at `problems` for those that browsers drop nevertheless."""
    return tuple(cookie for value in values if (cookie := parse(value, at=at)) is not None)


def read(value: str, *, at: datetime) -> Cookie | str:
    """One Set-Cookie field, or why a browser ignores it whole (§5.6). `at` (aware) decides what has expired."""
    if _CONTROL.search(value):
        return "holds a control character"
    pair, *attributes = value.split(";")
    name, separator, content = pair.partition("=")
    if not separator:
        name, content = "", pair
    name, content = name.strip(" \t"), content.strip(" \t")
    if not name and not content:
        return "has neither name nor value"
    if _octets(name) + _octets(content) > MAX_PAIR_OCTETS:
        return f"name and value exceed {MAX_PAIR_OCTETS} octets"
    said = _Attributes()
    for attribute in attributes:
        _take(said, attribute)
    lifetime = _lifetime_s(said, at)
    return Cookie(
        name=name,
        value=content,
        secure=said.secure,
        http_only=said.http_only,
        same_site=_SAME_SITE.get((said.same_site or "").lower(), ""),
        domain=said.domain,
        path=said.path or "",
        deletes=lifetime == 0,
        expires_in_s=None if lifetime is None else min(lifetime, MAX_LIFETIME_S),
        asked_s=lifetime,
        partitioned=said.partitioned,
        prefix=_prefix(name),
        same_site_raw=said.same_site,
        priority=said.priority,
        unknown=tuple(dict.fromkeys(said.unknown)),
        problems=_own_problems(name, content, said),
        remarks=tuple(said.remarks) + _prefix_remarks(name, said),
        ignored_lifetime=said.bad_max_age or (said.bad_expires if said.max_age is None else ""),
        looks_joined=_looks_joined(content, attributes),
        prefix_problems=_prefix_problems(name, said),
    )


def stored(value: str, *, url: str, at: datetime, is_public_suffix: Callable[[str], bool]) -> Stored | str:
    """The cookie as a browser keeps it after fetching `url`, or why it drops it (§5.7).

    `is_public_suffix` answers for a lower-case host name. Only https and wss count as secure.
    """
    cookie = read(value, at=at)
    if isinstance(cookie, str):
        return cookie
    problems = problems_at(cookie, url=url, is_public_suffix=is_public_suffix)
    if problems:
        return problems[0]
    host, path = _host(url), _path(url)
    host_only = cookie.host_only or (cookie.domain == host and is_public_suffix(host))
    return Stored(cookie, cookie.domain or host, host_only, cookie.path or default_path(path))


def problems_at(cookie: Cookie, *, url: str, is_public_suffix: Callable[[str], bool]) -> tuple[str, ...]:
    """Every reason why a browser that fetched `url` drops the cookie (§5.7), empty when it keeps it."""
    host = _host(url)
    found = list(cookie.problems)
    if cookie.domain and not domain_matches(host, cookie.domain):
        found.append(f"Domain={cookie.domain[:80]} is neither {host[:80]} nor a parent of it")
    elif cookie.domain and cookie.domain != host and is_public_suffix(cookie.domain):
        found.append(f"Domain={cookie.domain[:80]} is a public suffix")
    if cookie.secure and not _secure(url):
        found.append("Secure over plain http")
    return tuple(found)


def domain_matches(host: str, domain: str) -> bool:
    """`host` is `domain` or lies under it (§5.1.3). An IP address matches itself alone."""
    return host == domain or (host.endswith("." + domain) and not _is_address(host))


def path_matches(request_path: str, cookie_path: str) -> bool:
    """The cookie goes with this request path (§5.1.4)."""
    return request_path == cookie_path or (
        request_path.startswith(cookie_path)
        and (cookie_path.endswith("/") or request_path[len(cookie_path) : len(cookie_path) + 1] == "/")
    )


def default_path(request_path: str) -> str:
    """The directory of the request's path (§5.1.4)."""
    return (request_path[: request_path.rfind("/")] or "/") if request_path.startswith("/") else "/"


def cookie_date(text: str) -> datetime | None:
    """The date that browsers see in an Expires attribute (§5.1.1), always UTC; None when they see none."""
    clock: tuple[int, int, int] | None = None
    day = month = year = None
    for token in _DATE_DELIMITER.split(text):
        if clock is None and (match := _DATE_TIME.match(token)):
            clock = int(match[1]), int(match[2]), int(match[3])
        elif day is None and (match := _DATE_DAY.match(token)):
            day = int(match[1])
        elif month is None and token[:3].lower() in _MONTHS:
            month = _MONTHS.index(token[:3].lower()) + 1
        elif year is None and (match := _DATE_YEAR.match(token)):
            year = int(match[1])
    if clock is None or day is None or month is None or year is None:
        return None
    year += 1900 if 70 <= year <= 99 else 2000 if year <= 69 else 0
    if year < 1601:
        return None
    try:
        return datetime(year, month, day, clock[0], clock[1], clock[2], tzinfo=UTC)
    except ValueError:
        return None


@dataclass(slots=True)
class _Attributes:
    """What the attributes say, filled in the order they stand: of one given twice the last counts (§5.7)."""

    secure: bool = False
    http_only: bool = False
    partitioned: bool = False
    same_site: str | None = None
    domain: str = ""
    path: str | None = None
    max_age: str | None = None
    expires: datetime | None = None
    bad_max_age: str = ""
    bad_expires: str = ""
    priority: str = ""
    unknown: list[str] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)


def _take(said: _Attributes, attribute: str) -> None:
    """Process one attribute (§5.6.1 to §5.6.7)."""
    key, _, text = attribute.partition("=")
    name, text = key.strip(" \t").lower(), text.strip(" \t")
    if not name:
        return
    take = _TAKE.get(name)
    if take is None:
        said.unknown.append(name[:100])
        return
    if _octets(text) > MAX_ATTRIBUTE_OCTETS:
        said.remarks.append(f"{name} exceeds {MAX_ATTRIBUTE_OCTETS} octets, so browsers ignore it")
        return
    take(said, text)


def _take_secure(said: _Attributes, _: str) -> None:
    said.secure = True


def _take_http_only(said: _Attributes, _: str) -> None:
    said.http_only = True


def _take_partitioned(said: _Attributes, _: str) -> None:
    said.partitioned = True


def _take_same_site(said: _Attributes, text: str) -> None:
    said.same_site = text
    if text.lower() not in _SAME_SITE:
        said.remarks.append(f"SameSite={text[:40]!r} is unknown, so the browser's default counts")


def _take_domain(said: _Attributes, text: str) -> None:
    said.domain = text.removeprefix(".").lower()


def _take_path(said: _Attributes, text: str) -> None:
    said.path = text if text.startswith("/") else ""
    if not said.path:
        said.remarks.append(f"Path={text[:40]!r} does not begin with a slash, so the request's own path counts")


def _take_priority(said: _Attributes, text: str) -> None:
    said.priority = text.lower() if text.lower() in {"low", "medium", "high"} else ""


def _take_max_age(said: _Attributes, text: str) -> None:
    if _MAX_AGE.fullmatch(text):
        said.max_age = text
    else:
        said.bad_max_age = f"Max-Age={text[:60]}"
        said.remarks.append(f"Max-Age={text[:40]!r} is not a number of seconds, so browsers ignore it")


def _take_expires(said: _Attributes, text: str) -> None:
    expires = cookie_date(text)
    if expires is None:
        # Some servers say `Session`, and that is what a browser makes of it.
        said.bad_expires = "" if text.lower() == "session" else f"Expires={text[:60]}"
        said.remarks.append(f"Expires={text[:40]!r} is not a date, so browsers ignore it")
    else:
        said.expires = expires


_TAKE: dict[str, Callable[[_Attributes, str], None]] = {
    "secure": _take_secure,
    "httponly": _take_http_only,
    "partitioned": _take_partitioned,
    "samesite": _take_same_site,
    "domain": _take_domain,
    "path": _take_path,
    "max-age": _take_max_age,
    "expires": _take_expires,
    "priority": _take_priority,
}


def _lifetime_s(said: _Attributes, at: datetime) -> int | None:
    """Max-Age before Expires, never below zero (§5.7 step 3); browsers cut to MAX_LIFETIME_S (§5.5)."""
    if said.max_age is not None:
        digits = said.max_age.lstrip("-0")[:12] or "0"
        seconds = -int(digits) if said.max_age.startswith("-") else int(digits)
    elif said.expires is not None:
        seconds = math.ceil((said.expires - at) / timedelta(seconds=1))
    else:
        return None
    return max(0, seconds)


def _prefix(name: str) -> str:
    """The longest prefix that the name begins with; browsers compare without case (§5.7 steps 20 and 21)."""
    return next((prefix for prefix in _PREFIXES if name.lower().startswith(prefix.lower())), "")


def _own_problems(name: str, content: str, said: _Attributes) -> tuple[str, ...]:
    """What makes browsers drop the cookie whatever the URL (§5.4, §5.7; Partitioned: CHIPS §2.1)."""
    found = []
    prefix = _prefix(name)
    if prefix.startswith(("__Host-", "__Secure-")) and not said.secure:
        found.append(f"{prefix} needs Secure")
    if prefix.startswith("__Host-") and said.domain:
        found.append(f"{prefix} forbids Domain")
    if prefix.startswith("__Host-") and said.path != "/":
        found.append(f"{prefix} needs Path=/")
    if not name and _prefix(content):
        found.append(f"a nameless cookie must not begin with {_prefix(content)}")
    if (said.same_site or "").lower() == "none" and not said.secure:
        found.append("SameSite=None needs Secure")
    if said.partitioned and not said.secure:
        found.append("Partitioned needs Secure")
    if not said.domain.isascii():
        found.append("Domain is not ASCII")
    return tuple(found)


def _prefix_remarks(name: str, said: _Attributes) -> tuple[str, ...]:
    """`__Http-` and `__Host-Http-` are newer than the draft; browsers that know them want more."""
    return (f"{_prefix(name)} wants Secure and HttpOnly",) if _prefix_problems(name, said) else ()


def _prefix_problems(name: str, said: _Attributes) -> tuple[str, ...]:
    prefix = _prefix(name)
    if prefix not in {"__Http-", "__Host-Http-"}:
        return ()
    found = [f"{prefix} needs Secure"] if not said.secure and prefix == "__Http-" else []
    return (*found, *(() if said.http_only else (f"{prefix} needs HttpOnly",)))


def _looks_joined(content: str, attributes: Sequence[str]) -> bool:
    """A comma and then `name=`: in an attribute that browsers know always, for none of them holds such a text.

    Browsers split at `;` alone (§5.6), so in the value it is a guess: outside quotes, and only where an attribute that
    browsers know follows. The comma of an Expires date is followed by a day without an equals sign.
    """
    known = [one for one in attributes if _attribute_name(one) in _TAKE]
    if any(_JOINED_ATTRIBUTE.search(one) for one in known if not _quoted(one.partition("=")[2].strip(" \t"))):
        return True
    return bool(known) and not _quoted(content) and _JOINED_PAIR.search(content) is not None


def _attribute_name(attribute: str) -> str:
    """Its name, also where a joined cookie follows it: `HttpOnly, b=2`."""
    return re.split(r"[=,]", attribute, maxsplit=1)[0].strip(" \t").lower()


def _quoted(text: str) -> bool:
    return len(text) > 1 and text.startswith('"') and text.endswith('"')


NO_SESSION = (
    "*csrf*", "*xsrf*", "*login[._-]hint*", "*loginhint*", "_hj*", "ai_session*", "ai_user*", "_ga*", "_gid*", "_gat*", "_gcl_*",
    "_clsk", "_clck", "amplitude*", "amp_*", "mp_*_mixpanel", "ajs_*", "_pk_*", "__utm*", "optimizely*",
)  # fmt: skip
"""Names that look like a session's and are none: tokens against forged requests, hints, and visits as analytics count them."""
MAX_HEADER = 2048
"""Characters of a JWT's header that are decoded."""


def is_session(cookie: Cookie, patterns: Iterable[str]) -> bool:
    """Whether it stands for a visitor who is signed in: its name is like one of `patterns`, or its value is a JWT.

    Names of `NO_SESSION` are none, unless a pattern without wildcards names them.
    """
    name, wanted = cookie.name.lower(), tuple(one.lower() for one in patterns)
    if name in wanted:
        return True
    if any(fnmatchcase(name, one) for one in NO_SESSION):
        return False
    return any(fnmatchcase(name, one) for one in wanted) or _is_jwt(cookie.value)


def _is_jwt(value: str) -> bool:
    """A signed or encrypted token of RFC 7515 §3.1 or RFC 7516 §3.1: its header is an object that names an algorithm."""
    header, *parts = value.strip('"').split(".")
    if len(parts) not in {2, 4} or not header.startswith("eyJ") or len(header) > MAX_HEADER:
        return False
    try:
        said = json_text.parse(base64.urlsafe_b64decode(header + "=" * (-len(header) % 4)).decode())
    except (ValueError, json_text.NotJson):
        return False
    return isinstance(said, dict) and "alg" in said


def _octets(text: str) -> int:
    return len(text.encode("utf-8", "surrogatepass"))


def _host(url: str) -> str:
    """The URL's host in lower case, international names as ASCII; empty when there is none (§5.1.2)."""
    try:
        host = (urlsplit(url).hostname or "").lower()
        return host if host.isascii() else host.encode("idna").decode("ascii")
    except ValueError:
        return ""


def _path(url: str) -> str:
    try:
        return urlsplit(url).path
    except ValueError:
        return ""


def _secure(url: str) -> bool:
    return url[:8].lower().startswith(("https://", "wss://"))


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def unvalued(cookie: str) -> str:
    """A Set-Cookie field without the cookie's value: it may be a session that somebody could use."""
    pair, semicolon, attributes = cookie.partition(";")
    name, equals, _ = pair.partition("=")
    return f"{name if equals else ''}{equals}…{semicolon}{attributes}"  # without `=` all of the pair is value
