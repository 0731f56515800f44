"""The versions of servers' heads, and what each was trained on."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from pydantic import TypeAdapter
from sqlalchemy import (
    JSON,
    Dialect,
    ForeignKey,
    LargeBinary,
    TypeDecorator,
    UniqueConstraint,
)
from sqlalchemy.orm import Mapped, mapped_column

from bot.storage.records.versions import TrainingReport
from bot.storage.tables.base import COUNTER, Base, PlainText

_REPORT = TypeAdapter(TrainingReport)


class Report(TypeDecorator[TrainingReport]):
    """A report as JSON; of one that an older Moedex wrote, what it lacks has its default."""

    impl = JSON
    cache_ok = True

    def process_bind_param(
        self, value: TrainingReport | None, dialect: Dialect
    ) -> dict[str, Any] | None:
        """Turn a report into JSON."""
        return None if value is None else _REPORT.dump_python(value, mode="json")

    def process_result_value(
        self, value: dict[str, Any] | None, dialect: Dialect
    ) -> TrainingReport | None:
        """Read a report from JSON."""
        return None if value is None else _REPORT.validate_python(value)


class ModelVersionRow(Base):
    """A version of a server's head, with what was measured and why it was promoted or not."""

    __tablename__ = "model_versions"
    __table_args__ = (UniqueConstraint("server_id", "number"),)

    id: Mapped[int] = mapped_column(COUNTER, primary_key=True)
    server_id: Mapped[int]
    number: Mapped[int]
    state: Mapped[str] = mapped_column(PlainText(10))
    backbone: Mapped[str] = mapped_column(PlainText(100))
    head: Mapped[bytes] = mapped_column(LargeBinary)
    report: Mapped[TrainingReport] = mapped_column(Report)
    at: Mapped[datetime]


class ModelSourceRow(Base):
    """What a version was trained on, so that erasing it erases or refits the version."""

    __tablename__ = "model_sources"

    version_id: Mapped[int] = mapped_column(
        ForeignKey("model_versions.id", ondelete="CASCADE"), primary_key=True, autoincrement=False
    )
    kind: Mapped[str] = mapped_column(PlainText(10), primary_key=True)
    source_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
