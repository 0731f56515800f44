"""Who is signed in on the site. Tokens come in, hashes are kept."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import delete, func, or_, select, update

from bot.storage.records.sessions import LONGEST, UNUSED, NewSession, Session
from bot.storage.repository import Repository
from bot.storage.secrets import hashed
from bot.storage.tables import SessionRow

if TYPE_CHECKING:
    from datetime import datetime


class SessionRepository(Repository):
    """Browsers that are signed in."""

    async def add(self, who: NewSession, token: str, now: datetime) -> Session:
        """Keep a sign-in that a token stands for."""
        row = SessionRow(
            token=hashed(token),
            user_id=who.user_id,
            name=who.name,
            avatar=who.avatar,
            servers=list(who.servers),
            created=now,
            rotated=now,
            seen=now,
        )
        async with self._database.write() as session:
            session.add(row)
            await session.flush()
            return _read(row)

    async def by_token(self, token: str) -> Session | None:
        """Return the session of a token, be it the present one or the one before."""
        own = hashed(token)
        found = select(SessionRow).where(or_(SessionRow.token == own, SessionRow.previous == own))
        async with self._database.read() as session:
            row = await session.scalar(found)
            return None if row is None else _read(row, current=row.token == own)

    async def rotate(self, token: str, new: str, now: datetime) -> bool:
        """Let another token stand for the session of a token; false where that has none."""
        own = hashed(token)
        changed = (
            update(SessionRow)
            .where(or_(SessionRow.token == own, SessionRow.previous == own))
            .values(token=hashed(new), previous=own, rotated=now, seen=now)
            .returning(SessionRow.id)
        )
        async with self._database.write() as session:
            return await session.scalar(changed) is not None

    async def confirm(self, session_id: int, now: datetime) -> None:
        """Note that a session's present token was used."""
        async with self._database.write() as session:
            await session.execute(
                update(SessionRow).where(SessionRow.id == session_id).values(seen=now)
            )

    async def of_user(self, user_id: int) -> list[Session]:
        """Return where somebody is signed in, the last used first."""
        rows = (
            select(SessionRow)
            .where(SessionRow.user_id == user_id)
            .order_by(SessionRow.seen.desc(), SessionRow.id.desc())
        )
        async with self._database.read() as session:
            return [_read(row) for row in await session.scalars(rows)]

    async def count_of(self, user_id: int) -> int:
        """Return in how many browsers somebody is signed in."""
        count = select(func.count()).where(SessionRow.user_id == user_id)
        async with self._database.read() as session:
            return await session.scalar(count) or 0

    async def end(self, user_id: int, session_id: int) -> None:
        """Erase one session of somebody's."""
        await self._erase(SessionRow.user_id == user_id, SessionRow.id == session_id)

    async def end_all(self, user_id: int) -> None:
        """Erase every session of somebody's."""
        await self._erase(SessionRow.user_id == user_id)

    async def end_old(self, now: datetime) -> None:
        """Erase what has ended by itself."""
        await self._erase(or_(SessionRow.created < now - LONGEST, SessionRow.seen < now - UNUSED))

    async def _erase(self, *which: object) -> None:
        async with self._database.write() as session:
            await session.execute(delete(SessionRow).where(*which))  # pyright: ignore[reportArgumentType]


def _read(row: SessionRow, *, current: bool = True) -> Session:
    who = NewSession(row.user_id, row.name, row.avatar, tuple(row.servers))
    return Session(row.id, who, row.created, row.rotated, row.seen, current)
