"""The folders that `moedex sort` puts pictures into, and the record of what went where."""

from __future__ import annotations

import os
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from bot.cli.sorting.companions import Companions
from bot.cli.sorting.journal import JOURNAL, Journal
from bot.cli.sorting.moving import How, place, same_bytes
from bot.cli.sorting.names import LONGEST, cut
from bot.cli.sorting.tables import Table

if TYPE_CHECKING:
    from collections.abc import Sequence

    from models.bulk import FileResult
    from models.types import Guess, Vector

UNKNOWN: Final = "unknown"
GROUP: Final = "group_"
RECORD: Final = "sorted.csv"
COLUMNS: Final = ("file", "to", "best", "probability", "faces")


def record_of(folder: Path) -> Table:
    """The record of a target folder."""
    what = "a record of moedex sort: name another folder after --into"
    return Table(folder / RECORD, COLUMNS, what)


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
    already. `stayed`: pictures of the target that are where they belong. `companions`: files that
    went along. `planned`: what a dry run would have put where, in order.
    """

    def __init__(self, folder: Path, how: How, *, dry_run: bool = False) -> None:
        self.folder = folder
        self.counts: Counter[str] = Counter()
        self.before = self.stayed = self.companions = 0
        self.planned: dict[Path, Path] = {}
        self.beside = Companions()
        self._placed: set[Path] = set()
        self._how = how
        self._dry_run = dry_run
        self._own = Path(os.path.realpath(folder))
        self._record = record_of(folder)
        self._journal = Journal(folder / JOURNAL)
        steps = self._journal.steps()
        last = {os.path.abspath(self._journal.place_of(s.source)): s.kind for s in steps}
        moved = {file for file, kind in last.items() if kind in ("move", "merge")}
        # What lies where something was moved away from is another picture.
        self._known = {row["file"] for row in self._record.read()} - moved
        self._grouped = {
            step.sha256 for step in steps if Path(step.target).parent.name.startswith(GROUP)
        }
        numbers = [n for path in (folder / UNKNOWN).glob(f"{GROUP}*") if (n := _number(path))]
        self._last_group = max(numbers, default=0)

    def wants(self, entry: Path, *, given: Path) -> bool:
        """Whether a file is to be sorted; `given` is what it was collected from.

        Not what the record has. Of the target itself only what is unknown, where that is given:
        what was put elsewhere may have been put right by hand.
        """
        if self._holds(entry):
            real = Path(os.path.realpath(entry))
            return self._holds(given) and real.is_relative_to(self._own / UNKNOWN)
        known = os.path.abspath(entry) in self._known
        self.before += known
        return not known

    def put(self, seen: Seen, folder: str) -> list[tuple[Path, OSError]]:
        """Put a picture and what goes along with it into a folder of the target, over nothing.

        Returns the companions that could not be put there. Raises OSError: the picture couldn't.
        """
        source, best = seen.file, seen.best
        into = self.folder / folder
        if os.path.realpath(source.parent) == os.path.realpath(into):
            self.stayed += 1
            return []
        how = How.MOVE if self._holds(source) else self._how
        family = [source, *self.beside.of(source)]
        targets = self._targets(family, into, how)
        if self._dry_run:
            self.planned |= dict(zip(targets, family, strict=True))
        else:
            self._bring(source, targets[0], how)
            self._note(
                os.path.abspath(source),
                targets[0].relative_to(self.folder).as_posix(),
                best.character.id if best else "",
                f"{best.probability:.3f}" if best else "",
                str(seen.faces),
            )
        self.counts[folder] += 1
        refused: list[tuple[Path, OSError]] = []
        for companion, target in zip(family[1:], targets[1:], strict=True):
            try:
                if not self._dry_run:
                    self._bring(companion, target, how)
                self.companions += 1
            except OSError as error:
                refused.append((companion, error))
        return refused

    def group(self, groups: Sequence[int | None], files: Sequence[Path]) -> list[str]:
        """The folder of each unknown picture, of which those of one number look alike.

        They go to the group that most of them are in already, if any; one that looks like nobody
        stays in its group. So a group that was seen once keeps its number.
        """
        standing = [self._standing(file) for file in files]
        numbers: dict[int, int] = {}
        for group in dict.fromkeys(groups):
            if group is None:
                continue
            there = Counter(s for s, g in zip(standing, groups, strict=True) if g == group and s)
            if there:
                numbers[group] = min(there, key=lambda number: (-there[number], number))
            else:
                self._last_group += 1
                numbers[group] = self._last_group
        final = (s if g is None else numbers[g] for s, g in zip(standing, groups, strict=True))
        return [f"{UNKNOWN}/{GROUP}{number}" if number else UNKNOWN for number in final]

    def has(self, folder: str) -> bool:
        """Whether the target has a folder."""
        return (self.folder / folder).is_dir()

    def has_grouped(self, sha256: str) -> bool:
        """Whether a picture with these bytes was put into a group: its largest face was meant."""
        return sha256 in self._grouped

    def tidy(self) -> None:
        """Remove the groups out of which every picture was moved."""
        if self._dry_run:
            return
        for folder in (self.folder / UNKNOWN).glob(f"{GROUP}*"):
            with suppress(OSError):  # it has pictures
                folder.rmdir()

    def _targets(self, family: Sequence[Path], into: Path, how: How) -> list[Path]:
        """Where a picture and its companions go, under one name that is free for all of them."""
        number = 1
        while True:
            targets = [into / name for name in _named(family, number)]
            if all(self._fits(*each, how) for each in zip(family, targets, strict=True)):
                return targets
            number += 1

    def _fits(self, source: Path, target: Path, how: How) -> bool:
        """Whether a place is free, or holds what belongs there: a move leaves every copy."""
        there = self.planned.get(target, target)
        if not os.path.lexists(there):
            return True
        if how is How.MOVE:
            # Another name of the very file, of a former run: of this one, each name is kept.
            known = there is not target or there in self._placed
            return not known and there.exists() and there.samefile(source)
        return there.is_file() and same_bytes(source, there)

    def _bring(self, source: Path, target: Path, how: How) -> None:
        """Put one file where `_fits` found room. Raises OSError."""
        merge = os.path.lexists(target)
        if merge and how is not How.MOVE:
            return
        self._journal.make_folder(target.parent)
        self._journal.before(source, target, "merge" if merge else how)
        if merge:
            source.unlink()
        else:
            place(source, target, how)
            self._placed.add(target)

    def _standing(self, file: Path) -> int | None:
        """The number of the group of the target that a picture is in."""
        folder = Path(os.path.realpath(file.parent))
        return _number(folder) if folder.parent == self._own / UNKNOWN else None

    def _note(self, *row: str) -> None:
        self._record.add(*row)
        self._known.add(row[0])

    def _holds(self, path: Path) -> bool:
        return Path(os.path.realpath(path)).is_relative_to(self._own)


def _number(folder: Path) -> int | None:
    number = folder.name.removeprefix(GROUP)
    return int(number) if number.isdecimal() and folder.name != number else None


def _named(family: Sequence[Path], number: int) -> list[str]:
    """The names of a picture and its companions with a number after its own, from the second on."""
    names = [path.name for path in family]
    if number == 1:
        return names
    stem, ending = family[0].stem, f"-{number}"
    rests = [name.removeprefix(stem) for name in names]
    longest = max(len(os.fsencode(ending + rest)) for rest in rests)
    return [f"{cut(stem, LONGEST - longest)}{ending}{rest}" for rest in rests]
