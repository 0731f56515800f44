"""What Discord must still carry out."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from bot.storage.tables.base import COUNTER, Base, PlainText


class OutboxRow(Base):
    """One thing to be done with a message of the bot's; the row goes when it is done."""

    __tablename__ = "outbox"
    __table_args__ = (UniqueConstraint("message_id", "task"),)

    id: Mapped[int] = mapped_column(COUNTER, primary_key=True)
    task: Mapped[str] = mapped_column(PlainText(20))
    server_id: Mapped[int | None] = mapped_column(index=True)
    channel_id: Mapped[int]
    message_id: Mapped[int]
    tries: Mapped[int] = mapped_column(default=0)
    due: Mapped[datetime] = mapped_column(index=True)
