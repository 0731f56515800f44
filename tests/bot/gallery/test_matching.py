"""Names as people type them."""

from __future__ import annotations

import pytest

from bot.gallery.matching import NameIndex, fold, slug
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


@pytest.mark.parametrize(
    ("text", "folded"),
    [
        ("しゃーろっと", "sharotto"),
        ("キョウコ", "kyoko"),
        ("Tōsaka", "tosaka"),
        ("ヴァイオレット", "vaioretto"),
        ("C.C.", "c c"),
        ("Ryūko", "ryuko"),
    ],
)
def test_fold(text: str, folded: str) -> None:
    assert fold(text) == folded


def test_slug_is_ascii() -> None:
    assert slug("Ōkami-san!") == "okami_san"
    assert slug("遠坂凛") == ""
