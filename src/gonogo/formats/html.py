"""What a verifier reads from HTML without rendering it: scripts, links, policies in meta elements, references.

The tokenizer follows the states of HTML §13.2.5 that matter here. It is our own because html.parser takes quadratic time
on unclosed tags and quotes (20 s for 60 kB), and a site's answer must not be able to stop a run.
"""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from html import unescape
from urllib.parse import urljoin, urlsplit

MAX_LENGTH = 5_000_000
"""Characters of a document that are read."""

RAW_TEXT = frozenset({"script", "style", "textarea", "title", "xmp", "iframe", "noembed", "noframes", "noscript"})
"""Elements whose content is text up to their end tag; noscript too, as in a browser that runs scripts."""

IN_HEAD = frozenset(
    {"html", "head", "base", "basefont", "bgsound", "link", "meta", "noframes", "noscript", "script", "style"}
) | {"template", "title"}
"""Start tags that leave the parser in the head; any other opens the body (HTML §13.2.6.4.4)."""

BREAKOUT = frozenset(
    "b big blockquote body br center code dd div dl dt em embed h1 h2 h3 h4 h5 h6 head hr i img li listing menu meta nobr ol p "
    "pre ruby s small span strike strong sub sup table tt u ul var".split()
)
"""Start tags of HTML that end an SVG which was not closed (HTML §13.2.6.5)."""

JAVASCRIPT_TYPES = frozenset(
    {f"{family}/{name}" for family in ("text", "application") for name in ("javascript", "ecmascript")}
    | {f"{family}/x-{name}" for family in ("text", "application") for name in ("javascript", "ecmascript")}
    | {f"text/javascript1.{digit}" for digit in range(6)}
    | {"text/jscript", "text/livescript"}
)
"""MIME types of JavaScript (MIME Sniffing §4.6)."""

