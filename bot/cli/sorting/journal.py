"""The journal of what `moedex sort` did to the disk: each step is written before it is taken.

So it can be taken back wherever the process ended. Files of the target are named from there, so
the target may have been moved since; what lies elsewhere is named by its whole path.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

from bot.cli.sorting.errors import SortError
from bot.cli.sorting.moving import How, digest
from bot.cli.sorting.tables import Table

JOURNAL: Final = "journal.csv"
COLUMNS: Final = ("step", "from", "to", "sha256", "link")

Kind = Literal["copy", "link", "move", "merge", "folder"]


@dataclass(frozen=True, slots=True)
class Step:
    """One step. `link`: what `source` pointed to, where it was a symbolic link.

    A "merge" takes away a second name of the very file that is in the target already; a "folder"
    was made, and has no source.
    """

    kind: Kind
    source: str
    target: str
    sha256: str = ""
    link: str = ""


class Journal:
    """The journal of one target folder."""

    def __init__(self, path: Path) -> None:
        self.folder = path.parent
        self._table = Table(path, COLUMNS, "a journal of moedex sort")

    @classmethod
    def at(cls, path: Path) -> Journal:
        """The journal that is meant: a file, or the one in a folder. Raises SortError."""
        file = path / JOURNAL if path.is_dir() else path
        if not file.is_file():
            raise SortError(f"“{file}” does not exist: there is nothing to take back.")
        return cls(file)

    def steps(self) -> list[Step]:
        """All steps, in the order they were taken. Raises SortError."""
        steps: list[Step] = []
        for row in self._table.read():
            if row["step"] not in ("copy", "link", "move", "merge", "folder"):
                raise SortError(f"{self._table.path} has a step of another version: {row['step']}.")
            steps.append(Step(row["step"], row["from"], row["to"], row["sha256"], row["link"]))
        return steps

    def before(self, source: Path, target: Path, how: How | Literal["merge"]) -> None:
        """Note what is about to be done with a file. Raises OSError."""
        link = os.readlink(source) if source.is_symlink() else ""
        kind: Kind = how.value if isinstance(how, How) else how
        self._add(Step(kind, self._named(source), self._named(target), digest(source), link))

    def make_folder(self, folder: Path) -> None:
        """Make a folder and those above it, so that they can be taken back. Raises OSError."""
        missing: list[Path] = []
        above = Path(os.path.abspath(folder))
        while not above.exists():
            missing.append(above)
            above = above.parent
        for made in reversed(missing):
            made.mkdir(exist_ok=True)
        folder.mkdir(exist_ok=True)  # raises where a file is in its place
        for made in reversed(missing):  # after: the journal lies in one of them
            self._add(Step("folder", "", Path(os.path.relpath(made, self.folder)).as_posix()))

    def keep(self, steps: list[Step]) -> None:
        """Hold these steps from now on."""
        self._table.replace(
            dict(zip(COLUMNS, (s.kind, s.source, s.target, s.sha256, s.link), strict=True))
            for s in steps
        )

    def place_of(self, name: str) -> Path:
        """Where a file of a step lies."""
        return self.folder / name

    def _named(self, path: Path) -> str:
        place = os.path.join(os.path.realpath(path.parent), path.name)
        own = os.path.realpath(self.folder)
        if place.startswith(own + os.sep):
            return Path(os.path.relpath(place, own)).as_posix()
        return os.path.abspath(path)

    def _add(self, step: Step) -> None:
        self._table.add(step.kind, step.source, step.target, step.sha256, step.link)
