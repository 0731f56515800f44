"""✅ and ❌ under an answer: received, kept with the answer, taken back when removed.

❌ turns the card into a question, once the vote is safe.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

import discord
from discord.ext import commands

from bot.feedback.authority import may_label
from bot.feedback.subjects import read_subject
from bot.patience import FAILED
from bot.recognition.delivery import VOTES
from bot.ui import answer_view as cards
from bot.ui.errors import answers_errors
from bot.ui.naming_question import FORM, WhoSelect, answer_form
from bot.ui.undo import TakeBackButton

if TYPE_CHECKING:
    from bot.client import MoedexBot
    from bot.services import Services
    from bot.storage import VoteKind

log = logging.getLogger(__name__)

_ITEMS = (cards.PageButton, cards.FacesButton, cards.VoteButton, WhoSelect, TakeBackButton)
_KINDS: dict[str, VoteKind] = {VOTES[0]: "yes", VOTES[1]: "no"}


class Votes(commands.Cog):
    """The listeners for votes; what is under an answer is in `bot.ui.answer_view`."""

    def __init__(self, client: discord.Client, services: Services) -> None:
        self._client = client
        self._services = services
        self._asking: set[int] = set()

    @commands.Cog.listener()
    async def on_raw_reaction_add(self, payload: discord.RawReactionActionEvent) -> None:
        """Keep a vote; the storage knows which messages are answers."""
        kind = _KINDS.get(payload.emoji.name or "")
        if kind is None or self._by_a_bot(payload):
            return
        mine = self._client.user is not None and payload.message_author_id == self._client.user.id
        if mine and await self._services.recognition.await_answer(payload.message_id) is None:
            return
        kept = await self._services.votes.cast(
            payload.message_id,
            None,
            payload.user_id,
            kind,
            decides=await may_label(payload.member, self._services.storage.settings),
        )
        if kept and kind == "no" and payload.guild_id is not None:
            await self._ask(payload)

    @commands.Cog.listener()
    @answers_errors
    async def on_interaction(self, interaction: discord.Interaction[MoedexBot]) -> None:
        """Take in the form for another name, also one that was opened before a restart."""
        if interaction.type is not discord.InteractionType.modal_submit:
            return
        match = FORM.fullmatch(str((interaction.data or {}).get("custom_id", "")))
        if match is not None:
            await answer_form(interaction, read_subject(match[1]))

    @commands.Cog.listener()
    async def on_raw_reaction_remove(self, payload: discord.RawReactionActionEvent) -> None:
        """Take a vote back; bots never had one."""
        kind = _KINDS.get(payload.emoji.name or "")
        if kind is not None:
            await self._services.votes.take_back(payload.message_id, None, payload.user_id, kind)

    @commands.Cog.listener()
    async def on_raw_reaction_clear(self, payload: discord.RawReactionClearEvent) -> None:
        """Take all votes back: a moderator removed every reaction."""
        await self._services.votes.take_back_all(payload.message_id, set(_KINDS.values()))

    @commands.Cog.listener()
    async def on_raw_reaction_clear_emoji(
        self, payload: discord.RawReactionClearEmojiEvent
    ) -> None:
        """Take the votes of one kind back."""
        kind = _KINDS.get(payload.emoji.name or "")
        if kind is not None:
            await self._services.votes.take_back_all(payload.message_id, {kind})

    async def _ask(self, payload: discord.RawReactionActionEvent) -> None:
        """Put the question on a card; what can't be edited now is left to the outbox."""
        if payload.message_id in self._asking:  # fifty ❌ at once are one edit
            return
        self._asking.add(payload.message_id)
        channel = self._client.get_partial_messageable(
            payload.channel_id, guild_id=payload.guild_id
        )
        try:
            await cards.ask(self._services, await channel.fetch_message(payload.message_id))
        except discord.NotFound:
            log.debug("Answer %d is gone, with its question", payload.message_id)
        except FAILED:
            await self._services.outbox.ask(
                payload.guild_id, payload.channel_id, payload.message_id
            )
        finally:
            self._asking.discard(payload.message_id)

    def _by_a_bot(self, payload: discord.RawReactionActionEvent) -> bool:
        if payload.member is not None:
            return payload.member.bot
        return self._client.user is not None and payload.user_id == self._client.user.id


async def setup(bot: MoedexBot) -> None:
    """Load the cog, and make the buttons of answers given before a restart work."""
    bot.add_dynamic_items(*_ITEMS)
    await bot.add_cog(Votes(bot, bot.services))


async def teardown(bot: MoedexBot) -> None:
    """Stop listening to the buttons."""
    bot.remove_dynamic_items(*_ITEMS)
