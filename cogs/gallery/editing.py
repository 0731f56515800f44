"""`/alias`, `/rename`, `/merge`, `/forget`: what a server calls whom."""

from __future__ import annotations

from typing import TYPE_CHECKING

import discord
from discord import app_commands
from discord.ext import commands

from bot.feedback.authority import may_label
from bot.recognition.replies import mentions_only
from bot.storage.records import Alias, Forget, Merge, Rename
from bot.ui.autocomplete import offer
from bot.ui.undo import PROPOSED, done

if TYPE_CHECKING:
    from bot.client import MoedexBot
    from bot.gallery.server_galleries import ServerGalleries
    from bot.gallery.teaching import Teaching
    from bot.storage.records import GalleryEdit
    from bot.storage.settings import SettingsRepository


class GalleryCommands(commands.Cog):
    """Changes of a server's characters. Whoever may not change them proposes."""

    def __init__(
        self, galleries: ServerGalleries, teaching: Teaching, settings: SettingsRepository
    ) -> None:
        self._galleries = galleries
        self._teaching = teaching
        self._settings = settings

    @app_commands.command(name="alias")
    @app_commands.guild_only()
    @app_commands.describe(character="Whom you mean", alias="Another name of theirs")
    async def alias(
        self,
        interaction: discord.Interaction[MoedexBot],
        character: str,
        alias: app_commands.Range[str, 1, 80],
    ) -> None:
        """Give a character one more name in this server."""
        await self._act(interaction, Alias(character=character, alias=alias))

    @app_commands.command(name="rename")
    @app_commands.guild_only()
    @app_commands.describe(character="Whom you mean", name="The name to show from now on")
    async def rename(
        self,
        interaction: discord.Interaction[MoedexBot],
        character: str,
        name: app_commands.Range[str, 1, 80],
    ) -> None:
        """Show a character under another name in this server."""
        await self._act(interaction, Rename(character=character, name=name))

    @app_commands.command(name="merge")
    @app_commands.guild_only()
    @app_commands.describe(character="Who is the same", into="As this character")
    async def merge(
        self, interaction: discord.Interaction[MoedexBot], character: str, into: str
    ) -> None:
        """Make two characters one in this server."""
        await self._act(interaction, Merge(character=character, into=into))

    @app_commands.command(name="forget")
    @app_commands.guild_only()
    @app_commands.describe(character="Whom I shall not name any more")
    async def forget(self, interaction: discord.Interaction[MoedexBot], character: str) -> None:
        """Name a character no more in this server."""
        await self._act(interaction, Forget(character=character))

    @alias.autocomplete("character")
    @rename.autocomplete("character")
    @merge.autocomplete("character")
    @merge.autocomplete("into")
    @forget.autocomplete("character")
    async def complete(
        self, interaction: discord.Interaction[MoedexBot], current: str
    ) -> list[app_commands.Choice[str]]:
        """Offer this server's characters."""
        return await offer(self._galleries, interaction.guild_id, current)

    async def _act(self, interaction: discord.Interaction[MoedexBot], change: GalleryEdit) -> None:
        await interaction.response.defer(thinking=True)
        teaching, server_id = self._teaching, interaction.guild_id or 0
        if not await may_label(interaction.user, self._settings):
            await teaching.propose(server_id, interaction.user.id, change)
            await interaction.followup.send(PROPOSED)
            return
        action = await teaching.edit(server_id, interaction.user.id, change)
        await interaction.followup.send(
            **done(action), allowed_mentions=mentions_only(interaction.user)
        )


async def setup(bot: MoedexBot) -> None:
    """Load the cog."""
    services = bot.services
    await bot.add_cog(
        GalleryCommands(services.galleries, services.teaching, services.storage.settings)
    )
