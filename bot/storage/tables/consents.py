"""Who agreed to what."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Mapped, mapped_column

from bot.storage.tables.base import COUNTER, Base


class OptOutRow(Base):
    """A member whose pictures are never kept, in any server."""

    __tablename__ = "opt_outs"

    user_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    at: Mapped[datetime]


class ConsentRow(Base):
    """Learning switched on or off in a server, by whom and where. Rows are only ever added."""

    __tablename__ = "consents"

    id: Mapped[int] = mapped_column(COUNTER, primary_key=True)
    server_id: Mapped[int] = mapped_column(index=True)
    learning: Mapped[bool]
    user_id: Mapped[int]
    at: Mapped[datetime]
    channel_id: Mapped[int | None]
