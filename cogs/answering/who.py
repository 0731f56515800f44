"""`!who`, `/who` and the message menu "Who is this?": asking about a picture."""

from __future__ import annotations

import asyncio
import re
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import discord
from discord import app_commands
from discord.ext import commands

from bot.errors import UserError
from bot.recognition import permissions
from bot.recognition.delivery import InteractionReply, MessageReply
from bot.recognition.origin import (
    AGE_RESTRICTED,
    MESSAGE_LINK,
    NOT_A_LINK,
    NOT_READABLE,
    linked_message,
    stays_hidden,
)
from bot.recognition.pipeline import Question
from bot.recognition.sources import Source, attachment_source, sources_of
from cogs.server.channels import NEEDS_INTENT

if TYPE_CHECKING:
    from bot.client import MoedexBot

MENU = "Who is this?"
NO_PICTURE = "That message has no picture in it."
NO_PICTURE_HERE = (
    "I see no picture among the last {count} messages here. Post one with `{prefix}who`, or reply "
    "`{prefix}who` to it."
)
OWN_ANSWER = "That is an answer of mine. Ask about the message that it answers."
USE_SLASH = "That message is in another channel: use `/who link:`, then only you see the answer."

_LAST = 50
_PREVIEW_SECONDS = 4
_URL = re.compile(r"https?://\S+")
_FOLLOWED = timedelta(minutes=5)


