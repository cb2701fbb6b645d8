"""What the tls checks say of facts that no server here can show: public issuers by date, and answers that say nothing."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from checks.tls import test_addresses, test_certificate, test_chain, test_ciphers, test_key_exchange, test_protocol
from gonogo import Shortfall
from gonogo.check import card_of
from gonogo.concerns.tls import Host
from gonogo.environment.sections.tls import Tls
from gonogo.errors import EvidenceMissing
from gonogo.probes.tls.facts import Alternative, CertificateFacts, Handshake, Offers, TlsFacts

FILES = (test_addresses, test_certificate, test_chain, test_ciphers, test_key_exchange, test_protocol)
CHECKS = {
    card.id.removeprefix("tls."): function
    for file in FILES
    for function in vars(file).values()
    if (card := card_of(function)) is not None
}
for _file in FILES:
    _file.__test__ = False  # type: ignore[attr-defined]

AT = datetime(2026, 11, 21, tzinfo=UTC)
UNKNOWN = "unknown: no answer within 10 s"


def certificate(
    subject: str = "CN=www.acme.test",
    issuer: str = "CN=Issuing",
    *,
    begin: datetime | None = None,
    days: float = 90,
    **other: Any,
) -> CertificateFacts:
    begin = begin or AT - timedelta(days=30)
    facts = CertificateFacts(
        subject=subject, issuer=issuer, names=("www.acme.test",), not_before=begin.isoformat(),
        not_after=(begin + timedelta(days=days)).isoformat(), sha256=subject, spki_sha256="", key="EC 256", key_type="EC",
        key_bits=256, signature="sha256", purposes=None, is_authority=False, must_staple=False, common_name="",
    )  # fmt: skip
    return replace(facts, **other)


LEAF = certificate()
ISSUING = certificate("CN=Issuing", "CN=Root", begin=AT - timedelta(days=900), days=1100, is_authority=True)
ROOT = certificate(
    "CN=Root", "CN=Root", begin=AT - timedelta(days=7000), days=7300, is_authority=True, signature="sha1"
)
OFFERS = Offers(
    tls13="offered", aead="offered", cbc="not asked", weak=(), weak_end="refused", dhe="refused", dh_bits=0,
    groups=(("X25519MLKEM768", "refused"),), stapled="refused", unnamed="www.acme.test",
)  # fmt: skip
SHAKE = Handshake(
    address="192.0.2.1", version="TLSv1.3", cipher="TLS_AES_128_GCM_SHA256", alpn="h2", presented=(LEAF, ISSUING),
    verified=(LEAF, ISSUING, ROOT), error="", name_matches=True, second_error="", legacy="refused", offers=OFFERS,
)  # fmt: skip


def host(*shakes: Handshake, private: bool = False, dead: tuple[tuple[str, str], ...] = (), **declared: Any) -> Host:
    facts = TlsFacts("www.acme.test", 443, shakes or (SHAKE,), private=private, dead=dead, unrouted=())
    return Host(facts, Tls.model_validate(declared), AT)


def shake(*, offers: dict[str, Any] | None = None, **other: Any) -> Handshake:
    return replace(SHAKE, offers=replace(OFFERS, **(offers or {})), **other)


def of(leaf: CertificateFacts, **other: Any) -> Handshake:
    return shake(presented=(leaf, ISSUING), verified=(leaf, ISSUING, ROOT), **other)


def verdict(fixture: Host) -> dict[str, str]:
    """What is not a pass: the check, and FAIL with its findings or UNKNOWN with its reason."""
    said = {}
    for name, function in CHECKS.items():
        try:
            function(fixture)
        except Shortfall as error:
            said[name] = f"FAIL {error}"
        except EvidenceMissing as error:
            said[name] = f"UNKNOWN {error.message}"
    return said


def failing(fixture: Host) -> set[str]:
    said = verdict(fixture)
    assert all(words.startswith("FAIL") for words in said.values()), said
    return set(said)


def test_a_sound_host_has_no_finding() -> None:
    """Its root, signed with SHA-1 by itself and with a twentieth of its life left, harms nobody."""
    assert verdict(host()) == {}


@pytest.mark.parametrize(
    ("begin", "days", "allowed"),
    [
        ("2020-08-31", 825 - 0.1, True),
        ("2020-09-01", 398 - 0.1, True),
        ("2020-09-01", 398, False),
        ("2026-03-14", 398 - 0.1, True),
        ("2026-03-15", 200 - 0.1, True),
        ("2026-03-15", 200, False),
        ("2026-03-15", 398, False),
        ("2027-03-14", 200 - 0.1, True),
        ("2027-03-15", 100 - 0.1, True),
        ("2027-03-15", 100.1, False),
        ("2029-03-15", 47 - 0.1, True),
        ("2029-03-15", 47.1, False),
    ],
)
def test_lifetimes_of_public_issuers(begin: str, days: float, allowed: bool) -> None:
    start = datetime.fromisoformat(begin).replace(tzinfo=UTC)
    fixture = host(of(certificate(begin=start, days=days)))
    fixture = replace(fixture, at=start + timedelta(days=1))
    said = verdict(fixture)
    assert ("certificate.lifetime" not in said) is allowed
    private = replace(fixture, tls=replace(fixture.tls, private=True))
    assert "certificate.lifetime" not in verdict(private)


def test_a_declared_lifetime_holds_for_private_issuers_too() -> None:
    assert failing(host(private=True, lifetime_days=89)) == {"certificate.lifetime"}
    assert verdict(host(private=True, lifetime_days=91)) == {}


@pytest.mark.parametrize(
    ("days", "rest", "fails"),
    [
        (90, 14.1, False),
        (90, 13.9, True),
        (47, 7.9, False),
        (47, 7.7, True),
        (6.66, 1.2, False),
        (6.66, 1.0, True),
        (398, 14.1, False),
        (398, 13.9, True),
        (1.5, 0.6, False),
        (1.5, 0.4, True),
    ],
)
def test_the_rest_of_a_lifetime(days: float, rest: float, fails: bool) -> None:
    leaf = certificate(begin=AT - timedelta(days=days - rest), days=days)
    assert ("certificate.expiry" in verdict(host(of(leaf), private=True))) is fails


@pytest.mark.parametrize(
    ("days", "rest", "fails"),
    [
        (90, 30, set()), (90, 23, set()), (90, 22, {"certificate.renewal"}), (90, 15, {"certificate.renewal"}),
        (90, 13, {"certificate.expiry"}), (398, 31, set()), (398, 29, {"certificate.renewal"}), (47, 12, set()),
        (47, 11, {"certificate.renewal"}), (6.66, 1.7, set()), (6.66, 1.6, {"certificate.renewal"}), (6.66, 1.0, {"certificate.expiry"}),
        (1.5, 0.6, set()),
    ],
)  # fmt: skip
def test_a_late_renewal_is_told_before_it_has_failed(days: float, rest: float, fails: set[str]) -> None:
    leaf = certificate(begin=AT - timedelta(days=days - rest), days=days)
    assert failing(host(of(leaf), private=True)) == fails


def test_the_verified_chain_decides_and_both_dates_are_told() -> None:
    """An expired extra is no finding; an expiring intermediate is, and names what was sent too."""
    extra = certificate("CN=Root", "CN=Old Root", begin=AT - timedelta(days=900), days=800)
    assert verdict(host(shake(presented=(LEAF, ISSUING, extra)))) == {}
    ending = replace(ISSUING, not_after=(AT + timedelta(days=3)).isoformat())
    fixture = host(shake(presented=(LEAF, ending, extra), verified=(LEAF, ending, ROOT)))
    assert failing(fixture) == {"certificate.expiry"}
    said = verdict(fixture)["certificate.expiry"]
    assert "chain until 2026-11-24" in said
    assert f"earliest sent until {extra.not_after[:10]}" in said


REFUSED = "basicConstraints.cA must be asserted in an issuer certificate"


@pytest.mark.parametrize(
    ("seen", "fails"),
    [
        (of(LEAF, second_error=REFUSED), "certificate.trust"),
        (of(LEAF, second_error=REFUSED, name_matches=False), "certificate.name"),
        (of(replace(LEAF, key="RSA 1024", key_type="RSA", key_bits=1024), second_error=REFUSED), "certificate.key"),
        (of(replace(LEAF, key="Ed25519", key_type="Ed25519", key_bits=0), second_error=REFUSED), "certificate.key"),
        (of(replace(LEAF, key="EC 224", key_bits=224), second_error=REFUSED), "certificate.key"),
        (of(replace(LEAF, signature="sha1"), second_error=REFUSED), "certificate.signature"),
        (of(replace(LEAF, signature="md5")), "certificate.signature"),
        (of(replace(LEAF, is_authority=True), second_error=REFUSED), "certificate.end-entity"),
        (shake(verified=(), error="unable to get local issuer certificate"), "certificate.trust"),
        (shake(verified=(), error="certificate has expired"), "certificate.trust"),
        (shake(verified=(), error="Hostname mismatch, certificate is not valid for 'x'."), "certificate.trust"),
    ],
)
def test_one_cause_is_one_finding(seen: Handshake, fails: str) -> None:
    """Where OpenSSL blames a date or a name that is right, nobody else would tell, so trust does."""
    assert failing(host(seen)) == {fails}


@pytest.mark.parametrize(
    ("seen", "declared", "unknown"),
    [
        (shake(legacy=UNKNOWN), {}, "protocol.minimum-version"),
        (shake(version="TLSv1.2", offers={"tls13": UNKNOWN}), {}, "protocol.version-13"),
        (shake(offers={"weak_end": UNKNOWN}), {}, "ciphers.weak"),
        (shake(offers={"aead": UNKNOWN, "cbc": UNKNOWN}), {}, "ciphers.forward-secret"),
        (shake(offers={"aead": "refused", "cbc": UNKNOWN}), {}, "ciphers.forward-secret"),
        (shake(offers={"dhe": UNKNOWN}), {}, "key-exchange.dh"),
        (shake(offers={"groups": (("X25519MLKEM768", UNKNOWN),)}), {"groups": ["X25519MLKEM768"]}, "key-exchange.groups"),
        (SHAKE, {"groups": ["x25519"]}, "key-exchange.groups"),
        (of(replace(LEAF, must_staple=True), offers={"stapled": UNKNOWN}), {}, "certificate.must-staple"),
    ],
)  # fmt: skip
def test_what_was_not_seen_is_no_pass(seen: Handshake, declared: dict[str, Any], unknown: str) -> None:
    said = verdict(host(seen, **declared))
    assert set(said) == {unknown}
    assert said[unknown].startswith("UNKNOWN www.acme.test (192.0.2.1): ")


def test_a_finding_goes_before_what_was_not_seen() -> None:
    seen = shake(offers={"weak": (("RC4", "TLS_RSA_WITH_RC4_128_SHA"),), "weak_end": UNKNOWN})
    assert "RC4 accepted (TLS_RSA_WITH_RC4_128_SHA)" in verdict(host(seen))["ciphers.weak"]


@pytest.mark.parametrize(
    ("offers", "version", "fails"),
    [
        ({"aead": "refused", "cbc": "refused"}, "TLSv1.3", set()),
        ({"aead": "refused", "cbc": "offered"}, "TLSv1.3", {"ciphers.forward-secret"}),
        ({"aead": "refused", "cbc": "refused", "tls13": "refused"}, "TLSv1.2", {"ciphers.forward-secret", "protocol.version-13"}),
        ({"dhe": "offered", "dh_bits": 2047}, "TLSv1.3", {"key-exchange.dh"}),
        ({"dhe": "offered", "dh_bits": 2048}, "TLSv1.3", set()),
    ],
)  # fmt: skip
def test_offers(offers: dict[str, Any], version: str, fails: set[str]) -> None:
    assert failing(host(shake(offers=offers, version=version))) == fails


def test_without_tls_13_its_groups_are_not_told_again() -> None:
    seen = shake(version="TLSv1.2", offers={"tls13": "refused"})
    assert failing(host(seen, groups=["X25519MLKEM768"])) == {"protocol.version-13"}


def test_a_dead_address_is_named() -> None:
    said = verdict(host(dead=(("2001:db8::1", "Connection refused"),)))
    assert set(said) == {"addresses.consistent"}
    assert "www.acme.test (2001:db8::1): no handshake: Connection refused" in said["addresses.consistent"]


@pytest.mark.parametrize(
    ("age", "other", "fails"),
    [
        (30, {}, False),
        (59, {}, False),
        (61, {}, True),
        (30, {"names": ("www.acme.test", "old.acme.test")}, True),
        (30, {"names": ()}, True),
        (30, {"key": "RSA 2048", "key_type": "RSA", "key_bits": 2048}, False),
    ],
)
def test_certificates_of_two_addresses(age: float, other: dict[str, Any], fails: bool) -> None:
    """Of 90 days, renewal is due with 30 left; a node that has a newer one shows that it was done."""
    newer = of(certificate(begin=AT - timedelta(days=5)))
    second = of(certificate(begin=AT - timedelta(days=age), **{"sha256": "other", **other}), address="192.0.2.2")
    said = verdict(host(newer, second))
    assert set(said) == ({"addresses.consistent"} if fails else set())
    if fails:
        assert "192.0.2.2" in said["addresses.consistent"]
        assert "192.0.2.1" not in said["addresses.consistent"]


def test_old_alike_everywhere_is_for_renewal_to_tell() -> None:
    old = certificate(begin=AT - timedelta(days=70))
    assert failing(host(of(old), of(old, address="192.0.2.2"))) == {"certificate.renewal"}


OTHER = Alternative(
    presented=(certificate(key="RSA 2048", key_type="RSA", key_bits=2048), ISSUING), verified=(), error="",
    name_matches=True, second_error="", stapled="refused",
)  # fmt: skip


@pytest.mark.parametrize(
    ("other", "fails"),
    [
        ({}, ""),
        ({"error": "self-signed certificate"}, "certificate.trust"),
        ({"second_error": "candidates exhausted"}, "certificate.trust"),
        ({"name_matches": False, "second_error": "no matching subjectAltName"}, "certificate.name"),
    ],
    ids=["sound", "refused by OpenSSL", "refused by the second verifier", "another name"],
)
def test_a_second_certificate_is_judged_as_the_first(other: dict[str, Any], fails: str) -> None:
    said = verdict(host(shake(others=(replace(OTHER, **other),), others_end="offered"), private=True))
    assert set(said) == set(fails.split()), said
    assert all("192.0.2.1, RSA certificate" in words for words in said.values())


def test_a_second_certificate_that_could_not_be_asked_for_is_unknown() -> None:
    said = verdict(host(shake(others_end=UNKNOWN)))
    assert set(said) == {"certificate.trust"}
    assert said["certificate.trust"].startswith("UNKNOWN")
    assert "a second certificate" in said["certificate.trust"]


@pytest.mark.parametrize("seen", ["the OCSP response is for another certificate", "the OCSP response says revoked"])
def test_a_void_staple_is_none(seen: str) -> None:
    said = verdict(host(of(certificate(must_staple=True), offers={"stapled": f"void: {seen}"})))
    assert seen in said.pop("certificate.must-staple")
    assert said == {}
