"""Where a picture comes from, and whether it may be answered where somebody asks.

A picture from an age-restricted channel stays in that channel, however it is pointed at: by a
link, the message menu or a forward. A message is only fetched for somebody who may read it.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import discord

if TYPE_CHECKING:
    from collections.abc import Iterable

AGE_RESTRICTED = "That picture comes from an age-restricted channel, so I only answer it there."
NOT_A_LINK = (
    "That is no message link. Right-click the message, choose **Copy Message Link**, and paste it "
    "as `link:`."
)
NOT_READABLE = "I can't answer that link: the message is gone, or you and I can't both read it."

MESSAGE_LINK = re.compile(
    r"https?://(?:\w+\.)?discord(?:app)?\.com/channels/(?P<server>\d+|@me)/(?P<channel>\d+)/"
    r"(?P<message>\d+)"
)


def home(channel: object) -> int | None:
    """Return the id of a channel; for a thread that of its parent."""
    if isinstance(channel, discord.Thread):
        return channel.parent_id
    return getattr(channel, "id", None)


def where_kept(
    channel: discord.abc.MessageableChannel, message_id: int
) -> discord.abc.MessageableChannel:
    """Return the channel that holds a message: what a thread was opened on is in its parent."""
    if isinstance(channel, discord.Thread) and message_id == channel.id:
        parent = channel.parent
        return parent if isinstance(parent, discord.TextChannel) else channel
    return channel


async def start_of(channel: object) -> discord.Message | None:
    """Return the message that a thread was opened on, or a forum post's first; None elsewhere."""
    if not isinstance(channel, discord.Thread):
        return None
    try:
        return await where_kept(channel, channel.id).fetch_message(channel.id)
    except discord.HTTPException:
        return None


async def stays_hidden(client: discord.Client, message: discord.Message, where: object) -> bool:
    """Return whether a message's pictures come from an age-restricted channel other than `where`.

    What was forwarded comes from the channel that it was first posted in. One of the same server
    that can't be found counts as restricted; one of a server that the bot isn't in can't be known.
    """
    if is_restricted(message.channel) and home(message.channel) != home(where):
        return True
    reference = message.reference
    if not message.message_snapshots or reference is None:
        return False
    if reference.channel_id == home(where):
        return False
    guild = client.get_guild(reference.guild_id) if reference.guild_id else message.guild
    if guild is None:
        return False
    origin = guild.get_channel_or_thread(reference.channel_id)
    if origin is None:
        try:
            origin = await client.fetch_channel(reference.channel_id)
        except discord.HTTPException:
            return True
    return is_restricted(origin) and home(origin) != home(where)


def restricted_elsewhere(
    channel_ids: Iterable[int], guild: discord.Guild | None, where: object
) -> bool:
    """Return whether one of a server's channels is age-restricted, and `where` is not."""
    if guild is None or is_restricted(where):
        return False
    return any(is_restricted(guild.get_channel_or_thread(each)) for each in channel_ids)


async def linked_message(
    client: discord.Client, link: re.Match[str], reader: discord.abc.User, where: object
) -> discord.Message | None:
    """Return the message of a link if `reader` and the bot may both read it, else None."""
    channel_id, message_id = int(link["channel"]), int(link["message"])
    try:
        if link["server"] == "@me":
            # Only the conversation that the question is asked in can be known to be theirs.
            if getattr(where, "id", None) != channel_id:
                return None
            channel = client.get_partial_messageable(channel_id)
            return await channel.fetch_message(message_id)
        guild = client.get_guild(int(link["server"]))
        if guild is None:
            return None
        member = guild.get_member(reader.id) or await guild.fetch_member(reader.id)
        found = guild.get_channel_or_thread(channel_id) or await guild.fetch_channel(channel_id)
        if not isinstance(found, discord.abc.Messageable) or not await _reads(found, member):
            return None
        return await found.fetch_message(message_id)
    except discord.HTTPException:
        return None


async def readable(
    channel_ids: Iterable[int], reader: object, guild: discord.Guild | None, where: object
) -> set[int]:
    """Return those channels of a server whose crops may be shown to `reader` in `where`.

    The reader must be able to read the channel now; what comes from an age-restricted one is only
    shown in one. A channel that can't be found counts as one that can't be read.
    """
    found: set[int] = set()
    if guild is None or not isinstance(reader, discord.Member):
        return found
    for channel_id in channel_ids:
        channel = guild.get_channel_or_thread(channel_id)
        if channel is None or (is_restricted(channel) and not is_restricted(where)):
            continue
        try:
            if await _reads(channel, reader):
                found.add(channel_id)
        except discord.HTTPException:
            continue
    return found


async def _reads(channel: discord.abc.GuildChannel | discord.Thread, who: discord.Member) -> bool:
    held = channel.permissions_for(who)
    if not (held.view_channel and held.read_message_history):
        return False
    if not isinstance(channel, discord.Thread) or not channel.is_private():
        return True
    if held.manage_threads:
        return True
    await channel.fetch_member(who.id)  # NotFound for who isn't in it
    return True


def is_restricted(channel: object) -> bool:
    """Return whether a channel is age-restricted; what can't be is not."""
    is_nsfw = getattr(channel, "is_nsfw", None)
    return bool(is_nsfw()) if callable(is_nsfw) else False
