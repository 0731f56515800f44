"""The answer to a request: sent, kept, recorded, and taken back where its message is gone."""

from __future__ import annotations

import logging
from collections import OrderedDict
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Protocol

from bot.recognition.origin import is_restricted
from bot.recognition.record import answered_picture
from bot.recognition.replies import delete_quietly, react
from bot.recognition.sources import is_spoiler
from bot.storage import Answer, AnsweredPicture, StorageClosedError
from models.types import Tier

if TYPE_CHECKING:
    import discord

    from bot.feedback.recording import FaceRecorder
    from bot.inference import InferenceWorker
    from bot.recognition.pipeline import PictureResult
    from bot.recognition.replies import OutgoingMessage, Reply
    from bot.recognition.request import RecognitionRequest
    from bot.storage import ServerSettings
    from bot.storage.answers import AnswerRepository

log = logging.getLogger(__name__)

VOTES = ("✅", "❌")
"""The reactions under an answer: right, and wrong."""

_PRIVATE_KEPT = 2000


class Presenter(Protocol):
    """Words and draws an answer; the user interface has the one there is."""

    def answer(
        self,
        request: RecognitionRequest,
        results: Sequence[PictureResult],
        pictures: Sequence[AnsweredPicture],
        *,
        left_out: int,
        guesses: int,
    ) -> OutgoingMessage | None:
        """Return the message that answers a request; None where there is nothing to say.

        `pictures` are those with faces, as they are stored, of the results that have some.
        `left_out` pictures were not looked at; `guesses` is how many names a face may show.
        """
        ...


class Delivery:
    """Delivers answers, of all servers."""

    def __init__(
        self,
        client: discord.Client,
        worker: InferenceWorker,
        answers: AnswerRepository,
        faces: FaceRecorder,
        presenter: Presenter,
    ) -> None:
        self._client = client
        self._worker = worker
        self._answers = answers
        self._faces = faces
        self._presenter = presenter
        # Answers that only their asker sees, by id: no other way leads back to them.
        self._private: OrderedDict[int, Reply] = OrderedDict()

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
        message = self._presenter.answer(
            request, results, pictures, left_out=left_out, guesses=settings.guesses
        )
        if message is None:
            return None
        sent = await request.reply.send(message)
        answer = await self._keep(request, pictures, sent)
        if not pictures:
            return sent
        await self._record(request, answer, shown)
        if request.reply.reactions and not request.cancelled:
            await react(sent, VOTES)
        return sent

    async def take_back(self, request: RecognitionRequest, sent: discord.Message | None) -> None:
        """Withdraw the answer to a request that was cancelled, or the promise of one."""
        await request.reply.withdraw(sent)
        if sent is not None:
            await self._answers.delete_by_reply(sent.id)

    async def delete(self, answers: Sequence[Answer]) -> None:
        """Delete answers whose messages are gone, with what is kept of them."""
        for answer in answers:  # first all of them: Discord may let the next lines wait
            await self._answers.delete_by_reply(answer.reply_id)
        for answer in answers:
            private = self._private.pop(answer.reply_id, None)
            if private is not None:
                await private.withdraw(None)
                continue
            channel = self._client.get_partial_messageable(
                answer.channel_id, guild_id=answer.server_id
            )
            await delete_quietly(channel.get_partial_message(answer.reply_id))

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
            self._private[sent.id] = request.reply
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


def _any_known(pictures: Sequence[AnsweredPicture]) -> bool:
    return any(face.tier is not Tier.NOT_KNOWN for picture in pictures for face in picture.faces)
