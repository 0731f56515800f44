"""The one body behind all ways of asking: pictures in, one answer out.

A posted picture, `!who`, `/who` and the message menu differ in where the pictures come from and
where the answer goes; between the two lies `Asking.ask`. A question follows its messages: once one
of them is deleted, its work is cancelled and nothing is sent, or what was sent is taken back.
"""

from __future__ import annotations

import asyncio
import logging
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from io import BytesIO
from typing import TYPE_CHECKING

import discord
from discord.ext import commands

from bot.inference import Job, JobCancelled
from bot.recognition.delivery import VOTES, Said, delete_quietly, react
from bot.recognition.sources import is_spoiler
from bot.storage import Answer, AnsweredPicture, StorageClosedError
from bot.ui import answer_text as answers
from bot.ui import answer_view as cards
from bot.ui.errors import explain
from bot.wording import in_seconds, plain

if TYPE_CHECKING:
    from bot.client import MoedexBot
    from bot.inference import IdentifiedPicture
    from bot.recognition.delivery import Reply
    from bot.recognition.sources import Source
    from bot.storage import ServerSettings

log = logging.getLogger(__name__)

NO_FACE = "I found no drawn face in {name}. I need it turned to the viewer, and not too small."
TOO_MANY = "Of {count} pictures I looked at the first {limit}."
SLOW_DOWN = "One moment, please: ask again in {wait}."
SLOW_SERVER = "This server asks faster than I can look: try again in {wait}."
LEFT_OUT = "⏳"
"""Put under a picture of a watched channel that came too soon after others."""

_ATTACHMENTS = 10  # Discord takes no more in a message
_ALT_TEXT = 1024
_CONTENT = 2000
_PRIVATE_KEPT = 2000
_UNTIL_KEPT_S = (0.0, 0.1, 0.4, 1.0)


@dataclass(slots=True, eq=False)
class Question:
    """What is asked, by whom, and where the answer goes.

    `source` is the message that the pictures are in (and `found_in` that message itself), None for
    a file given to a command; `prompt`
    the id of the message or interaction that asked. `asked` is false where a channel is merely
    watched. `gone` turns true when one of the messages is deleted, or no longer asks.
    """

    sources: Sequence[Source]
    asker: discord.abc.User
    guild: discord.Guild | None
    channel_id: int
    source: int | None
    prompt: int
    reply: Reply
    found_in: discord.Message | None = None
    asked: bool = True
    gone: bool = field(default=False, init=False)


@dataclass(frozen=True, slots=True)
class _Seen:
    """A picture that was looked at: its result, or the sentence that says why there is none."""

    source: Source
    found: IdentifiedPicture | None
    problem: str = ""


