"""Takes back what a journal tells of: `moedex sort --undo`.

From the last step to the first. Nothing is overwritten, and no bytes go away that are not where
they came from: what can't be taken back is named and stays in the journal.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from bot.cli.sorting.errors import SortError, reason
from bot.cli.sorting.journal import Journal, Step
from bot.cli.sorting.moving import PART, How, digest, place, same_bytes
from bot.cli.sorting.shelf import record_of


@dataclass(frozen=True, slots=True)
class Undone:
    """How many files are back, and how many could not be taken back."""

    back: int
    failed: int


def undo(journal: Journal, tell: Callable[[str], None], *, dry_run: bool = False) -> Undone:
    """Take all of a journal back; `tell` gets a line for each file that can't be.

    A dry run tells of each file what would come back. Raises SortError and OSError: of the journal
    itself.
    """
    steps = journal.steps()
    files = [step for step in steps if step.kind != "folder"]
    if dry_run:
        for step in reversed(files):
            tell(f"{journal.place_of(step.target)} -> {journal.place_of(step.source)}")
        return Undone(0, 0)
    taking = _Taking(journal, files)
    left: list[Step] = []
    gone: set[str] = set()
    back = 0
    try:
        while files:
            step = files[-1]
            try:
                back += taking.back(step)
                gone.add(step.target)
            except OSError as error:
                tell(f"“{journal.place_of(step.target)}” can't be taken back: {reason(error)}.")
                left.append(step)
            except SortError as error:
                tell(str(error))
                left.append(step)
            files.pop()
    finally:  # also where Ctrl+C ended it: the same command goes on from there
        kept = [*files, *reversed(left)]
        folders = [step for step in steps if step.kind == "folder"]
        record = record_of(journal.folder)
        with suppress(SortError):
            targets = gone - {Path(step.target).as_posix() for step in kept}
            record.replace(row for row in record.read() if row["to"] not in targets)
        journal.keep([*folders, *kept] if kept else [])
    if not kept:
        for step in reversed(folders):
            folder = Path(os.path.normpath(os.path.abspath(journal.place_of(step.target))))
            with suppress(OSError):  # somebody else's files are in it
                (folder / PART).unlink(missing_ok=True)
                folder.rmdir()
    return Undone(back, len(left))


class _Taking:
    """Takes single steps back; finds pictures again that were put elsewhere in the target."""

    def __init__(self, journal: Journal, steps: list[Step]) -> None:
        self._journal = journal
        self._targets = {os.path.abspath(journal.place_of(step.target)) for step in steps}
        self._elsewhere: dict[str, list[Path]] | None = None

    def back(self, step: Step) -> bool:
        """Take a step back; False where it had not come to it, or is back already."""
        source, target = self._journal.place_of(step.source), self._journal.place_of(step.target)
        if step.kind == "move":
            return self._move_back(step, source, target)
        if step.kind == "merge":
            if os.path.lexists(source):
                return False
            _name_again(step, source, target)
        elif not os.path.lexists(target):
            return False
        elif not os.path.lexists(source):  # the last copy goes back to where it came from
            _move(target, source)
        elif same_bytes(target, source):
            target.unlink()
        else:
            raise SortError(f"“{target}” is no longer the same as “{source}”, and stays.")
        return True

    def _move_back(self, step: Step, source: Path, target: Path) -> bool:
        if not os.path.lexists(target):
            if os.path.lexists(source):
                return False
            target = self._found(step, target)
        if os.path.lexists(source):
            if not source.exists() or not same_bytes(source, target):
                raise SortError(f"“{source}” is another file now: “{target}” stays.")
            target.unlink()  # it was copied to another disk, and not yet removed here
        elif not step.link:
            _move(target, source)
        else:
            source.parent.mkdir(parents=True, exist_ok=True)
            source.symlink_to(step.link)
            if source.exists() and same_bytes(source, target):
                target.unlink()
            else:  # what the link pointed to is no more
                source.unlink()
                _move(target, source)
        return True

    def _found(self, step: Step, target: Path) -> Path:
        """Where a picture is that somebody put right by hand. Raises SortError."""
        if self._elsewhere is None:
            self._elsewhere = {}
            for root, _, names in os.walk(self._journal.folder):
                for name in names:
                    path = Path(root, name)
                    if os.path.abspath(path) not in self._targets and path.is_file():
                        self._elsewhere.setdefault(digest(path), []).append(path)
        found = self._elsewhere.get(step.sha256)
        if not found:
            raise SortError(f"“{target}” is no longer there, and can't be taken back.")
        return found.pop()


def _name_again(step: Step, source: Path, target: Path) -> None:
    source.parent.mkdir(parents=True, exist_ok=True)
    if step.link:
        source.symlink_to(step.link)
    else:
        source.hardlink_to(target)


def _move(target: Path, source: Path) -> None:
    source.parent.mkdir(parents=True, exist_ok=True)
    place(target, source, How.MOVE)
