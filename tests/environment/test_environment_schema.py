"""The generated files are current, and the schema accepts and refuses what loading does."""

from __future__ import annotations

import json
import re
import tomllib
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

from gonogo.environment import (
    Environment,
    Secret,
    environment_schema,
    lint,
    load,
    names,
    reference_markdown,
    show,
)
from gonogo.environment.model import Model
from gonogo.environment.schema import meanings, schema_text, toml_value
from gonogo.environment.shape import Kind, shape_of

ENVIRONMENTS = Path("environments")
VALUES = {
    "GONOGO_SITE_URL": "https://www.acme-insights.io",
    "GONOGO_USER_TOKEN": "user-token-of-a-test",
    "GONOGO_ADMIN_TOKEN": "admin-token-of-a-test",
    "GONOGO_DATABASE_URL": "postgresql://reader:pass%2Fword@db.acme-insights.io:5432/insights",
}
DEMO = {
    "DEMO_CA_FILE": "demo.toml",
    "DEMO_USER_TOKEN": "user-token-of-a-test",
    "DEMO_ADMIN_TOKEN": "admin-token-of-a-test",
    "DEMO_HTTPS_PORT": "8443",
    "DEMO_HTTP_PORT": "8080",
    "DEMO_COLLECTOR_PORT": "8444",
    "DEMO_DATABASE_URL": "postgresql://reader:pass%2Fword@db.acme.test:5432/acme",
    "DEMO_MIGRATIONS": "policies",
}


def refused(document: object) -> list[str]:
    return [error.json_path for error in Draft202012Validator(environment_schema()).iter_errors(document)]


def models(model: type[Model] = Environment) -> set[type[Model]]:
    shapes = [shape_of(info.annotation) for info in model.model_fields.values()]
    below = [found for shape in shapes for each in (shape, shape.item) if each and (found := each.model)]
    return {model}.union(*(models(each) for each in below))


def test_the_schema_file_is_current() -> None:
    stored = (ENVIRONMENTS / "schemas/environment.schema.json").read_text(encoding="utf-8")
    assert stored == schema_text(), "run `python -m gonogo.environment`"


def test_the_reference_is_current() -> None:
    assert Path("docs/environments.md").read_text(encoding="utf-8") == reference_markdown(), (
        "run `python -m gonogo.environment`"
    )


def test_every_section_and_key_is_explained() -> None:
    unexplained = [
        f"{model.__name__}.{name}"
        for model in models()
        for name in model.model_fields
        if not meanings().get((model.__name__, name))
    ]
    assert unexplained == []
    assert [model.__name__ for model in models() if "__doc__" not in vars(model) or not model.__doc__] == []
    text = reference_markdown()
    assert "### `[[databases.queries]]`" in text
    assert "### `[roles.<name>]`" in text
    rows = text.splitlines()
    assert "| `ttfb_ms` | a number, more than 0 | `800` | Time to First Byte, at most, milliseconds. |" in rows


def test_the_schema_is_a_schema_that_says_it_is_generated() -> None:
    Draft202012Validator.check_schema(environment_schema())
    assert "do not edit" in str(environment_schema()["$comment"])


@pytest.mark.parametrize("file", sorted(ENVIRONMENTS.glob("*.toml")), ids=lambda file: file.name)
def test_the_schema_accepts_the_shipped_files(file: Path) -> None:
    document = tomllib.loads(file.read_text(encoding="utf-8"))
    # base.toml is extended: what it leaves to others is no mistake.
    assert refused(document if file.name != "base.toml" else {"extends": "x", **document}) == []


SITE = {"url": "https://a.io"}


