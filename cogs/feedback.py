"""❌ asks who it is: the choices under a card, and the form for another name."""

from __future__ import annotations

import logging
import re
from typing import TYPE_CHECKING

import discord
from discord.ext import commands

from bot.cards import card_view
from bot.errors import answers_errors
from bot.learning.naming_question import (
    FaceSelect,
    MoreFaces,
    PickSelect,
    answer_form,
    question_view,
)
from bot.learning.subjects import SUBJECT, read_subject
from bot.replies import VOTES

if TYPE_CHECKING:
    from bot.client import MoedexBot
    from bot.storage import Answer

log = logging.getLogger(__name__)

_ITEMS = (FaceSelect, MoreFaces, PickSelect)
_FORM = re.compile(rf"moedex:name:({SUBJECT})")


class Feedback(commands.Cog):
    """The question under a card."""

    def __init__(self, bot: MoedexBot) -> None:
        self.bot = bot

    async def cog_load(self) -> None:
        """Make questions asked before a restart work."""
        self.bot.add_dynamic_items(*_ITEMS)

    async def cog_unload(self) -> None:
        """Stop listening to the questions."""
        self.bot.remove_dynamic_items(*_ITEMS)

    @commands.Cog.listener()
    async def on_raw_reaction_add(self, payload: discord.RawReactionActionEvent) -> None:
        """Turn a card into a question when somebody says ❌."""
        if payload.emoji.name != VOTES[1] or payload.guild_id is None:
            return
        if payload.member is None or payload.member.bot:
            return
        answer = await self.bot.asking.kept(payload.message_id)
        if answer is None or not answer.faces:
            return
        await self.ask(answer)

    @commands.Cog.listener()
    @answers_errors
    async def on_interaction(self, interaction: discord.Interaction[MoedexBot]) -> None:
        """Take in the form for another name, also one that was opened before a restart."""
        if interaction.type is not discord.InteractionType.modal_submit:
            return
        match = _FORM.fullmatch(str((interaction.data or {}).get("custom_id", "")))
        if match is None:
            return
        await answer_form(interaction, read_subject(match[1]))

    async def ask(self, answer: Answer) -> None:
        """Put the question under an answer; one that is gone, or can't be edited, is left."""
        settings = await self.bot.storage.settings.get(answer.server_id or 0)
        buttons = card_view(answer.pictures, 0, opened=False, guesses=settings.guesses, votes=False)
        channel = self.bot.get_partial_messageable(answer.channel_id, guild_id=answer.server_id)
        try:
            await channel.get_partial_message(answer.reply_id).edit(
                view=question_view(answer, 0, buttons=buttons)
            )
        except discord.HTTPException as error:
            log.debug("Answer %d could not be asked about: %s", answer.reply_id, error)


async def setup(bot: MoedexBot) -> None:
    """Load the cog."""
    await bot.add_cog(Feedback(bot))
