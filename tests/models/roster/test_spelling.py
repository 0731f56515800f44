"""Folded names: what is compared when names are."""

from __future__ import annotations

import pytest

from models.roster.spelling import can_be_read, fold, slug


@pytest.mark.parametrize(
    ("text", "folded"),
    [
        ("しゃーろっと", "sharotto"),
        ("キョウコ", "kyoko"),
        ("Tōsaka", "tosaka"),
        ("ヴァイオレット", "vaioretto"),
        ("C.C.", "c c"),
        ("Ryūko", "ryuko"),
        ("Jeanne d’Arc", "jeanne darc"),
        ("HK416", "hk416"),
    ],
)
def test_fold(text: str, folded: str) -> None:
    assert fold(text) == folded


def test_slug_is_ascii() -> None:
    assert slug("Ōkami-san!") == "okami_san"
    assert slug("遠坂凛") == ""


@pytest.mark.parametrize("name", ["", "...", "||", "\u200b\u200d", "\u3164", "★", "_ -", "😀"])
def test_what_has_neither_letter_nor_digit_names_nobody(name: str) -> None:
    assert not can_be_read(name)


@pytest.mark.parametrize("name", ["K", "2B", "416", "遠坂凛", "ゐ", "Й", "...x"])
def test_one_letter_or_digit_is_a_name(name: str) -> None:
    assert can_be_read(name)
