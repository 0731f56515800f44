"""What is missing is found out, named in plain words, and told to who can change it."""

from __future__ import annotations

from typing import Any
from unittest.mock import AsyncMock, Mock

import discord
import pytest

from bot.recognition import permissions
from bot.recognition.complaints import PermissionComplaints
from tests.bot.discord_objects import IDS, channel, message


def without(*names: str) -> discord.Permissions:
    held = discord.Permissions.all()
    held.update(**dict.fromkeys(names, False))
    return held


def complaints(bot: Any) -> PermissionComplaints:
    storage = bot.services.storage
    return PermissionComplaints(bot, storage.settings, storage.state)


@pytest.mark.parametrize(
    ("key", "name"),
    [
        ("view_channel", "View Channel"),
        ("send_messages", "Send Messages"),
        ("read_message_history", "Read Message History"),
        ("attach_files", "Attach Files"),
        ("embed_links", "Embed Links"),
    ],
)
def test_each_missing_permission_is_named(key: str, name: str) -> None:
    where = channel(without(key))
    assert permissions.missing_in(where) == [name]
    assert f"**{name}**" in permissions.sentence(where, [name])


@pytest.mark.parametrize("kind", [discord.Thread, discord.ForumChannel])
def test_threads_and_forums_need_their_own_permission(kind: type) -> None:
    where = Mock(spec=kind, guild=channel().guild)
    where.permissions_for = Mock(return_value=without("send_messages_in_threads"))
    assert permissions.missing_in(where) == ["Send Messages in Threads"]


def test_a_thread_is_written_to_by_its_own_permission() -> None:
    thread = Mock(spec=discord.Thread, guild=channel().guild)
    thread.permissions_for = Mock(return_value=without("send_messages_in_threads"))
    assert not permissions.may_write(thread)


def test_nothing_is_missing_in_a_dm() -> None:
    assert permissions.missing_in(Mock(spec=discord.DMChannel)) == []


def test_reactions_are_not_needed_for_an_answer() -> None:
    where = channel(without("add_reactions"))
    assert permissions.missing_in(where) == []
    assert not permissions.may_react(where)


async def test_who_asks_is_told_each_time(bot: Any) -> None:
    where = channel(without("attach_files"))
    posted = message(where)
    for _ in range(2):
        await complaints(bot).make(where, ["Attach Files"], asked_by=posted)
    assert posted.reply.await_count == 2


async def test_a_watched_channel_is_told_once_a_day(bot: Any) -> None:
    where = channel(without("attach_files"))
    for _ in range(2):
        await complaints(bot).make(where, ["Attach Files"], asked_by=None)
    where.send.assert_awaited_once()


async def told_by_dm(bot: Any, where: Any) -> tuple[int, Any]:
    user = Mock(spec=discord.User)
    user.send = AsyncMock()
    bot.get_user = Mock(return_value=user)
    await complaints(bot).make(where, ["Send Messages"], asked_by=message(where))
    await complaints(bot).make(where, ["Send Messages"], asked_by=message(where))
    return bot.get_user.call_args.args[0], user


async def test_where_nothing_can_be_sent_who_switched_it_on_hears_of_it(bot: Any) -> None:
    where = channel(without("send_messages"))
    moderator = next(IDS)
    await bot.services.storage.settings.watch(where.guild.id, where.id, moderator)
    told, user = await told_by_dm(bot, where)
    assert told == moderator
    user.send.assert_awaited_once()
    where.send.assert_not_awaited()


async def test_else_the_owner_hears_of_it(bot: Any) -> None:
    where = channel(without("send_messages"))
    told, user = await told_by_dm(bot, where)
    assert told == where.guild.owner_id
    user.send.assert_awaited_once()


async def test_a_closed_dm_is_no_error(bot: Any) -> None:
    where = channel(without("send_messages"))
    user = Mock(spec=discord.User)
    user.send = AsyncMock(side_effect=discord.Forbidden(Mock(status=403, reason=""), "closed"))
    bot.get_user = Mock(return_value=user)
    await complaints(bot).make(where, ["Send Messages"], asked_by=None)
