"""Follows deletions: work for a deleted message ends, and its answer goes with it.

With an answer go its faces and votes; the sweep that is asked for here takes the rest along.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import discord
from discord.ext import commands

if TYPE_CHECKING:
    from bot.client import MoedexBot


class Follow(commands.Cog):
    """The listeners for what is deleted."""

    def __init__(self, bot: MoedexBot) -> None:
        self.bot = bot

    @commands.Cog.listener()
    async def on_raw_message_delete(self, payload: discord.RawMessageDeleteEvent) -> None:
        """Follow a deleted message, the bot's own answers included."""
        await self._forget(payload.guild_id, [payload.message_id])

    @commands.Cog.listener()
    async def on_raw_bulk_message_delete(self, payload: discord.RawBulkMessageDeleteEvent) -> None:
        """Follow messages deleted together."""
        await self._forget(payload.guild_id, list(payload.message_ids))

    @commands.Cog.listener()
    async def on_guild_channel_delete(self, channel: discord.abc.GuildChannel) -> None:
        """Follow a deleted channel with all that was said in it."""
        await self._forget_channel(channel.guild.id, channel.id)

    @commands.Cog.listener()
    async def on_raw_thread_delete(self, payload: discord.RawThreadDeleteEvent) -> None:
        """Follow a deleted thread."""
        await self._forget_channel(payload.guild_id, payload.thread_id)

    async def _forget(self, server_id: int | None, message_ids: list[int]) -> None:
        answers = self.bot.storage.answers
        kept = bool(await answers.by_messages(message_ids))
        for message_id in message_ids:
            kept = bool(await answers.delete_by_reply(message_id)) or kept
        await self.bot.asking.forget(message_ids)
        # Most of what is deleted was never answered, and a sweep reads every gallery anew.
        if kept:
            self.bot.learning.erasure.sweep_soon(server_id)

    async def _forget_channel(self, server_id: int, channel_id: int) -> None:
        self.bot.asking.cancel_channel(channel_id)
        await self.bot.storage.settings.unwatch(server_id, channel_id)
        await self.bot.storage.answers.delete_channel(channel_id)
        self.bot.learning.erasure.sweep_soon(server_id)


async def setup(bot: MoedexBot) -> None:
    """Load the cog."""
    await bot.add_cog(Follow(bot))
