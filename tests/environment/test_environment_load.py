"""Loading an environment: names, extends, variables, and what a bad file is told."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from pathlib import Path
from typing import get_args, get_type_hints

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

import gonogo.environment
from gonogo.environment import Environment, load, models, names, provider_of, values
from gonogo.environment.document import MAX_BYTES
from gonogo.environment.values import key_name
from gonogo.errors import EnvironmentInvalid

HEAD = 'name = "x"\ntier = "staging"\n[site]\nurl = "https://www.acme.io"\n'
Write = Callable[..., Path]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def write(folder: Path, name: str, text: str | bytes) -> Path:
    file = folder / name
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(text if isinstance(text, bytes) else text.encode())
    return file


def problems_of(folder: Path, text: str | bytes, **process_env: str) -> list[str]:
    write(folder, "x.toml", text)
    with pytest.raises(EnvironmentInvalid) as caught:
        load("x", folder=folder, process_env=process_env)
    return str(caught.value).splitlines()


def test_public_names() -> None:
    assert gonogo.environment.__all__ == [
        "Environment", "Lint", "Loaded", "Scrubber", "Secret", "Tier", "environment_schema", "find", "lint", "load",
        "names", "provider_of", "reference_markdown", "show",
    ]  # fmt: skip


# names


def test_a_name_a_system_and_a_path_are_found(folder: Path) -> None:
    for name in ("staging.toml", "systems/004/staging.toml", "shop/production.toml", "else/where.toml"):
        write(folder, name, HEAD)
    assert load("staging", folder=folder, process_env={}).path == folder / "staging.toml"
    assert load("004/staging", folder=folder, process_env={}).path == folder / "systems/004/staging.toml"
    assert load("shop/production", folder=folder, process_env={}).path == folder / "shop/production.toml"
    assert load("else/where.toml", folder=folder / "shop", process_env={}).path == folder / "else/where.toml"


def test_names_are_listed_without_what_is_no_environment(folder: Path) -> None:
    files = (
        "base.toml",
        "_parts.toml",
        "waivers.toml",
        "policies/strict.toml",
        "demo.toml",
        "systems/004/live.toml",
    )
    for name in files:
        write(folder, name, HEAD)
    assert names(folder) == ("004/live", "demo")


def test_an_unknown_name_is_told_the_known_ones(folder: Path) -> None:
    write(folder, "staging.toml", HEAD)
    write(folder, "production.toml", HEAD)
    with pytest.raises(EnvironmentInvalid) as caught:
        load("stagin", folder=folder, process_env={})
    assert str(caught.value) == (
        ".: no environment is named 'stagin'; known: production, staging; did you mean 'staging'?"
    )


@pytest.mark.parametrize("name", ["../x", "/etc/x", "a/../../x", "", ".", "a//b", "a\\..\\x", "x\0", "a/.hidden"])
def test_a_name_never_leaves_the_folder(folder: Path, name: str) -> None:
    write(folder, "x.toml", HEAD)
    (folder / "inner").mkdir()
    with pytest.raises(EnvironmentInvalid, match="is no name of an environment"):
        load(name, folder=folder / "inner", process_env={})


@pytest.mark.parametrize("path", ["absent.toml", "x\0.toml", "folder.toml"])
def test_a_path_that_is_no_file(folder: Path, path: str) -> None:
    (folder / "folder.toml").mkdir()
    with pytest.raises(EnvironmentInvalid, match="there is no file"):
        load(path, folder=folder, process_env={})


# extends


def test_tables_merge_and_the_rest_replaces(folder: Path) -> None:
    write(
        folder,
        "parts/base.toml",
        'name = "base"\n[limits]\nrequests = 7\nrate_per_s = 3\n[[site.pages]]\npath = "/a"\n[[site.pages]]\npath = "/b"\n',
    )
    write(folder, "mid.toml", 'extends = "parts/base.toml"\ntier = "staging"\n[site]\nurl = "https://mid.io"\n')
    write(
        folder,
        "ok.toml",
        'extends = "mid.toml"\nname = "top"\n[limits]\nrequests = 9\n[[site.pages]]\npath = "/c"\n',
    )
    loaded = load("ok", folder=folder, process_env={})
    assert loaded.sources == (folder / "ok.toml", folder / "mid.toml", folder / "parts/base.toml")
    environment = loaded.environment
    assert (environment.name, environment.limits.requests, environment.limits.rate_per_s) == ("top", 9, 3)
    assert [page.path for page in environment.site.pages] == ["/c"]
    assert environment.site.url == "https://mid.io"
    assert loaded.origins["limits.requests"] == ("ok.toml", 4)
    assert loaded.origins["limits.rate_per_s"] == ("parts/base.toml", 4)
    assert loaded.origins["site.pages[0].path"] == ("ok.toml", 6)
    assert loaded.origins["tier"] == ("mid.toml", 2)


def test_a_problem_names_the_file_it_comes_from(folder: Path) -> None:
    write(folder, "base.toml", "[limits]\nrequests = 0\n")
    found = problems_of(folder, 'extends = "base.toml"\n' + HEAD + "[vitals]\nruns = 99\n")
    assert found == [
        "x.toml:7: vitals.runs: found 99; wanted at most 15",
        "base.toml:2: limits.requests: found 0; wanted at least 1",
    ]


def test_a_circle_of_extends_is_printed(folder: Path) -> None:
    write(folder, "a.toml", '\nextends = "x.toml"\n')
    found = problems_of(folder, 'extends = "a.toml"\n')
    assert found == ["a.toml:2: extends: files extend each other in a circle: x.toml → a.toml → x.toml"]


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ('extends = "none.toml"', "there is no file none.toml"),
        ("extends = 5", 'wanted the path of one TOML file, such as "base.toml"'),
        ('extends = ["a.toml"]', 'wanted the path of one TOML file, such as "base.toml"'),
        ('extends = ""', 'wanted the path of one TOML file, such as "base.toml"'),
        ('extends = "a\\u0000.toml"', 'wanted the path of one TOML file, such as "base.toml"'),
        ('extends = "."', "there is no file ."),
    ],
)
def test_extends_that_leads_nowhere(folder: Path, line: str, message: str) -> None:
    assert problems_of(folder, line) == [f"x.toml:1: extends: {message}"]


# variables


def test_where_variables_come_from(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each source hides the later ones; nothing reaches os.environ."""
    labels = ["provider", "process", "named", "beside", "folder-named", "folder", "cwd"]
    sources: list[tuple[str, dict[str, str]]] = [
        (label, {f"V{number}": label for number in range(at + 1)}) for at, label in enumerate(labels)
    ]
    text = HEAD + "[security]\nsession_cookies = [" + ", ".join(f'"${{V{n}}}"' for n in range(len(labels))) + "]\n"
    write(folder, "envs/systems/s/x.toml", text)
    files = ["envs/systems/s/.env.x", "envs/systems/s/.env", "envs/.env.x", "envs/.env", ".env"]
    for name, (_, told) in zip(files, sources[2:], strict=True):
        write(folder, name, "".join(f"{key}={value}\n" for key, value in told.items()))
    monkeypatch.setenv("V1", "process")
    for number in range(2, len(labels)):
        monkeypatch.setenv(f"V{number}", "process")
    loaded = load("s/x", folder=folder / "envs", variables={"V0": "provider"})
    assert loaded.environment.security is not None
    assert loaded.environment.security.session_cookies == ("provider", *["process"] * 6)
    loaded = load("s/x", folder=folder / "envs", variables=sources[0][1], process_env=sources[1][1])
    assert loaded.environment.security is not None
    assert loaded.environment.security.session_cookies == tuple(labels)


