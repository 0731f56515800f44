"""Commands that tell and choose: characters, one character, the versions of a server."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest

from bot.client import MoedexBot
from bot.storage.records import TrainingReport
from models.roster.roster import Roster
from models.types import Character
from tests.bot.fakes import MARIN, FakeStages
from tests.e2e.conftest import eventually, shown, text_of

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from sandbox import Sandbox
    from sandbox.state.entities import Message
    from sandbox.state.interaction import Interaction
    from tests.e2e.conftest import Start

LINK = "https://myanimelist.net/character/118737"
REM = Character(
    "rem", "Rem", "Re:Zero", "レム", ("Oni Maid",), link=LINK, tag="rem_(re:zero)", appearances=9053
)
CROWD = [Character(f"kid_{number:02}", f"Kid {number:02}", "The Crowd") for number in range(40)]
OTHER_REM = Character("rem_death_note", "Rem", "Death Note", "レム", appearances=88)


class Listing(FakeStages):
    """Stages with a roster of a few more characters than the gallery can name."""

    roster = Roster((MARIN, *CROWD, REM, OTHER_REM), {}, {}, {"Re:Zero": ("Kara Hajimeru",)})


@pytest.fixture
async def listing(start: Start) -> AsyncIterator[MoedexBot]:
    """Return a bot with that roster."""
    async with start(Listing()) as bot:
        yield bot


async def page_of(interaction: Interaction) -> Message:
    """Return the page that a command shows."""

    async def said() -> bool:
        return bool(interaction.answers and interaction.answers[0].embeds)

    await eventually(said)
    return interaction.answers[0]


async def test_help_names_every_command(sandbox: Sandbox, listing: MoedexBot) -> None:
    page = text_of(await page_of(await sandbox.member("ben").slash("general", "help")))
    there = [
        command
        for command in listing.tree.walk_commands()
        if not hasattr(command, "commands")  # a group is no command of its own
    ]
    assert len(there) > 25
    assert [each.qualified_name for each in there if f"`/{each.qualified_name}" not in page] == []
    menus = [each for each in sandbox.state.commands.all() if each["type"] == 3]
    assert [each["name"] for each in menus if f"**{each['name']}**" not in page] == []


async def test_a_page_of_one_character(sandbox: Sandbox, listing: MoedexBot) -> None:
    ann = sandbox.member("ann")
    page = await page_of(await ann.slash("general", "character", {"name": "Oni Maid"}))
    assert page.ephemeral
    (card,) = page.embeds
    assert (card["title"], card["url"]) == ("Rem", LINK)
    fields = {field["name"]: field["value"] for field in card["fields"]}
    assert (fields["Series"], fields["In its own script"]) == ("Re:Zero", "レム")
    assert fields["Also called"] == "Oni Maid"
    assert "9,053" in fields["Drawn"]
    assert fields["By face"].startswith("Not yet")
    assert LINK in fields["More"]
    marin = await page_of(await ann.slash("general", "character", {"name": "marin"}))
    assert "Yes" in text_of(marin)
    assert "url" not in marin.embeds[0]


async def test_a_name_of_two_or_of_nobody(sandbox: Sandbox, listing: MoedexBot) -> None:
    ann = sandbox.member("ann")
    two = await shown(await ann.slash("general", "character", {"name": "Rem"}))
    assert "Rem (Re:Zero), Rem (Death Note)" in two.content
    nobody = await shown(await ann.slash("general", "character", {"name": "Zzxqy"}))
    assert "I know nobody called" in nobody.content
    offered = await ann.autocomplete("general", "character", {"name": "rem"}, "name")
    assert [each["name"] for each in offered] == ["Rem — Re:Zero", "Rem — Death Note"]
    for each in offered:
        page = await page_of(await ann.slash("general", "character", {"name": each["value"]}))
        assert page.embeds[0]["title"] == "Rem"


async def test_characters_of_a_series(sandbox: Sandbox, listing: MoedexBot) -> None:
    ann = sandbox.member("ann")
    page = await page_of(await ann.slash("general", "characters", {"series": "The Crowd"}))
    assert "40 characters · page 1 of 3" in text_of(page)
    await ann.press(page, "▶")
    await eventually(lambda: says(page, "page 2 of 3"))
    assert "Kid 15" in text_of(page)
    some = await page_of(
        await ann.slash("general", "characters", {"series": "crowd", "search": "kid 07"})
    )
    assert "**Kid 07**" in text_of(some)
    assert "Rem" not in text_of(some)
    alias = await page_of(await ann.slash("general", "characters", {"series": "kara hajimeru"}))
    assert "1 character ·" in text_of(alias)
    none = await shown(await ann.slash("general", "characters", {"series": "Nothing At All"}))
    assert none.content.startswith("I know nobody of **Nothing At All**")


@pytest.mark.parametrize(
    ("typed", "offered"),
    [
        ("", ["The Crowd", "Death Note", "Re:Zero", "Tests"]),
        ("re", ["Re:Zero"]),
        ("note", ["Death Note"]),
        ("kara", ["Re:Zero"]),
        ("zzz", []),
    ],
)
async def test_series_are_offered(
    sandbox: Sandbox, listing: MoedexBot, typed: str, offered: list[str]
) -> None:
    ann = sandbox.member("ann")
    choices = await ann.autocomplete("general", "characters", {"series": typed}, "series")
    assert [each["value"] for each in choices] == offered


async def says(message: Message, part: str) -> bool:
    return part in text_of(message)


async def trained(bot: MoedexBot, server_id: int, backbone: str = "fake") -> None:
    """Keep a promoted version, as a training does."""
    report = TrainingReport(examples=12, characters=2, held_out=3, reasons=("it lost nothing",))
    await bot.services.storage.versions.add(
        server_id, backbone, b"", report, [], datetime.now(UTC), promoted=True
    )


async def test_versions_and_the_way_back(sandbox: Sandbox, listing: MoedexBot) -> None:
    ann, versions = sandbox.member("ann"), listing.services.storage.versions
    server_id = sandbox.server.id

    async def said(command: str, **options: Any) -> str:
        used = await ann.slash("general", f"model {command}", options)
        await eventually(lambda: answered(used))
        return text_of(used.answers[0])

    assert "no version of its own" in await said("list")
    assert "answer already" in await said("rollback")
    await trained(listing, server_id)
    await trained(listing, server_id)
    page = await said("list")
    assert "**Version 1**: 12 labelled faces" in page
    assert page.rstrip().endswith("answers")
    assert "it lost nothing" in await said("show", version=2)
    assert "Back from version 2: version 1 answers" in await said("rollback")
    assert "Back from version 1: the shipped names answer from" in await said("rollback")
    assert await versions.current(server_id) is None
    assert "The shipped names answer." in await said("list")
    assert "Version 2 answers from now on" in await said("promote", version=2)
    current = await versions.current(server_id)
    assert current is not None
    assert current.number == 2
    assert "no version 9 (there are: 1, 2)" in await said("promote", version=9)
    await trained(listing, server_id, backbone="older")
    await versions.promote(server_id, 2)
    assert "another backbone" in await said("promote", version=3)
    offered = await ann.autocomplete("general", "model promote", {"version": ""}, "version")
    assert [each["value"] for each in offered] == [3, 2, 1]


async def answered(interaction: Interaction) -> bool:
    return bool(interaction.answers and text_of(interaction.answers[0]))


async def test_versions_are_for_moderators(sandbox: Sandbox, listing: MoedexBot) -> None:
    ben = sandbox.member("ben")
    with pytest.raises(Exception, match="model"):
        await ben.slash("general", "model rollback")
