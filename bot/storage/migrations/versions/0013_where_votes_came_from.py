"""Where a vote was given, in the chat or on the site; all so far were given in the chat."""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the column."""
    op.add_column(
        "vote_events",
        sa.Column("source", sa.String(length=10), nullable=False, server_default="chat"),
    )


def downgrade() -> None:
    """Take it away again."""
    op.drop_column("vote_events", "source")
