"""Prometheus metrics: what is read, what is refused, and any text without another exception."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gonogo.formats import prometheus

TEXT = st.text(max_size=400)


def test_prometheus() -> None:
    text = '# HELP a b\n# TYPE a counter\na 1\nb{x="1,2",y="q\\"q\\n"} 2.5e3 1700000000000\nc_bucket{le="+Inf"} +Inf\n'
    samples = prometheus.parse(text)
    assert [(sample.name, sample.value) for sample in samples] == [("a", 1), ("b", 2500), ("c_bucket", float("inf"))]
    assert samples[1].labels == (("x", "1,2"), ("y", 'q"q\n'))


@pytest.mark.parametrize("text", ["<html>", "a", "a b", "a{x=1} 2", '{"json": 1}', "1a 2"])
def test_not_prometheus(text: str) -> None:
    with pytest.raises(prometheus.MalformedMetrics):
        prometheus.parse(text)


@given(TEXT)
def test_any_text_is_metrics_or_malformed(text: str) -> None:
    try:
        prometheus.parse(text)
    except prometheus.MalformedMetrics as error:
        assert "line" in str(error)
