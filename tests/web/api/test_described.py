"""Schemathesis reads the API's own document, and sends whatever may or may not fit it."""

from __future__ import annotations

import asyncio
from pathlib import Path

import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis import Case
from schemathesis.checks import not_a_server_error
from schemathesis.core.result import Ok
from schemathesis.schemas import APIOperation
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from bot.inference.stages import FoundFaces
from models.images.decoding import decode
from tests.bot.fakes import ListingStages
from tests.web.conftest import served
from web.api.openapi import document

CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
]
EXAMPLES = 25


def try_out(operation: APIOperation, url: str) -> int:
    """Call an operation with what its description allows; return how often."""
    tried = 0

    @settings(
        max_examples=EXAMPLES,
        deadline=None,
        derandomize=True,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
    )
    @given(case=operation.as_strategy())
    def call(case: Case) -> None:
        nonlocal tried
        tried += 1
        case.call_and_validate(base_url=url.rstrip("/"), checks=CHECKS)

    call()
    return tried


class Deciding(ListingStages):
    """Stages that look whether it is a picture at all."""

    def find(self, data: bytes, name: str) -> FoundFaces:
        """Decode, and find a face in whatever is a picture."""
        decode(data, name)
        return super().find(b"1", name)


async def test_the_api_keeps_to_its_document(tmp_path: Path) -> None:
    read = schemathesis.openapi.from_dict(document()).get_all_operations()
    operations = [each.ok() for each in read if isinstance(each, Ok)]
    assert len(operations) == 5
    async with served(
        tmp_path, Deciding(), requests_a_minute=10**6, uploads_a_minute=10**6
    ) as site:
        for operation in operations:
            assert await asyncio.to_thread(try_out, operation, site.url) >= EXAMPLES
