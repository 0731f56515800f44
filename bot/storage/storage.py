"""The whole storage: its lock, its database, and one repository for each kind of thing kept."""

from __future__ import annotations

from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Self

from bot.storage.answers import AnswerRepository
from bot.storage.api_keys import ApiKeyRepository
from bot.storage.audit_log import AuditLogRepository
from bot.storage.clusters import ClusterRepository
from bot.storage.consents import ConsentRepository
from bot.storage.database import Database
from bot.storage.enrolled import EnrolledRepository
from bot.storage.errors import StorageError
from bot.storage.exemplars import ExemplarRepository
from bot.storage.faces import FaceRepository
from bot.storage.galleries import GalleryRepository
from bot.storage.labelled_crops import LabelledCropRepository
from bot.storage.labels import LabelRepository
from bot.storage.leases import LeaseRepository
from bot.storage.location import files_beside, hold, sqlite_file, sqlite_url
from bot.storage.near_hashes import NearHashRepository
from bot.storage.outbox import OutboxRepository
from bot.storage.proposals import ProposalRepository
from bot.storage.revisions import RevisionRepository
from bot.storage.servers import ServerRepository
from bot.storage.sessions import SessionRepository
from bot.storage.settings import SettingsRepository
from bot.storage.state import StateRepository
from bot.storage.statistics import StatisticsRepository
from bot.storage.vectors import VectorRepository
from bot.storage.versions import VersionRepository
from bot.storage.votes import VoteRepository
from bot.storage.waiting_faces import WaitingFaceRepository

if TYPE_CHECKING:
    from collections.abc import AsyncIterator


class Storage:
    """The repositories of an open database. `files` is the folder beside it, None without a file.

    One process at a time holds an SQLite file, and remembers what is asked for all the time;
    `exclusive=False` works beside it, and asks anew.
    """

    def __init__(self, database: Database, files: Path | None = None) -> None:
        self.database = database
        self.files = files
        self.settings = SettingsRepository(database)
        self.answers = AnswerRepository(database)
        self.votes = VoteRepository(database)
        self.state = StateRepository(database)
        self.faces = FaceRepository(database)
        self.near_hashes = NearHashRepository(database)
        self.clusters = ClusterRepository(database)
        self.labels = LabelRepository(database)
        self.audit_log = AuditLogRepository(database)
        self.galleries = GalleryRepository(database)
        self.exemplars = ExemplarRepository(database)
        self.enrolled = EnrolledRepository(database)
        self.revisions = RevisionRepository(database)
        self.leases = LeaseRepository(database)
        self.outbox = OutboxRepository(database)
        self.proposals = ProposalRepository(database)
        self.vectors = VectorRepository(database)
        self.versions = VersionRepository(database, self.state)
        self.consents = ConsentRepository(database, self.settings)
        self.servers = ServerRepository(database)
        self.sessions = SessionRepository(database)
        self.api_keys = ApiKeyRepository(database)
        self.statistics = StatisticsRepository(database)
        self.labelled_crops = LabelledCropRepository(database)
        self.waiting_faces = WaitingFaceRepository(database)

    @property
    def alone(self) -> bool:
        """Whether no other bot can be at work on it."""
        return self.database.held

    @classmethod
    @asynccontextmanager
    async def open(
        cls, url: str | Path, *, exclusive: bool = True, shared: bool = False
    ) -> AsyncIterator[Self]:
        """Open the database at `url` (an SQLAlchemy URL, or the path of an SQLite file).

        The folder is made, the schema brought up to date. `exclusive` takes the lock that keeps a
        second bot off an SQLite file; a process that works beside a running bot opens without it.
        `shared` keeps off a bot that holds the file for itself, and no other that shares it.

        Raises StorageInUseError if another process holds the lock, StorageError if the URL is
        wrong, the database can't be used, or was written by a newer Moedex.
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
            lock = hold(file, shared=shared) if exclusive or shared else None
        try:
            database = Database(url)
            try:
                await database.migrate()
                await database.listen(holds=exclusive and not shared)
                try:
                    yield cls(database, None if file is None else files_beside(file))
                finally:
                    await database.finish()
            finally:
                await database.close()
        finally:
            if lock is not None:
                lock.close()
