"""The tables, as SQLAlchemy sees them; a change here needs a migration beside it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    DateTime,
    Dialect,
    ForeignKey,
    Integer,
    MetaData,
    String,
    TypeDecorator,
    UniqueConstraint,
)
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

COUNTER = BigInteger().with_variant(Integer, "sqlite")  # SQLite counts up INTEGER keys only


class UtcDateTime(TypeDecorator[datetime]):
    """A moment in UTC; SQLite keeps no zone, so it is taken off on the way in and put back."""

    impl = DateTime
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Turn an aware moment into a naive one in UTC."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a stored moment needs a time zone")
        return value.astimezone(UTC).replace(tzinfo=None)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Give a stored moment its zone back."""
        return None if value is None else value.replace(tzinfo=UTC)


class Base(DeclarativeBase):
    """The base of all tables; constraints get names, so that migrations can speak of them."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(column_0_label)s",
            "uq": "uq_%(table_name)s_%(column_0_name)s",
            "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map = {int: BigInteger, datetime: UtcDateTime}  # noqa: RUF012


class ServerSettingsRow(Base):
    """A server's settings; a server without a row has the defaults."""

    __tablename__ = "server_settings"

    server_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    threshold: Mapped[float | None]
    guesses: Mapped[int]
    ephemeral: Mapped[bool]
    on_all_unknown: Mapped[str] = mapped_column(String(10))
    learning: Mapped[bool]
    sharing: Mapped[bool]
    labeller_role: Mapped[int | None]


class WatchedChannelRow(Base):
    """A channel whose pictures are answered unasked, and who switched that on."""

    __tablename__ = "watched_channels"

    channel_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    server_id: Mapped[int] = mapped_column(index=True)
    user_id: Mapped[int]
    at: Mapped[datetime]


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


class VoteEventRow(Base):
    """A vote, or its withdrawal. Rows are only ever added, erasure on request excepted.

    `face_index` is -1 for the answer as a whole: a NULL would slip past the unique constraint,
    which settles races between two events of the same user about the same face.
    """

    __tablename__ = "vote_events"
    __table_args__ = (UniqueConstraint("reply_id", "face_index", "user_id", "sequence"),)

    id: Mapped[int] = mapped_column(COUNTER, primary_key=True)
    reply_id: Mapped[int] = mapped_column(ForeignKey("answers.reply_id", ondelete="CASCADE"))
    face_index: Mapped[int]
    user_id: Mapped[int] = mapped_column(index=True)
    sequence: Mapped[int]
    kind: Mapped[str] = mapped_column(String(20))
    value: Mapped[str] = mapped_column(String(200))
    at: Mapped[datetime]


class StateRow(Base):
    """Small facts of the process: the hash of the synced commands, the last warning of a kind."""

    __tablename__ = "state"

    key: Mapped[str] = mapped_column(String(200), primary_key=True)
    value: Mapped[str] = mapped_column(String(1000))
    at: Mapped[datetime]
