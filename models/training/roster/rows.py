"""A character while the roster is being made, and the CSV files that it comes from."""

from __future__ import annotations

import csv
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from models.roster.spelling import fold

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path


class RosterError(ValueError):
    """A source or a correction can't be used; the message says which row."""


@dataclass(slots=True)
class Row:
    """A character while the roster is being made."""

    id: str
    name: str
    series: str = ""
    native_name: str = ""
    aliases: list[str] = field(default_factory=list)
    mal_id: str = ""
    tag: str = ""
    appearances: int = 0


def read_rows(path: Path, columns: Sequence[str]) -> Iterator[dict[str, str]]:
    """Read a CSV file's rows. Raises RosterError where columns are missing."""
    with path.open(encoding="utf-8", newline="") as file:
        reader = csv.DictReader(file)
        missing = set(columns) - set(reader.fieldnames or ())
        if missing:
            raise RosterError(f"{path} has no column {sorted(missing)}")
        for row in reader:
            yield {key: value or "" for key, value in row.items() if key}


def sorted_words(name: str) -> str:
    """Return a name's folded words in alphabetical order: "Akiyama Mio" is "Mio Akiyama"."""
    return " ".join(sorted(fold(name).split()))
