"""The messages of a channel: by pages, where one that can't be read leaves out itself alone."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator
from typing import TYPE_CHECKING, Any

import discord

from bot.errors import in_one_line
from bot.patience import FAILED
from bot.recognition.origin import where_kept

if TYPE_CHECKING:
    from discord.types.message import Message as MessageData

log = logging.getLogger(__name__)

PAGE = 100


async def page_after(
    client: discord.Client, channel: discord.abc.MessageableChannel, after: int
) -> tuple[list[discord.Message], int | None]:
    """Return up to `PAGE` messages with ids above `after`, oldest first.

    And the id to go on from, None where that was the last page. Raises what requests raise.
    """
    raw: Any = await client.http.logs_from(channel.id, PAGE, after=after)
    found: list[discord.Message] = []
    for data in raw:
        try:
            found.append(discord.Message(state=client._connection, channel=channel, data=data))
        except Exception as error:  # whatever the library stumbled over
            log.warning(
                "A message of channel %d could not be read, and is left out (%s)",
                channel.id,
                in_one_line(error),
            )
    found.sort(key=lambda message: message.id)
    return found, found[-1].id if found and len(raw) == PAGE else None


async def messages_after(
    client: discord.Client, channel: discord.abc.MessageableChannel, after: int, *, pages: int
) -> AsyncIterator[discord.Message]:
    """Yield the messages with ids above `after`, oldest first, of so many pages at most."""
    start: int | None = after
    for _ in range(pages):
        if start is None:
            return
        messages, start = await page_after(client, channel, start)
        for message in messages:
            yield message


async def has_gone(
    client: discord.Client, channel: discord.abc.MessageableChannel, message_id: int
) -> bool:
    """Return whether Discord says that there is no such message."""
    try:
        return await find_message(client, channel, message_id) is None
    except FAILED as error:
        log.debug("Message %d could not be read: %s", message_id, in_one_line(error))
    return False


async def find_message(
    client: discord.Client, channel: discord.abc.MessageableChannel, message_id: int
) -> MessageData | None:
    """Return a message as Discord sends it, be it of a kind unknown here; None where it is gone."""
    try:
        return await client.http.get_message(where_kept(channel, message_id).id, message_id)
    except discord.NotFound:
        return None
