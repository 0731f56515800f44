"""Settings, watched channels, answers, votes and small state."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the first tables."""
    op.create_table(
        "server_settings",
        sa.Column("server_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("threshold", sa.Double()),
        sa.Column("guesses", sa.BigInteger(), nullable=False),
        sa.Column("ephemeral", sa.Boolean(), nullable=False),
        sa.Column("on_all_unknown", sa.String(10), nullable=False),
        sa.Column("learning", sa.Boolean(), nullable=False),
        sa.Column("labeller_role", sa.BigInteger()),
        sa.PrimaryKeyConstraint("server_id", name="pk_server_settings"),
    )
    op.create_table(
        "watched_channels",
        sa.Column("channel_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("server_id", sa.BigInteger(), nullable=False),
        sa.Column("user_id", sa.BigInteger(), nullable=False),
        sa.Column("at", sa.DateTime(), nullable=False),
        sa.PrimaryKeyConstraint("channel_id", name="pk_watched_channels"),
    )
    op.create_index("ix_watched_channels_server_id", "watched_channels", ["server_id"])
    op.create_table(
        "answers",
        sa.Column("reply_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("source_message_id", sa.BigInteger(), nullable=False),
        sa.Column("channel_id", sa.BigInteger(), nullable=False),
        sa.Column("server_id", sa.BigInteger()),
        sa.Column("asker_id", sa.BigInteger(), nullable=False),
        sa.Column("pictures", sa.JSON(), nullable=False),
        sa.Column("model_version", sa.String(100), nullable=False),
        sa.Column("at", sa.DateTime(), nullable=False),
        sa.PrimaryKeyConstraint("reply_id", name="pk_answers"),
    )
    for column in ("source_message_id", "channel_id", "server_id", "asker_id", "at"):
        op.create_index(f"ix_answers_{column}", "answers", [column])
    op.create_table(
        "vote_events",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("reply_id", sa.BigInteger(), nullable=False),
        sa.Column("face_index", sa.BigInteger(), nullable=False),
        sa.Column("user_id", sa.BigInteger(), nullable=False),
        sa.Column("sequence", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.String(20), nullable=False),
        sa.Column("value", sa.String(200), nullable=False),
        sa.Column("at", sa.DateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_vote_events"),
        sa.ForeignKeyConstraint(
            ["reply_id"],
            ["answers.reply_id"],
            name="fk_vote_events_reply_id_answers",
            ondelete="CASCADE",
        ),
        sa.UniqueConstraint(
            "reply_id", "face_index", "user_id", "sequence", name="uq_vote_events_reply_id"
        ),
    )
    op.create_index("ix_vote_events_user_id", "vote_events", ["user_id"])
    op.create_table(
        "state",
        sa.Column("key", sa.String(200), nullable=False),
        sa.Column("value", sa.String(1000), nullable=False),
        sa.Column("at", sa.DateTime(), nullable=False),
        sa.PrimaryKeyConstraint("key", name="pk_state"),
    )


def downgrade() -> None:
    """Drop the first tables."""
    for table in ("state", "vote_events", "answers", "watched_channels", "server_settings"):
        op.drop_table(table)
