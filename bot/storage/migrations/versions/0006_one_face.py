"""One table of faces, typed labels and votes, and nobody named where a server does not learn.

The faces of an answer stood in its row, as JSON, and once more in `sightings`. They are rows of
`face_observations` now, with empty columns where their server does not learn: of what was kept
there until now, who asked and posted, perceptual hashes, vectors and crops are dropped.

SQLite deletes the rows of a table before it drops it, which cascades: so each table is dropped
after those that refer to it, and none that others still need is made anew.
"""

import json
from collections.abc import Iterator
from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy import RowMapping

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

_SPECIAL = {"!not_a_face": "not_a_face", "!ignored": "ignore"}


def _counter() -> sa.types.TypeEngine[int]:
    return sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Move the faces together, and type what is said of them."""
    _prepare_answers()
    _make_faces()
    _move_faces()
    _move_labels()
    _move_shown_faces()
    op.drop_table("sightings")
    op.execute("ALTER TABLE answers DROP COLUMN pictures")
    _move_votes()
    op.execute("UPDATE model_sources SET kind = 'face' WHERE kind = 'sighting'")


def downgrade() -> None:
    """What was dropped is not known any more."""
    raise NotImplementedError("revision 0006 can't be undone: restore a backup")


def _prepare_answers() -> None:
    """Let the asker be unknown, name the author, and keep file names alone of the pictures."""
    op.add_column("answers", sa.Column("author_id", sa.BigInteger()))
    op.add_column("answers", sa.Column("asker", sa.BigInteger()))
    op.add_column(
        "answers", sa.Column("picture_names", sa.JSON(), nullable=False, server_default="[]")
    )
    op.execute(
        "UPDATE answers SET asker = asker_id WHERE server_id IN"
        " (SELECT server_id FROM server_settings WHERE learning)"
        " AND asker_id NOT IN (SELECT user_id FROM opt_outs)"
    )
    op.drop_index("ix_answers_asker_id", "answers")
    op.execute("ALTER TABLE answers DROP COLUMN asker_id")
    op.execute("ALTER TABLE answers RENAME COLUMN asker TO asker_id")
    op.create_index("ix_answers_asker_id", "answers", ["asker_id"])
    op.create_index("ix_answers_author_id", "answers", ["author_id"])


def _make_faces() -> None:
    op.create_table(
        "face_observations",
        sa.Column("id", _counter(), nullable=False),
        sa.Column("reply_id", sa.BigInteger(), nullable=False),
        sa.Column("face_index", sa.BigInteger(), nullable=False),
        sa.Column("picture_index", sa.BigInteger(), nullable=False),
        sa.Column("x0", sa.Double(), nullable=False),
        sa.Column("y0", sa.Double(), nullable=False),
        sa.Column("x1", sa.Double(), nullable=False),
        sa.Column("y1", sa.Double(), nullable=False),
        sa.Column("guesses", sa.JSON(), nullable=False),
        sa.Column("unknown", sa.Boolean(), nullable=False),
        sa.Column("hidden", sa.Boolean(), nullable=False),
        sa.Column("may_be_labelled", sa.Boolean(), nullable=False),
        sa.Column("phash", sa.String(64)),
        sa.Column("group_id", sa.BigInteger()),
        sa.Column("crop", sa.String(100)),
        sa.Column("vector", sa.LargeBinary()),
        sa.Column("backbone", sa.String(100)),
        sa.Column("next_vector", sa.LargeBinary()),
        sa.Column("next_backbone", sa.String(100)),
        sa.ForeignKeyConstraint(
            ["reply_id"],
            ["answers.reply_id"],
            name="fk_face_observations_reply_id_answers",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name="pk_face_observations"),
        sa.UniqueConstraint("reply_id", "face_index", name="uq_face_observations_reply_id"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_face_observations_group_id", "face_observations", ["group_id"])


def _move_faces() -> None:
    """Move each answer's faces, with what `sightings` has of them where their server learns.

    Sightings come first, with their numbers: other faces get the numbers after them.
    """
    bind = op.get_bind()
    learning = set(bind.scalars(sa.text("SELECT server_id FROM server_settings WHERE learning")))
    answers = list(bind.execute(sa.text("SELECT reply_id, server_id, pictures FROM answers")))
    sightings = {
        (row["reply_id"], row["face_index"]): row
        for row in bind.execute(sa.text("SELECT * FROM sightings")).mappings()
    }
    seen: list[dict[str, Any]] = []
    unseen: list[dict[str, Any]] = []
    for reply_id, server_id, stored in answers:
        pictures = json.loads(stored)
        bind.execute(
            sa.text("UPDATE answers SET picture_names = :names WHERE reply_id = :reply_id"),
            {"names": json.dumps([p["name"] for p in pictures]), "reply_id": reply_id},
        )
        for face in _faces(pictures):
            sighting = sightings.get((reply_id, face["face_index"]))
            row = {"reply_id": reply_id, **face, **_learned(sighting, server_id in learning)}
            (unseen if sighting is None else seen).append(row)
    if learning:
        bind.execute(
            sa.text(
                "UPDATE answers SET author_id = (SELECT author_id FROM sightings"
                " WHERE sightings.reply_id = answers.reply_id LIMIT 1)"
                " WHERE server_id IN (SELECT server_id FROM server_settings WHERE learning)"
            )
        )
    for row in (*sorted(seen, key=lambda row: row["id"]), *unseen):
        columns = ", ".join(row)
        values = ", ".join(f":{name}" for name in row)
        bind.execute(
            sa.text(f"INSERT INTO face_observations ({columns}) VALUES ({values})"),  # noqa: S608 - our own names
            row,
        )
    if bind.dialect.name == "postgresql":  # where nothing was kept before revision 0015
        return
    # An erased number must not come back: versions remember what they were trained on by it.
    last = bind.scalar(sa.text("SELECT seq FROM sqlite_sequence WHERE name = 'sightings'"))
    if last is not None:
        bind.execute(
            sa.text(
                "UPDATE sqlite_sequence SET seq = max(seq, :last) WHERE name = 'face_observations'"
            ),
            {"last": last},
        )


def _faces(pictures: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """Return the columns that every face has. Boxes were in pixels of a size that is not kept."""
    number = 0
    for index, picture in enumerate(pictures):
        for face in picture["faces"]:
            guesses = [
                {
                    "character_id": g["id"],
                    "by": g.get("by", ""),
                    **{key: g[key] for key in ("name", "series", "probability")},
                }
                for g in face["guesses"]
            ]
            yield {
                "face_index": number,
                "picture_index": index,
                "x0": 0.0,
                "y0": 0.0,
                "x1": 1.0,
                "y1": 1.0,
                "guesses": json.dumps(guesses),
                "unknown": face["unknown"],
            }
            number += 1


def _learned(sighting: RowMapping | None, learns: bool) -> dict[str, Any]:
    """Return the columns of a face that was a sighting; the boxes there are in shares already."""
    if sighting is None:
        return {"hidden": True, "may_be_labelled": False}
    names = ["id", "x0", "y0", "x1", "y1", "hidden"]
    if learns:
        names += ["phash", "group_id", "crop", "vector", "backbone", "next_vector", "next_backbone"]
    return {"may_be_labelled": True, **{name: sighting[name] for name in names}}


def _move_labels() -> None:
    for name, label in (("labels", True), ("label_changes", False)):
        _put_aside(name)
        for column in ("server_id",) if label else ("server_id", "sighting_id"):
            op.drop_index(f"ix_{name}_{column}", f"old_{name}")
    _make_labels()
    op.execute(
        f"INSERT INTO labels SELECT sighting_id, state, {_kind('label')}, {_character('label')},"  # noqa: S608 - our own names
        " decided_by, at FROM old_labels"
    )
    op.execute(
        "INSERT INTO label_changes"  # noqa: S608 - our own names
        f" SELECT id, sighting_id, {_kind('before')}, {_character('before')},"
        f" {_kind('after')}, {_character('after')}, user_id, why, at FROM old_label_changes"
    )
    op.drop_table("old_label_changes")
    op.drop_table("old_labels")


def _put_aside(table: str) -> None:
    op.rename_table(table, f"old_{table}")
    if op.get_bind().dialect.name == "postgresql":  # where keys have names of their own
        op.execute(f"ALTER INDEX pk_{table} RENAME TO pk_old_{table}")


def _make_labels() -> None:
    op.create_table(
        "labels",
        sa.Column("face_id", _counter(), autoincrement=False, nullable=False),
        sa.Column("state", sa.String(10), nullable=False),
        sa.Column("kind", sa.String(10)),
        sa.Column("character_id", sa.String(100), nullable=False),
        sa.Column("decided_by", sa.BigInteger()),
        sa.Column("at", sa.DateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["face_id"],
            ["face_observations.id"],
            name="fk_labels_face_id_face_observations",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("face_id", name="pk_labels"),
    )
    op.create_table(
        "label_changes",
        sa.Column("id", _counter(), nullable=False),
        sa.Column("face_id", _counter(), nullable=False),
        sa.Column("before_kind", sa.String(10)),
        sa.Column("before_character_id", sa.String(100), nullable=False),
        sa.Column("after_kind", sa.String(10)),
        sa.Column("after_character_id", sa.String(100), nullable=False),
        sa.Column("user_id", sa.BigInteger()),
        sa.Column("why", sa.String(200), nullable=False),
        sa.Column("at", sa.DateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["face_id"],
            ["face_observations.id"],
            name="fk_label_changes_face_id_face_observations",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name="pk_label_changes"),
    )
    op.create_index("ix_label_changes_face_id", "label_changes", ["face_id"])


def _kind(column: str) -> str:
    cases = " ".join(f"WHEN {column} = '{old}' THEN '{new}'" for old, new in _SPECIAL.items())
    return f"CASE WHEN {column} IS NULL THEN NULL {cases} ELSE 'character' END"


def _character(column: str) -> str:
    return f"CASE WHEN {column} IS NULL OR {column} LIKE '!%' THEN '' ELSE {column} END"


def _move_shown_faces() -> None:
    op.drop_index("ix_shown_faces_sighting_id", "shown_faces")
    _put_aside("shown_faces")
    op.create_table(
        "shown_faces",
        sa.Column("cluster_id", _counter(), autoincrement=False, nullable=False),
        sa.Column("face_id", _counter(), autoincrement=False, nullable=False),
        sa.ForeignKeyConstraint(
            ["cluster_id"],
            ["shown_clusters.id"],
            name="fk_shown_faces_cluster_id_shown_clusters",
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["face_id"],
            ["face_observations.id"],
            name="fk_shown_faces_face_id_face_observations",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("cluster_id", "face_id", name="pk_shown_faces"),
    )
    op.execute("INSERT INTO shown_faces SELECT cluster_id, sighting_id FROM old_shown_faces")
    op.drop_table("old_shown_faces")
    op.create_index("ix_shown_faces_face_id", "shown_faces", ["face_id"])


def _move_votes() -> None:
    """Say in a column of its own what is taken back, and which character an "is" vote names."""
    op.add_column(
        "vote_events",
        sa.Column("withdrawn", sa.Boolean(), nullable=False, server_default=sa.false()),
    )
    op.add_column(
        "vote_events",
        sa.Column("character_id", sa.String(100), nullable=False, server_default=""),
    )
    op.execute("UPDATE vote_events SET withdrawn = true, kind = value WHERE kind = 'withdrawn'")
    op.execute("UPDATE vote_events SET character_id = value WHERE kind = 'is' AND NOT withdrawn")
    op.execute("ALTER TABLE vote_events DROP COLUMN value")
