"""Where learning was switched on: what concerns it later is said in the same place."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the column; where it was switched on before isn't known."""
    op.add_column("consents", sa.Column("channel_id", sa.BigInteger()))


def downgrade() -> None:
    """Take it away again."""
    op.drop_column("consents", "channel_id")
