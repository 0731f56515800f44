"""What members proposed."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON
from sqlalchemy.orm import Mapped, mapped_column

from bot.storage.tables.base import COUNTER, Base, PlainText


class ProposalRow(Base):
    """What a member proposed and a moderator has to decide."""

    __tablename__ = "proposals"

    id: Mapped[int] = mapped_column(COUNTER, primary_key=True)
    server_id: Mapped[int] = mapped_column(index=True)
    user_id: Mapped[int] = mapped_column(index=True)
    kind: Mapped[str] = mapped_column(PlainText(10))
    arguments: Mapped[dict[str, Any]] = mapped_column(JSON)
    state: Mapped[str] = mapped_column(PlainText(10))
    decided_by: Mapped[int | None]
    at: Mapped[datetime]
