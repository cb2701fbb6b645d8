"""Secrets are taken out of every text, however they were written into it."""

from __future__ import annotations

import html
import json
import time
from base64 import b64encode, urlsafe_b64encode
from collections.abc import Callable
from pathlib import Path
from urllib.parse import quote, quote_plus

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from gonogo.environment import Scrubber, load
from gonogo.environment.secrets import Json, literal_secret, parts
from gonogo.errors import EnvironmentInvalid

CHARACTERS = st.characters(exclude_categories=["Cs"], exclude_characters="*")
SECRETS = st.text(CHARACTERS, min_size=6, max_size=30)
AWKWARD = st.text("""ab01/\\"'&%<> +=äx25nu""", min_size=6, max_size=12)

ENCODINGS: dict[str, Callable[[str], str]] = {
    "raw": str,
    "percent": lambda text: quote(text, safe=""),
    "percent in a path": quote,
    "percent in lower case": lambda text: quote(text, safe="").replace("%2F", "%2f").replace("%C3%A4", "%c3%a4"),
    "percent twice": lambda text: quote(quote(text, safe=""), safe=""),
    "form": quote_plus,
    "JSON": lambda text: json.dumps(text)[1:-1],
    "JSON as UTF-8": lambda text: json.dumps(text, ensure_ascii=False)[1:-1],
    "JSON in JSON": lambda text: json.dumps(json.dumps(text))[3:-3],
    "repr": lambda text: repr(text)[1:-1],
    "ascii": lambda text: ascii(text)[1:-1],
    "repr of bytes": lambda text: repr(text.encode())[2:-1],
    "HTML": html.escape,
    "HTML in HTML": lambda text: html.escape(html.escape(text)),
    "JSON in HTML": lambda text: html.escape(json.dumps(text)[1:-1]),
    "base64": lambda text: b64encode(text.encode()).decode(),
    "base64 of user:secret": lambda text: b64encode(f"user:{text}".encode()).decode(),
    "base64 of me:secret": lambda text: b64encode(f"me:{text}".encode()).decode(),
    "base64 for URLs": lambda text: urlsafe_b64encode(f"{text}?".encode()).decode(),
}


@given(st.one_of(SECRETS, AWKWARD), st.sampled_from(sorted(ENCODINGS)))
@example("%25%2525%25", "percent")
@example('\\"\\"\\"', "JSON in JSON")
@example("\\ä\\ä\\ä", "JSON")
def test_no_encoding_hides_a_secret(secret: str, name: str) -> None:
    encoded = ENCODINGS[name](secret)
    scrubbed = Scrubber([secret]).scrub(f"[{encoded}]")
    assert encoded not in scrubbed
    assert secret not in scrubbed
    if "base64" in name:
        assert "***" in scrubbed
    else:
        assert scrubbed == "[***]"


@given(
    st.lists(SECRETS, min_size=1, max_size=4),
    st.lists(st.one_of(st.text(CHARACTERS, max_size=9), st.integers(0, 3))),
)
def test_every_occurrence_of_every_secret_goes(secrets: list[str], pieces: list[str | int]) -> None:
    text = "".join(piece if isinstance(piece, str) else secrets[piece % len(secrets)] for piece in pieces)
    scrubbed = Scrubber(secrets).scrub(text)
    assert not [secret for secret in secrets if secret in scrubbed]


@given(SECRETS, st.text())
def test_a_text_without_secrets_stays(secret: str, text: str) -> None:
    assume("://" not in text and "authorization" not in text.lower())
    assume(not any(encoding(secret)[2:-2] in text for encoding in ENCODINGS.values()))
    scrubbed = Scrubber([secret]).scrub(text)
    assert scrubbed == text or len(text) >= 6


def test_a_short_secret_is_left_to_the_other_rules() -> None:
    scrub = Scrubber(["short", "abc", ""]).scrub
    assert scrub("short abc shorts") == "short abc shorts"
    assert scrub("https://user:short@host/") == "https://user:***@host/"


