"""`/watch on` and `/watch off`: which channels' pictures are answered unasked."""

from __future__ import annotations

from typing import TYPE_CHECKING

import discord
from discord import app_commands
from discord.ext import commands

from bot.errors import UserError
from bot.recognition import permissions
from bot.wording import NEEDS_INTENT

if TYPE_CHECKING:
    from bot.client import MoedexBot
    from bot.storage.settings import SettingsRepository

ON = "I now answer the pictures posted in {channel}. `/watch off` ends that."
ON_BUT = "{channel} is switched on, but: {problem}"
OFF = "I no longer answer pictures in {channel} unasked. `/who` still works there."
WAS_OFF = "{channel} was not switched on, so nothing changed."
USAGE = "`{prefix}watch on` or `{prefix}watch off`, and a channel if you don't mean this one."

Watchable = discord.TextChannel | discord.Thread | discord.VoiceChannel | discord.ForumChannel


class Channels(commands.Cog):
    """Switches channels on and off; for moderators."""

    def __init__(self, settings: SettingsRepository, prefix: str, *, message_content: bool) -> None:
        self._settings = settings
        self._prefix = prefix
        self._message_content = message_content

    @commands.hybrid_group(name="watch")
    @commands.guild_only()
    @commands.has_guild_permissions(manage_guild=True)
    @app_commands.default_permissions(manage_guild=True)
    async def watch(self, context: commands.Context[MoedexBot]) -> None:
        """Answer the pictures posted in a channel, or no longer."""
        await context.send(USAGE.format(prefix=self._prefix))

    @watch.command(name="on")
    @commands.guild_only()
    @commands.has_guild_permissions(manage_guild=True)
    @app_commands.describe(channel="The channel; this one if you name none")
    async def on(
        self, context: commands.Context[MoedexBot], channel: Watchable | None = None
    ) -> None:
        """Answer every picture posted in a channel and its threads."""
        await context.defer(ephemeral=True)
        if not self._message_content:
            raise UserError(NEEDS_INTENT)
        found = _channel(context, channel)
        await self._settings.watch(found.guild.id, found.id, context.author.id)
        missing = permissions.missing_in(found)
        if missing:
            problem = permissions.sentence(found, missing)
            await context.send(ON_BUT.format(channel=found.mention, problem=problem))
        else:
            await context.send(ON.format(channel=found.mention))

    @watch.command(name="off")
    @commands.guild_only()
    @commands.has_guild_permissions(manage_guild=True)
    @app_commands.describe(channel="The channel; this one if you name none")
    async def off(
        self, context: commands.Context[MoedexBot], channel: Watchable | None = None
    ) -> None:
        """Answer pictures in a channel only where somebody asks."""
        await context.defer(ephemeral=True)
        found = _channel(context, channel)
        was_on = await self._settings.unwatch(found.guild.id, found.id)
        await context.send((OFF if was_on else WAS_OFF).format(channel=found.mention))


def _channel(context: commands.Context[MoedexBot], named: Watchable | None) -> Watchable:
    channel = named or context.channel
    if not isinstance(channel, Watchable):
        raise UserError("Pictures can be answered in text channels, threads, voice and forums.")
    return channel


async def setup(bot: MoedexBot) -> None:
    """Load the cog."""
    services = bot.services
    await bot.add_cog(
        Channels(
            services.storage.settings,
            services.config.discord.prefix,
            message_content=bot.intents.message_content,
        )
    )
