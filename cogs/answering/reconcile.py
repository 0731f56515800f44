"""Looks back at what happened while the bot was away, at the start and after a new session."""

from __future__ import annotations

import asyncio
from functools import partial
from typing import TYPE_CHECKING

import discord
from discord.ext import commands

from bot.recognition.reconciliation import Reconciliation
from bot.ui.answer_edits import ask

if TYPE_CHECKING:
    from bot.client import MoedexBot
    from bot.recognition.outbox import Outbox


class Reconcile(commands.Cog):
    """The listeners that begin a look back."""

    def __init__(self, reconciliation: Reconciliation, outbox: Outbox) -> None:
        self.reconciliation = reconciliation
        self._outbox = outbox
        self._looking: dict[int, asyncio.Task[None]] = {}

    async def cog_load(self) -> None:
        """Go on with what Discord did not carry out so far."""
        self._outbox.start(self.reconciliation.ask)

    async def cog_unload(self) -> None:
        """Stop reading old answers, and changing them."""
        await self._outbox.close()
        for task in self._looking.values():
            task.cancel()
        await asyncio.gather(*self._looking.values(), return_exceptions=True)

    @commands.Cog.listener()
    async def on_shard_ready(self, shard_id: int) -> None:
        """Read answers for what happened in a shard's servers while it was away."""
        task = self._looking.get(shard_id)
        if task is None or task.done():
            self._looking[shard_id] = asyncio.create_task(
                self.reconciliation.reconcile(shard_id), name=f"reconcile {shard_id}"
            )

    @commands.Cog.listener()
    async def on_guild_channel_delete(self, channel: discord.abc.GuildChannel) -> None:
        """Look for archived threads that went with a channel: no event tells of them."""
        await self.reconciliation.look_for_lost_channels(channel.guild)


async def setup(bot: MoedexBot) -> None:
    """Load the cog."""
    services = bot.services
    reconciliation = Reconciliation(
        bot,
        services.config,
        services.storage,
        services.votes,
        services.erasure,
        services.following,
        services.outbox,
        partial(ask, services),
    )
    await bot.add_cog(Reconcile(reconciliation, services.outbox))
