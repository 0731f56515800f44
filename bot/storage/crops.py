"""Crops of faces as files in one folder beside the database, by server.

Beside a crop lies its thumbnail, once one was asked for; it goes with the crop. While no row holds
a crop yet, a mark lies beside it: a bot and a site that share the folder leave each other's alone.
"""

from __future__ import annotations

import asyncio
import secrets
import time
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from models.images.crop_files import contact_sheet, read_crop, write_crop, write_thumbnail

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from bot.config import LearningConfig
    from models.types import Pixels

_WITHOUT_FILE = Path("data/crops")
_THUMBNAILS = "thumbnails"
_MARK = ".unrecorded"
_MARKED_S = 3600.0
"""Seconds after which a mark was left behind by a process that is gone."""


def crop_folder(config: LearningConfig, files: Path | None) -> Path:
    """Return where crops are kept: as configured, else in the database's own folder `files`."""
    if config.crops:
        return Path(config.crops)
    return _WITHOUT_FILE if files is None else files / "crops"


class CropStore:
    """The crop folder. Names are `<server>/<token>.webp`; a row in the database holds each."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    async def save(self, server_id: int, crops: Iterable[Pixels]) -> list[str]:
        """Write crops, (side, side, 3) uint8 RGB each; return their names.

        No sweep removes them, in this process or another, before `recorded` says that rows hold
        them.
        """
        return await asyncio.to_thread(self._save, server_id, list(crops))

    def recorded(self, names: Iterable[str]) -> None:
        """Say that rows hold these crops, or that nothing ever will."""
        for name in names:
            self._mark(name).unlink(missing_ok=True)

    async def load(self, name: str) -> bytes | None:
        """Return a crop's file, None where it is gone."""
        return await asyncio.to_thread(self._read, name)

    async def thumbnail(self, name: str) -> bytes | None:
        """Return a crop's thumbnail, a small WebP file, None where the crop is gone or broken.

        It is made the first time that it is asked for.
        """
        return await asyncio.to_thread(self._thumbnail, name)

    async def thumbnails(self, names: Sequence[str]) -> list[bytes | None]:
        """Return the thumbnails of many crops; see `thumbnail`."""
        return await asyncio.to_thread(lambda: [self._thumbnail(name) for name in names])

    async def pixels(self, name: str, side: int) -> Pixels | None:
        """Return a crop's pixels, (side, side, 3), None where it is gone or broken."""
        return await asyncio.to_thread(self._pixels, name, side)

    async def sheet(
        self,
        names: Sequence[str],
        side: int = 128,
        columns: int = 6,
        *,
        numbers: Sequence[int] | None = None,
    ) -> bytes | None:
        """Return one PNG of several crops side by side, None where all are gone.

        `numbers` are drawn on them.
        """
        return await asyncio.to_thread(self._sheet, names, side, columns, numbers)

    async def list(self) -> set[str]:
        """Return the names of all files that rows should hold by now."""
        return await asyncio.to_thread(self._list)

    async def delete(self, names: Iterable[str]) -> None:
        """Delete files; those that are gone already are fine."""

        def delete() -> None:
            for name in names:
                (self.folder / name).unlink(missing_ok=True)
                self._thumbnail_file(name).unlink(missing_ok=True)
                self._mark(name).unlink(missing_ok=True)

        await asyncio.to_thread(delete)

    def _save(self, server_id: int, crops: list[Pixels]) -> list[str]:
        folder = self.folder / str(server_id)
        folder.mkdir(parents=True, exist_ok=True)
        names: list[str] = []
        for crop in crops:
            name = f"{server_id}/{secrets.token_hex(12)}.webp"
            self._mark(name).touch()
            (self.folder / name).write_bytes(write_crop(crop))
            names.append(name)
        return names

    def _list(self) -> set[str]:
        files = list(self.folder.glob("*/*.webp"))
        now = time.time()
        marked = set[str]()
        for mark in self.folder.glob(f"*/*{_MARK}"):
            with suppress(FileNotFoundError):  # a row holds it by now
                if now - mark.stat().st_mtime < _MARKED_S:
                    marked.add(f"{mark.parent.name}/{mark.stem}")
                else:
                    mark.unlink()
        # Those that a row holds since are in the rows that are read after this.
        return {f"{file.parent.name}/{file.name}" for file in files} - marked

    def _mark(self, name: str) -> Path:
        file = self.folder / name
        return file.with_name(file.name + _MARK)

    def _read(self, name: str) -> bytes | None:
        try:
            return (self.folder / name).read_bytes()
        except OSError:
            return None

    def _thumbnail_file(self, name: str) -> Path:
        file = self.folder / name
        return file.parent / _THUMBNAILS / file.name

    def _thumbnail(self, name: str) -> bytes | None:
        file = self._thumbnail_file(name)
        try:
            return file.read_bytes()
        except OSError:
            pass
        data = self._read(name)
        made = None if data is None else write_thumbnail(data)
        if made is None:
            return None
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(made)
        if not (self.folder / name).exists():  # the crop was erased meanwhile
            file.unlink(missing_ok=True)
            return None
        return made

    def _pixels(self, name: str, side: int) -> Pixels | None:
        data = self._read(name)
        return None if data is None else read_crop(data, side)

    def _sheet(
        self, names: Sequence[str], side: int, columns: int, numbers: Sequence[int] | None
    ) -> bytes | None:
        crops = [self._pixels(name, side) for name in names]
        texts = [""] * len(names) if numbers is None else [str(number) for number in numbers]
        shown = [(crop, text) for crop, text in zip(crops, texts, strict=True) if crop is not None]
        return contact_sheet(shown, columns) if shown else None
