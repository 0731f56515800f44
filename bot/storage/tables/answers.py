"""The answers given."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import JSON
from sqlalchemy.orm import Mapped, mapped_column

from bot.storage.tables.base import Base, PlainText


class AnswerRow(Base):
    """An answer: where it is, what it answers, and the file names of its pictures.

    Who asked and who posted is null where the server does not learn.
    """

    __tablename__ = "answers"

    reply_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    source_message_id: Mapped[int] = mapped_column(index=True)
    prompt_id: Mapped[int | None] = mapped_column(index=True)
    channel_id: Mapped[int] = mapped_column(index=True)
    server_id: Mapped[int | None] = mapped_column(index=True)
    asker_id: Mapped[int | None] = mapped_column(index=True)
    author_id: Mapped[int | None] = mapped_column(index=True)
    picture_names: Mapped[list[str]] = mapped_column(JSON)
    model_version: Mapped[str] = mapped_column(PlainText(100))
    at: Mapped[datetime] = mapped_column(index=True)