@pytest.mark.parametrize(
    ("text", "scrubbed"),
    [
        ("postgresql://u:pw@h/d amqp://:pw@h", "postgresql://u:***@h/d amqp://:***@h"),
        ("https://h:443/a@b https://h:80?c=d@e", "https://h:443/a@b https://h:80?c=d@e"),
        ("redis://u:p@ss@h", "redis://u:***@h"),
        (
            "GET / HTTP/1.1\nAuthorization: Bearer abc def\nHost: h",
            "GET / HTTP/1.1\nAuthorization: ***\nHost: h",
        ),
        ("> proxy-authorization: Basic abc\r\n", "> proxy-authorization: ***\r\n"),
        ('authorization: Digest username="x", response="y"', "authorization: ***"),
        ('{"Authorization": "Bearer x", "b": 1}', '{"Authorization": "***", "b": 1}'),
        ('{\\"authorization\\":\\"Bearer x\\",\\"b\\":1}', '{\\"authorization\\":\\"***\\",\\"b\\":1}'),
        ("{'Authorization': 'Bearer x'}", "{'Authorization': '***'}"),
        ("[(b'authorization', b'Bearer x'), (b'a', b'b')]", "[(b'authorization', b'***'), (b'a', b'b')]"),
        ('{"name":"Authorization","value":"Bearer x"}', '{"name":"Authorization","value":"***"}'),
        ("curl -H 'Authorization: Bearer x' -v", "curl -H 'Authorization: ***' -v"),
        ("X-Authorization-Id: 5", "X-Authorization-Id: 5"),
    ],
)
def test_credentials_of_strangers_go_too(text: str, scrubbed: str) -> None:
    assert Scrubber([]).scrub(text) == scrubbed


def test_json_is_scrubbed_value_by_value() -> None:
    before: Json = {
        "a": ["x hunter2-hunter2 y", 1, None, True, 1.5],
        "hunter2-hunter2": 1,
        "headers": [["Authorization", "Bearer x"], ("accept", "a")],
        "Authorization": "Bearer x",
        "har": {"name": "authorization", "value": "Bearer x"},
        "number": 12345678,
    }
    assert Scrubber(["hunter2-hunter2", "12345678"]).scrub_json(before) == {
        "a": ["x *** y", 1, None, True, 1.5],
        "***": 1,
        "headers": [["Authorization", "***"], ["accept", "a"]],
        "Authorization": "***",
        "har": {"name": "authorization", "value": "***"},
        "number": "***",
    }


def test_a_scrubber_does_not_print_its_secrets() -> None:
    assert repr(Scrubber(["hunter2-hunter2"])) == "Scrubber()"


LARGE = {
    "page": "<p class='x'>Hello \"world\" & more https://a.b/c</p>\n" * 20_000,
    "base64": b64encode(bytes(range(256)) * 3000).decode(),
    "backslashes": "\\" * 500_000,
    "escaped quotes": '\\"' * 250_000,
    "percents": "%25" * 300_000,
    "entities": "&amp;" * 200_000,
    "schemes": "a://" * 250_000,
    "user names": "://" + "a" * 1_000_000,
    "headers": "authorization:" * 70_000,
    "spaces": "authorization" + " " * 1_000_000,
}


@pytest.mark.parametrize("name", LARGE)
def test_a_large_text_takes_linear_time(name: str) -> None:
    """A megabyte takes a tenth of a second or so; a search that backtracks would take hours."""
    secrets = [f"token-number-{number:03}" for number in range(12)]
    scrub = Scrubber(
        [*secrets, "\\" * 10 + "x", '"' * 10 + "x", "%25%25%25%", "&amp;&&&x", "      x", "\\ä\\ä\\ä"]
    ).scrub
    started = time.monotonic()
    scrub(LARGE[name])
    assert time.monotonic() - started < 5


def test_what_of_a_raw_text_is_secret() -> None:
    url = "postgresql://reader:hunter2@host:5432/app"
    assert literal_secret("${TOKEN}", "hunter2") == ""
    assert literal_secret("${TOKEN:-hunter2}", "hunter2") == "hunter2"
    assert literal_secret("prefix-${TOKEN}", "prefix-hunter2") == "prefix-"
    assert literal_secret("postgresql://reader:${PASSWORD}@${HOST}:5432/app", url) == ""
    assert literal_secret("${SERVER}/app", url) == ""
    assert literal_secret("${URL:-" + url + "}", url) == "hunter2"
    assert literal_secret("postgresql://reader:hunter2@${HOST}:5432/app", url) == "hunter2"
    assert literal_secret("postgresql://reader:${PASSWORD:-hunter2}@${HOST}:5432/app", url) == "hunter2"
    assert literal_secret("postgresql://reader@host/app", "postgresql://reader@host/app") == ""


