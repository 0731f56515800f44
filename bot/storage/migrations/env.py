"""Alembic's entry: runs the migrations on the connection that the storage opened."""

from alembic import context

from bot.storage.tables import Base

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=Base.metadata,
    render_as_batch=True,
    transactional_ddl=True,  # on SQLite as well: processes that start at once wait for each other
)
with context.begin_transaction():
    context.run_migrations()
