"""Votes as events, and which of them decide."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from bot.storage.tables.base import COUNTER, Base, PlainText


class VoteEventRow(Base):
    """A vote, or the withdrawal of one. Rows are only ever added, erasure on request excepted.

    Where `withdrawn` is true the user takes the votes of this kind back. `character_id` is the
    character of an "is" vote, else empty.

    `face_index` is -1 for the answer as a whole: a NULL would slip past the unique constraint,
    which settles races between two events of the same user about the same face. `source` is where
    it was said: in the chat, or on the site.
    """

    __tablename__ = "vote_events"
    __table_args__ = (UniqueConstraint("reply_id", "face_index", "user_id", "sequence"),)

    id: Mapped[int] = mapped_column(COUNTER, primary_key=True)
    reply_id: Mapped[int] = mapped_column(ForeignKey("answers.reply_id", ondelete="CASCADE"))
    face_index: Mapped[int]
    user_id: Mapped[int] = mapped_column(index=True)
    sequence: Mapped[int]
    kind: Mapped[str] = mapped_column(PlainText(20))
    withdrawn: Mapped[bool]
    character_id: Mapped[str] = mapped_column(PlainText(100))
    source: Mapped[str] = mapped_column(PlainText(10), default="chat", server_default="chat")
    at: Mapped[datetime]


class DecisionRow(Base):
    """Marks a vote event as a decision: its voter was a moderator or labeller at the time."""

    __tablename__ = "decisions"

    reply_id: Mapped[int] = mapped_column(
        ForeignKey("answers.reply_id", ondelete="CASCADE"), primary_key=True, autoincrement=False
    )
    user_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
