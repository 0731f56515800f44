"""`/character`: what the bot knows of one character, with the link to read on."""

from __future__ import annotations

from typing import TYPE_CHECKING

import discord
from discord import app_commands
from discord.ext import commands

from bot.gallery.lookup import one_character
from bot.recognition.replies import mentions_only
from bot.ui.autocomplete import offer
from bot.ui.character_page import character_page

if TYPE_CHECKING:
    from bot.client import MoedexBot
    from bot.gallery.server_galleries import ServerGalleries
    from bot.storage.exemplars import ExemplarRepository


class CharacterPage(commands.Cog):
    """The page of a character."""

    def __init__(self, galleries: ServerGalleries, exemplars: ExemplarRepository) -> None:
        self._galleries = galleries
        self._exemplars = exemplars

    @commands.hybrid_command(name="character")
    @app_commands.describe(name="Whom you mean")
    async def character(self, context: commands.Context[MoedexBot], *, name: str) -> None:
        """Show what I know of a character, with a link to read on."""
        await context.defer(ephemeral=True)
        server_id = context.guild.id if context.guild else 0
        roster = await self._galleries.roster(server_id)
        found = one_character(roster, name)
        taught = [
            each
            for each in await self._exemplars.in_use(server_id)
            if each.source == "teach" and roster.resolve(each.character_id) == found.id
        ]
        named = found.id in await self._galleries.named(server_id)
        await context.send(
            embed=character_page(found, named=named, taught=len(taught)),
            ephemeral=True,
            allowed_mentions=mentions_only(context.author),
        )

    @character.autocomplete("name")
    async def complete(
        self, interaction: discord.Interaction[MoedexBot], current: str
    ) -> list[app_commands.Choice[str]]:
        """Offer the characters that fit what is typed so far."""
        return await offer(self._galleries, interaction.guild_id, current)


async def setup(bot: MoedexBot) -> None:
    """Load the cog."""
    services = bot.services
    await bot.add_cog(CharacterPage(services.galleries, services.storage.exemplars))
