"""The databases under `benchmarks.chaos`, and what can go wrong with each."""

from __future__ import annotations

import sqlite3
import time
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final, Protocol

from bot.storage.location import sqlite_url
from tests.databases import PostgresServer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

LOCKED_S: Final = 5.0
_LOCK: Final = (
    "DO $$ BEGIN LOCK TABLE answers, face_observations, vote_events IN ACCESS EXCLUSIVE MODE;"
    " PERFORM pg_sleep({}); END $$"
)


class ChaosDatabase(Protocol):
    """A database."""

    url: str

    @property
    def troubles(self) -> Mapping[str, Callable[[], None]]:
        """What can be done to it, by name, each from a thread."""
        ...


class _File:
    def __init__(self, folder: Path) -> None:
        self._file = folder / "chaos.db"
        self.url = sqlite_url(self._file)
        self.troubles = {f"database locked for {LOCKED_S:.0f} s": self._lock}

    def _lock(self) -> None:
        with closing(sqlite3.connect(self._file, timeout=30, isolation_level=None)) as database:
            database.execute("BEGIN IMMEDIATE")
            time.sleep(LOCKED_S)
            database.execute("ROLLBACK")


class _Server:
    def __init__(self, server: PostgresServer) -> None:
        self._server = server
        self._name = server.clone()
        self.url = server.url(self._name)
        self.troubles = {
            f"tables locked for {LOCKED_S:.0f} s": self._lock,
            "database stopped and started": self._restart,
        }

    def _lock(self) -> None:
        self._server.sql(_LOCK.format(LOCKED_S), self._name)

    def _restart(self) -> None:
        self._server.stop()
        self._server.start()


@contextmanager
def chaos_database(folder: Path, *, shared: bool) -> Iterator[ChaosDatabase]:
    """Give an empty database: an SQLite file, or one of a PostgreSQL server where it is `shared`.

    The server is started for it, and leaves nothing behind.
    """
    if not shared:
        yield _File(folder)
        return
    server = PostgresServer()
    try:
        # What was committed outlives a stop, as it does with the settings of a real server.
        server.sql("ALTER SYSTEM SET synchronous_commit = on")
        server.sql("SELECT pg_reload_conf()")
        yield _Server(server)
    finally:
        server.remove()
