"""Under a private CA, the browser trusts the keys of those leaves only that both of our verifiers accept."""

from __future__ import annotations

from dataclasses import replace

import pytest

from gonogo.probes.browser.probe import verified_keys
from gonogo.probes.tls.facts import CertificateFacts, Handshake, Offers, TlsFacts

LEAF = CertificateFacts(
    subject="CN=www.acme.test", issuer="CN=Issuing", names=("www.acme.test",), not_before="2026-10-01T00:00:00+00:00",
    not_after="2026-12-30T00:00:00+00:00", sha256="x", spki_sha256="key", key="EC 256", key_type="EC", key_bits=256,
    signature="sha256", purposes=None, is_authority=False, must_staple=False, common_name="",
)  # fmt: skip
OFFERS = Offers(
    tls13="offered", aead="offered", cbc="not asked", weak=(), weak_end="refused", dhe="refused", dh_bits=0, groups=(),
    stapled="refused", unnamed="www.acme.test",
)  # fmt: skip
SHAKE = Handshake(
    address="192.0.2.1", version="TLSv1.3", cipher="TLS_AES_128_GCM_SHA256", alpn="h2", presented=(LEAF,),
    verified=(LEAF,), error="", name_matches=True, second_error="", legacy="refused", offers=OFFERS,
)  # fmt: skip


def facts(*shakes: Handshake) -> TlsFacts:
    return TlsFacts("www.acme.test", 443, shakes, private=True, dead=(), unrouted=())


@pytest.mark.parametrize(
    ("shake", "wanted"),
    [
        (SHAKE, ["key"]),
        (replace(SHAKE, error="self-signed certificate"), []),
        (replace(SHAKE, second_error="the issuer's certificate is no authority's"), []),
        (replace(SHAKE, name_matches=False), []),
        (replace(SHAKE, presented=()), []),
        (replace(SHAKE, presented=(replace(LEAF, spki_sha256=""),)), []),
    ],
)
def test_which_keys_are_trusted(shake: Handshake, wanted: list[str]) -> None:
    assert verified_keys(facts(shake)) == wanted


def test_one_key_at_two_addresses_is_named_once() -> None:
    other = replace(SHAKE, address="192.0.2.2", presented=(replace(LEAF, spki_sha256="new"),))
    assert verified_keys(facts(SHAKE, replace(SHAKE, address="192.0.2.3"), other)) == ["key", "new"]
