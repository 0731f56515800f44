"""What follows up: the message that asked, labels that cross servers, vectors of the next backbone.

The message that asked for an answer is kept so that its deletion is followed after a restart too.
"""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the columns; which message asked for an older answer isn't known."""
    op.add_column("answers", sa.Column("prompt_id", sa.BigInteger()))
    op.create_index("ix_answers_prompt_id", "answers", ["prompt_id"])
    op.add_column(
        "server_settings",
        sa.Column("sharing", sa.Boolean(), nullable=False, server_default=sa.false()),
    )
    for table in ("sightings", "exemplars"):
        op.add_column(table, sa.Column("next_vector", sa.LargeBinary()))
        op.add_column(table, sa.Column("next_backbone", sa.String(100)))


def downgrade() -> None:
    """Take them away again."""
    for table in ("exemplars", "sightings"):
        op.drop_column(table, "next_backbone")
        op.drop_column(table, "next_vector")
    op.drop_column("server_settings", "sharing")
    op.drop_index("ix_answers_prompt_id", "answers")
    op.drop_column("answers", "prompt_id")
