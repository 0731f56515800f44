"""What Discord must still carry out: deletions of answers, and questions on cards."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the table."""
    op.create_table(
        "outbox",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("task", sa.String(20), nullable=False),
        sa.Column("server_id", sa.BigInteger()),
        sa.Column("channel_id", sa.BigInteger(), nullable=False),
        sa.Column("message_id", sa.BigInteger(), nullable=False),
        sa.Column("tries", sa.BigInteger(), nullable=False),
        sa.Column("due", sa.DateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_outbox"),
        sa.UniqueConstraint("message_id", "task", name="uq_outbox_message_id"),
    )
    op.create_index("ix_outbox_server_id", "outbox", ["server_id"])
    op.create_index("ix_outbox_due", "outbox", ["due"])


def downgrade() -> None:
    """Take it away again; what was not done by then stays undone."""
    op.drop_table("outbox")
