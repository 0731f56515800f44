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
   themselves, every other one is listed in `roster_corrections/series.csv`.
4. The corrections follow: `series_of`, `names`, `native_names`, `aliases`, `tags`, `order` and
   `same`, each a CSV file of an id, a value and the kind of reason (`knowledge` or `rule`).
5. Rows with the same tag are one character, as are those that `same.csv` lists; the merged id
   stays as a second id of the one that is kept.
"""

from __future__ import annotations

import csv
import json
import lzma
import re
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from models.gallery.spelling import fold, slug

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

CORRECTIONS: Final = Path(__file__).parent / "roster_corrections"
"""The reviewed corrections, one CSV file a kind."""

_FILES: Final = ("series_of", "names", "native_names", "aliases", "tags", "order", "same")

_SMALL_WORDS: Final = {"No": "no", "Of": "of", "The": "the", "Von": "von", "And": "and"}
_MEDIUM: Final = re.compile(r"\s*\((series|game|manga|visual novel|anime)\)$", re.IGNORECASE)
_SEASON: Final = re.compile(
    r"[\s.]+(\d(st|nd|rd|th) Season|Season \d+|Part \d+|\(\d{4}\))\.?$", re.IGNORECASE
)
_SYLLABLES: Final = re.compile(
    r"""^(?:
        (?:[kgsztdnhbpmyrwjfv]|[kgsnhbpmrjct]y|sh|ch|ts|kk|ss|tt|pp|ssh|tch|kky|ppy|tts)?[aiueo]
        | n(?![aiueoy]) | n'
        | h(?=$|[kstnmrgzdbp])
    )+$""",
    re.IGNORECASE | re.VERBOSE,
)
_CJK: Final = "぀-ヿ㐀-鿿々〇가-힣"
_KATAKANA_SPACE: Final = re.compile(r"(?<=[ァ-ー])\s+(?=[ァ-ー])")
_CJK_SPACE: Final = re.compile(rf"(?<=[{_CJK}])\s+(?=[{_CJK}])")
_SEVERAL: Final = re.compile(r"\s*[/／]\s*|\s*,\s+")
_IN_BRACKETS: Final = re.compile(r"^(.+?)\s*[(（]([^()（）]+)[)）]$")


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
        for row in _rows(folder / "series.csv", ("series", "spelling", "kind")):
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
            for row in _rows(path, ("id", "value", "kind")) if path.exists() else ():
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
    rows = _joined(sources, corrections)
    _order_names(rows, corrections)
    for row in rows.values():
        row.name = _small_words(row.name)
        _own_script(row)
        row.series = corrections.series.get(series_key(row.series), row.series.strip())
    _one_spelling(rows.values())
    _correct(rows, corrections, _appearances(tags))
    same = _same(rows, corrections)
    found_tags = _merge(rows, same)
    for row in rows.values():
        row.aliases = _distinct_aliases(row)
    if unnamed := _alike(rows.values()):
        raise RosterError(f"characters that nothing tells apart: {unnamed}")
    kept = tuple(sorted(rows.values(), key=lambda row: row.id))
    occur = {row.series for row in kept}
    titles = {title: several for title, several in corrections.titles.items() if title in occur}
    return Built(kept, same, found_tags, titles)


def series_key(title: str) -> str:
    """Return a title as it is compared: folded, without the medium and the season."""
    title = _MEDIUM.sub("", title.strip())
    while (shorter := _SEASON.sub("", title)) != title and shorter:
        title = shorter
    return fold(title) or title.strip().casefold()


# --- sources -------------------------------------------------------------------------------------


def _joined(sources: Sequence[Path], corrections: Corrections) -> dict[str, Row]:
    rows: dict[str, Row] = {}
    for path in sources:
        by_tag = {row.tag: row for row in rows.values() if row.tag}
        by_mal = {row.mal_id: row for row in rows.values() if row.mal_id}
        by_name: dict[tuple[str, str], Row] = {
            (_words(row.name), _canonical(row.series, corrections)): row for row in rows.values()
        }
        for given in _rows(path, ("name",)):
            row = _row(given)
            there = (
                rows.get(row.id)
                or by_tag.get(row.tag)
                or by_mal.get(row.mal_id)
                or by_name.get((_words(row.name), _canonical(row.series, corrections)))
            )
            if there is None or not (rows and path is not sources[0]):
                row.id = _new_id(row, rows)
                rows[row.id] = row
            else:
                _fill(there, row)
    return rows


def _row(given: Mapping[str, str]) -> Row:
    return Row(
        id=given.get("id", "").strip(),
        name=given["name"].strip(),
        series=given.get("series", "").strip(),
        native_name=given.get("native_name", "").strip(),
        aliases=[alias.strip() for alias in given.get("aliases", "").split(";") if alias.strip()],
        mal_id=given.get("mal_id", "").strip(),
        tag=given.get("tag", "").strip(),
        appearances=int(given.get("appearances", "").strip() or 0),
    )


def _new_id(row: Row, rows: Mapping[str, Row]) -> str:
    """Return the id that the source gives, else one made of name and series."""
    if row.id:
        if row.id in rows:
            raise RosterError(f"two rows have the id {row.id!r}")
        return row.id
    base = slug(row.name) or "character"
    tries = [base, f"{base}_{slug(row.series)}"[:60].strip("_")]
    tries += [f"{base}_{number}" for number in range(2, len(rows) + 3)]
    return next(key for key in tries if key not in rows)


def _fill(row: Row, other: Row) -> None:
    """Take over from another source what a row has not; its other names become aliases."""
    row.series = row.series or other.series
    row.mal_id = row.mal_id or other.mal_id
    if not row.tag:
        row.tag, row.appearances = other.tag, max(row.appearances, other.appearances)
    names = [other.name, *other.aliases]
    if row.native_name and other.native_name:
        names.append(other.native_name)
    row.native_name = row.native_name or other.native_name
    row.aliases.extend(name for name in names if name != row.name)


# --- rules ---------------------------------------------------------------------------------------


def _order_names(rows: Mapping[str, Row], corrections: Corrections) -> None:
    """Put the family name of Japanese names first, where tags show which of the two it is."""
    family: Counter[str] = Counter()
    given: Counter[str] = Counter()
    for row in rows.values():
        words = _japanese_words(row.name)
        bare = re.sub(r"_\(.*", "", row.tag)
        if words and bare and slug(bare) == slug(row.name):
            family[words[0].lower()] += 1
            given[words[1].lower()] += 1
    for row in rows.values():
        words = _japanese_words(row.name)
        order = corrections.value("order", row.id)
        if order == "turned":
            turn = True
        elif order == "kept" or row.tag or not words or row.series == "One Piece":
            # The source for One Piece is ordered already.
            turn = False
        else:
            first, last = words[0].lower(), words[1].lower()
            for_turning = (given[first] > 0) + (family[last] > 0)
            for_keeping = (family[first] > 0) + (given[last] > 0)
            if for_turning == for_keeping:
                for_turning += given[first] + family[last]
                for_keeping += family[first] + given[last]
            turn = for_turning > for_keeping
        if turn:
            row.name = " ".join(reversed(row.name.split()))


def _japanese_words(name: str) -> list[str]:
    """Return the two words of a name that may be Japanese in romaji, else nothing."""
    words = name.split()
    if len(words) == 2 and all(len(word) > 1 and _SYLLABLES.match(word) for word in words):
        return words
    return []


def _small_words(name: str) -> str:
    first, *rest = name.split() or [""]
    return " ".join([first, *(_SMALL_WORDS.get(word, word) for word in rest)])


def _own_script(row: Row) -> None:
    """Take the first of several names in another script, without its spaces and brackets."""
    names = [_unspaced(name) for name in _SEVERAL.split(row.native_name) if name.strip()]
    if not names:
        row.native_name = ""
        return
    if in_brackets := _IN_BRACKETS.match(names[0]):
        names[:1] = in_brackets.groups()
    row.native_name, *others = names
    row.aliases.extend(others)


def _unspaced(name: str) -> str:
    return _CJK_SPACE.sub("", _KATAKANA_SPACE.sub("・", name.strip()))


def _one_spelling(rows: Iterable[Row]) -> None:
    """Give spellings of a series that fold alike, and are not listed, the most frequent one."""
    rows = list(rows)
    spellings: defaultdict[str, Counter[str]] = defaultdict(Counter)
    for row in rows:
        spellings[series_key(row.series)][row.series] += 1
    for row in rows:
        counts = spellings[series_key(row.series)]
        most = max(counts, key=lambda text: (counts[text], text))
        row.series = _SEASON.sub("", _MEDIUM.sub("", most)) if row.series else ""


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


def _same(rows: Mapping[str, Row], corrections: Corrections) -> dict[str, str]:
    """Return the kept id by merged id: those listed, and those that share a tag."""
    same = {key: values[0] for key, values in corrections.by_id["same"].items() if values[0]}
    # An empty value says that a row is a character of its own, whatever tag it shares.
    apart = {key for key, values in corrections.by_id["same"].items() if not values[0]}
    for merged, kept in same.items():
        if kept in same or kept not in rows:
            raise RosterError(f"same.csv: {merged!r} leads to {kept!r}, which is not kept itself")
    by_tag: defaultdict[str, list[str]] = defaultdict(list)
    for row in rows.values():
        if row.tag and row.id not in same and row.id not in apart:
            by_tag[row.tag].append(row.id)
    for tag, keys in by_tag.items():
        bare = slug(re.sub(r"_\(.*", "", tag))
        # The row that is called as the tag is kept, else the first.
        kept = bare if bare in keys else keys[0]
        same.update({key: kept for key in keys if key != kept})
    # A kept row may itself have shared its tag with another.
    return {key: same.get(kept, kept) for key, kept in same.items()}


def _merge(rows: dict[str, Row], same: Mapping[str, str]) -> dict[str, str]:
    """Take merged rows out; the kept ones get their names and what they lack. Return their tags."""
    tags: dict[str, str] = {}
    for merged, kept in same.items():
        row = rows.pop(merged)
        _fill(rows[kept], row)
        if row.tag and row.tag != rows[kept].tag:
            tags[row.tag] = kept
    return tags


def _distinct_aliases(row: Row) -> list[str]:
    """Return a row's aliases without what its name, however ordered or spelled, says already."""
    known = {_words(row.name), _words(row.native_name), ""}
    kept: list[str] = []
    for alias in row.aliases:
        bracketed = _IN_BRACKETS.match(alias)
        if bracketed and _words(bracketed[1]) in known:
            continue
        key = _words(alias)
        if key not in known:
            known.add(key)
            kept.append(alias.replace(";", ","))
    return kept


