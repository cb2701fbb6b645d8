"""Clients are built against the published document; an answer that breaks it breaks them.

Fix: correct the answer, or publish a new version of the document before clients meet the change.
See: https://spec.openapis.org/oas/v3.1.0
"""

from __future__ import annotations

from gonogo import Finding, Severity, check
from gonogo.check import report
from gonogo.concerns.api.fixtures import ContractAnswer
from gonogo.errors import EvidenceMissing
from gonogo.formats import openapi
from gonogo.formats.json_text import NotJson, parse
from gonogo.probes.http.facts import Exchange

MAX_ERRORS = 20
"""Schema errors told of one answer; one cause often shows in every row."""


def _described(contract: ContractAnswer) -> openapi.DescribedResponse:
    """What the document says of this answer. Raises EvidenceMissing("invalid") when it says nothing that can be held to."""
    path = contract.endpoint.operation or contract.endpoint.path.partition("?")[0]
    try:
        return openapi.described_response(contract.document, path, contract.endpoint.method, contract.exchange.status)
    except openapi.UnsupportedDocument as error:
        raise EvidenceMissing("invalid", f"{path}: {error}") from None


@check(title="API answers keep their schema", severity=Severity.HIGH, profiles={"smoke", "nightly"})
def test_schema(contract: ContractAnswer) -> None:
    """Judged with the dialect of the document's own version: in 3.0 `nullable`, in 3.1 JSON Schema 2020-12."""
    described = _described(contract)
    where = f"{contract.endpoint.method} {contract.endpoint.path}"
    if not described.documented:
        report(
            [
                Finding.of(
                    where, seen=f"status {contract.exchange.status}", wanted="a status that the document describes"
                )
            ]
        )
    said = contract.exchange.value("content-type") or ""
    media = openapi.match_media_type(described, said)
    if media is None or media.schema is None:
        why = (
            "has no schema for this answer"
            if media
            else f"does not describe {said or 'an answer without Content-Type'}"
        )
        raise EvidenceMissing("invalid", f"{where}: the document {why}, so nothing holds it")
    instance: object = contract.exchange.body
    if "json" in said.lower():
        try:
            instance = parse(contract.exchange.body)
        except NotJson as error:
            report([Finding.of(where, seen=f"a body that is not JSON ({error})"[:160], wanted="JSON")])
            return
    report(
        Finding.of(where, seen=error.message[:300], wanted="the documented schema", what=error.pointer or "the body")
        for error in openapi.schema_errors(contract.document, media.schema, instance, limit=MAX_ERRORS)
    )


@check(title="API answers have their documented media type", severity=Severity.MEDIUM, profiles={"smoke", "nightly"})
def test_media_type(contract: ContractAnswer) -> None:
    """JSON sent as HTML is run by browsers and refused by clients."""
    described = _described(contract)
    said = contract.exchange.value("content-type") or ""
    if described.documented and described.media and openapi.match_media_type(described, said) is None:
        wanted = " or ".join(media.type for media in described.media)
        where = f"{contract.endpoint.method} {contract.endpoint.path}"
        report([Finding.of(where, seen=repr(said[:80]) if said else "absent", wanted=wanted, what="Content-Type")])


@check(title="The OpenAPI document is served and valid", severity=Severity.MEDIUM, profiles={"smoke", "nightly"})
def test_document(openapi: Exchange) -> None:
    """Generators, gateways and this run's own contract checks read it."""
    from gonogo.formats.openapi import document_errors

    where = openapi.url.partition("://")[2].partition("/")[2]
    if openapi.status != 200:
        report([Finding.of(f"/{where}", seen=f"status {openapi.status}", wanted="status 200")])
    try:
        document = parse(openapi.body)
    except NotJson:
        report([Finding.of(f"/{where}", seen="not JSON", wanted="an OpenAPI 3.0 or 3.1 document")])
        return
    report(
        Finding.of(f"/{where}", seen=error.message[:300], wanted="valid OpenAPI", what=error.pointer or "the document")
        for error in document_errors(document)
    )
