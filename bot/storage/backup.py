"""Backups: one file with a consistent copy of the database and the files kept beside it."""

from __future__ import annotations

import json
import shutil
import sqlite3
import tempfile
import zipfile
from contextlib import closing
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

from bot.storage.errors import StorageError
from bot.storage.location import files_beside, hold, sqlite_file
from bot.storage.schema import known_revision

_DATABASE = "moedex.db"
_MANIFEST = "manifest.json"
_FILES = "files/"
_FORMAT = 1
_MANIFEST_BYTES = 64 * 1024
_PACKED_BY = 200
"""So many times its size a backup unpacks to at most: a database does some ten, a bomb 1,000."""


def back_up(url: str, target: Path) -> int:
    """Write a backup of the SQLite storage at `url` to the new file `target`; return its bytes.

    The bot may run meanwhile: what is copied is one moment of the database.

    Raises StorageError if there is nothing to back up, or `target` exists or can't be written.
    """
    file = _file(url)
    if not file.is_file():
        raise StorageError(f"There is no storage at {file}: nothing to back up.")
    if target.exists():
        raise StorageError(f"{target} exists already: name another file.")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=target.parent) as folder:
            copy = Path(folder, _DATABASE)
            revision = _copy_database(file, copy)
            archive = Path(folder, "backup.zip")
            _pack(archive, copy, files_beside(file), revision)
            archive.replace(target)
    except OSError as error:
        raise StorageError(f"{target} can't be written ({error.strerror}).") from error
    except sqlite3.DatabaseError as error:
        raise StorageError(f"Storage {file} can't be read: {error}.") from error
    return target.stat().st_size


def restore(url: str, source: Path, *, replace: bool = False) -> datetime:
    """Put the backup `source` in the place of the SQLite storage at `url`; return its time.

    Nothing is touched until the whole backup was unpacked and found sound.

    Raises StorageError if `source` is no backup, is damaged, or was made by a newer Moedex, if
    there is a storage already and `replace` is false, and StorageInUseError if a bot runs on it.
    """
    file = _file(url)
    file.parent.mkdir(parents=True, exist_ok=True)
    lock = hold(file)
    try:
        if file.exists() and not replace:
            raise StorageError(f"There is a storage at {file} already; --replace takes its place.")
        with tempfile.TemporaryDirectory(dir=file.parent) as folder:
            made = _unpack(source, Path(folder))
            _put_in_place(Path(folder), file)
    finally:
        lock.close()
    return made


def revision_of(file: Path) -> str | None:
    """Return the schema of a database file, None if it has none yet.

    Raises StorageError if it is no sound database.
    """
    try:
        with closing(sqlite3.connect(f"file:{file}?mode=ro", uri=True, timeout=15)) as database:
            return _revision(database)
    except sqlite3.DatabaseError as error:
        raise StorageError(f"Storage {file} can't be read: {error}.") from error


def _file(url: str) -> Path:
    file = sqlite_file(url)
    if file is None:
        raise StorageError(
            "Only an SQLite file can be backed up: use pg_dump, or make a file of the database by "
            "`moedex storage copy` and back that up (docs/storage.md)."
        )
    return file


def _copy_database(file: Path, copy: Path) -> str | None:
    with closing(sqlite3.connect(f"file:{file}?mode=ro", uri=True, timeout=15)) as database:
        database.execute("VACUUM INTO ?", (str(copy),))
    with closing(sqlite3.connect(copy)) as database:
        return _revision(database)


def _revision(database: sqlite3.Connection) -> str | None:
    row = database.execute("SELECT version_num FROM alembic_version").fetchone()
    return None if row is None else str(row[0])


def _pack(archive: Path, database: Path, files: Path, revision: str | None) -> None:
    manifest = {
        "format": _FORMAT,
        "moedex": version("moedex"),
        "schema": revision,
        "made": datetime.now(UTC).isoformat(timespec="seconds"),
    }
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr(_MANIFEST, json.dumps(manifest, indent=2))
        packed.write(database, _DATABASE)
        for path in sorted(files.rglob("*")) if files.is_dir() else ():
            try:
                if path.is_file():
                    packed.write(path, _FILES + path.relative_to(files).as_posix())
            except FileNotFoundError:
                continue  # erased since it was listed, as a deleted message's crops are


def _unpack(source: Path, folder: Path) -> datetime:
    """Unpack a backup into `folder` and check it; return when it was made."""
    try:
        with zipfile.ZipFile(source) as packed:
            _check_contents(packed, source, folder)
            manifest = json.loads(packed.read(_MANIFEST))
            if manifest["format"] != _FORMAT or not known_revision(manifest["schema"]):
                raise StorageError(
                    f"{source} was made by a newer Moedex ({manifest['moedex']}): upgrade first."
                )
            # extractall drops absolute paths and "..", so nothing lands outside the folder.
            packed.extractall(folder)
            made = datetime.fromisoformat(manifest["made"])
    except FileNotFoundError:
        raise StorageError(f"There is no file {source}.") from None
    except (zipfile.BadZipFile, KeyError, ValueError, OSError) as error:
        raise StorageError(f"{source} is not a sound Moedex backup: {error}.") from error
    try:
        with closing(sqlite3.connect(folder / _DATABASE)) as database:
            sound = database.execute("PRAGMA integrity_check").fetchone() == ("ok",)
            # No schema of ours has any; in a file of somebody else they would act in our name.
            acts = "SELECT 1 FROM sqlite_master WHERE type IN ('trigger', 'view')"
            sound = sound and database.execute(acts).fetchone() is None
            same = _revision(database) == manifest["schema"]
    except sqlite3.DatabaseError:
        sound = same = False
    if not sound or not same:
        raise StorageError(f"{source} is not a sound Moedex backup: its database is damaged.")
    return made


def _check_contents(packed: zipfile.ZipFile, source: Path, folder: Path) -> None:
    """Refuse, before anything is unpacked, what no backup has. Raises StorageError, KeyError."""
    parts = packed.infolist()
    known = all(
        p.filename in {_DATABASE, _MANIFEST} or p.filename.startswith(_FILES) for p in parts
    )
    size = sum(part.file_size for part in parts)
    if (
        not known
        or packed.getinfo(_MANIFEST).file_size > _MANIFEST_BYTES
        or size > _PACKED_BY * source.stat().st_size
    ):
        raise StorageError(f"{source} is not a sound Moedex backup: it holds what no backup does.")
    free = shutil.disk_usage(folder).free
    if size > free:
        raise StorageError(
            f"{source} takes {size / 2**20:,.0f} MB unpacked, and {free / 2**20:,.0f} MB are free."
        )


def _put_in_place(folder: Path, file: Path) -> None:
    for leftover in (f"{file.name}-wal", f"{file.name}-shm"):
        file.with_name(leftover).unlink(missing_ok=True)
    (folder / _DATABASE).replace(file)
    files = files_beside(file)
    if files.exists():
        shutil.rmtree(files)
    if (folder / _FILES).exists():
        (folder / _FILES).replace(files)
