"""A certificate that browsers do not accept takes the whole site down for everybody at one moment.

Fix: install a certificate for this host name, with its intermediates, and renew it automatically at two thirds of its life.
See: https://www.rfc-editor.org/rfc/rfc5280#section-6
Family: TLS
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from gonogo import Finding, Severity, check
from gonogo.check import report
from gonogo.concerns.tls import Host
from gonogo.errors import EvidenceMissing
from gonogo.probes.tls.facts import CertificateFacts, Handshake

SHORTEST_REST = timedelta(hours=24)
"""Nobody can react in less, whatever the lifetime."""
LONGEST_REST = timedelta(days=14)
"""Enough to react in, whatever the lifetime; an issuer's certificate lives for many years."""
RENEWAL_SHARE, LONGEST_NOTICE = 1 / 4, timedelta(days=30)
"""ACME clients renew when a third of the lifetime is left; a quarter leaves them some days of trying again. Whoever renews a
certificate of a year by hand knows a month before."""
LIFETIMES = (
    (datetime(2029, 3, 15, tzinfo=UTC), 47),
    (datetime(2027, 3, 15, tzinfo=UTC), 100),
    (datetime(2026, 3, 15, tzinfo=UTC), 200),
    (datetime(2020, 9, 1, tzinfo=UTC), 398),
    (datetime.min.replace(tzinfo=UTC), 825),
)
"""Days that a certificate issued from a date on may live (CA/Browser Forum Baseline Requirements §6.3.2, SC-081v3)."""
RSA_BITS, EC_BITS = 2048, 256
"""Baseline Requirements §6.1.5."""
HASHES = frozenset({"sha256", "sha384", "sha512"})
"""Baseline Requirements §7.1.3.2."""


def _dates(certificate: CertificateFacts) -> tuple[datetime, datetime]:
    return datetime.fromisoformat(certificate.not_before), datetime.fromisoformat(certificate.not_after)


def _out_of_date(shake: Handshake, at: datetime) -> bool:
    return any(not begin <= at <= end for begin, end in map(_dates, shake.chain))


def _weak_key(certificate: CertificateFacts) -> bool:
    least = {"RSA": RSA_BITS, "EC": EC_BITS}.get(certificate.key_type)
    return least is None or certificate.key_bits < least


def _weak_signatures(shake: Handshake) -> list[CertificateFacts]:
    """Nobody relies on the signature that a root puts under itself."""
    return [one for one in shake.chain if not one.self_issued and one.signature not in HASHES]


def _refusal(shake: Handshake, at: datetime) -> str:
    """Why the chain is not trusted; empty where another check tells the same cause."""
    error = shake.error.lower()
    if "hostname mismatch" in error or "ip address mismatch" in error:
        return "" if not shake.name_matches else shake.error
    if "has expired" in error or "not yet valid" in error:
        return "" if _out_of_date(shake, at) else shake.error
    if error:
        return shake.error
    told = (
        not shake.name_matches
        or _out_of_date(shake, at)
        or any(map(_weak_key, shake.chain))
        or _weak_signatures(shake)
        or shake.presented[0].is_authority
    )
    return "" if told else shake.second_error


@check(title="The certificate chain is trusted", severity=Severity.CRITICAL, profiles={"smoke", "security", "nightly"})
def test_trust(host: Host) -> None:
    """Judged at every address of the host, against the system's roots or the environment's `ca_file`, by two independent
    verifiers: OpenSSL, and the cryptography library, which holds to the rules of browsers. The certificate must be one for
    servers (extended key usage) and its intermediates must be sent.

    A server may have a second certificate, with another kind of key (RSA beside EC), for clients that take only that: all
    checks of certificates judge both. It is seen in TLS 1.2, and in TLS 1.3 with X25519 or P-256; where TLS 1.3 alone shows
    it, the second verifier alone judges its chain."""
    report(
        Finding.of(host.where(shake.address), seen=why, wanted="a chain to a trusted root", what="verification")
        for shake in host.tls.served
        if (why := _refusal(shake, host.at))
    )
    for shake in host.tls.handshakes:
        if shake.others_end.startswith("unknown"):
            raise EvidenceMissing("invalid", f"{host.where(shake.address)}: a second certificate: {shake.others_end}")


