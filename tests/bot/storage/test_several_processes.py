"""Several bots and sites on one PostgreSQL: what one changes the others hear of, and nothing twice.

Each storage here has its own connections and memory, as a process of its own would.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import event

from bot.storage import Storage

if TYPE_CHECKING:
    from tests.databases import PostgresServer

NOW = datetime(2026, 5, 4, 12, tzinfo=UTC)
SERVER = 7
END_LISTENING = (
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
    " WHERE application_name = 'moedex' AND query LIKE '%LISTEN%'"
)


@pytest.fixture
async def one(postgres_url: str) -> AsyncIterator[Storage]:
    async with Storage.open(postgres_url) as storage:
        yield storage


@pytest.fixture
async def other(one: Storage, postgres_url: str) -> AsyncIterator[Storage]:
    async with Storage.open(postgres_url, exclusive=False) as storage:
        yield storage


@pytest.fixture
def statements(one: Storage) -> list[str]:
    """Return what the first storage asks its database, as it does."""
    seen: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        seen.append(statement)

    engine = one.database.backend.engine.sync_engine
    event.listen(engine, "before_cursor_execute", note)
    return seen


async def soon(question: Callable[[], Awaitable[bool]]) -> None:
    """Return once a question is answered with yes."""
    async with asyncio.timeout(30):
        while not await question():  # noqa: ASYNC110 - told in a moment
            await asyncio.sleep(0.01)


async def test_what_another_process_changes_is_heard_of(one: Storage, other: Storage) -> None:
    async def heard() -> bool:
        settings = await one.settings.get(SERVER)
        return (
            settings.learning
            and settings.guesses == 2
            and await one.settings.watched(SERVER) == {20: 5}
            and await one.consents.opted_out(9)
            and await one.revisions.of(SERVER) == (0, 1, 0)
        )

    assert not await heard()
    assert await one.revisions.of(SERVER) == (0, 0, 0)
    await other.consents.set_learning(SERVER, 1, NOW, on=True)
    await other.settings.update(SERVER, guesses=2)
    await other.settings.watch(SERVER, 20, 5)
    await other.consents.opt_out(9, NOW)
    await other.galleries.touch(SERVER)
    await soon(heard)


async def test_what_nobody_changed_is_not_asked_again(
    one: Storage, other: Storage, statements: list[str]
) -> None:
    async def ask() -> None:
        await one.settings.get(SERVER)
        await one.settings.watched(SERVER)
        await one.consents.opted_out(9)
        await one.revisions.of(SERVER)

    await ask()
    statements.clear()
    await ask()
    assert statements == []
    await other.settings.update(8, guesses=2)  # of another server
    await ask()
    assert statements == []


async def test_who_hears_nothing_remembers_nothing(
    one: Storage, other: Storage, postgres_server: PostgresServer
) -> None:
    """The listening connections are cut: changes in between are seen all the same."""
    assert (await one.settings.get(SERVER)).guesses == 5
    ended = postgres_server.sql(END_LISTENING)
    assert len(ended) == 2
    await other.settings.update(SERVER, guesses=2)
    await soon(lambda: has_guesses(one, 2))
    await soon(lambda: keeps(one))  # it listens again
    await other.settings.update(SERVER, guesses=3)
    await soon(lambda: has_guesses(one, 3))


async def has_guesses(storage: Storage, number: int) -> bool:
    return (await storage.settings.get(SERVER)).guesses == number


async def keeps(storage: Storage) -> bool:
    return storage.database.memory.keeps


async def test_one_trains_at_a_time(one: Storage, other: Storage) -> None:
    order: list[str] = []
    begun, end = asyncio.Event(), asyncio.Event()

    async def train(storage: Storage, name: str) -> None:
        async with storage.database.alone("train", lambda: order.append(f"{name} waits")):
            order.append(f"{name} begins")
            begun.set()
            await end.wait()
            order.append(f"{name} ends")

    first = asyncio.create_task(train(one, "one"))
    await begun.wait()
    second = asyncio.create_task(train(other, "other"))
    await soon(lambda: said(order, "other waits"))
    async with other.database.alone("something else", lambda: order.append("never")):
        end.set()
    await asyncio.gather(first, second)
    assert order == ["one begins", "other waits", "one ends", "other begins", "other ends"]


async def said(order: list[str], what: str) -> bool:
    return what in order


async def test_crossing_writes_are_all_written(one: Storage, other: Storage) -> None:
    """Counting up is reading and writing: two that cross would lose one without more ado."""
    await asyncio.gather(
        *(each.galleries.touch(SERVER) for each in (one, other) for _ in range(20)),
        *(each.settings.update(SERVER, guesses=3) for each in (one, other) for _ in range(5)),
        *(each.state.set(f"k{n}", "v") for each in (one, other) for n in range(10)),
    )
    await soon(lambda: has_revision(one, 40))


async def has_revision(storage: Storage, number: int) -> bool:
    return (await storage.revisions.of(SERVER)).gallery == number
