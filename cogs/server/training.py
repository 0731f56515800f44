"""`/train` and the schedule: a server's names are trained on its labels, beside the answering."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING

import discord
from discord import app_commands
from discord.ext import commands, tasks

from bot.errors import UserError
from bot.ui.progress import describe, follow

if TYPE_CHECKING:
    from bot.client import MoedexBot
    from bot.learning.schedule import TrainingSchedule
    from bot.storage.settings import SettingsRepository

log = logging.getLogger(__name__)

OFF = "Learning is off in this server, so there is nothing to train on. `/learning on` turns it on."


class Training(commands.Cog):
    """Training on request and on schedule."""

    def __init__(
        self, client: discord.Client, settings: SettingsRepository, schedule: TrainingSchedule
    ) -> None:
        self._client = client
        self._settings = settings
        self.schedule = schedule
        self._followed: set[asyncio.Task[None]] = set()

    async def cog_load(self) -> None:
        """Begin looking for servers that are due."""
        self.train_due.start()

    async def cog_unload(self) -> None:
        """End what is under way."""
        self.train_due.cancel()
        for task in self._followed:
            task.cancel()
        await asyncio.gather(self.schedule.close(), *self._followed, return_exceptions=True)

    @app_commands.command(name="train")
    @app_commands.guild_only()
    @app_commands.default_permissions(manage_guild=True)
    @app_commands.checks.has_permissions(manage_guild=True)
    async def train(self, interaction: discord.Interaction[MoedexBot]) -> None:
        """Train me on this server's labels now, and show how it goes."""
        server_id = interaction.guild_id or 0
        if not (await self._settings.get(server_id)).learning:
            raise UserError(OFF)
        # A training that the schedule began is shown too, rather than begun twice.
        run = await self.schedule.start(server_id)
        await interaction.response.send_message(describe(run))
        sent = await interaction.original_response()
        # Edited as a message of the bot: an interaction's answer can be edited for 15 minutes only.
        message = self._client.get_partial_messageable(
            sent.channel.id, guild_id=server_id
        ).get_partial_message(sent.id)
        task = asyncio.create_task(follow(run, message), name=f"show training {server_id}")
        self._followed.add(task)
        task.add_done_callback(self._followed.discard)

    @tasks.loop(minutes=5)
    async def train_due(self) -> None:
        """Train the servers that are due."""
        try:
            await self.schedule.start_due([guild.id for guild in self._client.guilds])
        except Exception:  # the loop must go on: the next round tries again
            log.exception("Which servers are due could not all be found out")

    @train_due.before_loop
    async def _wait(self) -> None:
        await self._client.wait_until_ready()


async def setup(bot: MoedexBot) -> None:
    """Load the cog."""
    services = bot.services
    await bot.add_cog(Training(bot, services.storage.settings, services.training))
