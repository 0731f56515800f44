"""The tables of what is learned; a change here needs a migration beside it.

Vectors are IEEE half precision in little-endian bytes, bound to the backbone (its hash) that made
them; that of the next backbone waits beside it while one is exchanged for another. Crops are files
beside the database; a row holds the file's name. What hangs on a sighting or a version goes with
it: the database cascades.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, ForeignKey, LargeBinary, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from bot.storage.tables import COUNTER, Base


class SightingRow(Base):
    """A face that the bot answered. Crop and vector are kept only where learning is on."""

    __tablename__ = "sightings"
    # An erased id must not come back: versions remember what they were trained on by id.
    __table_args__ = (UniqueConstraint("reply_id", "face_index"), {"sqlite_autoincrement": True})

    id: Mapped[int] = mapped_column(COUNTER, primary_key=True)
    server_id: Mapped[int] = mapped_column(index=True)
    channel_id: Mapped[int] = mapped_column(index=True)
    message_id: Mapped[int] = mapped_column(index=True)
    reply_id: Mapped[int] = mapped_column(ForeignKey("answers.reply_id", ondelete="CASCADE"))
    face_index: Mapped[int]
    author_id: Mapped[int] = mapped_column(index=True)
    group_id: Mapped[int] = mapped_column(index=True)
    phash: Mapped[str] = mapped_column(String(64))
    x0: Mapped[float]
    y0: Mapped[float]
    x1: Mapped[float]
    y1: Mapped[float]
    guesses: Mapped[list[dict[str, Any]]] = mapped_column(JSON)
    unknown: Mapped[bool]
    model_version: Mapped[str] = mapped_column(String(100))
    hidden: Mapped[bool]
    crop: Mapped[str | None] = mapped_column(String(100))
    vector: Mapped[bytes | None] = mapped_column(LargeBinary)
    backbone: Mapped[str | None] = mapped_column(String(100))
    next_vector: Mapped[bytes | None] = mapped_column(LargeBinary)
    next_backbone: Mapped[str | None] = mapped_column(String(100))
    at: Mapped[datetime] = mapped_column(index=True)


class LabelRow(Base):
    """What a sighting's votes amount to now; without a row nobody voted."""

    __tablename__ = "labels"

    sighting_id: Mapped[int] = mapped_column(
        ForeignKey("sightings.id", ondelete="CASCADE"), primary_key=True, autoincrement=False
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
    sighting_id: Mapped[int] = mapped_column(
        ForeignKey("sightings.id", ondelete="CASCADE"), index=True
    )
    server_id: Mapped[int] = mapped_column(index=True)
    before: Mapped[str | None] = mapped_column(String(100))
    after: Mapped[str | None] = mapped_column(String(100))
    user_id: Mapped[int | None]
    why: Mapped[str] = mapped_column(String(200))
    at: Mapped[datetime]


class DecisionRow(Base):
    """Marks a vote event as a decision: its voter was a moderator or labeller at the time."""

    __tablename__ = "decisions"

    reply_id: Mapped[int] = mapped_column(
        ForeignKey("answers.reply_id", ondelete="CASCADE"), primary_key=True, autoincrement=False
    )
    user_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)


class CharacterRow(Base):
    """A character of a server's own, or what the server changed about a shipped one."""

    __tablename__ = "characters"

    server_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    id: Mapped[str] = mapped_column(String(100), primary_key=True)
    name: Mapped[str] = mapped_column(String(100))
    series: Mapped[str] = mapped_column(String(100))
    native_name: Mapped[str] = mapped_column(String(100))
    own: Mapped[bool]
    state: Mapped[str] = mapped_column(String(10))
    merged_into: Mapped[str | None] = mapped_column(String(100))


class AliasRow(Base):
    """Another name of a character in a server."""

    __tablename__ = "aliases"

    server_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    character_id: Mapped[str] = mapped_column(String(100), primary_key=True)
    alias: Mapped[str] = mapped_column(String(100), primary_key=True)


class ExemplarRow(Base):
    """A taught drawing, or a prototype from a pack. One of a waiting proposal isn't used yet."""

    __tablename__ = "exemplars"
    __table_args__ = {"sqlite_autoincrement": True}  # noqa: RUF012

    id: Mapped[int] = mapped_column(COUNTER, primary_key=True)
    server_id: Mapped[int] = mapped_column(index=True)
    character_id: Mapped[str] = mapped_column(String(100))
    proposal_id: Mapped[int | None] = mapped_column(
        ForeignKey("proposals.id", ondelete="CASCADE"), index=True
    )
    user_id: Mapped[int] = mapped_column(index=True)
    source: Mapped[str] = mapped_column(String(10))
    provenance: Mapped[str] = mapped_column(String(200))
    phash: Mapped[str | None] = mapped_column(String(64))
    crop: Mapped[str | None] = mapped_column(String(100))
    vector: Mapped[bytes] = mapped_column(LargeBinary)
    backbone: Mapped[str] = mapped_column(String(100))
    next_vector: Mapped[bytes | None] = mapped_column(LargeBinary)
    next_backbone: Mapped[str | None] = mapped_column(String(100))
    at: Mapped[datetime]


class GalleryActionRow(Base):
    """What was done to a gallery, by whom, and how it is undone."""

    __tablename__ = "gallery_actions"

    id: Mapped[int] = mapped_column(COUNTER, primary_key=True)
    server_id: Mapped[int] = mapped_column(index=True)
    kind: Mapped[str] = mapped_column(String(10))
    user_id: Mapped[int]
    summary: Mapped[str] = mapped_column(String(300))
    undo: Mapped[dict[str, Any]] = mapped_column(JSON)
    undone_by: Mapped[int | None]
    at: Mapped[datetime]


class ProposalRow(Base):
    """What a member proposed and a moderator has to decide."""

    __tablename__ = "proposals"

    id: Mapped[int] = mapped_column(COUNTER, primary_key=True)
    server_id: Mapped[int] = mapped_column(index=True)
    user_id: Mapped[int] = mapped_column(index=True)
    kind: Mapped[str] = mapped_column(String(10))
    arguments: Mapped[dict[str, Any]] = mapped_column(JSON)
    state: Mapped[str] = mapped_column(String(10))
    decided_by: Mapped[int | None]
    at: Mapped[datetime]


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
    sighting_id: Mapped[int] = mapped_column(
        ForeignKey("sightings.id", ondelete="CASCADE"),
        primary_key=True,
        autoincrement=False,
        index=True,
    )


class OptOutRow(Base):
    """A member whose pictures are never kept, in any server."""

    __tablename__ = "opt_outs"

    user_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    at: Mapped[datetime]


class ConsentRow(Base):
    """Learning switched on or off in a server, by whom and where. Rows are only ever added."""

    __tablename__ = "consents"

    id: Mapped[int] = mapped_column(COUNTER, primary_key=True)
    server_id: Mapped[int] = mapped_column(index=True)
    learning: Mapped[bool]
    user_id: Mapped[int]
    at: Mapped[datetime]
    channel_id: Mapped[int | None]


class RevisionRow(Base):
    """Counts the changes of a server's gallery and model; a running bot reloads on a new number."""

    __tablename__ = "gallery_revisions"

    server_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    revision: Mapped[int]


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
