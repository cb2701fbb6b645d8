"""What a valid environment file should still not say."""

from __future__ import annotations

from pathlib import Path

import pytest

from gonogo.environment import lint, load

STAGING = 'name = "x"\ntier = "staging"\n[site]\nurl = "https://www.acme.io"\n'
PRODUCTION = STAGING.replace("staging", "production")
VARIABLES = {
    "TOKEN": "token-of-length",
    "PASSWORD": "password-of-length",
    "SHORT": "abc",
    "PLACEHOLDER": "changeme",
}


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def errors_of(folder: Path, text: str) -> list[str]:
    (folder / "x.toml").write_text(text, encoding="utf-8")
    found = lint(load("x", folder=folder, process_env=VARIABLES))
    assert found.warnings == ()
    return [str(problem) for problem in found.errors]


CLEAN = STAGING + (
    '[resolve]\n"WWW.acme.io" = "10.0.0.1"\n"db.acme.io" = "::1"\n[roles.user]\ntoken = "${TOKEN}"\n[metrics]\nrole = "user"\n'
    '[[databases]]\nname = "m"\nurl = "postgresql://reader:${PASSWORD}@db.acme.io/shop"\n'
)
SECRET = "a secret stands in the file; write `${NAME}` and set NAME in a .env file"
SHORT = "a secret of fewer than 6 characters cannot be kept out of reports"
NO_ADDRESS = "is a placeholder, or no address of a production system"

RULES = {
    CLEAN: [],
    PRODUCTION: [],
    STAGING.replace("www.acme.io", "localhost:80"): [],
    # placeholders
    PRODUCTION.replace("www.acme.io", "www.example.com"): [f"x.toml:4: site.url: `example.com` {NO_ADDRESS}"],
    PRODUCTION.replace("www.acme.io", "shop.test"): [f"x.toml:4: site.url: `p.test` {NO_ADDRESS}"],
    PRODUCTION.replace("www.acme.io", "localhost:8443"): [f"x.toml:4: site.url: `localhost` {NO_ADDRESS}"],
    PRODUCTION.replace("www.acme.io", "127.0.0.1"): [f"x.toml:4: site.url: `127.0.0.1` {NO_ADDRESS}"],
    PRODUCTION.replace("www.acme.io", "[::1]:443"): [f"x.toml:4: site.url: `::1` {NO_ADDRESS}"],
    PRODUCTION + '[release]\nexpected = "TODO"\n': [f"x.toml:6: release.expected: `TODO` {NO_ADDRESS}"],
    PRODUCTION + '[release]\nexpected = "todos-1"\n': [],
    PRODUCTION + '[release]\nexpected = "${PLACEHOLDER}"\n': [f"x.toml:6: release.expected: `changeme` {NO_ADDRESS}"],
    PRODUCTION + '[roles.u]\ntoken = "${PLACEHOLDER}"\n[metrics]\nrole = "u"\n': [
        f"x.toml:6: roles.u.token: the value {NO_ADDRESS}"
    ],
    PRODUCTION + '[[databases]]\nname = "m"\nurl = "postgresql://r:${PASSWORD}@localhost/d"\n': [
        f"x.toml:7: databases[0].url: `localhost` {NO_ADDRESS}"
    ],
    PRODUCTION.replace("https", "http"): ["x.toml:4: site.url: production is served over https://, never http://"],
    PRODUCTION + '[api]\nurl = "http://api.acme.io"\n': [
        "x.toml:6: api.url: production is served over https://, never http://"
    ],
    # secrets
    STAGING + '[roles.u]\ntoken = "hunter2-hunter2"\n[metrics]\nrole = "u"\n': [f"x.toml:6: roles.u.token: {SECRET}"],
    STAGING + '[roles.u]\ntoken = "${UNSET:-hunter2}"\n[metrics]\nrole = "u"\n': [f"x.toml:6: roles.u.token: {SECRET}"],
    STAGING + '[[databases]]\nname = "m"\nurl = "postgresql://r:hunter2@db.acme.io/d"\n': [
        f"x.toml:7: databases[0].url: {SECRET}",
        "x.toml:7: this looks like a password in a URL; write `${NAME}`, and revoke it",
    ],
    STAGING.replace('"staging"', '"demo"') + '[roles.u]\ntoken = "hunter2"\n[metrics]\nrole = "u"\n': [],
    STAGING + '[roles.u]\ntoken = "${SHORT}"\n[metrics]\nrole = "u"\n': [f"x.toml:6: roles.u.token: {SHORT}"],
    STAGING + '[roles.u]\ntoken = "${UNSET:-}"\n[metrics]\nrole = "u"\n': [f"x.toml:6: roles.u.token: {SHORT}"],
    STAGING + '[[databases]]\nname = "m"\nurl = "postgresql://r:${SHORT}@db.acme.io/d"\n': [
        f"x.toml:7: databases[0].url: {SHORT}"
    ],
    # duplicates
    STAGING + '[[site.pages]]\npath = "/a"\n[[site.pages]]\npath = "/b"\n[[site.pages]]\npath = "/a"\n': [
        "x.toml:10: site.pages[2].path: '/a' stands already at x.toml:6; each must be there once"
    ],
    STAGING + '[api]\nendpoints = [{ name = "a", path = "/" },\n{ name = "a", path = "/b" }]\n': [
        "x.toml:7: api.endpoints[1].name: 'a' stands already at x.toml:6; each must be there once"
    ],
    STAGING
    + '[[databases]]\nname = "m"\nurl = "${UNSET:-postgresql://h/d}"\n[[databases]]\nname = "m"\nurl = "postgresql://h/d"\n': [
        "x.toml:9: databases[1].name: 'm' stands already at x.toml:6; each must be there once",
    ],
    # files
    'ca_file = "ca.pem"\npolicy = "policies/p.toml"\n' + STAGING: [
        "x.toml:1: ca_file: there is no file ca.pem; paths start from the environment file's folder",
        "x.toml:2: policy: there is no file policies/p.toml; paths start from the environment file's folder",
    ],
    'ca_file = "x.toml"\n' + STAGING: [],
    STAGING
    + '[[databases]]\nname = "m"\nurl = "postgresql://h/d"\nmigrations = { table = "t", directory = "x.toml" }\n': [
        (
            "x.toml:8: databases[0].migrations.directory: there is no folder x.toml; "
            "paths start from the environment file's folder"
        )
    ],
    # journeys
    STAGING + '[[journeys]]\nname = "j"\nconsent = "accept"\nsteps = [{ goto = "/" }]\n': [
        (
            'x.toml:7: journeys[0].consent: found "accept", a choice in a banner, and there is no [consent]; '
            "declare it, or remove the key"
        )
    ],
    STAGING + '[consent]\n[[journeys]]\nname = "j"\nconsent = "reject"\nsteps = [{ goto = "/" }]\n': [],
    # hosts
    STAGING + '[resolve]\n"www.acme.com" = "10.0.0.1"\n': [
        (
            "x.toml:6: resolve.\"www.acme.com\": host 'www.acme.com' is not declared: no URL names it; "
            "add it to `hosts`, or remove it here"
        )
    ],
    STAGING + '[resolve]\n"www.acme.io" = "www2.acme.io"\n': [
        'x.toml:6: resolve."www.acme.io": wanted an IPv4 or IPv6 address'
    ],
}


