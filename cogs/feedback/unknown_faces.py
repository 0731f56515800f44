"""Looks every hour whether an unknown face keeps turning up that moderators may name."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from discord.ext import commands, tasks

from bot.ui.unknown_faces import UnknownFacesNotice

if TYPE_CHECKING:
    import discord

    from bot.client import MoedexBot

log = logging.getLogger(__name__)


class UnknownFaces(commands.Cog):
    """The look for faces that keep turning up."""

    def __init__(self, client: discord.Client, notice: UnknownFacesNotice) -> None:
        self._client = client
        self._notice = notice

    async def cog_load(self) -> None:
        """Begin to look."""
        self.look.start()

    async def cog_unload(self) -> None:
        """Look no more."""
        self.look.cancel()

    @tasks.loop(hours=1)
    async def look(self) -> None:
        """Tell the moderators of each server where there is something new to ask."""
        for guild in self._client.guilds:
            try:
                await self._notice.tell(guild)
            except Exception:  # the loop must go on: the next round tries again
                log.exception("Server %d could not get a notice of unknown faces", guild.id)

    @look.before_loop
    async def _wait(self) -> None:
        await self._client.wait_until_ready()


async def setup(bot: MoedexBot) -> None:
    """Load the cog."""
    notice = UnknownFacesNotice(bot.services.storage, bot.services.unknown_faces)
    await bot.add_cog(UnknownFaces(bot, notice))
