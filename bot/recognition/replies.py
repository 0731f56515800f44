"""Where answers go: a reply to a message, the answer to a command, or a private follow-up.

Whatever is sent pings nobody but its asker, and only by name.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager, nullcontext
from dataclasses import dataclass
from typing import Any, Protocol

import discord

from bot.errors import in_one_line
from bot.patience import FAILED
from bot.recognition import permissions
from bot.recognition.saying import Said, is_gone, say, say_by_dm

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class OutgoingMessage:
    """What is sent: words, an embed, pictures, what is pressed below; each may be missing.

    A `LayoutView` is all of these at once, and may have none of them beside it. `reactions` is
    whether ✅ and ❌ belong under it.
    """

    content: str | None = None
    embed: discord.Embed | None = None
    files: Sequence[discord.File] = ()
    view: discord.ui.View | discord.ui.LayoutView | None = None
    reactions: bool = False

    @property
    def parts(self) -> dict[str, Any]:
        """The words, the embed and what is pressed, by the names that discord.py has for them.

        A `LayoutView` stands alone: Discord refuses words and embeds beside it.
        """
        if isinstance(self.view, discord.ui.LayoutView):
            return {"view": self.view}
        view = {} if self.view is None else {"view": self.view}
        return {"content": self.content, "embeds": [self.embed] if self.embed else [], **view}


class Reply(Protocol):
    """Where an answer goes."""

    upload_limit: int
    """Bytes of the largest file that may be sent there."""
    reactions: bool
    """Whether reactions can be put under an answer of the plain form; else they are buttons."""
    message_id: int | None
    """The message that is replied to; None where a command is answered."""
    private: bool
    """Whether only the asker sees the answer: Discord then lets none but `withdraw` delete it."""

    def missing(self) -> list[str]:
        """Return the names of the permissions that an answer with a card needs and lacks there."""
        ...

    def typing(self) -> AbstractAsyncContextManager[object]:
        """Show that the bot is at work."""
        ...

    async def send(self, message: OutgoingMessage) -> discord.Message:
        """Send the answer."""
        ...

    async def say(self, text: str, *, by_dm: bool = True) -> Said:
        """Say so much in the largest form that works; at last by DM, unless that is not wanted."""
        ...

    async def withdraw(self, sent: discord.Message | None) -> bool:
        """Take the answer back, or the announcement that one is coming; false where that failed."""
        ...


class MessageReply:
    """Answers a message with a reply that doesn't ping."""

    def __init__(self, message: discord.Message) -> None:
        self._message = message
        guild = message.guild
        self.upload_limit = (
            guild.filesize_limit if guild else discord.utils.DEFAULT_FILE_SIZE_LIMIT_BYTES
        )
        self.reactions = permissions.may_react(message.channel)
        self.message_id: int | None = message.id
        self.private = False

    def missing(self) -> list[str]:
        """Return what the message's channel does not allow."""
        return permissions.missing_in(self._message.channel)

    @asynccontextmanager
    async def typing(self) -> AsyncIterator[None]:
        """Show "typing" in the channel; the work doesn't wait until Discord has heard of it."""
        task = asyncio.create_task(_type(self._message.channel), name="typing")
        try:
            yield
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    async def send(self, message: OutgoingMessage) -> discord.Message:
        """Reply to the message."""
        return await self._message.reply(
            **message.parts,
            files=message.files,
            mention_author=False,
            allowed_mentions=mentions_only(self._message.author),
        )

    async def say(self, text: str, *, by_dm: bool = True) -> Said:
        """Reply with a plain text, or do what `say` does where that is refused."""
        return await say(self._message, text, by_dm=by_dm)

    async def withdraw(self, sent: discord.Message | None) -> bool:
        """Delete the reply."""
        return sent is None or await _delete(sent)


class InteractionReply:
    """Fills the deferred answer to a command; `interaction` is deferred already."""

    def __init__(self, interaction: discord.Interaction, *, ephemeral: bool = False) -> None:
        self._interaction = interaction
        self.upload_limit = interaction.filesize_limit
        # In a server that the bot isn't a member of, it can answer but not react.
        outside = interaction.guild_id is not None and interaction.guild is None
        self.reactions = not (ephemeral or outside) and permissions.may_react(interaction.channel)
        self.message_id: int | None = None
        self.private = ephemeral
        self._first: int | None = None  # the answer itself; what comes later stands below it

    def missing(self) -> list[str]:
        """Return what the interaction does not allow."""
        return permissions.missing_for_interaction(self._interaction)

    def typing(self) -> AbstractAsyncContextManager[object]:
        """Do nothing: Discord shows "thinking" by itself."""
        return nullcontext()

    async def send(self, message: OutgoingMessage) -> discord.Message:
        """Fill the deferred answer, or add to it where it is filled."""
        if self._first is not None:
            return await self._add(message)
        sent = await self._interaction.edit_original_response(
            **message.parts,
            attachments=message.files,
            allowed_mentions=mentions_only(self._interaction.user),
        )
        self._first = sent.id
        return sent

    async def _add(self, message: OutgoingMessage) -> discord.Message:
        return await self._interaction.followup.send(
            **message.parts,
            files=message.files,
            allowed_mentions=mentions_only(self._interaction.user),
            ephemeral=self.private,
            wait=True,
        )

    async def say(self, text: str, *, by_dm: bool = True) -> Said:
        """Answer with a plain text, or by DM where that is refused."""
        try:
            return Said(await self.send(OutgoingMessage(text)), "a text says so")
        except FAILED as error:
            log.debug("An interaction got no text: %s", in_one_line(error))
        if by_dm and await say_by_dm(self._interaction.user, text):
            return Said(None, "a DM says so")
        return Said(None, "nothing could be said")

    async def withdraw(self, sent: discord.Message | None) -> bool:
        """Delete the answer, or the "thinking" in its place; Discord allows it for 15 minutes."""
        if sent is not None and sent.id != self._first:
            return await _delete(sent)
        try:
            await self._interaction.delete_original_response()
        except FAILED as error:
            log.debug("An answer could not be taken back: %s", in_one_line(error))
            return is_gone(error)
        return True


class FollowUpReply(InteractionReply):
    """Answers whoever pressed a button or sent a form, below what it belongs to, privately."""

    def __init__(self, interaction: discord.Interaction) -> None:
        super().__init__(interaction, ephemeral=True)

    async def send(self, message: OutgoingMessage) -> discord.Message:
        """Send a message that only the asker sees."""
        return await self._add(message)

    async def withdraw(self, sent: discord.Message | None) -> bool:
        """Delete the message, if it was sent."""
        return sent is None or await _delete(sent)


def mentions_only(user: discord.abc.User) -> discord.AllowedMentions:
    """Return what a text of the bot may ping: that user, if it names them, and nobody else."""
    return discord.AllowedMentions(everyone=False, roles=False, users=[user], replied_user=False)


async def _delete(message: discord.Message) -> bool:
    try:
        await message.delete()
    except FAILED as error:
        log.debug("Message %d could not be deleted: %s", message.id, in_one_line(error))
        return is_gone(error)
    return True


async def _type(channel: discord.abc.Messageable) -> None:
    try:
        async with channel.typing():
            await asyncio.Event().wait()
    except FAILED as error:
        log.debug("Typing could not be shown: %s", error)


async def react(message: discord.Message, emojis: Sequence[str]) -> None:
    """Put reactions under a message, in their order."""
    try:
        for emoji in emojis:
            await message.add_reaction(emoji)
    except FAILED as error:
        # They only add to what is said; the message is gone, or its author blocked the bot.
        log.debug("Reactions could not be added: %s", error)
