"""Crops of faces as files in one folder beside the database, by server."""

from __future__ import annotations

import asyncio
import secrets
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

if TYPE_CHECKING:
    from collections.abc import Iterable

    from bot.config import LearningConfig
    from bot.storage import Storage
    from models.types import Pixels

_QUALITY = 92
_WITHOUT_FILE = Path("data/crops")


def crop_folder(config: LearningConfig, storage: Storage) -> Path:
    """Return where crops are kept: as configured, else with the database's own files."""
    if config.crops:
        return Path(config.crops)
    return _WITHOUT_FILE if storage.files is None else storage.files / "crops"


class CropStore:
    """The crop folder. Names are `<server>/<token>.webp`; a row in the database holds each."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._unrecorded: set[str] = set()

    async def save(self, server_id: int, crops: Iterable[Pixels]) -> list[str]:
        """Write crops, (side, side, 3) uint8 RGB each; return their names.

        No sweep removes them before `recorded` says that rows hold them.
        """
        return await asyncio.to_thread(self._save, server_id, list(crops))

    def recorded(self, names: Iterable[str]) -> None:
        """Say that rows hold these crops, or that nothing ever will."""
        self._unrecorded.difference_update(names)

    async def load(self, name: str) -> bytes | None:
        """Return a crop's file, None where it is gone."""
        return await asyncio.to_thread(self._read, name)

    async def pixels(self, name: str, side: int) -> Pixels | None:
        """Return a crop's pixels, (side, side, 3), None where it is gone or broken."""
        return await asyncio.to_thread(self._pixels, name, side)

    async def sheet(self, names: Iterable[str], side: int = 128, columns: int = 6) -> bytes | None:
        """Return one PNG of several crops side by side, None where all are gone."""
        return await asyncio.to_thread(self._sheet, list(names), side, columns)

    async def list(self) -> set[str]:
        """Return the names of all files that rows should hold by now."""
        files = await asyncio.to_thread(lambda: list(self.folder.glob("*/*.webp")))
        return {f"{file.parent.name}/{file.name}" for file in files} - self._unrecorded

    async def delete(self, names: Iterable[str]) -> None:
        """Delete files; those that are gone already are fine."""

        def delete() -> None:
            for name in names:
                (self.folder / name).unlink(missing_ok=True)

        await asyncio.to_thread(delete)

    def _save(self, server_id: int, crops: list[Pixels]) -> list[str]:
        folder = self.folder / str(server_id)
        folder.mkdir(parents=True, exist_ok=True)
        names: list[str] = []
        for crop in crops:
            name = f"{server_id}/{secrets.token_hex(12)}.webp"
            self._unrecorded.add(name)
            buffer = BytesIO()
            Image.fromarray(crop).save(buffer, "WEBP", quality=_QUALITY, method=2)
            (self.folder / name).write_bytes(buffer.getvalue())
            names.append(name)
        return names

    def _read(self, name: str) -> bytes | None:
        try:
            return (self.folder / name).read_bytes()
        except OSError:
            return None

    def _pixels(self, name: str, side: int) -> Pixels | None:
        try:
            with Image.open(self.folder / name) as image:
                size = (side, side)
                return np.asarray(image.convert("RGB").resize(size, Image.Resampling.LANCZOS))
        except OSError:
            return None

    def _sheet(self, names: list[str], side: int, columns: int) -> bytes | None:
        crops = [crop for name in names if (crop := self._pixels(name, side)) is not None]
        if not crops:
            return None
        columns = min(columns, len(crops))
        rows = -(-len(crops) // columns)
        sheet = Image.new("RGB", (columns * side, rows * side), "white")
        for i, crop in enumerate(crops):
            tile = Image.fromarray(crop)
            sheet.paste(tile, (i % columns * side, i // columns * side))
        buffer = BytesIO()
        sheet.save(buffer, "PNG")
        return buffer.getvalue()
