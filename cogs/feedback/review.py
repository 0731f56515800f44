"""`/review`: walks a moderator through what waits, one at a time."""

from __future__ import annotations

from typing import TYPE_CHECKING

import discord
from discord import app_commands
from discord.ext import commands

from bot.ui.review import ITEMS, show

if TYPE_CHECKING:
    from bot.client import MoedexBot


class Review(commands.Cog):
    """The review queue."""

    @app_commands.command(name="review")
    @app_commands.guild_only()
    async def review(self, interaction: discord.Interaction[MoedexBot]) -> None:
        """Decide what waits: proposals, unknown faces that keep turning up, disputed faces."""
        await interaction.response.defer(ephemeral=True, thinking=True)
        await show(interaction, 0)


async def setup(bot: MoedexBot) -> None:
    """Load the cog, and make reviews opened before a restart work."""
    bot.add_dynamic_items(*ITEMS)
    await bot.add_cog(Review())


async def teardown(bot: MoedexBot) -> None:
    """Stop listening to the buttons of reviews."""
    bot.remove_dynamic_items(*ITEMS)
