"""Secrets in what a site publishes: HTML, scripts, JSON.

Precision first: each rule knows its issuer's format, and where there is a checksum it is verified. Keys that are public
by design (Stripe `pk_`, Firebase `AIza`, Supabase `anon` and `sb_publishable_`, Mapbox `pk.`, Sentry's DSN) are no secrets,
nor are those that an issuer's documentation prints. What is found is never kept: a finding names the rule, the public prefix
and the beginning of a SHA-256.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import parse_qs, unquote

from gonogo.formats import json_text

MAX_LENGTH = 5_000_000
"""Characters of a text that are searched."""
MAX_FOUND = 50
PREFIX = 8
"""Characters of a secret that are shown at most; no more than its issuer puts before every key."""


@dataclass(frozen=True, slots=True)
class Secret:
    rule: str
    prefix: str
    """The issuer's prefix, which tells nothing of the secret; empty where there is none."""
    digest: str
    """First 8 hexadecimal digits of the SHA-256 of the whole, to tell two secrets apart."""
    position: int
    """Index in the text."""


@dataclass(frozen=True, slots=True)
class Rule:
    name: str
    anchors: tuple[str, ...]
    """Lower-case; one of them stands in every text that matches, so most texts need no expression."""
    pattern: re.Pattern[str]
    """The group `key` is the secret where there is one, the whole match otherwise."""
    prefix: int = 4
    """Characters at its beginning that are the issuer's and no secret."""
    proves: Callable[[str], bool] | None = None
    """A further test of the secret."""


_BASE62 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"


def has_checksum(token: str) -> bool:
    """Whether the last six characters are the CRC-32, in base 62, of those between `ghp_` and them."""
    body = token.partition("_")[2]
    number, digits = zlib.crc32(body[:-6].encode()), ""
    while number:
        number, rest = divmod(number, 62)
        digits = _BASE62[rest] + digits
    return digits.rjust(6, "0") == body[-6:]


_PLACEHOLDER = re.compile(
    r"example|placeholder|your|x{4}|\*{3}|\.{3}|changeme|change_me|dummy|redacted|sample|replace|insert|todo|\$\{|<|&lt;|%3c"
    r"|\{\{|%\(",
    re.IGNORECASE,
)
_WORDS = re.compile(r"[a-z_-]{16,}")
"""Small letters and dashes alone: a class of a style sheet or a name in code; a random key of 16 has others, but for one in a
million."""
SAMPLES = frozenset(
    {
        "2cafc097",  # Stripe's documentation
        "f2d6ca16",
        "7e8de44e",
        "c85debb5",  # what `supabase start` gives to every developer
        "6d7fa4e6",  # GitHub's documentation
        "f5375a46",  # Slack's documentation
        "a45404ae",  # RFC 7517 appendix A
        "5ccf2edb",  # RFC 7515 appendix A
        "8b1b17a9",
        "2e69458a",  # RFC 8037 appendix A
    }
)
"""Digests of keys that their issuers print in their documentation: they open nothing."""
_COMMON_PASSWORDS = frozenset(
    {"", "password", "pass", "passwd", "pwd", "secret", "postgres", "root", "admin", "user", "test", "guest", "mysql"}
    | {"mongodb", "redis", "pw", "p4ssw0rd", "hunter2", "foo", "bar", "abc", "1234", "12345", "123456", "mypassword"}
    | {"username", "db_password", "dbpassword", "token"}
)
_SEQUENCES = ("0123456789abcdef", "abcdefghijklmnop", "1234567890", "fedcba98")
MIN_DISTINCT = 7
"""Different characters in a key; a random one of 16 or more practically always has more."""


def is_placeholder(text: str) -> bool:
    """Whether a key is a documentation's stand-in: a word, a run of one letter, the alphabet."""
    lowered = text.lower()
    return (
        _PLACEHOLDER.search(text) is not None
        or len(set(lowered)) < MIN_DISTINCT
        or _WORDS.fullmatch(text) is not None
        or any(sequence in lowered for sequence in _SEQUENCES)
    )


