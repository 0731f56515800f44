"""What PostgreSQL needs to hold the same: vectors as `halfvec`, texts of any length, bytes' order.

SQLite holds vectors as bytes, looks at no length and compares texts by their bytes: it has nothing
to change.
"""

import sqlalchemy as sa
from alembic import op

from bot.storage.tables.vectors import PackedVector

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

_VECTORS = {
    "enrolment_samples": ("vector",),
    "enrolments": ("centroid",),
    "exemplars": ("vector", "next_vector"),
    "face_observations": ("vector", "next_vector"),
}


def upgrade() -> None:
    """Change the types of columns where the database is PostgreSQL."""
    if op.get_bind().dialect.name != "postgresql":
        return
    # No revision before this one came to its end on PostgreSQL, so there are no vectors yet.
    for table, columns in _VECTORS.items():
        for column in columns:
            _alter(table, column, PackedVector(), using="NULL")
    inspector = sa.inspect(op.get_bind())
    for table in inspector.get_table_names():
        for column in inspector.get_columns(table):
            if isinstance(column["type"], sa.String) and table != "alembic_version":
                _alter(table, column["name"], sa.String(collation="C"))


def downgrade() -> None:
    """Nothing that an older version could not read was changed on SQLite."""
    if op.get_bind().dialect.name == "postgresql":
        raise NotImplementedError("no older Moedex runs on PostgreSQL")


def _alter(table: str, column: str, kind: sa.types.TypeEngine, using: str | None = None) -> None:
    op.alter_column(table, column, type_=kind, postgresql_using=using and f"{using}::halfvec")
