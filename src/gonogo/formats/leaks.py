"""Files that a web server should not hand out, and how to tell by their content that it does.

A status of 200 proves nothing: single-page applications answer every path with their start page. Each entry therefore
names what its content must look like.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from gonogo.formats import json_text

MAX_LENGTH = 1_000_000
"""Characters of an answer that are judged."""


@dataclass(frozen=True, slots=True)
class Leak:
    path: str
    what: str
    why: str
    proof: Callable[[str], bool]
    """Whether a body, cut to `MAX_LENGTH`, is the thing itself."""
    is_page: bool = False
    """Whether the thing is an HTML page; other things never are."""

    def proves(self, body: str, content_type: str = "") -> bool:  # noqa: ARG002
        """Whether an answer's body is what the path promises. Any text is accepted; the status must be 200 or 206.

        The content type proves nothing either way: servers send unknown files as text/html too.
        """
        text = body[:MAX_LENGTH]
        return (self.is_page or not is_html(text)) and self.proof(text)


_HTML = re.compile(r"\A\ufeff?\s*(?:<!--[^>]{0,500}-->\s*)?<(?:!doctype\s+html|html|head|body)\b", re.IGNORECASE)


def is_html(text: str) -> bool:
    """Whether a body begins as an HTML document does."""
    return _HTML.match(text[:2000]) is not None


def _pattern(*expressions: str) -> Callable[[str], bool]:
    """A proof that holds where every expression is found, `^` and `$` at line ends."""
    compiled = tuple(re.compile(one, re.MULTILINE) for one in expressions)
    return lambda text: all(one.search(text) is not None for one in compiled)


_SETTING = re.compile(r"(?:export[ \t]+)?[A-Za-z_][A-Za-z0-9_.]*[ \t]*=.*")
_SHOUTED = re.compile(r"(?:export[ \t]+)?[A-Z][A-Z0-9_]+[ \t]*=[ \t]*\S")
_NAMED = re.compile(
    r"(?:export[ \t]+)?(?:[a-z0-9_.]*[_.])?(?:pass(?:word|wd|phrase)?|pwd|secret|token|key|dsn|database|db|host|user|url|uri|env)"
    r"(?:[_.][a-z0-9_.]*)?[ \t]*=[ \t]*[^\s=]",
    re.IGNORECASE,
)
"""A setting of an application by its name, for files without capitals; `==` is code."""
MAX_NAME = 200
"""Characters of a line in which its name is looked for."""


def _is_dotenv(text: str) -> bool:
    lines = [line.strip() for line in text[:100_000].splitlines()]
    lines = [line for line in lines if line and not line.startswith("#")]
    settings = sum(1 for line in lines if _SETTING.fullmatch(line))
    is_named = any(_SHOUTED.match(line) or _NAMED.match(line[:MAX_NAME]) for line in lines)
    return is_named and settings * 10 >= len(lines) * 8


def _object(text: str) -> dict[str, object]:
    if not text.lstrip("\ufeff \t\r\n").startswith("{"):
        return {}
    try:
        found = json_text.parse(text)
    except json_text.NotJson:
        return {}
    return found if isinstance(found, dict) else {}


PRIVATE_ENDPOINTS = frozenset(
    {"env", "heapdump", "configprops", "beans", "loggers", "threaddump", "mappings", "httptrace", "shutdown", "jolokia"}
)


def _is_actuator(text: str) -> bool:
    links = _object(text).get("_links")
    return isinstance(links, dict) and bool(PRIVATE_ENDPOINTS & set(links))


def _is_terraform_state(text: str) -> bool:
    state = _object(text)
    return "terraform_version" in state and ("resources" in state or "modules" in state)


def _is_sftp(text: str) -> bool:
    said = _object(text)
    return "host" in said and bool({"password", "privateKeyPath", "username", "remotePath"} & set(said))


_dump = _pattern(r"^(?:CREATE TABLE|INSERT INTO|COPY \S+ \(|-- (?:MySQL|MariaDB|PostgreSQL database) dump)")

LEAKS: tuple[Leak, ...] = (
    Leak(
        "/.git/HEAD",
        "a Git repository",
        "the whole source and its history can be fetched",
        _pattern(r"\A(?:ref: refs/\S+|[0-9a-f]{40}|[0-9a-f]{64})\s*\Z"),
    ),
    Leak(
        "/.git/config",
        "a Git repository's settings",
        "remote addresses, sometimes with tokens",
        _pattern(r"^\[core\]", r"^\s*repositoryformatversion\s*="),
    ),
    Leak("/.env", "an environment file", "passwords and keys of the application", _is_dotenv),
    Leak("/.env.local", "an environment file", "passwords and keys of the application", _is_dotenv),
    Leak("/.env.production", "an environment file", "passwords and keys of the application", _is_dotenv),
    Leak(
        "/.svn/entries",
        "a Subversion working copy",
        "the source can be fetched",
        _pattern(r"\A(?:\d{1,2}\s*$|<\?xml[^>]{0,200}>\s*<wc-entries)"),
    ),
    Leak("/.svn/wc.db", "a Subversion working copy", "the source can be fetched", _pattern(r"\ASQLite format 3\x00")),
    Leak(
        "/.DS_Store", "a macOS folder index", "names of files that no page links to", _pattern(r"\A[\x00-\x08]{4}Bud1")
    ),
    Leak(
        "/server-status",
        "a web server's status page",
        "addresses of visitors and the URLs they ask for",
        _pattern(r"Apache Server Status for|^Active connections: \d+|^(?:ServerVersion|Total Accesses):"),
        is_page=True,
    ),
    Leak(
        "/server-info",
        "Apache's settings",
        "modules and configuration",
        _pattern(r"Apache Server Information", r"Server (?:Settings|Version)|Module Name"),
        is_page=True,
    ),
    Leak(
        "/phpinfo.php",
        "PHP's settings",
        "paths, versions and environment variables",
        _pattern(r"<title>(?:PHP \S+ - )?phpinfo\(\)", r"PHP Version"),
        is_page=True,
    ),
    Leak("/actuator", "Spring Boot's management endpoints", "environment, heap and loggers are in reach", _is_actuator),
    Leak(
        "/actuator/env",
        "Spring Boot's environment",
        "settings, sometimes with passwords",
        lambda text: isinstance(_object(text).get("propertySources"), list),
    ),
    Leak(
        "/debug/pprof/",
        "Go's profiler",
        "memory contents, and a way to load the server",
        _pattern(r"/debug/pprof/", r"\bgoroutine\b", r"\bheap\b"),
        is_page=True,
    ),
    Leak(
        "/debug/vars",
        "Go's exported variables",
        "the command line and memory figures",
        lambda text: {"cmdline", "memstats"} <= set(_object(text)),
    ),
    Leak(
        "/.aws/credentials",
        "AWS credentials",
        "access to the cloud account",
        _pattern(r"^\[[^\]\n]{1,100}\]", r"^\s*aws_(?:access_key_id|secret_access_key)\s*=\s*\S"),
    ),
    Leak(
        "/.npmrc",
        "npm's settings with a token",
        "packages can be published in your name",
        _pattern(r"^[^#;\n]{0,200}_(?:authToken|auth|password)\s*=\s*\S"),
    ),
    Leak(
        "/.htpasswd",
        "Apache's password file",
        "password hashes to guess at",
        _pattern(r"\A\s*[^\s:<>]{1,255}:(?:\$(?:apr1|2[aby]|[156])\$\S+|\{SHA\}\S+|[./0-9A-Za-z]{13})\s*$"),
    ),
    Leak("/backup.sql", "a database dump", "all data", _dump),
    Leak("/dump.sql", "a database dump", "all data", _dump),
    Leak(
        "/docker-compose.yml",
        "the deployment's description",
        "services, versions and often passwords",
        _pattern(r"^services:\s*$", r"^\s+(?:image|build):"),
    ),
    Leak(
        "/wp-config.php.bak",
        "WordPress's settings",
        "the database password",
        _pattern(r"define\(\s*['\"]DB_(?:PASSWORD|NAME)['\"]"),
    ),
    Leak(
        "/id_rsa",
        "a private key",
        "whoever has it logs in",
        _pattern(r"\A\s*-----BEGIN (?:RSA |OPENSSH |EC |DSA |ENCRYPTED )?PRIVATE KEY-----"),
    ),
    Leak("/.vscode/sftp.json", "an editor's upload settings", "host and password of the server", _is_sftp),
    Leak(
        "/elmah.axd",
        "the error log of an ASP.NET application",
        "stack traces and cookies of visitors",
        _pattern(r"(?i)Error Log for", r"(?i)\bELMAH\b"),
        is_page=True,
    ),
    Leak(
        "/trace.axd",
        "ASP.NET's request trace",
        "headers and cookies of visitors",
        _pattern(r"(?i)Application Trace", r"(?i)Requests to this Application"),
        is_page=True,
    ),
    Leak(
        "/_profiler/",
        "Symfony's profiler",
        "requests, settings and environment",
        _pattern(r"(?i)<title>[^<]{0,80}Symfony Profiler"),
        is_page=True,
    ),
    Leak(
        "/telescope/requests",
        "Laravel's Telescope",
        "requests, queries and mails",
        _pattern(r"<title>\s*Telescope\b", r"(?:vendor/)?telescope/app"),
        is_page=True,
    ),
    Leak(
        "/storage/logs/laravel.log",
        "Laravel's log",
        "stack traces and data of users",
        _pattern(
            r"^\[\d{4}-\d\d-\d\d[T ][^\]\n]{5,40}\] [\w-]{1,40}\.(?:DEBUG|INFO|NOTICE|WARNING|ERROR|CRITICAL|ALERT|EMERGENCY):"
        ),
    ),
    Leak(
        "/web.config",
        "IIS's settings",
        "connection strings and machine keys",
        _pattern(r"<configuration\b", r"<(?:system\.web|appSettings|connectionStrings|system\.webServer)\b"),
    ),
    Leak("/WEB-INF/web.xml", "a Java application's descriptor", "its internal structure", _pattern(r"<web-app\b")),
    Leak("/terraform.tfstate", "Terraform's state", "the infrastructure, with passwords in clear", _is_terraform_state),
)


def is_source_map(body: str) -> bool:
    """Whether a body is a source map (ECMA-426 §9): an object with version 3 and mappings, or an index of sections."""
    text = body.removeprefix(")]}'").lstrip("\ufeff \t\r\n")
    if not text.startswith("{"):
        return False
    if len(text) > MAX_LENGTH:
        # Too long to parse for a yes or no: its members stand in the text, in whatever order.
        return bool(re.search(r'"version"\s*:\s*3\b', text)) and bool(re.search(r'"mappings"\s*:\s*"', text))
    said = _object(text)
    return said.get("version") == 3 and (
        isinstance(said.get("mappings"), str) or isinstance(said.get("sections"), list)
    )


_MAP_COMMENT = re.compile(r"(?://|/\*)[#@]\s{0,20}sourceMappingURL=([^\s\"'`*]{1,2000})\s{0,20}(?:\*/)?")
_MAP_INSIDE = re.compile(
    r"sourceMappingURL=data:[^,\"'`\s]{0,120},(?:e[wy][A-Za-z0-9+/]{40}|(?:\{|%7[Bb])\s{0,9}(?:\"|\\\"|%22))"
)
_COMMENT = re.compile(r"//[^\n\r\u2028\u2029]*|/\*(?:[^*]|\*(?!/))*+\*/")
_LINE = re.compile(r"[\n\r\u2028\u2029]")
TAIL = 20_000
"""Characters at a script's end in which the comments that name its source map are looked for."""


