"""Names as people type them."""

from __future__ import annotations

import pytest

from models.roster.matching import NameIndex
from models.roster.name_list import NameList
from models.roster.roster import load_roster
from models.types import Character

GALLERY = (
    Character("hatsune_miku", "Hatsune Miku", "Vocaloid", "初音ミク", ("Miku Hatsune", "みく")),
    Character("tohsaka_rin", "Tohsaka Rin", "Fate/stay night", "遠坂凛", ("Tōsaka Rin",)),
    Character("kagamine_rin", "Kagamine Rin", "Vocaloid", "鏡音リン"),
    Character("albedo", "Albedo", "Genshin Impact", "アルベド"),
    Character("albedo_overlord", "Albedo", "Overlord", "アルベド"),
    Character("saber", "Artoria Pendragon", "Fate/stay night", "アルトリア", ("Saber",)),
    Character("kyouko", "Kirigiri Kyōko", "Danganronpa", "霧切響子"),
)
INDEX = NameIndex(GALLERY)


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("Hatsune Miku", "hatsune_miku"),
        ("miku hatsune", "hatsune_miku"),
        ("初音ミク", "hatsune_miku"),
        ("ミク", "hatsune_miku"),
        ("ハツネ・ミク", "hatsune_miku"),
        ("ｈａｔｓｕｎｅ　ｍｉｋｕ", "hatsune_miku"),
        ("Hatsune Mik", "hatsune_miku"),
        ("Hatusne Miku", "hatsune_miku"),
        ("tosaka rin", "tohsaka_rin"),
        ("Rin (Fate)", "tohsaka_rin"),
        ("Rin (Vocaloid)", "kagamine_rin"),
        ("saber", "saber"),
        ("アルトリア", "saber"),
        ("albedo (overlord)", "albedo_overlord"),
        ("Albedo [Genshin]", "albedo"),
        ("kirigiri kyoko", "kyouko"),
        ("きりぎり きょうこ", "kyouko"),
    ],
)
def test_the_best_match_is_who_is_meant(typed: str, meant: str) -> None:
    assert INDEX.search(typed)[0].character.id == meant


@pytest.mark.parametrize("typed", ["", "   ", "!!!", "Zzyzx", "Nagato Yuki"])
def test_unknown_names_match_nobody(typed: str) -> None:
    assert INDEX.search(typed) == []


def test_only_what_is_sure_is_taken_without_asking() -> None:
    assert INDEX.resolve("hatsune miku") == GALLERY[0]
    assert INDEX.resolve("Hatsune Mikuu") == GALLERY[0]
    assert INDEX.resolve("Albedo") is None
    assert INDEX.resolve("Albedo (Overlord)") == GALLERY[4]
    assert INDEX.resolve("rin") is None
    assert INDEX.resolve("Hatsne Mkiu") is None


def test_completion_finds_by_start_series_and_content() -> None:
    assert INDEX.complete("kaga")[0].id == "kagamine_rin"
    assert {c.id for c in INDEX.complete("vocaloid")} == {"hatsune_miku", "kagamine_rin"}
    assert INDEX.complete("rin")[0].id in {"tohsaka_rin", "kagamine_rin"}
    assert len(INDEX.complete("", limit=3)) == 3


def test_homonyms_are_told_apart_by_series_and_never_guessed() -> None:
    assert [c.id for c in INDEX.homonyms("albedo")] == ["albedo", "albedo_overlord"]
    assert [c.id for c in INDEX.homonyms("Albedo (Overlord)")] == ["albedo_overlord"]
    assert INDEX.holds("MIKU HATSUNE")
    assert not INDEX.holds("Miku Hatsun")


def test_a_name_with_brackets_is_that_name() -> None:
    index = NameIndex([Character("a", "Rover (male)", "WuWa"), Character("b", "Rover", "Male")])
    found = index.resolve("rover (male)")
    assert found is not None
    assert found.id == "a"