class Asking:
    """Answers questions; one of it a bot."""

    def __init__(self, bot: MoedexBot) -> None:
        self._bot = bot
        self._open: set[Question] = set()
        # Answers that only their asker sees, by id: no other way leads back to them.
        self._private: OrderedDict[int, Reply] = OrderedDict()
        limits = bot.config.cooldowns
        self._users = commands.CooldownMapping[discord.abc.User].from_cooldown(
            limits.user_times, limits.user_seconds, lambda user: user.id
        )
        self._servers = commands.CooldownMapping[discord.Guild].from_cooldown(
            limits.server_times, limits.server_seconds, lambda guild: guild.id
        )
        self._signs = commands.CooldownMapping[discord.abc.User].from_cooldown(
            1, limits.user_seconds, lambda user: user.id
        )

    async def ask(self, question: Question) -> None:
        """Look at the pictures of a question and answer it.

        Errors of single pictures become sentences of the answer; those of Discord are raised.
        """
        slow = self._slow_down(question)
        if slow is not None:
            if question.asked:
                await question.reply.send(Said(slow))
            elif question.found_in and question.reply.reactions and self._may_sign(question.asker):
                await react(question.found_in, (LEFT_OUT,))
            return
        self._open.add(question)
        try:
            sent = None
            async with question.reply.typing():
                settings = await self._bot.storage.settings.get(_server_id(question))
                seen = await self._look(question, settings)
                if not question.gone:
                    sent = await self._answer(question, settings, seen)
            if question.gone:
                await self._take_back(question, sent)
        except discord.HTTPException as error:
            # The message to reply to can vanish before its deletion is heard of.
            if "Unknown message" not in error.text:
                raise
            log.debug("A message was deleted before its answer was sent: %s", error)
        finally:
            self._open.discard(question)

    @property
    def busy(self) -> bool:
        """Whether any question is being worked on."""
        return bool(self._open)

    def is_open(self, message_id: int) -> bool:
        """Return whether a question about or by a message is being worked on."""
        return any(message_id in (each.source, each.prompt) for each in self._open)

    async def kept(self, reply_id: int) -> Answer | None:
        """Return the answer that a reply carries, None if it is no longer kept.

        A reply is seen by others a moment before it is kept: who is that quick is waited for.
        """
        for pause in _UNTIL_KEPT_S:
            await asyncio.sleep(pause)
            answer = await self._bot.storage.answers.by_reply(reply_id)
            if answer is not None:
                return answer
        return None

    async def forget(self, message_ids: Sequence[int]) -> None:
        """Follow deleted messages: cancel the work for them, take back what answered them."""
        gone = set(message_ids)
        for question in self._open:
            if gone & {question.source, question.prompt}:
                question.gone = True
                self._bot.worker.cancel(question.prompt)
        answered = await self._bot.storage.answers.by_messages(gone)
        for answer in answered:  # first all of them: Discord may let the next lines wait
            await self._bot.storage.answers.delete_by_reply(answer.reply_id)
        for answer in answered:
            private = self._private.pop(answer.reply_id, None)
            if private is not None:
                await private.withdraw(None)
                continue
            channel = self._bot.get_partial_messageable(
                answer.channel_id, guild_id=answer.server_id
            )
            await delete_quietly(channel.get_partial_message(answer.reply_id))

    def cancel_channel(self, channel_id: int) -> None:
        """Cancel the work for a channel that was deleted."""
        for question in self._open:
            if question.channel_id == channel_id:
                question.gone = True
                self._bot.worker.cancel(question.prompt)

    def _slow_down(self, question: Question) -> str | None:
        user = self._users.get_bucket(question.asker)
        server = self._servers.get_bucket(question.guild) if question.guild else None
        wait = user.get_retry_after() if user else 0.0
        if wait > 0:
            return SLOW_DOWN.format(wait=in_seconds(wait))
        wait = server.get_retry_after() if server else 0.0
        if wait > 0:
            return SLOW_SERVER.format(wait=in_seconds(wait))
        for bucket in (user, server):
            if bucket:
                bucket.update_rate_limit()
        return None

    def _may_sign(self, member: discord.abc.User) -> bool:
        """Return whether a picture of a member may be marked as left out: once a cooldown."""
        bucket = self._signs.get_bucket(member)
        return bucket is None or bucket.update_rate_limit() is None

    async def _look(self, question: Question, settings: ServerSettings) -> list[_Seen]:
        limit = min(self._bot.config.pictures.per_message, _ATTACHMENTS)
        looks = [self._look_at(each, question, settings) for each in question.sources[:limit]]
        return list(await asyncio.gather(*looks))

    async def _look_at(self, source: Source, question: Question, settings: ServerSettings) -> _Seen:
        name = source.title
        try:
            data = await source.read()
            if question.gone:
                return _Seen(source, None)
            found = await self._bot.worker.identify(
                data,
                name,
                job=Job(server_id=_server_id(question), message_id=question.prompt),
                gallery=await self._bot.learning.galleries.gallery(
                    question.guild.id if question.guild else None
                ),
                threshold=settings.threshold,
                upload_limit=question.reply.upload_limit,
            )
        except JobCancelled:
            return _Seen(source, None)
        except Exception as error:  # the other pictures of the message are still answered
            if self._bot.is_closed():  # it failed because of that, and nothing can be sent any more
                return _Seen(source, None)
            text = explain(error, "a picture") or ""
            return _Seen(source, None, discord.utils.escape_markdown(text))
        return _Seen(source, found)

    async def _answer(
        self, question: Question, settings: ServerSettings, seen: Sequence[_Seen]
    ) -> discord.Message | None:
        faces = [each for each in seen if each.found and each.found.faces]
        pictures = tuple(
            answers.record(each.source.name, each.found) for each in faces if each.found
        )
        lines = self._lines(question, seen)
        quiet = not question.asked and settings.on_all_unknown == "quiet"
        if quiet and not answers.any_known(pictures):
            pictures, faces = (), []
        if not pictures and not lines:
            return None
        content = _fit(lines) or None
        if not pictures:
            sent = await question.reply.send(Said(content))
            await self._keep(question, pictures, sent)
            return sent
        votes = not question.reply.reactions
        sent = await question.reply.send(
            Said(
                content,
                answers.embed(pictures, 0, opened=False, guesses=settings.guesses),
                [
                    _file(index, each.source, each.found)
                    for index, each in enumerate(faces, 1)
                    if each.found and each.found.card
                ],
                cards.card_view(pictures, cards.CardState(votes=votes), guesses=settings.guesses),
            )
        )
        answer = await self._keep(question, pictures, sent)
        await self._learn(question, answer, faces)
        if not votes and not question.gone:
            await react(sent, VOTES)
        return sent

    async def _learn(self, question: Question, answer: Answer, seen: Sequence[_Seen]) -> None:
        """Keep the faces of an answer; a failure there costs nobody the answer."""
        found_in, guild = question.found_in, question.guild
        where = guild.get_channel_or_thread(question.channel_id) if guild else None
        restricted = bool(getattr(where, "is_nsfw", bool)())
        author = question.asker if found_in is None else found_in.author
        # A forward, a link from elsewhere, or the bot's own card: not this channel's to give.
        own = found_in is None or (
            found_in.channel.id == question.channel_id
            and not found_in.message_snapshots
            and not author.bot
        )
        pictures = [
            (each.found, restricted or is_spoiler(each.source.name)) for each in seen if each.found
        ]
        try:
            await self._bot.learning.faces.record_faces(
                answer, pictures, author_id=author.id, may_keep=own
            )
        except StorageClosedError:
            log.info("The bot ends: the faces of answer %d are not kept", answer.reply_id)
        except Exception:
            log.exception("The faces of answer %d could not be kept", answer.reply_id)

    def _lines(self, question: Question, seen: Sequence[_Seen]) -> list[str]:
        lines = [each.problem for each in seen if each.problem]
        if question.asked:
            lines += [
                NO_FACE.format(name=plain(each.source.title))
                for each in seen
                if each.found and not each.found.faces
            ]
        if len(question.sources) > len(seen):
            lines.append(TOO_MANY.format(count=len(question.sources), limit=len(seen)))
        return list(dict.fromkeys(lines))

    async def _keep(
        self, question: Question, pictures: tuple[AnsweredPicture, ...], sent: discord.Message
    ) -> Answer:
        answer = Answer(
            reply_id=sent.id,
            source_message_id=question.source or sent.id,
            channel_id=sent.channel.id,
            server_id=question.guild.id if question.guild else None,
            asker_id=question.asker.id,
            pictures=pictures,
            model_version=self._bot.worker.model_version,
            at=datetime.now(UTC),
            prompt_id=question.reply.message_id,
        )
        await self._bot.storage.answers.add(answer)
        if question.reply.private:
            self._private[sent.id] = question.reply
            if len(self._private) > _PRIVATE_KEPT:
                self._private.popitem(last=False)
        return answer

    async def _take_back(self, question: Question, sent: discord.Message | None) -> None:
        await question.reply.withdraw(sent)
        if sent is not None:
            await self._bot.storage.answers.delete_by_reply(sent.id)


def _server_id(question: Question) -> int:
    # In a DM each conversation takes its own turn in the worker's queue.
    return question.guild.id if question.guild else question.channel_id


def _file(number: int, source: Source, found: IdentifiedPicture) -> discord.File:
    hidden = is_spoiler(source.name)
    alt = found.alt_text
    if hidden:
        # Alt text is read out before the picture is uncovered.
        faces = f"{len(found.faces)} {'face' if len(found.faces) == 1 else 'faces'}"
        alt = f"Hidden picture with {faces}; the names are hidden in the text below it."
    return discord.File(
        BytesIO(found.card or b""),
        filename=f"{number}-{found.card_name}",
        spoiler=hidden,
        description=alt[:_ALT_TEXT],
    )


def _fit(lines: Sequence[str]) -> str:
    text = "\n".join(lines)
    return text if len(text) <= _CONTENT else text[: _CONTENT - 1] + "…"
