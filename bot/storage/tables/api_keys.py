"""Keys of the site's API."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Mapped, mapped_column

from bot.storage.tables.base import COUNTER, Base, PlainText


class ApiKeyRow(Base):
    """A key; of it only a SHA-256 hash is kept."""

    __tablename__ = "api_keys"

    id: Mapped[int] = mapped_column(COUNTER, primary_key=True)
    key: Mapped[str] = mapped_column(PlainText(64), unique=True)
    user_id: Mapped[int] = mapped_column(index=True)
    user_name: Mapped[str] = mapped_column(PlainText(100))
    label: Mapped[str] = mapped_column(PlainText(60))
    created: Mapped[datetime]
    used: Mapped[datetime | None]
