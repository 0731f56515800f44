"""Answers late what was asked while the bot was away: in a gap of the connection, or while off.

Only channels are read in which something was posted since. Answered is what asked by mention or by
`!who`, and pictures in watched channels; what has an answer, or a mark of the bot's, is left.
Discord lists no direct messages: those are looked into in which an answer is still kept.
"""

from __future__ import annotations

import asyncio
import logging
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import discord

from bot.errors import in_one_line
from bot.patience import FAILED
from bot.recognition import permissions
from bot.recognition.history import messages_after
from bot.recognition.watching import by_a_person

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Iterator

    from bot.recognition.service import RecognitionService
    from bot.storage.answers import AnswerRepository
    from bot.storage.state import StateRepository

log = logging.getLogger(__name__)

_MARGIN = timedelta(minutes=2)
"""A lost connection is noticed so late, and what was heard is written down so seldom."""
_PAGES = 5
_DIRECT = 200
"""Direct messages that are looked into at most: each costs a request."""

Channel = (
    discord.TextChannel
    | discord.VoiceChannel
    | discord.StageChannel
    | discord.Thread
    | discord.DMChannel
)


class CatchingUp:
    """Looks for what nobody answered. `answer` answers a message as if it were posted now."""

    def __init__(
        self,
        client: discord.Client,
        minutes: int,
        state: StateRepository,
        answers: AnswerRepository,
        recognition: RecognitionService,
        answer: Callable[[discord.Message], Awaitable[None]],
    ) -> None:
        self._client = client
        self._longest = timedelta(minutes=minutes)
        self._state = state
        self._answers = answers
        self._recognition = recognition
        self._answer = answer
        self._away: dict[int, datetime] = {}
        self._hears: set[int] = set()

    def went_away(self, shard_id: int) -> None:
        """Remember that nothing is heard of a shard's servers from now on."""
        self._away.setdefault(shard_id, datetime.now(UTC))

    def is_back(self, shard_id: int) -> None:
        """Forget that a shard was away: its session goes on, and Discord sends what it missed."""
        self._away.pop(shard_id, None)

    def hears(self, shard_id: int) -> None:
        """Remember that nothing is left to catch up in a shard's servers."""
        self._hears.add(shard_id)

    async def note(self) -> None:
        """Write down which shards hear everything now."""
        for shard_id in self._hears - self._away.keys():
            await self._state.set(self._key(shard_id), datetime.now(UTC).isoformat())

    async def catch_up(self, shard_id: int) -> None:
        """Answer what was asked in a shard's servers since it was last heard, oldest first.

        Called when the shard is ready: what comes later is told by the gateway.
        """
        now = datetime.now(UTC)
        self._hears.discard(shard_id)
        since = await self._since(shard_id, now)
        self._away.pop(shard_id, None)
        if since is None:
            return
        waiting: list[discord.Message] = []
        async for channel in self._channels(shard_id, since):
            try:
                waiting += await self._unanswered(channel, since, now)
            except FAILED as error:
                log.warning(
                    "Channel %d could not be caught up (%s)", channel.id, in_one_line(error)
                )
        waiting.sort(key=lambda message: message.id)
        for message in waiting:
            await self._catch_up_with(message)

    async def _channels(self, shard_id: int, since: datetime) -> AsyncIterator[Channel]:
        """Yield a shard's channels in which something was posted since."""
        for guild in self._client.guilds:
            if guild.shard_id == shard_id:
                for channel in _read_since(guild, since):
                    yield channel
        if shard_id != 0:  # the first shard hears of all direct messages
            return
        for channel_id in await self._answers.direct_channels(_DIRECT):
            try:
                found = await self._direct(channel_id, since)
            except FAILED as error:  # a command was answered in somebody else's, for example
                log.debug("Channel %d can't be looked into (%s)", channel_id, in_one_line(error))
            else:
                if found is not None:
                    yield found

    async def _direct(self, channel_id: int, since: datetime) -> discord.DMChannel | None:
        """Return a conversation with one member in which something was posted since."""
        data = await self._client.http.get_channel(channel_id)
        me = self._client.user
        if me is None or data["type"] != discord.ChannelType.private.value:
            return None
        if int(data.get("last_message_id") or 0) <= discord.utils.time_snowflake(since):
            return None
        return discord.DMChannel(me=me, state=self._client._connection, data=data)

    async def _since(self, shard_id: int, now: datetime) -> datetime | None:
        """Return from when on messages are looked at; None where none are."""
        heard = self._away.get(shard_id)
        if heard is None and (text := await self._state.get(self._key(shard_id))) is not None:
            heard = datetime.fromisoformat(text)
        earliest = now - self._longest
        since = earliest if heard is None else max(earliest, heard - _MARGIN)
        return since if since < now else None

    def _key(self, shard_id: int) -> str:
        """Return the key of the state that says when a shard was last heard."""
        return f"heard:{shard_id}/{self._client.shard_count}"

    async def _unanswered(
        self, channel: Channel, since: datetime, until: datetime
    ) -> list[discord.Message]:
        me = self._client.user
        after = discord.utils.time_snowflake(since)
        found: list[discord.Message] = []
        answered: set[int] = set()
        async for message in messages_after(self._client, channel, after, pages=_PAGES):
            if me is not None and message.author.id == me.id and message.reference is not None:
                answered.add(message.reference.message_id or 0)
            elif by_a_person(message) and not any(each.me for each in message.reactions):
                found.append(message)
        return [
            message
            for message in found
            if message.id not in answered and message.created_at < until
        ]

    async def _catch_up_with(self, message: discord.Message) -> None:
        try:
            if not await self._recognition.is_answered(message.id):
                with self._recognition.late(message.id):
                    await self._answer(message)
        except asyncio.CancelledError:
            raise
        except Exception:  # the later ones are answered all the same
            log.exception("Message %d could not be answered late", message.id)


def _read_since(guild: discord.Guild, since: datetime) -> Iterator[Channel]:
    """Yield the channels that may be read, and in which something was posted since."""
    after = discord.utils.time_snowflake(since)
    for channel in (
        *guild.text_channels,
        *guild.voice_channels,
        *guild.stage_channels,
        *guild.threads,
    ):
        held = permissions.permissions_in(channel)
        readable = held is not None and held.read_messages and held.read_message_history
        if readable and (channel.last_message_id or 0) > after:
            yield channel
