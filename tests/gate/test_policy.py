"""Policy and waiver files: every mistake at once, where it was made, with what is valid."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from gate_worlds import CSP, HEALTH, KNOWN, world
from hypothesis import given, settings
from hypothesis import strategies as st

from gonogo.errors import PolicyInvalid
from gonogo.gate import Decision, Policy, decide, parse_attestations, parse_policy, parse_waivers
from gonogo.gate.lines import key_lines, nearest
from gonogo.result import Outcome, Severity

POLICIES = Path(__file__).parents[2] / "environments" / "policies"

WRONG = """\
version = 1
[evidence]
max_age = 60
clock_skew_s = -1
missing = "nogo"

[severity.critical]
unknown = "warn"

[severity.medium]
max_fail = 2
unknown = "warn"

[severity_of]
"security.csp.presnt" = "low"
"tls.*" = "urgent"

[require]
checks = ["*", "dns.*"]

[score]
pass = 90
warn = 80

[[budget]]
metric = "load.p95_ms"

[[waiver]]
check = "security.csp.present"
owner = "ann"
reason = "   "
created = 2026-11-01T00:00:00Z
expires = 2026-11-20

[[waiver]]
check = "budget.load.p95_ms"
owner = "ann"
reason = "new hardware"
created = 2026-11-01T00:00:00Z
expires = 2026-12-20T00:00:00Z
"""


def problems(text: str) -> dict[tuple[int | None, str], str]:
    with pytest.raises(PolicyInvalid) as caught:
        parse_policy(text, file="p.toml", known_checks=KNOWN)
    assert all(problem.file == "p.toml" for problem in caught.value.problems)
    return {(problem.line, problem.key): problem.message for problem in caught.value.problems}


def test_all_mistakes_are_told_at_once_with_their_lines() -> None:
    found = problems(WRONG)
    assert {(line, key) for line, key in found} == {
        (3, "evidence.max_age"),
        (4, "evidence.clock_skew_s"),
        (5, "evidence.missing"),
        (8, "severity.critical.unknown"),
        (10, "severity.medium"),
        (15, "severity_of.security.csp.presnt"),
        (16, "severity_of.tls.*"),
        (19, "require.checks[0]"),
        (19, "require.checks[1]"),
        (21, "score"),
        (25, "budget[0]"),
        (31, "waiver[0].reason"),
        (33, "waiver[0].expires"),
        (35, "waiver[1]"),
    }
    assert "did you mean 'max_age_s'?" in found[3, "evidence.max_age"]
    assert "greater than or equal to 0, found -1" in found[4, "evidence.clock_skew_s"]
    assert "did you mean 'no-go'?; valid: no-go or hold" in found[5, "evidence.missing"]
    assert "must be seen" in found[10, "severity.medium"]
    assert "did you mean 'security.csp.present'?" in found[15, "severity_of.security.csp.presnt"]
    assert "valid: critical, high, medium or low" in found[16, "severity_of.tls.*"]
    assert "matches every check" in found[19, "require.checks[0]"]
    assert "matches no check" in found[19, "require.checks[1]"]
    assert "give value, relative or both" in found[25, "budget[0]"]
    assert "with a time zone; write it as 2026-12-01T00:00:00Z" in found[33, "waiver[0].expires"]
    assert "lasts 49 days; 30 are allowed, 7 for a critical check" in found[35, "waiver[1]"]


@pytest.mark.parametrize("key", ["owner", "reason", "created", "expires", "check"])
def test_a_waiver_says_who_why_and_until_when(key: str) -> None:
    fields = {
        "check": f'"{CSP}"',
        "owner": '"ann"',
        "reason": '"rollout"',
        "created": "2026-11-01T00:00:00Z",
        "expires": "2026-11-08T00:00:00Z",
    }
    text = "[[waiver]]\n" + "".join(f"{name} = {value}\n" for name, value in fields.items() if name != key)
    with pytest.raises(PolicyInvalid) as caught:
        parse_waivers(text, file="waivers.toml", known_checks=KNOWN)
    assert [str(problem) for problem in caught.value.problems] == [
        f"waivers.toml:1: waiver[0].{key}: is missing; it must be given"
    ]


@pytest.mark.parametrize("glob", ["*", "**", "*.*.*", "?*", "[a-z]*", " "])
def test_a_waiver_names_what_it_accepts(glob: str) -> None:
    text = f"""[[waiver]]
