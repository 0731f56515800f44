"""What is learned: sightings, labels, characters, exemplars, proposals, consent, versions."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def _counter() -> sa.types.TypeEngine[int]:
    return sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Make the tables of what is learned."""
    op.create_table(
        "aliases",
        sa.Column("server_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("character_id", sa.String(100), nullable=False),
        sa.Column("alias", sa.String(100), nullable=False),
        sa.PrimaryKeyConstraint("server_id", "character_id", "alias", name="pk_aliases"),
    )
    op.create_table(
        "characters",
        sa.Column("server_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("id", sa.String(100), nullable=False),
        sa.Column("name", sa.String(100), nullable=False),
        sa.Column("series", sa.String(100), nullable=False),
        sa.Column("native_name", sa.String(100), nullable=False),
        sa.Column("own", sa.Boolean(), nullable=False),
        sa.Column("state", sa.String(10), nullable=False),
        sa.Column("merged_into", sa.String(100)),
        sa.PrimaryKeyConstraint("server_id", "id", name="pk_characters"),
    )
    op.create_table(
        "consents",
        sa.Column("id", _counter(), nullable=False),
        sa.Column("server_id", sa.BigInteger(), nullable=False),
        sa.Column("learning", sa.Boolean(), nullable=False),
        sa.Column("user_id", sa.BigInteger(), nullable=False),
        sa.Column("at", sa.DateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_consents"),
    )
    op.create_index("ix_consents_server_id", "consents", ["server_id"])
    op.create_table(
        "gallery_actions",
        sa.Column("id", _counter(), nullable=False),
        sa.Column("server_id", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.String(10), nullable=False),
        sa.Column("user_id", sa.BigInteger(), nullable=False),
        sa.Column("summary", sa.String(300), nullable=False),
        sa.Column("undo", sa.JSON(), nullable=False),
        sa.Column("undone_by", sa.BigInteger()),
        sa.Column("at", sa.DateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_gallery_actions"),
    )
    op.create_index("ix_gallery_actions_server_id", "gallery_actions", ["server_id"])
    op.create_table(
        "gallery_revisions",
        sa.Column("server_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("revision", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("server_id", name="pk_gallery_revisions"),
    )
    op.create_table(
        "model_versions",
        sa.Column("id", _counter(), nullable=False),
        sa.Column("server_id", sa.BigInteger(), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.String(10), nullable=False),
        sa.Column("backbone", sa.String(100), nullable=False),
        sa.Column("head", sa.LargeBinary(), nullable=False),
        sa.Column("report", sa.JSON(), nullable=False),
        sa.Column("at", sa.DateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_model_versions"),
        sa.UniqueConstraint("server_id", "number", name="uq_model_versions_server_id"),
    )
    op.create_table(
        "opt_outs",
        sa.Column("user_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("at", sa.DateTime(), nullable=False),
        sa.PrimaryKeyConstraint("user_id", name="pk_opt_outs"),
    )
    op.create_table(
        "proposals",
        sa.Column("id", _counter(), nullable=False),
        sa.Column("server_id", sa.BigInteger(), nullable=False),
        sa.Column("user_id", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.String(10), nullable=False),
        sa.Column("arguments", sa.JSON(), nullable=False),
        sa.Column("state", sa.String(10), nullable=False),
        sa.Column("decided_by", sa.BigInteger()),
        sa.Column("at", sa.DateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_proposals"),
    )
    op.create_index("ix_proposals_server_id", "proposals", ["server_id"])
    op.create_index("ix_proposals_user_id", "proposals", ["user_id"])
    op.create_table(
        "shown_clusters",
        sa.Column("id", _counter(), nullable=False),
        sa.Column("server_id", sa.BigInteger(), nullable=False),
        sa.Column("at", sa.DateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_shown_clusters"),
    )
    op.create_index("ix_shown_clusters_server_id", "shown_clusters", ["server_id"])
    op.create_table(
        "decisions",
        sa.Column("reply_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("user_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.ForeignKeyConstraint(
            ["reply_id"],
            ["answers.reply_id"],
            name="fk_decisions_reply_id_answers",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("reply_id", "user_id", name="pk_decisions"),
    )
    op.create_table(
        "exemplars",
        sa.Column("id", _counter(), nullable=False),
        sa.Column("server_id", sa.BigInteger(), nullable=False),
        sa.Column("character_id", sa.String(100), nullable=False),
        sa.Column("proposal_id", _counter()),
        sa.Column("user_id", sa.BigInteger(), nullable=False),
        sa.Column("source", sa.String(10), nullable=False),
        sa.Column("provenance", sa.String(200), nullable=False),
        sa.Column("phash", sa.String(64)),
        sa.Column("crop", sa.String(100)),
        sa.Column("vector", sa.LargeBinary(), nullable=False),
        sa.Column("backbone", sa.String(100), nullable=False),
        sa.Column("at", sa.DateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["proposal_id"],
            ["proposals.id"],
            name="fk_exemplars_proposal_id_proposals",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name="pk_exemplars"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_exemplars_proposal_id", "exemplars", ["proposal_id"])
    op.create_index("ix_exemplars_server_id", "exemplars", ["server_id"])
    op.create_index("ix_exemplars_user_id", "exemplars", ["user_id"])
    op.create_table(
        "model_sources",
        sa.Column("version_id", _counter(), autoincrement=False, nullable=False),
        sa.Column("kind", sa.String(10), nullable=False),
        sa.Column("source_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.ForeignKeyConstraint(
            ["version_id"],
            ["model_versions.id"],
            name="fk_model_sources_version_id_model_versions",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("version_id", "kind", "source_id", name="pk_model_sources"),
    )
    op.create_table(
        "sightings",
        sa.Column("id", _counter(), nullable=False),
        sa.Column("server_id", sa.BigInteger(), nullable=False),
        sa.Column("channel_id", sa.BigInteger(), nullable=False),
        sa.Column("message_id", sa.BigInteger(), nullable=False),
        sa.Column("reply_id", sa.BigInteger(), nullable=False),
        sa.Column("face_index", sa.BigInteger(), nullable=False),
        sa.Column("author_id", sa.BigInteger(), nullable=False),
        sa.Column("group_id", sa.BigInteger(), nullable=False),
        sa.Column("phash", sa.String(64), nullable=False),
        sa.Column("x0", sa.Double(), nullable=False),
        sa.Column("y0", sa.Double(), nullable=False),
        sa.Column("x1", sa.Double(), nullable=False),
        sa.Column("y1", sa.Double(), nullable=False),
        sa.Column("guesses", sa.JSON(), nullable=False),
        sa.Column("unknown", sa.Boolean(), nullable=False),
        sa.Column("model_version", sa.String(100), nullable=False),
        sa.Column("hidden", sa.Boolean(), nullable=False),
        sa.Column("crop", sa.String(100)),
        sa.Column("vector", sa.LargeBinary()),
        sa.Column("backbone", sa.String(100)),
        sa.Column("at", sa.DateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["reply_id"],
            ["answers.reply_id"],
            name="fk_sightings_reply_id_answers",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name="pk_sightings"),
        sa.UniqueConstraint("reply_id", "face_index", name="uq_sightings_reply_id"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_sightings_at", "sightings", ["at"])
    op.create_index("ix_sightings_author_id", "sightings", ["author_id"])
    op.create_index("ix_sightings_channel_id", "sightings", ["channel_id"])
    op.create_index("ix_sightings_group_id", "sightings", ["group_id"])
    op.create_index("ix_sightings_message_id", "sightings", ["message_id"])
    op.create_index("ix_sightings_server_id", "sightings", ["server_id"])
    op.create_table(
        "label_changes",
        sa.Column("id", _counter(), nullable=False),
        sa.Column("sighting_id", _counter(), nullable=False),
        sa.Column("server_id", sa.BigInteger(), nullable=False),
        sa.Column("before", sa.String(100)),
        sa.Column("after", sa.String(100)),
        sa.Column("user_id", sa.BigInteger()),
        sa.Column("why", sa.String(200), nullable=False),
        sa.Column("at", sa.DateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["sighting_id"],
            ["sightings.id"],
            name="fk_label_changes_sighting_id_sightings",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name="pk_label_changes"),
    )
    op.create_index("ix_label_changes_server_id", "label_changes", ["server_id"])
    op.create_index("ix_label_changes_sighting_id", "label_changes", ["sighting_id"])
    op.create_table(
        "labels",
        sa.Column("sighting_id", _counter(), autoincrement=False, nullable=False),
        sa.Column("server_id", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.String(10), nullable=False),
        sa.Column("label", sa.String(100)),
        sa.Column("decided_by", sa.BigInteger()),
        sa.Column("at", sa.DateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["sighting_id"],
            ["sightings.id"],
            name="fk_labels_sighting_id_sightings",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("sighting_id", name="pk_labels"),
    )
    op.create_index("ix_labels_server_id", "labels", ["server_id"])
    op.create_table(
        "shown_faces",
        sa.Column("cluster_id", _counter(), autoincrement=False, nullable=False),
        sa.Column("sighting_id", _counter(), autoincrement=False, nullable=False),
        sa.ForeignKeyConstraint(
            ["cluster_id"],
            ["shown_clusters.id"],
            name="fk_shown_faces_cluster_id_shown_clusters",
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["sighting_id"],
            ["sightings.id"],
            name="fk_shown_faces_sighting_id_sightings",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("cluster_id", "sighting_id", name="pk_shown_faces"),
    )
    op.create_index("ix_shown_faces_sighting_id", "shown_faces", ["sighting_id"])


def downgrade() -> None:
    """Drop the tables of what is learned."""
    tables = (
        "shown_faces",
        "labels",
        "label_changes",
        "sightings",
        "model_sources",
        "exemplars",
        "decisions",
        "shown_clusters",
        "proposals",
        "opt_outs",
        "model_versions",
        "gallery_revisions",
        "gallery_actions",
        "consents",
        "characters",
        "aliases",
    )
    for table in tables:
        op.drop_table(table)