def test_the_parts_of_a_database_url() -> None:
    assert parts("plain") == ["plain"]
    assert parts("postgresql://u:a%40b@h/d?sslpassword=c") == [
        "postgresql://u:a%40b@h/d?sslpassword=c", "a%40b", "a@b", "c",
    ]  # fmt: skip
    assert "p]w" in parts("postgresql://u:p]w@[h/d")


CANARY = "canary-5f1c!/é"
HEAD = 'name = "x"\ntier = "staging"\n[site]\nurl = "https://www.acme.io"\n'
WRONG = "[limits]\nrequests = 0\n"
SPOILT = {
    "role token beside another mistake": f'[roles.u]\ntoken = "{CANARY}"\n' + WRONG,
    "token misspelt": f'[roles.u]\ntokn = "{CANARY}"\n',
    "token in an array": f'[roles.u]\ntoken = ["{CANARY}"]\n',
    "token in a table": f'[roles.u]\ntoken = {{ value = "{CANARY}" }}\n',
    "role instead of token": f'[roles]\nu = "{CANARY}"\n',
    "roles instead of token": f'[[roles]]\ntoken = "{CANARY}"\n',
    "token never closed": f'[roles.u]\ntoken = "{CANARY}\n',
    "token of a role that is not declared": f'[roles.u]\ntoken = "{CANARY}"\n[metrics]\nrole = "v"\n',
    "database url that is none": f'[[databases]]\nname = "m"\nurl = "{CANARY}"\n',
    "database url with a wrong scheme": f'[[databases]]\nname = "m"\nurl = "mysql://u:{CANARY}@h/d"\n',
    "database url with a wrong port": f'[[databases]]\nname = "m"\nurl = "postgresql://u@h:{CANARY}/d"\n',
    "database url with brackets": f'[[databases]]\nname = "m"\nurl = "postgresql://u:{CANARY}@[h/d"\n',
    "database url beside another mistake": f'[[databases]]\nname = "-"\nurl = "postgresql://u:{CANARY}@h/d"\n',
    "database instead of url": f'databases = ["{CANARY}"]\n' + HEAD,
    "databases instead of url": f'[databases]\nurl = "{CANARY}"\n',
    "credentials in the site's url": f'[api]\nurl = "https://u:{CANARY}@h/"\n',
    "variable in a number": '[limits]\nrequests = "${CANARY}"\n',
    "variable in a choice": '[vitals]\ndevice = "${CANARY}"\n',
    "variable in a path": '[health]\npath = "${CANARY}"\n',
    "variable in a port": '[api]\nurl = "https://h:${CANARY}/"\n',
    "variable in a name": '[[databases]]\nname = "é${CANARY}"\nurl = "postgresql://u:${CANARY}@h/d"\n',
    "variable in a role": '[roles.u]\ntoken = "${CANARY}"\n[metrics]\nrole = "${CANARY}"\n',
    "variable in an unknown key": '[site.x]\ny = "${CANARY}"\n',
    "the same word elsewhere": f'[roles.u]\ntoken = "{CANARY}"\n[vitals]\ndevice = "{CANARY}"\n',
}


@pytest.mark.parametrize("text", SPOILT.values(), ids=SPOILT)
def test_no_message_holds_a_secret(tmp_path: Path, text: str) -> None:
    file = tmp_path / "x.toml"
    file.write_text(text if text.startswith("databases = ") else HEAD + text, encoding="utf-8")
    (tmp_path / ".env").write_text(f"CANARY='{CANARY}\n{CANARY}\n", encoding="utf-8")
    process_env = {"CANARY": CANARY}
    with pytest.raises(EnvironmentInvalid) as caught:
        load(str(file), folder=tmp_path, process_env=process_env)
    error: BaseException | None = caught.value
    told = ""
    while error is not None:
        told += f"{error} {error!r}"
        error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    assert caught.value.problems
    assert "canary-" not in told
    assert "5f1c" not in told
