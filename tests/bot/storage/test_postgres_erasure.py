"""What is left of erased rows in PostgreSQL's files: as docs/storage.md says it."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import text

from bot.storage import Storage
from models.vectors import pack_vector
from tests.bot.storage.test_learning_storage import seen, unit

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from tests.databases import PostgresServer

SECRET, HASH = unit(77), "abcdabcdabcdabcd"
NEEDLES = (pack_vector(SECRET), HASH.encode())


@pytest.fixture
async def storage(postgres_url: str) -> AsyncIterator[Storage]:
    async with Storage.open(postgres_url) as storage:
        yield storage


def left(server: PostgresServer) -> set[bytes]:
    """Return what is found in any file of the server, the write-ahead log among them."""
    data = b"".join(file.read_bytes() for file in server.folder.rglob("*") if file.is_file())
    return {needle for needle in NEEDLES if needle in data}


def documented() -> list[str]:
    """Return the statements that the document says for erasing to the last byte."""
    page = Path(__file__).parents[3] / "docs" / "storage.md"
    (block,) = re.findall(r"```sql\n(VACUUM FULL.*?)```", page.read_text(), re.S)
    return [line.split("--")[0].strip().rstrip(";") for line in block.splitlines()]


async def test_what_the_document_says_erases_the_bytes(
    storage: Storage, postgres_server: PostgresServer
) -> None:
    postgres_server.sql("ALTER SYSTEM SET wal_recycle = off")
    postgres_server.sql("SELECT pg_reload_conf()")
    await seen(storage, 1, vector=SECRET, phash=HASH)
    await seen(storage, 2)
    postgres_server.sql("CHECKPOINT")  # from the server's memory into its files
    assert left(postgres_server) == set(NEEDLES)
    await storage.answers.delete_by_reply(1)
    assert await storage.database.flush_erased()
    name = storage.database.backend.engine.url.database
    for statement in documented():
        postgres_server.sql(statement, name)
    assert left(postgres_server) == set()
    assert len(await storage.faces.by_reply(2)) == 1


async def test_tables_that_were_deleted_from_are_vacuumed(storage: Storage) -> None:
    await seen(storage, 1)
    await storage.answers.delete_by_reply(1)
    assert await storage.database.flush_erased()
    query = text("SELECT relname FROM pg_stat_user_tables WHERE vacuum_count > 0")
    async with storage.database.read() as session:
        vacuumed = set(await session.scalars(query))
    assert {"answers", "face_observations", "labels", "label_changes", "vote_events"} <= vacuumed
    assert "model_versions" not in vacuumed


async def test_who_reads_what_was_before_holds_it_up(storage: Storage) -> None:
    await seen(storage, 1)
    async with storage.database.read() as session:
        await session.execute(text("SELECT count(*) FROM answers"))
        await storage.answers.delete_by_reply(1)
        assert not await storage.database.flush_erased()
        assert (await session.execute(text("SELECT count(*) FROM answers"))).scalar_one() == 1
    assert await storage.database.flush_erased()