def test_a_dotenv_value_is_taken_as_it_is(folder: Path) -> None:
    write(folder, "x.toml", HEAD + '[roles.user]\ntoken = "${T}"\n')
    write(folder, ".env.x", "# comment\n\nexport T='a${HOME}$x'\n")
    assert load("x", folder=folder, process_env={"HOME": "/h"}).secrets == ("a${HOME}$x",)


def test_a_bad_dotenv_line_is_told_with_its_line(folder: Path) -> None:
    write(folder, ".env", "GOOD=1\n\nT='never closed\n")
    assert problems_of(folder, HEAD) == [".env:3: not a line NAME=value, nor a comment"]


def test_a_dotenv_file_that_is_no_text(folder: Path) -> None:
    write(folder, ".env", b"T=\xff\n")
    assert problems_of(folder, HEAD) == [".env: not UTF-8 text"]


def test_unset_and_empty_variables(folder: Path) -> None:
    write(folder, ".env", "SHOP_TOKEN=1\n")
    text = (
        HEAD
        + '[roles.a]\ntoken = "${SHOP_TOKN}"\n[roles.b]\ntoken = "${EMPTY}"\n[health]\npath = "/${ALSO_UNSET}/${UNSET}"\n'
    )
    assert problems_of(folder, text, EMPTY="") == [
        "x.toml:6: roles.a.token: SHOP_TOKN is not set; set it in .env.x, or export it; did you mean 'SHOP_TOKEN'?",
        "x.toml:8: roles.b.token: EMPTY is set but empty; give it a value, or write `${EMPTY:-}` to allow that",
        "x.toml:10: health.path: ALSO_UNSET is not set; set it in .env.x, or export it",
        "x.toml:10: health.path: UNSET is not set; set it in .env.x, or export it",
    ]


def test_one_reference_may_stand_for_a_number_or_a_boolean(folder: Path) -> None:
    write(
        folder,
        "x.toml",
        HEAD
        + '[limits]\nrequests = "${N}"\nrate_per_s = "${F}"\nallow_load = "${B}"\nbody_bytes = "${UNSET:-4096}"\n'
        + '[[api.endpoints]]\nname = "${N}"\npath = "/"\nstatus = { anonymous = ["${CODE}"] }\n',
    )
    loaded = load("x", folder=folder, process_env={"N": "12", "F": "1e1", "B": "True", "CODE": "204"})
    limits = loaded.environment.limits
    assert (limits.requests, limits.rate_per_s, limits.allow_load, limits.body_bytes) == (
        12,
        10.0,
        True,
        4096,
    )
    assert loaded.environment.api is not None
    endpoint = loaded.environment.api.endpoints[0]
    assert (endpoint.name, endpoint.status) == ("12", {"anonymous": (204,)})


def test_a_value_that_does_not_fit_is_named_by_its_variable(folder: Path) -> None:
    text = HEAD + '[limits]\nrequests = "${N}"\nrate_per_s = "${F}"\nallow_load = "${B}"\nconcurrency = "1${N}"\n'
    assert problems_of(folder, text, N="hunter2", F="nan", B="maybe") == [
        (
            'x.toml:6: limits.requests: found "${N}" (N from the process environment); '
            "the value must be a whole number, and it is not"
        ),
        (
            'x.toml:7: limits.rate_per_s: found "${F}" (F from the process environment); '
            "the value must be a number, and it is not"
        ),
        (
            'x.toml:8: limits.allow_load: found "${B}" (B from the process environment); '
            "the value must be true or false, and it is not"
        ),
        (
            'x.toml:9: limits.concurrency: found "1${N}" (N from the process environment); '
            "the value must be a whole number, and it is not"
        ),
    ]


def test_a_variable_that_is_not_utf8(folder: Path) -> None:
    assert problems_of(folder, HEAD + '[roles.a]\ntoken = "${T}"\n', T="a\udcff") == [
        "x.toml:6: roles.a.token: the value of T is not UTF-8 text"
    ]


# bad files


