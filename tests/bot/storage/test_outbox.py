"""What Discord must still carry out, as it is kept."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

from bot.storage import Storage
from bot.storage.outbox import LEASE

NOW = datetime(2026, 5, 4, 12, tzinfo=UTC)


async def test_entries_are_due_in_order_until_they_are_done(tmp_path: Path) -> None:
    async with Storage.open(tmp_path / "moedex.db") as storage:
        outbox = storage.outbox
        for number in (3, 1, 2):
            await outbox.add("delete", 7, 20, number, NOW + timedelta(minutes=number))
    async with Storage.open(tmp_path / "moedex.db") as storage:
        outbox = storage.outbox
        due = await outbox.take(NOW + timedelta(minutes=2), without=(), limit=9)
        assert [each.message_id for each in due] == [1, 2]
        assert [each.message_id for each in await outbox.take(NOW, without=(), limit=9)] == []
        later = await outbox.take(NOW + timedelta(hours=1), without=[due[0].id], limit=1)
        assert [each.message_id for each in later] == [2]
        await outbox.done(due[0])
        assert await outbox.next_due(without=()) == NOW + timedelta(minutes=2)
        await outbox.postpone(due[1], NOW + timedelta(hours=1))
        assert await outbox.next_due(without=()) == NOW + timedelta(minutes=3)
        (_, again) = await outbox.take(NOW + timedelta(hours=1), without=(), limit=9)
        assert (again.message_id, again.tries) == (2, 1)


async def test_the_same_is_kept_once_and_is_due_anew(storage_url: str) -> None:
    async with Storage.open(storage_url) as storage:
        outbox = storage.outbox
        await outbox.add("ask", 7, 20, 1, NOW)
        (entry,) = await outbox.take(NOW, without=(), limit=9)
        await outbox.postpone(entry, NOW + timedelta(hours=1))
        await outbox.add("ask", 7, 20, 1, NOW)
        await outbox.add("delete", 7, 20, 1, NOW)
        due = await outbox.take(NOW, without=(), limit=9)
        assert sorted(each.task for each in due) == ["ask", "delete"]


async def test_a_server_takes_its_own_along(storage_url: str) -> None:
    async with Storage.open(storage_url) as storage:
        for number, server_id in enumerate((7, 8, None)):
            await storage.outbox.add("delete", server_id, 20, number, NOW)
        assert await storage.servers.kept() == {7, 8}
        await storage.outbox.erase_server(7)
        due = await storage.outbox.take(NOW, without=(), limit=9)
        assert [each.server_id for each in due] == [8, None]


async def test_of_two_bots_one_gets_an_entry_until_its_time_is_over(storage_url: str) -> None:
    one_bot = partial(Storage.open, storage_url, exclusive=False)
    async with one_bot() as one, one_bot() as other:
        for number in range(20):
            await one.outbox.add("delete", 7, 20, number, NOW)
        taken = await asyncio.gather(
            *(each.outbox.take(NOW, without=(), limit=5) for each in (one, other) * 2)
        )
        assert sorted(e.message_id for part in taken for e in part) == list(range(20))
        assert await one.outbox.take(NOW, without=(), limit=9) == []
        assert await other.outbox.next_due(without=()) == NOW + LEASE
        first, second, *_ = taken[0]
        await one.outbox.done(first)
        await one.outbox.postpone(second, NOW + 2 * LEASE)
        again = await other.outbox.take(NOW + LEASE, without=(), limit=99)
        assert len(again) == 18
        assert second.id not in {each.id for each in again}


async def test_an_addition_is_heard_of_by_the_other_bot(postgres_url: str) -> None:
    async with Storage.open(postgres_url) as one, Storage.open(postgres_url) as other:
        heard = asyncio.Event()
        other.outbox.on_news(heard.set)
        await one.outbox.add("delete", 7, 20, 1, NOW)
        async with asyncio.timeout(30):
            await heard.wait()
