"""Keys in the words of the field: of the notice of unknown faces, and of trainings' reports."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

_STATE = {"strangers:": "unknown_faces:", "warned:strangers:": "warned:unknown_faces:"}
_TESTS = {"holdout": "shipped", "strangers": "impostors"}


def upgrade() -> None:
    """Rename the keys."""
    _rename(_STATE, _TESTS)


def downgrade() -> None:
    """Name them as they were."""
    _rename({new: old for old, new in _STATE.items()}, {new: old for old, new in _TESTS.items()})


def _rename(prefixes: dict[str, str], tests: dict[str, str]) -> None:
    state = sa.table("state", sa.column("key", sa.String))
    versions = sa.table("model_versions", sa.column("id", sa.Integer), sa.column("report", sa.JSON))
    connection = op.get_bind()
    for old, new in prefixes.items():
        connection.execute(
            sa.update(state)
            .where(state.c.key.startswith(old, autoescape=True))
            .values(key=new + sa.func.substr(state.c.key, len(old) + 1))
        )
    for version_id, report in connection.execute(sa.select(versions)).all():
        renamed = {
            key: {tests.get(test, test): rows for test, rows in value.items()}
            if key in {"current", "first"}
            else value
            for key, value in report.items()
        }
        if renamed != report:
            connection.execute(
                sa.update(versions).where(versions.c.id == version_id).values(report=renamed)
            )
