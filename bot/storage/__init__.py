"""Settings and answers in a database; the only place with SQL.

`Storage.open` gives the whole: `storage.settings`, `storage.answers`, `storage.votes`,
`storage.state`. What they hand out are frozen dataclasses of `bot.storage.records`; nobody
outside sees a session, a row or a table.
"""

from bot.storage.records import (
    Answer,
    AnsweredPicture,
    AnswerPlace,
    ServerSettings,
    Vote,
    VoteKind,
)
from bot.storage.storage import Storage, StorageClosedError, StorageError, StorageInUseError

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
