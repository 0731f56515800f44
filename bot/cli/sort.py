"""`moedex sort`: puts pictures into folders by who is in them, without Discord.

Nothing is overwritten, and what was sorted once is left alone the next time: `sorted.csv` in the
target tells. A picture goes to `characters/<id>` where one name alone is above the threshold, to
`several` where more are; without a name it waits for the end, as those that look alike go together.
"""

from __future__ import annotations

import csv
import errno
import filecmp
import os
import shutil
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final, Literal, TextIO

import typer

from bot.cli.identify import bulk_naming, with_progress
from bot.cli.options import ConfigOption, one_line_for

if TYPE_CHECKING:
    from collections.abc import Sequence

    from models.bulk import BulkNaming, FileResult
    from models.types import Guess, Vectors

CHARACTERS: Final = "characters"
SEVERAL: Final = "several"
UNKNOWN: Final = "unknown"
NO_FACE: Final = "no_face"
GROUP: Final = "group_"
RECORD: Final = "sorted.csv"
COLUMNS: Final = ("file", "to", "best", "probability", "faces")

AT_ONCE: Final = 4000
"""Unknown faces that are compared with each other at once: their distances take 128 MB."""


class How(StrEnum):
    """What becomes of the picture where it was."""

    COPY = "copy"
    LINK = "link"
    MOVE = "move"


class SortError(Exception):
    """What was asked for can't be done; the text says why."""


def sort(
    paths: Annotated[
        list[Path], typer.Argument(metavar="FILE|DIR...", help="Pictures, or folders of them.")
    ],
    into: Annotated[
        Path,
        typer.Option("--into", metavar="OUT", file_okay=False, help="Where the folders are made."),
    ],
    gallery: Annotated[
        Path | None,
        typer.Option(
            "--gallery",
            metavar="DIR",
            exists=True,
            file_okay=False,
            help="Characters of your own to name as well: DIR/<character>/<picture>.",
        ),
    ] = None,
    how: Annotated[
        How,
        typer.Option(
            help="Leave the pictures where they are and copy them, or link to them (hard links: no "
            "space is taken), or move them."
        ),
    ] = How.COPY,
    config: ConfigOption = None,
) -> None:
    """Sort pictures into folders by who is in them.

    OUT/characters/NAME has those with one known character, OUT/several those with more, and
    OUT/no_face those without a face. OUT/unknown has the others, in groups of who looks alike.
    OUT/sorted.csv says where each picture went; what is in there is left alone, so the same
    command goes on where it was ended.

    To have a group named, move it to MINE/NAME and sort OUT/unknown again with --gallery MINE:
    pictures of OUT itself are moved. The exit code is 1 if some files could not be read: those
    stay where they are.
    """
    from bot.config import ConfigError, load_config
    from cascades import CascadeError
    from models.bulk import collect
    from models.weight_files import WeightsError

    with one_line_for(ConfigError, CascadeError, WeightsError, SortError, OSError):
        settings = load_config(config)
        shelf = _Shelf(into, how)
        asked = {entry: path for path in paths for entry in collect([path])}
        entries = [entry for entry, path in asked.items() if shelf.wants(entry, given=path)]
        failed, ended = 0, False
        if entries:
            naming = bulk_naming(settings)
            if gallery is not None:
                naming = _with_own(naming, gallery)
            unnamed: list[_Seen] = []
            try:
                for result in with_progress(naming.name_all(entries), len(entries)):
                    if result.error:
                        failed += 1
                        typer.echo(result.error.message, err=True)
                    elif (folder := _folder_of(result)) == UNKNOWN:
                        unnamed.append(_Seen.of(result))
                    else:
                        shelf.put(_Seen.of(result), folder)
            except KeyboardInterrupt:  # the unknown so far would have to be looked at again
                ended = True
            for seen, group in zip(unnamed, _groups(unnamed), strict=True):
                shelf.put(seen, UNKNOWN if group is None else f"{UNKNOWN}/{shelf.group(group)}")
            shelf.tidy()
    for folder, count in sorted(shelf.counts.items(), key=lambda item: (-item[1], item[0])):
        typer.echo(f"{count:6}  {folder}")
    typer.echo(_summary(shelf, failed))
    if ended:
        typer.echo("Ended early: the same command goes on from here.", err=True)
        raise typer.Exit(130)
    if failed:
        raise typer.Exit(1)


def _with_own(naming: BulkNaming, folder: Path) -> BulkNaming:
    """Name the characters of a folder as well. Raises SortError."""
    from models.bulk import gallery_of

    own = gallery_of(folder, naming, lambda why: typer.echo(why, err=True))
    if own is None:
        raise SortError(
            f"“{folder}” has nobody to learn: put one to five pictures of each character into a "
            f"folder named after it, “{folder}/<character>”."
        )
    return replace(naming, gallery=naming.identifier.namer.gallery.extended(own))


def _summary(shelf: _Shelf, failed: int) -> str:
    parts = [f"{shelf.counts.total()} sorted into {shelf.folder}"]
    if shelf.before:
        parts.append(f"{shelf.before} were already")
    if failed:
        parts.append(f"{failed} could not be read and stay where they are")
    return "; ".join(parts) + "."


def _folder_of(result: FileResult) -> str:
    """Where a picture goes, below the target."""
    names = {face.best.character.id for face in result.faces if not face.unknown}
    if len(names) == 1:
        return f"{CHARACTERS}/{names.pop()}"
    if names:
        return SEVERAL
    return UNKNOWN if result.faces else NO_FACE


@dataclass(frozen=True, slots=True)
class _Seen:
    """What is kept of a picture until it is put into its folder; its crops would take too much.

    `best`: the most probable guess. `vector`: of the largest face. None without a face.
    """

    file: Path
    faces: int
    best: Guess | None
    vector: Vectors | None

    @classmethod
    def of(cls, result: FileResult) -> _Seen:
        largest = max(result.faces, key=lambda named: named.face.box.side, default=None)
        return cls(
            result.file,
            len(result.faces),
            max((each.best for each in result.faces), key=lambda g: g.probability, default=None),
            largest.vector.copy() if largest else None,
        )


def _groups(unnamed: Sequence[_Seen]) -> list[int | None]:
    """The group, from 0, of each picture with a face; None for one that keeps to itself."""
    from models.gallery.clustering import group_alike

    return group_alike([seen.vector for seen in unnamed if seen.vector is not None], AT_ONCE)


class _Shelf:
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

    def put(self, seen: _Seen, folder: str) -> None:
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
