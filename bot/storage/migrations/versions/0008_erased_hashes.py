"""How often perceptual hashes of a server were erased, so that an index of them knows its age."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the count."""
    op.add_column(
        "gallery_revisions",
        sa.Column("erased_hashes", sa.BigInteger(), nullable=False, server_default="0"),
    )


def downgrade() -> None:
    """Take it away again."""
    op.drop_column("gallery_revisions", "erased_hashes")
