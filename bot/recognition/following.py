"""Follows deletions: work for a deleted message ends, and its answer goes with it.

With an answer go its faces and votes, and with a message what was taught from it; the sweep that is
asked for here takes the rest along.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from bot.privacy.erasure import Erasure
    from bot.recognition.service import RecognitionService
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

    async def files_taken_out(self, server_id: int | None, message_id: int) -> None:
        """Follow an edit that left no file in a message."""
        if await self._erase_taught(message_ids=[message_id]):
            self._erasure.sweep_soon(server_id)

    async def _erase_taught(self, **of: Any) -> bool:
        """Erase what was taught from messages; return whether there was anything."""
        taught = await self._exemplars.posted(**of)
        return bool(taught) and bool(await self._exemplars.erase([each.id for each in taught]))
