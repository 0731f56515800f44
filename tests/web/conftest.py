"""The site with light stages, on a real storage, served on loopback."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp
import pytest_asyncio

from bot.app import build_galleries
from bot.config import Config, load_config
from bot.inference import InferenceWorker
from bot.storage import Storage
from tests.bot.fakes import ListingStages
from web.app import serving
from web.site import Site


@dataclass
class Served:
    """A running site: its address, its stages, and a client."""

    url: str
    stages: ListingStages
    client: aiohttp.ClientSession
    config: Config = field(repr=False)

    async def upload(self, data: bytes, name: str = "a.png") -> tuple[int, dict[str, Any]]:
        """Upload a picture as a form; return status and answer."""
        form = aiohttp.FormData()
        form.add_field("image", data, filename=name)
        async with self.client.post(f"{self.url}api/v1/identify", data=form) as answer:
            return answer.status, await answer.json(content_type=None)

    async def get(self, path: str) -> tuple[int, Any]:
        """Return status and JSON of a path below the site's address."""
        async with self.client.get(f"{self.url}{path}") as answer:
            return answer.status, await answer.json(content_type=None)


@asynccontextmanager
async def served(
    folder: Path, stages: ListingStages | None = None, *, token: str = "", **web: Any
) -> AsyncIterator[Served]:
    """Serve a site whose `[web]` section has these keys; `token` is that of /metrics."""
    config = load_config(None, web={"listen": "127.0.0.1:0", **web}, metrics={"token": token})
    stages = stages or ListingStages()
    async with (
        Storage.open(folder / "site.db") as storage,
        InferenceWorker(lambda: stages, config.inference) as worker,
        aiohttp.ClientSession() as client,
    ):
        galleries = build_galleries(storage, worker)
        async with serving(Site(config, worker, galleries, storage), "127.0.0.1", 0) as url:
            yield Served(url, stages, client, config)
        await galleries.close()


@pytest_asyncio.fixture
async def site(tmp_path: Path) -> AsyncIterator[Served]:
    """Return a running site."""
    async with served(tmp_path) as running:
        yield running