_LEET = str.maketrans("043157$@!", "oaeistsai")
_STAND_IN = re.compile(
    r"(?:(?:my|the|some|a|db|database|user|super|very|top|strong|secure|app|test|dev|local|new|default)[ _.-]?){0,3}"
    r"(?:password|passwd|passphrase|passwort|pass|pwd|pw|secret|token|apikey|api_key|key)"
)
FEWEST_LETTERS = 5
"""Different characters in a password; documentation has shorter ones, and whoever uses one has no secret."""
_VARIABLE = re.compile(r"[$\[{:]|#\{|%(?![0-9a-f]{2})")


def _is_password(text: str) -> bool:
    """Whether it may be a real one: no variable, and no word that documentation puts in a password's place."""
    lowered = text.lower().strip("'\"")
    word = unquote(lowered).rstrip("0123456789!._-])}").translate(_LEET)
    return (
        lowered not in _COMMON_PASSWORDS
        and _PLACEHOLDER.search(text) is None
        and _VARIABLE.match(lowered) is None
        and _STAND_IN.fullmatch(word) is None
        and len(set(unquote(lowered))) >= FEWEST_LETTERS
    )


_PORT = re.compile(r"[0-9]{1,5}(?![^,;|&])")


def _is_url_password(text: str) -> bool:
    """No port either, as in the list `https://a.example:443,me@b.example`, and nothing behind an address's authority, which `?` and
    `#` end (WHATWG URL §4.4)."""
    return _PORT.match(text) is None and not set(text) & {"?", "#"} and _is_password(text)


def _rule(name: str, anchors: str, pattern: str, prefix: int = 4, proves: Callable[[str], bool] | None = None) -> Rule:
    return Rule(name, tuple(anchors.split()), re.compile(pattern), prefix, proves)


_MARK = r"(?:0[9ADad]|2[0-9A-CEFa-cef]|3[A-Fa-f]|40|5[B-Db-d]|60|7[B-Db-d])"
"""Hexadecimal of an ASCII character that is no letter, digit, `-` or `_`, so that a key may stand after it."""
_ESCAPED = rf"(?<=\\[nrt])|(?<=%{_MARK})|(?<=%25{_MARK})|(?<=\\x{_MARK})|(?<=\\u00{_MARK})"
"""Behind a character that is written as an escape, in a string of JavaScript or JSON or in an address."""
_START, _END = rf"(?:(?<![A-Za-z0-9_-])|{_ESCAPED})", r"(?![A-Za-z0-9_-])"
_SENTRY = r"[0-9a-f]{32}:[0-9a-f]{32}@[A-Za-z0-9.-]{3,100}/[0-9]"
_CREDENTIALS = (
    r"(?!(?P=user)@)(?P<key>[^\s@/\\\"'<>`]{1,200})@(?!(?:[\w-]{1,63}\.){0,5}(?:example(?:\.(?:com|org|net))?|invalid|test)"
    r"(?![\w.-]))[A-Za-z0-9\[]"
)
"""A password in a URL, and the beginning of its host. One that is the user's name again, or for a host that exists in
documentation only (RFC 2606), is an example."""
_QUOTE = r"(?:\\{0,3}[\"'`]|\\{1,3}u00(?:22|27)|\\{1,3}x2[27]|%2[27]|&quot;|&#(?:34|39|x22|x27);)"
"""In JSON within JSON, within JavaScript, in an address or in HTML too."""
_KEY = rf"{_QUOTE}?\s{{0,5}}(?:=>|[:=]|%3[ADad]|\\{{1,3}}u003[ADad])\s{{0,5}}{_QUOTE}?"
_LINE = (
    r"(?:\s|\\{1,4}[nr]|\\{1,4}u000[adAD]|\\{1,4}x0[adAD]|%0[adAD]|&#(?:10|13|xa|xd);|<br ?/?>"
    r"|[\"'`]\s{0,40}[+.,]?\s{0,40}[\"'`]){0,12}"
)
"""Between the lines of a key, however they are written: an end of line, its escape, or strings that are joined."""
_SPACE = r"(?:[ +]|%20)"
_JWK = rf"{_QUOTE}?kty{_QUOTE}?\s{{0,5}}:\s{{0,5}}{_QUOTE}"
_JWK_D = rf"(?<![\w-])d{_QUOTE}?\s{{0,5}}:\s{{0,5}}{_QUOTE}(?P<key>[A-Za-z0-9_-]{{40,800}}){_END}"


