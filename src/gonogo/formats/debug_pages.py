"""Stack traces and debug pages in error answers: what a visitor should never read of a server's inside (CWE-209).

Made for the bodies of error answers. A traceback must have a frame, so that prose about tracebacks is none. In an answer that
is no error, what stands in `<code>` elements is a documentation's example and is left out, except for the debug pages of
frameworks, which are known by their own markup.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from html import unescape

MAX_LENGTH = 1_000_000
"""Characters of a body that are searched."""
EXCERPT = 120


@dataclass(frozen=True, slots=True)
class Exposure:
    name: str
    """What wrote it: `python-traceback`, `django-debug`."""
    excerpt: str
    """The place that tells, on one line, shortened."""


@dataclass(frozen=True, slots=True)
class _Sign:
    name: str
    anchor: str
    """Stands in every text that matches."""
    pattern: re.Pattern[str]
    least: int = 1
    """Matches that there must be."""
    also: str = ""
    """A further text that must stand in the body."""


def _sign(name: str, anchor: str, pattern: str, *, least: int = 1, also: str = "") -> _Sign:
    return _Sign(name, anchor, re.compile(pattern), least, also)


PAGES: tuple[_Sign, ...] = (
    _sign("werkzeug-debugger", "Werkzeug", r"<title>[^<]{0,300}// Werkzeug Debugger</title>"),
    _sign("werkzeug-debugger", "EVALEX_TRUSTED", r"EVALEX_TRUSTED = (?:true|false)"),
    _sign(
        "django-debug",
        "DEBUG = True",
        r"seeing (?:this error|the help section of this page) because you have <code>DEBUG = True</code>",
        also="NONE,NOARCHIVE",
    ),
    _sign(
        "django-debug",
        "Django tried these URL patterns",
        r"Using the URLconf defined in <code>[^<]{1,200}</code>,\s{1,40}Django tried these URL patterns",
    ),
    _sign("starlette-debugger", "Starlette", r"<title>Starlette Debugger</title>"),
    _sign("rails-debug", "Rails.root", r"<code>Rails\.root: (?:/|[A-Za-z]:)[^\s<]{1,200}"),
    _sign("rails-debug", "Action Controller", r"<title>Action Controller: Exception caught</title>"),
    _sign("rails-debug", "Application Trace", r"\"traces\"\s{0,5}:\s{0,5}\{\s{0,5}\"Application Trace\"\s{0,5}:"),
    _sign("whoops", "Whoops", r"class=\"Whoops container\""),
    _sign("laravel-ignition", "ignit", r"window\.ignite\(|id=\"ignition[\w-]{0,30}\""),
    _sign("laravel-ignition", "ignition", r"vendor\\?/(?:facade|spatie)\\?/(?:laravel-)?ignition\\?/(?:src|resources)"),
    _sign("laravel-ignition", "window.data", r"window\.data = \{\"report\":"),
    _sign("laravel-exception", "hljs-ln-line", r"#frame-\d{1,4} \.hljs-ln-line\[data-line-number='"),
    _sign("laravel-exception", "## Stack Trace", r"## Stack Trace(?:\\n|\s)", also="## Database Queries"),
    _sign(
        "symfony-exception", "exception-", r"class=\"(?:[\w-]{1,40} ){0,3}exception-(?:summary|message-wrapper)[ \"]"
    ),
    _sign("yii-exception", "call-stack-item", r"class=\"[\w -]{0,60}call-stack-item\"[^<>]{0,60} data-line=\""),
    _sign("yii-exception", "Yii Framework</a>/", r"Yii Framework</a>/(?:<a [^<>]{1,200}>)?\d{1,2}\.\d"),
    _sign(
        "spring-error",
        "There was an unexpected error (type=",
        r"There was an unexpected error \(type=[^()<]{1,80}, status=\d{3}\)\.</div>\s{0,20}<div[^<>]{0,80}>"
        r"(?!No message available|\s{0,20}</div>)",
        also="Whitelabel Error Page",
    ),
    _sign(
        "spring-error", '"exception"', r"\"exception\"\s{0,5}:\s{0,5}\"(?:[a-z][\w$]{0,40}\.){2,8}[A-Z][\w$]{1,100}\""
    ),
    _sign(
        "aspnet-yellow-page",
        "Server Error in '",
        r"<[Hh]1>Server Error in '[^'\n]{0,200}' Application",
        also="<b>Stack Trace:</b>",
    ),
    _sign(
        "aspnet-developer-page",
        "unhandled exception occurred while processing the request",
        r"<h1[^<>]{0,100}>An unhandled exception occurred while processing the request",
    ),
    _sign("nextjs-overlay", "nextjs", r"/__nextjs_original-stack-frame|=\"nextjs__container_errors|<nextjs-portal"),
    _sign("nextjs-error", "data-next-error-stack", r"<template [^<>]{0,2000}data-next-error-stack=\""),
    _sign(
        "nextjs-error",
        '"err":{',
        r"\"err\":\{\"name\":\"[^\"]{1,80}\",\"source\":\"(?:edge-)?server\",\"message\":\"[^\"]{0,2000}\",\"stack\":\"",
    ),
    _sign("vite-overlay", "vite-error-overlay", r"<vite-error-overlay"),
    _sign(
        "plug-debugger",
        " at ",
        r"<title>[A-Z]\w{0,60}(?:\.[A-Z]\w{0,60}){1,8} at (?:GET|HEAD|POST|PUT|PATCH|DELETE|OPTIONS) /[^<]{0,300}</title>",
    ),
    _sign("rack-debug", "Rack::Show", r"because you use <code>Rack::ShowExceptions</code>"),
    _sign("sinatra-debug", "Sinatra", r"<h2>Sinatra doesn(?:’|'|&rsquo;|&#39;|&#x27;)t know this ditty\.?</h2>"),
    _sign(
        "sinatra-debug", "show_exceptions", r"because you have\s{1,20}enabled the <code>show_exceptions</code> setting"
    ),
    _sign(
        "play-debug",
        "These routes have been tried",
        r"<h[1-4][^<>]{0,100}>\s{0,40}These routes have been tried, in this order",
    ),
    _sign("cakephp-debug", "cake-", r"class=\"(?:[\w-]{1,40} ){0,3}cake-(?:debug|error|stack-trace|trace)\b"),
    _sign("youch", "error-stack", r"class=\"error-stack\"", also="frame-"),
)
"""Debug pages, known by their markup."""

_FILE = r"(?:/|[A-Za-z]:\\{1,2}|file:///|node:internal/|webpack(?:-internal)?:///(?:\(\w{1,20}\)/)?)[^\s()<>\"]{1,300}"

_JAVA = (
    r"(?:\b|\\t)at [\w.$<>/@-]{3,250}\((?:[\w$]{1,100}\.(?:java|kt|scala|groovy):\d+|Unknown Source|Native Method)\)"
)
_NODE = (
    r"(?:\b|\\n {0,8})at (?:async |new )?(?:[\w.$<>\[\]]{1,120} (?:\[as [\w$]{1,60}\] )?)?\(?"
    rf"{_FILE}:\d{{1,6}}:\d{{1,6}}"
)
_PARAMETER = r"[A-Za-z][\w`.&*\[\]]{0,120} \w{1,80}"
_RAISED = r"(?:Exception|Error)(?::(?:(?!Exception|Error)[^\n\\]|\\[^nr\n]){0,300}+)?(?:\\r|\r)?(?:\\n|\n)(?:\s|\\[rnt]){0,12}"
"""The line above a trace: one frame is enough below it."""

TRACES: tuple[_Sign, ...] = (
    _sign(
        "python-traceback",
        "Traceback (most recent call last)",
        r"File \\?\"[^\"\n\\]{1,300}\\?\", line \d+",
    ),
    _sign("java-stack-trace", "(", _JAVA, least=2),
    _sign("java-stack-trace", "... ", rf"{_JAVA}(?:\s|\\[rnt]){{1,8}}\.\.\. \d{{1,4}} (?:more|common frames omitted)"),
    _sign("java-stack-trace", "(", rf"{_RAISED}{_JAVA}"),
    _sign(
        "java-stack-trace",
        ".java:",
        r"[\n\t][ \t]{0,8}(?:[a-z_][\w$]{0,60}\.){1,12}[A-Z\w$]{1,100}\.[\w$<>]{1,80}\([\w$]{1,100}\.java:\d+\)",
        least=2,
    ),
    _sign("node-stack-trace", "at ", _NODE, least=2),
    _sign("node-stack-trace", "Error", rf"{_RAISED}{_NODE}"),
    _sign(
        "dotnet-stack-trace",
        ":line ",
        r"\bat [\w.`<>\[\],]{3,250}\([^()\n]{0,300}\) in [^\n:]{0,3}:?[^\n:]{1,250}:line \d+",
    ),
    _sign(
        "dotnet-stack-trace",
        "at ",
        r"(?:\n|\\n)[ \t]{1,8}at [A-Za-z_][\w`+]{0,80}(?:\.[\w`+<>|\[\],]{1,120}){1,15}"
        rf"\((?!Unknown Source|Native Method)(?:{_PARAMETER}(?:, {_PARAMETER}){{0,19}})?\)"
        r"(?=\s{0,3}(?:\n|\\[rn]|\Z|[\"<]))",
        least=2,
    ),
    _sign("ruby-backtrace", ".rb:", r"/[\w./@-]{1,250}\.rb:\d+:in [`'\"]"),
    _sign("php-stack-trace", ".php", r"#\d+ (?:/|[A-Za-z]:\\)[^\s()]{1,250}\.php\(\d+\): "),
    _sign(
        "elixir-stack-trace",
        ".ex",
        r"\(\w{1,60} \d+\.\d+[\w.-]{0,30}\) (?:lib|deps|src|web)/[\w./-]{1,200}\.exs?:\d+: ",
    ),
    _sign("go-panic", ".go:", r"/[\w./@-]{1,250}\.go:\d+ \(0x[0-9a-f]+\)"),
    _sign("go-panic", "goroutine ", r"goroutine \d+ \[[\w ,]{1,60}\]:", also=".go:"),
    _sign("rust-panic", "panicked at", r"thread '[^'\n]{1,80}' (?:\(\d+\) )?panicked at"),
    _sign(
        "json-exception", '"line"', r"\"file\"\s*:\s*\"(?:\\?/|[A-Za-z]:\\)[^\"\n]{1,300}\"\s*,\s*\"line\"\s*:\s*\d+"
    ),
)
"""Traces, read in the text of a body."""

ERRORS: tuple[_Sign, ...] = (
    _sign(
        "sql-error",
        "SQL",
        r"You have an error in your SQL syntax|SQLSTATE\[\w{5}\]|SQLite3?::SQLException|near \"[^\"\n]{0,80}\": syntax error",
    ),
    _sign(
        "sql-error",
        "ERROR:",
        r"ERROR: {1,4}(?:syntax error at or near \\{0,2}\"|(?:column|relation|function) [^\n]{1,150}? (?:does not exist|is ambiguous)"
        r"|duplicate key value violates unique constraint|null value in column)",
    ),
    _sign("sql-error", "sqlite3.", r"\bsqlite3\.(?:Operational|Integrity|Programming)Error\b"),
    _sign("sql-error", "psycopg", r"\bpsycopg2?\.(?:errors\.\w{1,60}|\w{1,30}Error)\b"),
    _sign("sql-error", "PG::", r"\bPG::[A-Z]\w{1,60}\b"),
    _sign("sql-error", "ORA-", r"\bORA-\d{5}: "),
    _sign("sql-error", "Unclosed quotation mark", r"Unclosed quotation mark (?:after|before) the character string"),
    _sign("sql-error", "SqlException", r"\b(?:System|Microsoft)\.Data\.SqlClient\.SqlException\b"),
    _sign("sql-error", "sqlalchemy.exc.", r"\bsqlalchemy\.exc\.[A-Z]\w{1,60}\b"),
    _sign("sql-error", "pymysql.err.", r"\bpymysql\.err\.[A-Z]\w{1,60}\b"),
    _sign("sql-error", "invocation", r"Invalid `(?:prisma|[\w.]{1,60})\.\w{1,60}\.\w{1,60}\(\)` invocation"),
    _sign(
        "sql-error",
        "PrismaClient",
        r"\bPrismaClient(?:KnownRequest|UnknownRequest|Validation|Initialization|RustPanic)Error\b",
    ),
    _sign("sql-error", "E11000", r"\bE11000 duplicate key error\b"),
)
"""What a database said; told only where no trace holds it, for then it is the same cause."""

_PHP_PLACE = re.compile(r"in (?:/|[A-Za-z]:\\)[^\s<>\"]{1,250}\.php(?:\(\d+\))?(?::\d+| on line +\d+)")
_PHP_LEVEL = re.compile(r"\b(?:Fatal error|Parse error|Warning|Notice|Deprecated|Uncaught \w+)\b")
_PATH = re.compile(
    r"(?<![\w/.:@-])(?:/home/[\w.-]{1,60}|/var/www|/usr/src|/usr/local/lib|/usr/lib|/srv|/opt)/[\w./@-]{1,250}"
    r"\.(?:py|rb|php|js|mjs|ts|java|go|pl|cgi|jsp|cs|rs)\b"
    r"|\b[A-Z]:\\(?:inetpub|Users|xampp|wamp|www|websites)\\[\w.\\ -]{1,250}\.(?:aspx?|cs|php|py|js|dll)\b"
)
_BREAK = re.compile(r"<(?:br|/?p|/?div|/?li|/?h[1-6]|/?pre|/?tr)\b[^<>]{0,300}>", re.IGNORECASE)
_TAG = re.compile(r"<[A-Za-z/!][^<>]{0,2000}>")


def find(body: str, *, code: bool = False) -> tuple[Exposure, ...]:
    """What a body tells of the server's inside, each kind once; a debug page's trace is the page's. Any text is accepted.

    With `code`, what stands in `<code>` elements counts too.
    """
    body = body[:MAX_LENGTH]
    found: dict[str, Exposure] = {}
    for name, excerpt in list(_signs(PAGES, body)) or _traces(_visible(body, code=code)):
        found.setdefault(name, Exposure(name, excerpt))
    return tuple(found.values())


def _traces(text: str) -> list[tuple[str, str]]:
    """Traces of a text; a database's words and a path alone are told only where no trace holds them."""
    found = [*_signs(TRACES, text), *_php(text)] or list(_signs(ERRORS, text))
    if not found and (path := _PATH.search(text)):
        found.append(("server-path", _excerpt(text, path.start())))
    return found


