"""Every rule finds a made-up secret of its format, and a corpus of harmless text has none.

Secrets are put together at run time, so that the repository holds none.
"""

from __future__ import annotations

import base64
import hashlib
import json
import random
import string
import zlib
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from quick import seconds

from gonogo.formats import secrets

AT = datetime(2026, 11, 21, tzinfo=UTC)
WORDS = string.ascii_letters + string.digits
HEX = "0123456789abcdef"
BASE32 = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"


def some(length: int, alphabet: str = WORDS, seed: int = 7) -> str:
    return "".join(random.Random(seed).choices(alphabet, k=length))  # noqa: S311


def github(prefix: str) -> str:
    body, number, digits = some(30), 0, ""
    number = zlib.crc32(body.encode())
    alphabet = string.digits + string.ascii_uppercase + string.ascii_lowercase
    while number:
        number, rest = divmod(number, 62)
        digits = alphabet[rest] + digits
    return f"{prefix}_{body}{digits:0>6}"


def part(value: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")


def token(**claims: object) -> str:
    return f"{part({'alg': 'HS256', 'typ': 'JWT'})}.{part(claims)}.{some(43)}"


def pem(kind: str, newline: str = "\n") -> str:
    return f"-----BEGIN {kind}-----{newline}{some(64)}{newline}{some(64, seed=8)}{newline}-----END {kind}-----"


SOON, PAST = AT.timestamp() + 3600, AT.timestamp() - 3600

SECRETS = [
    ("aws-access-key-id", "AKIA" + some(16, BASE32), "AKIA"),
    ("aws-access-key-id", '"' + "ASIA" + some(16, BASE32) + '"', "ASIA"),
    ("aws-secret-access-key", 'aws_secret_access_key = "' + some(40) + '"', ""),
    ("aws-secret-access-key", '{"secretAccessKey":"' + some(40) + '"}', ""),
    ("github-token", github("ghp"), "ghp_"),
    ("github-token", github("gho"), "gho_"),
    ("github-fine-grained-token", "github_pat_" + some(22) + "_" + some(59), "github_p"),
    ("github-token", "ghr_" + some(76), "ghr_"),
    ("github-token", "ghs_123456_" + token(iss="github", exp=SOON), "ghs_"),
    ("gitlab-token", "glpat-" + some(20), "glpat-"),
    ("gitlab-token", "glpat-" + some(30) + ".01." + some(9), "glpat-"),
    ("gitlab-token", "gldt-" + some(20), "gldt-"),
    ("docker-token", "dckr_" + "pat_" + some(27), "dckr_pat"),
    ("docker-token", "dckr_" + "oat_" + some(32), "dckr_oat"),
    ("slack-app-token", "xapp-1-A" + some(10, BASE32) + "-" + some(13, string.digits) + "-" + some(64, HEX), "xapp-"),
    ("slack-token", "xoxe.xoxp-1-" + some(163), "xoxe."),
    ("slack-token", "xoxb-" + some(12, string.digits) + "-" + some(24), "xoxb-"),
    ("slack-token", "xoxb-" + some(12, string.digits) + "-" + some(12, string.digits) + "-" + some(24), "xoxb-"),
    (
        "slack-webhook",
        "https://hooks.slack.com/services/T" + some(8, BASE32) + "/B" + some(8, BASE32) + "/" + some(24),
        "T",
    ),
    ("stripe-secret-key", "sk_live_" + some(24), "sk_live_"),
    ("stripe-secret-key", "rk_live_" + some(99), "rk_live_"),
    ("stripe-test-secret-key", "sk_test_" + some(24), "sk_test_"),
    ("stripe-webhook-secret", "whsec_" + some(32), "whsec_"),
    ("google-client-secret", "GOCSPX-" + some(28), "GOCSPX-"),
    ("google-access-token", "ya29.a0" + some(180), "ya29."),
    ("google-access-token", "ya29.c.b0" + some(180), "ya29."),
    ("google-service-account", json.dumps({"type": "service_account", "private_key": pem("PRIVATE KEY")}), ""),
    ("private-key", pem("RSA PRIVATE KEY"), ""),
    ("private-key", pem("PRIVATE KEY", "\\n"), ""),
    ("private-key", pem("OPENSSH PRIVATE KEY"), ""),
    (
        "private-key",
        pem("RSA PRIVATE KEY").replace("-----\n", "-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES,0A\n\n", 1),
        "",
    ),
    ("npm-token", "npm_" + some(36), "npm_"),
    ("pypi-token", "pypi-AgEIcHlwaS5vcmc" + some(60), "pypi-AgE"),
    ("sendgrid-key", "SG." + some(22) + "." + some(43), "SG."),
    ("twilio-token", 'TWILIO_AUTH_TOKEN: "' + some(32, HEX) + '"', ""),
    ("mailgun-key", "mailgun: key-" + some(32, HEX), "key-"),
    ("azure-storage-key", "AccountName=a;AccountKey=" + some(86) + "==;", ""),
    ("connection-string", "postgres://app:" + some(14) + "@db.internal:5432/app", ""),
    ("connection-string", "mongodb+srv://app:" + some(14) + "@cluster0.mongodb.net/x", ""),
    ("connection-string", "redis://:" + some(14) + "@cache:6379", ""),
    ("connection-string", "amqp://guest:" + some(9) + "@mq", ""),
    ("connection-string", "postgres:\\/\\/app:" + some(14) + "@db.internal:5432\\/app", ""),
    ("connection-string", "postgres://app:#?" + some(9) + "@db.internal/app", ""),
    ("connection-string", "postgres://app:%40" + some(9) + "@db.internal/app", ""),
    ("url-credentials", "https://deploy:" + some(14) + "@repo.acme.io/x.git", ""),
    ("url-credentials", "https:\\/\\/deploy:" + some(14) + "@repo.acme.io\\/x.git", ""),
    ("url-credentials", "clickhouse://:" + some(9) + "@[::1]:9000", ""),
    ("url-credentials", "https://postgres.example.com:" + some(9) + "@acme.io", ""),
    ("sentry-secret-dsn", f"https://{some(32, HEX)}:{some(32, HEX, 9)}@sentry.io/42", ""),
    ("anthropic-key", "sk-ant-" + "api03-" + some(93) + "AA", "sk-ant-"),
    ("openai-key", "sk-proj-" + some(120), "sk-proj"),
    ("openai-key", "sk-" + some(20) + "T3Blbk" + "FJ" + some(20), "sk-"),
    ("supabase-secret-key", "sb_" + "secret_" + some(22) + "_" + some(8), "sb_secre"),
    ("supabase-access-token", "sbp_" + some(40, HEX), "sbp_"),
    ("supabase-access-token", "sbp_oauth_" + some(40, HEX), "sbp_"),
    ("mapbox-secret-token", "sk." + part({"u": "acme", "a": some(24)}) + "." + some(22), "sk."),
    ("digitalocean-token", "dop_v1_" + some(64, HEX), "dop_v1_"),
    ("shopify-token", "shpat_" + some(32, HEX), "shpat_"),
    ("hugging-face-token", "hf_" + some(34, string.ascii_letters), "hf_"),
    ("supabase-service-role", token(role="service_role", iss="supabase", exp=SOON), "eyJ"),
    ("session-token", token(sub="42", exp=SOON), "eyJ"),
    ("session-token", token(sub="42"), "eyJ"),
    ("session-token", token(token_type="access", exp=SOON, user_id=7), "eyJ"),
    ("session-token", token(token_type="refresh", exp=SOON), "eyJ"),
    ("session-token", token(id=7, exp=SOON), "eyJ"),
    ("session-token", token(email="a@acme.io", exp=SOON), "eyJ"),
    ("session-token", token(uid="7"), "eyJ"),
    ("session-token", token(sub="42", aud=["v"], exp=SOON), "eyJ"),
    ("session-token", token(**{"https://hasura.io/jwt/claims": {"x-hasura-default-role": "user"}}), "eyJ"),
    ("private-key", pem("PRIVATE KEY", "\\\\n"), ""),
    ("private-key", pem("PRIVATE KEY", "\\u000a"), ""),
    ("private-key", pem("EC PRIVATE KEY", "%0A").replace(" ", "%20"), ""),
    ("private-key", pem("PRIVATE KEY", '\\n" + "'), ""),
    ("private-key", pem("PRIVATE KEY", '",\n  "'), ""),
    ("private-jwk", json.dumps({"kty": "EC", "crv": "P-256", "x": some(43), "d": some(43, seed=9)}), ""),
    ("private-jwk", json.dumps({"d": some(43, seed=9), "kty": "OKP", "x": some(43)}).replace('"', '\\"'), ""),
    ("private-jwk", json.dumps({"kty": "RSA", "n": some(342), "e": "AQAB", "d": some(342, seed=9)}), ""),
    ("airtable-token", "pat" + some(14) + "." + some(64, HEX), "pat"),
    ("notion-token", "ntn_" + some(46), "ntn_"),
    ("notion-token", "secret_" + some(43), "secret_"),
    ("linear-key", "lin_api_" + some(40), "lin_api_"),
    ("telegram-bot-token", "https://api.telegram.org/bot" + some(10, string.digits) + ":AA" + some(33), ""),
    ("discord-webhook", "https://discord.com/api/webhooks/" + some(18, string.digits) + "/" + some(68), ""),
    (
        "discord-webhook",
        "https:\\/\\/discordapp.com\\/api\\/webhooks\\/" + some(19, string.digits) + "\\/" + some(68),
        "",
    ),
    ("atlassian-token", "ATATT3" + some(177) + "=" + some(8), "ATATT3"),
    ("grafana-token", "glsa_" + some(32) + "_" + some(8, HEX), "glsa_"),
    ("groq-key", "gsk_" + some(52), "gsk_"),
    ("openrouter-key", "sk-or-v1-" + some(64, HEX), "sk-or-v1"),
    ("xai-key", "xai-" + some(80), "xai-"),
    ("perplexity-key", "pplx-" + some(48), "pplx-"),
    ("replicate-token", "r8_" + some(37), "r8_"),
    ("resend-key", "re_" + some(8) + "_" + some(24), "re_"),
    ("netlify-token", "nfp_" + some(36), "nfp_"),
    ("planetscale-key", "pscale_pw_" + some(43), "pscale_"),
    ("square-token", "sq0csp-" + some(43), "sq0csp-"),
    ("new-relic-key", "NRAK-" + some(27, BASE32), "NRAK-"),
    ("sentry-token", "sntrys_" + some(80), "sntrys_"),
    ("sentry-token", "sntryu_" + some(64, HEX), "sntryu_"),
    ("mailchimp-key", some(32, HEX) + "-us12", ""),
    ("heroku-key", "HRKU-AA" + some(58), "HRKU-"),
    ("braintree-token", "access_token$production$" + some(16, HEX) + "$" + some(32, HEX), "access_t"),
    (
        "azure-shared-access-signature",
        f"https://x.blob.core.windows.net/c?sv=2022-11-02&sp=rwl&se=2027-01-01T00%3A00%3A00Z&sig={some(43)}%3D",
        "",
    ),
    ("connection-string", "jdbc:mysql://db/x?user=root&password=" + some(10), ""),
    ("connection-string", "jdbc:sqlserver://db:1433;databaseName=x;user=sa;password=" + some(10), ""),
    ("connection-string", "Server=tcp:db,1433;User Id=sa;Password=" + some(10) + ";", ""),
]
PREFIXED = [
    ("stripe-secret-key", "sk_live_" + some(24)),
    ("session-token", token(sub="42", exp=SOON)),
    ("github-token", github("ghp")),
]


@pytest.mark.parametrize(
    ("rule", "text", "prefix"), SECRETS, ids=[f"{number}-{secret[0]}" for number, secret in enumerate(SECRETS)]
)
@pytest.mark.parametrize("around", ["{}", "<script>const k='{}';</script>", '{{"k":"{}"}}', "x={}\ny=1", "a {} b"])
def test_each_rule_finds_its_secret(rule: str, text: str, prefix: str, around: str) -> None:
    (found,) = secrets.find(around.format(text), at=AT)
    assert (found.rule, found.prefix) == (rule, prefix)
    assert len(found.digest) == 8


@pytest.mark.parametrize(
    "around",
    [
        r"{{\u0022key\u0022:\u0022{}\u0022}}",
        "%22{}%22",
        "key%3D{}",
        r'"A\n{}\n"',
        r"\x22{}\x22",
        "%2522{}%2522",
        r"\\u0022{}\\u0022",
    ],
    ids=range(7),
)
@pytest.mark.parametrize(("rule", "text"), PREFIXED, ids=[rule for rule, _ in PREFIXED])
def test_a_secret_behind_an_escaped_character(rule: str, text: str, around: str) -> None:
    assert [one.rule for one in secrets.find(around.format(text), at=AT)] == [rule]


@pytest.mark.parametrize(
    "quote", ['"', r"\"", r"\\\"", r"\u0022", r"\\u0022", "%22", r"\x22", "&quot;", "&#34;"], ids=range(9)
)
@pytest.mark.parametrize(
    ("rule", "name", "value"),
    [
        ("aws-secret-access-key", "secretAccessKey", some(40)),
        ("aws-secret-access-key", "secret_access_key", some(40)),
        ("twilio-token", "TWILIO_AUTH_TOKEN", some(32, HEX)),
    ],
    ids=["camel", "snake", "twilio"],
)
def test_a_secret_known_by_its_name_within_escaped_json(rule: str, name: str, value: str, quote: str) -> None:
    found = secrets.find(f"{{{quote}{name}{quote}:{quote}{value}{quote}}}", at=AT)
    assert [one.rule for one in found] == [rule]


def test_all_rules_are_tested() -> None:
    assert {rule.name for rule in secrets.RULES} <= {rule for rule, _, _ in SECRETS}


def test_a_finding_does_not_hold_the_secret() -> None:
    text = github("ghp")
    (found,) = secrets.find(f"a {text} b {text}", at=AT)
    assert found == secrets.Secret("github-token", "ghp_", hashlib.sha256(text.encode()).hexdigest()[:8], 2)
    assert text[4:] not in repr(found)


def test_githubs_own_checksum() -> None:
    assert secrets.has_checksum("ghp" + "_zQWBuTSOoRi4A9spHcVY5ncnsDkxkJ" + "0mLq17")


IMAGE = base64.b64encode(random.Random(3).randbytes(3000)).decode()  # noqa: S311

BENIGN = [
    "AKIA" + "IOSFODNN7EXAMPLE",
    'aws_secret_access_key = "wJalrXUtnFEMI/K7MDENG/bPxRfiCY' + 'EXAMPLEKEY"',
    'aws_secret_access_key = "' + "x" * 40 + '"',
    "ghp" + "_" + some(36),
    "ghp" + "_xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx",
    "sk_live" + "_YOUR_SECRET_KEY_GOES_HERE_1234",
    "pk_live" + "_" + some(24),
    "sk_test" + "_4eC39HqLyjWDarjtT1zdp7dc",
    "sk_test_" + "x" * 24,
    "pk_test" + "_" + some(24),
    "sb_publishable" + "_" + some(22) + "_" + some(8),
    "sb_secret" + "_N7UND0UgjKTVK-Uodkm0Hg_xSvEMPvz",
    "SUPABASE_SECRET_KEY=sb_secret_your_key_here_and_more_words and sb_secret_...",
    "sbp_header_navigation_item_with_a_long_class_name sbp_" + "0" * 40,
    token(role="service_role", iss="supabase-demo", exp=SOON),
    token(sub="1234567890", name="John Doe", iat=1516239022),
    "dckr_pat_xxxxxxxxxxxxxxxxxxxxxxxxxxx and dckr_pat_" + some(26) + " dckr_pat_" + some(28),
    "xapp-1-A012345-0123456789012-" + "x" * 64 + " xapp-icon-large-with-a-shadow",
    "xoxb" + "-17653672481-19874698323-pdFZKVeTuE8sk7oOcHrzqqgy",
    "ya29.AHES6ZTtm7SuokEB-RGtbBty9IIlNiP9-eNMMQKtXdMP3sfjL1Fc",
    "ya29.a0AfH6SMBx..." + " ya29." + "x" * 150,
    "gldt-column-with-a-very-long-class-name glrt-something-that-is-long-enough",
    "sk-proj-card-title-with-a-very-long-class-name-of-words-only",
    "ghr_1B4a2e77838347a7E420ce178F2E7c6912E169246c34E1ccbF66C46812d16D5B1A9Dc86A1498",
    "https://user:pass@acme.io https://username:password@acme.io http://foo:bar@acme.io https://me:my-secret@acme.io",
    "https://USER:PASSWORD@acme.io https://a:p4ssw0rd@acme.io https://a:Pa$$w0rd1@acme.io https://a:token123@acme.io",
    "https://user:p%40ss@acme.io https://a:a%20secret@acme.io https://a:P%40SSWORD@localhost redis://[:password]@acme.io",
    "https://user:@acme.io https://:@acme.io https://user@acme.io https://alice:alice@acme.io",
    "https://a:"
    + some(14)
    + "@example.com/ https://a:"
    + some(14)
    + "@db.example postgres://a:"
    + some(14)
    + "@x.test/",
    "`https://${user}:${password}@${host}` https://${u}:${p}@acme.io https://{user}:{password}@acme.io https://%s:%s@acme.io",
    "https://&lt;user&gt;:&lt;password&gt;@acme.io https://[user]:[password]@acme.io https://***:***@acme.io https://$U:$P@a.io",
    '"https://"+user+":"+word+"@"+host; /^(\\w+):\\/\\/([^:]+):([^@]+)@(.*)$/.exec(s)',
    "https://fonts.googleapis.com/css2?family=Roboto:wght@400 https://cdn.acme.io:8443/npm/vue@3.4.1/dist/vue.js",
    "https://acme.io:a8b9c7d6?next=x1@acme.io https://acme.io:a8b9c7d6#x1@acme.io",
    "https://acme.io:443@evil.io/ is a trick; servers http://a.acme.io:8080,me@acme.io; src=https://a.io:80 @click=go",
    "see https://acme.io: mail me@acme.io, or git@github.com:acme/site.git, ssh://git@github.com:22/acme/site",
    "AIza" + some(35),
    "pk." + part({"u": "acme", "a": some(24)}) + "." + some(22),
    f"https://{some(32, HEX)}@o42.ingest.sentry.io/42",
    token(role="anon", iss="supabase", exp=SOON),
    token(sub="42", exp=PAST),
    token(iss="x", exp=SOON),
    pem("PUBLIC KEY"),
    pem("CERTIFICATE"),
    "-----BEGIN PRIVATE KEY-----\n...\n-----END PRIVATE KEY-----",
    "if (text.startsWith('-----BEGIN PRIVATE KEY-----')) { return decode(text) }",
    "postgres://user:password@localhost:5432/db",
    "postgresql://$USER:${DB_PASSWORD}@host/db",
    "mysql://root:<password>@host",
    "mongodb://localhost:27017/x",
    "redis://cache:6379/0 and redis://user@host",
    "https://user@host.example/path:80",
    "xoxb-your-token-here",
    "https://hooks.slack.com/services/T00000000/B00000000/XXXXXXXXXXXXXXXXXXXXXXXX",
    "SG.xxxxxxxxxxxxxxxxxxxxxx.xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx",
    "sk-ant-" + "api03-" + "x" * 93 + "AA",
    "sk-proj-" + "your-key-" * 8,
    "npm_config_registry npm_lifecycle_event npm_package_version",
    f'<img src="data:image/png;base64,{IMAGE}">',
    f'<script integrity="sha384-{base64.b64encode(hashlib.sha384(b"a").digest()).decode()}" crossorigin></script>',
    "123e4567-e89b-42d3-a456-426614174000 "
    + hashlib.sha256(b"x").hexdigest()
    + " "
    + hashlib.sha512(b"x").hexdigest()[:40],
    "!function(e,t){'use strict';var n=e.token||'';t.exports={AKIA:1,secret:n,key-:0}}(this,module);",
    ".a{background:url(data:font/woff2;base64," + IMAGE[:400] + ")}.sk-chase-dot{animation:sk-chase 2s}",
    "sk-fading-circle sk-folding-cube-animation sk-proj-card-title-with-a-long-class-name",
    '{"version":3,"sources":["a.ts"],"mappings":"' + "AAAA,SAAS;CACP" * 200 + '"}',
    "key-" + "0123456789abcdef" * 2 + " mailgun",
    "github_pat_" + "1" * 22 + "_" + "A" * 59,
    "hf_hub_download_with_progress_bar hf_transfer",
    "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",
    "sk-admin-sidebar-navigationItemSelected-hover-dark-background sk-proj-card2-navigationItemSelected-hover-dark-background",
    "secret_" + "getElementsByClassNameAndTagOrSome" + "Something re_" + "getElems_" + "getElementsByClassNameAn",
    token(sub="DS00Spx1CV902MCtPj5WknGlR102V5HFkDe", aud="v", exp=SOON, kid="abc"),
    token(id=7)
    + " "
    + token(id=7, exp=PAST)
    + " "
    + token(email="a@acme.io", exp=PAST)
    + " "
    + token(token_type=["access"]),
    token(**{"https://hasura.io/jwt/claims": {"x-hasura-default-role": "anonymous"}}),
    json.dumps({"kty": "EC", "crv": "P-256", "x": some(43), "y": some(43, seed=9)}),
    json.dumps([{"kty": "EC", "x": some(43)}, {"d": some(43)}]),
    '{"kty":"EC","d":"870MB6gfuTJ4HtUnUvYMyJpr5eUZNP4' + 'Bk43bVdj3eAE"}',
    "sq0idp-" + some(22) + " /img/" + some(32, HEX) + "-us12.png image-" + some(32, HEX) + "-us2 access_token$sandbox$",
    f"https://x.blob.core.windows.net/c?sv=2022-11-02&sp=r&se=2027-01-01T00%3A00%3A00Z&sig={some(43)}%3D",
    "jdbc:mysql://db/x?user=root&password=${PASSWORD} Server=db;User Id=sa;Password=your_password; server=a;password=<x>",
    "https://acme.io/login?password=" + some(10) + " host=a password=" + some(10),
    "https://discord.com/api/webhooks/123456789012345678/your-token 12:34:AA pattern xai- pplx- NRAK-",
    "%2Dsk_live_" + some(24) + " a_sk_live_" + some(24),
]


@pytest.mark.parametrize("text", BENIGN, ids=range(len(BENIGN)))
def test_harmless_text(text: str) -> None:
    assert secrets.find(text, at=AT) == ()


def test_a_whole_page_of_harmless_text() -> None:
    assert secrets.find("\n".join(BENIGN), at=AT) == ()


def test_random_base64_holds_no_secret() -> None:
    chosen = random.Random(5)  # noqa: S311
    text = base64.b64encode(chosen.randbytes(700_000)).decode() + " " + chosen.randbytes(100_000).hex()
    assert secrets.find(text, at=AT) == ()


@given(st.one_of(st.text(max_size=400), st.text(alphabet="eyJ.-_AKIAsk:/@'=0 ", max_size=400)))
def test_any_text_is_searched(text: str) -> None:
    secrets.find(text, at=AT)


@given(st.text(alphabet="ahtps:/\\\\@.[]{}$%,0 example", max_size=300))
def test_any_address_is_searched(text: str) -> None:
    secrets.find(f"https://a:{text}@acme.io", at=AT)


def test_a_token_in_an_address_is_one_secret() -> None:
    """Its own rule names it."""
    for text in (github("ghs"), "glpat-" + some(20)):
        (found,) = secrets.find(f"https://oauth2:{text}@git.acme.io/site.git", at=AT)
        assert found.rule in {"github-token", "gitlab-token"}


@given(st.text(max_size=60))
def test_any_token_is_read(text: str) -> None:
    encoded = base64.urlsafe_b64encode(text.encode("utf-8", "surrogatepass")).decode()
    secrets.find(f"eyJhbGciOiJIUzI1NiJ9.eyJ{encoded}.{some(43)}", at=AT + timedelta(days=1))


@pytest.mark.parametrize(
    "unit",
    [
        "eyJ",
        "eyJ-",
        "eyJa.",
        "eyJaaaaaaaaaaaa.eyJaa.",
        "postgres://",
        "postgres://a:b",
        "redis://:",
        "AKIA",
        "sk-ant-",
        "-----BEGIN PRIVATE KEY-----\n",
        "twilio",
        "aws_secret_access_key",
        "xoxb-1111111-",
        "AccountKey=",
        "a",
        "/",
        "=",
        "https://" + "a" * 32 + ":",
        "SG.",
        "mailgun key-",
        "://a:b",
        "https://a:",
        "://" + "a." * 40 + ":b@",
        "://a:b@" + "a." * 40,
        "ghs_1_eyJaaaaaaaaaa.",
        "ghs_1_eyJ",
        "ya29.a",
        "xapp-1-A",
        "xoxe-1-",
        "sb_secret_",
        "gldt-",
        "@:",
        "%22",
        "\\u0022sk_live_",
        '-----BEGIN PRIVATE KEY-----\\n" + "',
        '"kty":"EC",',
        '"d":"' + "a" * 40 + '", "kty":',
        "server=a;password=",
        "Host=a;a b=;",
        "jdbc:a:",
        "?sig=a&se=a&",
        "12345678:AA",
        "secret_",
        "pat",
        "re_",
        "-us",
        "discord.com/api/webhooks/",
    ],
    ids=str,
)
def test_long_texts_are_quick(unit: str) -> None:
    text = unit * (1_000_000 // len(unit))
    assert seconds(lambda: secrets.find(text, at=AT), 0.6) < 0.6
