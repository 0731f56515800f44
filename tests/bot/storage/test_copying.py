"""Everything from one database to the other and back, row by row."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import create_async_engine

from bot.storage import Storage, StorageError, StorageInUseError
from bot.storage.copying import CopiedTable, copy_storage
from bot.storage.location import sqlite_url
from bot.storage.tables import Base
from bot.storage.tables.base import PlainText
from bot.storage.tables.vectors import PackedVector
from models.vectors import pack_vector
from tests.bot.storage.test_storage import ANSWER

if TYPE_CHECKING:
    pass

ROWS = 7
GUESS = {"character_id": "rin", "name": "凛 \x00 “Rin”", "series": "", "probability": 0.1, "by": ""}
RANDOM = np.random.default_rng(3)


def value(column: sa.Column[Any], row: int) -> Any:
    """Return a value for a column that a row of this number may have, null in one of three."""
    kind = column.type
    if column.foreign_keys:
        return row + 1
    if column.nullable and row % 3 == 0:
        return None
    if isinstance(kind, PackedVector):
        return pack_vector(RANDOM.normal(size=384).astype(np.float32))
    if isinstance(kind, sa.TypeDecorator) and isinstance(kind.impl_instance, sa.DateTime):
        return datetime(2026, 5, 4, 12, 0, 0, 123_456) + timedelta(days=row)
    if isinstance(kind, PlainText):
        return f"{column.name} é😀 {row}"
    if isinstance(kind, sa.JSON | sa.TypeDecorator):
        return [GUESS] if column.name == "guesses" else {"z": [1.5, None, True], "a": 2**60 + row}
    if isinstance(kind, sa.Enum):
        return "named"
    if isinstance(kind, sa.Boolean):
        return row % 2 == 0
    if isinstance(kind, sa.Float):
        return float(RANDOM.normal())
    if isinstance(kind, sa.LargeBinary):
        return RANDOM.bytes(50)
    if column.primary_key and column.autoincrement is not False:
        return row + 1
    return row + 1 if column.name in {"reply_id", "source_id"} else 2**53 + row


async def fill(url: str) -> None:
    """Put rows into every table; the last face observations are erased again."""
    async with Storage.open(url):
        pass
    engine = create_async_engine(url)
    async with engine.begin() as connection:
        for table in Base.metadata.sorted_tables:
            columns = [(c.name, plain(c.type)) for c in table.columns]
            clause = sa.table(table.name, *(sa.column(name, kind) for name, kind in columns))
            rows = [
                {c.name: ("rin" + str(n) if refers_to_text(c) else value(c, n)) for c in table.c}
                for n in range(ROWS)
            ]
            if table.name == "enrolled_characters":
                rows = [row | {"id": f"rin{number}"} for number, row in enumerate(rows)]
            await connection.execute(sa.insert(clause), rows)
        gone = {"number": ROWS}
        await connection.execute(sa.text("DELETE FROM exemplars WHERE id = :number"), gone)
    await engine.dispose()


def plain(kind: Any) -> Any:
    """Return the type that values are written with."""
    if isinstance(kind, sa.TypeDecorator) and isinstance(kind.impl_instance, sa.JSON):
        return sa.JSON()
    if isinstance(kind, sa.TypeDecorator) and isinstance(kind.impl_instance, sa.DateTime):
        return sa.DateTime()
    return sa.String() if isinstance(kind, sa.Enum) else kind


def refers_to_text(column: sa.Column[Any]) -> bool:
    return bool(column.foreign_keys) and isinstance(column.type, PlainText)


@pytest.fixture
def file(tmp_path: Path) -> str:
    return sqlite_url(tmp_path / "moedex.db")


@pytest.fixture
async def filled(file: str) -> str:
    await fill(file)
    return file


def rows(copied: list[CopiedTable]) -> dict[str, int]:
    return {table.name: table.rows for table in copied}


async def test_there_and_back_everything_is_the_same(
    filled: str, postgres_url: str, tmp_path: Path
) -> None:
    back = sqlite_url(tmp_path / "back" / "moedex.db")
    told: list[tuple[str, int, int]] = []
    there = await copy_storage(filled, postgres_url, lambda *what: told.append(what))
    assert there == await copy_storage(postgres_url, back)
    expected = dict.fromkeys(Base.metadata.tables, ROWS) | {"exemplars": ROWS - 1}
    assert rows(there) == expected
    assert len({table.digest for table in there}) == len(there)
    assert ("Checking state", ROWS, ROWS) in told
    for url in (postgres_url, back):
        assert await next_exemplar(url) == ROWS + 1, "an erased number must not come back"
        async with Storage.open(url) as storage:
            await storage.answers.add(ANSWER)
            assert await storage.answers.by_reply(ANSWER.reply_id) == ANSWER


async def next_exemplar(url: str) -> int:
    """Return the number that a new exemplar gets."""
    async with Storage.open(url) as storage, storage.database.write() as session:
        table = Base.metadata.tables["exemplars"]
        row = {c.name: value(c, 1) for c in table.columns if c.name not in {"id", "proposal_id"}}
        row["at"] = ANSWER.at
        return (
            await session.execute(sa.insert(table).values(row).returning(table.c.id))
        ).scalar_one()


async def test_a_copy_that_was_ended_goes_on(
    filled: str, postgres_url: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr("bot.storage.copying.AT_ONCE", 2)

    def end(what: str, done: int, _: int) -> None:
        if what == "Copying face_observations" and done == 4:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        await copy_storage(filled, postgres_url, end)
    with pytest.raises(StorageError, match="unfinished copy: go on with `moedex storage copy`"):
        async with Storage.open(postgres_url):
            pass
    other = sqlite_url(tmp_path / "other.db")
    async with Storage.open(other):
        pass
    with pytest.raises(StorageError, match="unfinished copy of another storage"):
        await copy_storage(other, postgres_url)
    told: list[tuple[str, int, int]] = []
    copied = await copy_storage(filled, postgres_url, lambda *what: told.append(what))
    assert ("Copying face_observations", 4, ROWS) in told
    assert ("Copying face_observations", 2, ROWS) not in told
    assert rows(copied)["labels"] == ROWS
    async with Storage.open(postgres_url):
        pass


async def test_what_was_changed_meanwhile_is_noticed(filled: str, postgres_url: str) -> None:
    def end(what: str, *_: int) -> None:
        if what.startswith("Checking"):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        await copy_storage(filled, postgres_url, end)
    async with Storage.open(filled) as storage, storage.database.write() as session:
        await session.execute(sa.text("UPDATE proposals SET kind = 'other' WHERE id = 3"))
    with pytest.raises(StorageError, match=r"proposals differs at \(3,\)"):
        await copy_storage(filled, postgres_url)


async def test_what_is_there_is_not_written_over(filled: str, postgres_url: str) -> None:
    async with Storage.open(postgres_url) as storage:
        await storage.state.set("kept", "1")
    with pytest.raises(StorageError, match=r"is not empty \(state has rows\)"):
        await copy_storage(filled, postgres_url)
    with pytest.raises(StorageError, match="are the same"):
        await copy_storage(filled, filled)


async def test_nothing_is_copied_from_nowhere(tmp_path: Path, postgres_url: str) -> None:
    with pytest.raises(StorageError, match="nothing to copy"):
        await copy_storage(sqlite_url(tmp_path / "none.db"), postgres_url)
    assert not (tmp_path / "none.db").exists()


async def test_no_bot_runs_on_either(filled: str, postgres_url: str) -> None:
    async with Storage.open(filled):
        with pytest.raises(StorageInUseError):
            await copy_storage(filled, postgres_url)
    async with Storage.open(postgres_url):
        with pytest.raises(StorageInUseError):
            await copy_storage(postgres_url, filled)


async def test_a_text_of_an_old_file_loses_what_postgresql_can_not_hold(
    file: str, postgres_url: str
) -> None:
    async with Storage.open(file) as storage, storage.database.write() as session:
        await session.execute(
            sa.text("INSERT INTO state (key, value, at) VALUES ('a' || char(0) || 'b', '1', :at)"),
            {"at": "2026-05-04 00:00:00.000000"},
        )
    there = await copy_storage(file, postgres_url)
    assert {table.name: table.rows for table in there}["state"] == 1
    async with Storage.open(postgres_url) as storage:
        assert await storage.state.get("ab") == "1"
