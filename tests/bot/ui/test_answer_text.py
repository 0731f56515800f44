"""What an answer says."""

from __future__ import annotations

import dataclasses

import pytest

from bot.storage import AnsweredPicture
from bot.storage.records import AnsweredFace, StoredGuess
from bot.ui import answer_text as answers
from models.types import Box, Tier
from tests.bot.discord_objects import stored_picture


def face(name: str = "Miku", series: str = "VOCALOID", guesses: int = 5) -> AnsweredFace:
    guess = StoredGuess("x", name, series, 0.2)
    return AnsweredFace(box=Box(0, 0, 1, 1), tier=Tier.NAMED, guesses=(guess,) * guesses)


@pytest.mark.parametrize(
    ("probability", "text"),
    [
        (0.83, "▰▰▰▰▰▰▰▱ 83 %"),
        (0.5, "▰▰▰▰▱▱▱▱ 50 %"),
        (0.0, "▱▱▱▱▱▱▱▱ under 1 %"),
        (1.0, "▰▰▰▰▰▰▰▰ over 99 %"),
    ],
)
def test_bar_shows_probability_and_never_claims_certainty(probability: float, text: str) -> None:
    assert answers.bar(probability) == text


def test_a_face_is_one_line_until_opened() -> None:
    pictures = [stored_picture(1)]
    closed = answers.embed(pictures, 0, opened=False, guesses=5).description
    opened = answers.embed(pictures, 0, opened=True, guesses=5).description
    assert closed == "`1` **Hatsune Miku** — VOCALOID  ▰▰▰▰▰▰▰▱ 83 %"
    assert opened is not None
    assert opened.splitlines()[1] == "-# 2. Kagamine Rin — VOCALOID, 10 %"
    assert len(opened.splitlines()) == 5


def test_unknown_is_said_with_the_nearest_in_small_print() -> None:
    text = answers.embed(
        [stored_picture(1, tier=Tier.NOT_KNOWN)], 0, opened=False, guesses=5
    ).description
    assert text == "`1` I don't know who this is.\n-# Closest: Hatsune Miku — VOCALOID, 83 %"


def test_spoilered_picture_hides_every_name() -> None:
    picture = stored_picture(2, "SPOILER_a.png")
    text = answers.embed([picture], 0, opened=True, guesses=5).description or ""
    assert all("||" in line for line in text.splitlines())
    assert not any(name in text.split("||")[0::2] for name in ("Hatsune Miku", "Kagamine Rin"))


def test_many_faces_and_pictures_page() -> None:
    pictures = [stored_picture(14, "a.png"), stored_picture(1, "b.png")]
    pages = answers.pages(pictures)
    assert [(page.picture, page.start, page.stop) for page in pages] == [
        (0, 0, 6),
        (0, 6, 12),
        (0, 12, 14),
        (1, 0, 1),
    ]
    card = answers.embed(pictures, 2, opened=False, guesses=5)
    assert card.author.name == "Picture 1 of 2 · a.png"
    assert (card.description or "").startswith("`13` ")
    assert "faces 13 to 14 of 14" in (card.footer.text or "")


def test_markdown_in_names_shows_as_it_is() -> None:
    picture = AnsweredPicture("a.png", (face("Rei_*x*\n||y||", "[z](http://x)"),))
    text = answers.embed([picture], 0, opened=False, guesses=1).description or ""
    assert "\\*x\\*" in text
    assert "||y" not in text.replace("\\|\\|", "")
    assert len(text.splitlines()) == 1


def test_longest_names_stay_within_discords_limit() -> None:
    picture = AnsweredPicture("a" * 300, (face("_" * 200, "*" * 200),) * 6)
    hidden = dataclasses.replace(picture, name="SPOILER_" + picture.name)
    for shown in (picture, hidden):
        card = answers.embed([shown, shown], 0, opened=True, guesses=5)
        assert len(card.description or "") <= 4096
        assert len(card) <= 6000
        text = card.description or ""
        assert [f"`{number}`" in text for number in range(1, 7)] == [True] * 6
        assert text.count("||") % 2 == 0
