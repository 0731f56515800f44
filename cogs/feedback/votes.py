"""✅ and ❌ under an answer: received, kept with the answer, taken back when removed.

Where a vote leaves a face open the answer turns into a question, once the vote is safe.
"""

from __future__ import annotations

import logging
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import discord
from discord.ext import commands

from bot.feedback.authority import may_label
from bot.feedback.ballots import leaves_open
from bot.feedback.subjects import read_subject
from bot.patience import FAILED
from bot.recognition.admission import OPTED_OUT
from bot.recognition.corrections import NO_LONGER_KEPT
from bot.recognition.delivery import VOTES
from bot.ui.answer_buttons import ITEMS
from bot.ui.answer_edits import ask
from bot.ui.answer_state import is_answer
from bot.ui.errors import answers_errors
from bot.ui.naming_question import FORM, NewCharacterButton, WhoSelect, answer_form
from bot.ui.undo import TakeBackButton

if TYPE_CHECKING:
    from bot.client import MoedexBot
    from bot.services import Services
    from bot.storage import Answer, VoteKind

log = logging.getLogger(__name__)

NOT_LEARNED = (
    "Your word is shown here, and no more: whoever posted this picture opted out, so that nothing "
    "is learned from it."
)

_RECORDED_AFTER = timedelta(seconds=10)
"""An answer is seen a moment before its faces are recorded."""
_ITEMS = (*ITEMS, WhoSelect, NewCharacterButton, TakeBackButton)
_KINDS: dict[str, VoteKind] = {VOTES[0]: "yes", VOTES[1]: "no"}


class Votes(commands.Cog):
    """The listeners for votes; what is pressed on an answer is in `bot.ui.answer_buttons`."""

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
        me = self._client.user
        if me is not None and payload.message_author_id not in (None, me.id):
            return
        services, reply_id = self._services, payload.message_id
        answer = await services.recognition.await_answer(reply_id, payload.channel_id)
        decides = await may_label(payload.member, services.storage.settings)
        if answer is None:
            if decides:
                await self._say_why_not(payload, NO_LONGER_KEPT)
            return
        kept = await services.votes.cast(reply_id, None, payload.user_id, kind, decides=decides)
        if kept and leaves_open(answer.faces, kind):
            await self._ask(payload)
        if decides and kind == "yes":
            why_not = await self._why_not(answer, payload.user_id, kept=kept)
            if why_not:
                await self._say_why_not(payload, why_not)

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
        """Put the question on an answer; what can't be edited now is left to the outbox."""
        if payload.message_id in self._asking:  # fifty ❌ at once are one edit
            return
        self._asking.add(payload.message_id)
        try:
            await ask(self._services, self._message(payload))
        except discord.NotFound:
            log.debug("Answer %d is gone, with its question", payload.message_id)
        except FAILED:
            await self._services.outbox.ask(
                payload.guild_id, payload.channel_id, payload.message_id
            )
        finally:
            self._asking.discard(payload.message_id)

    async def _why_not(self, answer: Answer, user_id: int, *, kept: bool) -> str:
        """Return why a moderator's ✅ settles nothing; empty where it does."""
        storage = self._services.storage
        if not kept:
            opted_out = await storage.consents.opted_out(user_id)
            return OPTED_OUT["correct"] if opted_out else ""
        recorded = datetime.now(UTC) - answer.at > _RECORDED_AFTER
        return NOT_LEARNED if recorded and not await storage.faces.by_reply(answer.reply_id) else ""

    async def _say_why_not(self, payload: discord.RawReactionActionEvent, why: str) -> None:
        """Tell a moderator why a ✅ decides nothing: a reaction itself can't be answered."""
        try:
            message = await self._message(payload).fetch()
            if is_answer(message):
                await message.reply(
                    why, mention_author=False, allowed_mentions=discord.AllowedMentions.none()
                )
        except discord.HTTPException as error:
            log.debug("Nothing could be said at answer %d: %s", payload.message_id, error)

    def _message(self, payload: discord.RawReactionActionEvent) -> discord.PartialMessage:
        channel = self._client.get_partial_messageable(
            payload.channel_id, guild_id=payload.guild_id
        )
        return channel.get_partial_message(payload.message_id)

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
