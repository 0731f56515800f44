"""Which files go along with a picture, and which are no concern of sorting at all.

What downloaders, taggers and photo programs write beside `x.jpg` goes where it goes: `x.jpg.json`,
`x.txt`, `x.xmp`. A file that could belong to two pictures belongs to the first by name.
"""

from __future__ import annotations

import mimetypes
import os
from pathlib import Path
from typing import Final

from models.images.formats import promises_picture

COMPANIONS: Final = frozenset(
    [".caption", ".json", ".tags", ".txt", ".xml", ".xmp", ".yaml", ".yml"]
)


class Companions:
    """Finds companions on the disk; each folder is looked into once."""

    def __init__(self) -> None:
        self._folders: dict[Path, dict[str, list[str]]] = {}

    def of(self, picture: Path) -> list[Path]:
        """The files beside a picture that go along with it, sorted."""
        names = self._owned(picture.parent).get(picture.name, [])
        return [picture.with_name(name) for name in names]

    def is_one(self, file: Path) -> bool:
        """Whether a file goes along with a picture beside it."""
        if file.suffix.lower() not in COMPANIONS:
            return False
        return any(file.name in names for names in self._owned(file.parent).values())

    def _owned(self, folder: Path) -> dict[str, list[str]]:
        """The names of the companions in a folder by the name of their picture."""
        if folder in self._folders:
            return self._folders[folder]
        try:
            names = sorted(name for name in os.listdir(folder) if not name.startswith("."))
        except OSError:
            names = []
        pictures = {name: name for name in names if _may_be_picture(name)}
        stems = {os.path.splitext(name)[0]: name for name in reversed(pictures)}
        owned: dict[str, list[str]] = {}
        for name in names:
            beginning, ending = os.path.splitext(name)
            if ending.lower() in COMPANIONS and (owner := _owner(beginning, pictures, stems)):
                owned.setdefault(owner, []).append(name)
        self._folders[folder] = owned
        return owned


def other_kind(file: Path) -> bool:
    """Whether nobody expects a file of this name to be a picture: then it is not a bad one."""
    return not promises_picture(file.name)


def surely_other_kind(file: Path) -> bool:
    """Whether it need not even be opened: films are large."""
    kind = mimetypes.guess_type(file.name)[0] or ""
    return kind.startswith(("video/", "audio/"))


def _may_be_picture(name: str) -> bool:
    ending = os.path.splitext(name)[1].lower()
    if promises_picture(name):
        return True
    kind = mimetypes.guess_type(name)[0] or "image/"
    return ending not in COMPANIONS and kind.startswith("image/")


def _owner(beginning: str, pictures: dict[str, str], stems: dict[str, str]) -> str | None:
    """The picture that `beginning` is the name of, or its name without the ending.

    Of `x.jpg.supplemental-metadata` it is x.jpg.
    """
    if beginning in pictures:
        return beginning
    if beginning in stems:
        return stems[beginning]
    while "." in beginning:
        beginning = beginning.rpartition(".")[0]
        if beginning in pictures:
            return beginning
    return None
