"""Follows what happened while the bot was away: deletions, edits, reactions to recent answers.

Channels are read a hundred messages at a request, from one answer to the next, so that a long
history costs no more requests than it has answers. Nothing is erased because a page lacked it:
Discord is asked for that one message, or channel, and has to say that there is none.

A card that somebody said ❌ to becomes a question here where it could not when that was said.
"""

from __future__ import annotations

import logging
from collections import defaultdict
from collections.abc import Awaitable, Iterable
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import discord

from bot.errors import in_one_line
from bot.feedback.authority import may_label
from bot.feedback.ballots import leaves_open
from bot.patience import FAILED
from bot.recognition.delivery import VOTES
from bot.recognition.following import lost_a_picture
from bot.recognition.history import find_message, has_gone, page_after
from bot.recognition.sources import sources_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from bot.config import Config
    from bot.feedback.votes import Votes
    from bot.privacy.erasure import Erasure
    from bot.recognition.following import Following
    from bot.recognition.outbox import Outbox
    from bot.storage import AnswerPlace, Storage, VoteKind

log = logging.getLogger(__name__)

RECENT = timedelta(days=14)
"""The reactions of answers so old are looked at again at the start; deletions of all are."""

_KINDS: dict[str, VoteKind] = {VOTES[0]: "yes", VOTES[1]: "no"}


