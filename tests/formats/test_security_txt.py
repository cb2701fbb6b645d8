"""security.txt (RFC 9116)."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from gonogo.formats import security_txt

AT = datetime(2026, 11, 21, tzinfo=UTC)
GOOD = "Contact: mailto:security@example.com\nExpires: 2027-05-01T00:00:00Z\n"
SIGNED = f"""-----BEGIN PGP SIGNED MESSAGE-----
Hash: SHA256

- -- not a field
{GOOD}# end
-----BEGIN PGP SIGNATURE-----

iQ==
-----END PGP SIGNATURE-----
"""


@pytest.mark.parametrize(
    "text",
    [
        GOOD,
        GOOD.replace("\n", "\r\n"),
        GOOD.rstrip("\n"),
        f"# how to reach us\n\n  \n{GOOD}",
        GOOD.replace("Contact", "CONTACT").replace(": ", ":"),
        GOOD + "Contact: https://example.com/report\nContact: tel:+1-201-555-0123\n",
        GOOD + "Canonical: https://example.com/.well-known/security.txt\nPolicy: https://example.com/policy\n",
        GOOD + "Encryption: openpgp4fpr:5f2de5521c63a801ab59ccb603d49de44b29100f\nPreferred-Languages: en, de\n",
        GOOD + "Colour: blue\n",
        SIGNED.replace("- -- not a field\n", "- # dash-escaped\n"),
    ],
)
def test_good_files(text: str) -> None:
    found = security_txt.parse(text, at=AT)
    assert found.problems == ()
    assert found.remarks == ()
    assert found.expires == datetime(2027, 5, 1, tzinfo=UTC)
    assert found.values("Contact")[0] == "mailto:security@example.com"
    assert found.signed is text.startswith("-----BEGIN")


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "without Contact"),
        ("", "without Expires"),
        ("<!doctype html><html>", "neither a field nor a comment"),
        ("Contact mailto:a@b.example\n", "neither a field nor a comment"),
        (GOOD.replace("mailto:", ""), "does not begin with mailto: or https: or tel:"),
        (GOOD.replace("mailto:security@example.com", "http://example.com"), "does not begin with"),
        (GOOD.replace("mailto:security@example.com", "mailto:"), "does not begin with"),
        (GOOD.replace("mailto:security@example.com", "https://["), "does not begin with"),
        (GOOD.replace("security@", "a b@"), "does not begin with"),
        (GOOD + "Contact: @example\n", "Contact '@example'"),
        (GOOD + "Canonical: http://example.com/security.txt\n", "Canonical"),
        (GOOD + "Policy: /policy\n", "Policy '/policy' does not begin with https:"),
        (GOOD + "Expires: 2027-06-01T00:00:00Z\n", "expires stands more than once"),
        (GOOD + "Preferred-Languages: en\nPreferred-Languages: de\n", "preferred-languages stands more than once"),
        (GOOD.replace("2027", "2026"), "expired on 2026-05-01"),
        (GOOD.replace("2027-05-01T00:00:00Z", "2026-11-21T00:00:00Z"), "expired on 2026-11-21"),
        (GOOD.replace("2027-05-01T00:00:00Z", "2027-05-01"), "not an RFC 3339"),
        (GOOD.replace("2027-05-01T00:00:00Z", "Sat, 01 May 2027 00:00:00 GMT"), "not an RFC 3339"),
        ("\ufeff" + GOOD, "byte order mark"),
        (GOOD.replace("\n", "\r"), "neither a field nor a comment"),
        (SIGNED, "neither a field nor a comment: '-- not a field'"),
        (SIGNED.partition("-----BEGIN PGP SIGNATURE")[0], "signature is cut off"),
        (SIGNED.partition("-----END")[0], "signature is cut off"),
        ("-----BEGIN PGP SIGNED MESSAGE-----", "without Contact"),
        (GOOD + "#" * security_txt.LIMIT, "longer than 32768 characters"),
    ],
)
def test_problems(text: str, why: str) -> None:
    problems = security_txt.parse(text, at=AT).problems
    assert any(why in problem for problem in problems), problems


def test_late_expiry_is_a_remark() -> None:
    found = security_txt.parse(GOOD.replace("2027", "2029"), at=AT)
    assert found.problems == ()
    assert found.remarks == ("expires on 2029-05-01, more than a year ahead",)


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("2027-05-01T00:00:00Z", datetime(2027, 5, 1, tzinfo=UTC)),
        ("2027-05-01t00:00:00z", datetime(2027, 5, 1, tzinfo=UTC)),
        ("2027-05-01T00:00:00.999Z", datetime(2027, 5, 1, tzinfo=UTC)),
        ("2027-05-01T02:00:00+02:00", datetime(2027, 5, 1, tzinfo=UTC)),
        ("2027-04-30T23:30:00-00:30", datetime(2027, 5, 1, tzinfo=UTC)),
        ("2016-12-31T23:59:60Z", datetime(2016, 12, 31, 23, 59, 59, tzinfo=UTC)),
        ("2027-05-01 00:00:00Z", None),
        ("2027-05-01T00:00:00", None),
        ("2027-02-29T00:00:00Z", None),
        ("2027-05-01T24:00:00Z", None),
        ("2027-05-01T00:00:00+24:00", None),
        ("2027-05-01T00:00:00+00:60", None),
        ("9999-12-31T23:59:59-23:59", None),
        ("0001-01-01T00:00:00+23:59", None),
        ("\u0662027-05-01T00:00:00Z", None),
        ("2027-05-01T00:00:00Z\n", None),
    ],
)
def test_date_time(text: str, wanted: datetime | None) -> None:
    assert security_txt.date_time(text) == wanted
