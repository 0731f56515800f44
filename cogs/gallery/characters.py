"""`/characters`: who the bot knows in a server, page by page, by name or by series."""

from __future__ import annotations

from typing import TYPE_CHECKING

import discord
from discord import app_commands
from discord.ext import commands

from bot.recognition.replies import mentions_only
from bot.ui.autocomplete import offer, offer_series
from bot.ui.roster_list import Known, RosterButton, roster_embed, roster_view, searched
from bot.wording import plain

if TYPE_CHECKING:
    from bot.client import MoedexBot
    from bot.gallery.server_galleries import ServerGalleries

NOBODY = "I know nobody {like}. `/characters` lists all whom I can name."


class Characters(commands.Cog):
    """The list of characters."""

    def __init__(self, galleries: ServerGalleries) -> None:
        self._galleries = galleries

    @commands.hybrid_command(name="characters")
    @app_commands.describe(
        search="Part of a name or a series", series="Only the characters of this series"
    )
    async def characters(
        self, context: commands.Context[MoedexBot], *, search: str = "", series: str = ""
    ) -> None:
        """List the characters I can name, or find any that I have heard of."""
        await context.defer(ephemeral=True)
        search, series = searched(search, series)
        server_id = context.guild.id if context.guild else 0
        known = await Known.of(self._galleries, server_id, search, series)
        found, allowed = known.found, mentions_only(context.author)
        if not found:
            likes = [f"like **{plain(search)}**"] * bool(search)
            likes += [f"of **{plain(series)}**"] * bool(series)
            text = NOBODY.format(like=" ".join(likes))
            await context.send(text, ephemeral=True, allowed_mentions=allowed)
            return
        await context.send(
            embed=roster_embed(found, 0, search, known.named, known.listed, series=series),
            view=roster_view(found, 0, search, series) or discord.utils.MISSING,
            ephemeral=True,
            allowed_mentions=allowed,
        )

    @characters.autocomplete("search")
    async def complete(
        self, interaction: discord.Interaction[MoedexBot], current: str
    ) -> list[app_commands.Choice[str]]:
        """Offer the names that fit what is typed so far."""
        return await offer(self._galleries, interaction.guild_id, current, by_name=True)

    @characters.autocomplete("series")
    async def complete_series(
        self, interaction: discord.Interaction[MoedexBot], current: str
    ) -> list[app_commands.Choice[str]]:
        """Offer the series that fit what is typed so far."""
        return await offer_series(self._galleries, interaction.guild_id, current)


async def setup(bot: MoedexBot) -> None:
    """Load the cog, and make the buttons of lists shown before a restart work."""
    bot.add_dynamic_items(RosterButton)
    await bot.add_cog(Characters(bot.services.galleries))


async def teardown(bot: MoedexBot) -> None:
    """Stop listening to the buttons."""
    bot.remove_dynamic_items(RosterButton)