@check(
    title="The certificate is for this host name", severity=Severity.CRITICAL, profiles={"smoke", "security", "nightly"}
)
def test_name(host: Host) -> None:
    """Only subjectAltName counts; browsers have not read the common name since 2017.

    See: https://www.rfc-editor.org/rfc/rfc9525
    """
    report(
        Finding.of(
            host.where(shake.address),
            seen=", ".join(shake.presented[0].names[:5]) or "no subjectAltName",
            wanted=host.tls.host,
            what="the certificate's name",
        )
        for shake in host.tls.served
        if shake.presented and not shake.name_matches
    )


def _days(span: timedelta) -> str:
    return f"{span.total_seconds() / 86400:.1f}"


def _lifetime(certificate: CertificateFacts) -> timedelta:
    begin, end = _dates(certificate)
    return max(end - begin, timedelta(seconds=1))


def _rest(certificate: CertificateFacts, host: Host) -> timedelta:
    return _dates(certificate)[1] - host.at


def _least(certificate: CertificateFacts, host: Host) -> timedelta:
    """The rest below which renewal has failed."""
    lifetime = _lifetime(certificate)
    return max(min(lifetime * host.declared.fail_share, LONGEST_REST), min(SHORTEST_REST, lifetime / 3))


def _due(certificate: CertificateFacts) -> timedelta:
    """The rest below which renewal is late."""
    return min(_lifetime(certificate) * RENEWAL_SHARE, LONGEST_NOTICE)


def _ending(host: Host, shake: Handshake, certificate: CertificateFacts, wanted: timedelta) -> Finding:
    last, first = (min(one.not_after for one in some)[:10] for some in (shake.chain, shake.presented))
    return Finding.of(
        host.where(shake.address),
        seen=f"{_days(_rest(certificate, host))} of {_days(_lifetime(certificate))} days (chain until {last}, "
        f"earliest sent until {first})",
        wanted=f"at least {_days(wanted)} days",
        what=f"the rest of {certificate.subject[:60]}",
    )


@check(
    title="The certificate does not expire soon", severity=Severity.CRITICAL, profiles={"smoke", "security", "nightly"}
)
def test_expiry(host: Host) -> None:
    """Relative to its lifetime, since lifetimes differ by a factor of sixty: below a sixth, renewal has already failed.
    The verified chain counts; an old certificate that is sent beside it harms nobody, and is named.

    See: https://letsencrypt.org/docs/integration-guide/#when-to-renew
    """
    report(
        _ending(host, shake, certificate, _least(certificate, host))
        for shake in host.tls.served
        for certificate in shake.chain
        if _rest(certificate, host) < _least(certificate, host)
    )


@check(title="The certificate is renewed in time", severity=Severity.LOW, profiles={"smoke", "security", "nightly"})
def test_renewal(host: Host) -> None:
    """Renewal is due at a third of the lifetime. Below a quarter, or thirty days, nobody has done it, and there is still time:
    the certificate is told here before `tls.certificate.expiry` tells it.

    See: https://letsencrypt.org/docs/integration-guide/#when-to-renew
    """
    report(
        _ending(host, shake, certificate, _due(certificate))
        for shake in host.tls.served
        for certificate in shake.chain
        if _least(certificate, host) <= _rest(certificate, host) < _due(certificate)
    )


@check(title="The certificate is valid already", severity=Severity.CRITICAL, profiles={"smoke", "security", "nightly"})
def test_not_before(host: Host) -> None:
    """A certificate installed before its time is refused by every browser whose clock is right.

    Fix: install it when its time has come, and see that the clock of the machine that issues certificates is right.
    """
    report(
        Finding.of(
            host.where(shake.address),
            seen=one.not_before,
            wanted="a date in the past",
            what=f"{one.subject[:60]}: begin",
        )
        for shake in host.tls.served
        for one in shake.chain
        if _dates(one)[0] > host.at
    )


def _longest(begin: datetime, host: Host) -> int | None:
    """Days that a certificate from then may live, or None where nothing limits it."""
    public = None if host.tls.private else next(days for since, days in LIFETIMES if begin >= since)
    limits = [days for days in (host.declared.lifetime_days, public) if days is not None]
    return min(limits, default=None)


