"""Small facts of the process."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Mapped, mapped_column

from bot.storage.tables.base import Base, PlainText


class StateRow(Base):
    """Small facts of the process: the hash of the synced commands, the last warning of a kind."""

    __tablename__ = "state"

    key: Mapped[str] = mapped_column(PlainText(200), primary_key=True)
    value: Mapped[str] = mapped_column(PlainText(1000))
    at: Mapped[datetime]
