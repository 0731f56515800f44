"""What the votes on a face amount to, with the audit log of it."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from bot.storage.tables.base import COUNTER, Base


class LabelRow(Base):
    """What an observation's votes amount to now; without a row nobody voted."""

    __tablename__ = "labels"

    face_id: Mapped[int] = mapped_column(
        "sighting_id",
        ForeignKey("sightings.id", ondelete="CASCADE"),
        primary_key=True,
        autoincrement=False,
    )
    server_id: Mapped[int] = mapped_column(index=True)
    state: Mapped[str] = mapped_column(String(10))
    label: Mapped[str | None] = mapped_column(String(100))
    decided_by: Mapped[int | None]
    at: Mapped[datetime]


class LabelChangeRow(Base):
    """The trail of a label: who changed it, when and why. Rows are only ever added."""

    __tablename__ = "label_changes"

    id: Mapped[int] = mapped_column(COUNTER, primary_key=True)
    face_id: Mapped[int] = mapped_column(
        "sighting_id", ForeignKey("sightings.id", ondelete="CASCADE"), index=True
    )
    server_id: Mapped[int] = mapped_column(index=True)
    before: Mapped[str | None] = mapped_column(String(100))
    after: Mapped[str | None] = mapped_column(String(100))
    user_id: Mapped[int | None]
    why: Mapped[str] = mapped_column(String(200))
    at: Mapped[datetime]
