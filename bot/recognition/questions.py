"""Questions about a picture: by `!who`, by `/who`, by the message menu, or by pointing at one.

Here it is found out which message a question is about. Nothing is looked for before it is known
that an answer could be sent.
"""

from __future__ import annotations

import asyncio
import re
from functools import partial
from typing import TYPE_CHECKING, Any

import discord

from bot.errors import UserError
from bot.recognition import permissions
from bot.recognition.origin import (
    MESSAGE_LINK,
    NOT_A_LINK,
    NOT_READABLE,
    linked_message,
    start_of,
    where_kept,
)
from bot.recognition.request import by_interaction, by_message
from bot.recognition.sources import attachment_source, sources_of
from bot.wording import NEEDS_INTENT

if TYPE_CHECKING:
    from bot.config import Config
    from bot.recognition.request import Found
    from bot.recognition.service import RecognitionService

NO_PICTURE = "That message has no picture in it."
NO_PICTURE_HERE = (
    "I see no picture among the last {count} messages here. Post one with `{prefix}who`, or reply "
    "`{prefix}who` to it."
)
OWN_ANSWER = "That is an answer of mine, and its picture is gone: ask about a picture itself."
USE_SLASH = "That message is in another channel: use `/who link:`, then only you see the answer."
REPLIED_TO_IS_GONE = "The message you replied to is gone."

_LAST = 50
_PREVIEW_SECONDS = 4
_URL = re.compile(r"https?://\S+")