ONLY_HOST = (
    "must be a host name alone, without scheme, port or path, and in ASCII: shop.example, not https://shop.example/"
)
NO_KEY = "must be a key such as Enter, Escape, Tab, ArrowDown, a or Control+A"
ONLY_PATH = "must be a path such as /orders/*, or the whole address of a page elsewhere"
POINTER = "must be a JSON Pointer (RFC 6901) such as /data/0/id: each part begins with `/`, `~` is written ~0"
CSS = "must be a CSS selector:"
OTHER = " is Playwright's or jQuery's, not CSS; give an id, a class or an attribute"
JOURNEY = '[[journeys]]\nname = "j"\nsteps = ['

BAD = {
    'nme = "x"': ["5: site.nme: unknown key; known here: url, plain_url, aliases, pages"],
    '[vitals]\ndevise = "mobile"': [
        (
            "6: vitals.devise: unknown key; known here: pages, device, runs, interaction, lcp_ms, cls, inp_ms, ttfb_ms, "
            "bytes, fcp_ms, tbt_ms, headroom, uncompressed, requests, third_party, interactions, also_on, throttling, "
            "stored_consent, warm_up, reruns, budgets, budgets_file, field; did you mean 'device'?"
        )
    ],
    '[vitals]\ndevice = "Mobil"': [
        "6: vitals.device: found \"Mobil\"; wanted one of desktop, mobile; did you mean 'mobile'?"
    ],
    "[vitals]\ndevice = 5": ["6: vitals.device: found 5; wanted one of desktop, mobile"],
    "[vitals.bytes]\nscripts = 5": [
        (
            "6: vitals.bytes.scripts: unknown key; known here: document, script, stylesheet, image, font, media, other, total; "
            "did you mean 'script'?"
        )
    ],
    '[limits]\nrequests = "500"': ['6: limits.requests: found "500"; wanted a whole number, without quotes'],
    "[limits]\nrequests = 1.5": ["6: limits.requests: found 1.5; wanted a whole number"],
    "[limits]\nrequests = true": ["6: limits.requests: found true; wanted a whole number"],
    "[limits]\nallow_load = 1": ["6: limits.allow_load: found 1; wanted true or false"],
    '[limits]\nallow_load = "yes"': ['6: limits.allow_load: found "yes"; wanted true or false, without quotes'],
    "[limits]\nrate_per_s = 0": ["6: limits.rate_per_s: found 0; wanted more than 0"],
    "[limits]\nrate_per_s = inf": ["6: limits.rate_per_s: found inf; wanted a finite number"],
    "[limits]\nrate_per_s = nan": ["6: limits.rate_per_s: found nan; wanted a finite number"],
    "[limits]\nrequests = 9223372036854775808": ["6: limits.requests: a whole number that does not fit into 64 bits"],
    '[limits]\nallow_methods = ["GETT"]': [
        '6: limits.allow_methods[0]: found "GETT"; wanted one of POST, PUT, PATCH, DELETE, TRACE'
    ],
    '[limits]\nallow_methods = "POST"': [
        "6: limits.allow_methods: found a string; wanted an array of POST, PUT, PATCH, DELETE, TRACE"
    ],
    "[tls]\nfail_share = 1.01": ["6: tls.fail_share: found 1.01; wanted at most 1"],
    "[tls]\nhosts = [1]": ["6: tls.hosts[0]: found 1; wanted a string"],
    "health = 5": ["5: site.health: unknown key; known here: url, plain_url, aliases, pages"],
    "[health]\npath = 2026-11-21": ["6: health.path: found a date or time; put it in quotes"],
    '[health]\npath = "health"': ["6: health.path: found \"health\"; must be a path that begins with a single '/'"],
    '[[load]]\nname = "-x"\nrate_per_s = 1\nduration_s = 1\ntargets = []': [
        '6: load[0].name: found "-x"; wanted text that matches ^[A-Za-z0-9][A-Za-z0-9 ._/-]*$',
        "9: load[0].targets: found an empty array; wanted 1 item or more",
    ],
    '[[load]]\nname = "a"\n[[load.targets]]\nweight = 0': [
        "5: load[0].rate_per_s: missing; wanted a number",
        "5: load[0].duration_s: missing; wanted a number",
        "7: load[0].targets[0].path: missing; wanted a string",
        "8: load[0].targets[0].weight: found 0; wanted at least 1",
    ],
    '[api]\nurl = "https://u:hunter2@acme.io"': [
        '6: api.url: found "https://***@acme.io"; must not hold a user name or password; use [roles]'
    ],
    '[api]\nurl = "ftp://acme.io"': [
        '6: api.url: found "ftp://acme.io"; must be an http:// or https:// URL with a host'
    ],
    '[api]\nurl = "https://acme.io:99999"': [
        '6: api.url: found "https://acme.io:99999"; must be a URL whose host and port (0 to 65535) are well formed'
    ],
    "[api]\nendpoints = [{ name = 'a', path = '/', status = { user = [200, 99] } },\n {}]": [
        "6: api.endpoints[0].status.user: not a declared role; known roles: anonymous",
        "6: api.endpoints[0].status.user[1]: found 99; wanted at least 100",
        "7: api.endpoints[1].name: missing; wanted a string",
        "7: api.endpoints[1].path: missing; wanted a string",
    ],
    '[roles.usr]\ntoken = "t"\n[metrics]\nrole = "user"\n[[load]]\nname = "a"\nrate_per_s = 1\nduration_s = 1\n'
    '[[load.targets]]\npath = "/"\nrole = "usrr"': [
        "8: metrics.role: found \"user\"; not a declared role; known roles: anonymous, usr; did you mean 'usr'?",
        (
            '15: load[0].targets[0].role: found "usrr"; not a declared role; known roles: anonymous, usr; '
            "did you mean 'usr'?"
        ),
    ],
    "[consent]\nexpiry_days = 3651": ["6: consent.expiry_days: found 3651; wanted at most 3650"],
    "[consent]\ntracker_days = 99999999999": ["6: consent.tracker_days: found 99999999999; wanted at most 3650"],
    "[consent]\nsettle_s = 30.5": ["6: consent.settle_s: found 30.5; wanted at most 30"],
    '[consent]\nbanner = "div[["': ['6: consent.banner: found "div[["; must be a CSS selector: `[` is not closed'],
    '[consent]\naccept = "#a)"': ['6: consent.accept: found "#a)"; must be a CSS selector: `)` closes nothing'],
    **{
        f'[consent]\n{key} = "{value}"': [f'6: consent.{key}: found "{value}"; {CSS} {told}']
        for key, value, told in (
            ("accept", "text=Accept all", f"`text=`{OTHER}"),
            ("accept", "//button[2]", f"`//`{OTHER}"),
            ("reject", "button:has-text(no)", f"`:has-text`{OTHER}"),
            ("reject", "button:visible", f"`:visible`{OTHER}"),
            ("accept", "#1abc", "`#1` cannot stand in one"),
            ("banner", "@media", "`@media` cannot stand in one"),
            ("banner", "#cookie{color:red}", "`{` cannot stand in one"),
        )
    },
    '[consent]\nreject = " "': ['6: consent.reject: found " "; must be a CSS selector, not spaces'],
    "[consent]\nsettings = \"[title='it\\\\'s]\"": [
        "6: consent.settings: found \"[title='it\\\\'s]\"; must be a CSS selector: a quote ' is not closed"
    ],
    '[consent]\nrecord = "my choice; x"': [
        (
            '6: consent.record: found "my choice; x"; must be a cookie\'s name (RFC 6265): letters, digits and '
            "!#$%&'*+-.^_`|~, without spaces or `;`"
        )
    ],
    '[consent]\nrecord = "c"\nrevised = "a;b"': [
        '7: consent.revised: found "a;b"; must be a cookie\'s value: no `;`, comma, space, quote or control character'
    ],
    '[[consent.regions]]\nname = "de"\nlocale = "de_DE"\ntimezone = "Europe/Berlim"': [
        '7: consent.regions[0].locale: found "de_DE"; must be a language tag (BCP 47) such as de, de-DE or zh-Hant-TW',
        (
            '8: consent.regions[0].timezone: found "Europe/Berlim"; must be an IANA time zone such as Europe/Berlin; '
            "did you mean 'Europe/Berlin'?"
        ),
    ],
    '[[third_parties]]\nhost = "https://shop.example/"\npurpose = "other"': [
        f'6: third_parties[0].host: found "https://shop.example/"; {ONLY_HOST}'
    ],
    '[[third_parties]]\nhost = "x.test:443"\npurpose = "other"': [
        f'6: third_parties[0].host: found "x.test:443"; {ONLY_HOST}'
    ],
    '[analytics]\nid = "UA-123"\nhosts = ["x.test/collect"]': [
        (
            '6: analytics.id: found "UA-123"; kind ga4 has a measurement id of G- and letters or digits, '
            "such as G-ABC123DEF4"
        ),
        f'7: analytics.hosts[0]: found "x.test/collect"; {ONLY_HOST}',
    ],
    '[vitals]\ninteraction = "#menu["': [
        '6: vitals.interaction: found "#menu["; must be a CSS selector: `[` is not closed'
    ],
    '[[vitals.interactions]]\nselector = ""': [
        '6: vitals.interactions[0].selector: found ""; wanted 1 character or more'
    ],
    '[accessibility]\nmain_action = "a:not(.b"\nstates = [{ name = "s", clicks = ["b]"] }]': [
        '6: accessibility.main_action: found "a:not(.b"; must be a CSS selector: `(` is not closed',
        '7: accessibility.states[0].clicks[0]: found "b]"; must be a CSS selector: `]` closes nothing',
    ],
    JOURNEY + '{ see = "" }]': ['7: journeys[0].steps[0].see: found ""; wanted 1 character or more'],
    JOURNEY + '{ title = "" }]': ['7: journeys[0].steps[0].title: found ""; wanted 1 character or more'],
    JOURNEY + '{ click = " " }]': ['7: journeys[0].steps[0].click: found " "; must hold more than spaces'],
    JOURNEY + '{ press = "" }]': ['7: journeys[0].steps[0].press: found ""; wanted 1 character or more'],
    JOURNEY + '{ fill = "Name" }]': [
        '7: journeys[0].steps[0]: `fill` needs `value` or `secret`; `value = ""` empties the field'
    ],
    JOURNEY + '{ click = "Save", role = "buton", within_s = 61 }]': [
        (
            '7: journeys[0].steps[0].role: found "buton"; must be an ARIA role such as button, link, heading or textbox; '
            "did you mean 'button'?"
        ),
        "7: journeys[0].steps[0].within_s: found 61; wanted at most 60",
    ],
    JOURNEY + '{ click = "div[[", by = "selector" }]': [
        '7: journeys[0].steps[0].click: found "div[["; must be a CSS selector: `[` is not closed'
    ],
    "[[vitals]]\nruns = 3": ["5: vitals: found an array; wanted a table"],
    # lists that would switch checks off
    '[consent]\nlaws = []\nregions = [{ name = "x", laws = [] }]': [
        "6: consent.laws: found an empty array; wanted 1 item or more",
        "7: consent.regions[0].laws: found an empty array; wanted 1 item or more",
    ],
    "[vitals]\npages = []": ["6: vitals.pages: found an empty array; wanted 1 item or more"],
    "[security]\nsession_cookies = []": ["6: security.session_cookies: found an empty array; wanted 1 item or more"],
    "[tls]\naddresses = { 'a.test' = [] }": ['6: tls.addresses."a.test": found an empty array; wanted 1 item or more'],
    "[api]\nendpoints = [{ name = 'a', path = '/', status = {} },\n{ name = 'b', path = '/', status = { anonymous = [] } }]": [
        "6: api.endpoints[0].status: found an empty table; wanted 1 item or more",
        "7: api.endpoints[1].status.anonymous: found an empty array; wanted 1 item or more",
    ],
    "[analytics]\npaths = []": ["6: analytics.paths: no path takes hits then; name one here or in `own_paths`"],
    '[[databases]]\nname = "m"\nurl = "postgresql://h/d"\nmigrations = { table = "t" }\nindexes = [{ table = "t", columns = [] }]': [
        (
            "8: databases[0].migrations: needs `directory` or `expected`, which tell the migrations that must have been "
            "applied"
        ),
        "9: databases[0].indexes[0].columns: found an empty array; wanted 1 item or more",
    ],
    # what could never be met
    "[vitals]\nbytes = { total = -3 }\nuncompressed = { total = -1 }\nrequests = { font = -1 }": [
        "6: vitals.bytes.total: found -3; wanted at least 0",
        "7: vitals.uncompressed.total: found -1; wanted at least 0",
        "8: vitals.requests.font: found -1; wanted at least 0",
    ],
    '[[vitals.budgets]]\npath = "/"\nlcp_ms = 0\nbytes = { total = -3 }': [
        "7: vitals.budgets[0].lcp_ms: found 0; wanted more than 0",
        "8: vitals.budgets[0].bytes.total: found -3; wanted at least 0",
    ],
    '[[vitals.interactions]]\nselector = "a"\nkey = "Entr"': [
        f"7: vitals.interactions[0].key: found \"Entr\"; {NO_KEY}; did you mean 'Enter'?"
    ],
    '[[vitals.interactions]]\nselector = "a"\nkey = " "': [
        '7: vitals.interactions[0].key: found " "; the space bar is `Space` here'
    ],
    '[[vitals.interactions]]\nselector = "a"\npage = "/not-measured"': [
        '7: vitals.interactions[0].page: found "/not-measured"; this page is not measured, so it would be pressed nowhere; measured: /'
    ],
    '[vitals]\npages = ["/a", "/b"]\ninteractions = [{ selector = "a", page = "/" }]': [
        '7: vitals.interactions[0].page: found "/"; this page is not measured, so it would be pressed nowhere; measured: /a, /b'
    ],
    '[accessibility]\nstates = [{ name = "s", keys = ["Foo", "Control+Tabb"] }]': [
        f'6: accessibility.states[0].keys[0]: found "Foo"; {NO_KEY}',
        f"6: accessibility.states[0].keys[1]: found \"Control+Tabb\"; {NO_KEY}; did you mean 'Tab'?",
    ],
    '[accessibility]\nstates = [{ name = "s" }]': [
        "6: accessibility.states[0]: needs `clicks`, `keys` or `shows`; without them it is the page as it has loaded"
    ],
    '[accessibility]\nstates = [{ name = "s", shows = "a" },\n{ name = "s", shows = "b" }]': [
        '7: accessibility.states[1].name: found "s"; declared twice; no name may stand more than once'
    ],
    JOURNEY + '{ press = "Entr" }]': [
        f"7: journeys[0].steps[0].press: found \"Entr\"; {NO_KEY}; did you mean 'Enter'?"
    ],
    JOURNEY + '{ press = "Control+" },\n{ press = "\u00e9" }]': [
        f'7: journeys[0].steps[0].press: found "Control+"; {NO_KEY}',
        f'8: journeys[0].steps[1].press: found "\u00e9"; {NO_KEY}',
    ],
    JOURNEY + '{ url = "https://x" },\n{ url = "orders/*" },\n{ url = "https://www.acme.io/a" },\n{ url = "/a#b" }]': [
        '7: journeys[0].steps[0].url: found "https://x"; a page\'s address goes on after its host, as in https://pay.example/*',
        f'8: journeys[0].steps[1].url: found "orders/*"; {ONLY_PATH}',
        '9: journeys[0].steps[2].url: found "https://www.acme.io/a"; a page of the site itself is told by its path alone',
        '10: journeys[0].steps[3].url: found "/a#b"; what stands behind a `#` is not compared',
    ],
    "[vitals.field]\npath = '/f'\nlcp = 'record/x'\ncls = '/a~2'": [
        f'7: vitals.field.lcp: found "record/x"; {POINTER}',
        f'8: vitals.field.cls: found "/a~2"; {POINTER}',
    ],
    "[release]\npointer = 'release'": [f'6: release.pointer: found "release"; {POINTER}'],
    '[consent]\nbanner = ">>>"\naccept = "a,"\nreject = "> a"\nsettings = "a > + b"': [
        f'6: consent.banner: found ">>>"; {CSS} `>` leads nowhere',
        f'7: consent.accept: found "a,"; {CSS} nothing stands beside a comma',
        f'8: consent.reject: found "> a"; {CSS} nothing stands before `>`',
        f'9: consent.settings: found "a > + b"; {CSS} `>` leads nowhere',
    ],
    '[vitals]\ninteraction = ">>>"': [
        '6: vitals.interaction: found ">>>"; must be a selector: nothing stands before or behind a `>>`'
    ],
    '[error_tracking]\nkind = "sentry"\nhost = "https://errors.x.test/"\nproject = "abc"\n'
    'public_key = "https://k@x"\nforbid_hosts = ["https://*.io/"]': [
        f'7: error_tracking.host: found "https://errors.x.test/"; {ONLY_HOST}',
        '8: error_tracking.project: found "abc"; must be the number at the end of the DSN',
        (
            '9: error_tracking.public_key: found "https://***@x"; must be what stands before the @ of the DSN: '
            "letters, digits and `-._~`"
        ),
        '10: error_tracking.forbid_hosts[0]: found "https://*.io/"; must be a pattern of host names such as *.sentry.io',
    ],
    '[error_tracking]\nkind = "sentry"': ["5: error_tracking.host: kind sentry needs `host`, the host in the DSN"],
    JOURNEY + '{ url = "https://u:hunter2@x" }]': [
        (
            '7: journeys[0].steps[0].url: found "https://***@x"; a page\'s address goes on after its host, '
            "as in https://pay.example/*"
        )
    ],
    # across keys and sections, also where a field is wrong
    '[[journeys]]\nname = "j"\nrole = "ghost"\nconsent = "accept"\nsteps = [{ goto = "/" }]\n'
    '[analytics]\nevents = [{ name = "e", journey = "x" }]\n'
    '[error_tracking]\nkind = "none"\nround_trip.row = { database = "d", table = "t" }\n[limits]\nrequests = 0': [
        '7: journeys[0].role: found "ghost"; not a declared role; known roles: anonymous',
        (
            '8: journeys[0].consent: found "accept", a choice in a banner, and there is no [consent]; '
            "declare it, or remove the key"
        ),
        '11: analytics.events[0].journey: found "x"; no journey of this name has consent = "accept"',
        '14: error_tracking.round_trip.row.database: found "d"; no [[databases]] is named so',
        "16: limits.requests: found 0; wanted at least 1",
    ],
    '[roles.user]\ntoken = "t"\n[[journeys]]\nname = "j"\nrole = "user"\nsteps = [{}, { clik = "a" }]\n[[journeys]]\nname = "j"': [
        (
            '9: journeys[0].role: found "user"; this role has neither `cookie` nor `local_storage`, '
            "so no browser can have signed in with it"
        ),
        (
            "10: journeys[0].steps[0]: a step has one action of goto, click, fill, press, see, absent, url, title, "
            "response, elapse_s; found none"
        ),
        (
            "10: journeys[0].steps[1].clik: unknown key; known here: goto, click, fill, press, see, absent, url, title, "
            "response, elapse_s, role, by, value, secret, status, within_s; did you mean 'click'?"
        ),
        "11: journeys[1].steps: missing; wanted an array of tables",
        '12: journeys[1].name: found "j"; declared twice; no name may stand more than once',
    ],
    '[consent]\nrevised = "a"\nexpiry_days = 0\nregions = [{ name = "x" },\n{ name = "x", laws = ["fr"] }]': [
        '6: consent.revised: found "a"; needs consent.record, the cookie that has this value',
        "7: consent.expiry_days: found 0; wanted at least 1",
        '9: consent.regions[1].name: found "x"; declared twice; no name may stand more than once',
        '9: consent.regions[1].laws[0]: found "fr"; wanted one of eu, uk, us',
    ],
    '[privacy.deletion]\ncreate = { path = "/p" }\nask = { path = "/q", role = "boss" }\nwithin_s = 0\ntraces = [{ name = "t" }]': [
        "6: privacy.deletion.create: neither `path` nor `body` holds {tag}, by which the person is told",
        '7: privacy.deletion.ask.role: found "boss"; not a declared role; known roles: anonymous',
        "8: privacy.deletion.within_s: found 0; wanted more than 0",
        "9: privacy.deletion.traces[0]: either `path` or `row`",
    ],
    # one cause is told once
    '[[databases]]\nname = "${UNSET}"\nurl = "postgresql://h/d"\n'
    '[error_tracking]\nkind = "none"\nround_trip.row = { database = "d", table = "t" }': [
        "6: databases[0].name: UNSET is not set; set it in .env.x, or export it"
    ],
    '[[site.pages]]\npath = "/a"\n[[site.pages]]\npath = "/a"\n[[site.pages]]\npath = "${UNSET}"\n[[site.pages]]\npath = "${UNSET}"': [
        "8: site.pages[1].path: '/a' stands already at x.toml:6; each must be there once",
        "10: site.pages[2].path: UNSET is not set; set it in .env.x, or export it",
        "12: site.pages[3].path: UNSET is not set; set it in .env.x, or export it",
    ],
    '[metrics]\nrole = "${UNSET}"': ["6: metrics.role: UNSET is not set; set it in .env.x, or export it"],
    '[analytics]\nkind = "x"\nalso = 1\n[[journeys]]\nname = "j"\nconsent = "acept"\nsteps = [{ see = "a" }]': [
        '6: analytics.kind: found "x"; wanted one of ga4, other',
        (
            "7: analytics.also: unknown key; known here: kind, id, hosts, paths, own_paths, script, parameters, "
            "id_parameter, event_parameter, events"
        ),
        '10: journeys[0].consent: found "acept"; wanted one of "", accept, reject; did you mean \'accept\'?',
    ],
    '[resolve]\n"a.b" = 1': ['6: resolve."a.b": found 1; wanted a string'],
    '[[databases]]\nname = "m"\nurl = "hunter2"': [
        "7: databases[0].url: found a string; must be a postgresql:// URL with a host"
    ],
    "[health]\npath = '$HOME/x'": [
        "6: health.path: `$HOME` is not replaced; write `${NAME}` or `${NAME:-default}`, and `$$` for a dollar sign"
    ],
    "[health]\npath = '/${a-b}'": [
        "6: health.path: `${a-b}` is no reference; write `${NAME}` or `${NAME:-default}`, and `$$` for a dollar sign"
    ],
    "[health]\npath = '/": ['6: not valid TOML: Expected "\'"'],
    "[limits]\n[limits]": ["6: not valid TOML, column 8: Cannot declare ('limits',) twice"],
}


