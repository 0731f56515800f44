"""What servers set, and the channels they switched on."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Mapped, mapped_column

from bot.storage.tables.base import Base, PlainText


class ServerSettingsRow(Base):
    """A server's settings; a server without a row has the defaults."""

    __tablename__ = "server_settings"

    server_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    named: Mapped[float | None]
    probably: Mapped[float | None]
    unknown_share: Mapped[float | None]
    guesses: Mapped[int]
    ephemeral: Mapped[bool]
    on_all_unknown: Mapped[str] = mapped_column(PlainText(10))
    learning: Mapped[bool]
    sharing: Mapped[bool]
    labeller_role: Mapped[int | None]
    plain: Mapped[bool | None]


class WatchedChannelRow(Base):
    """A channel whose pictures are answered unasked, and who switched that on."""

    __tablename__ = "watched_channels"

    channel_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    server_id: Mapped[int] = mapped_column(index=True)
    user_id: Mapped[int]
    at: Mapped[datetime]
