"""The two tables that sorting keeps in its target: a row more at a time, whole at any moment."""

from __future__ import annotations

import csv
import os
from pathlib import Path
from typing import TYPE_CHECKING, Literal, TextIO

from bot.cli.sorting.errors import SortError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

Row = dict[str, str]


class Table:
    """A CSV file with the given columns; `what` is how its errors call it."""

    def __init__(self, path: Path, columns: Sequence[str], what: str) -> None:
        self.path = path
        self._columns = tuple(columns)
        self._what = what

    def read(self) -> list[Row]:
        """All rows; none where there is no file. Raises SortError: it is another kind of file."""
        if not self.path.exists():
            return []
        try:
            with self._opened(self.path, "r") as file:
                rows = csv.DictReader(file)
                if not set(self._columns) <= set(rows.fieldnames or ()):
                    raise ValueError(rows.fieldnames)
                # A process that was killed may have left half a row.
                return [row for row in rows if None not in row.values()]
        except (ValueError, csv.Error):
            raise SortError(f"{self.path} is not {self._what}.") from None

    def add(self, *row: str) -> None:
        """Add a row. Raises OSError."""
        with self._opened(self.path, "a") as file:
            rows = csv.writer(file)
            if file.tell() == 0:
                rows.writerow(self._columns)
            rows.writerow(row)

    def replace(self, rows: Iterable[Row]) -> None:
        """Hold these rows from now on; without any, there is no file. Raises OSError."""
        rows = list(rows)
        if not rows:
            self.path.unlink(missing_ok=True)
            return
        part = self.path.with_name(f".{self.path.name}.part")
        with self._opened(part, "w") as file:
            written = csv.DictWriter(file, self._columns, extrasaction="ignore")
            written.writeheader()
            written.writerows(rows)
        os.replace(part, self.path)

    def _opened(self, path: Path, mode: Literal["r", "a", "w"]) -> TextIO:
        """Open it: the names of files in it need not be proper text."""
        return path.open(mode, newline="", encoding="utf-8", errors="surrogateescape")