@pytest.mark.parametrize("text", BAD, ids=range(len(BAD)))
def test_what_a_bad_file_is_told(folder: Path, text: str) -> None:
    """Whole messages, each with the line of its key; HEAD has four lines, so `text` starts on line 5."""
    assert problems_of(folder, HEAD + text) == [f"x.toml:{message}" for message in BAD[text]]


GOOD = {
    "the most": "[consent]\nexpiry_days = 3650\ntracker_days = 3650\nsettle_s = 30",
    "selectors": '[consent]\nbanner = "[data-x=\')(\'] /* it\'s */ > a:not([href$=\\"]\\"]) .a\\\\("\naccept = "#a\\\\\'b"',
    "selectors of Playwright": """[accessibility]
main_action = "text=Don't ("
[[accessibility.states]]
name = "s"
clicks = ['//a[contains(., "it)")]', "#a >> text=:-)", "'Don"]
""",
    "cookies": '[consent]\nrecord = "__Host-consent.v2"\nrevised = "a=b&c:%7B"',
    "no region": '[[consent.regions]]\nname = "x"\nlocale = ""\ntimezone = ""',
    "regions": "\n".join(
        f'[[consent.regions]]\nname = "{tag}"\nlocale = "{tag}"\ntimezone = "{zone}"'
        for tag, zone in {
            "de": "UTC",
            "de-DE": "Europe/Berlin",
            "zh-Hant-TW": "Asia/Taipei",
            "es-419": "America/Argentina/Salta",
            "ca-ES-valencia": "Europe/Madrid",
            "fil-PH": "Asia/Manila",
        }.items()
    ),
    "hosts": "\n".join(
        f'[[third_parties]]\nhost = "{host}"\npurpose = "other"'
        for host in ("x.test", "X.Test", "localhost", "127.0.0.1", "[::1]", "::1", "a_b.xn--mnchen-3ya.de", "o1.in.io.")
    ),
    "keys": '[accessibility]\nstates = [{ name = "s", keys = ["Control+Shift+T", "Control++", "+", "KeyA", "~", "F12", "ControlOrMeta+a"] }]\n'
    '[[vitals.interactions]]\nselector = "a"\nkey = ""\n[[vitals.interactions]]\nselector = "a"\nkey = "Space"\npage = "/"',
    "lists that may be empty": "[accessibility]\npages = []\n[analytics]\nevents = []\npaths = []\nown_paths = ['/g']\n[security]\norigins = []",
    "budgets of nothing": "[vitals]\nbytes = { font = 0 }\nbudgets = [{ path = '/', tbt_ms = 0, cls = 0 }]",
    "pointers": "[release]\npointer = ''\n[vitals.field]\npath = '/f'\nlcp = '/a~1b/0/~0'",
    "combinators": '[consent]\nbanner = "a > b + c ~ d, :is(> e, f) /* > */"\naccept = "a[b=\'>\'] \\\\>"\n'
    '[vitals]\ninteraction = "> a >> > b"',
    "places": '[[journeys]]\nname = "j"\nsteps = [{ url = "/a?b=*" }, { url = "*#x" }, { url = "https://pay.test/*" }, { url = "http*" },\n'
    '{ url = "about:blank" }, { url = "[/]a" }, { url = "https://acme.io.test/" }, { url = "https://*" }]',
    "an error tracker": '[error_tracking]\nkind = "sentry"\nhost = "o1.ingest.sentry.io"\nproject = "45"\npublic_key = "a-b"\n'
    'forbid_hosts = ["*.sentry.io", "[ab].test"]',
    "analytics": '[analytics]\nid = "G-ABC123"\nhosts = ["x.test"]',
    "another analytics": '[analytics]\nkind = "other"\nid = "12/site"',
    "steps": '[[journeys]]\nname = "j"\nsteps = [{ fill = "Name", value = "" }, { fill = "Name", secret = "${S:-abcdefg}" },\n'
    '{ press = " " }, { see = "it\'s [new] :-)" }, { click = "Save (", role = "button", by = "selector" },\n'
    '{ see = "#a:text-matches(\'[0-9]\')", by = "selector", within_s = 60 }]',
}