def holds_source_map(script: str) -> bool:
    """Whether a script holds a source map as a data: address; code that would write such an address holds none."""
    return _MAP_INSIDE.search(script) is not None


def source_map_name(script: str) -> str:
    """The address that a script's last comments name for its source map (ECMA-426 §11.1.2.1); empty if they name none.

    A comment with code after it counts for nothing: it belongs to one of several scripts that were joined.
    """
    for line in reversed(_LINE.split(script[-TAIL:])):
        named = list(_MAP_COMMENT.finditer(line))
        if named and not line[named[-1].end() :].strip():
            return named[-1][1]
        if _COMMENT.sub("", line).strip():
            return ""
    return ""


_WORD = re.compile(r"[^\W_][\w-]*")
_VARYING = re.compile(r"\d")
_HIDDEN = re.compile(
    r"(?:nonce|integrity|value|content|data-[a-z-]{1,40}|csrf-token|_token)\s*=\s*(?:\"[^\"<>]{0,400}\"|'[^'<>]{0,400}')",
    re.IGNORECASE,
)
SAME = 0.9
"""Share of common words from which two pages count as one."""
FEW = 4
"""Words that may differ where pages are short: an echoed path, a request's id."""


def same_page(a: str, b: str, *, paths: Sequence[str] = ()) -> bool:
    """Whether two bodies are the same page but for what varies: an echoed path, nonces, times, tokens.

    Tells a "not found" page that is sent with status 200 from a thing. `paths` are those that were asked for.
    """
    first, second = _words(a, paths), _words(b, paths)
    common = sum((first & second).values())
    longest = max(first.total(), second.total())
    if common >= SAME * longest:
        return True
    return longest - common <= FEW and common * 2 >= longest


def _words(text: str, paths: Sequence[str]) -> Counter[str]:
    text = text[:200_000]
    for path in paths:
        if path.strip("/"):
            text = text.replace(path, " ").replace(path.strip("/"), " ")
    words = _WORD.findall(_HIDDEN.sub(" ", text))
    return Counter(word for word in words if len(word) <= 24 and not _VARYING.search(word))
