"""Plain words to somebody who posted a message, in the largest form that works.

That is a reply; where Discord takes none, a reaction; and where it takes none either, a DM.
"""

from __future__ import annotations

import logging
from typing import NamedTuple

import discord

from bot.errors import in_one_line
from bot.patience import FAILED
from bot.recognition.permissions import permissions_in

log = logging.getLogger(__name__)

UNANSWERED = "⚠️"
"""The reaction of a message that is not answered, and gets no words either."""
_GONE = (10003, 10008)  # unknown channel, unknown message


class Said(NamedTuple):
    """What became of words: the message that says them, if any, and in which form they went."""

    message: discord.Message | None
    how: str


async def say(message: discord.Message, text: str, *, by_dm: bool = True) -> Said:
    """Answer a message with a plain text, in the largest form that works.

    `by_dm` says whether its author may get a DM at last.
    """
    quiet = discord.AllowedMentions.none()
    held = permissions_in(message.channel)
    try:
        if held is not None and not held.read_message_history:
            sent = await message.channel.send(text, allowed_mentions=quiet)
        else:
            sent = await message.reply(text, mention_author=False, allowed_mentions=quiet)
        return Said(sent, "a text says so")
    except FAILED as error:
        if is_gone(error):
            return Said(None, "it is gone")
        log.debug("A text could not be sent: %s", in_one_line(error))
    try:
        await message.add_reaction(UNANSWERED)
        return Said(None, "a reaction says so")
    except FAILED as error:
        if is_gone(error):
            return Said(None, "it is gone")
    if by_dm and await say_by_dm(message.author, f"{message.jump_url}: {text}"):
        return Said(None, "a DM says so")
    return Said(None, "nothing could be said")


async def say_by_dm(user: discord.User | discord.Member, text: str) -> bool:
    """Send somebody a DM; false where that can't be."""
    try:
        await user.send(text, allowed_mentions=discord.AllowedMentions.none())
    except (*FAILED, RuntimeError) as error:  # the second is that of a client that was closed
        log.debug("User %d got no DM: %s", user.id, in_one_line(error))
        return False
    return True


async def reply_text(message: discord.Message, text: str) -> None:
    """Answer a message with a plain text; a line of the log says where that took another form."""
    said = await say(message, text)
    if said.message is None:
        log.info("Message %d could not be answered: %s", message.id, said.how)


def is_gone(error: BaseException) -> bool:
    """Say whether a request failed because the message or channel that it was about is gone."""
    if not isinstance(error, discord.HTTPException):
        return False
    # A reply to a message that is gone is refused as a wrong form, with the reason in its text.
    return error.code in _GONE or "Unknown message" in error.text
