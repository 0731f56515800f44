"""Backup and restore of real storages, and what they refuse."""

from __future__ import annotations

import json
import shutil
import sqlite3
import zipfile
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest

from bot.storage import Storage, StorageError, StorageInUseError
from bot.storage.backup import back_up, restore
from bot.storage.location import files_beside, sqlite_url


@pytest.fixture
async def file(tmp_path: Path) -> Path:
    """A storage with something in it, and a file beside it."""
    file = tmp_path / "data" / "moedex.db"
    async with Storage.open(file) as storage:
        await storage.settings.update(1, guesses=3)
        assert storage.files == files_beside(file)
    put_beside(file, "crops/a.png", b"a crop")
    return file


def put_beside(file: Path, name: str, data: bytes) -> None:
    path = files_beside(file) / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)


async def guesses(file: Path) -> int:
    async with Storage.open(file) as storage:
        return (await storage.settings.get(1)).guesses


async def test_brings_everything_back(file: Path, tmp_path: Path) -> None:
    saved = tmp_path / "saved.zip"
    assert back_up(sqlite_url(file), saved) > 0
    async with Storage.open(file) as storage:
        await storage.settings.update(1, guesses=1)
    put_beside(file, "crops/b.png", b"a later crop")
    made = restore(sqlite_url(file), saved, replace=True)
    assert made <= datetime.now(UTC)
    assert await guesses(file) == 3
    assert [path.name for path in (files_beside(file) / "crops").iterdir()] == ["a.png"]


async def test_backs_up_while_the_bot_runs(file: Path, tmp_path: Path) -> None:
    saved = tmp_path / "saved.zip"
    async with Storage.open(file) as storage:
        await storage.settings.update(1, guesses=2)
        back_up(sqlite_url(file), saved)
    elsewhere = tmp_path / "elsewhere" / "moedex.db"
    restore(sqlite_url(elsewhere), saved)
    assert await guesses(elsewhere) == 2


async def test_a_running_bot_is_not_pulled_away(file: Path, tmp_path: Path) -> None:
    saved = tmp_path / "saved.zip"
    back_up(sqlite_url(file), saved)
    async with Storage.open(file):
        with pytest.raises(StorageInUseError):
            restore(sqlite_url(file), saved, replace=True)


def test_a_storage_is_replaced_on_request_only(file: Path, tmp_path: Path) -> None:
    saved = tmp_path / "saved.zip"
    back_up(sqlite_url(file), saved)
    with pytest.raises(StorageError, match="--replace"):
        restore(sqlite_url(file), saved)


def test_an_existing_file_is_not_overwritten(file: Path, tmp_path: Path) -> None:
    saved = tmp_path / "saved.zip"
    saved.write_text("precious")
    with pytest.raises(StorageError, match="exists already"):
        back_up(sqlite_url(file), saved)
    assert saved.read_text() == "precious"


def test_nothing_to_back_up(tmp_path: Path) -> None:
    with pytest.raises(StorageError, match="nothing to back up"):
        back_up(sqlite_url(tmp_path / "moedex.db"), tmp_path / "saved.zip")


def changed(saved: Path, name: str, data: bytes) -> Path:
    """Return a copy of a backup with one member replaced."""
    copy = saved.with_name(f"changed-{len(data)}-{name}.zip")
    with zipfile.ZipFile(saved) as before, zipfile.ZipFile(copy, "w") as after:
        for member in before.namelist():
            after.writestr(member, data if member == name else before.read(member))
    return copy


async def test_a_damaged_or_newer_backup_changes_nothing(file: Path, tmp_path: Path) -> None:
    saved = tmp_path / "saved.zip"
    back_up(sqlite_url(file), saved)
    with zipfile.ZipFile(saved) as packed:
        manifest = json.loads(packed.read("manifest.json"))
    text = tmp_path / "text.zip"
    text.write_text("not a zip file")
    newer = json.dumps({**manifest, "schema": "9999"}).encode()
    for bad, reason in (
        (tmp_path / "nowhere.zip", "no file"),
        (text, "not a sound"),
        (changed(saved, "moedex.db", b"damaged"), "damaged"),
        (changed(saved, "manifest.json", b"{}"), "not a sound"),
        (changed(saved, "manifest.json", newer), "newer Moedex"),
    ):
        with pytest.raises(StorageError, match=reason):
            restore(sqlite_url(file), bad, replace=True)
        assert await guesses(file) == 3
        assert (files_beside(file) / "crops" / "a.png").read_bytes() == b"a crop"


@pytest.fixture
def saved(file: Path, tmp_path: Path) -> Path:
    """A backup of the storage."""
    saved = tmp_path / "saved.zip"
    back_up(sqlite_url(file), saved)
    return saved


def with_member(saved: Path, name: str, data: bytes) -> Path:
    """Add a file to a backup."""
    with zipfile.ZipFile(saved, "a", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr(name, data)
    return saved


def files_named(name: str, folder: Path) -> list[Path]:
    return [*folder.rglob(name)]


@pytest.mark.parametrize("name", ["../outside.txt", "/outside.txt", "moedex.toml"])
async def test_a_backup_holds_nothing_but_the_storage(
    file: Path, saved: Path, tmp_path: Path, name: str
) -> None:
    with pytest.raises(StorageError, match="what no backup does"):
        restore(sqlite_url(file), with_member(saved, name, b"x"), replace=True)
    assert not files_named("outside.txt", tmp_path)
    assert await guesses(file) == 3


async def test_a_way_out_of_the_folder_of_files_stays_in_it(
    file: Path, saved: Path, tmp_path: Path
) -> None:
    restore(sqlite_url(file), with_member(saved, "files/../../out.txt", b"x"), replace=True)
    outside = [path for path in files_named("out.txt", tmp_path) if file.parent not in path.parents]
    assert not outside


def test_a_bomb_is_not_unpacked(file: Path, saved: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    bomb = with_member(saved, "files/crops/zeros", bytes(64 * 2**20))
    assert bomb.stat().st_size < 2**20
    monkeypatch.setattr(zipfile.ZipFile, "extractall", lambda *_: pytest.fail("unpacked"))
    with pytest.raises(StorageError, match="what no backup does"):
        restore(sqlite_url(file), bomb, replace=True)


def test_what_the_disk_has_no_room_for_is_not_unpacked(
    file: Path, saved: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    usage = type(shutil.disk_usage(file.parent))(2**30, 2**30, 1000)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage)
    monkeypatch.setattr(zipfile.ZipFile, "extractall", lambda *_: pytest.fail("unpacked"))
    with pytest.raises(StorageError, match="are free"):
        restore(sqlite_url(file), saved, replace=True)


async def test_a_database_that_acts_by_itself_is_refused(
    file: Path, saved: Path, tmp_path: Path
) -> None:
    database = tmp_path / "acting.db"
    with zipfile.ZipFile(saved) as packed:
        database.write_bytes(packed.read("moedex.db"))
    with closing(sqlite3.connect(database)) as connection:
        connection.execute(
            "CREATE TRIGGER acting AFTER UPDATE ON alembic_version "
            "BEGIN DELETE FROM alembic_version; END"
        )
        connection.commit()
    with pytest.raises(StorageError, match="not a sound"):
        restore(sqlite_url(file), changed(saved, "moedex.db", database.read_bytes()), replace=True)
    assert await guesses(file) == 3
