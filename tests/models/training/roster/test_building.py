"""The making of the roster: sources joined, rules and corrections applied, ids kept valid."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from models.roster.roster import ROSTER_FILE, load_roster
from models.training.roster.building import build
from models.training.roster.corrections import CORRECTIONS, Corrections, series_key
from models.training.roster.rows import RosterError

if TYPE_CHECKING:
    from collections.abc import Sequence

HEADER = ("id", "name", "series", "native_name", "aliases", "mal_id", "tag", "appearances")


def write(path: Path, header: Sequence[str], rows: Sequence[Sequence[str]]) -> Path:
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([header, *rows])
    return path


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return a folder of corrections that corrects nothing."""
    folder = tmp_path / "corrections"
    folder.mkdir()
    write(folder / "series.csv", ("series", "spelling", "kind"), [])
    return folder


def correct(folder: Path, file: str, *rows: tuple[str, str]) -> None:
    write(folder / f"{file}.csv", ("id", "value", "kind"), [(*row, "knowledge") for row in rows])


def source(tmp_path: Path, *rows: Sequence[str], name: str = "source.csv") -> Path:
    padded = [(*row, *[""] * (len(HEADER) - len(row))) for row in rows]
    return write(tmp_path / name, HEADER, padded)


def test_spellings_of_a_series_that_fold_alike_become_the_most_frequent(
    tmp_path: Path, folder: Path
) -> None:
    path = source(
        tmp_path,
        ("a", "Anna", "Kill la Kill"),
        ("b", "Berta", "Kill la Kill"),
        ("c", "Carla", "Kill La Kill (Series)"),
        ("d", "Dora", "Medalist 2nd Season"),
    )
    built = build([path], corrections=Corrections.read(folder))
    assert [row.series for row in built.characters] == ["Kill la Kill"] * 3 + ["Medalist"]


def test_a_listed_spelling_gets_the_listed_title_and_stays_searchable(
    tmp_path: Path, folder: Path
) -> None:
    write(
        folder / "series.csv",
        ("series", "spelling", "kind"),
        [("My Hero Academia", "Boku no Hero Academia", "knowledge")],
    )
    path = source(tmp_path, ("a", "Anna", "Boku No Hero Academia"), ("b", "B", "My Hero Academia"))
    built = build([path], corrections=Corrections.read(folder))
    assert {row.series for row in built.characters} == {"My Hero Academia"}
    assert built.titles == {"My Hero Academia": ["Boku no Hero Academia"]}


def test_rows_of_one_tag_are_one_character_and_both_ids_stay(tmp_path: Path, folder: Path) -> None:
    path = source(
        tmp_path,
        ("416", "416", "Girls' Frontline", "", "", "", "hk416_(girls'_frontline)", "5298"),
        ("hk416", "Hk416", "Girls' Frontline", "", "", "77", "hk416_(girls'_frontline)", "5298"),
    )
    correct(folder, "names", ("hk416", "HK416"))
    built = build([path], corrections=Corrections.read(folder))
    [row] = built.characters
    assert (row.id, row.name, row.aliases, row.mal_id) == ("hk416", "HK416", ["416"], "77")
    assert built.same == {"416": "hk416"}


def test_a_listed_row_stays_apart_from_those_of_its_tag(tmp_path: Path, folder: Path) -> None:
    path = source(
        tmp_path,
        ("rover_m", "Rover (male)", "", "", "", "", "rover", "9"),
        ("rover_f", "Rover (female)", "", "", "", "", "rover", "9"),
    )
    correct(folder, "same", ("rover_f", ""))
    assert len(build([path], corrections=Corrections.read(folder)).characters) == 2


def test_given_names_go_last_where_tags_show_which_they_are(tmp_path: Path, folder: Path) -> None:
    path = source(
        tmp_path,
        ("akiyama_mio", "Akiyama Mio", "K-On!", "", "", "", "akiyama_mio", "10"),
        ("mio_naganohara", "Mio Naganohara", "Nichijou"),
        ("mio_akiyama", "Mio Akiyama", "Elsewhere"),
        ("anna_liebert", "Anna Liebert", "Monster"),
    )
    names = {r.id: r.name for r in build([path], corrections=Corrections.read(folder)).characters}
    assert names == {
        "akiyama_mio": "Akiyama Mio",
        "mio_naganohara": "Naganohara Mio",
        "mio_akiyama": "Akiyama Mio",
        "anna_liebert": "Anna Liebert",
    }


