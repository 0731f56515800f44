"""Tells moderators that an unknown face keeps turning up: one quiet line, at most once a day.

It is said where learning was switched on, else by DM to whoever did, else to the owner. The line
shows nothing: the faces are in `/review`, for those who may see them.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

import discord
from discord.ext import commands, tasks

from bot.feedback.authority import may_label
from bot.recognition import permissions
from bot.recognition.origin import readable

if TYPE_CHECKING:
    from bot.client import MoedexBot
    from bot.feedback.review_queue import Strangers as UnknownFaces
    from bot.storage import Storage

log = logging.getLogger(__name__)

TURNS_UP = (
    "-# A face that I don't know keeps turning up. `/review` shows it to moderators and asks, "
    "once, who it is."
)
TURNS_UP_THERE = (
    "In {server} a face that I don't know keeps turning up. `/review` there shows it and asks, "
    "once, who it is."
)


class Strangers(commands.Cog):
    """The look for faces that keep turning up."""

    def __init__(self, client: discord.Client, storage: Storage, strangers: UnknownFaces) -> None:
        self._client = client
        self._storage = storage
        self._strangers = strangers

    async def cog_load(self) -> None:
        """Begin to look."""
        self.look.start()

    async def cog_unload(self) -> None:
        """Look no more."""
        self.look.cancel()

    @tasks.loop(hours=1)
    async def look(self) -> None:
        """Tell the moderators of each server where there is something new to ask."""
        for guild in self._client.guilds:
            try:
                await self._look(guild)
            except Exception:  # the loop must go on: the next round tries again
                log.exception("Server %d could not be told who keeps turning up", guild.id)

    @look.before_loop
    async def _wait(self) -> None:
        await self._client.wait_until_ready()

    async def _look(self, guild: discord.Guild) -> None:
        storage, strangers = self._storage, self._strangers
        if not (await storage.settings.get(guild.id)).learning:
            return
        user_id, channel_id = await storage.consents.announced(guild.id)
        reader = await self._moderator(guild, user_id)
        where = guild.get_channel_or_thread(channel_id) if channel_id else None
        if not isinstance(where, discord.abc.Messageable) or not permissions.may_write(where):
            where = None
        # What this moderator finds when he opens `/review` there.
        channels = (await storage.faces.channels()).get(guild.id, set())
        seen = await readable(channels, reader, guild, where)
        mark = await strangers.news(guild.id, seen)
        if mark is None or reader is None:
            return
        if not await storage.state.may_warn(f"strangers:{guild.id}"):
            return
        try:
            if where is not None:
                await where.send(TURNS_UP, silent=True)
            else:
                await reader.send(TURNS_UP_THERE.format(server=guild.name))
        except discord.HTTPException as error:
            log.info("Server %d could not be told who keeps turning up: %s", guild.id, error)
        await strangers.told(guild.id, mark)

    async def _moderator(self, guild: discord.Guild, user_id: int) -> discord.Member | None:
        """Return who switched learning on, if he still decides there, else the owner."""
        for member_id in (user_id, guild.owner_id):
            if not member_id:
                continue
            try:
                member = guild.get_member(member_id) or await guild.fetch_member(member_id)
            except discord.HTTPException:
                continue
            if await may_label(member, self._storage.settings):
                return member
        return None


async def setup(bot: MoedexBot) -> None:
    """Load the cog."""
    services = bot.services
    await bot.add_cog(Strangers(bot, services.storage, services.strangers))
