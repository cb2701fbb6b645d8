"""Each rule finds its own defect, no other rule repeats it, and a good policy has no finding at all."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st
from quick import seconds

from gonogo.formats import csp_review as review
from gonogo.formats.csp import Policy, parse
from gonogo.formats.html import read

Rule = Callable[[Sequence[Policy]], tuple[review.Remark, ...]]

RULES: dict[str, Rule] = {
    rule.__name__: rule
    for rule in (
        review.syntax,
        review.duplicate,
        review.none_mixed,
        review.deprecated,
        review.script_missing,
        review.script_unsafe_inline,
        review.script_unsafe_eval,
        review.unsafe_hashes,
        review.script_wildcard,
        review.strict_dynamic,
        review.allowlist_bypass,
        review.object_src,
        review.base_uri,
        review.form_action,
        review.frame_ancestors,
        review.default_src,
        review.insecure_scheme,
        review.local_source,
        review.style_inline,
        review.trusted_types,
        review.trusted_types_names,
        review.nonce_entropy,
    )
}
NONCE = "'nonce-4AEemGb0xJptoIGFP3Nd9Q'"
REST = "base-uri 'none'; form-action 'self'; frame-ancestors 'none'; require-trusted-types-for 'script'"
GOOD = f"default-src 'self'; script-src {NONCE} 'strict-dynamic'; object-src 'none'; {REST}"


def found(*values: str) -> set[str]:
    policies = parse(values)
    return {name for name, rule in RULES.items() if rule(policies)}


def scripts(sources: str) -> str:
    return f"default-src 'self'; script-src {sources}; object-src 'none'; {REST}"


@pytest.mark.parametrize(
    "values",
    [
        [],
        [GOOD],
        [f"{GOOD}; trusted-types a b 'allow-duplicates'"],
        [f"default-src 'none'; script-src 'self'; {REST}"],
        [scripts("'self' https://static.acme.example")],
        [scripts(f"{NONCE} 'unsafe-inline'")],
        [scripts(f"{NONCE} 'strict-dynamic' https: 'unsafe-inline'")],
        [scripts("'sha256-qznLcsROx4GACP2dm0UCKCzCG+HiZ1guq6ZZDob/Tng='")],
        [scripts("'unsafe-inline' 'unsafe-eval' *"), GOOD],
        [f"{GOOD}, default-src *"],
        [f"{GOOD}; img-src 'self' data: https:; connect-src wss://live.acme.example; report-to main; sandbox"],
        [f"{GOOD}; upgrade-insecure-requests; img-src http:"],
        [f"{GOOD}; img-src http:", "img-src https:"],
        [f"{GOOD}; img-src http://127.0.0.1:3000", "img-src 'self'"],
        [scripts(f"{NONCE} 'strict-dynamic' https://ajax.googleapis.com http://127.0.0.1:3000")],
        [scripts("'nonce-123e4567-e89b-42d3-a456-426614174000'")],
        [scripts("'nonce-340282366920938463463374607431768211455'")],
        [scripts("https://cdnjs.cloudflare.com/ajax/libs/jquery/3.7.1/jquery.min.js")],
        [scripts("https://cdn.jsdelivr.net/npm/bootstrap@5.3.3/dist/js/bootstrap.min.js https://unpkg.com/vue@3/")],
        [
            scripts(
                "https://www.gstatic.com/recaptcha/ https://www.google.com/recaptcha/ https://www.youtube.com/iframe_api"
            )
        ],
        [scripts("'self'").replace("base-uri 'none'; ", "")],
        [scripts("'sha256-qznLcsROx4GACP2dm0UCKCzCG+HiZ1guq6ZZDob/Tng='").replace("base-uri 'none'; ", "")],
        [GOOD.replace("base-uri 'none'; ", ""), "script-src 'self'"],
        [GOOD.replace("base-uri 'none'; ", ""), "sandbox allow-forms"],
        [f"{GOOD}; connect-src capacitor://localhost ionic://localhost"],
        [scripts("'nonce-MTIzZTQ1NjctZTg5Yi00MmQzLWE0NTYtNDI2NjE0MTc0MDAw'")],
    ],
)
def test_nothing_to_say(values: list[str]) -> None:
    assert found(*values) == set()


@pytest.mark.parametrize(
    ("values", "rule"),
    [
        ([f"{GOOD}; scrip-src 'self'"], "syntax"),
        ([f"{GOOD}; default-src: 'self'"], "syntax"),
        ([f"{GOOD}; img-src 'self' font-src 'none'"], "syntax"),
        (["default-src 'self' script-src 'none'; object-src 'none'; " + REST], "syntax"),
        ([f"{GOOD}; img-src self"], "syntax"),
        ([f"{GOOD}; img-src none"], "syntax"),
        ([scripts("'self' nonce-4AEemGb0xJptoIGFP3Nd9Q")], "syntax"),
        ([scripts("'self' 'nonce-a b'")], "syntax"),
        ([scripts("'self' 'sha256-{x}'")], "syntax"),
        ([scripts("'self' 'sha256-AAAA'")], "syntax"),
        ([scripts("'self' 'unsafe-inlin'")], "syntax"),
        ([scripts("'self' ‘none’"), GOOD], "syntax"),
        ([f"{GOOD}; img-src a.*"], "syntax"),
        ([f"{GOOD}; script-src 'self'"], "duplicate"),
        ([f"{GOOD}; img-src 'none' https://x.example"], "none_mixed"),
        ([f"{GOOD}; block-all-mixed-content"], "deprecated"),
        ([f"{GOOD}; plugin-types application/pdf"], "deprecated"),
        (["img-src 'self'; " + REST], "script_missing"),
        (["script-src-elem 'self'; object-src 'none'; " + REST], "script_missing"),
        ([scripts("'self' 'unsafe-inline'")], "script_unsafe_inline"),
        ([GOOD + "; script-src-elem 'self' 'unsafe-inline'"], "script_unsafe_inline"),
        ([GOOD + "; script-src-attr 'unsafe-inline'"], "script_unsafe_inline"),
        ([scripts("'self' 'unsafe-inline'"), "img-src *"], "script_unsafe_inline"),
        ([scripts("'self' 'unsafe-inline'"), scripts("'self' 'unsafe-inline'")], "script_unsafe_inline"),
        ([f"default-src 'self' 'unsafe-inline'; {REST}"], "script_unsafe_inline"),
        ([scripts("'self' 'unsafe-eval'")], "script_unsafe_eval"),
        ([scripts(f"{NONCE} 'unsafe-hashes'")], "unsafe_hashes"),
        ([scripts("*")], "script_wildcard"),
        ([scripts("https:")], "script_wildcard"),
        ([scripts("http:")], "script_wildcard"),
        ([scripts("'self' data:")], "script_wildcard"),
        ([scripts("'self' blob:")], "script_wildcard"),
        ([scripts("https://*")], "script_wildcard"),
        ([scripts("*.com")], "script_wildcard"),
        ([f"default-src *; {REST}; style-src 'self'"], "script_wildcard"),
        ([scripts("'strict-dynamic'")], "strict_dynamic"),
        ([scripts("'strict-dynamic' 'self' https: 'unsafe-inline'")], "strict_dynamic"),
        ([scripts("'self' https://ajax.googleapis.com")], "allowlist_bypass"),
        ([scripts("'self' *.gstatic.com")], "allowlist_bypass"),
        ([scripts("'self' https://cdn.jsdelivr.net/npm/")], "allowlist_bypass"),
        ([scripts("'self' https://cdn.jsdelivr.net/npm/angular@1/angular.min.js")], "allowlist_bypass"),
        ([scripts("https://cdnjs.cloudflare.com/ajax/")], "allowlist_bypass"),
        ([scripts("https://cdnjs.cloudflare.com/ajax/libs/angular.js/1.8.3/angular.min.js")], "allowlist_bypass"),
        ([scripts("https://unpkg.com/")], "allowlist_bypass"),
        ([scripts("https://www.google.com/complete/search")], "allowlist_bypass"),
        ([scripts("https://api.github.com/repos/acme/site")], "allowlist_bypass"),
        ([f"default-src 'self'; script-src 'self'; object-src *; {REST}"], "object_src"),
        ([f"script-src 'self'; {REST}"], "object_src"),
        ([GOOD.replace("base-uri 'none'", "")], "base_uri"),
        ([GOOD.replace("base-uri 'none'", "base-uri *")], "base_uri"),
        ([scripts(NONCE).replace("base-uri 'none'; ", "")], "base_uri"),
        ([GOOD.replace("base-uri 'none'; ", "") + "; sandbox allow-scripts"], "base_uri"),
        (
            [
                scripts("'sha256-qznLcsROx4GACP2dm0UCKCzCG+HiZ1guq6ZZDob/Tng=' 'strict-dynamic'").replace(
                    "base-uri 'none'; ", ""
                )
            ],
            "base_uri",
        ),
        ([GOOD.replace("form-action 'self'", "")], "form_action"),
        ([GOOD.replace("form-action 'self'", "form-action https:")], "form_action"),
        ([GOOD.replace("frame-ancestors 'none'", "")], "frame_ancestors"),
        ([GOOD.replace("default-src 'self'", "")], "default_src"),
        ([f"{GOOD}; img-src http:"], "insecure_scheme"),
        ([f"{GOOD}; connect-src ws://live.acme.example"], "insecure_scheme"),
        ([scripts("http://static.acme.example")], "insecure_scheme"),
        ([scripts("'self' http://127.0.0.1:3000")], "local_source"),
        ([f"{GOOD}; connect-src localhost:8080"], "local_source"),
        ([f"{GOOD}; style-src 'self' 'unsafe-inline'"], "style_inline"),
        ([f"{GOOD}; style-src-attr 'unsafe-inline'"], "style_inline"),
        ([GOOD.replace("'script'", "script")], "trusted_types"),
        ([GOOD.replace("; require-trusted-types-for 'script'", "")], "trusted_types"),
        ([f"{GOOD}; trusted-types *"], "trusted_types_names"),
        ([f"{GOOD}; trusted-types a allow-duplicates"], "trusted_types_names"),
        ([f"{GOOD}; trusted-types 'allow-duplicates'"], "trusted_types_names"),
        ([scripts("'nonce-abc'")], "nonce_entropy"),
        ([scripts("'nonce-aaaaaaaaaaaaaaaaaaaaaaaa'")], "nonce_entropy"),
        ([scripts("'nonce-abababcdabababcdabababcd'")], "nonce_entropy"),
        ([scripts("'nonce-test-nonce-test-nonce-test'")], "nonce_entropy"),
        ([scripts("'nonce-{{csp_nonce}}'")], "nonce_entropy"),
        ([scripts("'nonce-<%=nonce%>'")], "nonce_entropy"),
        ([scripts("'nonce-0123456789abcdefghijklmn'")], "nonce_entropy"),
        ([scripts("'nonce-1732184400123456789012'")], "nonce_entropy"),
        ([scripts("'nonce-MTczMjE4NDQwMC4xMjM0NTY3OA=='")], "nonce_entropy"),
        ([scripts("'nonce-MjAyNi0xMS0yMVQxMDo1NTozOVo'")], "nonce_entropy"),
    ],
)
def test_each_cause_is_one_finding(values: list[str], rule: str) -> None:
    assert found(*values) == {rule}
    (remark, *_) = RULES[rule](parse(values))
    assert remark.seen
    assert remark.wanted
    assert remark.message


@pytest.mark.parametrize(
    ("source", "wanted"),
    [
        ("ws://live.acme.example", "wss://live.acme.example"),
        ("ws:", "wss:"),
        ("http://a.acme.example", "https://a.acme.example"),
    ],
)
def test_the_wanted_source_is_the_encrypted_one(source: str, wanted: str) -> None:
    (remark,) = review.insecure_scheme(parse([f"{GOOD}; connect-src {source}"]))
    assert remark.wanted == wanted


def test_a_remark_shows_the_directive() -> None:
    (remark,) = review.script_unsafe_inline(parse(["default-src 'self'; script-src 'unsafe-inline'"]))
    assert remark.directive == "script-src 'unsafe-inline'"
    assert "script-src" in remark.message


def test_one_missing_semicolon_is_one_remark() -> None:
    (remark,) = review.syntax(parse(["default-src 'self' script-src 'none' self"]))
    assert remark.wanted == "; before script-src"


@pytest.mark.parametrize(
    ("values", "wanted"),
    [
        ([], review.Verdict(0, True, True, True, True, True)),
        (["default-src 'self'"], review.Verdict(1, False, False, False, False, False)),
        (["default-src * 'unsafe-inline' 'unsafe-eval'"], review.Verdict(1, True, True, True, True, True)),
        (["default-src *, script-src 'self'"], review.Verdict(2, False, False, False, False, False)),
        (["script-src https:", "script-src data:"], review.Verdict(2, False, False, False, False, True)),
        (["script-src 'unsafe-inline'; script-src-attr 'none'"], review.Verdict(1, False, True, False, False, True)),
    ],
)
def test_verdict_over_all_policies(values: list[str], wanted: review.Verdict) -> None:
    assert review.verdict(parse(values)) == wanted


def test_policies_of_header_and_head_are_enforced() -> None:
    markup = read(
        "<head><meta http-equiv=Content-Security-Policy content=\"script-src 'self'\">"
        "<meta http-equiv=Content-Security-Policy-Report-Only content=\"script-src 'none'\"></head>"
        "<body><meta http-equiv=Content-Security-Policy content=\"img-src 'none'\">"
    )
    assert [policy.directives[0] for policy in review.enforced(["default-src *"], markup)] == [
        ("default-src", ("*",)),
        ("script-src", ("'self'",)),
    ]


META = '<meta http-equiv="Content-Security-Policy" content="{}">'


@pytest.mark.parametrize(
    ("header", "document", "wanted"),
    [
        ("", "<head>" + META.format("default-src 'self'") + "<script>1</script></head>", []),
        ("", "<body>" + META.format("default-src 'self'"), ["a policy in the body"]),
        ("", META.replace("Policy", "Policy-Report-Only").format("x"), ["report-only in a meta element"]),
        ("", "<script>1</script>" + META.format("default-src 'self'"), ["1 scripts before it"]),
        ("", META.format("img-src *; report-uri /x"), ["report-uri in a meta element"]),
        ("", META.format("img-src *; frame-ancestors 'none'"), []),
        ("frame-ancestors 'none'", META.format("frame-ancestors 'none'"), ["frame-ancestors in a meta element"]),
    ],
)
def test_meta_policies(header: str, document: str, wanted: list[str]) -> None:
    markup = read(document)
    assert [one.seen for one in review.meta(review.enforced([header], markup), markup)] == wanted


def test_frame_ancestors_only_in_a_meta_element() -> None:
    markup = read(META.format("default-src 'self'; frame-ancestors 'none'"))
    (remark,) = review.frame_ancestors(review.enforced([], markup))
    assert remark.seen == "only in a meta element"


@pytest.mark.parametrize(
    ("policy", "document", "wanted"),
    [
        ("script-src 'nonce-abc'", "<script nonce=abc>1</script><script src=/x></script>", []),
        ("script-src 'nonce-abc'", "<script>1</script>", ["absent"]),
        ("script-src 'nonce-abc'", "<script nonce='{{ nonce }}'>1</script>", ["{{ nonce }}"]),
        ("script-src 'nonce-abc'", "<script type=application/json>1</script>", []),
        (
            "script-src 'nonce-abc' 'sha256-qznLcsROx4GACP2dm0UCKCzCG+HiZ1guq6ZZDob/Tng='",
            "<script>alert('Hello, world.');</script>",
            [],
        ),
        ("script-src 'self'", "<script>1</script>", []),
        ("", "<script>0</script>" + META.format("script-src 'nonce-abc'") + "<script>1</script>", ["absent"]),
    ],
)
def test_nonces_of_inline_scripts(policy: str, document: str, wanted: list[str]) -> None:
    markup = read(document)
    assert [one.seen for one in review.nonce_used(review.enforced([policy], markup), markup)] == wanted


def test_a_nonce_that_comes_twice() -> None:
    first, second = parse(["script-src 'nonce-a' 'nonce-b'"]), parse(["style-src 'nonce-b'"])
    assert [one.message for one in review.nonce_fresh(first, second)] == ["the nonce b came twice"]
    assert review.nonce_fresh(first, parse(["script-src 'nonce-c'"])) == ()


@pytest.mark.parametrize(
    ("policy", "wanted"),
    [("report-to main", []), ("report-to other", ["other"]), ("report-uri /x", []), ("default-src 'self'", [])],
)
def test_reporting_endpoints(policy: str, wanted: list[str]) -> None:
    assert [one.seen for one in review.reporting(parse([policy]), {"main"})] == wanted


@pytest.mark.parametrize(
    ("policy", "page", "wanted"),
    [
        ("", "https://a.test/", ["http://x.test/a.js", "http://x.test/i.png", "http://x.test/form"]),
        ("upgrade-insecure-requests", "https://a.test/", []),
        ("default-src 'self'", "http://a.test/", []),
    ],
)
def test_mixed_content(policy: str, page: str, wanted: list[str]) -> None:
    markup = read(
        "<script src=http://x.test/a.js></script><img src=http://x.test/i.png><img src=//x.test/i.png>"
        "<form action=http://x.test/form></form><a href=http://x.test/>x</a><img src=http://localhost/x><script src=/a.js>"
    )
    assert [one.seen for one in review.mixed_content(parse([policy]), markup, page)] == wanted


def test_a_base_element_can_make_content_mixed() -> None:
    markup = read("<base href=http://old.test/><script src=a.js></script>")
    assert [one.seen for one in review.mixed_content((), markup, "https://a.test/")] == ["http://old.test/a.js"]


TEXT = st.one_of(
    st.text(max_size=300),
    st.lists(
        st.sampled_from(
            [
                "default-src",
                "script-src",
                "'self'",
                "'none'",
                "*",
                "http:",
                "'nonce-a'",
                ";",
                ",",
                "a.b",
                "é",
                "trusted-types",
            ]
        ),
        max_size=20,
    ).map(" ".join),
)


@given(st.lists(TEXT, max_size=3))
def test_any_text_is_judged(values: list[str]) -> None:
    markup = read(" ".join(values))
    policies = review.enforced(values, markup)
    for rule in RULES.values():
        rule(policies)
    review.verdict(policies)
    review.meta(policies, markup)
    review.nonce_used(policies, markup)
    review.mixed_content(policies, markup, "https://a.test/")
    review.reporting(policies, ())
    review.nonce_fresh(policies, policies)


def test_a_nonce_of_words_and_digits_is_judged_at_once() -> None:
    policies = parse(["script-src 'nonce-" + "123changemenonceabcxyz" * 500 + "Q'"])
    assert review.nonce_entropy(policies) == ()
    assert seconds(lambda: review.nonce_entropy(policies), 0.5) < 0.5


@pytest.mark.parametrize(
    "unit", ["http: ", "script-src ", "'nonce-a' ", "a.b ", "x;", "default-src *,", "'", "é;", "img-src http:,"]
)
def test_long_policies_are_quick(unit: str) -> None:
    policies = parse(["script-src " + unit * (60_000 // len(unit))])
    assert seconds(lambda: [rule(policies) for rule in RULES.values()], 1.5) < 1.5
