"""A file of JSON objects, a line a picture, that grows: what it has need not be done again."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


class LinesError(Exception):
    """A file that is there is none of these; the text names it."""


class Lines:
    """The file; each object's `file` is the picture that it is about.

    `there`: the pictures that it had when it was opened. Half a line, which a process that was
    killed may have left, is taken away. Raises LinesError where it is another kind of file, and
    OSError.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._added = 0
        whole = 0
        self.there: set[str] = set()
        if path.exists():
            with path.open("rb") as file:
                for line in file:
                    if not line.endswith(b"\n"):
                        break
                    self.there.add(self._read(line)["file"])
                    whole += len(line)
            if whole < path.stat().st_size:
                os.truncate(path, whole)

    def add(self, row: dict[str, Any]) -> None:
        """Add an object. Raises OSError."""
        with self._path.open("ab") as file:
            file.write(json.dumps(row).encode() + b"\n")
        self._added += 1

    def rows(self) -> Iterator[dict[str, Any]]:
        """Yield all objects, in the order in which they were added. Raises LinesError."""
        if self._path.exists():
            with self._path.open("rb") as file:
                for line in file:
                    yield self._read(line)

    def sum_up(self) -> str:
        """Return what was done, in a sentence."""
        before = f"; {len(self.there)} were there already" if self.there else ""
        return f"{self._added} written to {self._path}{before}."

    def _read(self, line: bytes) -> dict[str, Any]:
        try:
            row = json.loads(line)
            if isinstance(row["file"], str):
                return row
        except (ValueError, KeyError, TypeError):
            pass
        raise LinesError(f"{self._path} has other lines than those that go on here.")
