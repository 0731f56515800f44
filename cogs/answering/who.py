"""`!who`, `/who` and the message menu "Who is this?": asking about a picture."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import discord
from discord import app_commands
from discord.ext import commands

from bot.ui.message_menu import MenuCog
from bot.wording import WHO_MENU

if TYPE_CHECKING:
    from bot.client import MoedexBot
    from bot.recognition.questions import Questions
    from bot.recognition.service import RecognitionService
    from bot.storage.settings import SettingsRepository

_FOLLOWED = timedelta(minutes=5)


class Who(MenuCog):
    """Asking by command and by menu."""

    def __init__(
        self,
        client: commands.AutoShardedBot,
        questions: Questions,
        recognition: RecognitionService,
        settings: SettingsRepository,
    ) -> None:
        super().__init__(client.tree, WHO_MENU, self.menu)
        self._client = client
        self._questions = questions
        self._recognition = recognition
        self._settings = settings

    @commands.hybrid_command(name="who")
    @app_commands.describe(
        image="A picture of your own",
        link="The link of a message with a picture that you can read",
    )
    async def who(
        self,
        context: commands.Context[MoedexBot],
        image: discord.Attachment | None = None,
        *,
        link: str | None = None,
    ) -> None:
        """Tell who is in a picture: yours, a linked message's, or the last one posted here."""
        if context.interaction is None:
            await self._questions.by_text(context.message, link or "")
        else:
            await self._questions.by_command(context.interaction, image, link)

    async def menu(
        self, interaction: discord.Interaction[MoedexBot], message: discord.Message
    ) -> None:
        """Tell who is in a message's picture, to all or to who asked, as the server sets it."""
        settings = await self._settings.get(interaction.guild_id or 0)
        ephemeral = interaction.guild_id is not None and settings.ephemeral
        await self._questions.by_menu(interaction, message, ephemeral=ephemeral)

    @commands.Cog.listener()
    async def on_raw_message_edit(self, payload: discord.RawMessageUpdateEvent) -> None:
        """Run a `!who` that an edit made out of something else, and follow one that it undid."""
        before, after = payload.cached_message, payload.message
        if before is None or before.content == after.content or after.author.bot:
            return
        was = (await self._client.get_context(before)).command is self.who
        now = (await self._client.get_context(after)).command is self.who
        if was:
            await self._recognition.forget([after.id])
        if now and datetime.now(UTC) - after.created_at <= _FOLLOWED:
            await self._client.process_commands(after)


async def setup(bot: MoedexBot) -> None:
    """Load the cog."""
    services = bot.services
    await bot.add_cog(Who(bot, services.questions, services.recognition, services.storage.settings))
