"""What one process at a time may do."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Mapped, mapped_column

from bot.storage.tables.base import Base, PlainText


class LeaseRow(Base):
    """Something that one process holds until a moment, or that nobody need do until then."""

    __tablename__ = "leases"

    name: Mapped[str] = mapped_column(PlainText(100), primary_key=True)
    holder: Mapped[str] = mapped_column(PlainText(40))
    until: Mapped[datetime] = mapped_column(index=True)
    done: Mapped[bool] = mapped_column(default=False)
