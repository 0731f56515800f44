"""`/settings`: how the bot answers in a server; for moderators."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import discord
from discord import app_commands
from discord.ext import commands

from bot.ui.answer_text import ACCENT
from bot.wording import NEEDS_INTENT, WHO_MENU

if TYPE_CHECKING:
    from bot.client import MoedexBot
    from bot.storage import ServerSettings
    from bot.storage.settings import SettingsRepository

CHANGED = "Changed."
NO_CHANNEL = "none; `/watch on` switches one on"

_ANSWER_TO = {True: "only who asked", False: "everybody"}
_ALL_UNKNOWN = {"answer": "I say so, unasked too", "quiet": "I say it only if asked"}
_FIELD = 1024


class Settings(commands.Cog):
    """Shows and changes a server's settings."""

    def __init__(self, settings: SettingsRepository, *, message_content: bool) -> None:
        self._settings = settings
        self._message_content = message_content

    @app_commands.command(name="settings")
    @app_commands.guild_only()
    @app_commands.default_permissions(manage_guild=True)
    @app_commands.checks.has_permissions(manage_guild=True)
    @app_commands.describe(
        threshold="How sure I must be to say a name, in percent; 0 takes the model's own figure",
        guesses="How many names I show for a face",
        menu_answer="Who sees the answer to the menu “Who is this?”",
        all_unknown="What I do in a switched-on channel if I know nobody in a picture",
    )
    async def settings(
        self,
        interaction: discord.Interaction[MoedexBot],
        threshold: app_commands.Range[float, 0, 99] | None = None,
        guesses: app_commands.Range[int, 1, 5] | None = None,
        menu_answer: Literal["only who asked", "everybody"] | None = None,
        all_unknown: Literal["answer", "say nothing"] | None = None,
    ) -> None:
        """Show this server's settings, or change those that you name."""
        await interaction.response.defer(ephemeral=True, thinking=True)
        server_id = interaction.guild_id or 0
        changes: dict[str, object] = {}
        if threshold is not None:
            changes["threshold"] = threshold / 100 if threshold > 0 else None
        if guesses is not None:
            changes["guesses"] = guesses
        if menu_answer is not None:
            changes["ephemeral"] = menu_answer == _ANSWER_TO[True]
        if all_unknown is not None:
            changes["on_all_unknown"] = "answer" if all_unknown == "answer" else "quiet"
        if changes:
            found = await self._settings.update(server_id, **changes)
        else:
            found = await self._settings.get(server_id)
        watched = await self._settings.watched(server_id)
        page = self._page(found, list(watched))
        await interaction.edit_original_response(
            content=CHANGED if changes else None,
            embed=page,
            allowed_mentions=discord.AllowedMentions.none(),
        )

    def _page(self, settings: ServerSettings, watched: list[int]) -> discord.Embed:
        page = discord.Embed(title="How I answer in this server", colour=ACCENT)
        if not self._message_content:
            page.description = NEEDS_INTENT
        page.add_field(name="Switched-on channels", value=_channels(watched), inline=False)
        sure = (
            "as sure as my model asks for"
            if settings.threshold is None
            else f"at least {settings.threshold * 100:g} % sure"
        )
        page.add_field(name="I say a name if I am", value=sure, inline=False)
        page.add_field(name="Guesses I show for a face", value=str(settings.guesses), inline=False)
        page.add_field(
            name=f"Answers to “{WHO_MENU}” are seen by",
            value=_ANSWER_TO[settings.ephemeral],
            inline=False,
        )
        page.add_field(
            name="If I know nobody in a picture",
            value=_ALL_UNKNOWN[settings.on_all_unknown],
            inline=False,
        )
        return page


def _channels(watched: list[int]) -> str:
    if not watched:
        return NO_CHANNEL
    text = ""
    for count, channel_id in enumerate(sorted(watched)):
        mention = f"<#{channel_id}> "
        if len(text) + len(mention) > _FIELD - 20:
            return f"{text}and {len(watched) - count} more"
        text += mention
    return text.rstrip()


async def setup(bot: MoedexBot) -> None:
    """Load the cog."""
    await bot.add_cog(
        Settings(bot.services.storage.settings, message_content=bot.intents.message_content)
    )
