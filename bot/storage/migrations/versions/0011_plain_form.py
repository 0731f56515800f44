"""Whether a server's answers have the plain form; null takes the configuration's."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the setting."""
    op.add_column("server_settings", sa.Column("plain", sa.Boolean(), nullable=True))


def downgrade() -> None:
    """Take it away again."""
    op.drop_column("server_settings", "plain")
