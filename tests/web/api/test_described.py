"""Schemathesis reads the API's own document, and sends whatever may or may not fit it."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Mapping
from pathlib import Path

import pytest
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
from sandbox import Sandbox
from tests.bot.fakes import ListingStages
from tests.web.conftest import served
from tests.web.label.labelling import DrawnStages, label_site
from web.addresses import PREFIX
from web.app import build_app
from web.document import document
from web.listening import listening
from web.signing_in.keys import Keys
from web.site import Site

CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
]
EXAMPLES = 25


def try_out(
    operation: APIOperation,
    url: str,
    examples: int = EXAMPLES,
    *,
    key: str = "",
    path: Mapping[str, object] | None = None,
) -> Counter[int]:
    """Call an operation with what its description allows; return how often it answered what.

    `path` holds parameters of the path that are given and not made up.
    """
    answered: Counter[int] = Counter()
    headers = {"Authorization": f"Bearer {key}"} if key else {}

    @settings(
        max_examples=examples,
        deadline=None,
        derandomize=True,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
    )
    @given(case=operation.as_strategy())
    def call(case: Case) -> None:
        case.path_parameters.update(
            {name: each for name, each in (path or {}).items() if name in case.path_parameters}
        )
        answer = case.call_and_validate(base_url=url.rstrip("/"), checks=CHECKS, headers=headers)
        answered[answer.status_code] += 1

    call()
    return answered


def described(*, labelling: bool) -> list[APIOperation]:
    """Return what the document describes."""
    read = schemathesis.openapi.from_dict(document(labelling=labelling)).get_all_operations()
    return [each.ok() for each in read if isinstance(each, Ok)]


class Deciding(ListingStages):
    """Stages that look whether it is a picture at all."""

    def find(self, data: bytes, name: str) -> FoundFaces:
        """Decode, and find a face in whatever is a picture."""
        decode(data, name)
        return super().find(b"1", name)


class DecidingOfTheDrawn(Deciding, DrawnStages):
    """The same, for a site with faces to label."""


async def test_the_api_keeps_to_its_document(tmp_path: Path) -> None:
    operations = described(labelling=False)
    assert len(operations) == 5
    async with served(
        tmp_path, Deciding(), requests_a_minute=10**6, uploads_a_minute=10**6
    ) as site:
        for operation in operations:
            assert (await asyncio.to_thread(try_out, operation, site.url)).total() >= EXAMPLES


async def test_the_calls_for_labelling_keep_to_it_too(tmp_path: Path) -> None:
    async with label_site(tmp_path, DecidingOfTheDrawn()) as label:
        faces = [await label.post(name) for name in ("ren", "ren", "suzu")]
        await label.label(faces[0].id, "ren")
        ann = label.sandbox.member("ann")
        key = await Keys(label.site.services.storage.api_keys).make(ann.id, "Ann", "a test")
        path = {"server": label.server, "face": faces[1].id, "id": "ren"}
        operations = [each for each in described(labelling=True) if "/label/" in each.path]
        for operation in operations:
            answered = await asyncio.to_thread(
                try_out, operation, label.site.url, 6, key=key, path=path
            )
            assert 200 in answered or operation.method == "post" or "thumbnails" in operation.path


@pytest.mark.parametrize("labelling", [False, True])
async def test_every_call_is_described(tmp_path: Path, labelling: bool) -> None:
    async with (
        Sandbox() as sandbox,
        served(tmp_path, sandbox=sandbox if labelling else None) as site,
    ):
        app = build_app(Site(site.services, site.bot))
        async with listening(app, "127.0.0.1", 0):
            there = {
                (route.method, route.resource.canonical)
                for route in app.router.routes()
                if route.resource is not None and route.method != "HEAD"
            }
    calls = {each for each in there if each[1].startswith(PREFIX)}
    paths = document(labelling=labelling)["paths"]
    told = {(method.upper(), path) for path, methods in paths.items() for method in methods}
    assert calls - {("GET", f"{PREFIX}/openapi.json")} == told