@pytest.mark.parametrize("text", RULES, ids=range(len(RULES)))
def test_what_is_told(folder: Path, text: str) -> None:
    assert errors_of(folder, text) == RULES[text]


TOKENS = {
    "an AWS access key": "AKIA" + "A1" * 8,
    "a GitHub token": "ghp_" + "a1" * 18,
    "a GitLab token": "glpat-" + "a1" * 10,
    "a Google API key": "AIza" + "a" * 35,
    "a JSON Web Token": "eyJhbGciOiJI.eyJzdWIiOiIx.sig",
    "a npm token": "npm_" + "a1" * 18,
    "a private key": "-----BEGIN RSA " + "PRIVATE KEY-----",
    "a SendGrid key": "SG." + "a1" * 11 + "." + "b2" * 11,
    "a Slack token": "xoxb-" + "1234567890-a",
    "a Slack webhook": "hooks.slack.com/services/T0A/B0A/" + "a1" * 12,
    "a Stripe key": "sk_live_" + "a1" * 12,
    "a password in a URL": "redis://user:hunter2@cache",
}


@pytest.mark.parametrize("kind", TOKENS)
@pytest.mark.parametrize("line", ["# old: {}", 'title = "{}"'])
def test_shapes_of_tokens_are_seen_anywhere(folder: Path, kind: str, line: str) -> None:
    token = TOKENS[kind]
    (told,) = errors_of(folder, line.format(token) + "\n" + STAGING)
    assert told == f"x.toml:1: this looks like {kind}; write `${{NAME}}`, and revoke it"


def test_tokens_are_seen_in_what_a_file_extends(folder: Path) -> None:
    (folder / "base.toml").write_text(f"# {TOKENS['a GitHub token']}\n", encoding="utf-8")
    (told,) = errors_of(folder, 'extends = "base.toml"\n' + STAGING)
    assert told.startswith("base.toml:1: this looks like a GitHub token")


def test_a_role_that_nothing_uses_is_a_warning(folder: Path) -> None:
    (folder / "x.toml").write_text(STAGING + '[roles.user]\ntoken = "${TOKEN}"\n', encoding="utf-8")
    found = lint(load("x", folder=folder, process_env=VARIABLES))
    assert found.errors == ()
    assert [str(problem) for problem in found.warnings] == [
        "x.toml:5: roles.user: role user is declared and nothing uses it"
    ]


def test_scripts_that_would_never_run_are_a_warning(folder: Path) -> None:
    party = '[[third_parties]]\npurpose = "analytics"\nscripts = {}\nintercept = {}\nhost = "{}.io"\n'
    text = party.format("true", "true", "a") + party.format("true", "false", "b") + party.format("false", "true", "c")
    (folder / "x.toml").write_text(STAGING + text, encoding="utf-8")
    found = lint(load("x", folder=folder, process_env=VARIABLES))
    assert found.errors == ()
    assert [str(problem) for problem in found.warnings] == [
        (
            "x.toml:7: third_parties[0].scripts: its scripts are answered empty within the browser, so they never run; "
            "with `intercept = false` they do"
        )
    ]


def test_the_guard_and_the_linter_know_the_same_hosts(folder: Path) -> None:

    (folder / "x.toml").write_text(
        'hosts = ["Extra.acme.io"]\n' + CLEAN + '[tls]\nhosts = ["a.io:8443", "b.io"]\n'
        '[[third_parties]]\nhost = "t.io"\npurpose = "other"\n[api]\nurl = "https://api.acme.io:8443"\n',
        encoding="utf-8",
    )
    environment = load("x", folder=folder, process_env=VARIABLES).environment
    expected = {"extra.acme.io", "www.acme.io", "db.acme.io", "a.io", "b.io", "t.io", "api.acme.io"}
    assert environment.declared_hosts == expected
