"""What Discord says of people in the servers where the bot is: asked anew after a minute.

Beside a bot its client knows servers and channels; without one they are asked for over REST. People
are asked for in both: the bot does not listen to what changes of members. No token of theirs is
kept, so who joined a server since they signed in is looked for in the bot's, a few at a time.
"""

from __future__ import annotations

import asyncio
import time
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import aiohttp
import discord
from limits import RateLimitItemPerMinute
from limits.aio.storage import MemoryStorage
from limits.aio.strategies import MovingWindowRateLimiter

from bot.feedback.authority import labels_at_once
from bot.storage.records import ON_THE_SITE
from web.problems import ProblemError

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from bot.storage.settings import SettingsRepository
    from web.signing_in.oauth import Profile

FRESH_S: Final = 60.0
"""Seconds that an answer of Discord's is good for."""
ABSENT_S: Final = 300.0
"""Seconds after which somebody who was not in a server is looked for there again."""
LOOKS: Final = RateLimitItemPerMinute(20)
"""How many servers one person is looked for in a minute, of those where they were not."""
ALL_LOOKS: Final = RateLimitItemPerMinute(300)
"""The same of everybody together; Discord takes 50 requests of a bot a second."""
_MOST: Final = 10_000
_MOST_PEOPLE: Final = 1000


@dataclass(frozen=True, slots=True)
class Membership:
    """Somebody in a server. `may_label` as in chat: Manage Server, or the labeller role."""

    server_id: int
    server_name: str
    roles: frozenset[int]
    manages: bool
    may_label: bool


