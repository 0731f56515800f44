"""Who a found character is among those that can be named."""

from __future__ import annotations

import pytest

from bot.enrolment.found import FoundCharacter
from bot.enrolment.joining import Joining, same_series
from models.types import Character

MIKU = Character("hatsune_miku", "Hatsune Miku", "VOCALOID", "初音ミク")
ALTRIA = Character("altria_pendragon", "Altria Pendragon", "Fate", "", ("Artoria Pendragon",))
SAKURA = Character("kinomoto_sakura", "Sakura", "Cardcaptor Sakura")
HARUNO = Character("haruno_sakura", "Sakura", "Naruto")
ROSTER = (MIKU, ALTRIA, SAKURA, HARUNO)


@pytest.mark.parametrize(
    ("found", "key"),
    [
        (FoundCharacter("1", "Miku Hatsune", "VOCALOID"), "hatsune_miku"),
        (FoundCharacter("1", "Miku", "Vocaloid", native_name="初音ミク"), "hatsune_miku"),
        (FoundCharacter("1", "Hatsune Miku", tag="hatsune_miku"), "hatsune_miku"),
        (FoundCharacter("1", "Hatsune Miku"), "hatsune_miku"),
        (FoundCharacter("1", "Artoria Pendragon", "Fate/stay night"), "altria_pendragon"),
        (FoundCharacter("1", "Saber", "Fate", tag="saber_(fate)"), "altria_pendragon"),
        (FoundCharacter("1", "Sakura", "Naruto Shippuuden"), "haruno_sakura"),
        (FoundCharacter("1", "Sakura", "Cardcaptor Sakura"), "kinomoto_sakura"),
    ],
)
def test_who_is_known_is_found(found: FoundCharacter, key: str) -> None:
    joined = Joining(ROSTER, tags={"saber_(fate)": "altria_pendragon"}).join(found)

    assert (joined.character.id, joined.known) == (key, True)


@pytest.mark.parametrize(
    "found",
    [
        FoundCharacter("1", "Sakura"),  # of two
        FoundCharacter("1", "Sakura", "Street Fighter"),
        FoundCharacter("1", "Miku", "The Quintessential Quintuplets"),
    ],
)
def test_who_is_not_surely_known_is_new(found: FoundCharacter) -> None:
    joined = Joining(ROSTER).join(found)

    assert not joined.known
    assert joined.character.id not in {character.id for character in ROSTER}


def test_a_new_character_is_new_once() -> None:
    joining = Joining(ROSTER)
    first = joining.join(FoundCharacter("71", "L Lawliet", "Death Note"))
    again = joining.join(FoundCharacter("l", "Lawliet L", "Death Note"))

    assert first.character.id == "l_lawliet"
    assert again.character is first.character
    assert not again.known


def test_a_new_id_is_nobodys() -> None:
    joining = Joining(ROSTER, taken={"sakura"})

    assert joining.join(FoundCharacter("1", "Sakura", "Naru")).character.id == "sakura_2"


def test_who_was_enrolled_before_is_not_of_the_shipped_roster() -> None:
    before = Character("l_lawliet", "L Lawliet", "Death Note")
    joined = Joining(ROSTER, [before]).join(FoundCharacter("1", "L Lawliet", "Death Note"))

    assert (joined.character, joined.known) == (before, False)


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("Fate", "Fate/stay night", True),
        ("VOCALOID", "Vocaloid", True),
        ("Naruto", "Naruto: Shippuuden", True),
        ("Love Live!", "Love Live! Sunshine!!", True),
        ("Sunshine", "Love Live! Sunshine!!", False),
        ("", "Fate", False),
    ],
)
def test_spellings_of_a_series(one: str, other: str, same: bool) -> None:
    assert same_series(one, other) is same