@pytest.mark.parametrize("text", GOOD.values(), ids=GOOD)
def test_what_is_good_stays_good(folder: Path, text: str) -> None:
    write(folder, "x.toml", HEAD + text)
    load("x", folder=folder, process_env={})


def test_without_a_database_of_time_zones_any_is_taken(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(values, "_zones", frozenset)
    write(folder, "x.toml", HEAD + '[[consent.regions]]\nname = "de"\ntimezone = "Mars/Base"')
    load("x", folder=folder, process_env={})


def test_every_role_of_the_driver_is_known() -> None:
    """Playwright's own list of roles is within ours: no step that works is refused."""
    from playwright.async_api import Page

    roles = get_args(get_type_hints(Page.get_by_role)["role"])
    assert len(roles) > 70
    assert set(roles) <= models.ARIA_ROLES


@pytest.mark.wait
def test_our_keys_are_those_of_the_driver() -> None:
    """Each is pressed in a browser, and those nearest to them that are none are refused there too."""
    from playwright.async_api import Error, async_playwright

    from gonogo.probes.browser.browsers import launch

    async def press() -> None:
        async with async_playwright() as playwright:
            browser, _ = await launch(playwright)
            page = await browser.new_page()
            for key in sorted(models.KEYS):
                await page.keyboard.press(key)
            for key in ("Entr", "Esc", "F13", "Spacebar", "\u00e9", "Control+", "", "KeyAA", "Ctrl+A", "enter"):
                with pytest.raises(Error, match="Unknown key"):
                    await page.keyboard.press(key)
                with pytest.raises(ValueError, match="must be a key"):
                    key_name(key)
            await browser.close()

    asyncio.run(press())


def test_every_problem_is_told_at_once(folder: Path) -> None:
    assert problems_of(folder, 'tier = "live"\n[site]\nurl = 5\nulr = 6\n[limits]\nrequests = 0\n') == [
        "x.toml:1: name: missing; wanted a string",
        'x.toml:1: tier: found "live"; wanted one of demo, development, staging, production',
        "x.toml:3: site.url: found 5; wanted a string",
        "x.toml:4: site.ulr: unknown key; known here: url, plain_url, aliases, pages; did you mean 'url'?",
        "x.toml:6: limits.requests: found 0; wanted at least 1",
    ]


def test_files_that_are_no_toml_text(folder: Path) -> None:
    assert problems_of(folder, b"a = 1\nb = '\xff'\n") == ["x.toml:2: not UTF-8 text; save the file as UTF-8"]
    assert problems_of(folder, b"#" * (MAX_BYTES + 1)) == [
        "x.toml: larger than 256 KiB, which no environment file needs to be"
    ]
    assert problems_of(folder, "a = " + "[" * 5000) == ["x.toml:1: nested more than 24 levels deep"]
    assert problems_of(folder, "\n[" + "a." * 5000 + "a]") == ["x.toml:2: nested more than 24 levels deep"]


def test_a_byte_order_mark_is_no_mistake(folder: Path) -> None:
    write(folder, "x.toml", b"\xef\xbb\xbf" + HEAD.replace("\n", "\r\n").encode())
    assert load("x", folder=folder, process_env={}).origins["site.url"] == ("x.toml", 4)


SEEDS = [HEAD.encode(), *(file.read_bytes() for file in sorted(Path("environments").glob("*.toml")))]
PIECES = [
    b"[", b"]", b"[[", b"]]", b"{", b"}", b'"', b"'", b'"""', b"'''", b"=", b".", b",", b"\n", b"\r", b"#", b"\\", b"$",
    b"${A}", b"${", b"1", b"-inf", b"true", b"1979-05-27", b"0xffffffffffffffffff", b"\xff", b"\x00", b'extends = "x.toml"\n',
    b'extends = "."\n', b"[roles]\n", b"[roles.user]\n", b"[[databases]]\n", b"\xf0\x9f\x98\x80",
]  # fmt: skip


@st.composite
def spoilt(draw: st.DrawFn) -> bytes:
    """A real file with pieces put in and cut out."""
    text = draw(st.sampled_from(SEEDS))
    for _ in range(draw(st.integers(0, 6))):
        start = draw(st.integers(0, len(text)))
        text = text[:start] + draw(st.sampled_from(PIECES)) + text[start + draw(st.integers(0, 12)) :]
    return text


@given(st.one_of(st.binary(max_size=200), st.text(max_size=200).map(str.encode), spoilt()))
@example(b"a=" + b"9" * 5000)
@example(b"a=0x" + b"f" * 5000)
@example(b"a=" + b"{a=" * 3000)
@example(b'""=1\n"\\u0000"=2\n[roles.""]\n')
@example(b"a.b.c=1\n" * 3)
@settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_bytes_are_an_environment_or_a_list_of_problems(folder: Path, text: bytes) -> None:
    file = folder / "x.toml"
    file.write_bytes(text)
    started = time.monotonic()
    try:
        loaded = load(str(file), folder=folder, process_env={"A": "value"})
    except EnvironmentInvalid as error:
        assert error.problems
        assert all(problem.file and problem.message for problem in error.problems)
    else:
        assert isinstance(loaded.environment, Environment)
    assert time.monotonic() - started < 5


@pytest.mark.parametrize(
    "text",
    [
        b"a." * 120_000 + b"a=1",
        b"a=[" + b"1," * 100_000 + b"]",
        b"".join(b"a%d=1\n" % number for number in range(8_000)),
        b"[[site.pages]]\n" * 8_000,
        b'a="' + b"${X}" * 20_000 + b'"',
        b"[roles]\n" + b"".join(b"r%d={}\n" % number for number in range(5_000)),
    ],
    ids=["long key", "long array", "many keys", "many tables", "many references", "many roles"],
)
def test_a_large_file_takes_bounded_time(folder: Path, text: bytes) -> None:
    started = time.monotonic()
    problems_of(folder, text)
    assert time.monotonic() - started < 15


# what a loaded environment holds


def demo_variables(folder: Path) -> dict[str, str]:
    return {
        "DEMO_CA_FILE": str(folder / "ca.pem"),
        "DEMO_USER_TOKEN": "user-token-1",
        "DEMO_ADMIN_TOKEN": "admin-token-1",
        "DEMO_HTTPS_PORT": "8443",
        "DEMO_HTTP_PORT": "8080",
        "DEMO_COLLECTOR_PORT": "8444",
        "DEMO_DATABASE_URL": "postgresql://reader:p%40ss%2Fword@db.acme.test:5432/acme?sslpassword=key-pass",
        "DEMO_MIGRATIONS": str(folder),
    }


ENVIRONMENTS = Path("environments").absolute()


def test_the_demo_loads_with_what_its_provider_supplies(folder: Path) -> None:
    assert provider_of("demo", folder=ENVIRONMENTS) == "demo"
    loaded = load("demo", folder=ENVIRONMENTS, variables=demo_variables(folder), process_env={})
    assert loaded.environment.site.url == "https://www.acme.test:8443"
    assert set(loaded.secrets) == {
        "user-token-1", "admin-token-1", "p%40ss%2Fword", "p@ss/word", "key-pass",
        "postgresql://reader:p%40ss%2Fword@db.acme.test:5432/acme?sslpassword=key-pass",
    }  # fmt: skip
    assert loaded.file("migrations") == ENVIRONMENTS / "migrations"
    assert loaded.file("/abs/ca.pem") == Path("/abs/ca.pem")
    for secret in loaded.secrets:
        assert secret not in repr(loaded)
        assert secret not in repr(loaded.tree)


def test_the_digest_follows_the_content_and_not_the_secrets(folder: Path) -> None:
    def digest(**changed: str) -> str:
        return load("demo", folder=ENVIRONMENTS, variables=demo_variables(folder) | changed, process_env={}).digest

    first = digest()
    assert len(first) == 64
    assert digest(DEMO_USER_TOKEN="another-token", DEMO_DATABASE_URL="postgresql://a:bcdefgh@h/d") == first
    assert digest(DEMO_HTTPS_PORT="9443") != first


def test_the_digest_ignores_order_and_layers(folder: Path) -> None:
    write(folder, "a.toml", HEAD)
    write(folder, "base.toml", 'tier = "staging"\n[site]\nurl = "https://www.acme.io"\n')
    write(folder, "b.toml", 'extends = "base.toml"\nname = "x"\n')
    assert load("a", folder=folder, process_env={}).digest == load("b", folder=folder, process_env={}).digest
