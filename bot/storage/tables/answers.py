"""The answers given."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, String
from sqlalchemy.orm import Mapped, mapped_column

from bot.storage.tables.base import Base


class AnswerRow(Base):
    """An answer: what was asked, where, and what was said."""

    __tablename__ = "answers"

    reply_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    source_message_id: Mapped[int] = mapped_column(index=True)
    channel_id: Mapped[int] = mapped_column(index=True)
    server_id: Mapped[int | None] = mapped_column(index=True)
    asker_id: Mapped[int] = mapped_column(index=True)
    pictures: Mapped[list[dict[str, Any]]] = mapped_column(JSON)
    model_version: Mapped[str] = mapped_column(String(100))
    at: Mapped[datetime] = mapped_column(index=True)
    prompt_id: Mapped[int | None] = mapped_column(index=True)