def test_names_in_another_script_lose_spaces_and_further_ones_are_aliases(
    tmp_path: Path, folder: Path
) -> None:
    path = source(
        tmp_path,
        ("a", "Asuna", "", "結城 明日奈 / アスナ"),
        ("b", "Charl", "", "シャルロット デュノア"),
        ("c", "Kuro", "", "黒（シルバ）"),
    )
    rows = build([path], corrections=Corrections.read(folder)).characters
    assert [row.native_name for row in rows] == ["結城明日奈", "シャルロット・デュノア", "黒"]
    assert "シルバ" in rows[2].aliases


def test_appearances_follow_the_tag(tmp_path: Path, folder: Path) -> None:
    path = source(tmp_path, ("a", "Anna", "", "", "", "", "wrong_tag", "500"), ("b", "Berta"))
    tags = write(tmp_path / "tags.csv", ("tag", "appearances"), [("berta", "40")])
    correct(folder, "tags", ("a", ""), ("b", "berta"))
    rows = build([path], tags, Corrections.read(folder)).characters
    assert [(row.tag, row.appearances) for row in rows] == [("", 0), ("berta", 40)]


def test_a_further_source_joins_by_tag_number_and_name(tmp_path: Path, folder: Path) -> None:
    first = source(
        tmp_path,
        ("rem", "Rem", "Re:Zero", "", "", "", "rem_(re:zero)", "9"),
        ("ram", "Ram", "Re:Zero", "", "", "7"),
        ("felt", "Felt", "Re:Zero"),
    )
    second = write(
        tmp_path / "second.csv",
        ("name", "series", "native_name", "mal_id", "tag"),
        [
            ("Remu", "ReZero", "レム", "", "rem_(re:zero)"),
            ("Ramu", "", "ラム", "7", ""),
            ("felt", "re:zero", "フェルト", "", ""),
            ("Felt", "Another", "", "", ""),
        ],
    )
    built = build([first, second], corrections=Corrections.read(folder))
    found = {row.id: (row.name, row.native_name) for row in built.characters}
    assert found == {
        "rem": ("Rem", "レム"),
        "ram": ("Ram", "ラム"),
        "felt": ("Felt", "フェルト"),
        "felt_another": ("Felt", ""),
    }


def test_characters_that_nothing_tells_apart_are_refused(tmp_path: Path, folder: Path) -> None:
    path = source(tmp_path, ("a", "Anna", "Ib"), ("b", "Anna", "Ib"))
    with pytest.raises(RosterError, match="tells apart"):
        build([path], corrections=Corrections.read(folder))


@pytest.mark.parametrize(
    ("file", "row", "message"),
    [
        ("names", ("nobody", "Nobody"), "no character has the id"),
        ("same", ("a", "nobody"), "not kept itself"),
    ],
)
def test_a_correction_of_nobody_is_refused(
    tmp_path: Path, folder: Path, file: str, row: tuple[str, str], message: str
) -> None:
    correct(folder, file, row)
    with pytest.raises(RosterError, match=message):
        build([source(tmp_path, ("a", "Anna"))], corrections=Corrections.read(folder))


def test_every_correction_says_why() -> None:
    for path in CORRECTIONS.glob("*.csv"):
        with path.open(encoding="utf-8", newline="") as file:
            assert {row["kind"] for row in csv.DictReader(file)} <= {"knowledge", "rule"}, path


@pytest.mark.parametrize(
    ("title", "key"),
    [
        ("Fire Force (Anime)", "fire force"),
        ("Mission 2nd Season", "mission"),
        ("Kimengumi (2026)", "kimengumi"),
        ("86", "86"),
    ],
)
def test_a_title_is_compared_without_medium_and_season(title: str, key: str) -> None:
    assert series_key(title) == key


def test_the_shipped_roster_is_what_the_sources_make(shared_data: Path, tmp_path: Path) -> None:
    built = build([shared_data / "roster.csv"], shared_data / "character_tags.csv")
    built.write(tmp_path / "roster.json.xz")
    assert (tmp_path / "roster.json.xz").read_bytes() == ROSTER_FILE.read_bytes()
    assert len(load_roster()) == len(built.characters)
