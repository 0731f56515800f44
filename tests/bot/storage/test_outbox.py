"""What Discord must still carry out, as it is kept."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from bot.storage import Storage

NOW = datetime(2026, 5, 4, 12, tzinfo=UTC)


async def test_entries_are_due_in_order_until_they_are_done(storage_url: str) -> None:
    async with Storage.open(storage_url) as storage:
        outbox = storage.outbox
        for number in (3, 1, 2):
            await outbox.add("delete", 7, 20, number, NOW + timedelta(minutes=number))
    async with Storage.open(storage_url) as storage:
        outbox = storage.outbox
        due = await outbox.due(NOW + timedelta(minutes=2), without=(), limit=9)
        assert [each.message_id for each in due] == [1, 2]
        assert [each.message_id for each in await outbox.due(NOW, without=(), limit=9)] == []
        later = await outbox.due(NOW + timedelta(hours=1), without=[due[0].id], limit=1)
        assert [each.message_id for each in later] == [2]
        await outbox.done(due[0])
        assert await outbox.next_due(without=()) == NOW + timedelta(minutes=2)
        await outbox.postpone(due[1], NOW + timedelta(hours=1))
        assert await outbox.next_due(without=()) == NOW + timedelta(minutes=3)
        (_, again) = await outbox.due(NOW + timedelta(hours=1), without=(), limit=9)
        assert (again.message_id, again.tries) == (2, 1)


async def test_the_same_is_kept_once_and_is_due_anew(storage_url: str) -> None:
    async with Storage.open(storage_url) as storage:
        outbox = storage.outbox
        await outbox.add("ask", 7, 20, 1, NOW)
        (entry,) = await outbox.due(NOW, without=(), limit=9)
        await outbox.postpone(entry, NOW + timedelta(hours=1))
        await outbox.add("ask", 7, 20, 1, NOW)
        await outbox.add("delete", 7, 20, 1, NOW)
        due = await outbox.due(NOW, without=(), limit=9)
        assert sorted(each.task for each in due) == ["ask", "delete"]


async def test_a_server_takes_its_own_along(storage_url: str) -> None:
    async with Storage.open(storage_url) as storage:
        for number, server_id in enumerate((7, 8, None)):
            await storage.outbox.add("delete", server_id, 20, number, NOW)
        assert await storage.servers.kept() == {7, 8}
        await storage.outbox.erase_server(7)
        due = await storage.outbox.due(NOW, without=(), limit=9)
        assert [each.server_id for each in due] == [8, None]