def _is_mixed(text: str) -> bool:
    """Whether it looks drawn at random, and is no name in code: digits, small letters and capitals, none of them rare."""
    digits, capitals = sum(map(str.isdigit, text)), sum(map(str.isupper, text))
    small = sum(map(str.islower, text))
    return not is_placeholder(text) and digits * 25 >= len(text) and min(capitals, small) >= 3


def _is_hugging_face(text: str) -> bool:
    """Its keys are letters alone: about half of them are capitals, of a name in code a few."""
    capitals = sum(map(str.isupper, text[3:]))
    return not is_placeholder(text[3:]) and 9 <= capitals <= 25


def _is_azure_signature(text: str) -> bool:
    """Whether a shared access signature allows more than to read: reading is what such an address is published for."""
    asked = parse_qs(text.replace("&amp;", "&").replace("\\u0026", "&"), max_num_fields=40)
    rights = "".join(asked.get("sp", ()))
    return {"sig", "se"} <= set(asked) and bool(set("acdwlux") & set(rights)) and not is_placeholder(asked["sig"][0])


RULES: tuple[Rule, ...] = (
    _rule("aws-access-key-id", "akia asia", rf"{_START}(?:AKIA|ASIA)[A-Z2-7]{{16}}{_END}"),
    _rule(
        "aws-secret-access-key",
        "secret_access_key secretaccesskey aws_secret_key",
        rf"(?i:aws_?secret_?access_?key|secret_?access_?key|aws_secret_key){_KEY}(?P<key>[A-Za-z0-9/+]{{40}})(?![A-Za-z0-9/+=])",
        0,
    ),
    _rule("github-token", "ghp_ gho_ ghu_ ghs_ ghr_", rf"{_START}gh[pousr]_[A-Za-z0-9]{{36}}{_END}", 4, has_checksum),
    _rule(
        "github-token",
        "ghs_ ghr_",
        rf"{_START}(?:ghr_[A-Za-z0-9]{{76}}{_END}"
        rf"|ghs_[A-Za-z0-9]{{1,20}}_eyJ[\w-]{{10,2000}}+\.[\w-]{{10,4000}}+\.[\w-]{{10,2000}})",
    ),
    _rule(
        "github-fine-grained-token", "github_pat_", rf"{_START}github_pat_[A-Za-z0-9]{{22}}_[A-Za-z0-9]{{59}}{_END}", 11
    ),
    _rule("gitlab-token", "glpat-", rf"{_START}glpat-[A-Za-z0-9_-]{{20,300}}", 6),
    _rule(
        "gitlab-token",
        "gldt- glrt- glcbt- glptt- gloas- glsoat- glagent-",
        rf"{_START}gl(?:dt|rt|cbt|ptt|oas|soat|agent)-[A-Za-z0-9_-]{{20,300}}",
        5,
    ),
    _rule("docker-token", "dckr_pat_ dckr_oat_", rf"{_START}dckr_(?:pat_[\w-]{{27}}|oat_[\w-]{{27,60}}){_END}", 8),
    _rule("slack-token", "xox", rf"{_START}xox[abceoprs]-(?:[0-9]{{6,20}}-){{1,3}}[A-Za-z0-9]{{16,80}}{_END}", 5),
    _rule("slack-token", "xoxe", rf"{_START}xoxe(?:\.xox[bp])?-[0-9]-[A-Za-z0-9]{{120,250}}{_END}", 5),
    _rule(
        "slack-app-token", "xapp-", rf"{_START}xapp-[0-9]-A[A-Z0-9]{{8,14}}-[0-9]{{8,20}}-[A-Za-z0-9]{{32,80}}{_END}", 5
    ),
    _rule(
        "slack-webhook",
        "hooks.slack.com",
        r"hooks\.slack\.com/services/(?P<key>T[A-Z0-9]{6,14}/B[A-Z0-9]{6,14}/[A-Za-z0-9]{18,32})(?![A-Za-z0-9])",
        1,
    ),
    _rule("stripe-secret-key", "k_live_", rf"{_START}[sr]k_live_[A-Za-z0-9]{{16,250}}{_END}", 8),
    _rule("stripe-test-secret-key", "k_test_", rf"{_START}[sr]k_test_[A-Za-z0-9]{{16,250}}{_END}", 8),
    _rule("stripe-webhook-secret", "whsec_", rf"{_START}whsec_[A-Za-z0-9+/]{{24,80}}", 6),
    _rule("google-client-secret", "gocspx-", rf"{_START}GOCSPX-[A-Za-z0-9_-]{{28}}{_END}", 7),
    _rule("google-access-token", "ya29.", rf"{_START}ya29\.(?:[a-z]\.)?[A-Za-z0-9_-]{{90,1000}}", 5),
    _rule(
        "private-key",
        "private",
        rf"-----BEGIN{_SPACE}(?:(?:RSA|EC|DSA|OPENSSH|ENCRYPTED|PGP){_SPACE})?PRIVATE{_SPACE}KEY(?:{_SPACE}BLOCK)?-----{_LINE}"
        rf"(?:[A-Za-z-]{{1,20}}: [^\n\\]{{0,80}}{_LINE}){{0,4}}(?P<key>(?:[A-Za-z0-9+/=]|\\{{1,2}}/|%2[BFbf]|%3[Dd]){{40,100}})",
        0,
    ),
    _rule("npm-token", "npm_", rf"{_START}npm_[A-Za-z0-9]{{36}}{_END}"),
    _rule("pypi-token", "pypi-age", rf"{_START}pypi-AgE[A-Za-z0-9_-]{{50,500}}", 8),
    _rule("sendgrid-key", "sg.", rf"{_START}SG\.[A-Za-z0-9_-]{{22}}\.[A-Za-z0-9_-]{{43}}{_END}", 3),
    _rule(
        "twilio-token",
        "twilio",
        rf"(?i:twilio[\w.-]{{0,30}}(?:token|secret)){_KEY}(?P<key>[0-9a-f]{{32}})(?![0-9a-f])",
        0,
    ),
    _rule("mailgun-key", "mailgun", rf"{_START}key-[0-9a-f]{{32}}{_END}"),
    _rule("azure-storage-key", "accountkey=", r"AccountKey=(?P<key>[A-Za-z0-9+/]{86}==)", 0),
    _rule(
        "connection-string",
        "postgres mysql mariadb mongodb redis amqp mssql",
        rf"(?:(?<![A-Za-z0-9_+-])|{_ESCAPED})(?:postgres(?:ql)?|mysql|mariadb|mongodb|rediss?|amqps?|mssql)"
        r"(?:\+[a-z0-9]{1,20})?"
        rf":(?:\\?/){{2}}(?P<user>[^\s:/@\"'<>`]{{0,100}}):{_CREDENTIALS}",
        0,
        _is_password,
    ),
    _rule(
        "url-credentials",
        "@",
        rf":(?:\\?/){{2}}(?!{_SENTRY})(?P<user>[^\s:/?#@\\\"'<>`(){{}}\[\],;|]{{0,100}}):{_CREDENTIALS}",
        0,
        _is_url_password,
    ),
    _rule("sentry-secret-dsn", "@", r"https?://(?P<key>[0-9a-f]{32}:[0-9a-f]{32})@[A-Za-z0-9.-]{3,100}/[0-9]{1,20}", 0),
    _rule("anthropic-key", "sk-ant-", rf"{_START}sk-ant-[a-z]{{3,5}}[0-9]{{2}}-[A-Za-z0-9_-]{{80,120}}", 7),
    _rule(
        "openai-key",
        "sk-proj- sk-svcacct- sk-admin-",
        rf"{_START}sk-(?:proj|svcacct|admin)-[A-Za-z0-9_-]{{40,220}}",
        7,
        lambda key: _is_mixed(key.split("-", 2)[2]),
    ),
    _rule("openai-key", "t3blbkfj", rf"{_START}sk-[A-Za-z0-9]{{20}}T3BlbkFJ[A-Za-z0-9]{{20}}{_END}", 3),
    _rule("supabase-secret-key", "sb_secret_", rf"{_START}sb_secret_[\w-]{{22}}_[\w-]{{8}}{_END}", 8),
    _rule("supabase-access-token", "sbp_", rf"{_START}sbp_(?:oauth_)?[0-9a-f]{{40}}{_END}", 4),
    _rule("mapbox-secret-token", "sk.eyj", rf"{_START}sk\.eyJ[A-Za-z0-9_-]{{20,400}}\.[A-Za-z0-9_-]{{20,40}}{_END}", 3),
    _rule("digitalocean-token", "dop_v1_", rf"{_START}dop_v1_[0-9a-f]{{64}}{_END}", 7),
    _rule("shopify-token", "shpat_ shpss_", rf"{_START}shp(?:at|ss)_[0-9a-fA-F]{{32}}{_END}", 6),
    _rule("hugging-face-token", "hf_", rf"{_START}hf_[A-Za-z]{{34}}{_END}", 3, _is_hugging_face),
    _rule("private-jwk", "kty", rf"{_JWK}(?:EC|RSA|OKP){_QUOTE}(?:(?!kty)[^{{}}]){{0,2500}}?{_JWK_D}", 0),
    _rule(
        "private-jwk",
        "kty",
        rf"{_JWK_D}(?:(?!kty|(?<![\w-])d{_QUOTE})[^{{}}]){{0,2500}}?{_JWK}(?:EC|RSA|OKP){_QUOTE}",
        0,
    ),
    _rule("airtable-token", "pat", rf"{_START}pat[A-Za-z0-9]{{14}}\.[0-9a-f]{{64}}{_END}", 3),
    _rule("notion-token", "ntn_", rf"{_START}ntn_[A-Za-z0-9]{{46}}{_END}", 4, lambda key: _is_mixed(key[4:])),
    _rule("notion-token", "secret_", rf"{_START}secret_[A-Za-z0-9]{{43}}{_END}", 7, lambda key: _is_mixed(key[7:])),
    _rule("linear-key", "lin_api_", rf"{_START}lin_api_[A-Za-z0-9]{{40}}{_END}", 8),
    _rule("telegram-bot-token", ":aa", rf"(?:{_START}|(?<=bot))(?P<key>[0-9]{{8,10}}:AA[A-Za-z0-9_-]{{33}}){_END}", 0),
    _rule(
        "discord-webhook",
        "webhooks",
        r"discord(?:app)?\.com\\?/api\\?/(?:v[0-9]{1,2}\\?/)?webhooks\\?/[0-9]{17,20}\\?/(?P<key>[A-Za-z0-9_-]{60,80})",
        0,
    ),
    _rule("atlassian-token", "atatt3", rf"{_START}ATATT3[A-Za-z0-9_=-]{{150,250}}", 6),
    _rule("grafana-token", "glsa_", rf"{_START}glsa_[A-Za-z0-9]{{32}}_[0-9A-Fa-f]{{8}}{_END}", 5),
    _rule("groq-key", "gsk_", rf"{_START}gsk_[A-Za-z0-9]{{52}}{_END}", 4),
    _rule("openrouter-key", "sk-or-v1-", rf"{_START}sk-or-v1-[0-9a-f]{{64}}{_END}", 8),
    _rule("xai-key", "xai-", rf"{_START}xai-[A-Za-z0-9]{{80}}{_END}", 4),
    _rule("perplexity-key", "pplx-", rf"{_START}pplx-[A-Za-z0-9]{{48}}{_END}", 5),
    _rule("replicate-token", "r8_", rf"{_START}r8_[A-Za-z0-9]{{37}}{_END}", 3, lambda key: _is_mixed(key[3:])),
    _rule(
        "resend-key", "re_", rf"{_START}re_[A-Za-z0-9]{{8}}_[A-Za-z0-9]{{24}}{_END}", 3, lambda key: _is_mixed(key[3:])
    ),
    _rule("netlify-token", "nfp_", rf"{_START}nfp_[A-Za-z0-9]{{36}}{_END}", 4),
    _rule("planetscale-key", "pscale_", rf"{_START}pscale_(?:pw|tkn|oauth)_[A-Za-z0-9_.=-]{{32,64}}", 7),
    _rule("square-token", "sq0", rf"{_START}(?:sq0csp-[A-Za-z0-9_-]{{43}}|sq0atp-[A-Za-z0-9_-]{{22}}){_END}", 7),
    _rule("new-relic-key", "nrak-", rf"{_START}NRAK-[A-Z0-9]{{27}}{_END}", 5),
    _rule("sentry-token", "sntrys_", rf"{_START}sntrys_[A-Za-z0-9+/=_-]{{60,500}}", 7),
    _rule("sentry-token", "sntryu_", rf"{_START}sntryu_[0-9a-f]{{64}}{_END}", 7),
    _rule("mailchimp-key", "-us", rf"{_START}(?P<key>[0-9a-f]{{32}}-us[0-9]{{1,2}}){_END}(?!\.\w)", 0),
    _rule("heroku-key", "hrku-", rf"{_START}HRKU-AA[A-Za-z0-9_-]{{58}}{_END}", 5),
    _rule(
        "braintree-token",
        "access_token$production$",
        r"access_token\$production\$[0-9a-z]{16}\$[0-9a-f]{32}(?![0-9a-f])",
        8,
    ),
    _rule(
        "azure-shared-access-signature",
        "sig=",
        r"\?(?P<key>(?=[^\s\"'<>`]{0,900}sig=)(?:[a-z]{2,6}=[^\s\"'<>`&\\]{1,200}(?:&amp;|&|\\u0026)?){4,20})",
        0,
        _is_azure_signature,
    ),
    _rule(
        "connection-string",
        "jdbc:",
        r"jdbc:(?:[a-z0-9]{1,20}:){1,3}(?:\\?/){2}[^\s\"'<>`?;]{1,200}[?;](?:[A-Za-z]{1,40}=[^\s\"'<>`&;\\]{0,100}"
        r"(?:&amp;|&|;|\\u0026)){0,15}password=(?P<key>[^\s\"'<>`&;\\]{1,100})",
        0,
        _is_password,
    ),
    _rule(
        "connection-string",
        "password= pwd=",
        r"(?<!\w)(?i:server|data source|host)\s?=\s?[\w.:,\\-]{1,100};(?:[A-Za-z][A-Za-z ]{1,30}=[^;\"'<>`=\n]{0,100};\s?){0,12}"
        r"(?i:password|pwd)\s?=\s?(?P<key>[^;\"'<>`\s\\]{1,100})",
        0,
        _is_password,
    ),
)

