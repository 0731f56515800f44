"""Taught drawings and the centroids of packs."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from bot.storage.tables.base import COUNTER, Base, PlainText
from bot.storage.tables.vectors import PackedVector


class ExemplarRow(Base):
    """A taught drawing, or a centroid from a pack. One of a waiting proposal isn't used yet."""

    __tablename__ = "exemplars"
    __table_args__ = {"sqlite_autoincrement": True}  # noqa: RUF012

    id: Mapped[int] = mapped_column(COUNTER, primary_key=True)
    server_id: Mapped[int] = mapped_column(index=True)
    character_id: Mapped[str] = mapped_column(PlainText(100))
    proposal_id: Mapped[int | None] = mapped_column(
        ForeignKey("proposals.id", ondelete="CASCADE"), index=True
    )
    user_id: Mapped[int] = mapped_column(index=True)
    source: Mapped[str] = mapped_column(PlainText(10))
    provenance: Mapped[str] = mapped_column(PlainText(200))
    phash: Mapped[str | None] = mapped_column(PlainText(64))
    crop: Mapped[str | None] = mapped_column(PlainText(100))
    vector: Mapped[bytes] = mapped_column(PackedVector)
    backbone: Mapped[str] = mapped_column(PlainText(100))
    next_vector: Mapped[bytes | None] = mapped_column(PackedVector)
    next_backbone: Mapped[str | None] = mapped_column(PlainText(100))
    at: Mapped[datetime]