class Who(commands.Cog):
    """Asking by command and by menu."""

    def __init__(self, bot: MoedexBot) -> None:
        self.bot = bot
        self._menu = app_commands.ContextMenu(name=MENU, callback=self.menu)

    async def cog_load(self) -> None:
        """Add the message menu; a cog can't declare one."""
        self.bot.tree.add_command(self._menu)

    async def cog_unload(self) -> None:
        """Take the message menu away again."""
        self.bot.tree.remove_command(self._menu.name, type=self._menu.type)

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
        found = MESSAGE_LINK.search(link or "")
        if context.interaction is None:
            await self._by_message(context, found)
        else:
            await self._by_slash(context.interaction, image, link, found)

    async def menu(
        self, interaction: discord.Interaction[MoedexBot], message: discord.Message
    ) -> None:
        """Tell who is in a message's picture, to all or to who asked, as the server sets it."""
        settings = await self.bot.storage.settings.get(interaction.guild_id or 0)
        ephemeral = interaction.guild_id is not None and settings.ephemeral
        await interaction.response.defer(ephemeral=ephemeral, thinking=True)
        await self._answer(interaction, message, ephemeral=ephemeral)

    @commands.Cog.listener()
    async def on_raw_message_edit(self, payload: discord.RawMessageUpdateEvent) -> None:
        """Run a `!who` that an edit made out of something else, and follow one that it undid."""
        before, after = payload.cached_message, payload.message
        if before is None or before.content == after.content or after.author.bot:
            return
        was = (await self.bot.get_context(before)).command is self.who
        now = (await self.bot.get_context(after)).command is self.who
        if was:
            await self.bot.asking.forget([after.id])
        if now and datetime.now(UTC) - after.created_at <= _FOLLOWED:
            await self.bot.process_commands(after)

    async def _by_message(
        self, context: commands.Context[MoedexBot], link: re.Match[str] | None
    ) -> None:
        message = context.message
        if isinstance(message.channel, permissions.ServerChannel):
            missing = permissions.missing_in(message.channel)
            if missing:
                await permissions.complain(self.bot, message.channel, missing, asked_by=message)
                return
        target = await self._target(message, link)
        await self._refuse(target, message.channel)
        sources = sources_of(target, self.bot.config, "all")
        if not sources:
            raise UserError(self._nothing_seen())
        await self.bot.asking.ask(
            Question(
                sources=sources,
                asker=message.author,
                guild=message.guild,
                channel_id=message.channel.id,
                source=target.id,
                prompt=message.id,
                reply=MessageReply(message),
                found_in=target,
            )
        )

    async def _by_slash(
        self,
        interaction: discord.Interaction[MoedexBot],
        image: discord.Attachment | None,
        text: str | None,
        link: re.Match[str] | None,
    ) -> None:
        if text and link is None and image is None:
            raise UserError(NOT_A_LINK)
        # Who may read a channel may show what is in it to others there, but not elsewhere.
        here = link is None or int(link["channel"]) == interaction.channel_id
        await interaction.response.defer(ephemeral=not here, thinking=True)
        if image is not None:
            source = attachment_source(image, self.bot.config)
            await self._ask(interaction, [source], None, ephemeral=False)
            return
        if link is not None:
            message = await linked_message(self.bot, link, interaction.user, interaction.channel)
            if message is None:
                raise UserError(NOT_READABLE)
        else:
            message = await self._last(interaction.channel, None)
        await self._answer(interaction, message, ephemeral=not here, without=self._nothing_seen())

    async def _answer(
        self,
        interaction: discord.Interaction[MoedexBot],
        message: discord.Message,
        *,
        ephemeral: bool,
        without: str = NO_PICTURE,
    ) -> None:
        """Answer about a message; `without` is said if no picture is seen in it."""
        await self._refuse(message, interaction.channel)
        sources = sources_of(message, self.bot.config, "all")
        if not sources:
            raise UserError(without)
        await self._ask(interaction, sources, message, ephemeral=ephemeral)

    async def _ask(
        self,
        interaction: discord.Interaction[MoedexBot],
        sources: list[Source],
        found_in: discord.Message | None,
        *,
        ephemeral: bool,
    ) -> None:
        missing = permissions.missing_for_interaction(interaction)
        if missing:
            raise UserError(permissions.sentence_here(missing))
        await self.bot.asking.ask(
            Question(
                sources=sources,
                asker=interaction.user,
                guild=interaction.guild,
                channel_id=interaction.channel_id or 0,
                source=found_in.id if found_in else None,
                found_in=found_in,
                prompt=interaction.id,
                reply=InteractionReply(interaction, ephemeral=ephemeral),
            )
        )

    async def _target(
        self, message: discord.Message, link: re.Match[str] | None
    ) -> discord.Message:
        """Return the message that a typed `!who` is about."""
        if sources_of(message, self.bot.config, "all"):
            return message
        if message.reference is not None and message.reference.message_id is not None:
            resolved = message.reference.resolved
            if isinstance(resolved, discord.Message):
                return resolved
            try:
                return await message.channel.fetch_message(message.reference.message_id)
            except discord.HTTPException:
                raise UserError("The message you replied to is gone.") from None
        if link is not None:
            if int(link["channel"]) != message.channel.id:
                raise UserError(USE_SLASH)
            found = await linked_message(self.bot, link, message.author, message.channel)
            if found is None:
                raise UserError(NOT_READABLE)
            return found
        if _URL.search(message.content):
            return await self._with_preview(message)
        return await self._last(message.channel, message)

    async def _with_preview(self, message: discord.Message) -> discord.Message:
        """Wait for Discord's preview of a link, which arrives as an edit of its message."""

        def arrived(payload: discord.RawMessageUpdateEvent) -> bool:
            return payload.message_id == message.id and bool(payload.message.embeds)

        try:
            async with asyncio.timeout(_PREVIEW_SECONDS):
                payload = await self.bot.wait_for("raw_message_edit", check=arrived)
        except TimeoutError:
            return message
        return payload.message

    async def _last(self, channel: Any, before: discord.Message | None) -> discord.Message:
        """Return the last message in a channel that a person posted a picture in."""
        if not self.bot.has_message_content:
            raise UserError(NEEDS_INTENT)
        try:
            async for message in channel.history(limit=_LAST, before=before):
                if not message.author.bot and sources_of(message, self.bot.config, "all"):
                    return message
        except discord.Forbidden:
            raise UserError(permissions.sentence_here(["Read Message History"])) from None
        prefix = self.bot.config.discord.prefix
        raise UserError(NO_PICTURE_HERE.format(count=_LAST, prefix=prefix))

    def _nothing_seen(self) -> str:
        """Return what is said of a message that was fetched: without the intent it comes empty."""
        return NO_PICTURE if self.bot.has_message_content else NEEDS_INTENT

    async def _refuse(self, message: discord.Message, where: Any) -> None:
        if self.bot.user is not None and message.author.id == self.bot.user.id:
            raise UserError(OWN_ANSWER)
        if await stays_hidden(self.bot, message, where):
            raise UserError(AGE_RESTRICTED)


async def setup(bot: MoedexBot) -> None:
    """Load the cog."""
    await bot.add_cog(Who(bot))