check = "{glob}"
owner = "ann"
reason = "everything"
created = 2026-11-01T00:00:00Z
expires = 2026-11-08T00:00:00Z
"""
    with pytest.raises(PolicyInvalid, match=r"waivers\.toml:2: waiver\[0\]\.check: .*matches every check"):
        parse_waivers(text, file="waivers.toml", known_checks=KNOWN)


@pytest.mark.parametrize("text", ["", "version = 1", "[evidence]\nmax_age_s = 60", "[severity]", "budget = []"])
def test_a_policy_that_demands_nothing_is_refused(text: str) -> None:
    assert any("demands nothing" in message for message in problems(text).values())


def test_text_that_is_not_toml_gives_its_line() -> None:
    with pytest.raises(PolicyInvalid, match=r"^p\.toml:2: is not TOML: "):
        parse_policy('version = 1\nmissing = "\n', file="p.toml", known_checks=KNOWN)


@pytest.mark.parametrize(
    "text",
    [
        "severity = 3",
        "severity_of = 1",
        "waiver = 4",
        "waiver = [1]",
        "require = []",
        "budget = [2]",
        "score = true",
    ],
)
def test_a_table_of_the_wrong_kind_is_a_problem_and_no_crash(text: str) -> None:
    assert problems(f"{text}\n")


def test_the_digest_is_computed() -> None:
    text = "[severity.high]\nmax_fail = 1\n"
    one, other = (parse_policy(t, file="p", known_checks=KNOWN).digest for t in (text, text + "\n"))
    assert len(one) == 64
    assert one != other
    assert "is computed" in problems(f'digest = "{one}"\n{text}')[1, "digest"]


def test_default_toml_is_the_built_in_policy() -> None:
    text = (POLICIES / "default.toml").read_text()
    policy = parse_policy(text, file="default.toml", known_checks=KNOWN)
    assert policy.model_copy(update={"digest": ""}) == Policy()


@pytest.mark.parametrize("severity", Severity)
@pytest.mark.parametrize("outcome", [Outcome.FAIL, Outcome.UNKNOWN, Outcome.NOT_APPLICABLE])
def test_strict_toml_lets_nothing_through(severity: Severity, outcome: Outcome) -> None:
    policy = parse_policy((POLICIES / "strict.toml").read_text(), file="strict.toml", known_checks=KNOWN)
    policy = policy.model_copy(update={"severity_of": {CSP: severity}})
    at = datetime(2026, 11, 20, 12, 10, tzinfo=UTC)
    assert decide(world(), policy, at=at).decision is Decision.GO
    assert decide(world(csp=outcome, reason="a reason"), policy, at=at).decision is Decision.NO_GO


def test_waivers_attestations_and_foreign_ids() -> None:
    text = f"""
[severity_of]
"junit.unit" = "medium"
[[waiver]]
check = "{HEALTH}"
owner = "ann"
approved_by = "bob"
reason = "rollout"
created = 2026-11-01T00:00:00+02:00
expires = 2026-11-08T00:00:00+02:00
"""
    policy = parse_policy(text, file="p.toml", known_checks=KNOWN)
    assert policy.severity_of == {"junit.unit": Severity.MEDIUM}
    assert policy.waivers[0].expires - policy.waivers[0].created == timedelta(days=7)
    assert parse_waivers("", file="w.toml", known_checks=KNOWN) == ()
    (approval,) = parse_attestations(
        '[[attestation]]\nname = "approval"\nowner = "ann"\nissued = 2026-11-01T00:00:00Z\n'
        'expires = 2026-12-01T00:00:00Z\nrelease = "2.4.0"\n',
        file="a.toml",
    )
    assert (approval.name, approval.release) == ("approval", "2.4.0")
    with pytest.raises(PolicyInvalid, match=r"a\.toml:2: attestation\[0\]\.relase: .*did you mean 'release'"):
        parse_attestations('[[attestation]]\nrelase = "1"\n', file="a.toml")


def test_key_lines_follow_strings_arrays_and_comments() -> None:
    text = '''a = """
b = 1
[c]
"""  # d = 2
e = [
  "]", # ]
  'x = 1',
]
"f.g" = { h = 1 }
[i.j]
k.l = 1
[[m]]
n = 1
[[m]]
n = 2
[[m.o]]
p = 3
'''
    lines = key_lines(text)
    assert lines == {
        ("a",): 1,
        ("e",): 5,
        ("f.g",): 9,
        ("i", "j"): 10,
        ("i", "j", "k"): 11,
        ("i", "j", "k", "l"): 11,
        ("m", 0): 12,
        ("m", 0, "n"): 13,
        ("m", 1): 14,
        ("m", 1, "n"): 15,
        ("m", 1, "o", 0): 16,
        ("m", 1, "o", 0, "p"): 17,
    }
    assert nearest(lines, ("f.g", "h")) == 9
    assert nearest(lines, ("z",)) is None


@given(st.text(alphabet="ab=[]{}\"'#.\n\\ 1,", max_size=80))
@settings(max_examples=500, deadline=None)
def test_any_text_is_a_policy_or_a_policy_invalid(text: str) -> None:
    key_lines(text)
    with pytest.raises(PolicyInvalid):
        parse_policy(text, file="p.toml", known_checks=KNOWN)
