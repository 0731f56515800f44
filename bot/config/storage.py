"""Section `[storage]`: the database, and how long answers stay."""

from __future__ import annotations

from pydantic import Field

from bot.config.section import Section


class StorageConfig(Section):
    """What is kept, where, and for how long."""

    url: str = Field(
        "sqlite+aiosqlite:///data/moedex.db",
        description="SQLAlchemy URL of the database: an SQLite file, whose folder is made if it is "
        "missing, or with moedex[postgres] postgresql+asyncpg://user:password@host/database.",
    )
    answers_days: int = Field(
        180,
        ge=1,
        description="Days after which an answer and its votes are erased, in servers that learn.",
    )
    buttons_days: int = Field(
        7,
        ge=1,
        description="Days after which they are erased everywhere else: in servers that don't "
        "learn, in DMs, and of members who opted out. Until then the buttons of the answer work.",
    )