@check(
    title="The certificate's lifetime is no longer than allowed",
    severity=Severity.MEDIUM,
    profiles={"smoke", "security", "nightly"},
)
def test_lifetime(host: Host) -> None:
    """Browsers refuse public certificates that were issued for longer than their rules allow at the day of issue: 200
    days from March 2026 on, 100 from 2027, 47 from 2029. A private authority may do as it likes, unless `lifetime_days` says so.

    Fix: let an ACME client renew the certificate automatically.
    See: https://cabforum.org/working-groups/server/baseline-requirements/requirements/#632-certificate-operational-periods-and-key-pair-usage-periods
    """
    findings = []
    for shake in host.tls.served:
        for leaf in shake.presented[:1]:
            begin, end = _dates(leaf)
            longest = _longest(begin, host)
            # Both ends count (RFC 5280 §4.1.2.5), hence the second.
            if longest is not None and end - begin + timedelta(seconds=1) > timedelta(days=longest):
                findings.append(
                    Finding.of(
                        host.where(shake.address),
                        seen=f"{_days(end - begin)} days",
                        wanted=f"at most {longest}",
                        what="lifetime",
                    )
                )
    report(findings)


@check(title="Keys of the chain are long enough", severity=Severity.CRITICAL, profiles={"smoke", "security", "nightly"})
def test_key(host: Host) -> None:
    """Who can compute a short key's secret can pose as the site. Browsers know RSA and the NIST curves only.

    Fix: make a new key (`openssl ecparam -name prime256v1 -genkey`, or RSA with 2048 bits or more) and have it certified.
    See: https://cabforum.org/working-groups/server/baseline-requirements/requirements/#615-key-sizes
    """
    report(
        Finding.of(
            host.where(shake.address),
            seen=one.key,
            wanted=f"RSA of {RSA_BITS} bits or more, or EC of {EC_BITS}",
            what=f"the key of {one.subject[:60]}",
        )
        for shake in host.tls.served
        for one in shake.chain
        if _weak_key(one)
    )


@check(
    title="Certificates are signed with SHA-256 or better",
    severity=Severity.CRITICAL,
    profiles={"smoke", "security", "nightly"},
)
def test_signature(host: Host) -> None:
    """Collisions of SHA-1 and MD5 can be bought; a forged certificate then bears a real signature. Browsers refuse them.

    Fix: have the certificate issued anew; no public authority has signed with SHA-1 since 2016.
    See: https://cabforum.org/working-groups/server/baseline-requirements/requirements/#7132-signature-algorithmidentifier
    """
    report(
        Finding.of(
            host.where(shake.address),
            seen=one.signature,
            wanted="sha256, sha384 or sha512",
            what=f"signature of {one.subject[:60]}",
        )
        for shake in host.tls.served
        for one in _weak_signatures(shake)
    )


@check(
    title="The server's certificate is no authority's", severity=Severity.LOW, profiles={"smoke", "security", "nightly"}
)
def test_end_entity(host: Host) -> None:
    """A certificate that may sign others turns a stolen server key into certificates for every name that its clients trust.

    Fix: issue the server's certificate with `basicConstraints = CA:FALSE`, by an authority whose key is not on the server.
    See: https://cabforum.org/working-groups/server/baseline-requirements/requirements/#7127-subscriber-server-certificate-profile
    """
    report(
        Finding.of(
            host.where(shake.address), seen="CA:TRUE", wanted="CA:FALSE", what="the certificate's basicConstraints"
        )
        for shake in host.tls.served
        for leaf in shake.presented[:1]
        if leaf.is_authority
    )


@check(
    title="A certificate that must be stapled is stapled",
    severity=Severity.HIGH,
    profiles={"smoke", "security", "nightly"},
)
def test_must_staple(host: Host) -> None:
    """The certificate promises an OCSP response in each handshake; clients that hold it to that refuse to connect. It is
    looked for in TLS 1.2, and where a server speaks 1.3 only, in a handshake of ours that is read as far as the certificate.
    It must be one for this certificate that says good, and not be past its next update.

    Fix: turn stapling on (nginx `ssl_stapling on;`), or have the certificate issued without the must-staple extension.
    See: https://www.rfc-editor.org/rfc/rfc7633
    """
    demanding = [shake for shake in host.tls.served if shake.presented and shake.presented[0].must_staple]
    report(
        Finding.of(
            host.where(shake.address),
            seen=shake.offers.stapled.removeprefix("void: ").replace("refused", "no OCSP response", 1),
            wanted="a good OCSP response for it, as the certificate demands",
        )
        for shake in demanding
        if shake.offers.stapled == "refused" or shake.offers.stapled.startswith("void")
    )
    for shake in demanding:
        if shake.offers.stapled.startswith("unknown"):
            raise EvidenceMissing("invalid", f"{host.where(shake.address)}: stapling: {shake.offers.stapled}")
