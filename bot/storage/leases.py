"""What one process at a time may do: it holds a row until a moment, so that a crash ends it too.

Moments are of the processes' own clocks: machines that share a database keep theirs by NTP.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Final, NamedTuple

from sqlalchemy import and_, delete, or_, update

from bot.storage.repository import Repository
from bot.storage.tables import LeaseRow
from bot.storage.upserts import insert

LONGEST: Final = timedelta(minutes=10)
"""No lease is longer; one that ends later was written before a clock was set back."""


class Held(NamedTuple):
    """Why a lease could not be taken: another holds it for `seconds`, or it is `done`."""

    seconds: float
    done: bool


class LeaseRepository(Repository):
    """Leases by name. Whoever holds one takes it anew to prolong or to shorten it."""

    async def take(self, name: str, holder: str, length: timedelta) -> Held | None:
        """Take a lease for `length` from now on; None where it is taken, else why it is not."""
        now = datetime.now(UTC)
        free = or_(
            LeaseRow.until <= now,
            LeaseRow.until > now + LONGEST,
            and_(LeaseRow.holder == holder, LeaseRow.done.is_(False)),
        )
        values = {"holder": holder, "until": now + length, "done": False}
        async with self._database.write() as session:
            await session.execute(delete(LeaseRow).where(LeaseRow.until < now - LONGEST))
            taking = insert(session, LeaseRow).values(name=name, **values)
            taking = taking.on_conflict_do_update(index_elements=["name"], set_=values, where=free)
            if await session.scalar(taking.returning(LeaseRow.name)) is not None:
                return None
            row = await session.get_one(LeaseRow, name)
            return Held((row.until - now).total_seconds(), row.done)

    async def finish(self, name: str, holder: str, length: timedelta) -> None:
        """Say of what a holder holds that it is done, and need not be done for `length`."""
        await self._change(name, holder, length, done=True)

    async def release(self, name: str, holder: str, after: timedelta = timedelta(0)) -> None:
        """Let the next one take what a holder holds, `after` from now on."""
        await self._change(name, holder, after, done=False)

    async def _change(self, name: str, holder: str, length: timedelta, *, done: bool) -> None:
        now = datetime.now(UTC)
        held = and_(LeaseRow.name == name, LeaseRow.holder == holder, LeaseRow.until > now)
        async with self._database.write() as session:
            await session.execute(
                update(LeaseRow)
                .where(held, LeaseRow.done.is_(False))
                .values(until=now + length, done=done)
            )
