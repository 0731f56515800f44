"""What servers added to the shipped roster, and the counter of their changes."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON
from sqlalchemy.orm import Mapped, mapped_column

from bot.storage.tables.base import COUNTER, Base, PlainText


class CharacterRow(Base):
    """A character of a server's own, or what the server changed about a shipped one."""

    __tablename__ = "characters"

    server_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    id: Mapped[str] = mapped_column(PlainText(100), primary_key=True)
    name: Mapped[str] = mapped_column(PlainText(100))
    series: Mapped[str] = mapped_column(PlainText(100))
    native_name: Mapped[str] = mapped_column(PlainText(100))
    own: Mapped[bool]
    state: Mapped[str] = mapped_column(PlainText(10))
    merged_into: Mapped[str | None] = mapped_column(PlainText(100))


class AliasRow(Base):
    """Another name of a character in a server."""

    __tablename__ = "aliases"

    server_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    character_id: Mapped[str] = mapped_column(PlainText(100), primary_key=True)
    alias: Mapped[str] = mapped_column(PlainText(100), primary_key=True)


class GalleryActionRow(Base):
    """What was done to a gallery, by whom, and how it is undone."""

    __tablename__ = "gallery_actions"

    id: Mapped[int] = mapped_column(COUNTER, primary_key=True)
    server_id: Mapped[int] = mapped_column(index=True)
    kind: Mapped[str] = mapped_column(PlainText(10))
    user_id: Mapped[int]
    summary: Mapped[str] = mapped_column(PlainText(300))
    undo: Mapped[dict[str, Any]] = mapped_column(JSON)
    undone_by: Mapped[int | None]
    at: Mapped[datetime]


class RevisionRow(Base):
    """Counts the changes of what a running bot keeps of a server; it reads anew on a new number.

    `revision`: of its gallery and model. `erased_hashes`: how often perceptual hashes were erased.
    """

    __tablename__ = "gallery_revisions"

    server_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    revision: Mapped[int]
    erased_hashes: Mapped[int] = mapped_column(default=0, server_default="0")
