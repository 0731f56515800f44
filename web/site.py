"""What the site's pages and its API use: the services of the bot, and its client."""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from bot.inference import Job
from models.images.decoding import PictureLimits, check_size

if TYPE_CHECKING:
    from collections.abc import Iterator

    import discord

    from bot.config import Config
    from bot.gallery.roster import ServerRoster
    from bot.gallery.server_galleries import ServerGalleries
    from bot.inference import IdentifiedPicture, InferenceWorker
    from bot.services import Services
    from bot.storage import Storage

NO_SERVER: Final = 0
"""Whose roster the site shows: that of nobody's server, as in a direct message."""


@dataclass(frozen=True, slots=True)
class Site:
    """The services of the site. Pictures are named by what names those of direct messages.

    Nothing of an upload is kept: neither the picture nor a crop, a vector or an address. `client`
    is the bot's, or one that is logged in beside it. Uploads give way where the worker looks at
    pictures of a chat, too: `beside_chat`.
    """

    services: Services
    client: discord.Client
    beside_chat: bool = True
    _numbers: Iterator[int] = field(default_factory=lambda: itertools.count(1))

    @property
    def config(self) -> Config:
        """The configuration."""
        return self.services.config

    @property
    def worker(self) -> InferenceWorker:
        """Who looks at pictures."""
        return self.services.worker

    @property
    def galleries(self) -> ServerGalleries:
        """Who can be named, in each server."""
        return self.services.galleries

    @property
    def storage(self) -> Storage:
        """What is kept."""
        return self.services.storage

    async def identify(
        self, data: bytes, name: str, turn: int, server_id: int | None = None
    ) -> IdentifiedPicture:
        """Name the faces of a picture file; uploads of one `turn` wait for each other.

        They are named as a server knows them, or as in a direct message. Raises PictureError and
        InferenceError.
        """
        check_size(len(data), name, PictureLimits(max_bytes=self.config.pictures.max_bytes))
        # No message of Discord has a number below zero, so nothing that is deleted there cancels
        # an upload.
        job = Job(server_id=-turn, message_id=-next(self._numbers), gives_way=self.beside_chat)
        return await self.services.uploads.identify(data, name, job, server_id)

    async def roster(self, server_id: int | None = None) -> ServerRoster:
        """Who there is, in a server or for everybody."""
        return await self.galleries.roster(server_id or NO_SERVER)
