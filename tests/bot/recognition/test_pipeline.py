"""What is said of files that nobody meant for a picture."""

from __future__ import annotations

from typing import Any
from unittest.mock import AsyncMock, Mock

import pytest

from bot.config import load_config
from bot.errors import UserError
from bot.gallery.server_galleries import ServerGalleries
from bot.gallery.settled_pictures import SettledPictures
from bot.recognition.pipeline import Pipeline
from bot.recognition.request import RecognitionRequest
from bot.recognition.sources import Source
from bot.storage import ServerSettings
from models.images.decoding import PictureError
from tests.bot.discord_objects import identified


@pytest.fixture
def pipeline(worker: Any) -> Pipeline:
    """Return a pipeline whose worker reads what holds `picture`, and nothing else."""

    async def identify(data: bytes, name: str, **_: Any) -> Any:
        if data == b"broken":
            raise RuntimeError("a bug")
        if data != b"picture":
            raise PictureError("not_a_picture", f"“{name}” is none.", name)
        return identified(1)

    worker.identify = AsyncMock(side_effect=identify)
    settled = Mock(spec=SettledPictures, of=AsyncMock(return_value=None))
    return Pipeline(worker, Mock(spec=ServerGalleries), settled, load_config(None).naming)


def source(data: bytes | None, *, meant: bool) -> Source:
    async def read() -> bytes:
        if data is None:
            raise UserError("could not be fetched")
        return data

    return Source("key", "name", read, meant=meant)


async def errors(pipeline: Pipeline, *sources: Source, asked: bool) -> list[str]:
    """Return what is wrong with each source, empty where nothing is to be said."""
    request = Mock(spec=RecognitionRequest, asked=asked, cancelled=False, mode="identify")
    results = await pipeline.run(request, sources, ServerSettings(server_id=1))
    return [type(each.error).__name__ if each.error else "" for each in results]


@pytest.mark.parametrize("asked", [True, False])
async def test_what_is_meant_is_always_named(pipeline: Pipeline, asked: bool) -> None:
    good, bad = source(b"picture", meant=True), source(b"zip", meant=True)
    assert await errors(pipeline, good, bad, asked=asked) == ["", "PictureError"]


@pytest.mark.parametrize("data", [b"zip", None])
async def test_nobody_who_did_not_ask_hears_of_a_link_or_another_file(
    pipeline: Pipeline, data: bytes | None
) -> None:
    assert await errors(pipeline, source(data, meant=False), asked=False) == [""]


async def test_who_asks_hears_of_it_where_nothing_else_is_there(pipeline: Pipeline) -> None:
    good, other = source(b"picture", meant=True), source(b"zip", meant=False)
    assert await errors(pipeline, good, other, asked=True) == ["", ""]
    assert await errors(pipeline, other, asked=True) == ["PictureError"]


async def test_a_fault_of_the_bots_own_is_never_passed_over(pipeline: Pipeline) -> None:
    assert await errors(pipeline, source(b"broken", meant=False), asked=False) == ["RuntimeError"]
