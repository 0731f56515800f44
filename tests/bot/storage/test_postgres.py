"""PostgreSQL as the storage: its tables, and what is said where it can't be used."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Connection, String, text

from bot.storage import Storage, StorageError
from bot.storage.location import shown
from bot.storage.tables import Base
from bot.storage.tables.vectors import decoded, encoded
from models.vectors import pack_vector
from tests.databases import MEMBER, PASSWORD

if TYPE_CHECKING:
    from tests.databases import PostgresServer


@pytest.fixture
def bare(postgres_server: PostgresServer) -> Iterator[str]:
    """Return the name of a database that nothing was ever done in."""
    postgres_server.sql("CREATE DATABASE bare TEMPLATE template0")
    yield "bare"
    postgres_server.drop("bare")


async def refused(url: str) -> str:
    """Return what is said when a storage can't be opened."""
    with pytest.raises(StorageError) as caught:
        async with Storage.open(url):
            pass
    said = str(caught.value)
    assert "\n" not in said
    assert PASSWORD not in said
    return said


def differences(connection: Connection) -> list[object]:
    """Return where the tables differ from the code; texts may be longer than it says."""

    def differs(_: object, __: object, there: object, here: object, ___: object) -> bool | None:
        if isinstance(there, String) and isinstance(here, String):
            return there.collation != "C"
        return None

    def ours(_: object, name: str | None, kind: str, *__: object) -> bool:
        return not (kind == "index" and str(name).startswith("hnsw_"))  # SQLAlchemy knows none

    opts = {"compare_type": differs, "include_object": ours}
    context = MigrationContext.configure(connection, opts=opts)
    return list(compare_metadata(context, Base.metadata))


async def test_the_migrations_make_the_tables(postgres_url: str) -> None:
    async with (
        Storage.open(postgres_url) as storage,
        storage.database.backend.engine.connect() as connection,
    ):
        assert await connection.run_sync(differences) == []


def test_a_vector_is_the_same_on_both_to_the_bit() -> None:
    packed = pack_vector(np.random.default_rng(1).normal(size=384).astype(np.float32))
    assert encoded(packed)[:4] == b"\x01\x80\x00\x00"
    assert np.frombuffer(encoded(packed)[4:], ">f2").astype("<f2").tobytes() == packed
    assert decoded(encoded(packed)) == packed


async def test_a_server_that_is_not_there_is_one_line(tmp_path: Path) -> None:
    said = await refused(f"postgresql+asyncpg://{MEMBER}:{PASSWORD}@/moedex?host={tmp_path}")
    assert "does not answer: is the server started" in said
    said = await refused(f"postgresql+asyncpg://{MEMBER}:{PASSWORD}@127.0.0.1:1/moedex")
    assert "does not answer: is the server started" in said


async def test_a_wrong_password_is_one_line(postgres_server: PostgresServer, bare: str) -> None:
    said = await refused(postgres_server.url(bare, MEMBER, "wrong"))
    assert said.endswith("refuses the user or the password.")
    assert "wrong" not in said.removesuffix("refuses the user or the password.")


async def test_a_missing_database_is_one_line(postgres_server: PostgresServer) -> None:
    said = await refused(postgres_server.url("nowhere", MEMBER, PASSWORD))
    assert said.endswith("is not there: make the database first (createdb).")


async def test_without_pgvector_it_is_said_what_to_do(
    postgres_server: PostgresServer, bare: str
) -> None:
    said = await refused(postgres_server.url(bare, MEMBER, PASSWORD))
    assert said.endswith("CREATE EXTENSION vector;")
    postgres_server.sql(f"ALTER DATABASE {bare} OWNER TO {MEMBER}")
    postgres_server.sql("CREATE EXTENSION vector", bare)
    async with Storage.open(postgres_server.url(bare, MEMBER, PASSWORD)) as storage:
        assert await storage.state.get("x") is None


@pytest.mark.parametrize(
    ("limit", "value", "why"),
    [("OLDEST", 99, "99 or newer is needed"), ("OLDEST_VECTOR", (9, 0), "9.0 or newer")],
)
async def test_what_is_too_old_is_refused(
    postgres_url: str, monkeypatch: pytest.MonkeyPatch, limit: str, value: object, why: str
) -> None:
    monkeypatch.setattr(f"bot.storage.postgres_server.{limit}", value)
    assert why in await refused(postgres_url)


async def test_a_newer_schema_is_refused(postgres_url: str) -> None:
    async with Storage.open(postgres_url) as storage, storage.database.write() as session:
        await session.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    assert "written by a newer Moedex" in await refused(postgres_url)


@pytest.mark.parametrize(
    ("url", "why"),
    [
        (f"postgresql://{MEMBER}:{PASSWORD}@db/x", "neither sqlite"),
        (f"mysql+aiomysql://{MEMBER}:{PASSWORD}@db/x", "neither sqlite"),
        (f"postgresql+asyncpg://{MEMBER}:{PASSWORD}@db:port/x", "not an SQLAlchemy URL"),
    ],
)
async def test_other_databases_are_refused(url: str, why: str) -> None:
    assert why in await refused(url)


def test_a_password_is_hidden_wherever_it_stands() -> None:
    for url in (
        f"postgresql+asyncpg://{MEMBER}:{PASSWORD}@db/x",
        f"postgresql+asyncpg://db/x?user={MEMBER}&password={PASSWORD}",
    ):
        assert PASSWORD not in shown(url)
        assert "***" in shown(url) or "%2A%2A%2A" in shown(url)
