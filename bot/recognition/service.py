"""The one body behind all ways of asking: a request in, one answer out.

A request is admitted, worked on and answered here. It follows its messages: once one of them is
deleted, its work is cancelled and nothing is sent, or what was sent is taken back.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

import discord

from bot.metrics import REQUEST_SECONDS, REQUESTS, timed
from bot.recognition.admission import Refusal
from bot.recognition.saying import is_gone

if TYPE_CHECKING:
    from bot.inference import IdentifiedPicture
    from bot.recognition.admission import Admission, Admitted
    from bot.recognition.delivery import Delivery
    from bot.recognition.pipeline import Pipeline
    from bot.recognition.refusals import Refusals
    from bot.recognition.request import RecognitionRequest
    from bot.recognition.sources import Source
    from bot.storage import Answer
    from bot.storage.answers import AnswerRepository
    from bot.storage.settings import SettingsRepository

log = logging.getLogger(__name__)

_UNTIL_KEPT_S = (0.0, 0.1, 0.4, 1.0)


class RecognitionService:
    """Answers requests, of all servers."""

    def __init__(
        self,
        client: discord.Client,
        settings: SettingsRepository,
        answers: AnswerRepository,
        admission: Admission,
        refusals: Refusals,
        pipeline: Pipeline,
        delivery: Delivery,
    ) -> None:
        self._client = client
        self._settings = settings
        self._answers = answers
        self._admission = admission
        self._refusals = refusals
        self._pipeline = pipeline
        self._delivery = delivery
        self._open: set[RecognitionRequest] = set()
        self._late: set[int] = set()

    async def answer(self, request: RecognitionRequest) -> None:
        """Look at the pictures of a request and answer it, or say once why not.

        Raises UserError where a question points at no picture.
        Errors of single pictures become sentences of the answer; those of Discord are raised.
        """
        request.late = request.prompt_id in self._late
        self._open.add(request)
        try:
            with timed(REQUESTS, REQUEST_SECONDS, "answered") as outcome:
                verdict = await self._admission.admit(request)
                if isinstance(verdict, Refusal):
                    outcome.word = "refused"
                    await self._refusals.tell(request, verdict)
                else:
                    await self._work_on(request, verdict)
                if request.cancelled:
                    outcome.word = "cancelled"
        except discord.HTTPException as error:
            # The message that is asked about can vanish before its deletion is heard of.
            if not is_gone(error):
                raise
            log.debug("A message was deleted before its answer was sent: %s", error)
        finally:
            self._open.discard(request)

    @contextmanager
    def late(self, message_id: int) -> Iterator[None]:
        """Take what a message asks as asked while the bot was away, as long as this lasts."""
        self._late.add(message_id)
        try:
            yield
        finally:
            self._late.discard(message_id)

    async def embed(self, request: RecognitionRequest) -> list[tuple[Source, IdentifiedPicture]]:
        """Return the pictures of a request with their faces' vectors, each with where it is from.

        Raises Refusal, and what kept the first unreadable picture from being looked at.
        """
        admitted = await self.admit(request)
        self._open.add(request)
        try:
            settings = await self._settings.get(request.server_id or 0)
            results = await self._pipeline.run(request, admitted.sources, settings)
        finally:
            self._open.discard(request)
        for result in results:
            if result.error is not None:
                raise result.error
        return [(each.source, each.found) for each in results if each.found is not None]

    async def admit(self, request: RecognitionRequest) -> Admitted:
        """Admit a request that is worked on elsewhere: a correction. Raises Refusal."""
        verdict = await self._admission.admit(request)
        if isinstance(verdict, Refusal):
            raise verdict
        return verdict

    @property
    def busy(self) -> bool:
        """Whether any request is being worked on."""
        return bool(self._open)

    def is_open(self, message_id: int) -> bool:
        """Return whether a request about or by a message is being worked on."""
        return any(request.concerns([message_id]) for request in self._open)

    async def is_answered(self, message_id: int) -> bool:
        """Return whether a message's pictures are answered, or about to be."""
        return self.is_open(message_id) or bool(await self._answers.by_source(message_id))

    async def await_answer(self, reply_id: int, channel_id: int | None = None) -> Answer | None:
        """Return the answer that a reply carries, None if it is no longer kept.

        A reply is seen by others a moment before it is kept: who is that quick is waited for. Where
        `channel_id` is given, so is the end of all that is worked on there, as a vote can wait: a
        database that is locked may keep an answer seconds later.
        """
        for pause in _UNTIL_KEPT_S:
            await asyncio.sleep(pause)
            answer = await self._answers.by_reply(reply_id)
            if answer is not None:
                return answer
        waited_for = {request for request in self._open if request.channel_id == channel_id}
        while waited_for:
            await asyncio.sleep(_UNTIL_KEPT_S[-1])
            waited_for &= self._open
            answer = await self._answers.by_reply(reply_id)
            if answer is not None:
                return answer
        return None

    async def forget(self, message_ids: Sequence[int]) -> None:
        """Follow deleted messages: cancel the work for them, take back what answered them."""
        gone = set(message_ids)
        for request in self._open:
            if request.concerns(gone):
                self._pipeline.cancel(request)
        await self._delivery.delete(await self._answers.by_messages(gone))

    def cancel_channel(self, channel_id: int) -> None:
        """Cancel the work for a channel that was deleted."""
        for request in self._open:
            if request.channel_id == channel_id:
                self._pipeline.cancel(request)

    async def _work_on(self, request: RecognitionRequest, admitted: Admitted) -> None:
        sent: list[discord.Message] = []
        left_out = admitted.left_out
        async with request.reply.typing():
            settings = await self._settings.get(request.line)
            sources = () if request.cancelled else admitted.sources
            async for results in self._pipeline.parts(request, sources, settings):
                if self._client.is_closed():  # what failed did so for that; nothing can be sent
                    return
                if request.cancelled:
                    break
                answer = await self._delivery.deliver(request, results, settings, left_out=left_out)
                sent += [answer] if answer is not None else []
                left_out = 0  # said once
        if request.cancelled:
            await self._delivery.take_back(request, sent)
