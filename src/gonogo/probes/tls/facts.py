"""What the handshakes with a host showed.

Times are seconds unless a name says `_ms`; sizes are bytes; instants are UTC ISO 8601 text.
"""

from __future__ import annotations

from dataclasses import dataclass, replace


@dataclass(frozen=True, slots=True)
class CertificateFacts:
    """One X.509 certificate (RFC 5280)."""

    subject: str
    issuer: str
    names: tuple[str, ...]
    """DNS and IP names of the subjectAltName extension; the common name is not a name."""
    not_before: str
    not_after: str
    sha256: str
    spki_sha256: str
    """Base64 of the SHA-256 of the SubjectPublicKeyInfo."""
    key: str
    """`EC 256`, `RSA 2048`, `Ed25519`."""
    key_type: str
    """RSA, EC, DSA, Ed25519, Ed448, or what else it is."""
    key_bits: int
    """0 where the type says it all."""
    signature: str
    """Name of its signature's hash, `sha256`; for signatures without one, the algorithm's OID."""
    purposes: tuple[str, ...] | None
    """OIDs of the extended key usage; None without the extension, which allows every purpose."""
    is_authority: bool
    """basicConstraints say that it may sign certificates."""
    must_staple: bool
    """It demands a stapled OCSP response (RFC 7633)."""
    common_name: str
    """Of the subject; shown, and never a name of the host."""

    @property
    def self_issued(self) -> bool:
        return self.subject == self.issuer


@dataclass(frozen=True, slots=True)
class Offers:
    """What an address accepts of what it was asked, one ClientHello a question.

    A text is `offered`, `refused`, `not asked`, or `unknown: …` with the reason why the answer says neither.
    """

    tls13: str
    aead: str
    """TLS 1.2 with forward secrecy and authenticated encryption."""
    cbc: str
    """TLS 1.2 with forward secrecy and CBC only; asked where `aead` was not offered."""
    weak: tuple[tuple[str, str], ...]
    """Class and chosen suite of each weak class accepted: `("static RSA", "TLS_RSA_WITH_AES_128_GCM_SHA256")`."""
    weak_end: str
    """Answer to the last such question, which leaves out the classes accepted before."""
    dhe: str
    """TLS 1.2 with finite-field Diffie-Hellman."""
    dh_bits: int
    """Size of its prime; 0 where it was not offered."""
    groups: tuple[tuple[str, str], ...]
    """Name of a key agreement group and the answer, in TLS 1.3."""
    stapled: str
    """A stapled OCSP response, seen in the same handshake as the certificate; `void: …` with the reason why one that was sent is
    none for it."""
    unnamed: str
    """Names in the certificate that a client without SNI gets; or `refused` or `unknown: …`."""


@dataclass(frozen=True, slots=True)
class Alternative:
    """Another certificate of an address, for clients that take no key of the first one's kind. Texts as in Handshake."""

    presented: tuple[CertificateFacts, ...]
    verified: tuple[CertificateFacts, ...]
    error: str
    """Empty too where OpenSSL could not be made to see it; then `second_error` alone tells."""
    name_matches: bool
    second_error: str
    stapled: str
    """As in Offers."""


@dataclass(frozen=True, slots=True)
class Handshake:
    """What one address of a host presented."""

    address: str
    version: str
    """Negotiated with our defaults: `TLSv1.3`."""
    cipher: str
    alpn: str
    presented: tuple[CertificateFacts, ...]
    """As sent, leaf first."""
    verified: tuple[CertificateFacts, ...]
    """The chain that our verification built, leaf to root; empty when it did not verify."""
    error: str
    """Why verification failed (OpenSSL's words); empty when it did not."""
    name_matches: bool
    """The leaf's subjectAltName covers the host (RFC 9525)."""
    second_error: str
    """Why the cryptography library's verifier refuses the chain that OpenSSL accepted; empty when it does not."""
    legacy: str
    """Answer to a handshake offering only versions below the floor: `refused`, the version chosen, or `unknown: …`."""
    offers: Offers
    others: tuple[Alternative, ...] = ()
    """One for each other kind of key (RSA, EC) that it has a certificate for."""
    others_end: str = "refused"
    """Answer to the question for them: `offered`, `refused`, or `unknown: …`."""

    @property
    def chain(self) -> tuple[CertificateFacts, ...]:
        """Leaf first: the verified chain, or what the names of the presented certificates make of it."""
        if self.verified or not self.presented:
            return self.verified
        path, left = [self.presented[0]], list(self.presented[1:])
        while above := next((one for one in left if one.subject == path[-1].issuer), None):
            path.append(above)
            left.remove(above)
        return tuple(path)

    def with_other(self, other: Alternative) -> Handshake:
        """This handshake, had the other certificate been presented."""
        kind = other.presented[0].key_type
        return replace(
            self,
            address=f"{self.address}, {kind} certificate",
            presented=other.presented,
            verified=other.verified,
            error=other.error,
            name_matches=other.name_matches,
            second_error=other.second_error,
            offers=replace(self.offers, stapled=other.stapled),
            others=(),
        )


@dataclass(frozen=True, slots=True)
class TlsFacts:
    host: str
    port: int
    handshakes: tuple[Handshake, ...]
    """One an address, in resolver order."""
    private: bool
    """Verified against the environment's `ca_file` and not the public roots."""
    dead: tuple[tuple[str, str], ...]
    """Addresses that gave no handshake while others did, each with the reason."""
    unrouted: tuple[str, ...]
    """Addresses of a family that this machine has no route for; they say nothing of the target."""

    @property
    def served(self) -> tuple[Handshake, ...]:
        """Every certificate of every address, as a handshake of its own; `address` names the key of one that is not the first."""
        return tuple(one for shake in self.handshakes for one in (shake, *map(shake.with_other, shake.others)))
