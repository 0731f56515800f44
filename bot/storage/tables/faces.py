"""The faces that were answered.

Vectors are IEEE half precision in little-endian bytes, bound to the backbone (its hash) that made
them; that of the next backbone waits beside it while one is exchanged for another. Crops are files
beside the database; a row holds the file's name.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, ForeignKey, LargeBinary, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from bot.storage.tables.base import COUNTER, Base


class FaceRow(Base):
    """A face that the bot answered. Crop and vector are kept only where learning is on."""

    __tablename__ = "sightings"
    # An erased id must not come back: versions remember what they were trained on by id.
    __table_args__ = (UniqueConstraint("reply_id", "face_index"), {"sqlite_autoincrement": True})

    id: Mapped[int] = mapped_column(COUNTER, primary_key=True)
    server_id: Mapped[int] = mapped_column(index=True)
    channel_id: Mapped[int] = mapped_column(index=True)
    message_id: Mapped[int] = mapped_column(index=True)
    reply_id: Mapped[int] = mapped_column(ForeignKey("answers.reply_id", ondelete="CASCADE"))
    face_index: Mapped[int]
    author_id: Mapped[int] = mapped_column(index=True)
    group_id: Mapped[int] = mapped_column(index=True)
    phash: Mapped[str] = mapped_column(String(64))
    x0: Mapped[float]
    y0: Mapped[float]
    x1: Mapped[float]
    y1: Mapped[float]
    guesses: Mapped[list[dict[str, Any]]] = mapped_column(JSON)
    unknown: Mapped[bool]
    model_version: Mapped[str] = mapped_column(String(100))
    hidden: Mapped[bool]
    crop: Mapped[str | None] = mapped_column(String(100))
    vector: Mapped[bytes | None] = mapped_column(LargeBinary)
    backbone: Mapped[str | None] = mapped_column(String(100))
    next_vector: Mapped[bytes | None] = mapped_column(LargeBinary)
    next_backbone: Mapped[str | None] = mapped_column(String(100))
    at: Mapped[datetime] = mapped_column(index=True)
