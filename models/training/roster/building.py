"""Makes the shipped roster: joins sources of characters by rule and by reviewed corrections.

    moedex train roster ../shared/data/roster.csv --tags ../shared/data/character_tags.csv

A source is a CSV file with a header; it needs `name`, and may have `id`, `series`, `native_name`,
`aliases` (separated by semicolons), `mal_id` (MyAnimeList's), `tag` (the largest fan-art board's)
and `appearances`. Its rows join what is there by id, then by tag, by MyAnimeList id, and by name
and series; what joins nowhere is a new character. The rules, in their order:

1. Names keep small words small ("Hassan of Serenity"), and a given name that stands first in a
   Japanese name without a tag goes last, as the tags have it ("Akiyama Mio").
2. Names in other scripts lose spaces; of several, the first is the name and the rest are aliases.
3. A series has one spelling: spellings that fold alike, "(Series)" and "Season 2" fall away by
   themselves, every other one is listed in `corrections/series.csv`.
4. The corrections follow: `series_of`, `names`, `native_names`, `aliases`, `tags`, `order` and
   `same`, each a CSV file of an id, a value and the kind of reason (`knowledge` or `rule`).
5. Rows with the same tag are one character, as are those that `same.csv` lists; the merged id
   stays as a second id of the one that is kept.
"""

from __future__ import annotations

import json
import lzma
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from models.training.roster.corrections import Corrections, series_key
from models.training.roster.joining import alike, joined, merge, same_characters
from models.training.roster.rows import RosterError, Row, read_rows
from models.training.roster.rules import (
    distinct_aliases,
    one_spelling,
    order_names,
    own_script,
    small_words,
)

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path


@dataclass(frozen=True, slots=True)
class Built:
    """A made roster: its characters, ordered by id, and what points to them."""

    characters: tuple[Row, ...]
    same: dict[str, str]
    """Kept id by merged id."""
    tags: dict[str, str]
    """Kept id by the tag of a merged row."""
    titles: dict[str, list[str]]
    """Further titles by series, of the series that occur."""

    def write(self, path: Path) -> None:
        """Write the roster as it ships: the same characters make the same bytes."""
        used = Counter(row.series for row in self.characters)
        series = sorted(used)
        place = {title: number for number, title in enumerate(series)}
        document: dict[str, Any] = {
            "series": [[title, *self.titles.get(title, [])] for title in series],
            "same": dict(sorted(self.same.items())),
            "tags": dict(sorted(self.tags.items())),
            # Columns compress better than rows, and numbers better than names.
            "id": [row.id for row in self.characters],
            "name": [row.name for row in self.characters],
            "of": [place[row.series] for row in self.characters],
            "native_name": [row.native_name for row in self.characters],
            "aliases": [";".join(row.aliases) for row in self.characters],
            "mal_id": [int(row.mal_id or 0) for row in self.characters],
            "tag": [row.tag for row in self.characters],
            "appearances": [row.appearances for row in self.characters],
        }
        text = json.dumps(document, ensure_ascii=False, separators=(",", ":"))
        path.write_bytes(lzma.compress(text.encode(), preset=9 | lzma.PRESET_EXTREME))


def build(
    sources: Sequence[Path],
    tags: Path | None = None,
    corrections: Corrections | None = None,
) -> Built:
    """Join sources into a roster, the first ones first.

    `tags` is a CSV file of `tag` and `appearances`: how often the tags that it lists appear.
    """
    corrections = corrections or Corrections.read()
    rows = joined(sources, corrections)
    order_names(rows, corrections)
    for row in rows.values():
        row.name = small_words(row.name)
        own_script(row)
        row.series = corrections.series.get(series_key(row.series), row.series.strip())
    one_spelling(rows.values())
    _correct(rows, corrections, _appearances(tags))
    same = same_characters(rows, corrections)
    found_tags = merge(rows, same)
    for row in rows.values():
        row.aliases = distinct_aliases(row)
    if unnamed := alike(rows.values()):
        raise RosterError(f"characters that nothing tells apart: {unnamed}")
    kept = tuple(sorted(rows.values(), key=lambda row: row.id))
    occur = {row.series for row in kept}
    titles = {title: several for title, several in corrections.titles.items() if title in occur}
    return Built(kept, same, found_tags, titles)


def _correct(
    rows: Mapping[str, Row], corrections: Corrections, appearances: Mapping[str, int]
) -> None:
    for file, values in corrections.by_id.items():
        for key in values:
            if key not in rows:
                raise RosterError(f"{file}.csv: no character has the id {key!r}")
    for row in rows.values():
        if (name := corrections.value("names", row.id)) is not None and name != row.name:
            row.aliases.insert(0, row.name)
            row.name = name
        if (native := corrections.value("native_names", row.id)) is not None:
            if row.native_name and row.native_name != native:
                row.aliases.append(row.native_name)
            row.native_name = native
        series = corrections.value("series_of", row.id)
        row.series = row.series if series is None else series
        tag = corrections.value("tags", row.id)
        if tag is not None and tag != row.tag:
            row.tag, row.appearances = tag, 0
        row.appearances = appearances.get(row.tag, row.appearances)
        row.aliases[:0] = corrections.by_id["aliases"].get(row.id, [])


def _appearances(path: Path | None) -> dict[str, int]:
    if path is None:
        return {}
    return {row["tag"]: int(row["appearances"]) for row in read_rows(path, ("tag", "appearances"))}