def _signs(signs: tuple[_Sign, ...], text: str) -> Iterator[tuple[str, str]]:
    for sign in signs:
        if sign.anchor in text and sign.also in text:
            places = [match.start() for _, match in zip(range(sign.least), sign.pattern.finditer(text), strict=False)]
            if len(places) == sign.least:
                yield sign.name, _excerpt(text, places[0])


def _php(text: str) -> Iterator[tuple[str, str]]:
    if ".php" in text:
        for place in _PHP_PLACE.finditer(text):
            level = _PHP_LEVEL.search(text, max(0, place.start() - 500), place.start())
            if level:
                yield "php-error", _excerpt(text, level.start())
                return


def _visible(body: str, *, code: bool) -> str:
    """The text of an HTML body, with or without `<code>`; any other body as it is."""
    if "<" not in body or not _TAG.search(body[:5000]):
        return body
    return _unescape(_TAG.sub("", _BREAK.sub("\n", body if code else _without_code(body)))).replace("\u00a0", " ")


_CODE_TAG = re.compile(r"<(/?)code\b[^<>]{0,300}>", re.IGNORECASE)


def _without_code(body: str) -> str:
    """One that is never closed hides nothing."""
    kept, start, depth = [], 0, 0
    for tag in _CODE_TAG.finditer(body):
        if tag[1]:
            if depth == 1:
                start = tag.end()
            depth = max(0, depth - 1)
        else:
            if not depth:
                kept.append(body[start : tag.start()])
                start = tag.start()
            depth += 1
    return "".join(kept) + body[start:]


def _unescape(text: str) -> str:
    try:
        return unescape(text)
    except ValueError:
        # A character reference of more digits than int() takes is no character.
        return text


def _excerpt(text: str, position: int) -> str:
    return " ".join(text[position : position + EXCERPT].split())
