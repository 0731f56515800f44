"""Fetching a tagger from a local hub that answers as the public one does."""

from __future__ import annotations

import asyncio
import hashlib
from typing import TYPE_CHECKING

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from models.tagger.hub import fetch_tagger
from models.tagger.tagger import Tagger
from models.weight_files import WeightsError
from tests.models.tagger.small_models import wd_model

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

COMMIT = "a" * 40


class Hub:
    """One repository of files by name; `downloads` are those that were asked for."""

    def __init__(self, files: dict[str, bytes]) -> None:
        self.files = files
        self.downloads: list[str] = []

    def app(self) -> web.Application:
        app = web.Application()
        app.router.add_get("/api/models/{owner}/{name}", self._about)
        app.router.add_get("/api/models/{owner}/{name}/revision/{revision}", self._about)
        app.router.add_get("/api/models/{owner}/{name}/tree/{revision}", self._tree)
        app.router.add_get("/{owner}/{name}/resolve/{revision}/{file}", self._file)
        return app

    async def _about(self, request: web.Request) -> web.Response:
        model = f"{request.match_info['owner']}/{request.match_info['name']}"
        if model != "somebody/wd-small":
            return web.json_response({"error": "Repository not found"}, status=404)
        siblings = [{"rfilename": name} for name in self.files]
        return web.json_response({"id": model, "sha": COMMIT, "siblings": siblings})

    async def _tree(self, request: web.Request) -> web.Response:
        return web.json_response(
            [
                {"type": "file", "path": name, "size": len(data), "oid": "b" * 40}
                for name, data in self.files.items()
            ]
        )

    async def _file(self, request: web.Request) -> web.Response:
        name = request.match_info["file"]
        data = self.files[name]
        if request.method == "GET":
            self.downloads.append(name)
        etag = hashlib.sha256(data).hexdigest()
        headers = {"X-Repo-Commit": COMMIT, "ETag": f'"{etag}"', "Accept-Ranges": "bytes"}
        return web.Response(body=data, headers=headers)


@pytest.fixture
async def hub(tmp_path: Path) -> AsyncIterator[tuple[Hub, str]]:
    model = wd_model(tmp_path / "original")
    served = Hub(
        {
            "model.onnx": model.read_bytes(),
            "selected_tags.csv": (model.parent / "selected_tags.csv").read_bytes(),
            "model.safetensors": bytes(1000),
            "README.md": b"about it",
        }
    )
    async with TestServer(served.app()) as server:
        yield served, str(server.make_url("")).rstrip("/")


@pytest.fixture(autouse=True)
def _own_cache(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path / "cache"))


async def test_what_a_tagger_needs_is_fetched_once(hub: tuple[Hub, str]) -> None:
    served, url = hub
    folder = await asyncio.to_thread(fetch_tagger, "somebody/wd-small", url)

    assert sorted(served.downloads) == ["model.onnx", "selected_tags.csv"]
    assert Tagger.load(folder).tags[1] == "hatsune_miku"
    assert await asyncio.to_thread(fetch_tagger, "somebody/wd-small", url) == folder
    assert len(served.downloads) == 2


async def test_what_is_not_there_is_said(hub: tuple[Hub, str]) -> None:
    _, url = hub
    with pytest.raises(WeightsError, match="nobody/nothing can't be fetched"):
        await asyncio.to_thread(fetch_tagger, "nobody/nothing", url)
    with pytest.raises(WeightsError, match="written owner/name"):
        fetch_tagger("nothing", url)
