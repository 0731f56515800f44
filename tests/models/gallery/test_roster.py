"""The roster: complete, unambiguous ids, no icon among the names."""

from __future__ import annotations

import csv
from typing import TYPE_CHECKING

import pytest

from models.gallery.roster import load_roster

if TYPE_CHECKING:
    from pathlib import Path


def test_every_character_has_a_name_a_series_and_aliases() -> None:
    roster = load_roster()
    assert len({character.id for character in roster}) == len(roster) == 96
    for character in roster:
        assert character.name
        assert character.series
        assert character.native_name
        assert character.aliases
        assert character.name not in character.aliases


def test_the_roster_is_that_of_the_data(shared_data: Path) -> None:
    with (shared_data / "characters.csv").open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    named = {character.id: character for character in load_roster()}
    assert {row["id"] for row in rows} == set(named)
    for row in rows:
        assert (row["name"], row["series"]) == (named[row["id"]].name, named[row["id"]].series)


def test_a_file_that_is_no_roster_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "roster.json"
    path.write_text('[{"id": "x"}]', encoding="utf-8")
    with pytest.raises(ValueError, match="no roster"):
        load_roster(path)