class Questions:
    """Makes requests of questions, and has them answered."""

    def __init__(
        self, client: discord.Client, config: Config, recognition: RecognitionService
    ) -> None:
        self._client = client
        self._config = config
        self._recognition = recognition

    async def by_text(self, message: discord.Message, text: str = "") -> None:
        """Answer a typed question; `text` is what stands behind the command. Raises UserError."""
        link = MESSAGE_LINK.search(text)
        await self._recognition.answer(
            by_message(message, finder=partial(self._pointed_at, message, link))
        )

    async def by_command(
        self,
        interaction: discord.Interaction,
        image: discord.Attachment | None,
        text: str | None,
    ) -> None:
        """Answer `/who`, about a picture, the message of a link, or the last picture here.

        Raises UserError.
        """
        link = MESSAGE_LINK.search(text or "")
        if text and link is None and image is None:
            raise UserError(NOT_A_LINK)
        # Who may read a channel may show what is in it to others there, but not elsewhere.
        here = link is None or int(link["channel"]) == interaction.channel_id
        await interaction.response.defer(ephemeral=not here, thinking=True)
        if image is not None:
            source = attachment_source(image, self._config)
            request = by_interaction(interaction, sources=[source], ephemeral=False)
        elif link is not None:
            finder = partial(self._linked, link, interaction.user, interaction.channel)
            request = by_interaction(interaction, finder=finder, ephemeral=not here)
        else:
            finder = partial(self._last, interaction.channel)
            request = by_interaction(interaction, finder=finder, ephemeral=False)
        await self._recognition.answer(request)

    async def by_menu(
        self, interaction: discord.Interaction, message: discord.Message, *, ephemeral: bool
    ) -> None:
        """Answer the message menu, to its caller alone or to all. Raises UserError."""
        await interaction.response.defer(ephemeral=ephemeral, thinking=True)

        async def find() -> Found:
            return await self._meant(message, NO_PICTURE)

        await self._recognition.answer(
            by_interaction(interaction, finder=find, ephemeral=ephemeral)
        )

    async def _pointed_at(self, message: discord.Message, link: re.Match[str] | None) -> Found:
        """Find what a typed question is about: what its asker posted with it, before all else."""
        own = sources_of(message, self._config, asks=True)
        if own:
            return message, own
        if message.reference is not None and message.reference.message_id is not None:
            target = await _replied_to(message, message.reference)
        elif link is not None:
            if int(link["channel"]) != message.channel.id:
                raise UserError(USE_SLASH)
            return await self._linked(link, message.author, message.channel)
        elif _URL.search(message.content):
            target = await self._with_preview(message)
        else:
            return await self._last(message.channel, message)
        return await self._meant(target, self._nothing_seen())

    async def _linked(self, link: re.Match[str], reader: discord.abc.User, where: object) -> Found:
        message = await linked_message(self._client, link, reader, where)
        if message is None:
            raise UserError(NOT_READABLE)
        return await self._meant(message, self._nothing_seen())

    async def _last(self, channel: Any, before: discord.Message | None = None) -> Found:
        """Find the last picture that a person sees in a channel: the bot's own answers aside."""
        if not self._client.intents.message_content:
            raise UserError(NEEDS_INTENT)
        try:
            async for message in channel.history(limit=_LAST, before=before):
                if found := self._shown_in(message):
                    return found
        except discord.Forbidden:
            raise UserError(permissions.sentence_here(["Read Message History"])) from None
        start = await start_of(channel)
        if start is not None and (found := self._shown_in(start)):
            return found
        prefix = self._config.discord.prefix
        raise UserError(NO_PICTURE_HERE.format(count=_LAST, prefix=prefix))

    def _shown_in(self, message: discord.Message) -> Found | None:
        """Return a message with the pictures that a person sees in it, if there are any."""
        if self._is_mine(message):
            return None
        if _starts_a_thread(message) and message.reference is not None:
            start = message.reference.resolved
            message = start if isinstance(start, discord.Message) else message
        shown = [source for source in sources_of(message, self._config) if source.shown]
        return (message, shown) if shown else None

    async def _with_preview(self, message: discord.Message) -> discord.Message:
        """Wait for Discord's preview of a link, which arrives as an edit of its message."""

        def arrived(payload: discord.RawMessageUpdateEvent) -> bool:
            return payload.message_id == message.id and bool(payload.message.embeds)

        try:
            async with asyncio.timeout(_PREVIEW_SECONDS):
                payload = await self._client.wait_for("raw_message_edit", check=arrived)
        except TimeoutError:
            return message
        return payload.message

    async def _meant(self, message: discord.Message, without: str) -> Found:
        """Return what is meant with a message, and its pictures; UserError `without` any.

        A thread's start stands for the message that it was opened on, and an answer of the bot's
        own for what it answers: its cards and crops are nobody's pictures.
        """
        if _starts_a_thread(message):
            message = await start_of(message.channel) or message
        elif self._is_mine(message):
            message = await self._answered_by(message)
        sources = sources_of(message, self._config)
        if not sources:
            raise UserError(without)
        return message, sources

    async def _answered_by(self, reply: discord.Message) -> discord.Message:
        answer = await self._recognition.await_answer(reply.id)
        if answer is None or answer.source_message_id == reply.id:
            raise UserError(OWN_ANSWER)
        channel = where_kept(reply.channel, answer.source_message_id)
        try:
            return await channel.fetch_message(answer.source_message_id)
        except discord.HTTPException:
            raise UserError(OWN_ANSWER) from None

    def _is_mine(self, message: discord.Message) -> bool:
        return self._client.user is not None and message.author.id == self._client.user.id

    def _nothing_seen(self) -> str:
        """Return what is said of a message that was fetched: without the intent it comes empty."""
        return NO_PICTURE if self._client.intents.message_content else NEEDS_INTENT


async def _replied_to(
    message: discord.Message, reference: discord.MessageReference
) -> discord.Message:
    if isinstance(reference.resolved, discord.Message):
        return reference.resolved
    try:
        return await message.channel.fetch_message(reference.message_id or 0)
    except discord.HTTPException:
        raise UserError(REPLIED_TO_IS_GONE) from None


def _starts_a_thread(message: discord.Message) -> bool:
    return message.type is discord.MessageType.thread_starter_message
