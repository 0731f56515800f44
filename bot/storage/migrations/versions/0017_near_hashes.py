"""On PostgreSQL an index of perceptual hashes by their differing bits (HNSW of pgvector).

The bots that share a database look there for near-duplicates; on SQLite the one bot has them in
memory.
"""

from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the index where the database is PostgreSQL."""
    if op.get_bind().dialect.name == "postgresql":
        op.execute(
            "CREATE INDEX hnsw_face_observations_phash ON face_observations"
            " USING hnsw ((('x' || phash)::bit(64)) bit_hamming_ops)"
            " WHERE phash ~ '^[0-9a-f]{16}$'"
        )


def downgrade() -> None:
    """Drop it again."""
    if op.get_bind().dialect.name == "postgresql":
        op.drop_index("hnsw_face_observations_phash", "face_observations")
