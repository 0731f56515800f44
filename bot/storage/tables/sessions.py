"""Who is signed in on the site."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import JSON
from sqlalchemy.orm import Mapped, mapped_column

from bot.storage.tables.base import COUNTER, Base, PlainText


class SessionRow(Base):
    """A browser that is signed in. Of its tokens only SHA-256 hashes are kept.

    `previous` is the token that the present one took the place of. `servers` are ids.
    """

    __tablename__ = "sessions"

    id: Mapped[int] = mapped_column(COUNTER, primary_key=True)
    token: Mapped[str] = mapped_column(PlainText(64), unique=True)
    previous: Mapped[str | None] = mapped_column(PlainText(64), index=True)
    user_id: Mapped[int] = mapped_column(index=True)
    name: Mapped[str] = mapped_column(PlainText(100))
    avatar: Mapped[str] = mapped_column(PlainText(100))
    servers: Mapped[list[int]] = mapped_column(JSON)
    created: Mapped[datetime]
    rotated: Mapped[datetime]
    seen: Mapped[datetime]
