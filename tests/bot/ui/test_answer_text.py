"""What an answer says of a face."""

from __future__ import annotations

import pytest

from bot.storage.records import AnsweredFace, StoredGuess
from bot.ui.answer_faces import Said, ShownFace
from bot.ui.answer_text import alt_of_face, alt_of_sheet, face_lines, fit
from models.types import SETTLED, Box, Character, Tier

MIKASA = Character("mikasa", "Mikasa Ackerman", "Attack on Titan", link="https://example.org/1")
PAGE = "https://myanimelist.net/character/40881"


def face(
    tier: Tier = Tier.NAMED,
    probability: float = 0.97,
    series: str = "Attack on Titan",
    by: str = "",
) -> AnsweredFace:
    guesses = (
        StoredGuess("mikasa", "Mikasa Ackerman", series, probability, by),
        StoredGuess("annie", "Annie Leonhart", series, 0.02),
        StoredGuess("eren", "Eren Yeager", series, 0.004),
    )
    return AnsweredFace(box=Box(0, 0, 0.2, 0.2), guesses=guesses, tier=tier)


def lines(shown: ShownFace, guesses: int = 1) -> list[str]:
    return face_lines(shown, guesses, numbered=False)


@pytest.mark.parametrize(
    ("tier", "probability", "said"),
    [
        (Tier.NAMED, 0.97, ["**Mikasa Ackerman**", "-# Attack on Titan · 97 %"]),
        (Tier.PROBABLY, 0.6, ["**Probably Mikasa Ackerman**", "-# Attack on Titan · 60 %"]),
        (
            Tier.NOT_KNOWN,
            0.3,
            [
                "I don't know who this is. Closest: Mikasa Ackerman, Annie Leonhart",
                "-# 30 % for Mikasa Ackerman",
            ],
        ),
    ],
)
def test_each_tier_has_its_words_and_one_number(
    tier: Tier, probability: float, said: list[str]
) -> None:
    shown = ShownFace(0, face(tier, probability))
    assert lines(shown) == said
    alt = alt_of_face(shown)
    assert ("Probably" in alt, "don't know" in alt) == (
        tier is Tier.PROBABLY,
        tier is Tier.NOT_KNOWN,
    )


def test_a_name_leads_to_its_page_where_there_is_one_and_further_guesses_too() -> None:
    shown = ShownFace(2, face(), links={"mikasa": PAGE})
    assert face_lines(shown, 3, numbered=True) == [
        f"`3` **[Mikasa Ackerman]({PAGE})**",
        "-# Attack on Titan · 97 %",
        "-# 2. Annie Leonhart · Attack on Titan · 2 %",
        "-# 3. Eren Yeager · Attack on Titan · under 1 %",
    ]


@pytest.mark.parametrize("tier", Tier)
def test_a_character_without_a_series_leaves_no_dangling_dash(tier: Tier) -> None:
    shown = ShownFace(0, face(tier, series=""))
    for line in (*lines(shown, 3), alt_of_face(shown)):
        text = line.removeprefix("-# ").strip("*")
        assert text[0] not in "·—-(,"
        assert text[-1] not in "·—-(,"
        assert "()" not in text
        assert "· ·" not in text


def test_who_named_a_face_stands_beside_the_name_and_what_i_said_below_it() -> None:
    annie = Character("annie", "Annie Leonhart", "Attack on Titan")
    ann = ShownFace(0, face(), said=Said("character", 1, "Ann", annie))
    assert lines(ann) == [
        "**Annie Leonhart, named by Ann**",
        "-# Attack on Titan · I said Mikasa Ackerman, 97 %",
    ]
    assert alt_of_face(ann) == "Annie Leonhart (Attack on Titan), named by Ann."
    two = ShownFace(0, face(), said=Said("character", 2, "", MIKASA))
    assert lines(two) == [
        "**Two say [Mikasa Ackerman](https://example.org/1)**",
        "-# Attack on Titan · 97 %",
    ]
    crowd = ShownFace(0, face(), said=Said("character", 41, "", annie))
    assert lines(crowd)[0] == "**41 say Annie Leonhart**"


def test_other_words_of_members_are_shown_too() -> None:
    ann = {kind: Said(kind, 1, "Ann") for kind in ("not_a_face", "ignore", "not_them")}
    assert lines(ShownFace(0, face(), said=ann["not_a_face"])) == ["**Not a face, says Ann**"]
    assert lines(ShownFace(0, face(), said=ann["ignore"])) == ["**Left out, says Ann**"]
    assert lines(ShownFace(0, face(), said=ann["not_them"])) == [
        "**Mikasa Ackerman**",
        "-# Attack on Titan · 97 % · wrong, says Ann",
    ]
    disputed = ShownFace(0, face(), said=Said("character", 2, "", MIKASA, disputed=True))
    assert "a moderator decides" in lines(disputed)[1]


def test_what_was_settled_and_what_a_tagger_said_is_told_without_a_number_of_mine() -> None:
    assert lines(ShownFace(0, face(probability=1.0, by=SETTLED)))[1] == (
        "-# Attack on Titan · as was settled here"
    )
    assert lines(ShownFace(0, face(by="tagger")))[1] == "-# Attack on Titan · 97 % · by the tagger"


def test_a_spoiler_hides_every_name_and_its_alt_texts() -> None:
    for said in (None, Said("character", 1, "Ann", MIKASA)):
        shown = ShownFace(0, face(), hidden=True, said=said)
        for line in face_lines(shown, 5, numbered=True):
            outside = line.split("||")[0::2]
            assert not any(name in part for part in outside for name in ("Mikasa", "Annie"))
        for alt in (alt_of_face(shown), alt_of_sheet([shown, shown])):
            assert "Mikasa" not in alt
            assert "idden" in alt


def test_the_sheets_alt_text_says_who_is_where() -> None:
    faces = [ShownFace(0, face()), ShownFace(1, face(Tier.NOT_KNOWN, 0.3))]
    assert alt_of_sheet(faces).splitlines() == [
        "Face 1, top left: Mikasa Ackerman (Attack on Titan), 97 %.",
        "Face 2, top left: I don't know who this is. Closest: Mikasa Ackerman, Annie Leonhart.",
    ]


def test_names_show_as_they_are_and_end_no_link() -> None:
    evil = AnsweredFace(
        box=Box(0, 0, 1, 1),
        guesses=(StoredGuess("x", "Rei](http://x) _*y*_\n||z||", "[s](http://s)", 0.97),),
        tier=Tier.NAMED,
    )
    for links in ({}, {"x": PAGE}):
        text = "\n".join(lines(ShownFace(0, evil, links=links)))
        first = text.split("\n")[0]
        assert first.count("[") == first.count("](") - (not links) == len(links)
        assert "||z" not in text.replace("\\|\\|", "")
        assert len(text.splitlines()) == 2


def test_texts_fit_a_limit_by_whole_lines() -> None:
    long = AnsweredFace(
        box=Box(0, 0, 1, 1),
        guesses=(StoredGuess("x", "_" * 200, "*" * 200, 0.97),) * 5,
        tier=Tier.NAMED,
    )
    blocks = [face_lines(ShownFace(n, long, True), 5, numbered=True) for n in range(5)]
    texts = fit(blocks, 4000)
    assert sum(map(len, texts)) <= 4000
    assert all(text.count("||") % 2 == 0 for text in texts)
    assert [f"`{n}`" in text for n, text in enumerate(texts, 1)] == [True] * 5