LISTED = NameList(
    [
        Character("rem", "Rem", "Re:Zero", "レム", appearances=9053),
        Character("rem_death_note", "Rem", "Death Note", "レム", appearances=88),
        Character("remilia", "Remilia Scarlet", "Touhou Project", appearances=52785),
        Character("mio", "Akiyama Mio", "K-On!", "秋山澪", appearances=10205),
        Character("luna", "Luna", "Sailor Moon", appearances=583),
        Character("deku", "Midoriya Izuku", "My Hero Academia", appearances=5040),
        Character("saber", "Saber", "Fate/stay night", aliases=("Artoria Pendragon",)),
    ],
    {"My Hero Academia": ("Boku no Hero Academia", "MHA")},
)


def test_whole_names_come_before_starts_and_the_most_drawn_first() -> None:
    index = NameIndex((), LISTED)
    assert [c.id for c in index.complete("rem")] == ["rem", "rem_death_note", "remilia"]
    assert index.complete("re", 1)[0].id == "remilia"


def test_the_servers_own_come_first_and_what_it_changed_is_hidden() -> None:
    own = [Character("remi_ours", "Remi", "Our Comic"), Character("luna_2", "Luna", "Our Comic")]
    index = NameIndex(own, LISTED, hidden={"remilia"})
    assert [c.id for c in index.complete("rem", 3)] == ["rem", "rem_death_note", "remi_ours"]
    assert index.complete("lu")[0].id == "luna_2"
    found = index.resolve("Luna")
    assert found is not None
    assert found.id == "luna_2"
    found = index.resolve("Luna (Sailor Moon)")
    assert found is not None
    assert found.id == "luna"


def test_of_two_of_a_name_the_one_that_can_be_named_is_meant() -> None:
    assert NameIndex((), LISTED).resolve("Rem") is None
    found = NameIndex((), LISTED, named={"rem"}).resolve("Rem")
    assert found is not None
    assert found.id == "rem"


@pytest.mark.parametrize(
    ("typed", "first"),
    [
        ("mio", "mio"),
        ("mio aki", "mio"),
        ("mio k-on", "mio"),
        ("あきやま", "mio"),
        ("秋山", "mio"),
        ("akiyma mio", "mio"),
        ("akyiama", "mio"),
        ("boku no hero", "deku"),
        ("mha", "deku"),
        ("izuku mha", "deku"),
        ("artoria", "saber"),
        ("pendragon", "saber"),
        ("doriya", "deku"),
    ],
)
def test_what_is_typed_so_far_offers_who_is_meant(typed: str, first: str) -> None:
    assert NameIndex((), LISTED).complete(typed)[0].id == first


def test_every_start_of_a_name_offers_its_character() -> None:
    index = NameIndex((), LISTED)
    for character in LISTED.characters:
        for size in range(1, len(character.name) + 1):
            assert character in index.complete(character.name[:size])


def test_series_are_found_by_any_of_their_titles() -> None:
    index = NameIndex((), LISTED)
    assert [c.id for c in index.in_series("boku no hero")] == ["deku"]
    assert index.in_series("nowhere") == []


def test_the_shipped_roster_is_searched_by_every_kind_of_name() -> None:
    roster = load_roster()
    index = NameIndex((), NameList(roster, roster.titles))
    assert index.complete("416")[0].name == "HK416"
    assert index.complete("hk416")[0].name == "HK416"
    assert index.complete("c.c.")[0].name == "C.C."
    assert index.complete("初音")[0].id == "hatsune_miku"
    assert index.complete("hatusne mi")[0].id == "hatsune_miku"
    assert {c.series for c in index.complete("fate/zero")} == {"Fate/Zero"}
    assert len(index.complete("a", 25)) == 25


def test_series_by_any_of_their_titles_and_whom_they_hold() -> None:
    listed = NameList(GALLERY, {"Danganronpa": ("Super High School",)})
    own = Character("rin_2", "Rin", "Fate")
    index = NameIndex([own], listed, hidden=["kagamine_rin"])
    assert index.series("")[:3] == ["Fate", "Fate/stay night", "Vocaloid"]
    assert index.series("fate") == ["Fate", "Fate/stay night"]
    assert index.series("school") == ["Danganronpa"]
    assert index.series("", limit=1) == ["Fate"]
    assert index.of_series("fate") == [own]
    assert {each.id for each in index.of_series("Fate/Stay")} == {"saber", "tohsaka_rin"}
    assert [each.id for each in index.of_series("VOCALOID")] == ["hatsune_miku"]
    assert index.of_series("Nothing") == []
