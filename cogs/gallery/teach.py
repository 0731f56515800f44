"""`/teach`: a new character from one to five pictures, known from the next picture on."""

from __future__ import annotations

from typing import TYPE_CHECKING

import discord
from discord import app_commands
from discord.ext import commands

from bot.errors import UserError
from bot.feedback.authority import check_may_label
from bot.gallery.lookup import clean_name
from bot.recognition.request import to_enrol
from bot.recognition.sources import attachment_source
from bot.ui.autocomplete import offer
from bot.ui.teaching_dialog import TeachingDialog
from bot.ui.undo import UndoButton, undo_view
from bot.wording import plain

if TYPE_CHECKING:
    from bot.client import MoedexBot
    from bot.services import Services

WHAT = (
    "Say who it is and add a picture, or give a series alone: then I look its characters up on "
    "AniList."
)
TEXT_LIMIT = 1900


class Teach(commands.Cog):
    """Enrols characters from pictures."""

    def __init__(self, services: Services) -> None:
        self._config = services.config
        self._dialog = TeachingDialog(services)
        self._settings = services.storage.settings
        self._recognition = services.recognition
        self._galleries = services.galleries
        self._series = services.series

    @app_commands.command(name="teach")
    @app_commands.guild_only()
    @app_commands.describe(
        name="Who it is",
        series="Where the character is from; alone, with nothing else: its cast from AniList",
        image1="A picture that shows the face; what you upload here is kept for this server",
        image2="One more picture",
        image3="One more picture",
        image4="One more picture",
        image5="One more picture",
    )
    async def teach(
        self,
        interaction: discord.Interaction[MoedexBot],
        name: app_commands.Range[str, 1, 80] | None = None,
        image1: discord.Attachment | None = None,
        series: app_commands.Range[str, 1, 80] | None = None,
        image2: discord.Attachment | None = None,
        image3: discord.Attachment | None = None,
        image4: discord.Attachment | None = None,
        image5: discord.Attachment | None = None,
    ) -> None:
        """Teach me a character from one to five pictures, or the cast of a series."""
        images = [i for i in (image1, image2, image3, image4, image5) if i is not None]
        if series and not name and not images:
            await self._teach_series(interaction, series)
            return
        if not name or not images:
            raise UserError(WHAT)
        name = clean_name(name)
        await interaction.response.defer(thinking=True)
        sources = [attachment_source(image, self._config) for image in images]
        request = to_enrol(interaction, sources)
        await self._dialog.teach(interaction, request, name, series or "")

    async def _teach_series(self, interaction: discord.Interaction[MoedexBot], series: str) -> None:
        await check_may_label(interaction.user, self._settings)
        await interaction.response.defer(thinking=True)
        await self._recognition.admit(to_enrol(interaction, []))
        server_id = interaction.guild_id or 0
        taught = await self._series.teach(server_id, interaction.user.id, series, interaction.id)
        await self._galleries.gallery(server_id)
        await interaction.followup.send(
            plain(taught.text, TEXT_LIMIT),
            view=undo_view(taught.action),
            allowed_mentions=discord.AllowedMentions.none(),
        )

    @teach.autocomplete("name")
    async def complete(
        self, interaction: discord.Interaction[MoedexBot], current: str
    ) -> list[app_commands.Choice[str]]:
        """Offer characters that more pictures may be added to."""
        return await offer(
            self._galleries, interaction.guild_id, current, by_name=True, with_series=True
        )


async def setup(bot: MoedexBot) -> None:
    """Load the cog, and make undo buttons of before a restart work."""
    bot.add_dynamic_items(UndoButton)
    await bot.add_cog(Teach(bot.services))


async def teardown(bot: MoedexBot) -> None:
    """Stop listening to undo buttons."""
    bot.remove_dynamic_items(UndoButton)
