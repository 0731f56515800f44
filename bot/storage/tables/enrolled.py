"""The tables of characters that the operator enrolled for all servers."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import JSON, ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from bot.storage.tables.base import COUNTER, Base, PlainText
from bot.storage.tables.vectors import PackedVector


class EnrolledCharacterRow(Base):
    """A character with enrolment samples. `known`: the shipped roster had it then."""

    __tablename__ = "enrolled_characters"

    id: Mapped[str] = mapped_column(PlainText(100), primary_key=True)
    name: Mapped[str] = mapped_column(PlainText(200))
    series: Mapped[str] = mapped_column(PlainText(200))
    native_name: Mapped[str] = mapped_column(PlainText(200))
    aliases: Mapped[list[str]] = mapped_column(JSON)
    link: Mapped[str] = mapped_column(PlainText(500))
    tag: Mapped[str] = mapped_column(PlainText(200))
    known: Mapped[bool]
    at: Mapped[datetime]


class EnrolmentSourceRow(Base):
    """Where characters were enrolled from: a folder, a pack, a series' cast, a tag."""

    __tablename__ = "enrolment_sources"

    id: Mapped[int] = mapped_column(COUNTER, primary_key=True)
    key: Mapped[str] = mapped_column(PlainText(200), unique=True)
    title: Mapped[str] = mapped_column(PlainText(500))
    at: Mapped[datetime]


class EnrolmentRow(Base):
    """A character of a source: who it is here, and whether its pictures were all looked at.

    `ref` is the source's own id of the character; `backbone` made its vectors. `centroid` is the
    mean of the `used` samples, in half precision like every vector.
    """

    __tablename__ = "enrolments"
    __table_args__ = (UniqueConstraint("source_id", "ref"),)

    id: Mapped[int] = mapped_column(COUNTER, primary_key=True)
    source_id: Mapped[int] = mapped_column(ForeignKey("enrolment_sources.id", ondelete="CASCADE"))
    ref: Mapped[str] = mapped_column(PlainText(500))
    character_id: Mapped[str] = mapped_column(
        ForeignKey("enrolled_characters.id", ondelete="CASCADE"), index=True
    )
    backbone: Mapped[str] = mapped_column(PlainText(100))
    centroid: Mapped[bytes | None] = mapped_column(PackedVector)
    used: Mapped[int]
    done: Mapped[bool]
    at: Mapped[datetime]


class EnrolmentSampleRow(Base):
    """A picture that was looked at: its vector, or why there is none. The picture is not kept."""

    __tablename__ = "enrolment_samples"
    __table_args__ = (UniqueConstraint("enrolment_id", "ref"),)

    id: Mapped[int] = mapped_column(COUNTER, primary_key=True)
    enrolment_id: Mapped[int] = mapped_column(ForeignKey("enrolments.id", ondelete="CASCADE"))
    ref: Mapped[str] = mapped_column(PlainText(500))
    vector: Mapped[bytes | None] = mapped_column(PackedVector)
    used: Mapped[bool]
    why_not: Mapped[str] = mapped_column(PlainText(200))
    at: Mapped[datetime]
