"""❌ asks who it is: the choices under a card, the form for another name, and reconciliation.

Reactions made or removed while the bot was away are found at the start, by reading those of its
recent answers.
"""

from __future__ import annotations

import asyncio
import logging
import re
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import discord
from discord.ext import commands

from bot.asking import VOTES
from bot.cards import card_view
from bot.errors import answers_errors
from bot.learning.authority import may_label
from bot.learning.naming_question import (
    FaceSelect,
    MoreFaces,
    PickSelect,
    answer_form,
    question_view,
)
from bot.learning.subjects import SUBJECT, read_subject

if TYPE_CHECKING:
    from bot.client import MoedexBot
    from bot.storage import Answer, VoteKind

log = logging.getLogger(__name__)

RECENT = timedelta(days=14)
"""Answers so old are looked at again at the start."""

_ITEMS = (FaceSelect, MoreFaces, PickSelect)
_FORM = re.compile(rf"moedex:name:({SUBJECT})")
_KINDS: dict[str, VoteKind] = {VOTES[0]: "yes", VOTES[1]: "no"}


class Feedback(commands.Cog):
    """The question under a card, and votes that were missed."""

    def __init__(self, bot: MoedexBot) -> None:
        self.bot = bot
        self._reconciling: asyncio.Task[None] | None = None

    async def cog_load(self) -> None:
        """Make questions asked before a restart work."""
        self.bot.add_dynamic_items(*_ITEMS)

    async def cog_unload(self) -> None:
        """Stop listening, and stop reading old answers."""
        self.bot.remove_dynamic_items(*_ITEMS)
        if self._reconciling is not None:
            self._reconciling.cancel()
            await asyncio.gather(self._reconciling, return_exceptions=True)

    @commands.Cog.listener()
    async def on_ready(self) -> None:
        """Read recent answers for what happened while the bot was away."""
        if self._reconciling is None or self._reconciling.done():
            self._reconciling = asyncio.create_task(self.reconcile(), name="reconcile")

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

    async def reconcile(self) -> None:
        """Follow reactions and deletions that happened while the bot was away."""
        try:
            for answer in await self.bot.storage.answers.since(datetime.now(UTC) - RECENT):
                if answer.server_id is not None:
                    await self._reconcile(answer)
            await self.bot.learning.erasure.sweep()
        except asyncio.CancelledError:
            raise
        except Exception:
            log.exception("Answers of before the start could not all be looked at")

    async def _reconcile(self, answer: Answer) -> None:
        guild = self.bot.get_guild(answer.server_id or 0)
        if guild is None:
            return
        channel = guild.get_channel_or_thread(answer.channel_id)
        if channel is None:
            await self._reconcile_lost(guild, answer)
            return
        if not isinstance(channel, discord.abc.Messageable):
            return
        try:
            if answer.source_message_id != answer.reply_id:
                await channel.fetch_message(answer.source_message_id)
        except discord.NotFound:
            await self._follow_deletion(answer)
            return
        except discord.HTTPException as error:
            log.debug("The source of %d could not be read: %s", answer.reply_id, error)
        try:
            reply = await channel.fetch_message(answer.reply_id)
        except discord.HTTPException as error:
            # An ephemeral answer can't be fetched either, so this says nothing for sure.
            log.debug("Answer %d could not be read: %s", answer.reply_id, error)
            return
        await self._reconcile_votes(guild, answer, reply)

    async def _reconcile_lost(self, guild: discord.Guild, answer: Answer) -> None:
        try:
            await guild.fetch_channel(answer.channel_id)
        except discord.NotFound:
            await self.bot.storage.answers.delete_channel(answer.channel_id)
        except discord.HTTPException as error:
            log.debug("Channel %d could not be read: %s", answer.channel_id, error)

    async def _follow_deletion(self, answer: Answer) -> None:
        await self.bot.asking.forget([answer.source_message_id])
        await self.bot.storage.answers.delete_by_reply(answer.reply_id)

    async def _reconcile_votes(
        self, guild: discord.Guild, answer: Answer, reply: discord.Message
    ) -> None:
        now_there: dict[VoteKind, set[int]] = {"yes": set(), "no": set()}
        for reaction in reply.reactions:
            kind = _KINDS.get(str(reaction.emoji))
            if kind is None:
                continue
            async for user in reaction.users():
                if not user.bot:
                    now_there[kind].add(user.id)
        if not reply.reactions and not _seeded(reply):
            return
        stored = await self.bot.storage.votes.for_answer(answer.reply_id)
        whole: set[tuple[int, VoteKind]] = {
            (vote.user_id, vote.kind) for vote in stored if vote.face_index is None
        }
        learning = self.bot.learning
        for kind, users in now_there.items():
            for user_id in sorted(users):
                if (user_id, kind) not in whole and not _says_both(user_id, now_there, whole):
                    decides = await may_label(await _member(guild, user_id), self.bot.storage)
                    await learning.vote(answer.reply_id, None, user_id, kind, decides=decides)
        for user_id, kind in whole:
            if user_id not in now_there.get(kind, {user_id}):
                await learning.take_back(answer.reply_id, None, user_id, kind)


async def _member(guild: discord.Guild, user_id: int) -> discord.Member | None:
    """Return a member; None for somebody who left since."""
    member = guild.get_member(user_id)
    if member is not None:
        return member
    try:
        return await guild.fetch_member(user_id)
    except discord.HTTPException:
        return None


def _seeded(reply: discord.Message) -> bool:
    """Whether reactions stand for the votes of an answer; where they can't, buttons do."""
    return not any(
        (getattr(button, "custom_id", None) or "").startswith("moedex:vote:")
        for row in reply.components
        if isinstance(row, discord.ActionRow)
        for button in row.children
    )


def _says_both(
    user_id: int, there: dict[VoteKind, set[int]], whole: set[tuple[int, VoteKind]]
) -> bool:
    """Whether somebody has both reactions and one of them is known: that one came last."""
    both = all(user_id in users for users in there.values())
    return both and any(voter == user_id for voter, _ in whole)


async def setup(bot: MoedexBot) -> None:
    """Load the cog."""
    await bot.add_cog(Feedback(bot))
