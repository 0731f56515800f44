"""Whether a request is worked on: permissions, age restriction, consent, cool-down, limits.

Every request passes here, and only here, before anything is read or computed for it.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass
from typing import TYPE_CHECKING

import discord
from discord.ext import commands

from bot.errors import UserError
from bot.recognition import permissions
from bot.recognition.origin import AGE_RESTRICTED, restricted_elsewhere, stays_hidden
from bot.wording import in_seconds

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bot.config import Config, CooldownsConfig
    from bot.recognition.request import Mode, RecognitionRequest
    from bot.recognition.sources import Source
    from bot.storage.consents import ConsentRepository

SLOW_DOWN = "One moment, please: ask again in {wait}."
SLOW_SERVER = "This server asks faster than I can look: try again in {wait}."
OPTED_OUT: dict[Mode, str] = {
    "correct": (
        "You opted out, so I keep no vote of yours. `/privacy optout` with `out: False` lets me "
        "count you again."
    ),
    "embed": (
        "You opted out, so I keep no picture of yours. `/privacy optout` with `out: False` lets me "
        "learn from you again."
    ),
}
"""What is said to somebody who opted out, in the modes that would keep something of them."""

ATTACHMENTS = 10
"""Pictures of one request, at most: Discord takes no more files in an answer."""
CORRECTIONS = 10
"""A correction costs no look at a picture: so many may be made where one question may be asked."""


class Reason(enum.Enum):
    """Why a request is refused."""

    PERMISSIONS = enum.auto()
    AGE_RESTRICTED = enum.auto()
    OPTED_OUT = enum.auto()
    COOL_DOWN = enum.auto()


class Refusal(UserError):  # noqa: N818 - a result first; raised where nobody can be told
    """A request that is not worked on; `str()` of it is what may be said about it."""

    def __init__(self, reason: Reason, text: str, missing: Sequence[str] = ()) -> None:
        super().__init__(text)
        self.reason = reason
        self.missing = tuple(missing)
        """The permissions that the bot lacks, by their names."""


@dataclass(frozen=True, slots=True)
class Admitted:
    """The pictures of a request that are looked at, and how many beyond the limit are not."""

    sources: tuple[Source, ...]
    left_out: int


class Admission:
    """Admits requests, of all servers."""

    def __init__(self, client: discord.Client, config: Config, consents: ConsentRepository) -> None:
        self._client = client
        self._consents = consents
        self._most = min(config.pictures.per_message, ATTACHMENTS)
        self._questions = _Cooldowns(config.cooldowns, 1)
        self._corrections = _Cooldowns(config.cooldowns, CORRECTIONS)

    async def admit(self, request: RecognitionRequest) -> Admitted | Refusal:
        """Return what of a request is worked on, or why nothing is.

        What is only pointed at is found here. An admitted request counts for the cool-down of its
        asker and of the server. Raises UserError where there is no picture.
        """
        refusal = _lacks_permissions(request)
        if refusal is not None:
            return refusal
        await request.find()
        return (
            await self._comes_from_elsewhere(request)
            or await self._opted_out(request)
            or self._comes_too_soon(request)
            or self._within_limits(request)
        )

    async def _comes_from_elsewhere(self, request: RecognitionRequest) -> Refusal | None:
        message, where = request.message, request.channel
        hidden = message is not None and await stays_hidden(self._client, message, where)
        if hidden or restricted_elsewhere(request.origins, request.guild, where):
            return Refusal(Reason.AGE_RESTRICTED, AGE_RESTRICTED)
        return None

    async def _opted_out(self, request: RecognitionRequest) -> Refusal | None:
        text = OPTED_OUT.get(request.mode)
        if text is not None and await self._consents.opted_out(request.asker.id):
            return Refusal(Reason.OPTED_OUT, text)
        return None

    def _comes_too_soon(self, request: RecognitionRequest) -> Refusal | None:
        if request.late:  # one at a time, however soon after one another they were asked
            return None
        cooldowns = self._corrections if request.mode == "correct" else self._questions
        text = cooldowns.count(request.asker, request.guild)
        return None if text is None else Refusal(Reason.COOL_DOWN, text)

    def _within_limits(self, request: RecognitionRequest) -> Admitted:
        taken = tuple(request.sources[: self._most])
        return Admitted(taken, len(request.sources) - len(taken))


class _Cooldowns:
    """How often a member and a server may ask; `times` as often as the configuration says."""

    def __init__(self, config: CooldownsConfig, times: int) -> None:
        self._users = commands.CooldownMapping[discord.abc.User].from_cooldown(
            config.user_times * times, config.user_seconds, lambda user: user.id
        )
        self._servers = commands.CooldownMapping[discord.Guild].from_cooldown(
            config.server_times * times, config.server_seconds, lambda guild: guild.id
        )

    def count(self, user: discord.abc.User, guild: discord.Guild | None) -> str | None:
        """Count a request; return what to say where it comes too soon, and is not counted."""
        of_user = self._users.get_bucket(user)
        of_server = self._servers.get_bucket(guild) if guild else None
        for bucket, text in ((of_user, SLOW_DOWN), (of_server, SLOW_SERVER)):
            wait = bucket.get_retry_after() if bucket else 0.0
            if wait > 0:
                return text.format(wait=in_seconds(wait))
        for bucket in (of_user, of_server):
            if bucket:
                bucket.update_rate_limit()
        return None


def _lacks_permissions(request: RecognitionRequest) -> Refusal | None:
    # Only an answer with a card needs more than a text.
    missing = request.reply.missing() if request.mode == "identify" else []
    if not missing:
        return None
    return Refusal(Reason.PERMISSIONS, permissions.sentence_here(missing), missing)
