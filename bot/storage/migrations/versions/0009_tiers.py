"""The tier of each face instead of whether it is unknown, and a server's limits of the tiers."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Give faces their tier: a name, or nobody known, as they were answered."""
    op.add_column(
        "face_observations",
        sa.Column("tier", sa.String(20), nullable=False, server_default="named"),
    )
    op.execute("UPDATE face_observations SET tier = 'not_known' WHERE unknown")
    op.execute("ALTER TABLE face_observations DROP COLUMN unknown")
    op.execute("ALTER TABLE server_settings RENAME COLUMN threshold TO named")
    op.add_column("server_settings", sa.Column("probably", sa.Double()))
    op.add_column("server_settings", sa.Column("unknown_share", sa.Double()))


def downgrade() -> None:
    """Tell only who is named, as before."""
    op.add_column(
        "face_observations",
        sa.Column("unknown", sa.Boolean(), nullable=False, server_default=sa.false()),
    )
    op.execute("UPDATE face_observations SET unknown = (tier <> 'named')")
    for table, column in (
        ("face_observations", "tier"),
        ("server_settings", "probably"),
        ("server_settings", "unknown_share"),
    ):
        op.execute(f"ALTER TABLE {table} DROP COLUMN {column}")
    op.execute("ALTER TABLE server_settings RENAME COLUMN named TO threshold")
