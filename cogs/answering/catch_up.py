"""Answers late what was asked while the bot was away."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING

from discord.ext import commands, tasks

from bot.recognition.catching_up import CatchingUp

if TYPE_CHECKING:
    import discord

    from bot.client import MoedexBot
    from bot.recognition.watching import Watching

log = logging.getLogger(__name__)

_NOTED_S = 60.0


class CatchUp(commands.Cog):
    """The listeners for a connection that goes and comes."""

    def __init__(self, bot: MoedexBot, watching: Watching) -> None:
        self._bot = bot
        self._watching = watching
        self._catching_up = CatchingUp(
            bot,
            bot.services.config.catch_up.minutes,
            bot.services.storage.state,
            bot.services.storage.answers,
            bot.services.recognition,
            self._answer,
        )
        self._running: set[asyncio.Task[None]] = set()

    async def cog_unload(self) -> None:
        """Stop; what was not answered so far is found at the next start."""
        self._note.cancel()
        for task in self._running:
            task.cancel()
        await asyncio.gather(*self._running, return_exceptions=True)

    @commands.Cog.listener()
    async def on_shard_disconnect(self, shard_id: int) -> None:
        """Remember when a shard was lost."""
        self._catching_up.went_away(shard_id)

    @commands.Cog.listener()
    async def on_shard_resumed(self, shard_id: int) -> None:
        """Go on: Discord sends what was missed."""
        self._catching_up.is_back(shard_id)

    @commands.Cog.listener()
    async def on_shard_ready(self, shard_id: int) -> None:
        """Look for what was asked meanwhile: a new session is told nothing of that."""
        task = asyncio.create_task(self._catch_up(shard_id), name=f"catch up {shard_id}")
        self._running.add(task)
        task.add_done_callback(self._running.discard)

    async def _catch_up(self, shard_id: int) -> None:
        try:
            await self._catching_up.catch_up(shard_id)
        except Exception:  # nobody waits for this task
            log.exception("What was asked meanwhile could not all be looked at")
        self._catching_up.hears(shard_id)
        if not self._note.is_running():
            self._note.start()

    @tasks.loop(seconds=_NOTED_S)
    async def _note(self) -> None:
        await self._catching_up.note()

    async def _answer(self, message: discord.Message) -> None:
        """Answer a message if it asks: as `!who`, by mention, or by a picture that is watched."""
        context = await self._bot.get_context(message)
        if not context.valid:
            await self._watching.posted(message)
        elif context.command is not None and context.command.name == "who":
            await self._bot.run_command(context)


async def setup(bot: MoedexBot) -> None:
    """Load the cog."""
    await bot.add_cog(CatchUp(bot, bot.services.watching))
