"""`/stats`: how many answers, how often right, who is confused with whom, drawn as one picture.

Only whoever asked sees it: it shows crops and names from the channels that he may read.
"""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from io import BytesIO
from typing import TYPE_CHECKING

import discord
from discord import app_commands
from discord.ext import commands

from bot.feedback import statistics
from bot.recognition.origin import readable
from bot.ui.statistics_picture import CROP, ShownPair, draw
from bot.wording import counted

if TYPE_CHECKING:
    from bot.client import MoedexBot
    from bot.feedback.statistics import Pair, Statistics
    from bot.gallery.roster import ServerRoster
    from bot.gallery.server_galleries import ServerGalleries
    from bot.storage.crops import CropStore
    from bot.storage.statistics import StatisticsRepository

NOTHING = (
    "There is nothing to count yet: I answered no picture here in the last {weeks} weeks. Post one "
    "in a watched channel, or ask with `/who`."
)
TOO_FEW = (
    "Few faces have a settled name so far: {settled}, and it takes {needed}. ✅, ❌ and `/review` "
    "give them one, and then I can say how often I am right."
)
DESCRIPTION = (
    "{answers} in {weeks} weeks, {faces} named, {confirmed} of them confirmed and "
    "{corrected} corrected; how often names were right by week; who is confused with whom; and how "
    "well stated probabilities held."
)


class Stats(commands.Cog):
    """The statistics of a server."""

    def __init__(
        self, statistics: StatisticsRepository, galleries: ServerGalleries, crops: CropStore
    ) -> None:
        self._statistics = statistics
        self._galleries = galleries
        self._crops = crops

    @app_commands.command(name="stats")
    @app_commands.guild_only()
    @app_commands.checks.cooldown(3, 60.0)
    async def stats(self, interaction: discord.Interaction[MoedexBot]) -> None:
        """Show how I do in this server: answers, accuracy, confusions, probabilities."""
        await interaction.response.defer(ephemeral=True, thinking=True)
        found = await self._count(interaction)
        if found.answered == 0:
            await interaction.followup.send(NOTHING.format(weeks=statistics.WEEKS), ephemeral=True)
            return
        roster = await self._galleries.roster(interaction.guild_id or 0)
        pairs = [await self._shown(pair, roster) for pair in found.pairs]
        picture = await asyncio.to_thread(draw, found, pairs)
        description = DESCRIPTION.format(
            answers=counted(found.answered, "answer"),
            weeks=statistics.WEEKS,
            faces=counted(found.named, "face"),
            confirmed=found.confirmed,
            corrected=found.corrected,
        )
        few = TOO_FEW.format(settled=found.settled, needed=statistics.FEWEST_SETTLED)
        await interaction.followup.send(
            "" if found.enough else few,
            file=discord.File(BytesIO(picture), "stats.png", description=description),
            ephemeral=True,
        )

    async def _count(self, interaction: discord.Interaction[MoedexBot]) -> Statistics:
        server_id = interaction.guild_id or 0

        async def visible(channel_ids: set[int]) -> set[int]:
            return await readable(
                channel_ids, interaction.user, interaction.guild, interaction.channel
            )

        roster = await self._galleries.roster(server_id)
        return await statistics.of_server(
            self._statistics, server_id, roster, datetime.now(UTC), visible
        )

    async def _shown(self, pair: Pair, roster: ServerRoster) -> ShownPair:
        said, meant = roster.characters[pair.said], roster.characters[pair.meant]
        return ShownPair(
            said=said.name,
            said_native=said.native_name,
            meant=meant.name,
            meant_native=meant.native_name,
            count=pair.count,
            crop=await self._crops.pixels(pair.crop, CROP) if pair.crop else None,
        )


async def setup(bot: MoedexBot) -> None:
    """Load the cog."""
    services = bot.services
    await bot.add_cog(Stats(services.storage.statistics, services.galleries, services.crops))