_TOKEN = re.compile(
    rf"(?:(?<![A-Za-z0-9_.-])|{_ESCAPED})(eyJ[A-Za-z0-9_-]{{10,4000}}+)\.(eyJ[A-Za-z0-9_-]{{2,8000}}+)\.[A-Za-z0-9_-]{{16,2000}}{_END}"
)


def find(text: str, *, at: datetime) -> tuple[Secret, ...]:
    """Every secret in a text, in order. `at` tells which JSON Web Tokens are still valid. Any text is accepted."""
    text = text[:MAX_LENGTH]
    lowered = text.lower()
    found: dict[str, Secret] = {}
    for rule in RULES:
        if any(anchor in lowered for anchor in rule.anchors):
            for one in _matches(rule, text, lowered):
                found.setdefault(one.digest, one)
    if "eyj" in lowered:
        for one in _tokens(text, at):
            found.setdefault(one.digest, one)
    return tuple(sorted(found.values(), key=lambda one: (one.position, one.rule)))[:MAX_FOUND]


def _matches(rule: Rule, text: str, lowered: str) -> Iterator[Secret]:
    name = rule.name
    if name == "private-key" and '"service_account"' in lowered:
        name = "google-service-account"
    for match in rule.pattern.finditer(text):
        secret = match["key"] if "key" in rule.pattern.groupindex else match[0]
        proven = rule.proves(secret) if rule.proves is not None else not is_placeholder(secret[rule.prefix :])
        if proven and (found := _secret(name, secret, rule.prefix, match.start())).digest not in SAMPLES:
            yield found


