"""The answer to a request: sent, kept, recorded, and taken back where its message is gone."""

from __future__ import annotations

import asyncio
import logging
from collections import OrderedDict
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from bot.errors import in_one_line
from bot.inference import Drawing, FacePictures
from bot.patience import FAILED
from bot.recognition.face_pictures import face_pictures
from bot.recognition.origin import is_restricted
from bot.recognition.record import answered_picture
from bot.recognition.replies import react
from bot.recognition.saying import is_gone
from bot.recognition.sources import is_spoiler
from bot.storage import Answer, AnsweredPicture, StorageClosedError
from models.types import Tier

if TYPE_CHECKING:
    import discord

    from bot.config import AnswersConfig
    from bot.feedback.recording import FaceRecorder
    from bot.feedback.standings import Standing, Standings
    from bot.inference import InferenceWorker
    from bot.recognition.outbox import Outbox
    from bot.recognition.pipeline import PictureResult
    from bot.recognition.presenting import Presenter
    from bot.recognition.replies import Reply
    from bot.recognition.request import RecognitionRequest
    from bot.storage import ServerSettings
    from bot.storage.answers import AnswerRepository

log = logging.getLogger(__name__)

VOTES = ("✅", "❌")
"""The reactions under an answer: right, and wrong."""

NOT_TAKEN = "I looked, but Discord did not take my answer. Ask me again in a minute."
"""What is said where an answer could not be sent."""

_PRIVATE_KEPT = 2000


