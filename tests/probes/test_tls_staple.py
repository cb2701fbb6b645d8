"""What is read of a TLS 1.3 flight that nobody can be trusted to have sent; real servers are in test_tls_configurations."""

from __future__ import annotations

import hashlib
import struct

import pytest
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from gonogo.probes.tls import hello as tls_hello
from gonogo.probes.tls import staple as tls_staple

BEGUN = tls_staple.opening("www.acme.test")
SHARE = X25519PrivateKey.generate().public_key().public_bytes_raw()


def record(kind: int, body: bytes) -> bytes:
    return struct.pack("!BHH", kind, 0x0303, len(body)) + body


def server_hello(
    *,
    suite: int = 0x1301,
    group: int = 29,
    share: bytes = SHARE,
    random: bytes = bytes(32),
    version: bytes = b"\x03\x04",
) -> bytes:
    extensions = tls_hello.extension(43, version)
    extensions += tls_hello.extension(51, struct.pack("!HH", group, len(share)) + share)
    body = (
        b"\x03\x03" + random + b"\x00" + struct.pack("!HB", suite, 0) + struct.pack("!H", len(extensions)) + extensions
    )
    return record(22, b"\x02" + len(body).to_bytes(3, "big") + body)


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", ""),
        (server_hello()[:30], ""),
        (server_hello(), ""),
        (server_hello() + record(20, b"\x01"), ""),
        (record(21, b"\x02\x28"), "unknown: alert 40 to a hello of TLS 1.3"),
        (record(21, b"\x02"), "unknown: its TLS 1.3 handshake cannot be read"),
        (server_hello() + record(21, b"\x02\x28"), "unknown: an alert in its handshake"),
        (server_hello() + record(23, bytes(40)), "unknown: its TLS 1.3 handshake cannot be read"),
        (
            server_hello(random=hashlib.sha256(b"HelloRetryRequest").digest()),
            "unknown: it wants a key exchange group other than X25519 and P-256",
        ),
        (server_hello(group=24), "unknown: it chose group 24, which was not offered"),
        (server_hello(suite=0xC02B), "unknown: it speaks no TLS 1.3 that was offered"),
        (server_hello(share=bytes(32)), "unknown: its TLS 1.3 handshake cannot be read"),
        (server_hello(share=b"\x04" * 65, group=23), "unknown: its TLS 1.3 handshake cannot be read"),
        (record(22, b"\x0b\x00\x00\x00"), "unknown: the server's first record is not one ServerHello"),
        (b"HTTP/1.1 400 Bad Request\r\n", "unknown: the server does not speak TLS"),
    ],
    ids=[
        "nothing",
        "part of a hello",
        "a hello",
        "a change of keys",
        "an alert",
        "half an alert",
        "an alert after the hello",
        "what no key opens",
        "another group wanted",
        "a group not offered",
        "a suite of TLS 1.2",
        "a share of nothing",
        "a share off the curve",
        "no hello",
        "not TLS",
    ],
)
def test_what_a_flight_says(data: bytes, said: str) -> None:
    assert tls_staple.read(BEGUN, data) == said
    assert tls_staple.read(BEGUN, data, ended=True) == (said or "unknown: the answer was cut short")


FLIGHT = server_hello()


@given(st.one_of(st.binary(max_size=300), st.binary(max_size=200).map(lambda one: FLIGHT + record(23, one) + one)))
def test_any_bytes_are_read(data: bytes) -> None:
    said = tls_staple.read(BEGUN, data)
    assert said == "" or said.startswith("unknown: ")


@given(st.integers(0, len(FLIGHT) - 1), st.integers(0, 255))
def test_any_change_of_a_flight_is_read(place: int, value: int) -> None:
    said = tls_staple.read(BEGUN, FLIGHT[:place] + bytes([value]) + FLIGHT[place + 1 :], ended=True)
    assert said.startswith("unknown: ")
