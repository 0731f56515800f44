"""`/settings`: how the bot answers in a server; for moderators."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING, Literal

import discord
from discord import app_commands
from discord.ext import commands

from bot.ui.answer_text import ACCENT
from bot.wording import NEEDS_INTENT, WHO_MENU

if TYPE_CHECKING:
    from bot.client import MoedexBot
    from bot.config import NamingConfig
    from bot.storage import ServerSettings
    from bot.storage.settings import SettingsRepository

CHANGED = "Changed."
NO_CHANNEL = "none; `/watch on` switches one on"

_ANSWER_TO = {True: "only who asked", False: "everybody"}
_ALL_UNKNOWN = {"answer": "I say so, unasked too", "quiet": "I say it only if asked"}
_FORM = {True: "the plain form, an embed with ✅ and ❌", False: "a section for each face"}
_FIELD = 1024


class Settings(commands.Cog):
    """Shows and changes a server's settings."""

    def __init__(
        self,
        settings: SettingsRepository,
        naming: NamingConfig,
        *,
        plain: bool,
        message_content: bool,
    ) -> None:
        self._settings = settings
        self._naming = naming
        self._plain = plain
        self._message_content = message_content

    @app_commands.command(name="settings")
    @app_commands.guild_only()
    @app_commands.default_permissions(manage_guild=True)
    @app_commands.checks.has_permissions(manage_guild=True)
    @app_commands.describe(
        named="Say a name when it is right so many times in 100; 0 takes the default",
        probably="Say “probably” when it is right so many times in 100; 0 takes the default",
        unknown_share="How many of 100 posted faces show nobody I can name; 0 takes the default",
        guesses="How many names I show for a face",
        menu_answer="Who sees the answer to the menu “Who is this?”",
        all_unknown="What I do in a switched-on channel if I know nobody in a picture",
        form="How answers look: a section for each face, or plain for clients that show none",
    )
    async def settings(
        self,
        interaction: discord.Interaction[MoedexBot],
        named: app_commands.Range[float, 0, 99] | None = None,
        probably: app_commands.Range[float, 0, 99] | None = None,
        unknown_share: app_commands.Range[float, 0, 99] | None = None,
        guesses: app_commands.Range[int, 1, 5] | None = None,
        menu_answer: Literal["only who asked", "everybody"] | None = None,
        all_unknown: Literal["answer", "say nothing"] | None = None,
        form: Literal["sections", "plain"] | None = None,
    ) -> None:
        """Show this server's settings, or change those that you name."""
        await interaction.response.defer(ephemeral=True, thinking=True)
        server_id = interaction.guild_id or 0
        changes: dict[str, object] = {}
        shares = {"named": named, "probably": probably, "unknown_share": unknown_share}
        for name, value in shares.items():
            if value is not None:
                changes[name] = value / 100 if value > 0 else None
        if guesses is not None:
            changes["guesses"] = guesses
        if menu_answer is not None:
            changes["ephemeral"] = menu_answer == _ANSWER_TO[True]
        if all_unknown is not None:
            changes["on_all_unknown"] = "answer" if all_unknown == "answer" else "quiet"
        if form is not None:
            changes["plain"] = form == "plain"
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
        default = self._naming
        for title, own, usual in (
            ("I say a name when it is right", settings.named, default.named),
            ("I say “probably” when it is right", settings.probably, default.probably),
            ("Faces of people I can't name", settings.unknown_share, default.unknown_share),
        ):
            page.add_field(name=title, value=_times(own, usual), inline=False)
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
        plain = self._plain if settings.plain is None else settings.plain
        page.add_field(name="My answers have", value=_FORM[plain], inline=False)
        return page


def _times(own: float | None, usual: float) -> str:
    """Return a share as people count: `9 times in 10: 90 % (default)`."""
    share = usual if own is None else own
    counted = Fraction(share).limit_denominator(1000)
    times = "time" if counted.numerator == 1 else "times"
    text = f"{counted.numerator} {times} in {counted.denominator}: {share * 100:g} %"
    return f"{text} (default)" if own is None else text


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
        Settings(
            bot.services.storage.settings,
            bot.services.config.naming,
            plain=bot.services.config.answers.plain,
            message_content=bot.intents.message_content,
        )
    )
