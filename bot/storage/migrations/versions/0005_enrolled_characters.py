"""Characters that the operator enrolled for all servers, their sources, and their vectors."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "enrolled_characters",
        sa.Column("id", sa.String(100), nullable=False),
        sa.Column("name", sa.String(200), nullable=False),
        sa.Column("series", sa.String(200), nullable=False),
        sa.Column("native_name", sa.String(200), nullable=False),
        sa.Column("aliases", sa.JSON(), nullable=False),
        sa.Column("link", sa.String(500), nullable=False),
        sa.Column("tag", sa.String(200), nullable=False),
        sa.Column("known", sa.Boolean(), nullable=False),
        sa.Column("at", sa.DateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_enrolled_characters")),
    )
    op.create_table(
        "enrolment_sources",
        sa.Column("id", _counter(), nullable=False),
        sa.Column("key", sa.String(200), nullable=False),
        sa.Column("title", sa.String(500), nullable=False),
        sa.Column("at", sa.DateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_enrolment_sources")),
        sa.UniqueConstraint("key", name=op.f("uq_enrolment_sources_key")),
    )
    op.create_table(
        "enrolments",
        sa.Column("id", _counter(), nullable=False),
        sa.Column("source_id", _counter(), nullable=False),
        sa.Column("ref", sa.String(500), nullable=False),
        sa.Column("character_id", sa.String(100), nullable=False),
        sa.Column("backbone", sa.String(100), nullable=False),
        sa.Column("centroid", sa.LargeBinary()),
        sa.Column("used", sa.BigInteger(), nullable=False),
        sa.Column("done", sa.Boolean(), nullable=False),
        sa.Column("at", sa.DateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["source_id"],
            ["enrolment_sources.id"],
            name=op.f("fk_enrolments_source_id_enrolment_sources"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["character_id"],
            ["enrolled_characters.id"],
            name=op.f("fk_enrolments_character_id_enrolled_characters"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_enrolments")),
        sa.UniqueConstraint("source_id", "ref", name=op.f("uq_enrolments_source_id")),
    )
    op.create_index(op.f("ix_enrolments_character_id"), "enrolments", ["character_id"])
    op.create_table(
        "enrolment_samples",
        sa.Column("id", _counter(), nullable=False),
        sa.Column("enrolment_id", _counter(), nullable=False),
        sa.Column("ref", sa.String(500), nullable=False),
        sa.Column("vector", sa.LargeBinary()),
        sa.Column("used", sa.Boolean(), nullable=False),
        sa.Column("why_not", sa.String(200), nullable=False),
        sa.Column("at", sa.DateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["enrolment_id"],
            ["enrolments.id"],
            name=op.f("fk_enrolment_samples_enrolment_id_enrolments"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_enrolment_samples")),
        sa.UniqueConstraint("enrolment_id", "ref", name=op.f("uq_enrolment_samples_enrolment_id")),
    )


def downgrade() -> None:
    """Take them away again."""
    op.drop_table("enrolment_samples")
    op.drop_index(op.f("ix_enrolments_character_id"), "enrolments")
    op.drop_table("enrolments")
    op.drop_table("enrolment_sources")
    op.drop_table("enrolled_characters")


def _counter() -> sa.types.TypeEngine[int]:
    return sa.BigInteger().with_variant(sa.Integer(), "sqlite")
