"""TLS handshakes as a kind of evidence."""

from __future__ import annotations

from gonogo.probes.kind import Kind, always_safe, leads_nowhere, nothing_beside, sendable_again, the_first
from gonogo.probes.tls.facts import TlsFacts
from gonogo.probes.tls.request import TlsRequest, plan_lines
from gonogo.probes.tls.summary import summary

TLS = Kind(
    name="tls",
    request=TlsRequest,
    facts=TlsFacts,
    once=sendable_again,
    safe=always_safe,
    joined=the_first,
    needs=nothing_beside,
    onward=leads_nowhere,
    plan_lines=plan_lines,
    summary=summary,
    module="gonogo.probes.tls.probe",
)
