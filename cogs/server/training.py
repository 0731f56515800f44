"""`/train` and the schedule: a server's names are trained on its labels, beside the answering."""

from __future__ import annotations

import asyncio
import logging
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import discord
from discord import app_commands
from discord.ext import commands, tasks

from bot.errors import UserError
from bot.learning.runs import TrainingRuns
from bot.ui.progress import describe, follow

if TYPE_CHECKING:
    from bot.client import MoedexBot
    from bot.config import Config
    from bot.learning.runs import TrainingRun
    from bot.storage import Storage

log = logging.getLogger(__name__)

OFF = "Learning is off in this server, so there is nothing to train on. `/learning on` turns it on."

_TRAINED = "trained:"


class Training(commands.Cog):
    """Training on request and on schedule."""

    def __init__(self, client: discord.Client, config: Config, storage: Storage) -> None:
        self._client = client
        self._storage = storage
        self._train_hours = config.learning.train_hours
        self.runs = TrainingRuns(config)
        self._followed: set[asyncio.Task[None]] = set()

    async def cog_load(self) -> None:
        """Begin looking for servers that are due."""
        self.train_due.start()

    async def cog_unload(self) -> None:
        """End what is under way."""
        self.train_due.cancel()
        for task in self._followed:
            task.cancel()
        await asyncio.gather(self.runs.close(), *self._followed, return_exceptions=True)

    @app_commands.command(name="train")
    @app_commands.guild_only()
    @app_commands.default_permissions(manage_guild=True)
    @app_commands.checks.has_permissions(manage_guild=True)
    async def train(self, interaction: discord.Interaction[MoedexBot]) -> None:
        """Train me on this server's labels now, and show how it goes."""
        server_id = interaction.guild_id or 0
        if not (await self._storage.settings.get(server_id)).learning:
            raise UserError(OFF)
        # A training that the schedule began is shown too, rather than begun twice.
        run = self.runs.running(server_id) or await self._start(server_id)
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
        """Train the servers that have new labels, and those whose version had to be erased."""
        try:
            now, refit = datetime.now(UTC), await self._storage.versions.to_refit()
            for guild in self._client.guilds:
                if self.runs.running(guild.id) is None and await self._due(guild.id, now, refit):
                    await self._start(guild.id)
        except Exception:  # the loop must go on: the next round tries again
            log.exception("Which servers are due could not all be found out")

    @train_due.before_loop
    async def _wait(self) -> None:
        await self._client.wait_until_ready()

    async def _start(self, server_id: int) -> TrainingRun:
        await self._storage.state.set(f"{_TRAINED}{server_id}", datetime.now(UTC).isoformat())
        run = self.runs.start(server_id)
        follow = asyncio.create_task(self._ended(run), name=f"refitted {server_id}")
        self._followed.add(follow)
        follow.add_done_callback(self._followed.discard)
        return run

    async def _ended(self, run: TrainingRun) -> None:
        while not run.done:
            await run.news.wait()
        # One that was cut off, by the end of the bot as well, is begun again.
        if run.outcome is not None:
            await self._storage.versions.refitted(run.server_id, run.started)

    async def _due(self, server_id: int, now: datetime, refit: set[int]) -> bool:
        hours = self._train_hours
        if hours == 0 or not (await self._storage.settings.get(server_id)).learning:
            return False
        if server_id in refit:
            return True
        key = f"{_TRAINED}{server_id}"
        last = await self._storage.state.get(key)
        if last is None:
            # Counted from the first look: a start is no reason to train.
            await self._storage.state.set(key, now.isoformat())
            return False
        since = datetime.fromisoformat(last)
        if now - since < timedelta(hours=hours):
            return False
        return await self._storage.labels.changed_since(server_id, since)


async def setup(bot: MoedexBot) -> None:
    """Load the cog."""
    await bot.add_cog(Training(bot, bot.services.config, bot.services.storage))
