"""The shipped roster: complete, every id of the sources valid, nobody mistaken for another."""

from __future__ import annotations

import csv
import lzma
from collections import Counter
from typing import TYPE_CHECKING

import pytest

from models.gallery.namer import Namer
from models.roster.roster import load_roster, unlisted

if TYPE_CHECKING:
    from pathlib import Path


def test_ids_are_unique_and_every_character_has_a_name() -> None:
    roster = load_roster()
    assert len({character.id for character in roster}) == len(roster) > 10_000
    for character in roster:
        assert character.name.strip() == character.name != ""
        assert character.name not in character.aliases


def test_name_and_series_tell_every_character_apart() -> None:
    shown = Counter((c.name, c.series) for c in load_roster() if c.series)
    assert [pair for pair, count in shown.items() if count > 1] == []


def test_every_id_of_the_sources_leads_to_a_character(shared_data: Path) -> None:
    roster = load_roster()
    ids = {character.id for character in roster}
    with (shared_data / "roster.csv").open(newline="", encoding="utf-8") as file:
        assert {roster.resolve(row["id"]) for row in csv.DictReader(file)} == ids
    assert roster.resolve("416") == "hk416"


def test_the_characters_of_the_first_data_keep_names_and_series(shared_data: Path) -> None:
    with (shared_data / "characters.csv").open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    listed = {character.id: character for character in load_roster()}
    for row in rows:
        assert (row["name"], row["series"]) == (listed[row["id"]].name, listed[row["id"]].series)
        assert listed[row["id"]].aliases


def test_whom_the_shipped_gallery_names_is_listed() -> None:
    ids = {character.id for character in load_roster()}
    assert ids >= {character.id for character in Namer.load().gallery.characters}


def test_a_link_leads_to_the_number_that_is_known() -> None:
    miku = next(c for c in load_roster() if c.id == "hatsune_miku")
    assert miku.link == "https://myanimelist.net/character/7156"
    assert any(not character.link for character in load_roster())


def test_series_have_one_spelling_and_further_titles() -> None:
    roster = load_roster()
    series = {character.series for character in roster}
    assert "My Hero Academia" in series
    assert "Boku no Hero Academia" not in series
    assert "Boku no Hero Academia" in roster.titles["My Hero Academia"]


def test_tags_lead_to_characters() -> None:
    roster = load_roster()
    assert roster.tags["hk416_(girls'_frontline)"] == "hk416"


def test_who_is_not_listed_is_called_by_his_id() -> None:
    assert unlisted("grey_wolf").name == "Grey Wolf"


@pytest.mark.parametrize("data", [lzma.compress(b'{"series": []}'), b"no archive", b""])
def test_a_file_that_is_no_roster_is_refused(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "roster.json.xz"
    path.write_bytes(data)
    with pytest.raises(ValueError, match="no roster"):
        load_roster(path)
