from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509
from cryptography.x509.verification import PolicyBuilder, Store, VerificationError

from gonogo.demo.certificates import NAMES, Variant, create

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    return create(tmp_path_factory.mktemp("certificates"), now=NOW)


def chain(files, variant):
    return x509.load_pem_x509_certificates(files.chains[variant].read_bytes())


def verify(files, variant, name):
    root = x509.load_pem_x509_certificate(files.ca.read_bytes())
    leaf, *between = chain(files, variant)
    verifier = PolicyBuilder().store(Store([root])).time(NOW).build_server_verifier(x509.DNSName(name))
    return verifier.verify(leaf, between)


@pytest.mark.parametrize("name", NAMES)
def test_the_good_certificate_holds_for_every_name(files, name):
    assert len(verify(files, Variant.GOOD, name)) == 3


def test_the_good_certificate_is_in_the_middle_of_ninety_days(files):
    leaf = chain(files, Variant.GOOD)[0]
    assert leaf.not_valid_after_utc - leaf.not_valid_before_utc == timedelta(days=90)
    assert leaf.not_valid_after_utc - NOW == timedelta(days=45)


def test_near_expiry_still_verifies_with_a_tenth_of_its_life_left(files):
    verify(files, Variant.NEAR_EXPIRY, NAMES[0])
    assert chain(files, Variant.NEAR_EXPIRY)[0].not_valid_after_utc - NOW == timedelta(days=9)


@pytest.mark.parametrize("variant", [Variant.UNTRUSTED, Variant.WRONG_NAME, Variant.CHAIN_INCOMPLETE, Variant.EXPIRED])
def test_every_other_variant_does_not_verify(files, variant):
    with pytest.raises(VerificationError):
        verify(files, variant, NAMES[0])


def test_files_are_private(files):
    for path in (files.ca, files.key, *files.chains.values()):
        assert path.stat().st_mode & 0o777 == 0o600
