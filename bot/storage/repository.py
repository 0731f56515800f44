"""What all repositories share: the database they work in, and operations that run to their end."""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING

from bot.storage.cancellation import to_its_end

if TYPE_CHECKING:
    from bot.storage.database import Database


class Repository:
    """A part of the storage; its public operations run to their end."""

    def __init_subclass__(cls) -> None:
        for name, method in list(vars(cls).items()):
            if inspect.iscoroutinefunction(method) and not name.startswith("_"):
                setattr(cls, name, to_its_end(method))

    def __init__(self, database: Database) -> None:
        self._database = database
