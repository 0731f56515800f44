"""Which posted pictures are answered: in watched channels, in DMs, and where the bot is named.

Edits are followed too: a picture that was taken out takes its answer along; one that came later (a
preview arrives after its link) is answered, and so is one to which the bot's name came.
"""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import discord

from bot.errors import UserError
from bot.recognition.origin import home
from bot.recognition.request import by_message
from bot.recognition.saying import reply_text
from bot.recognition.sources import Source, sources_of

if TYPE_CHECKING:
    from bot.config import Config
    from bot.recognition.claims import Claims
    from bot.recognition.following import Following
    from bot.recognition.questions import Questions
    from bot.recognition.request import Found
    from bot.recognition.service import RecognitionService
    from bot.storage.settings import SettingsRepository
    from bot.storage.state import StateRepository

DM_HINT = "Post a picture here and I tell you who is in it. `/help` shows what else I can do."

_FOLLOWED = timedelta(minutes=5)
_HINT_EVERY = timedelta(minutes=10)
_REMEMBERED = 5000


@dataclass(frozen=True, slots=True)
class _Look:
    """A message's pictures, and whether it asks about them rather than just shows them.

    `every` is whatever may be a picture in it; where it doesn't ask, not all of that counts.
    """

    every: Sequence[Source]
    asks: bool

    @property
    def sources(self) -> Sequence[Source]:
        """The pictures that count."""
        return [each for each in self.every if self.asks or each.unasked]

    @property
    def digest(self) -> str:
        """A short text that differs where an edit changed what is asked."""
        keys = [str(self.asks), *sorted(each.key for each in self.sources)]
        return hashlib.sha256("\n".join(keys).encode()).hexdigest()[:16]


@dataclass(frozen=True, slots=True)
class _Seen:
    """What a message was when it was last considered; an edit that leaves that alone is no news."""

    pictures: frozenset[str]
    asked: bool


class Watching:
    """Follows what is posted and edited."""

    def __init__(
        self,
        client: discord.Client,
        config: Config,
        settings: SettingsRepository,
        state: StateRepository,
        recognition: RecognitionService,
        questions: Questions,
        claims: Claims,
        following: Following,
    ) -> None:
        self._client = client
        self._config = config
        self._settings = settings
        self._state = state
        self._recognition = recognition
        self._questions = questions
        self._claims = claims
        self._following = following
        self._seen: OrderedDict[int, _Seen] = OrderedDict()  # by the message's id

    async def posted(self, message: discord.Message) -> None:
        """Answer a person's picture where that is wanted, or the one that somebody points at."""
        look = self._look(message)
        if look.sources:
            await self._consider(message, look)
        elif (pointed_at := self._replied_to(message)) is not None:
            about, sources = pointed_at
            async with self._claims.on(message) as mine:
                if mine:
                    await self._recognition.answer(by_message(message, sources, about=about))
        elif self._is_my_name_alone(message) or self._names_me_at_a_start(message):
            async with self._claims.on(message) as mine:
                if mine:
                    await self._ask(message)
        elif message.guild is None and message.content and "http" not in message.content:
            await self._hint(message)

    async def edited(self, message: discord.Message) -> None:
        """Answer what came with an edit, pictures or a mention, and drop the answer to what left.

        A preview that joins pictures which were answered already changes nothing.
        """
        before, look = self._seen.get(message.id), self._look(message)
        now = _seen(look)
        server_id = message.guild.id if message.guild else None
        if before is None:
            # Nothing new is said about old messages: pinning one is an edit as well.
            if not look.every:
                await self._following.picture_taken_out(server_id, message.id)
                return
            await self._following.pictures_left(server_id, message.id, look.every)
            if await self._may_be_answered(message):
                await self._consider(message, look)
        elif before.pictures - now.pictures:
            await self._following.picture_taken_out(server_id, message.id)
            self._seen.pop(message.id, None)
            if _is_recent(message):
                await self._consider(message, look)
        elif now.asked > before.asked and await self._may_be_answered(message):
            await self._consider(message, look)

    async def _consider(self, message: discord.Message, look: _Look) -> None:
        """Answer a message's pictures if that is wanted."""
        if not look.sources:
            return
        self._remember(message.id, _seen(look))
        if not look.asks and not await self._is_watched(message):
            return
        tells = look.asks or self._config.answers.no_face
        async with self._claims.on(message, look.digest) as mine:
            if mine:
                await self._recognition.answer(
                    by_message(message, look.sources, asked=look.asks, tells_no_face=tells)
                )

    async def _ask(self, message: discord.Message) -> None:
        try:
            await self._questions.by_text(message)
        except UserError as error:
            await reply_text(message, str(error))

    async def _is_watched(self, message: discord.Message) -> bool:
        if message.guild is None:
            return False
        watched = await self._settings.watched(message.guild.id)
        return message.channel.id in watched or home(message.channel) in watched

    async def _may_be_answered(self, message: discord.Message) -> bool:
        return _is_recent(message) and not await self._recognition.is_answered(message.id)

    async def _hint(self, message: discord.Message) -> None:
        if await self._state.may_warn(f"hint:{message.author.id}", every=_HINT_EVERY):
            await reply_text(message, DM_HINT)

    def _replied_to(self, message: discord.Message) -> Found | None:
        """Return the message with a picture that one without replies to, naming the bot."""
        me = self._client.user
        if me is None or me.id not in message.raw_mentions or message.reference is None:
            return None
        answered = message.reference.resolved
        if not isinstance(answered, discord.Message) or answered.author.id == me.id:
            return None
        sources = sources_of(answered, self._config)
        return (answered, sources) if sources else None

    def _names_me_at_a_start(self, message: discord.Message) -> bool:
        """Return whether a message that names the bot replies to the start of a thread."""
        me, reference = self._client.user, message.reference
        start = None if reference is None else reference.resolved
        return (
            me is not None
            and me.id in message.raw_mentions
            and isinstance(start, discord.Message)
            and start.type is discord.MessageType.thread_starter_message
        )

    def _is_my_name_alone(self, message: discord.Message) -> bool:
        me = self._client.user
        names = () if me is None else (f"<@{me.id}>", f"<@!{me.id}>")
        return message.reference is None and message.content.strip() in names

    def _look(self, message: discord.Message) -> _Look:
        me = self._client.user
        asks = message.guild is None or (
            me is not None and any(user.id == me.id for user in message.mentions)
        )
        return _Look(sources_of(message, self._config, asks=asks), asks)

    def _remember(self, message_id: int, seen: _Seen) -> None:
        self._seen[message_id] = seen
        self._seen.move_to_end(message_id)
        if len(self._seen) > _REMEMBERED:
            self._seen.popitem(last=False)


def by_a_person(message: discord.Message) -> bool:
    """Return whether a message was posted by a person: no bot, no webhook, no system message."""
    return (
        not message.author.bot
        and message.webhook_id is None
        and message.type in (discord.MessageType.default, discord.MessageType.reply)
    )


def _seen(look: _Look) -> _Seen:
    return _Seen(frozenset(each.key for each in look.sources), look.asks)


def _is_recent(message: discord.Message) -> bool:
    return datetime.now(UTC) - message.created_at <= _FOLLOWED
