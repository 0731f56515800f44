"""Where a database is: its URL, its file, the files that belong to it, and the lock on it."""

from __future__ import annotations

from pathlib import Path

from filelock import ReadWriteLock, Timeout
from sqlalchemy import make_url
from sqlalchemy.exc import ArgumentError

from bot.storage.errors import StorageError, StorageInUseError


def sqlite_url(file: Path) -> str:
    """Return the URL of an SQLite file."""
    return f"sqlite+aiosqlite:///{file}"


def sqlite_file(url: str) -> Path | None:
    """Return the file of an SQLite URL, None for another database or one in memory.

    Raises StorageError if `url` is no SQLAlchemy URL.
    """
    try:
        parsed = make_url(url)
    except (ArgumentError, ValueError):  # whose texts hold the address, and so its password
        raise StorageError("[storage] url is not an SQLAlchemy URL.") from None
    if parsed.get_backend_name() != "sqlite" or parsed.database in (None, "", ":memory:"):
        return None
    return Path(str(parsed.database))


def files_beside(file: Path) -> Path:
    """Return the folder of the files that belong to the database `file`; backups take it along."""
    return file.with_name(f"{file.stem}-files")


def shown(url: str) -> str:
    """Return `url` as it may be printed: without a password, wherever in it that stands."""
    parsed = make_url(url)
    if "password" in parsed.query:
        parsed = parsed.update_query_dict({"password": "***"})
    return parsed.render_as_string(hide_password=True)


def hold(file: Path, *, shared: bool = False) -> ReadWriteLock:
    """Take the lock of the database `file`; the system lets go of it when the process ends.

    `shared`: beside others who share it, bots that run a slice of the shards each. Closing the lock
    gives it up. Raises StorageInUseError if another process holds it so that it can't be taken.
    """
    lock, others = _taken(file, shared=shared), _IN_USE
    if lock is None and not shared and (beside := _taken(file, shared=True)) is not None:
        beside.close()
        others = _SLICED
    elif lock is None and shared:
        others = _UNSLICED
    if lock is None:
        raise StorageInUseError(f"Storage {file} is in use by {others}.")
    return lock


_IN_USE = "another Moedex process: stop that one first"
_SLICED = (
    "another Moedex process, a bot with a slice of the shards: stop that one first, or run this "
    "one with a slice too (docs/operating.md)"
)
_UNSLICED = (
    "another Moedex process that shares it with nobody, such as a bot without a slice of the "
    "shards: stop that one first"
)


def _taken(file: Path, *, shared: bool) -> ReadWriteLock | None:
    """Take the lock of a database, or return None where another process holds it."""
    lock = ReadWriteLock(file.with_name(file.name + ".lock"), blocking=False, is_singleton=False)
    try:
        if shared:
            lock.acquire_read()
        else:
            lock.acquire_write()
    except Timeout:
        lock.close()
        return None
    return lock
