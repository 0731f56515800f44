"""Which rows are one character: sources joined to what is there, and merged ids."""

from __future__ import annotations

import re
from collections import defaultdict
from typing import TYPE_CHECKING

from models.roster.spelling import slug
from models.training.roster.rows import RosterError, Row, read_rows, sorted_words

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

    from models.training.roster.corrections import Corrections


def joined(sources: Sequence[Path], corrections: Corrections) -> dict[str, Row]:
    """Read all sources; rows by id. A later source fills what the first ones leave open."""
    rows: dict[str, Row] = {}
    for path in sources:
        by_tag = {row.tag: row for row in rows.values() if row.tag}
        by_mal = {row.mal_id: row for row in rows.values() if row.mal_id}
        by_name: dict[tuple[str, str], Row] = {
            (sorted_words(row.name), corrections.canonical(row.series)): row
            for row in rows.values()
        }
        for given in read_rows(path, ("name",)):
            row = _row(given)
            there = (
                rows.get(row.id)
                or by_tag.get(row.tag)
                or by_mal.get(row.mal_id)
                or by_name.get((sorted_words(row.name), corrections.canonical(row.series)))
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


def same_characters(rows: Mapping[str, Row], corrections: Corrections) -> dict[str, str]:
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


def merge(rows: dict[str, Row], same: Mapping[str, str]) -> dict[str, str]:
    """Take merged rows out; the kept ones get their names and what they lack. Return their tags."""
    tags: dict[str, str] = {}
    for merged, kept in same.items():
        row = rows.pop(merged)
        _fill(rows[kept], row)
        if row.tag and row.tag != rows[kept].tag:
            tags[row.tag] = kept
    return tags


def alike(rows: Iterable[Row]) -> list[str]:
    """Return the ids of characters of the same name and series, whom no reader could tell apart."""
    by_shown: defaultdict[tuple[str, str], list[str]] = defaultdict(list)
    for row in rows:
        if row.series:
            by_shown[row.name.casefold(), row.series].append(row.id)
    return sorted(key for keys in by_shown.values() if len(keys) > 1 for key in keys)