class Reconciliation:
    """Looks back at answers, in all servers. `ask` turns a card into a question."""

    def __init__(
        self,
        client: discord.Client,
        config: Config,
        storage: Storage,
        votes: Votes,
        erasure: Erasure,
        following: Following,
        outbox: Outbox,
        ask: Callable[[discord.Message], Awaitable[None]],
    ) -> None:
        self._client = client
        self._config = config
        self._storage = storage
        self._votes = votes
        self._erasure = erasure
        self._following = following
        self._outbox = outbox
        self._ask_about = ask

    async def look_for_lost_channels(self, guild: discord.Guild) -> None:
        """Follow archived threads that went with a channel: no event tells of them."""
        places = await self._storage.answers.places()
        for channel_id in {place.channel_id for place in places if place.server_id == guild.id}:
            if guild.get_channel_or_thread(channel_id) is None:
                await self._channel(guild, channel_id)

    async def reconcile(self, shard_id: int) -> None:
        """Follow reactions and deletions in a shard's servers that happened while it was away.

        What fails in one channel, or about one answer, keeps nothing else from being done.
        """
        where: dict[tuple[int, int], list[AnswerPlace]] = defaultdict(list)
        for place in await self._storage.answers.places():
            where[place.server_id, place.channel_id].append(place)
        for (server_id, channel_id), answers in where.items():
            guild = self._guild(server_id, shard_id)
            if guild is not None:
                looking = self._look_into(guild, channel_id, answers)
                await _by_itself(f"channel {channel_id}", looking)
        looking = self._look_for_taught_messages(shard_id)
        await _by_itself("what was taught from messages", looking)
        self._erasure.sweep_soon()

    def _guild(self, server_id: int, shard_id: int) -> discord.Guild | None:
        guild = self._client.get_guild(server_id)
        return guild if guild is not None and guild.shard_id == shard_id else None

    async def _look_into(
        self, guild: discord.Guild, channel_id: int, answers: Iterable[AnswerPlace]
    ) -> None:
        channel = await self._channel(guild, channel_id)
        if channel is not None:
            await self._reconcile(guild, channel, answers)

    async def _look_for_taught_messages(self, shard_id: int) -> None:
        """Follow messages that something was taught from, and that are gone or lost a file."""
        taught = await self._storage.exemplars.posted()
        for server_id, place in dict.fromkeys((e.server_id, e.posted) for e in taught):
            guild = self._guild(server_id, shard_id)
            if guild is None or place is None:
                continue
            channel = await self._channel(guild, place[0])
            if channel is not None:
                looking = self._look_for_files(server_id, channel, place[1])
                await _by_itself(f"message {place[1]}", looking)

    async def _look_for_files(
        self, server_id: int, channel: discord.abc.MessageableChannel, message_id: int
    ) -> None:
        message = await find_message(self._client, channel, message_id)
        # Without the message content intent no files are seen, and that says nothing.
        if message is None or self._client.intents.message_content:
            left = {int(each["id"]) for each in message["attachments"]} if message else ()
            await self._following.files_left(server_id, message_id, left)

    async def _channel(
        self, guild: discord.Guild, channel_id: int
    ) -> discord.abc.MessageableChannel | None:
        """Return a channel whose history can be read; one that is gone is followed."""
        channel = guild.get_channel_or_thread(channel_id)
        if channel is None:  # an archived thread, or gone
            try:
                channel = await guild.fetch_channel(channel_id)
            except discord.NotFound:
                await self._following.channel_deleted(guild.id, channel_id)
                return None
            except discord.HTTPException as error:
                log.debug("Channel %d could not be read: %s", channel_id, error)
                return None
        if not isinstance(channel, discord.abc.Messageable):
            return None
        # Discord gives an empty history, and no error, to whom it doesn't let read it.
        allowed = channel.permissions_for(guild.me)
        return channel if allowed.read_messages and allowed.read_message_history else None

    async def _reconcile(
        self,
        guild: discord.Guild,
        channel: discord.abc.MessageableChannel,
        answers: Iterable[AnswerPlace],
    ) -> None:
        answers = list(answers)
        since = datetime.now(UTC) - RECENT
        wanted = {message_id for answer in answers for message_id in answer.answers_to}
        wanted |= {answer.reply_id for answer in answers if answer.at >= since}
        there = await self._messages(channel, wanted)
        for answer in answers:
            await _by_itself(
                f"answer {answer.reply_id}",
                self._reconcile_answer(guild, channel, answer, there, since),
            )

    async def _reconcile_answer(
        self,
        guild: discord.Guild,
        channel: discord.abc.MessageableChannel,
        answer: AnswerPlace,
        there: dict[int, discord.Message],
        since: datetime,
    ) -> None:
        gone = [
            message_id
            for message_id in answer.answers_to - there.keys()
            if await has_gone(self._client, channel, message_id)
        ]
        source = there.get(answer.source_message_id)
        if not gone and source is not None and await self._lost_a_picture(source, answer):
            gone = [source.id]
        if gone:
            await self._following.answer_lost_its_message(guild.id, answer.reply_id, gone)
            return
        reply = there.get(answer.reply_id)
        if reply is not None and answer.at >= since:
            await self._reconcile_votes(guild, answer.reply_id, reply)
            await self._ask(guild, reply)

    async def _messages(
        self, channel: discord.abc.MessageableChannel, wanted: Iterable[int]
    ) -> dict[int, discord.Message]:
        """Return those of the wanted messages that are there, by id."""
        left = sorted(wanted)
        found: dict[int, discord.Message] = {}
        while left:
            page, last = await page_after(self._client, channel, left[0] - 1)
            found |= {message.id: message for message in page}
            if last is None:
                break
            left = [message_id for message_id in left if message_id > last]
        return found

    async def _lost_a_picture(self, source: discord.Message, place: AnswerPlace) -> bool:
        """Say whether an edit took a picture that was answered out of its message.

        Without the message content intent no pictures are seen, and that says nothing. Nor does the
        bot's own answer to a command, which is its own source.
        """
        if (
            source.edited_at is None
            or not self._client.intents.message_content
            or source.author.bot
        ):
            return False
        answer = await self._storage.answers.by_reply(place.reply_id)
        return answer is not None and lost_a_picture(answer, sources_of(source, self._config))

    async def _reconcile_votes(
        self, guild: discord.Guild, reply_id: int, reply: discord.Message
    ) -> None:
        now_there: dict[VoteKind, set[int]] = {"yes": set(), "no": set()}
        for reaction in reply.reactions:
            kind = _KINDS.get(str(reaction.emoji))
            # Who reacted costs a request, and the bot's own reaction tells nothing.
            if kind is None or reaction.count <= reaction.me:
                continue
            async for user in reaction.users():
                if not user.bot:
                    now_there[kind].add(user.id)
        if not reply.reactions and not _seeded(reply):
            return
        stored = await self._storage.votes.for_answer(reply_id)
        whole: set[tuple[int, VoteKind]] = {
            (vote.user_id, vote.kind) for vote in stored if vote.face_index is None
        }
        for kind, users in now_there.items():
            for user_id in sorted(users):
                if (user_id, kind) not in whole and not _says_both(user_id, now_there, whole):
                    decides = await may_label(await _member(guild, user_id), self._storage.settings)
                    await self._votes.cast(reply_id, None, user_id, kind, decides=decides)
        for user_id, kind in whole:
            if user_id not in now_there.get(kind, {user_id}):
                await self._votes.take_back(reply_id, None, user_id, kind)

    async def ask(self, reply: discord.Message) -> None:
        """Turn an answer into a question where a vote under it leaves a face open."""
        answer = await self._storage.answers.by_reply(reply.id)
        votes = await self._storage.votes.for_answer(reply.id)
        whole = {vote.kind for vote in votes if vote.face_index is None}
        if answer is not None and any(leaves_open(answer.faces, kind) for kind in whole):
            await self._ask_about(reply)

    async def _ask(self, guild: discord.Guild, reply: discord.Message) -> None:
        try:
            await self.ask(reply)
        except FAILED:
            await self._outbox.ask(guild.id, reply.channel.id, reply.id)


async def _by_itself(what: str, doing: Awaitable[None]) -> None:
    try:
        await doing
    except FAILED as error:
        log.warning("Discord did not let me look at %s (%s)", what, in_one_line(error))
    except Exception:  # the rest is looked at all the same
        log.exception("What happened meanwhile to %s could not be followed", what)


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