def _secret(rule: str, text: str, prefix: int, position: int) -> Secret:
    digest = hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:8]
    return Secret(rule, text[: min(prefix, PREFIX)], digest, position)


def _tokens(text: str, at: datetime) -> Iterator[Secret]:
    """JSON Web Tokens (RFC 7519) that open something: Supabase's service role, and a subject's unexpired session."""
    for match in _TOKEN.finditer(text):
        header, claims = _claims(match[1]), _claims(match[2])
        if "alg" not in header:
            continue
        role = claims.get("role")
        if claims.get("iss") == "supabase-demo" or claims.get("sub") == "1234567890":
            # What every Supabase begins with on a developer's machine, and jwt.io's example of a token.
            continue
        if role == "service_role":
            yield _secret("supabase-service-role", match[0], 3, match.start())
        elif role != "anon" and _is_session(header, claims) and _is_valid(claims.get("exp"), at):
            yield _secret("session-token", match[0], 3, match.start())


_HASURA = "https://hasura.io/jwt/claims"
_PLAYBACK = frozenset({"v", "t", "g", "s", "d"})
"""Audiences of Mux's signed addresses: a film, its pictures, its figures; made to stand in a page."""


def _is_session(header: dict[str, object], claims: dict[str, object]) -> bool:
    """Whether a token speaks for somebody: it names a user, or says that it gives access."""
    audience = claims.get("aud")
    if isinstance(audience, str) and audience in _PLAYBACK and ("kid" in header or "kid" in claims):
        return False
    rights = claims.get(_HASURA)
    if isinstance(rights, dict):
        return str(rights.get("x-hasura-default-role")) not in {"anonymous", "anon", "public"}
    return (
        any(claims.get(name) for name in ("sub", "user_id", "userId", "uid", "email"))
        or str(claims.get("token_type")) in {"access", "refresh"}
        or ("id" in claims and "exp" in claims)
    )


def _is_valid(expiry: object, at: datetime) -> bool:
    """A token without an expiry never expires (RFC 7519 §4.1.4)."""
    return not isinstance(expiry, int | float) or expiry > at.timestamp()


def _claims(part: str) -> dict[str, object]:
    try:
        said = json_text.parse(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)).decode("utf-8", "replace"))
    except (binascii.Error, ValueError):
        return {}
    return said if isinstance(said, dict) else {}
