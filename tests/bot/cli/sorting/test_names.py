"""How folders are called, which number a group has, and what may be learned from."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, cast

import pytest

from bot.cli.sorting.names import folder_names, safe_name
from models.gallery.fitted import Calibration, Threshold
from models.gallery.gallery import Gallery
from models.gallery.namer import Namer
from models.gallery.scoring import Scoring
from models.identify import Identifier
from models.roster.roster import load_roster
from models.types import Character
from tests.bot.cli.sorting.world import (
    BLUE,
    GREEN,
    RED,
    YELLOW,
    LeftAndRight,
    call,
    files,
    save,
    vector,
)
from tests.models.test_identify import MeanColour

if TYPE_CHECKING:
    from models.embedding.embedder import Embedder
    from models.types import Vectors

GURA = Character("gura", "Gawr Gura", "Hololive")
AME = Character("ame", "Watson Amelia", "Hololive")
SABER = Character("saber", "Saber", "Fate/stay night")


def cast_of(monkeypatch: pytest.MonkeyPatch, shown: dict[Character, Vectors]) -> None:
    namer = Namer(
        Gallery.of(shown),
        scoring=Scoring(),
        calibration=Calibration(),
        threshold=Threshold.rising(0.9, 2),
        version="v",
    )
    stages = LeftAndRight(), cast("Embedder", MeanColour()), namer
    monkeypatch.setattr(Identifier, "load", lambda *_: Identifier(*stages))


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("Gawr Gura", "Gawr Gura"),
        ("Fate/stay night", "Fate-stay night"),
        ("Re:Zero", "Re-Zero"),
        (".hack//SIGN", "hack-SIGN"),
        ("K-On!", "K-On!"),
        ("Who? *What* <there>", "Who What there"),
        ("Dr. Stone...", "Dr. Stone"),
        ("..", "unnamed"),
        ("a\x00b\nc", "ab c"),
        ("CON", "CON_"),
        ("com1.txt", "com1.txt_"),
        ("初音ミク", "初音ミク"),
        ("e\u0301", "é"),
    ],
)
def test_a_name_that_every_system_takes(text: str, name: str) -> None:
    assert safe_name(text) == name


def test_a_long_name_is_cut_between_characters() -> None:
    name = safe_name("漢" * 200)
    assert set(name) == {"漢"}
    assert len(name.encode()) <= 120


def test_nobody_of_the_roster_shares_a_folder() -> None:
    names = folder_names(load_roster())
    assert len({name.casefold() for name in names.values()}) == len(names)


def test_two_of_one_name_get_their_series() -> None:
    other = Character("saber_2", "Saber", "Wolf Rain")
    same = Character("gura_2", "gawr gura", "Hololive")
    own = Character("watson", "Watson Amelia", "")
    assert folder_names([SABER, other, GURA, same, AME], [AME, own]) == {
        "saber": "Saber (Fate-stay night)",
        "saber_2": "Saber (Wolf Rain)",
        "gura": "Gawr Gura (gura)",
        "gura_2": "gawr gura (gura_2)",
        "ame": "Watson Amelia",
        "watson": "Watson Amelia",
    }


def test_folders_are_called_as_people_call_characters(monkeypatch: pytest.MonkeyPatch) -> None:
    cast_of(monkeypatch, {GURA: vector(RED), SABER: vector(GREEN)})
    save("in/a.png", RED)
    save("in/b.png", GREEN)
    call("in", "--into", "out")
    assert files() == ["characters/Gawr Gura/a.png", "characters/Saber/b.png"]
    Path("former/characters/gura").mkdir(parents=True)
    call("in", "--into", "former")
    assert files("former") == ["characters/Saber/b.png", "characters/gura/a.png"]


def test_a_folder_for_each_series(monkeypatch: pytest.MonkeyPatch) -> None:
    cast_of(monkeypatch, {GURA: vector(RED), AME: vector(GREEN), SABER: vector(BLUE)})
    save("in/a.png", RED)
    save("in/b.png", RED, GREEN)
    save("in/c.png", BLUE)
    save("in/d.png", BLUE, RED)
    call("in", "--into", "out", "--by", "series")
    assert files() == [
        "series/Fate-stay night/c.png",
        "series/Hololive/a.png",
        "series/Hololive/b.png",
        "several/d.png",
    ]


def test_without_a_series_there_is_a_folder_too() -> None:
    save("in/a.png", RED)
    call("in", "--into", "out", "--by", "series")
    assert files() == ["series/no_series/a.png"]


def test_groups_keep_their_numbers_when_one_of_them_is_named() -> None:
    for number in range(6):
        save(f"in/y{number}.png", YELLOW, size=20 + number)
        save(f"in/z{number}.png", BLUE, size=20 + number)
    call("in", "--into", "out", "--how", "move")
    groups = {Path(file).parent.as_posix(): file for file in files()}
    assert set(groups) == {"unknown/group_1", "unknown/group_2"}
    named, kept = "group_1", "group_2"
    stay = files(f"out/unknown/{kept}")
    Path("mine").mkdir()
    Path(f"out/unknown/{named}").rename("mine/lemon")
    save("more/n.png", BLUE, size=28)
    call("more", "--into", "out")
    code, output = call("out/unknown", "--into", "out", "--gallery", "mine")
    assert code == 0
    assert files(f"out/unknown/{kept}") == sorted([*stay, "n.png"])
    assert "6 stay where they are in it" in output


def test_a_picture_that_was_grouped_may_be_learned_from() -> None:
    for number in range(6):
        save(f"in/y{number}.png", YELLOW, BLUE, size=20 + number)
        Path(f"in/y{number}.txt").write_text("tags")
    call("in", "--into", "out")
    Path("mine").mkdir()
    Path("out/unknown/group_1").rename("mine/lemon")
    save("more/y.png", YELLOW, size=28)
    code, output = call("more", "--into", "out", "--gallery", "mine")
    assert code == 0
    assert output == "     1  characters/Lemon\n1 sorted into out.\n"
    assert "characters/Lemon/y.png" in files()
