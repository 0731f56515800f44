"""Settings and answers in a database; the only place with SQL.

`Storage.open` gives the whole: `storage.settings`, `storage.answers` and so on, one repository a
module. What they hand out are frozen dataclasses of `bot.storage.records`; nobody outside sees a
session, a row (`bot.storage.tables`) or a migration.
"""

from bot.storage.errors import StorageClosedError, StorageError, StorageInUseError
from bot.storage.records import (
    Answer,
    AnsweredPicture,
    AnswerPlace,
    ServerSettings,
    Vote,
    VoteKind,
)
from bot.storage.storage import Storage

__all__ = [
    "Answer",
    "AnswerPlace",
    "AnsweredPicture",
    "ServerSettings",
    "Storage",
    "StorageClosedError",
    "StorageError",
    "StorageInUseError",
    "Vote",
    "VoteKind",
]
