"""Says once why a request was refused: to whoever asked, or to who can change it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import discord
from discord.ext import commands

from bot.recognition import permissions
from bot.recognition.admission import Reason
from bot.recognition.replies import react
from bot.recognition.saying import reply_text

if TYPE_CHECKING:
    from bot.config import CooldownsConfig
    from bot.recognition.admission import Refusal
    from bot.recognition.complaints import PermissionComplaints
    from bot.recognition.request import RecognitionRequest

LEFT_OUT = "⏳"
"""Put under a picture of a watched channel that came too soon after others."""


class Refusals:
    """Tells of refusals, in all servers."""

    def __init__(self, complaints: PermissionComplaints, cooldowns: CooldownsConfig) -> None:
        self._complaints = complaints
        self._marks = commands.CooldownMapping[discord.abc.User].from_cooldown(
            1, cooldowns.user_seconds, lambda user: user.id
        )

    async def tell(self, request: RecognitionRequest, refusal: Refusal) -> None:
        """Say why a request is refused.

        Where a channel is merely watched, only missing permissions are said, and a picture that
        came too soon gets a mark, once a cool-down.
        """
        prompt, channel = request.prompt, request.channel
        if prompt is None:
            await request.reply.say(str(refusal))
        elif refusal.reason is Reason.PERMISSIONS and isinstance(
            channel, permissions.ServerChannel
        ):
            asked_by = prompt if request.asked else None
            await self._complaints.make(channel, refusal.missing, asked_by=asked_by)
        elif request.asked:
            await reply_text(prompt, str(refusal))
        elif refusal.reason is Reason.COOL_DOWN and self._may_mark(request):
            await react(prompt, (LEFT_OUT,))

    def _may_mark(self, request: RecognitionRequest) -> bool:
        if not request.reply.reactions:
            return False
        bucket = self._marks.get_bucket(request.asker)
        return bucket is None or bucket.update_rate_limit() is None
