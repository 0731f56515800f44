"""A folder of `series/character/pictures`."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING

from bot.enrolment.found import (
    FoundCharacter,
    FoundPicture,
    PictureUnavailableError,
    SourceError,
)
from models.roster.spelling import can_be_read

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator


class FolderSource:
    """Reads the operator's own pictures; hidden files and links to folders are left out."""

    most = 100
    crops = True
    local = True

    def __init__(self, folder: Path, max_bytes: int) -> None:
        self._folder = folder
        self._max_bytes = max_bytes
        self.key = f"folder:{folder.resolve().name}"
        self.title = f"the folder {folder.resolve().name}"

    async def open(self) -> None:
        """See whether there is anybody, and all have a name. Raises SourceError."""
        people = await asyncio.to_thread(lambda: list(self._people()))
        nameless = next((folder for folder in people if not can_be_read(folder.name)), None)
        if nameless is not None:
            raise SourceError(
                f"“{nameless}” is no name: give the folder one with a letter or a digit."
            )
        if not people:
            raise SourceError(
                f"“{self._folder}” has nobody to learn: put pictures into "
                f"“{self._folder}/<series>/<character>”."
            )

    async def characters(self) -> AsyncIterator[FoundCharacter]:
        """Return the characters, by series and name."""
        for folder in await asyncio.to_thread(lambda: list(self._people())):
            ref = folder.relative_to(self._folder).as_posix()
            yield FoundCharacter(ref, _words(folder.name), _words(folder.parent.name))

    async def pictures(self, character: FoundCharacter) -> AsyncIterator[FoundPicture]:
        """Return the files of a character, sorted."""
        folder = self._folder / character.ref
        for file in await asyncio.to_thread(lambda: sorted(_visible(folder))):
            if file.is_file():
                yield FoundPicture(f"{character.ref}/{file.name}", str(file))

    async def fetch(self, picture: FoundPicture) -> bytes:
        """Return a file. Raises PictureUnavailableError."""
        return await asyncio.to_thread(self._read, Path(picture.at))

    def _read(self, file: Path) -> bytes:
        try:
            if file.stat().st_size > self._max_bytes:
                raise PictureUnavailableError(f"it has more than {self._max_bytes / 2**20:.0f} MB")
            return file.read_bytes()
        except OSError as error:
            raise PictureUnavailableError((error.strerror or str(error)).lower()) from error

    def _people(self) -> Iterator[Path]:
        """Return the folders of characters, sorted."""
        for series in sorted(_visible(self._folder)):
            if series.is_dir() and not series.is_symlink():
                for character in sorted(_visible(series)):
                    if character.is_dir() and not character.is_symlink():
                        yield character


def _words(name: str) -> str:
    """Return a folder's name as a title is written: underscores are spaces."""
    return name.replace("_", " ").strip()


def _visible(folder: Path) -> list[Path]:
    try:
        return [path for path in folder.iterdir() if not path.name.startswith(".")]
    except OSError as error:
        raise SourceError(f"“{folder}” can't be read: {error.strerror or error}.") from error
