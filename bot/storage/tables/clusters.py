"""Clusters of unknown faces that moderators were asked about."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from bot.storage.tables.base import COUNTER, Base


class ShownClusterRow(Base):
    """A cluster of unknown faces that moderators were asked about, so that it is asked once."""

    __tablename__ = "shown_clusters"

    id: Mapped[int] = mapped_column(COUNTER, primary_key=True)
    server_id: Mapped[int] = mapped_column(index=True)
    at: Mapped[datetime]


class ShownFaceRow(Base):
    """A face of a shown cluster."""

    __tablename__ = "shown_faces"

    cluster_id: Mapped[int] = mapped_column(
        ForeignKey("shown_clusters.id", ondelete="CASCADE"), primary_key=True, autoincrement=False
    )
    face_id: Mapped[int] = mapped_column(
        ForeignKey("face_observations.id", ondelete="CASCADE"),
        primary_key=True,
        autoincrement=False,
        index=True,
    )
