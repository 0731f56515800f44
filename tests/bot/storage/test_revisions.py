"""How often something changed is read once by all who ask together, and never too early."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest
from sqlalchemy import event

from bot.storage import Storage
from bot.storage.revisions import Revisions

SERVER = 7


@pytest.fixture
async def storage(storage_url: str) -> AsyncIterator[Storage]:
    async with Storage.open(storage_url) as storage:
        yield storage


@pytest.fixture
async def reads(storage: Storage) -> list[str]:
    """Return the statements that read."""
    seen: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        if statement.startswith("SELECT"):
            seen.append(statement)

    event.listen(storage.database.backend.engine.sync_engine, "before_cursor_execute", note)
    return seen


async def test_who_asks_together_reads_once(storage: Storage, reads: list[str]) -> None:
    await storage.galleries.touch(SERVER)
    reads.clear()
    first, second, other = await asyncio.gather(
        storage.revisions.of(SERVER), storage.revisions.of(SERVER), storage.revisions.of(8)
    )
    assert first == second == Revisions(enrolled=0, gallery=1, erased_hashes=0)
    assert other == (0, 0, 0)
    # Where changes are told of, what was enrolled is kept by itself, and so read by itself.
    assert len(reads) == (3 if storage.database.backend.shared else 2)


async def test_who_asks_after_a_change_hears_of_it(storage: Storage) -> None:
    for changes in range(1, 20):
        asked = [asyncio.create_task(storage.revisions.of(SERVER)) for _ in range(3)]
        await asyncio.sleep(changes / 5000)  # somewhere in the reading of the others
        await storage.galleries.touch(SERVER)
        assert (await storage.revisions.of(SERVER)).gallery == changes
        assert {each.gallery for each in await asyncio.gather(*asked)} <= {changes - 1, changes}


async def test_another_process_is_heard_of(storage: Storage, storage_url: str) -> None:
    assert (await storage.revisions.of(SERVER)).gallery == 0
    async with Storage.open(storage_url, exclusive=False) as beside:
        await beside.galleries.touch(SERVER)
    async with asyncio.timeout(30):
        while (await storage.revisions.of(SERVER)).gallery != 1:  # noqa: ASYNC110 - told in a moment
            await asyncio.sleep(0.01)
