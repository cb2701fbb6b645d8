"""Sentry's envelopes and DSNs: as SDKs send them, malformed, and any text without an exception."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from quick import seconds

from gonogo.formats import sentry_envelope
from gonogo.formats.sentry_envelope import Address, Envelope, Event

KEY = "0123456789abcdef0123456789abcdef"
EVENT = {
    "release": "shop@1.2.3",
    "environment": "staging",
    "exception": {"values": [{"type": "Error", "value": "boom"}, {"type": "Error"}]},
}


def envelope(*items: tuple[dict[str, object], str], header: dict[str, object] | None = None) -> str:
    lines = [json.dumps(header or {"sent_at": "2026-11-21T06:00:00Z"})]
    for head, payload in items:
        lines += [json.dumps(head), payload]
    return "\n".join(lines)


def test_an_event_behind_sessions() -> None:
    session = ({"type": "session"}, json.dumps({"sid": "1", "attrs": {"release": "shop@1.2.3"}}))
    text = envelope(session, session, ({"type": "event"}, json.dumps(EVENT)))
    assert sentry_envelope.read(text) == Envelope(
        "", ("session", "session", "event"), (Event("shop@1.2.3", "staging", ("boom",)),)
    )


def test_a_tunnelled_envelope_says_where_it_goes() -> None:
    dsn = f"https://{KEY}@o1.ingest.sentry.io/42"
    read = sentry_envelope.read(envelope(({"type": "event"}, "{}"), header={"dsn": dsn}))
    assert isinstance(read, Envelope)
    assert read.dsn == dsn


def test_a_length_is_in_bytes_and_payloads_may_hold_line_ends() -> None:
    payload = '{\n "message": "größer"\n}'
    attachment = "a\nb\nc"
    text = envelope(
        ({"type": "attachment", "length": len(attachment)}, attachment),
        ({"type": "event", "length": len(payload.encode())}, payload),
        ({"type": "event", "length": 3}, '{"message": "length is wrong"}'),
        ({"type": "client_report"}, "{}"),
    )
    read = sentry_envelope.read(text)
    assert isinstance(read, Envelope)
    assert read.types == ("attachment", "event", "event", "client_report")
    assert [event.messages for event in read.events] == [("größer",), ("length is wrong",)]


@pytest.mark.parametrize(
    ("payload", "messages"),
    [
        ('{"message": "m", "logentry": {"formatted": "f", "message": "t"}}', ("m", "f", "t")),
        ('{"exception": [{"value": "old"}]}', ("old",)),
        ('{"exception": {"values": "x"}, "logentry": 3, "message": {}}', ()),
        ('{"release": 3}', ()),
    ],
)
def test_messages_of_an_event(payload: str, messages: tuple[str, ...]) -> None:
    read = sentry_envelope.read(envelope(({"type": "event"}, payload)))
    assert isinstance(read, Envelope)
    assert read.events == (Event("", "", messages),)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "its first line is not a JSON object"),
        ("<html>", "its first line is not a JSON object"),
        ("[]\n{}", "its first line is not a JSON object"),
        ("{}", "it holds no item"),
        ("{}\nnot json\n{}", "it holds no item"),
        ("{}\n\n\n", "it holds no item"),
    ],
)
def test_no_envelope(text: str, words: str) -> None:
    assert sentry_envelope.read(text) == words


@pytest.mark.parametrize(
    ("url", "found"),
    [
        (f"https://o1.ingest.sentry.io/api/42/envelope/?sentry_version=7&sentry_key={KEY}", Address("o1.ingest.sentry.io", "42", KEY)),
        ("https://errors.a.test/sub/api/7/store/", Address("errors.a.test", "7", "")),
        ("https://Errors.A.test:8443/api/7/envelope", Address("errors.a.test", "7", "")),
        ("https://a.test/api/x/envelope/", None),
        ("https://a.test/monitoring", None),
        ("https://[/api/7/envelope/", None),
    ],
)  # fmt: skip
def test_where_a_request_leads(url: str, found: Address | None) -> None:
    assert sentry_envelope.address(url) == found


@pytest.mark.parametrize(
    ("dsn", "found"),
    [
        (f"https://{KEY}@o1.ingest.sentry.io/42", Address("o1.ingest.sentry.io", "42", KEY)),
        (f"https://{KEY}:secret@Errors.a.test:9000/path/7", Address("errors.a.test", "7", KEY)),
        ("", "not an http:// or https:// URL"),
        ("ftp://k@a.test/1", "not an http:// or https:// URL"),
        ("https://a.test/1", "no public key before the @"),
        ("https://k@a.test/", "no project number at its end"),
        ("https://k@[/1", "not a URL"),
    ],
)
def test_dsn(dsn: str, found: Address | str) -> None:
    assert sentry_envelope.read_dsn(dsn) == found


@given(st.text(max_size=800))
def test_any_text_is_an_envelope_or_words(text: str) -> None:
    for one in (text, f"{{}}\n{text}", f'{{}}\n{{"type": "event"}}\n{text}'):
        read = sentry_envelope.read(one)
        assert isinstance(read, Envelope) or read
    assert isinstance(sentry_envelope.read_dsn(text), str | Address)
    assert isinstance(sentry_envelope.address(text), Address | None)


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(max_size=20),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["type", "length", "exception", "values", "value", "logentry", "message", "release"]), inner, max_size=4),
        max_leaves=12,
    )
)  # fmt: skip
def test_any_json_is_an_event_or_none(value: object) -> None:
    text = json.dumps(value)
    for one in (f'{{}}\n{{"type": "event"}}\n{text}', f"{{}}\n{text}\n{text}", f"{text}\n{text}\n{text}"):
        read = sentry_envelope.read(one)
        assert isinstance(read, Envelope) or read


@pytest.mark.parametrize(
    "piece", ["\n", "{}\n", '{"length": 1}\n', '{"type":"event","length":9}\n', "[", '{"a":', "/a"]
)
def test_huge_texts_take_no_time(piece: str) -> None:
    huge = piece * 200_000

    def read() -> None:
        sentry_envelope.read("{}\n" + huge)
        sentry_envelope.address("https://a.test" + huge)
        sentry_envelope.read_dsn(huge)

    assert seconds(read, 1.0) < 1.0
