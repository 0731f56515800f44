"""Local services, a storage, and a reader that takes a picture's first bytes for its face."""

from __future__ import annotations

from typing import TYPE_CHECKING

import aiohttp
import numpy as np
import pytest
from aiohttp.test_utils import TestServer

from bot.enrolment.job import EnrolmentJob
from bot.enrolment.joining import Joining
from bot.storage import Storage
from models.enrolment import SeenFace
from models.gallery.enrolled import centre
from models.types import Character
from tests.bot.enrolment.anilist_server import AniListServer
from tests.bot.enrolment.clock import FakeClock
from tests.bot.enrolment.danbooru_server import DanbooruServer

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

DIMENSIONS = 16
MIKU = Character("hatsune_miku", "Hatsune Miku", "VOCALOID", "初音ミク", ("Miku Hatsune",))


class StubReader:
    """Reads `b"face 3 …"` as a vector near the third axis, and all else as no face."""

    backbone = "first"

    def read(self, data: bytes, name: str, *, crops: bool) -> SeenFace:
        """Read a picture; the same bytes give the same vector."""
        if not data.startswith(b"face "):
            return SeenFace(None, "no face found")
        noise = np.random.default_rng(list(data)).normal(0, 0.1, DIMENSIONS)
        noise[int(data.split()[1])] += 1
        return SeenFace((noise / np.linalg.norm(noise)).astype(np.float32))


def face(axis: int, number: int = 0) -> bytes:
    """Return a picture's bytes that `StubReader` reads."""
    return b"face %d drawing %d" % (axis, number)


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
async def session() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar()) as session:
        yield session


@pytest.fixture
async def anilist(clock: FakeClock) -> AsyncIterator[AniListServer]:
    served = AniListServer(clock)
    async with TestServer(served.app()) as server:
        served.url = str(server.make_url("")).rstrip("/")
        yield served


@pytest.fixture
async def board(clock: FakeClock) -> AsyncIterator[DanbooruServer]:
    served = DanbooruServer(clock)
    async with TestServer(served.app()) as server:
        served.url = str(server.make_url("")).rstrip("/")
        yield served


@pytest.fixture
async def storage(tmp_path: Path) -> AsyncIterator[Storage]:
    async with Storage.open(tmp_path / "moedex.db") as storage:
        yield storage


@pytest.fixture
def job(storage: Storage) -> EnrolmentJob:
    return EnrolmentJob(storage, Joining([MIKU]), StubReader(), centre)
