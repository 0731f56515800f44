"""Commands: who may use them, what they change and what they say."""

from __future__ import annotations

from typing import Any
from unittest.mock import AsyncMock, Mock

import discord
import pytest
from discord import app_commands
from discord.ext import commands

from bot.errors import UserError
from bot.gallery.roster import ServerRoster
from bot.gallery.server_galleries import ServerGalleries
from bot.ui.autocomplete import offer
from bot.ui.roster_list import (
    PER_PAGE,
    RosterButton,
    matching,
    roster_embed,
    roster_view,
    searched,
)
from bot.wording import NEEDS_INTENT
from cogs.answering.who import Who
from cogs.info.help import Help
from cogs.server.channels import Channels
from cogs.server.settings import Settings
from models.types import Character
from tests.bot.discord_objects import CHARACTERS, channel, person

MODERATOR = discord.Permissions(manage_guild=True)


def context(where: Any, permissions: discord.Permissions = MODERATOR) -> Any:
    author = person(guild_permissions=permissions)
    found = Mock(spec=commands.Context, channel=where, guild=where.guild, author=author)
    found.defer, found.send = AsyncMock(), AsyncMock()
    found.permissions = permissions
    return found


def channels(bot: Any, *, message_content: bool = True) -> Channels:
    settings = bot.services.storage.settings
    return Channels(settings, "!", message_content=message_content)


async def passes(command: Any, who: Any) -> bool:
    return all([await discord.utils.maybe_coroutine(check, who) for check in command.checks])


@pytest.mark.parametrize("name", ["on", "off", ""])
async def test_watch_is_for_moderators(name: str) -> None:
    command: Any = getattr(Channels, name) if name else Channels.watch
    assert await passes(command, context(channel()))
    with pytest.raises(commands.MissingPermissions):
        await passes(command, context(channel(), discord.Permissions.none()))


async def test_settings_are_for_moderators() -> None:
    refused = Mock(spec=discord.Interaction, permissions=discord.Permissions.none())
    with pytest.raises(app_commands.MissingPermissions):
        await passes(Settings.settings, refused)
    assert Settings.settings.default_permissions == MODERATOR
    assert Settings.settings.guild_only


async def test_watch_on_and_off(bot: Any) -> None:
    where = channel()
    asked = context(where)
    cog = channels(bot)
    await Channels.on.callback(cog, asked)  # type: ignore[call-arg]
    assert await bot.services.storage.settings.watched(where.guild.id) == {
        where.id: asked.author.id
    }
    await Channels.off.callback(cog, asked)  # type: ignore[call-arg]
    assert await bot.services.storage.settings.watched(where.guild.id) == {}
    assert "now answer" in asked.send.await_args_list[0].args[0]


async def test_watch_on_says_what_is_missing_at_once(bot: Any) -> None:
    asked = context(channel(discord.Permissions(view_channel=True)))
    await Channels.on.callback(channels(bot), asked)  # type: ignore[call-arg]
    assert "**Attach Files**" in asked.send.await_args.args[0]


async def test_watch_on_without_message_content_says_what_is_needed(bot: Any) -> None:
    cog = channels(bot, message_content=False)
    with pytest.raises(UserError) as caught:
        await Channels.on.callback(cog, context(channel()))  # type: ignore[call-arg]
    assert str(caught.value) == NEEDS_INTENT


async def test_settings_change_only_what_is_named(bot: Any) -> None:
    interaction = Mock(spec=discord.Interaction, guild_id=5)
    interaction.response = Mock(defer=AsyncMock())
    interaction.edit_original_response = AsyncMock()
    cog: Any = Settings(
        bot.services.storage.settings,
        bot.services.config.naming,
        plain=False,
        message_content=True,
    )
    await cog.settings.callback(cog, interaction, named=80.0, guesses=3)
    found = await bot.services.storage.settings.get(5)
    assert (found.named, found.guesses, found.ephemeral) == (0.8, 3, True)
    await cog.settings.callback(cog, interaction, named=0.0, menu_answer="everybody")
    found = await bot.services.storage.settings.get(5)
    assert (found.named, found.guesses, found.ephemeral) == (None, 3, False)


