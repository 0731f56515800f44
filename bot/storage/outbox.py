"""What Discord must still carry out: kept until Discord says that it is done."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from sqlalchemy import delete, func, select, update

from bot.storage.records.outbox import OutboxEntry, Task
from bot.storage.repository import Repository
from bot.storage.tables import OutboxRow

if TYPE_CHECKING:
    from collections.abc import Collection
    from datetime import datetime


class OutboxRepository(Repository):
    """Things to be done with messages of the bot's."""

    async def add(
        self, task: Task, server_id: int | None, channel_id: int, message_id: int, due: datetime
    ) -> None:
        """Keep one thing to be done; what is kept already is kept once, and due at once."""
        async with self._database.write() as session:
            same = (OutboxRow.message_id == message_id) & (OutboxRow.task == task)
            known = await session.scalar(select(OutboxRow).where(same))
            if known is not None:
                known.due = due
                return
            session.add(
                OutboxRow(
                    task=task,
                    server_id=server_id,
                    channel_id=channel_id,
                    message_id=message_id,
                    tries=0,
                    due=due,
                )
            )

    async def due(
        self, now: datetime, *, without: Collection[int], limit: int
    ) -> list[OutboxEntry]:
        """Return what is due at `now`, the oldest first; `without` are ids that are left out."""
        rows = (
            select(OutboxRow)
            .where(OutboxRow.due <= now, OutboxRow.id.not_in(without))
            .order_by(OutboxRow.due, OutboxRow.id)
            .limit(limit)
        )
        async with self._database.read() as session:
            return [
                OutboxEntry(
                    row.id,
                    cast("Task", row.task),
                    row.server_id,
                    row.channel_id,
                    row.message_id,
                    row.tries,
                )
                for row in await session.scalars(rows)
            ]

    async def next_due(self, *, without: Collection[int]) -> datetime | None:
        """Return when something is due next; None where nothing is left. `without` as in `due`."""
        rows = select(func.min(OutboxRow.due)).where(OutboxRow.id.not_in(without))
        async with self._database.read() as session:
            return await session.scalar(rows)

    async def postpone(self, entry: OutboxEntry, due: datetime) -> None:
        """Count a try that failed, and try again at `due`."""
        async with self._database.write() as session:
            await session.execute(
                update(OutboxRow)
                .where(OutboxRow.id == entry.id)
                .values(tries=entry.tries + 1, due=due)
            )

    async def done(self, entry: OutboxEntry) -> None:
        """Forget what is done."""
        async with self._database.write() as session:
            await session.execute(delete(OutboxRow).where(OutboxRow.id == entry.id))

    async def erase_server(self, server_id: int) -> None:
        """Forget what was to be done in a server."""
        async with self._database.write() as session:
            await session.execute(delete(OutboxRow).where(OutboxRow.server_id == server_id))
