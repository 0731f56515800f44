"""Age-restricted pictures stay where they are; links are read for those who may read them."""

from __future__ import annotations

from typing import Any
from unittest.mock import AsyncMock, Mock

import discord
import pytest

from bot.recognition.origin import MESSAGE_LINK, linked_message, stays_hidden
from tests.bot.discord_objects import IDS, channel, message, person


def not_found() -> discord.NotFound:
    return discord.NotFound(Mock(status=404, reason=""), "unknown")


def server(bot: Any, where: Any, reader: discord.Permissions) -> Any:
    guild = where.guild
    bot.get_guild = Mock(return_value=guild)
    guild.get_member = Mock(return_value=person())
    guild.get_channel_or_thread = Mock(return_value=where)
    where.permissions_for = Mock(return_value=reader)
    where.fetch_message = AsyncMock(return_value="the message")
    return guild


def link(where: Any) -> Any:
    text = f"see https://discord.com/channels/{where.guild.id}/{where.id}/{next(IDS)} there"
    return MESSAGE_LINK.search(text)


async def test_restricted_picture_is_answered_in_its_channel_only(bot: Any) -> None:
    restricted, other = channel(nsfw=True), channel()
    posted = message(restricted)
    assert not await stays_hidden(bot, posted, restricted)
    assert await stays_hidden(bot, posted, other)
    assert await stays_hidden(bot, posted, channel(nsfw=True))


async def test_thread_belongs_to_its_channel(bot: Any) -> None:
    restricted = channel(nsfw=True)
    thread = Mock(spec=discord.Thread, id=next(IDS), parent_id=restricted.id)
    thread.is_nsfw = Mock(return_value=True)
    assert not await stays_hidden(bot, message(restricted), thread)
    assert await stays_hidden(bot, message(thread), channel())


async def forward(bot: Any, origin: Any, here: Any) -> bool:
    reference = Mock(spec=discord.MessageReference, channel_id=next(IDS), guild_id=None)
    posted = message(here, message_snapshots=[Mock()], reference=reference)
    here.guild.get_channel_or_thread = Mock(return_value=origin)
    bot.fetch_channel = AsyncMock(side_effect=not_found())
    return await stays_hidden(bot, posted, here)


async def test_forward_keeps_its_origin(bot: Any) -> None:
    assert await forward(bot, channel(nsfw=True), channel())
    assert not await forward(bot, channel(), channel())


async def test_forward_from_a_channel_that_cannot_be_seen_counts_as_restricted(bot: Any) -> None:
    assert await forward(bot, None, channel())


async def test_link_is_read_for_who_may_read_it(bot: Any) -> None:
    where = channel()
    server(bot, where, discord.Permissions.all())
    assert await linked_message(bot, link(where), person(), channel()) == "the message"


@pytest.mark.parametrize("lacking", ["view_channel", "read_message_history"])
async def test_link_is_not_read_for_others(bot: Any, lacking: str) -> None:
    where = channel()
    held = discord.Permissions.all()
    setattr(held, lacking, False)
    server(bot, where, held)
    assert await linked_message(bot, link(where), person(), channel()) is None
    where.fetch_message.assert_not_awaited()


async def test_link_to_a_server_that_the_asker_is_not_in_is_not_read(bot: Any) -> None:
    where = channel()
    guild = server(bot, where, discord.Permissions.all())
    guild.get_member = Mock(return_value=None)
    guild.fetch_member = AsyncMock(side_effect=not_found())
    assert await linked_message(bot, link(where), person(), channel()) is None


async def test_private_thread_is_read_for_its_members(bot: Any) -> None:
    held = discord.Permissions(view_channel=True, read_message_history=True)
    thread = Mock(spec=discord.Thread, id=next(IDS), guild=channel().guild)
    thread.is_private = Mock(return_value=True)
    server(bot, thread, held)
    thread.fetch_member = AsyncMock(side_effect=not_found())
    assert await linked_message(bot, link(thread), person(), channel()) is None
    thread.fetch_member = AsyncMock()
    assert await linked_message(bot, link(thread), person(), channel()) == "the message"


async def test_direct_message_is_linked_in_its_own_conversation_only(bot: Any) -> None:
    here = Mock(spec=discord.DMChannel, id=next(IDS))
    match = MESSAGE_LINK.search(f"https://discord.com/channels/@me/{here.id}/{next(IDS)}")
    assert match is not None
    partial = Mock(spec=discord.PartialMessageable)
    partial.fetch_message = AsyncMock(return_value="mine")
    bot.get_partial_messageable = Mock(return_value=partial)
    assert await linked_message(bot, match, person(), here) == "mine"
    assert await linked_message(bot, match, person(), channel()) is None