class Delivery:
    """Delivers answers, of all servers."""

    def __init__(
        self,
        outbox: Outbox,
        worker: InferenceWorker,
        answers: AnswerRepository,
        faces: FaceRecorder,
        standings: Standings,
        presenter: Presenter,
        config: AnswersConfig,
    ) -> None:
        self._outbox = outbox
        self._worker = worker
        self._answers = answers
        self._faces = faces
        self._standings = standings
        self._presenter = presenter
        self._config = config
        # Answers that only their asker sees, by id: no other way leads back to them.
        self._private: OrderedDict[int, tuple[Reply, discord.Message]] = OrderedDict()

    async def deliver(
        self,
        request: RecognitionRequest,
        results: Sequence[PictureResult],
        settings: ServerSettings,
        *,
        left_out: int,
    ) -> discord.Message | None:
        """Send the answer and keep what votes on it need; None where nothing is to be said."""
        shown = [each for each in results if each.found and each.found.faces]
        pictures = tuple(
            answered_picture(each.source.name, each.found) for each in shown if each.found
        )
        quiet = not request.asked and settings.on_all_unknown == "quiet"
        if quiet and not _any_known(pictures):
            pictures, shown = (), []
        plain_form = self._config.plain if settings.plain is None else settings.plain
        said_before, drawing = await asyncio.gather(
            self._said_before(request, shown, pictures),
            self._draw(request, shown, plain_form=plain_form),
        )
        message = await self._presenter.answer(
            request,
            results,
            pictures,
            said_before,
            drawing,
            settings,
            left_out=left_out,
            plain_form=plain_form,
        )
        if message is None:
            return None
        try:
            sent = await request.reply.send(message)
        except FAILED as error:
            sent = await _say_that_it_failed(request, error)
            if sent is None:
                return None
            pictures = ()
        answer = await self._keep(request, pictures, sent)
        if not pictures:
            return sent
        await self._record(request, answer, shown)
        if message.reactions and not request.cancelled:
            await react(sent, VOTES)
        return sent

    async def take_back(self, request: RecognitionRequest, sent: Sequence[discord.Message]) -> None:
        """Withdraw the answers to a request that was cancelled, or the promise of one."""
        reply = request.reply
        if not sent:
            await reply.withdraw(None)
        for each in sent:
            # An interaction can take its answer back where the bot is no member, for a while.
            withdrawn = reply.message_id is None and await reply.withdraw(each)
            if not withdrawn and not reply.private:
                await self._outbox.delete(request.server_id, each.channel.id, each.id)
            await self._answers.delete_by_reply(each.id)

    async def delete(self, answers: Sequence[Answer]) -> None:
        """Delete answers whose messages are gone, with what is kept of them."""
        private = [self._private.pop(answer.reply_id, None) for answer in answers]
        for answer, one_seen in zip(answers, private, strict=True):
            if one_seen is None:  # before its record goes: else nobody would know of it any more
                await self._outbox.delete(answer.server_id, answer.channel_id, answer.reply_id)
            await self._answers.delete_by_reply(answer.reply_id)
        for one_seen in private:
            if one_seen is not None:
                reply, sent = one_seen
                await reply.withdraw(sent)

    async def _said_before(
        self,
        request: RecognitionRequest,
        shown: Sequence[PictureResult],
        pictures: Sequence[AnsweredPicture],
    ) -> list[Standing | None]:
        """Return what is said of the faces already: the server may have seen the pictures."""
        known = [
            (each.found.phash, [face.box for face in picture.faces])
            for each, picture in zip(shown, pictures, strict=True)
            if each.found
        ]
        return await self._standings.again(request.server_id, known)

    async def _draw(
        self, request: RecognitionRequest, shown: Sequence[PictureResult], *, plain_form: bool
    ) -> Drawing:
        """Draw the answer's pictures; a failure there costs nobody the answer."""
        pictures = [(each.found, is_spoiler(each.source.name)) for each in shown if each.found]
        if not pictures:
            return Drawing()
        hidden = [spoiler for found, spoiler in pictures for _ in found.faces]
        several = len(hidden) > 1
        face_files = FacePictures(0) if several and plain_form else face_pictures(hidden)
        limit = request.reply.upload_limit
        try:
            return await self._worker.draw(pictures, shown=face_files, max_bytes=limit)
        except Exception:
            log.exception("The answer to message %d could not be drawn", request.prompt_id)
            return Drawing()

    async def _keep(
        self,
        request: RecognitionRequest,
        pictures: tuple[AnsweredPicture, ...],
        sent: discord.Message,
    ) -> Answer:
        answer = Answer(
            reply_id=sent.id,
            source_message_id=request.message.id if request.message else sent.id,
            channel_id=sent.channel.id,
            server_id=request.server_id,
            pictures=pictures,
            model_version=self._worker.stages.model_version,
            at=datetime.now(UTC),
            prompt_id=request.reply.message_id,
        )
        await self._answers.add(answer)
        if request.reply.private:
            self._private[sent.id] = request.reply, sent
            if len(self._private) > _PRIVATE_KEPT:
                self._private.popitem(last=False)
        return answer

    async def _record(
        self, request: RecognitionRequest, answer: Answer, shown: Sequence[PictureResult]
    ) -> None:
        """Record the faces of an answer; a failure there costs nobody the answer."""
        message, guild = request.message, request.guild
        where = guild.get_channel_or_thread(request.channel_id) if guild else None
        author = request.asker if message is None else message.author
        # A forward, a link from elsewhere, or the bot's own card: not this channel's to give.
        own = message is None or (
            message.channel.id == request.channel_id
            and not message.message_snapshots
            and not author.bot
        )
        pictures = [
            (each.found, is_restricted(where) or is_spoiler(each.source.name))
            for each in shown
            if each.found
        ]
        try:
            await self._faces.record_faces(
                answer, pictures, asker_id=request.asker.id, author_id=author.id, own=own
            )
        except StorageClosedError:
            log.info("The bot ends: the faces of answer %d are not kept", answer.reply_id)
        except Exception:
            log.exception("The faces of answer %d could not be kept", answer.reply_id)


async def _say_that_it_failed(
    request: RecognitionRequest, error: Exception
) -> discord.Message | None:
    """Say that an answer could not be sent, in the largest form that works; a line a failure."""
    if is_gone(error):
        log.debug("What was asked about is gone: %s", in_one_line(error))
        return None
    said = await request.reply.say(NOT_TAKEN, by_dm=request.asked)
    log.warning(
        "The answer to %d could not be sent (%s); %s",
        request.prompt_id,
        in_one_line(error),
        said.how,
    )
    return said.message


def _any_known(pictures: Sequence[AnsweredPicture]) -> bool:
    return any(face.tier is not Tier.NOT_KNOWN for picture in pictures for face in picture.faces)