class Memberships:
    """Asks Discord, through the bot's client."""

    def __init__(self, client: discord.Client, settings: SettingsRepository) -> None:
        self._client = client
        self._settings = settings
        self._answers: dict[tuple[Any, ...], tuple[float, Any]] = {}
        self._absent: dict[int, dict[int, float]] = {}
        self._looks = MovingWindowRateLimiter(MemoryStorage())

    async def servers(self) -> dict[int, str]:
        """Return the ids and names of the servers where the bot is. Raises ProblemError."""
        if self._client.guilds:
            return {guild.id: guild.name for guild in self._client.guilds}
        found = self._fresh("servers")
        if found is None:
            with _said():
                guilds = self._client.fetch_guilds(limit=None, with_counts=False)
                found = {guild.id: guild.name async for guild in guilds}
            self._keep(found, "servers")
        return found

    async def signed_in(self, profile: Profile) -> None:
        """Take what somebody's sign-in said of their roles, which spares asking for it."""
        names = await self.servers()
        for one in profile.servers:
            if one.roles is not None:
                read = (names[one.server_id], one.roles, one.manages)
                self._keep(read, "roles", one.server_id, profile.user_id)
        there = {one.server_id for one in profile.servers}
        now = time.monotonic()
        self._absent.pop(profile.user_id, None)
        self._absences(profile.user_id).update({each: now for each in names if each not in there})

    async def of_all(self, user_id: int, known: Collection[int]) -> list[Membership]:
        """Return where both somebody and the bot are; `known` is where both were at the sign-in.

        What was left is gone after a minute, and what was joined is there after five; after more
        where the bot is in more than a hundred, of which a few are asked a minute. Raises
        ProblemError.
        """
        ours = await self.servers()
        found = [await self.of(user_id, each) for each in known if each in ours]
        others = [each for each in ours if each not in known]
        wanted: list[int] = []
        absent, before = self._absences(user_id), time.monotonic() - ABSENT_S
        for each in others:
            if self._fresh("roles", each, user_id) is not None:
                found.append(await self.of(user_id, each))
            elif absent.get(each, 0.0) <= before and await self._may_look(user_id):
                wanted.append(each)
        found += await asyncio.gather(*(self._looked_for(user_id, each) for each in wanted))
        return [one for one in found if one is not None]

    async def of(self, user_id: int, server_id: int) -> Membership | None:
        """Return somebody's membership of a server; None where they, or the bot, are not in it.

        Raises ProblemError.
        """
        read = self._fresh("roles", server_id, user_id)
        if read is None:
            member = await self._member(user_id, server_id)
            if member is None:
                return None
            roles = frozenset(role.id for role in member.roles)
            read = (member.guild.name, roles, member.guild_permissions.manage_guild)
            self._keep(read, "roles", server_id, user_id)
        name, roles, manages = read
        may_label = await labels_at_once(
            server_id, roles.__contains__, self._settings, manages=manages
        )
        return Membership(server_id, name, roles, manages, may_label)

    async def may_see(self, user_id: int, server_id: int, channel_id: int) -> bool:
        """Say whether somebody may be shown what was posted in a server's channel.

        What was handed in on the site labellers may see. Of a channel, they may read its history,
        it is not age-restricted, and of a private thread they are a moderator: nobody
        says here who else was let into it. Raises ProblemError.
        """
        member = await self._member(user_id, server_id)
        if member is None:
            return False
        if channel_id == ON_THE_SITE:
            found = await self.of(user_id, server_id)
            return found is not None and found.may_label
        channel = await self._channel(member.guild, channel_id)
        parent = channel
        if isinstance(channel, discord.Thread):
            parent = await self._channel(member.guild, channel.parent_id)
        if channel is None or not isinstance(parent, discord.abc.GuildChannel):
            return False
        if getattr(parent, "nsfw", False):
            return False
        held = parent.permissions_for(member)
        if isinstance(channel, discord.Thread) and channel.is_private():
            return held.manage_threads and held.view_channel
        return held.view_channel and held.read_message_history

    def _absences(self, user_id: int) -> dict[int, float]:
        """Return when somebody was last found not to be in which servers."""
        if user_id not in self._absent:
            while len(self._absent) >= _MOST_PEOPLE:
                del self._absent[next(iter(self._absent))]
            self._absent[user_id] = {}
        return self._absent[user_id]

    async def _may_look(self, user_id: int) -> bool:
        return await self._looks.hit(LOOKS, str(user_id)) and await self._looks.hit(ALL_LOOKS)

    async def _looked_for(self, user_id: int, server_id: int) -> Membership | None:
        try:
            found = await self.of(user_id, server_id)
        except ProblemError:  # a page needs not wait for what may well be nothing
            return None
        if found is None:
            self._absences(user_id)[server_id] = time.monotonic()
        return found

    async def _member(self, user_id: int, server_id: int) -> discord.Member | None:
        key = ("member", server_id, user_id)
        member = self._fresh(*key)
        if member is None:
            try:
                with _said():
                    guild = self._client.get_guild(server_id) or await self._client.fetch_guild(
                        server_id, with_counts=False
                    )
                    member = await guild.fetch_member(user_id)
            except (discord.NotFound, discord.Forbidden):
                return None
            self._keep(member, *key)
        return member

    async def _channel(
        self, guild: discord.Guild, channel_id: int
    ) -> discord.abc.GuildChannel | discord.Thread | None:
        key = ("channel", guild.id, channel_id)
        channel = guild.get_channel_or_thread(channel_id) or self._fresh(*key)
        if channel is None:
            try:
                with _said():
                    channel = await guild.fetch_channel(channel_id)
            except (discord.NotFound, discord.Forbidden, discord.InvalidData):
                return None
            self._keep(channel, *key)
        return channel

    def _fresh(self, *key: object) -> Any:
        at, answer = self._answers.get(key, (0.0, None))
        return answer if time.monotonic() - at < FRESH_S else None

    def _keep(self, answer: object, *key: object) -> None:
        while len(self._answers) >= _MOST:
            del self._answers[next(iter(self._answers))]
        self._answers.pop(key, None)
        self._answers[key] = (time.monotonic(), answer)


@contextmanager
def _said() -> Iterator[None]:
    """Say in one sentence that Discord does not answer; what it refuses is the caller's to read."""
    try:
        yield
    except (discord.NotFound, discord.Forbidden):
        raise
    except (discord.HTTPException, aiohttp.ClientError, TimeoutError, OSError):
        late = "Discord does not say right now who may do that: try again in a moment."
        raise ProblemError(503, late, {"Retry-After": "10"}) from None
