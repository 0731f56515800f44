"""Answers posted pictures: in channels that are switched on, in DMs, and where the bot is named."""

from __future__ import annotations

from typing import TYPE_CHECKING

from discord.ext import commands

from bot.recognition.watching import by_a_person

if TYPE_CHECKING:
    import discord

    from bot.client import MoedexBot
    from bot.recognition.watching import Watching


class Watch(commands.Cog):
    """The listener for posted pictures, and for edits of what was posted."""

    def __init__(self, client: commands.AutoShardedBot, watching: Watching) -> None:
        self._client = client
        self._watching = watching

    @commands.Cog.listener()
    async def on_message(self, message: discord.Message) -> None:
        """Answer a posted picture where that is wanted, or the one that somebody points at."""
        if await self._is_no_command(message):
            await self._watching.posted(message)

    @commands.Cog.listener()
    async def on_raw_message_edit(self, payload: discord.RawMessageUpdateEvent) -> None:
        """Answer what came with an edit, and drop the answer to what left."""
        if await self._is_no_command(payload.message):
            await self._watching.edited(payload.message)

    async def _is_no_command(self, message: discord.Message) -> bool:
        return by_a_person(message) and not (await self._client.get_context(message)).valid


async def setup(bot: MoedexBot) -> None:
    """Load the cog."""
    await bot.add_cog(Watch(bot, bot.services.watching))
