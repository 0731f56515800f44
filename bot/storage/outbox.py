"""What Discord must still carry out: kept until Discord says that it is done."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Final, cast

from sqlalchemy import delete, func, select, update

from bot.storage.memory import changed
from bot.storage.records.outbox import OutboxEntry, Task
from bot.storage.repository import Repository
from bot.storage.tables import OutboxRow

if TYPE_CHECKING:
    from collections.abc import Callable, Collection
    from datetime import datetime


LEASE: Final = timedelta(minutes=5)
"""How long a bot has for what it took: longer than a request to Discord is tried for."""
_NEWS = "outbox"


class OutboxRepository(Repository):
    """Things to be done with messages of the bot's."""

    async def add(
        self, task: Task, server_id: int | None, channel_id: int, message_id: int, due: datetime
    ) -> None:
        """Keep one thing to be done; what is kept already is kept once, and due at once."""
        async with self._database.write() as session:
            same = (OutboxRow.message_id == message_id) & (OutboxRow.task == task)
            known = await session.scalar(select(OutboxRow).where(same))
            changed(session, _NEWS)
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

    def on_news(self, call: Callable[[], None]) -> None:
        """Have `call` called whenever something was added, here or by a process that tells so."""
        self._database.memory.watch(_NEWS, call)

    async def take(
        self, now: datetime, *, without: Collection[int], limit: int
    ) -> list[OutboxEntry]:
        """Return what is due at `now`, the oldest first; `without` are ids that are left out.

        Of several bots on one database one gets an entry. Where that one ends before it is done,
        the entry is due again after `LEASE`.
        """
        rows = (
            select(OutboxRow)
            .where(OutboxRow.due <= now, OutboxRow.id.not_in(without))
            .order_by(OutboxRow.due, OutboxRow.id)
            .limit(limit)
        )
        if self._database.held:
            async with self._database.read() as session:
                return [_to_entry(row) for row in await session.scalars(rows)]
        async with self._database.write() as session:
            found = await session.scalars(rows.with_for_update(skip_locked=True))
            taken: list[OutboxEntry] = []
            for row in found:
                taken.append(_to_entry(row))
                row.due = now + LEASE
            return taken

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


def _to_entry(row: OutboxRow) -> OutboxEntry:
    return OutboxEntry(
        row.id,
        cast("Task", row.task),
        row.server_id,
        row.channel_id,
        row.message_id,
        row.tries,
    )
