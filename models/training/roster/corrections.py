"""What people have corrected of the sources, and how titles of series are compared."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from models.roster.spelling import fold
from models.training.roster.rows import RosterError, read_rows

CORRECTIONS: Final = Path(__file__).parent / "corrections"
"""The reviewed corrections, one CSV file a kind."""

_FILES: Final = ("series_of", "names", "native_names", "aliases", "tags", "order", "same")

MEDIUM: Final = re.compile(r"\s*\((series|game|manga|visual novel|anime)\)$", re.IGNORECASE)
SEASON: Final = re.compile(
    r"[\s.]+(\d(st|nd|rd|th) Season|Season \d+|Part \d+|\(\d{4}\))\.?$", re.IGNORECASE
)


@dataclass(frozen=True)
class Corrections:
    """What people have corrected, read from a folder."""

    series: dict[str, str]
    """Canonical title by folded spelling."""
    titles: dict[str, list[str]]
    """Further titles and spellings by canonical title, to be searched."""
    by_id: dict[str, dict[str, list[str]]]
    """Values by file (`names`, `same`, ...) and id."""

    @classmethod
    def read(cls, folder: Path = CORRECTIONS) -> Corrections:
        """Read a folder of corrections. Raises RosterError for a row that can't be meant."""
        series: dict[str, str] = {}
        titles: dict[str, list[str]] = {}
        for row in read_rows(folder / "series.csv", ("series", "spelling", "kind")):
            title, spelling = row["series"], row["spelling"]
            for text in (title, spelling):
                before = series.setdefault(series_key(text), title)
                if before != title:
                    raise RosterError(f"series.csv: {text!r} is {before!r} and {title!r}")
            if fold(spelling) != fold(title):
                titles.setdefault(title, []).append(spelling)
        by_id: dict[str, dict[str, list[str]]] = {}
        for name in _FILES:
            values = by_id.setdefault(name, {})
            path = folder / f"{name}.csv"
            for row in read_rows(path, ("id", "value", "kind")) if path.exists() else ():
                values.setdefault(row["id"], []).append(row["value"])
            if name != "aliases":
                for key, several in values.items():
                    if len(several) > 1:
                        raise RosterError(f"{name}.csv corrects {key!r} {len(several)} times")
        return cls(series, titles, by_id)

    def value(self, file: str, key: str) -> str | None:
        """Return what a file says of an id; None where it says nothing."""
        values = self.by_id[file].get(key)
        return values[0] if values else None

    def canonical(self, title: str) -> str:
        """Return the key of the title that a series is shown with."""
        key = series_key(title)
        return series_key(self.series.get(key, title))


def series_key(title: str) -> str:
    """Return a title as it is compared: folded, without the medium and the season."""
    title = MEDIUM.sub("", title.strip())
    while (shorter := SEASON.sub("", title)) != title and shorter:
        title = shorter
    return fold(title) or title.strip().casefold()
