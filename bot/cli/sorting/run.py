"""One run of `moedex sort`: which files it looks at, where each goes, and what it has to say.

A picture goes to `characters/<name>` where one name alone is above the threshold, to `several`
where more are; without a name it waits for the end, as those that look alike go together.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Final

from bot.cli.console import say
from bot.cli.identify import named, recipe_of, with_progress
from bot.cli.sorting.companions import other_kind, surely_other_kind
from bot.cli.sorting.errors import SortError, reason
from bot.cli.sorting.moving import How, digest, is_full
from bot.cli.sorting.names import folder_names, safe_name
from bot.cli.sorting.shelf import UNKNOWN, Seen, Shelf

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from models.bulk import BulkNaming, FileError, FileResult

CHARACTERS: Final = "characters"
SERIES: Final = "series"
NO_SERIES: Final = "no_series"
SEVERAL: Final = "several"
NO_FACE: Final = "no_face"

AT_ONCE: Final = 4000
"""Unknown faces that are compared with each other at once: their distances take 128 MB."""

NO_PICTURE: Final = ("not_a_picture", "empty", "too_large_bytes")
"""Why a file of another kind is not read."""


class By(StrEnum):
    """What the folders are named after."""

    CHARACTER = "character"
    SERIES = "series"


class SortingRun:
    """One run: what it puts on the shelf, and what it has to say at the end.

    `unread`: files that could not be read; `refused`: those that could not be put where they go.
    """

    def __init__(self, shelf: Shelf, by: By, how: How, *, dry_run: bool) -> None:
        self.unread = self.refused = 0
        self._shelf = shelf
        self._by = by
        self._how = how
        self._dry_run = dry_run
        self._names: Mapping[str, str] = {}
        self._others: Counter[str] = Counter()

    def entries(self, paths: Sequence[Path]) -> list[Path | FileResult]:
        """What is to be looked at of the paths given, without companions and films."""
        from models.bulk import collect

        wanted: list[Path | FileResult] = []
        for entry, given in {entry: path for path in paths for entry in collect([path])}.items():
            if not isinstance(entry, Path):
                wanted.append(entry)
            elif not self._shelf.wants(entry, given=given) or self._shelf.beside.is_one(entry):
                continue
            elif surely_other_kind(entry):
                self._count_other(entry)
            else:
                wanted.append(entry)
        return wanted

    def sort(
        self,
        entries: list[Path | FileResult],
        config: Path | None,
        gallery: Path | None,
        *,
        cluster: bool,
    ) -> bool:
        """Sort the entries; whether Ctrl+C ended it. Raises SortError, StartupError, OSError."""
        from bot.config import load_config

        settings = load_config(config)
        if not entries:
            return False
        recipe = recipe_of(settings)
        naming = recipe.load()
        shipped = naming.identifier.namer.gallery.characters
        if gallery is not None:
            naming = _with_own(naming, gallery, self._shelf)
        self._names = folder_names(shipped, naming.gallery.characters if naming.gallery else ())
        unnamed: list[Seen] = []
        ended = False
        try:
            results = (
                named(recipe, entries, naming.gallery, cluster=True)
                if cluster
                else naming.name_all(entries)
            )
            for result in with_progress(results, len(entries)):
                if result.error:
                    self._not_read(result.file, result.error)
                elif (folder := self._folder_of(result)) == UNKNOWN:
                    unnamed.append(Seen.of(result))
                else:
                    self._put(Seen.of(result), folder)
        except KeyboardInterrupt:  # the unknown so far would have to be looked at again
            ended = True
        folders = self._shelf.group(_groups(unnamed), [seen.file for seen in unnamed])
        for seen, folder in zip(unnamed, folders, strict=True):
            self._put(seen, folder)
        self._shelf.tidy()
        return ended

    def sum_up(self) -> None:
        """Say what was done."""
        shelf = self._shelf
        for target, source in shelf.planned.items():
            say(f"{source} -> {target}")
        for folder, count in sorted(shelf.counts.items(), key=lambda item: (-item[1], item[0])):
            say(f"{count:6}  {folder}")
        if self._others:
            kinds = ", ".join(f"{count} {kind}" for kind, count in self._others.most_common())
            total = self._others.total()
            say(f"{total} of other kinds left alone: {kinds}.")
        would = "would be sorted" if self._dry_run else "sorted"
        parts = [f"{shelf.counts.total()} {would} into {shelf.folder}"]
        if shelf.companions:
            parts.append(f"{shelf.companions} companions with them")
        if shelf.stayed:
            parts.append(f"{shelf.stayed} stay where they are in it")
        if shelf.before:
            parts.append(f"{shelf.before} were already")
        if self.refused:
            parts.append(f"{self.refused} could not be put there and stay where they are")
        if self.unread:
            parts.append(f"{self.unread} could not be read and stay where they are")
        say("; ".join(parts) + ".")
        if self._dry_run:
            say("A dry run: nothing was touched.")

    def _not_read(self, file: Path, error: FileError) -> None:
        if error.code in NO_PICTURE and other_kind(file):
            self._count_other(file)
        else:
            self.unread += 1
            say(error.message, err=True)

    def _count_other(self, file: Path) -> None:
        self._others[file.suffix.lower() or "without an ending"] += 1

    def _put(self, seen: Seen, folder: str) -> None:
        """Put a picture into its folder, or say why not. Raises OSError: the disk is full."""
        try:
            refused = self._shelf.put(seen, folder)
        except OSError as error:
            refused = [(seen.file, error)]
        for file, error in refused:
            if is_full(error):
                raise error
            self.refused += 1
            done = {How.COPY: "copied", How.LINK: "linked to", How.MOVE: "moved"}[self._how]
            say(f"“{file}” can't be {done}: {reason(error)}.", err=True)

    def _folder_of(self, result: FileResult) -> str:
        """Where a picture goes, below the target."""
        known = {
            face.best.character.id: face.best.character for face in result.faces if not face.unknown
        }
        if not known:
            return UNKNOWN if result.faces else NO_FACE
        if self._by is By.SERIES:
            series = {safe_name(c.series) if c.series else NO_SERIES for c in known.values()}
            return f"{SERIES}/{series.pop()}" if len(series) == 1 else SEVERAL
        if len(known) > 1:
            return SEVERAL
        (id_,) = known
        # A target of the time when folders were called by ids goes on with those that it has.
        former = f"{CHARACTERS}/{id_}"
        return former if self._shelf.has(former) else f"{CHARACTERS}/{self._names[id_]}"


def _with_own(naming: BulkNaming, folder: Path, shelf: Shelf) -> BulkNaming:
    """Name the characters of a folder as well. Raises SortError."""
    from models.bulk import gallery_of

    def grouped(file: Path) -> bool:
        return shelf.has_grouped(digest(file))

    files = [
        file
        for file in sorted(folder.glob("*/*"))
        if not file.name.startswith(".") and not shelf.beside.is_one(file)
    ]
    own = gallery_of(files, naming, lambda why: say(why, err=True), grouped)
    if own is None:
        raise SortError(
            f"“{folder}” has nobody to learn: put one to five pictures of each character into a "
            f"folder named after it, “{folder}/<character>”."
        )
    return replace(naming, gallery=naming.identifier.namer.gallery.extended(own))


def _groups(unnamed: Sequence[Seen]) -> list[int | None]:
    """The group, from 0, of each picture with a face; None for one that keeps to itself."""
    from models.gallery.clustering import group_alike

    return group_alike([seen.vector for seen in unnamed if seen.vector is not None], AT_ONCE)
