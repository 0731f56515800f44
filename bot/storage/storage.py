"""Opening the database: the lock, the migrations, and the transactions everything runs in."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from alembic import command
from alembic.config import Config as AlembicConfig
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from filelock import FileLock, Timeout
from sqlalchemy import Connection, event, make_url
from sqlalchemy.exc import ArgumentError, DatabaseError, SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, create_async_engine

from bot.storage.answers import AnswerRepository
from bot.storage.consents import ConsentRepository
from bot.storage.galleries import GalleryRepository
from bot.storage.labels import LabelRepository
from bot.storage.proposals import ProposalRepository
from bot.storage.settings import SettingsRepository
from bot.storage.sightings import SightingRepository
from bot.storage.state import StateRepository
from bot.storage.statistics import StatisticsRepository
from bot.storage.vectors import VectorRepository
from bot.storage.versions import VersionRepository
from bot.storage.votes import VoteRepository

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

MIGRATIONS = Path(__file__).with_name("migrations")
_BUSY_S = 15.0


class StorageError(Exception):
    """The storage can't be used; the text is one readable line."""


class StorageClosedError(StorageError):
    """The bot is ending and the storage is closed already."""


class StorageInUseError(StorageError):
    """Another process holds the storage."""


class Storage:
    """The open database. One process at a time holds it; `exclusive=False` only looks in."""

    def __init__(self, engine: AsyncEngine, lock: FileLock | None) -> None:
        self._engine = engine
        self._lock = lock
        self._writing = asyncio.Lock()
        self._in_use = 0
        self._idle = asyncio.Event()
        self._idle.set()
        self._closed = False
        self.settings = SettingsRepository(self)
        self.answers = AnswerRepository(self)
        self.votes = VoteRepository(self)
        self.state = StateRepository(self)
        self.sightings = SightingRepository(self)
        self.labels = LabelRepository(self)
        self.galleries = GalleryRepository(self)
        self.proposals = ProposalRepository(self)
        self.vectors = VectorRepository(self)
        self.versions = VersionRepository(self)
        self.consents = ConsentRepository(self)
        self.statistics = StatisticsRepository(self)

    @classmethod
    @asynccontextmanager
    async def open(cls, url: str | Path, *, exclusive: bool = True) -> AsyncIterator[Self]:
        """Open the database at `url` (an SQLAlchemy URL, or the path of an SQLite file).

        The folder is made, the schema brought up to date. `exclusive` takes the lock that keeps a
        second bot out; a process that works beside a running bot opens without it.

        Raises StorageInUseError if another process holds the lock, StorageError if the URL is
        wrong, the file is no database, or was written by a newer Moedex.
        """
        url = sqlite_url(url) if isinstance(url, Path) else url
        file = sqlite_file(url)
        lock = None
        if file is not None:
            try:
                file.parent.mkdir(parents=True, exist_ok=True)
            except OSError as error:
                raise StorageError(
                    f"Storage folder {file.parent} can't be made ({error.strerror})."
                ) from None
            lock = hold(file) if exclusive else None
        try:
            engine = create_async_engine(url, connect_args={"timeout": _BUSY_S} if file else {})
        except (SQLAlchemyError, ImportError) as error:
            raise StorageError(f"Storage {shown(url)} can't be used: {error}.") from None
        try:
            if engine.dialect.name == "sqlite":
                _prepare_sqlite(engine)
            storage = cls(engine, lock)
            await storage._migrate(url)
            try:
                yield storage
            finally:
                await storage._finish()
        finally:
            await engine.dispose()
            if lock is not None:
                lock.release()

    @property
    def files(self) -> Path | None:
        """The folder for files that belong to the database; None if it isn't a file itself."""
        file = sqlite_file(self._engine.url.render_as_string(hide_password=False))
        return None if file is None else files_beside(file)

    @asynccontextmanager
    async def read(self) -> AsyncIterator[AsyncSession]:
        """Open a session to read in; for repositories."""
        async with self._session(self._engine) as session:
            yield session

    @asynccontextmanager
    async def write(self) -> AsyncIterator[AsyncSession]:
        """Open a session to write in; for repositories. Commits at the end, or nothing is written.

        Writers of this process wait for each other here, those of others at the database.
        """
        engine = self._engine.execution_options(writes=True)
        async with self._writing, self._session(engine) as session, session.begin():
            yield session

    @asynccontextmanager
    async def _session(self, engine: AsyncEngine) -> AsyncIterator[AsyncSession]:
        if self._closed:
            raise StorageClosedError("The storage is closed.")
        self._in_use += 1
        self._idle.clear()
        try:
            async with AsyncSession(engine, expire_on_commit=False) as session:
                yield session
        finally:
            self._in_use -= 1
            if not self._in_use:
                self._idle.set()

    async def _finish(self) -> None:
        """Let nobody in any more, and wait for those who still read or write.

        A session that the end of the event loop cancels can wait for its connection for good.
        """
        self._closed = True
        await self._idle.wait()

    async def _migrate(self, url: str) -> None:
        try:
            async with self._engine.connect() as connection:
                await connection.run_sync(_upgrade)
        except DatabaseError as error:
            raise StorageError(f"Storage {shown(url)} can't be used: {error.orig}.") from None


