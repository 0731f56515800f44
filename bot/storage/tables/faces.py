"""The faces of answers.

Vectors are IEEE half precision in little-endian bytes, bound to the backbone (its hash) that made
them; that of the next backbone waits beside it while one is exchanged for another. Crops are files
beside the database; a row holds the file's name.
"""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from sqlalchemy import (
    JSON,
    Dialect,
    Enum,
    ForeignKey,
    TypeDecorator,
    UniqueConstraint,
)
from sqlalchemy.orm import Mapped, mapped_column

from bot.storage.records.faces import StoredGuess
from bot.storage.tables.base import COUNTER, Base, PlainText
from bot.storage.tables.vectors import PackedVector
from models.types import Tier

_TIER = Enum(
    Tier,
    native_enum=False,
    length=20,
    values_callable=lambda tiers: [tier.value for tier in tiers],
)


class Guesses(TypeDecorator[tuple[StoredGuess, ...]]):
    """Guesses as a JSON list, the best first."""

    impl = JSON
    cache_ok = True

    def process_bind_param(
        self, value: tuple[StoredGuess, ...] | None, dialect: Dialect
    ) -> list[dict[str, Any]] | None:
        """Turn guesses into JSON."""
        return None if value is None else [asdict(guess) for guess in value]

    def process_result_value(
        self, value: list[dict[str, Any]] | None, dialect: Dialect
    ) -> tuple[StoredGuess, ...] | None:
        """Read guesses from JSON."""
        return None if value is None else tuple(StoredGuess(**guess) for guess in value)


class FaceRow(Base):
    """A face of an answer.

    `may_be_labelled` is false in DMs and for authors who opted out; `hidden` is true until it is
    known. The columns from `phash` on are null where the server does not learn.
    """

    __tablename__ = "face_observations"
    # An erased id must not come back: versions remember what they were trained on by id.
    __table_args__ = (UniqueConstraint("reply_id", "face_index"), {"sqlite_autoincrement": True})

    id: Mapped[int] = mapped_column(COUNTER, primary_key=True)
    reply_id: Mapped[int] = mapped_column(ForeignKey("answers.reply_id", ondelete="CASCADE"))
    face_index: Mapped[int]
    picture_index: Mapped[int]
    x0: Mapped[float]
    y0: Mapped[float]
    x1: Mapped[float]
    y1: Mapped[float]
    guesses: Mapped[tuple[StoredGuess, ...]] = mapped_column(Guesses)
    tier: Mapped[Tier] = mapped_column(_TIER)
    hidden: Mapped[bool]
    may_be_labelled: Mapped[bool]
    phash: Mapped[str | None] = mapped_column(PlainText(64))
    group_id: Mapped[int | None] = mapped_column(index=True)
    crop: Mapped[str | None] = mapped_column(PlainText(100))
    vector: Mapped[bytes | None] = mapped_column(PackedVector)
    backbone: Mapped[str | None] = mapped_column(PlainText(100))
    next_vector: Mapped[bytes | None] = mapped_column(PackedVector)
    next_backbone: Mapped[str | None] = mapped_column(PlainText(100))
