"""Near-duplicates asked of PostgreSQL: the same answers as from the index in memory."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

import pytest
import sqlalchemy as sa

from bot.feedback.duplicates import NearDuplicates
from bot.storage import Storage
from bot.storage.near_hashes import _NEAR
from bot.storage.tables import Base
from models.images.hashing import NEAR, HashIndex
from tests.bot.storage.test_learning_storage import SERVER, seen
from tests.bot.storage.test_storage import NOW

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

HASHES = 600
OTHER = SERVER + 1
RANDOM = random.Random(11)  # noqa: S311 - no secret


@pytest.fixture
async def storage(postgres_url: str) -> AsyncIterator[Storage]:
    async with Storage.open(postgres_url) as storage:
        yield storage


def flipped(phash: str, bits: int) -> str:
    """Return a hash with so many bits changed."""
    value = int(phash, 16)
    for bit in RANDOM.sample(range(64), bits):
        value ^= 1 << bit
    return f"{value:016x}"


async def fill(storage: Storage) -> dict[int, list[tuple[int, str]]]:
    """Keep faces with hashes in two servers; return (group, hash) of each server."""
    answers, faces = Base.metadata.tables["answers"], Base.metadata.tables["face_observations"]
    kept: dict[int, list[tuple[int, str]]] = {SERVER: [], OTHER: []}
    async with storage.database.write() as session:
        for number in range(1, HASHES + 1):
            server_id = SERVER if number % 2 else OTHER
            phash = f"{RANDOM.getrandbits(64):016x}"
            kept[server_id].append((number, phash))
            answer = {
                "reply_id": number, "source_message_id": number, "channel_id": 1,
                "server_id": server_id, "picture_names": [], "model_version": "", "at": NOW,
            }  # fmt: skip
            face = {
                "id": number, "reply_id": number, "face_index": 0, "picture_index": 0,
                "x0": 0.0, "y0": 0.0, "x1": 1.0, "y1": 1.0, "guesses": (), "tier": "named",
                "hidden": False, "may_be_labelled": True, "phash": phash, "group_id": number,
            }  # fmt: skip
            face["tier"] = Base.metadata.tables["face_observations"].c.tier.type.python_type.NAMED
            await session.execute(sa.insert(answers).values(answer))
            await session.execute(sa.insert(faces).values(face))
    return kept


async def test_the_same_is_found_as_in_memory(storage: Storage) -> None:
    kept = await fill(storage)
    for server_id, pairs in kept.items():
        index = HashIndex(pairs)
        for _, phash in pairs[:60]:
            for bits in (0, NEAR - 1, NEAR, NEAR + 1):
                asked = flipped(phash, bits)
                found = await storage.near_hashes.within(server_id, asked, NEAR)
                assert found == index.within(asked), (server_id, asked)


async def test_the_index_can_answer(storage: Storage) -> None:
    """What is asked is what the index was made of, so that the planner may choose it."""
    await fill(storage)
    asked = {"server_id": SERVER, "phash": "0" * 16, "distance": NEAR, "most": 50}
    async with storage.database.write() as session:
        for setting in ("enable_seqscan", "enable_sort"):
            await session.execute(sa.text(f"SET LOCAL {setting} = off"))
        plan = await session.execute(sa.text(f"EXPLAIN {_NEAR.text}"), asked)
        assert "hnsw_face_observations_phash" in "\n".join(plan.scalars())


async def test_a_picture_that_another_bot_saw_is_found(storage: Storage, postgres_url: str) -> None:
    async with Storage.open(postgres_url) as other:
        duplicates = NearDuplicates(storage.faces, storage.near_hashes, storage.revisions)
        assert await duplicates.near(SERVER, "00000000000000ff") == []
        face = await seen(other, 1, phash="00000000000000ff")
        assert await duplicates.near(SERVER, "00000000000000fe") == [(1, face.id)]
        assert await duplicates.near(OTHER, "00000000000000fe") == []
        await duplicates.add(SERVER, face.id, "00000000000000ff")  # the database has it
        assert len(await duplicates.near(SERVER, "00000000000000ff")) == 1
        await other.answers.delete_by_reply(1)
        assert await duplicates.near(SERVER, "00000000000000ff") == []