def _alike(rows: Iterable[Row]) -> list[str]:
    """Return the ids of characters of the same name and series, whom no reader could tell apart."""
    by_shown: defaultdict[tuple[str, str], list[str]] = defaultdict(list)
    for row in rows:
        if row.series:
            by_shown[row.name.casefold(), row.series].append(row.id)
    return sorted(key for keys in by_shown.values() if len(keys) > 1 for key in keys)


def _words(name: str) -> str:
    """Return a name's folded words in alphabetical order: "Akiyama Mio" is "Mio Akiyama"."""
    return " ".join(sorted(fold(name).split()))


def _canonical(title: str, corrections: Corrections) -> str:
    key = series_key(title)
    return series_key(corrections.series.get(key, title))


# --- files ---------------------------------------------------------------------------------------


def _rows(path: Path, columns: Sequence[str]) -> Iterator[dict[str, str]]:
    """Read a CSV file's rows. Raises RosterError where columns are missing."""
    with path.open(encoding="utf-8", newline="") as file:
        reader = csv.DictReader(file)
        missing = set(columns) - set(reader.fieldnames or ())
        if missing:
            raise RosterError(f"{path} has no column {sorted(missing)}")
        for row in reader:
            yield {key: value or "" for key, value in row.items() if key}


def _appearances(path: Path | None) -> dict[str, int]:
    if path is None:
        return {}
    return {row["tag"]: int(row["appearances"]) for row in _rows(path, ("tag", "appearances"))}
