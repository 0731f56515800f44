"""Answers posted pictures: in channels that are switched on, in DMs, and where the bot is named.

Edits are followed here too: a picture that was taken out takes its answer along; one that came
later (a preview arrives after its link) is answered, and so is one to which the bot's name came.
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import discord
from discord.ext import commands

from bot.recognition import permissions
from bot.recognition.delivery import MessageReply
from bot.recognition.origin import AGE_RESTRICTED, home, stays_hidden
from bot.recognition.pipeline import Question
from bot.recognition.sources import sources_of

if TYPE_CHECKING:
    from bot.client import MoedexBot

DM_HINT = "Post a picture here and I tell you who is in it. `/help` shows what else I can do."

_FOLLOWED = timedelta(minutes=5)
_HINT_EVERY = timedelta(minutes=10)
_REMEMBERED = 5000


@dataclass(frozen=True, slots=True)
class _Seen:
    """What a message was when it was last considered; an edit that leaves that alone is no news."""

    pictures: frozenset[str]
    asked: bool


class Watch(commands.Cog):
    """The listener for posted pictures."""

    def __init__(self, bot: MoedexBot) -> None:
        self.bot = bot
        self._seen: OrderedDict[int, _Seen] = OrderedDict()  # by the message's id

    @commands.Cog.listener()
    async def on_message(self, message: discord.Message) -> None:
        """Answer a posted picture where that is wanted, or the one that somebody points at."""
        if not by_a_person(message):
            return
        context = await self.bot.get_context(message)
        if context.valid or await self._consider(message):
            return
        if self._points_at_a_picture(message):
            context.command = self.bot.get_command("who")
            await self.bot.invoke(context)
            return
        if message.guild or "http" in message.content:
            return
        key = f"hint:{message.author.id}"
        if message.content and await self.bot.storage.state.may_warn(key, every=_HINT_EVERY):
            await permissions.reply_text(message, DM_HINT)

    @commands.Cog.listener()
    async def on_raw_message_edit(self, payload: discord.RawMessageUpdateEvent) -> None:
        """Answer what came with an edit, pictures or a mention, and drop the answer to what left.

        A preview that joins pictures which were answered already changes nothing.
        """
        message = payload.message
        if not by_a_person(message) or (await self.bot.get_context(message)).valid:
            return
        before, now = self._seen.get(message.id), self._look(message)
        if before is None:
            # Nothing new is said about old messages: pinning one is an edit as well.
            if not sources_of(message, self.bot.config, "all"):
                await self.bot.asking.forget([message.id])
            elif _is_recent(message) and not await self._is_answered(message.id):
                await self._consider(message)
        elif before.pictures - now.pictures:
            await self.bot.asking.forget([message.id])
            self._seen.pop(message.id, None)
            if now.pictures and _is_recent(message):
                await self._consider(message)
        elif (
            now.asked > before.asked
            and _is_recent(message)
            and not await self._is_answered(message.id)
        ):
            await self._consider(message)

    async def _consider(self, message: discord.Message) -> bool:
        """Answer a message's pictures if that is wanted; false if it has none."""
        bot = self.bot
        asked = self._asks(message)
        sources = sources_of(message, bot.config, "all" if asked else "pictures")
        if not sources:
            return False
        self._remember(message)
        guild = message.guild
        if guild is not None and not asked:
            watched = await bot.storage.settings.watched(guild.id)
            if message.channel.id not in watched and home(message.channel) not in watched:
                return True
        if isinstance(message.channel, permissions.ServerChannel):
            missing = permissions.missing_in(message.channel)
            if missing:
                await permissions.complain(
                    bot, message.channel, missing, asked_by=message if asked else None
                )
                return True
        if await stays_hidden(bot, message, message.channel):
            if asked:
                await permissions.reply_text(message, AGE_RESTRICTED)
            return True
        question = Question(
            sources=sources,
            asker=message.author,
            guild=guild,
            channel_id=message.channel.id,
            source=message.id,
            prompt=message.id,
            reply=MessageReply(message),
            found_in=message,
            asked=asked,
        )
        await bot.asking.ask(question)
        return True

    def _points_at_a_picture(self, message: discord.Message) -> bool:
        """Whether a message without a picture names the bot for one: as a reply to it, or alone."""
        me = self.bot.user
        if me is None or me.id not in message.raw_mentions:
            return False
        if message.reference is None:
            return message.content.strip() in (f"<@{me.id}>", f"<@!{me.id}>")
        answered = message.reference.resolved
        return (
            isinstance(answered, discord.Message)
            and answered.author.id != me.id
            and bool(sources_of(answered, self.bot.config, "all"))
        )

    def _asks(self, message: discord.Message) -> bool:
        me = self.bot.user
        return message.guild is None or (
            me is not None and any(user.id == me.id for user in message.mentions)
        )

    def _look(self, message: discord.Message) -> _Seen:
        asked = self._asks(message)
        sources = sources_of(message, self.bot.config, "all" if asked else "pictures")
        return _Seen(frozenset(each.key for each in sources), asked)

    def _remember(self, message: discord.Message) -> None:
        self._seen[message.id] = self._look(message)
        self._seen.move_to_end(message.id)
        if len(self._seen) > _REMEMBERED:
            self._seen.popitem(last=False)

    async def _is_answered(self, message_id: int) -> bool:
        if self.bot.asking.is_open(message_id):
            return True
        return bool(await self.bot.storage.answers.by_source(message_id))


def by_a_person(message: discord.Message) -> bool:
    """Return whether a message was posted by a person: no bot, no webhook, no system message."""
    return (
        not message.author.bot
        and message.webhook_id is None
        and message.type in (discord.MessageType.default, discord.MessageType.reply)
    )


def _is_recent(message: discord.Message) -> bool:
    return datetime.now(UTC) - message.created_at <= _FOLLOWED


async def setup(bot: MoedexBot) -> None:
    """Load the cog."""
    await bot.add_cog(Watch(bot))
