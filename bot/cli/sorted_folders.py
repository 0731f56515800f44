"""The folders that `moedex sort` puts pictures into, and the record of what went where."""

from __future__ import annotations

import csv
import errno
import filecmp
import os
import shutil
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Final, Literal, TextIO

if TYPE_CHECKING:
    from models.bulk import FileResult
    from models.types import Guess, Vector

UNKNOWN: Final = "unknown"
GROUP: Final = "group_"
RECORD: Final = "sorted.csv"
COLUMNS: Final = ("file", "to", "best", "probability", "faces")


class How(StrEnum):
    """What becomes of the picture where it was."""

    COPY = "copy"
    LINK = "link"
    MOVE = "move"


class SortError(Exception):
    """What was asked for can't be done; the text says why."""


@dataclass(frozen=True, slots=True)
class Seen:
    """What is kept of a picture until it is put into its folder; its crops would take too much.

    `best`: the most probable guess. `vector`: of the largest face. None without a face.
    """

    file: Path
    faces: int
    best: Guess | None
    vector: Vector | None

    @classmethod
    def of(cls, result: FileResult) -> Seen:
        """Take of a named picture what is kept."""
        largest = max(result.faces, key=lambda named: named.face.box.side, default=None)
        return cls(
            result.file,
            len(result.faces),
            max((each.best for each in result.faces), key=lambda g: g.probability, default=None),
            largest.vector.copy() if largest else None,
        )


class Shelf:
    """The target: puts pictures into its folders and keeps the record of it.

    `counts`: pictures put into each folder. `before`: how many of those asked for the record has
    already.
    """

    def __init__(self, folder: Path, how: How) -> None:
        self.folder = folder
        self.counts: Counter[str] = Counter()
        self.before = 0
        self._how = how
        self._own = folder.resolve()
        self._record = folder / RECORD
        self._known = _recorded(self._record)
        groups = (folder / UNKNOWN).glob(f"{GROUP}*")
        numbers = [int(n) for path in groups if (n := path.name.removeprefix(GROUP)).isdecimal()]
        self._first_group = max(numbers, default=0) + 1

    def wants(self, entry: Path | FileResult, *, given: Path) -> bool:
        """Whether an entry of `collect` is to be sorted; `given` is what it was collected from.

        Not what the record has. Of the target itself only what is unknown, where that is given:
        what was put elsewhere may have been put right by hand.
        """
        if not isinstance(entry, Path):
            return True
        if self._holds(entry):
            return self._holds(given) and entry.resolve().is_relative_to(self._own / UNKNOWN)
        known = os.path.abspath(entry) in self._known
        self.before += known
        return not known

    def put(self, seen: Seen, folder: str) -> None:
        """Put a picture into a folder of the target, over none. Raises OSError."""
        source, best = seen.file, seen.best
        target, number = self.folder / folder / source.name, 1
        target.parent.mkdir(parents=True, exist_ok=True)
        while target.exists() and not filecmp.cmp(source, target, shallow=False):
            number += 1
            target = target.with_name(f"{source.stem}-{number}{source.suffix}")
        _place(source, target, How.MOVE if self._holds(source) else self._how)
        self._note(
            os.path.abspath(source),
            target.relative_to(self.folder).as_posix(),
            best.character.id if best else "",
            f"{best.probability:.3f}" if best else "",
            str(seen.faces),
        )
        self.counts[folder] += 1

    def group(self, number: int) -> str:
        """The name of a group, from 0; groups of former times keep theirs."""
        return f"{GROUP}{self._first_group + number}"

    def tidy(self) -> None:
        """Remove the groups out of which every picture was moved."""
        for folder in (self.folder / UNKNOWN).glob(f"{GROUP}*"):
            with suppress(OSError):  # it has pictures
                folder.rmdir()

    def _note(self, *row: str) -> None:
        """Add a row to the record, which is whole whenever the process ends."""
        with _opened(self._record, "a") as file:
            rows = csv.writer(file)
            if file.tell() == 0:
                rows.writerow(COLUMNS)
            rows.writerow(row)

    def _holds(self, path: Path) -> bool:
        return path.resolve().is_relative_to(self._own)


def _opened(path: Path, mode: Literal["r", "a"]) -> TextIO:
    """Open a record: the names of files in it need not be proper text."""
    return path.open(mode, newline="", encoding="utf-8", errors="surrogateescape")


def _recorded(path: Path) -> set[str]:
    """The files that a record names, as absolute paths. Raises SortError."""
    if not path.exists():
        return set()
    try:
        with _opened(path, "r") as file:
            return {row["file"] for row in csv.DictReader(file)}
    except (KeyError, ValueError, csv.Error):
        raise SortError(
            f"{path} is not a record of moedex sort: name another folder after --into."
        ) from None


def _place(source: Path, target: Path, how: How) -> None:
    """Bring `source` to `target`, which may be the same picture already; never half of it."""
    if not target.exists():
        if how is How.MOVE and _renamed(source, target):
            return
        if how is How.LINK:
            target.hardlink_to(source.resolve())
        else:
            _copy(source, target)
    if how is How.MOVE and _at(source) != _at(target):
        source.unlink()


def _renamed(source: Path, target: Path) -> bool:
    """Whether that is enough to move it: to another disk it isn't, and a link may be relative."""
    if source.is_symlink():
        return False
    try:
        source.rename(target)
    except OSError as error:
        if error.errno != errno.EXDEV:
            raise
        return False
    return True


def _at(path: Path) -> Path:
    """Where a file lies, wherever it may be a link to."""
    return path.parent.resolve() / path.name


def _copy(source: Path, target: Path) -> None:
    part = target.with_name(f".{target.name}.part")
    try:
        shutil.copy2(source, part)
        part.rename(target)
    finally:
        part.unlink(missing_ok=True)
