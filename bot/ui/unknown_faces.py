"""Tells moderators that an unknown face keeps turning up: one quiet line, at most once a day.

It is said where learning was switched on, else by DM to whoever did, else to the owner. The line
shows nothing: the faces are in `/review`, for those who may see them.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

import discord

from bot.feedback.authority import may_label
from bot.recognition import permissions
from bot.recognition.origin import readable
from bot.storage.records import ON_THE_SITE

if TYPE_CHECKING:
    from bot.feedback.review_queue import UnknownFaces
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


class UnknownFacesNotice:
    """Tells the moderators of each server, once, where there is something new to ask."""

    def __init__(self, storage: Storage, unknown_faces: UnknownFaces) -> None:
        self._storage = storage
        self._unknown_faces = unknown_faces

    async def tell(self, guild: discord.Guild) -> None:
        """Tell a server's moderators if an unknown face turned up that is news to them."""
        storage, unknown_faces = self._storage, self._unknown_faces
        if not (await storage.settings.get(guild.id)).learning:
            return
        user_id, channel_id = await storage.consents.announced(guild.id)
        reader = await self._moderator(guild, user_id)
        where = guild.get_channel_or_thread(channel_id) if channel_id else None
        if not isinstance(where, discord.abc.Messageable) or not permissions.may_write(where):
            where = None
        # What this moderator finds when he opens `/review` there.
        channels = (await storage.faces.channels()).get(guild.id, set())
        seen = await readable(channels, reader, guild, where) | {ON_THE_SITE}
        mark = await unknown_faces.news(guild.id, seen)
        if mark is None or reader is None:
            return
        if not await storage.state.may_warn(f"unknown_faces:{guild.id}"):
            return
        try:
            if where is not None:
                await where.send(TURNS_UP, silent=True)
            else:
                await reader.send(TURNS_UP_THERE.format(server=guild.name))
        except discord.HTTPException as error:
            log.info("Server %d did not get its notice of unknown faces: %s", guild.id, error)
        await unknown_faces.told(guild.id, mark)

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
