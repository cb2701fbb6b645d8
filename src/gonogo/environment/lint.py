"""What a valid environment file should still not say."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterator
from typing import NamedTuple
from urllib.parse import urlsplit

from gonogo.environment.across import choices, duplicates
from gonogo.environment.document import leaves, shown
from gonogo.environment.explain import problem
from gonogo.environment.lines import dotted
from gonogo.environment.load import Loaded
from gonogo.environment.model import Mark, Tier
from gonogo.environment.models import Environment
from gonogo.environment.secrets import MIN_LENGTH, Scrubber, literal_secret, parts
from gonogo.environment.shape import Kind, shape_at
from gonogo.errors import Problem

_PLACEHOLDERS = re.compile(
    r"(?P<host>\bexample\.(?:com|org|net|edu)\b"  # RFC 2606 §3
    r"|[\w-]\.(?:example|invalid|test)(?=[:/?#\s]|\Z)"  # RFC 2606 §2
    r"|\blocalhost\b|(?<![\d.])127\.\d{1,3}\.\d{1,3}\.\d{1,3}(?![\d.])"
    r"|(?<![\w:])::1(?![\w:])|(?<![\d.])0\.0\.0\.0(?![\d.]))"
    r"|\b(?:(?:change|replace)[-_ ]?(?:me|this)|your[-_ ](?:token|password|secret|key|host|domain))\b"
    r"|\b(?-i:TODO|FIXME|TBD|XXX)\b",
    re.IGNORECASE,
)

_TOKENS = {
    "an AWS access key": r"\b(?:AKIA|ASIA)[0-9A-Z]{16}\b",
    "a GitHub token": r"\b(?:gh[pousr]_[0-9A-Za-z]{36}|github_pat_[0-9A-Za-z_]{36})",
    "a GitLab token": r"\bglpat-[0-9A-Za-z_-]{20}",
    "a Google API key": r"\bAIza[0-9A-Za-z_-]{35}",
    "a JSON Web Token": r"\beyJ[0-9A-Za-z_-]{8,}\.eyJ[0-9A-Za-z_-]{8,}\.",
    "a npm token": r"\bnpm_[0-9A-Za-z]{36}\b",
    "a private key": r"-----BEGIN [A-Z ]{0,30}PRIVATE KEY-----",
    "a SendGrid key": r"\bSG\.[0-9A-Za-z_-]{20,}\.[0-9A-Za-z_-]{20,}",
    "a Slack token": r"\bxox[abeoprs]-[0-9A-Za-z-]{10,}",
    "a Slack webhook": r"hooks\.slack\.com/services/T[0-9A-Z]+/B[0-9A-Z]+/[0-9A-Za-z]{20,}",
    "a Stripe key": r"\b[rs]k_(?:live|test)_[0-9A-Za-z]{20,}",
    "a password in a URL": r"://[^\s/?#:@\"'<>${}]{0,256}:[^\s/?#@\"'<>${}]{1,256}@",
}
_TOKEN = re.compile("|".join(f"(?P<t{number}>{pattern})" for number, pattern in enumerate(_TOKENS.values())))


class Lint(NamedTuple):
    """The problems of an environment file that loads: errors must be mended, warnings may have a reason."""

    errors: tuple[Problem, ...]
    warnings: tuple[Problem, ...]


def lint(loaded: Loaded) -> Lint:
    """What the models cannot see: placeholders, literal secrets, duplicates, missing files, slips.

    Reads the sources again, and looks for the files that the environment names.

    Raises OSError when a source has gone.
    """
    errors = [
        *_literal_secrets(loaded),
        *_short_secrets(loaded),
        *_token_shapes(loaded),
        *duplicates(loaded.tree),
        *_missing_files(loaded),
        *_resolve(loaded),
        *choices(loaded.tree),
    ]
    if loaded.environment.tier is Tier.PRODUCTION:
        errors += [*_placeholders(loaded), *_plain_http(loaded), *_deletes(loaded)]
    return Lint(_ordered(errors, loaded), _ordered([*_unused_roles(loaded), *_unrun_scripts(loaded)], loaded))


def _ordered(problems: list[Problem] | Iterator[Problem], loaded: Loaded) -> tuple[Problem, ...]:
    scrub = Scrubber(loaded.secrets).scrub
    order = {shown(file): number for number, file in enumerate(loaded.sources)}
    told = dict.fromkeys(Problem(each.file, each.line, each.key, scrub(each.message)) for each in problems)
    return tuple(sorted(told, key=lambda each: (order.get(each.file, len(order)), each.line or 0)))


def _literal_secrets(loaded: Loaded) -> Iterator[Problem]:
    if loaded.environment.tier is Tier.DEMO:
        return
    for path, node in leaves(loaded.tree):
        shape = shape_at(path)
        if shape is None or shape.kind is not Kind.SECRET or not isinstance(node.value, str):
            continue
        if literal_secret(node.raw, node.value):
            yield problem(loaded.tree, path, "a secret stands in the file; write `${NAME}` and set NAME in a .env file")


def _short_secrets(loaded: Loaded) -> Iterator[Problem]:
    for path, node in leaves(loaded.tree):
        shape = shape_at(path)
        if shape is None or shape.kind is not Kind.SECRET or not isinstance(node.value, str):
            continue
        if any(0 < len(part) < MIN_LENGTH for part in parts(node.value)) or not node.value:
            message = f"a secret of fewer than {MIN_LENGTH} characters cannot be kept out of reports"
            yield problem(loaded.tree, path, message)


def _token_shapes(loaded: Loaded) -> Iterator[Problem]:
    """Well-known shapes of secrets in the text of the files, comments included."""
    kinds = list(_TOKENS)
    for file in loaded.sources:
        for number, line in enumerate(file.read_text(encoding="utf-8-sig").splitlines(), start=1):
            if match := _TOKEN.search(line):
                kind = kinds[int((match.lastgroup or "t0")[1:])]
                yield Problem(shown(file), number, "", f"this looks like {kind}; write `${{NAME}}`, and revoke it")


def _missing_files(loaded: Loaded) -> Iterator[Problem]:
    for path, name, mark in loaded.environment.named_files():
        file = loaded.file(name)
        is_folder = mark is Mark.FOLDER
        if "\0" in name or not (file.is_dir() if is_folder else file.is_file()):
            kind = "folder" if is_folder else "file"
            yield problem(
                loaded.tree,
                path,
                f"there is no {kind} {shown(file)}; paths start from the environment file's folder",
            )


def _resolve(loaded: Loaded) -> Iterator[Problem]:
    declared = loaded.environment.declared_hosts
    for host, address in loaded.environment.resolve.items():
        if host.lower() not in declared:
            message = f"host {host!r} is not declared: no URL names it; add it to `hosts`, or remove it here"
            yield problem(loaded.tree, ("resolve", host), message)
        try:
            ipaddress.ip_address(address)
        except ValueError:
            yield problem(loaded.tree, ("resolve", host), "wanted an IPv4 or IPv6 address")


def _unrun_scripts(loaded: Loaded) -> Iterator[Problem]:
    for at, party in enumerate(loaded.environment.third_parties):
        if party.scripts and party.intercept:
            message = (
                "its scripts are answered empty within the browser, so they never run; with `intercept = false` they do"
            )
            yield problem(loaded.tree, ("third_parties", at, "scripts"), message)


def _placeholders(loaded: Loaded) -> Iterator[Problem]:
    for path, node in leaves(loaded.tree):
        match = _PLACEHOLDERS.search(node.value) if isinstance(node.value, str) else None
        if match is None:
            continue
        shape = shape_at(path)
        secret = shape is not None and shape.kind is Kind.SECRET
        # A word out of a secret is part of the secret, unless it is a host.
        what = "the value" if secret and match["host"] is None else f"`{match[0]}`"
        yield problem(loaded.tree, path, f"{what} is a placeholder, or no address of a production system")


def _plain_http(loaded: Loaded) -> Iterator[Problem]:
    urls = {("site", "url"): loaded.environment.site.url, ("api", "url"): _api_url(loaded.environment)}
    for path, url in urls.items():
        if urlsplit(url).scheme == "http":
            yield problem(loaded.tree, path, "production is served over https://, never http://")


def _deletes(loaded: Loaded) -> Iterator[Problem]:
    if loaded.environment.deletion is not None:
        message = (
            "people are made and deleted on staging, never on tier production; move the section to that environment"
        )
        yield problem(loaded.tree, ("privacy", "deletion"), message)


def _api_url(environment: Environment) -> str:
    return (environment.api.url or "") if environment.api else ""


def _unused_roles(loaded: Loaded) -> Iterator[Problem]:
    environment = loaded.environment
    used = {role for _, role in environment.named_roles()}
    for role in environment.roles:
        if role not in used:
            yield problem(loaded.tree, ("roles", role), f"role {dotted((role,))} is declared and nothing uses it")
