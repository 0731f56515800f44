"""Follows deletions: work for a deleted message ends, and its answer goes with it.

With an answer go its faces and votes, and with a message what was taught from it; the sweep that is
asked for here takes the rest along.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from bot.privacy.erasure import Erasure
    from bot.recognition.service import RecognitionService
    from bot.recognition.sources import Source
    from bot.storage import Answer
    from bot.storage.answers import AnswerRepository
    from bot.storage.exemplars import ExemplarRepository
    from bot.storage.settings import SettingsRepository


class Following:
    """Takes along what belongs to deleted messages and channels."""

    def __init__(
        self,
        recognition: RecognitionService,
        answers: AnswerRepository,
        settings: SettingsRepository,
        exemplars: ExemplarRepository,
        erasure: Erasure,
    ) -> None:
        self._recognition = recognition
        self._answers = answers
        self._settings = settings
        self._exemplars = exemplars
        self._erasure = erasure

    async def messages_deleted(self, server_id: int | None, message_ids: list[int]) -> None:
        """Follow deleted messages, the bot's own answers included."""
        kept = bool(await self._answers.by_messages(message_ids))
        for message_id in message_ids:
            kept = bool(await self._answers.delete_by_reply(message_id)) or kept
        await self._recognition.forget(message_ids)
        kept = await self._erase_taught(message_ids=message_ids) or kept
        # Most of what is deleted was never answered, and a sweep reads every gallery anew.
        if kept:
            self._erasure.sweep_soon(server_id)

    async def channel_deleted(self, server_id: int, channel_id: int) -> None:
        """Follow a deleted channel or thread with all that was said in it."""
        self._recognition.cancel_channel(channel_id)
        await self._settings.unwatch(server_id, channel_id)
        await self._answers.delete_channel(channel_id)
        await self._erase_taught(channel_id=channel_id)
        self._erasure.sweep_soon(server_id)

    async def answer_lost_its_message(self, server_id: int, reply_id: int, gone: list[int]) -> None:
        """Take an answer along whose messages, `gone`, were deleted or lost a picture."""
        await self._recognition.forget(gone)
        await self._answers.delete_by_reply(reply_id)
        self._erasure.sweep_soon(server_id)

    async def picture_taken_out(self, server_id: int | None, message_id: int) -> None:
        """Take the answers to a message along that lost a picture to an edit."""
        kept = bool(await self._answers.by_messages([message_id]))
        await self._recognition.forget([message_id])
        if kept:
            self._erasure.sweep_soon(server_id)

    async def pictures_left(
        self, server_id: int | None, message_id: int, left: Iterable[Source]
    ) -> None:
        """Follow an edit of a message that shows these pictures now."""
        left = list(left)
        answers = await self._answers.by_source(message_id)
        if any(lost_a_picture(answer, left) for answer in answers):
            await self.picture_taken_out(server_id, message_id)

    async def files_left(
        self, server_id: int | None, message_id: int, left: Collection[int]
    ) -> None:
        """Follow an edit of a message that has these files now."""
        if await self._erase_taught(left, message_ids=[message_id]):
            self._erasure.sweep_soon(server_id)

    async def _erase_taught(self, left: Collection[int] = (), **of: Any) -> bool:
        """Erase what was taught from messages but their files that are `left`.

        Return whether there was anything. Of a drawing whose file is not known, any that is left
        may be it.
        """
        taught = await self._exemplars.posted(**of)
        gone = [
            each.id
            for each in taught
            if not left or (each.file_id is not None and each.file_id not in left)
        ]
        return bool(gone) and bool(await self._exemplars.erase(gone))


def lost_a_picture(answer: Answer, sources: Iterable[Source]) -> bool:
    """Return whether one of the answered pictures is no longer among those of its message."""
    left = Counter(each.name for each in sources)
    return bool(Counter(picture.name for picture in answer.pictures) - left)
