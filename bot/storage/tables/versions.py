"""The versions of servers' heads, and what each was trained on."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, ForeignKey, LargeBinary, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from bot.storage.tables.base import COUNTER, Base


class ModelVersionRow(Base):
    """A version of a server's head, with what was measured and why it was promoted or not."""

    __tablename__ = "model_versions"
    __table_args__ = (UniqueConstraint("server_id", "number"),)

    id: Mapped[int] = mapped_column(COUNTER, primary_key=True)
    server_id: Mapped[int]
    number: Mapped[int]
    state: Mapped[str] = mapped_column(String(10))
    backbone: Mapped[str] = mapped_column(String(100))
    head: Mapped[bytes] = mapped_column(LargeBinary)
    report: Mapped[dict[str, Any]] = mapped_column(JSON)
    at: Mapped[datetime]


class ModelSourceRow(Base):
    """What a version was trained on, so that erasing it erases or refits the version."""

    __tablename__ = "model_sources"

    version_id: Mapped[int] = mapped_column(
        ForeignKey("model_versions.id", ondelete="CASCADE"), primary_key=True, autoincrement=False
    )
    kind: Mapped[str] = mapped_column(String(10), primary_key=True)
    source_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
