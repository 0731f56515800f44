"""Folded names: what is compared when names are."""

from __future__ import annotations

import pytest

from models.roster.spelling import fold, slug


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
