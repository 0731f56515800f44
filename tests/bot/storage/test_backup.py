"""Backup and restore of real storages, and what they refuse."""

from __future__ import annotations

import json
import zipfile
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
