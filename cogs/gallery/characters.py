"""`/characters`: who the bot knows in a server, page by page or by name."""

from __future__ import annotations

from typing import TYPE_CHECKING

import discord
from discord import app_commands
from discord.ext import commands

from bot.recognition.replies import mentions_only
from bot.ui.autocomplete import offer
from bot.ui.roster_list import Known, RosterButton, roster_embed, roster_view, searched
from bot.wording import plain

if TYPE_CHECKING:
    from bot.client import MoedexBot
    from bot.gallery.server_galleries import ServerGalleries

NOBODY = "I know nobody like **{search}**. `/characters` lists all whom I can name."


class Characters(commands.Cog):
    """The list of characters."""

    def __init__(self, galleries: ServerGalleries) -> None:
        self._galleries = galleries

    @commands.hybrid_command(name="characters")
    @app_commands.describe(search="Part of a name or a series")
    async def characters(self, context: commands.Context[MoedexBot], *, search: str = "") -> None:
        """List the characters I can name, or find any that I have heard of."""
        await context.defer(ephemeral=True)
        search = searched(search)
        server_id = context.guild.id if context.guild else 0
        known = await Known.of(self._galleries, server_id, search)
        found, allowed = known.found, mentions_only(context.author)
        if not found:
            text = NOBODY.format(search=plain(search))
            await context.send(text, ephemeral=True, allowed_mentions=allowed)
            return
        await context.send(
            embed=roster_embed(found, 0, search, known.named, known.listed),
            view=roster_view(found, 0, search) or discord.utils.MISSING,
            ephemeral=True,
            allowed_mentions=allowed,
        )

    @characters.autocomplete("search")
    async def complete(
        self, interaction: discord.Interaction[MoedexBot], current: str
    ) -> list[app_commands.Choice[str]]:
        """Offer the names that fit what is typed so far."""
        return await offer(self._galleries, interaction.guild_id, current, by_name=True)


async def setup(bot: MoedexBot) -> None:
    """Load the cog, and make the buttons of lists shown before a restart work."""
    bot.add_dynamic_items(RosterButton)
    await bot.add_cog(Characters(bot.services.galleries))


async def teardown(bot: MoedexBot) -> None:
    """Stop listening to the buttons."""
    bot.remove_dynamic_items(RosterButton)
