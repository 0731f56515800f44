"""What one process at a time may do; when each shard was last heard."""

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the table; what was heard by a bot of one shard, as nearly all have."""
    op.create_table(
        "leases",
        sa.Column("name", sa.String(100), nullable=False),
        sa.Column("holder", sa.String(40), nullable=False),
        sa.Column("until", sa.DateTime(), nullable=False),
        sa.Column("done", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_leases"),
    )
    op.create_index("ix_leases_until", "leases", ["until"])
    op.execute("UPDATE state SET key = 'heard:0/1' WHERE key = 'heard'")


def downgrade() -> None:
    """Take it away again."""
    op.drop_table("leases")
    op.execute("UPDATE state SET key = 'heard' WHERE key = 'heard:0/1'")