@pytest.mark.parametrize(
    ("document", "paths"),
    [
        ({"name": "x", "tier": "staging", "site": SITE}, []),
        (
            {
                "name": "x",
                "tier": "staging",
                "site": SITE,
                "limits": {"requests": "${N}", "allow_load": "${B:-false}"},
            },
            [],
        ),
        ({"name": "x", "tier": "${TIER}", "site": SITE, "provider": "${P}"}, []),
        ({"name": "x", "tier": "staging", "site": {}}, ["$.site"]),
        ({"name": "x", "tier": "staging"}, ["$"]),
        ({"extends": "base.toml", "site": {}}, []),
        ({"extends": "base.toml", "sites": {}}, ["$"]),
        ({"extends": "base.toml", "tier": "live"}, ["$.tier"]),
        ({"extends": "base.toml", "limits": {"requests": "5"}}, ["$.limits.requests"]),
        ({"extends": "base.toml", "databases": [{"name": "m"}]}, ["$.databases[0]"]),
        ({"extends": "base.toml", "roles": {"user": {}}}, []),
        ({"name": "x", "tier": "staging", "site": SITE, "roles": {"user": {}}}, ["$.roles.user"]),
    ],
)
def test_what_the_schema_says_of_a_document(document: object, paths: list[str]) -> None:
    assert refused(document) == paths


# the templates


def test_the_example_names_every_variable_of_the_templates() -> None:
    example = (ENVIRONMENTS / ".env.example").read_text(encoding="utf-8")
    texts = "".join((ENVIRONMENTS / f"{name}.toml").read_text("utf-8") for name in ("base", "staging", "production"))
    rows = [row.split("#")[0] if not row.startswith("#") else "" for row in texts.splitlines()]
    used = set(re.findall(r"\$\{(\w+)", "\n".join(rows)))
    assert set(re.findall(r"(?m)^#? ?(\w+)=", example)) == used
    assert set(re.findall(r"(?m)^(\w+)=$", example)) == set(VALUES)


@pytest.mark.parametrize("name", ["staging", "production"])
def test_the_templates_lint_clean_once_the_variables_are_set(name: str) -> None:
    assert name in names(ENVIRONMENTS)
    loaded = load(name, folder=ENVIRONMENTS, process_env=VALUES)
    assert (loaded.environment.name, loaded.environment.tier) == (name, name)
    assert lint(loaded) == ((), ())


def test_the_demo_lints_clean() -> None:
    assert lint(load("demo", folder=ENVIRONMENTS, variables=DEMO, process_env={})) == ((), ())


# show


@pytest.mark.parametrize(("name", "values"), [("staging", VALUES), ("production", VALUES), ("demo", DEMO)])
@pytest.mark.parametrize("origin", [False, True])
def test_what_is_shown_is_the_environment_without_its_secrets(name: str, values: dict[str, str], origin: bool) -> None:
    loaded = load(name, folder=ENVIRONMENTS, process_env=values)
    shown = show(loaded, origin)
    assert not [secret for secret in loaded.secrets if secret in shown]
    document = tomllib.loads(shown)
    for database in document.get("databases", []):
        assert database.pop("url") == "***"
        database["url"] = "postgresql://user@host"
    again = Environment.model_validate_json(json.dumps(document), strict=True)
    assert without_secrets(again.model_dump()) == without_secrets(loaded.environment.model_dump())


def without_secrets(value: object) -> object:
    if isinstance(value, dict):
        return {key: without_secrets(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [without_secrets(item) for item in value]
    return str(value) if isinstance(value, Secret) else value


def test_the_origin_of_each_value_is_shown(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "base.toml").write_text('tier = "staging"\n[site]\nurl = "https://${HOST}"\n', encoding="utf-8")
    (tmp_path / "x.toml").write_text('extends = "base.toml"\nname = "x"\n', encoding="utf-8")
    (tmp_path / ".env").write_text("\nHOST=www.acme.io\n", encoding="utf-8")
    rows = show(load("x", folder=tmp_path, process_env={}), True).splitlines()
    assert 'name = "x"  # x.toml:2' in rows
    assert 'tier = "staging"  # base.toml:1' in rows
    assert 'url = "https://www.acme.io"  # base.toml:3 (HOST from .env:2)' in rows
    assert "concurrency = 8  # default" in rows


def test_toml_values() -> None:
    value = {"a b": 'q"\\\n\x7fä', "c": (1, 2.5, True), "d": {}}
    assert tomllib.loads(f"v = {toml_value(value)}")["v"] == {
        "a b": 'q"\\\n\x7fä',
        "c": [1, 2.5, True],
        "d": {},
    }


def test_every_kind_of_value_has_words() -> None:
    for model in models():
        for info in model.model_fields.values():
            shape = shape_of(info.annotation)
            assert isinstance(shape.kind, Kind)
            assert shape.words
