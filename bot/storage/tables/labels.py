"""What the votes on a face amount to, with the audit log of it."""

from __future__ import annotations

from datetime import datetime
from typing import cast

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from bot.storage.records.labels import Label, LabelKind
from bot.storage.tables.base import COUNTER, Base, PlainText


class LabelRow(Base):
    """What a face's votes amount to now; without a row nobody voted.

    `kind` is null where no label leads; `character_id` is empty but for the kind "character".
    """

    __tablename__ = "labels"

    face_id: Mapped[int] = mapped_column(
        ForeignKey("face_observations.id", ondelete="CASCADE"),
        primary_key=True,
        autoincrement=False,
    )
    state: Mapped[str] = mapped_column(PlainText(10))
    kind: Mapped[str | None] = mapped_column(PlainText(10))
    character_id: Mapped[str] = mapped_column(PlainText(100))
    decided_by: Mapped[int | None]
    at: Mapped[datetime]


class LabelChangeRow(Base):
    """The audit log of labels: who changed one, when and why. Rows are only ever added."""

    __tablename__ = "label_changes"

    id: Mapped[int] = mapped_column(COUNTER, primary_key=True)
    face_id: Mapped[int] = mapped_column(
        ForeignKey("face_observations.id", ondelete="CASCADE"), index=True
    )
    before_kind: Mapped[str | None] = mapped_column(PlainText(10))
    before_character_id: Mapped[str] = mapped_column(PlainText(100))
    after_kind: Mapped[str | None] = mapped_column(PlainText(10))
    after_character_id: Mapped[str] = mapped_column(PlainText(100))
    user_id: Mapped[int | None]
    why: Mapped[str] = mapped_column(PlainText(200))
    at: Mapped[datetime]


def to_columns(label: Label | None) -> tuple[str | None, str]:
    """Return the kind and the character of a label as rows have them."""
    return (None, "") if label is None else (label.kind, label.character_id)


def from_columns(kind: str | None, character_id: str) -> Label | None:
    """Return the label that two columns of a row say."""
    return None if kind is None else Label(cast("LabelKind", kind), character_id)
