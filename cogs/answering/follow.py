"""Follows deletions of messages, channels and threads."""

from __future__ import annotations

from typing import TYPE_CHECKING

import discord
from discord.ext import commands

if TYPE_CHECKING:
    from bot.client import MoedexBot
    from bot.recognition.following import Following


class Follow(commands.Cog):
    """The listeners for what is deleted."""

    def __init__(self, following: Following) -> None:
        self._following = following

    @commands.Cog.listener()
    async def on_raw_message_delete(self, payload: discord.RawMessageDeleteEvent) -> None:
        """Follow a deleted message, the bot's own answers included."""
        await self._following.messages_deleted(payload.guild_id, [payload.message_id])

    @commands.Cog.listener()
    async def on_raw_bulk_message_delete(self, payload: discord.RawBulkMessageDeleteEvent) -> None:
        """Follow messages deleted together."""
        await self._following.messages_deleted(payload.guild_id, list(payload.message_ids))

    @commands.Cog.listener()
    async def on_raw_message_edit(self, payload: discord.RawMessageUpdateEvent) -> None:
        """Follow an edit that may have taken files out of a message."""
        if payload.guild_id is not None:
            left = {attachment.id for attachment in payload.message.attachments}
            await self._following.files_left(payload.guild_id, payload.message_id, left)

    @commands.Cog.listener()
    async def on_guild_channel_delete(self, channel: discord.abc.GuildChannel) -> None:
        """Follow a deleted channel with all that was said in it."""
        await self._following.channel_deleted(channel.guild.id, channel.id)

    @commands.Cog.listener()
    async def on_raw_thread_delete(self, payload: discord.RawThreadDeleteEvent) -> None:
        """Follow a deleted thread."""
        await self._following.channel_deleted(payload.guild_id, payload.thread_id)


async def setup(bot: MoedexBot) -> None:
    """Load the cog."""
    await bot.add_cog(Follow(bot.services.following))