_SPACE = "\t\n\f\r "
_ATTRIBUTE = re.compile(
    r"[\t\n\f\r /]*(?P<name>[^\t\n\f\r />][^\t\n\f\r />=]*)[\t\n\f\r ]*"
    r"(?:=[\t\n\f\r ]*(?:\"(?P<double>[^\"]*)(?:\"|\Z)|'(?P<single>[^']*)(?:'|\Z)|(?P<bare>[^\t\n\f\r >]*)))?"
)
_TAG_END = re.compile(r"[\t\n\f\r /]*>")
_TAG_NAME = re.compile(r"[A-Za-z][^\t\n\f\r />]*")
_COMMENT_END = re.compile(r"--!?>")
_RAW_END = {name: re.compile(rf"</{name}(?=[\t\n\f\r />])", re.IGNORECASE) for name in RAW_TEXT}
_CHARSET = re.compile(r"charset\s*=\s*[\"']?\s*([^\s\"';>]+)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Script:
    """A script element: its `src`, in SVG its `href` (empty for an inline one), its nonce and its type."""

    src: str
    nonce: str
    type: str
    text: str = ""
    integrity: str = ""
    crossorigin: str | None = None
    """None where the attribute is absent, so that the fetch is made without CORS."""
    position: int = 0
    """Index of the tag in the document."""
    external: bool = False
    """Whether there is a src attribute, an empty one included; the element's text does not run then."""

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
        return self.type in {"", "module", "importmap", "speculationrules"} or self.type in JAVASCRIPT_TYPES


@dataclass(frozen=True, slots=True)
class Link:
    rel: frozenset[str]
    """Lower-case keywords."""
    href: str
    integrity: str = ""
    crossorigin: str | None = None
    destination: str = ""
    """The `as` attribute, lower-case."""
    position: int = 0


@dataclass(frozen=True, slots=True)
class MetaPolicy:
    """A `<meta http-equiv="Content-Security-Policy">`; a browser obeys it in the head only (HTML §4.2.5.3)."""

    content: str
    report_only: bool
    in_head: bool
    position: int


@dataclass(frozen=True, slots=True)
class Reference:
    """A URL that the page makes a browser load from, or send a form to."""

    element: str
    attribute: str
    url: str
    """As written, without white space around it."""
    blockable: bool
    """Active content, which browsers block when it is mixed; images, audio and video are upgraded instead."""


@dataclass(frozen=True, slots=True)
class Markup:
    scripts: tuple[Script, ...] = ()
    links: tuple[Link, ...] = ()
    policies: tuple[MetaPolicy, ...] = ()
    references: tuple[Reference, ...] = ()
    base: str | None = None
    """href of the first base element that has one."""
    charset: str = ""
    """Encoding that a meta element names, lower-case; empty if none does."""
    referrer: str = ""
    """The referrer policy of the last meta element that names one, lower-case; it stands above the header's."""

    def absolute(self, url: str, page_url: str) -> str:
        """A URL of this document resolved against its base; empty if it is not a URL."""
        try:
            return urljoin(urljoin(page_url, self.base or ""), url)
        except ValueError:
            return ""


@dataclass(frozen=True, slots=True)
class _Tag:
    name: str
    attributes: dict[str, str]
    position: int
    text: str = ""
    closes: bool = False
    in_head: bool = True
    in_svg: bool = False

    def get(self, name: str) -> str:
        return self.attributes.get(name, "")


@dataclass(slots=True)
class _Reading:
    scripts: list[Script] = field(default_factory=list)
    links: list[Link] = field(default_factory=list)
    policies: list[MetaPolicy] = field(default_factory=list)
    references: list[Reference] = field(default_factory=list)
    base: str | None = None
    charset: str = ""
    referrer: str = ""


def read(text: str) -> Markup:
    """What a document holds, in linear time. Any text is accepted; elements inside a `<template>` are left out."""
    found, inert = _Reading(), 0
    for tag in _tags(text[:MAX_LENGTH]):
        if tag.name == "template":
            inert = max(0, inert - 1) if tag.closes else inert + ("shadowrootmode" not in tag.attributes or inert > 0)
        elif not inert and not tag.closes:
            _note(found, tag)
    return Markup(
        tuple(found.scripts),
        tuple(found.links),
        tuple(found.policies),
        tuple(found.references),
        found.base,
        found.charset,
        found.referrer,
    )


def scripts(text: str) -> tuple[Script, ...]:
    """Every script element, in order. Any text is accepted."""
    return read(text).scripts


def _note(found: _Reading, tag: _Tag) -> None:
    if tag.name == "script":
        found.scripts.append(_script(tag))
    elif tag.name == "link":
        found.links.append(_link(tag))
    elif tag.name == "meta":
        _meta(found, tag)
    elif tag.name == "base" and found.base is None and "href" in tag.attributes:
        found.base = _url(tag.get("href"))
    found.references.extend(_references(tag))


def _script(tag: _Tag) -> Script:
    source = next((name for name in HREFS if name in tag.attributes), "") if tag.in_svg else "src"
    return Script(
        _url(tag.get(source)),
        tag.get("nonce"),
        tag.get("type").strip(_SPACE).lower(),
        tag.text,
        tag.get("integrity"),
        tag.attributes.get("crossorigin"),
        tag.position,
        source in tag.attributes,
    )


def _link(tag: _Tag) -> Link:
    return Link(
        frozenset(tag.get("rel").lower().split()),
        _url(tag.get("href")),
        tag.get("integrity"),
        tag.attributes.get("crossorigin"),
        tag.get("as").strip(_SPACE).lower(),
        tag.position,
    )


def _meta(found: _Reading, tag: _Tag) -> None:
    equivalent = tag.get("http-equiv").strip(_SPACE).lower()
    if equivalent in {"content-security-policy", "content-security-policy-report-only"}:
        found.policies.append(
            MetaPolicy(tag.get("content"), equivalent.endswith("-report-only"), tag.in_head, tag.position)
        )
    if tag.get("name").strip(_SPACE).lower() == "referrer":
        found.referrer = tag.get("content").strip(_SPACE).lower() or found.referrer
    if not found.charset:
        said = _CHARSET.search(tag.get("content")[:1024]) if equivalent == "content-type" else None
        found.charset = (said.group(1) if said else tag.get("charset").strip(_SPACE)).lower()


ACTIVE_LINKS = frozenset({"stylesheet", "modulepreload", "preload", "manifest"})
"""Link relations that load what can act; `icon` loads an image."""


HREFS = ("href", "xlink:href")
"""The URL attributes of SVG; the second counts where the first is absent (SVG 2 §16.1.6)."""
LOADED_IN_SVG = {"script": True, "image": False, "feimage": False}
"""Elements of SVG that load what their href names, and whether browsers block it when it is mixed content."""
LOADED_BY: dict[str, tuple[tuple[str, bool], ...]] = {
    "script": (("src", True),),
    "iframe": (("src", True),),
    "frame": (("src", True),),
    "embed": (("src", True),),
    "track": (("src", True),),
    "object": (("data", True),),
    "img": (("src", False),),
    "audio": (("src", False),),
    "video": (("src", False), ("poster", False)),
    "source": (("src", False),),
    "input": (("src", False), ("formaction", True)),
    "button": (("formaction", True),),
    "form": (("action", True),),
}
"""URL attributes by element, and whether browsers block what they name when it is mixed content."""


def _references(tag: _Tag) -> Iterator[Reference]:
    """Subresources and form targets (Mixed Content §3.1 and §3.2)."""
    wanted = LOADED_BY.get(tag.name, ())
    if tag.in_svg and tag.name in LOADED_IN_SVG:
        wanted = tuple((name, LOADED_IN_SVG[tag.name]) for name in HREFS if name in tag.attributes)[:1]
    if tag.name == "link":
        relations = set(tag.get("rel").lower().split())
        active = bool(relations & ACTIVE_LINKS)
        wanted = (("href", active),) if active or "icon" in relations else ()
    for name, blockable in wanted:
        if url := _url(tag.get(name)):
            yield Reference(tag.name, name, url, blockable)
    if tag.name in {"img", "source"}:
        for candidate in tag.get("srcset").split(","):
            if words := candidate.split(maxsplit=1):
                yield Reference(tag.name, "srcset", _url(words[0]), blockable=True)


def _url(text: str) -> str:
    """A URL attribute as the URL parser reads it: without tabs, line ends and outer white space."""
    return re.sub(r"[\t\n\r]", "", text).strip(_SPACE)


def host_of(url: str) -> str:
    """Lower-case host name of a URL; empty if it has none."""
    try:
        return urlsplit(url).hostname or ""
    except ValueError:
        return ""


def _tags(text: str) -> Iterator[_Tag]:
    """Start and end tags in order; each character is passed over a fixed number of times."""
    position, in_head, depth = 0, True, 0
    while (start := text.find("<", position)) != -1:
        in_head = in_head and not text[position:start].strip(_SPACE)
        follow = text[start + 1 : start + 2]
        name = _TAG_NAME.match(text, start + (2 if follow == "/" else 1))
        if name is not None:
            attributes, after = _attributes(text, name.end())
            if after is None:
                return
            tag, position = name.group().lower(), after
            in_head = in_head and (follow == "/" or tag in IN_HEAD) and not (follow == "/" and tag in {"body", "html"})
            content, is_empty = "", depth + (tag == "svg") > 0 and text[after - 2] == "/"
            depth = _svg_depth(depth, tag, closes=follow == "/", is_empty=is_empty)
            if follow != "/" and tag in RAW_TEXT and not is_empty:
                end = _RAW_END[tag].search(text, position)
                content = text[position : end.start() if end else len(text)]
                position += len(content)
            yield _Tag(tag, attributes, start, content, follow == "/", in_head, depth > 0)
            if follow != "/" and tag == "plaintext":
                return
        elif text.startswith("<!--", start):
            end = _COMMENT_END.search(text, start + 2)
            if end is None:
                return
            position = end.end()
        elif follow and follow in "!?/":
            position = text.find(">", start) + 1
            if position == 0:
                return
        else:
            in_head, position = False, start + 1


def _svg_depth(depth: int, tag: str, *, closes: bool, is_empty: bool) -> int:
    """How many svg elements are open after a tag."""
    if tag == "svg" and not is_empty:
        return max(0, depth - 1) if closes else depth + 1
    return 0 if tag in BREAKOUT else depth


def _attributes(text: str, position: int) -> tuple[dict[str, str], int | None]:
    """The attributes of a tag and the index after its `>`; None where the document ends inside the tag."""
    said: dict[str, str] = {}
    while True:
        if end := _TAG_END.match(text, position):
            return said, end.end()
        found = _ATTRIBUTE.match(text, position)
        if found is None:
            return said, None
        value = found["double"] or found["single"] or found["bare"] or ""
        said.setdefault(found["name"].lower(), _unescape(value))
        position = found.end()


def _unescape(text: str) -> str:
    try:
        return unescape(text) if "&" in text else text
    except ValueError:
        # A character reference of more digits than int() takes is no character.
        return text