async def test_help_fits_an_embed() -> None:
    asked = context(channel())
    await Help.help.callback(Help("!", message_content=False), asked)  # type: ignore[call-arg]
    page = asked.send.await_args.kwargs["embed"]
    assert len(page) < 6000
    assert all(len(field.value) <= 1024 for field in page.fields)
    assert "!who" in page.fields[0].value


def test_search_finds_names_native_names_series_and_typos() -> None:
    roster = ServerRoster(CHARACTERS)

    def names(search: str) -> list[str]:
        return [each.name for each in matching(roster, search)]

    assert names("")[0] == "Aoi"
    assert len(names("")) == len(CHARACTERS)
    assert names("miku")[0] == "Hatsune Miku"
    assert names("初音ミク")[0] == "Hatsune Miku"
    assert set(names("vocaloid")) >= {"Hatsune Miku", "Kagamine Rin"}
    assert names("hatsnue miku")[0] == "Hatsune Miku"
    assert names("zzzzqq") == []


def test_list_pages_and_its_buttons_hold_their_state() -> None:
    many = [Character(f"c{number:03}", f"Name {number:03}", "Series") for number in range(40)]
    view = roster_view(many, 1, "a" * 60)
    assert view is not None
    for item in view.children:
        assert isinstance(item, RosterButton)
        assert len(item.custom_id) <= 100
    lines = (roster_embed(many, 2, "").description or "").splitlines()
    assert len(lines) == 40 - 2 * PER_PAGE
    assert roster_view(many[:PER_PAGE], 0, "") is None


@pytest.mark.parametrize(
    ("search", "series"),
    [("", ""), ("a" * 200, ""), ("", "s" * 200), ("a:b " * 60, "Re:Zero " * 40)],
)
def test_a_list_button_holds_search_and_series(search: str, series: str) -> None:
    search, series = searched(search, series)
    button = RosterButton("next", 99999, search, series)
    assert len(button.custom_id) <= 100
    read = RosterButton.__discord_ui_compiled_template__.fullmatch(button.custom_id)
    assert read is not None
    assert (read["search"], read["series"] or "") == (search, series)


def test_a_series_is_listed_whole_and_a_search_within_it() -> None:
    roster = ServerRoster(CHARACTERS)
    both = {"Hatsune Miku", "Kagamine Rin"}
    assert {each.name for each in matching(roster, "", [], series="vocaloid")} == both
    assert [each.name for each in matching(roster, "rin", series="vocaloid")] == ["Kagamine Rin"]


async def test_autocomplete_stays_within_discords_limits() -> None:
    many = [Character(f"c{number}", "N" * 150, "S" * 150) for number in range(60)]
    galleries = Mock(spec=ServerGalleries, roster=AsyncMock(return_value=ServerRoster(many)))
    choices = await offer(galleries, 1, "")
    assert len(choices) == 25
    assert all(0 < len(choice.name) <= 100 and len(choice.value) <= 100 for choice in choices)


async def test_menu_asks_privately_or_publicly_as_the_server_sets_it(bot: Any) -> None:
    services = bot.services
    settings = services.storage.settings
    cog = Who(bot, services.questions, services.recognition, settings)
    for ephemeral in (True, False):
        await bot.services.storage.settings.update(6, ephemeral=ephemeral)
        interaction = Mock(spec=discord.Interaction, guild_id=6)
        interaction.response = Mock(defer=AsyncMock())
        with pytest.raises(UserError):
            await cog.menu(interaction, Mock(author=bot.user, id=1))
        interaction.response.defer.assert_awaited_once_with(ephemeral=ephemeral, thinking=True)
