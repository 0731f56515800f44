"""The message menu "Teach from this": a new character from what somebody posted.

Whoever posted a picture may teach from it, as with `/teach`. From somebody else's picture the bot
learns only where the server turned learning on and its poster did not opt out.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import discord
from discord import app_commands

from bot.errors import UserError
from bot.gallery.lookup import clean_name
from bot.recognition.request import to_enrol
from bot.recognition.sources import sources_of
from bot.ui.errors import answers_errors
from bot.ui.message_menu import MenuCog
from bot.ui.teaching_dialog import TeachingDialog

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bot.client import MoedexBot
    from bot.recognition.sources import Source
    from bot.services import Services

MENU = "Teach from this"
NO_FILE = (
    "I only learn from pictures that members posted themselves, and see none in that message. "
    "`/teach` takes pictures of yours."
)
NO_CONSENT = (
    "I don't learn from that picture: learning is off here, or its poster opted out. `/teach` "
    "takes pictures of yours; moderators turn learning on with `/learning on`."
)
MOST = 5
_NAME_LENGTH = 80


class TeachForm(discord.ui.Modal, title=MENU):
    """Asks who is in the pictures of a message."""

    name = discord.ui.Label(
        text="Who is it?",
        component=discord.ui.TextInput[Any](custom_id="name", max_length=_NAME_LENGTH),
    )
    series = discord.ui.Label(
        text="Series",
        description="Where the character is from; may stay empty",
        component=discord.ui.TextInput[Any](
            custom_id="series", max_length=_NAME_LENGTH, required=False
        ),
    )

    def __init__(self, cog: TeachFrom, message: discord.Message) -> None:
        super().__init__()
        self._cog = cog
        self._message = message

    @answers_errors
    async def on_submit(self, interaction: discord.Interaction[Any]) -> None:
        """Teach what was typed."""
        name, series = (str(each.component.value) for each in (self.name, self.series))  # type: ignore[union-attr]
        await self._cog.teach(interaction, self._message, clean_name(name), series.strip())


class TeachFrom(MenuCog):
    """The message menu."""

    def __init__(self, tree: app_commands.CommandTree[Any], services: Services) -> None:
        super().__init__(tree, MENU, self.menu, guild_only=True)
        self._config = services.config
        self._consent = services.consent
        self._dialog = TeachingDialog(services)

    async def menu(
        self, interaction: discord.Interaction[MoedexBot], message: discord.Message
    ) -> None:
        """Ask who is in a posted picture, to learn from it."""
        await self._pictures_to_learn_from(interaction, message)
        await interaction.response.send_modal(TeachForm(self, message))

    async def teach(
        self,
        interaction: discord.Interaction[Any],
        message: discord.Message,
        name: str,
        series: str,
    ) -> None:
        """Learn from a message's pictures. Raises UserError."""
        sources = await self._pictures_to_learn_from(interaction, message)
        await interaction.response.defer(thinking=True)
        request = to_enrol(interaction, sources, message)
        await self._dialog.teach(interaction, request, name, series)

    async def _pictures_to_learn_from(
        self, interaction: discord.Interaction[Any], message: discord.Message
    ) -> Sequence[Source]:
        """Return the files that a member posted. Raises UserError where none may be used."""
        files = {str(attachment.id) for attachment in message.attachments}
        sources = [each for each in sources_of(message, self._config) if each.key in files]
        if not sources or message.author.bot:
            raise UserError(NO_FILE)
        if message.author.id != interaction.user.id and not await self._consent.learns_from(
            interaction.guild_id or 0, message.author.id
        ):
            raise UserError(NO_CONSENT)
        return sources[:MOST]


async def setup(bot: MoedexBot) -> None:
    """Load the cog."""
    await bot.add_cog(TeachFrom(bot.tree, bot.services))