def sqlite_url(file: Path) -> str:
    """Return the URL of an SQLite file."""
    return f"sqlite+aiosqlite:///{file}"


def sqlite_file(url: str) -> Path | None:
    """Return the file of an SQLite URL, None for another database or one in memory.

    Raises StorageError if `url` is no SQLAlchemy URL.
    """
    try:
        parsed = make_url(url)
    except ArgumentError:
        raise StorageError(f"Storage URL {url!r} is not an SQLAlchemy URL.") from None
    if parsed.get_backend_name() != "sqlite" or parsed.database in (None, "", ":memory:"):
        return None
    return Path(str(parsed.database))


def files_beside(file: Path) -> Path:
    """Return the folder of the files that belong to the database `file`; backups take it along."""
    return file.with_name(f"{file.stem}-files")


def shown(url: str) -> str:
    """Return `url` as it may be printed: without a password."""
    return make_url(url).render_as_string(hide_password=True)


def hold(file: Path) -> FileLock:
    """Take the lock of the database `file`; the system lets go of it when the process ends.

    Raises StorageInUseError if another process holds it.
    """
    lock = FileLock(file.with_name(file.name + ".lock"), timeout=0)
    try:
        lock.acquire()
    except Timeout:
        raise StorageInUseError(
            f"Storage {file} is in use by another Moedex process: stop that one first."
        ) from None
    return lock


def migrations() -> AlembicConfig:
    """Return Alembic's configuration of this storage's migrations."""
    config = AlembicConfig()
    config.set_main_option("script_location", str(MIGRATIONS))
    return config


def known_revision(revision: str | None) -> bool:
    """Say whether this version of Moedex knows the schema `revision` (None: an empty database)."""
    scripts = ScriptDirectory.from_config(migrations())
    return revision is None or revision in {script.revision for script in scripts.walk_revisions()}


def _upgrade(connection: Connection) -> None:
    revision = MigrationContext.configure(connection).get_current_revision()
    if not known_revision(revision):
        raise StorageError(
            f"Storage {shown(str(connection.engine.url))} was written by a newer Moedex "
            f"(schema {revision}): upgrade Moedex, or restore a backup of this version."
        )
    connection.rollback()
    config = migrations()
    config.attributes["connection"] = connection
    command.upgrade(config, "head")


def _prepare_sqlite(engine: AsyncEngine) -> None:
    @event.listens_for(engine.sync_engine, "connect")
    def _connect(connection: Any, _record: object) -> None:
        # The driver would begin transactions late and never around DDL: SQLAlchemy says BEGIN.
        connection.isolation_level = None
        cursor = connection.cursor()
        cursor.execute("PRAGMA journal_mode=WAL")
        cursor.execute("PRAGMA synchronous=FULL")  # a vote that was acknowledged survives
        cursor.execute("PRAGMA foreign_keys=ON")
        cursor.execute("PRAGMA secure_delete=ON")  # erased means gone from the file's bytes
        cursor.close()

    @event.listens_for(engine.sync_engine, "begin")
    def _begin(connection: Connection) -> None:
        # A transaction that reads first and writes later can't wait for another writer: it fails.
        writes = connection.get_execution_options().get("writes", False)
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")
