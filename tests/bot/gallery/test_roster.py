"""A server's roster: the listed characters, and the server's own and its changes on top."""

from __future__ import annotations

import pytest

from bot.gallery.roster import Listed, ServerRoster
from bot.storage.records.galleries import ServerCharacter
from models.roster.roster import Roster
from models.types import Character

REM = Character("rem", "Rem", "Re:Zero", "レム", ("Remu",), appearances=9)
OTHER_REM = Character("rem_death_note", "Rem", "Death Note", appearances=1)
LUNA = Character("luna", "Luna", "Sailor Moon")
MIKU = Character("miku", "Hatsune Miku", "VOCALOID", link="https://example.org/miku")
ROSTER = Roster((LUNA, MIKU, REM, OTHER_REM), {"mikku": "miku"}, {}, {})


def server(*changed: ServerCharacter, **aliases: tuple[str, ...]) -> ServerRoster:
    return ServerRoster(Listed([MIKU], ROSTER), changed, aliases)


def test_everybody_is_listed_and_the_gallery_says_who_can_be_named() -> None:
    roster = server()
    assert set(roster.characters) == {"luna", "miku", "rem", "rem_death_note"}
    assert roster.named == {"miku"}
    assert len(roster.characters) == 4


def test_whom_only_the_gallery_has_is_listed_as_well() -> None:
    ours = Character("ours", "Ours", "Comic")
    assert ServerRoster(Listed([ours], ROSTER)).characters["ours"] == ours


def test_a_merged_id_leads_to_the_kept_one() -> None:
    roster = server()
    assert roster.resolve("mikku") == "miku"
    assert roster.resolve("nobody") is None
    assert roster.new_id("Mikku") == "mikku_2"


def test_a_server_renames_merges_and_forgets_for_itself_alone() -> None:
    roster = server(
        ServerCharacter("rem", "Blue Maid", "Re:Zero", own=False),
        ServerCharacter("luna", "Luna", "Sailor Moon", state="forgotten", own=False),
        ServerCharacter("rem_death_note", "Rem", "Death Note", state="merged", merged_into="rem"),
        ServerCharacter("luna_2", "Luna", "Our Comic"),
        miku=("Mikuchan",),
    )
    assert set(roster.characters) == {"rem", "luna_2", "miku"}
    assert len(roster.characters) == 3
    assert roster.characters["rem"].name == "Blue Maid"
    assert "Rem" in roster.characters["rem"].aliases
    assert roster.characters["miku"].link == MIKU.link
    assert roster.resolve("rem_death_note") == "rem"
    assert roster.resolve("luna") is None
    assert "luna" not in roster.characters
    with pytest.raises(KeyError):
        roster.characters["luna"]
    found = roster.find("Luna")
    assert found is not None
    assert found.id == "luna_2"
    found = roster.find("mikuchan")
    assert found is not None
    assert found.id == "miku"
    assert server().characters["rem"] == REM


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("rem_death_note", "rem_death_note"),
        ("Rem (Re:Zero)", "rem"),
        ("miku", "miku"),
        ("luna", "luna"),
        ("rem", None),
        ("nobody", None),
    ],
)
def test_an_id_that_is_a_name_of_several_says_no_more_than_the_name(
    text: str, meant: str | None
) -> None:
    found = server().find(text)
    assert (found and found.id) == meant


def test_every_character_has_a_text_that_finds_it() -> None:
    roster = server(ServerCharacter("luna_2", "Luna", "Our Comic"))
    for key, character in roster.characters.items():
        for text in (roster.value(character), roster.full_name(character, always=True)):
            found = roster.find(text)
            assert found is not None
            assert found.id == key
    assert roster.full_name(MIKU) == "Hatsune Miku"
    assert roster.full_name(REM) == "Rem (Re:Zero)"
