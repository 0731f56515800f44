"""The picture of whoever is signed in: fetched from Discord's CDN, and sent on as one of ours.

A page loads nothing from elsewhere, so Discord hears of nobody's visit; and what comes from there
is decoded and encoded anew, never passed on as it is.
"""

from __future__ import annotations

import asyncio
import re
from typing import TYPE_CHECKING, Final

import aiohttp
from aiohttp import web

from models.images.crop_files import read_crop, write_crop
from web.problems import ProblemError
from web.signing_in.person import signed_in

if TYPE_CHECKING:
    from bot.config import DiscordConfig

AVATAR: Final = "/account/avatar"
CDN: Final = "https://cdn.discordapp.com"
SIDE: Final = 64
_MOST_BYTES: Final = 2**20
_HASH: Final = re.compile(r"\w{1,100}", re.ASCII)


class Avatars:
    """The handler of a person's own picture; `http` makes the requests."""

    def __init__(self, config: DiscordConfig, http: aiohttp.ClientSession) -> None:
        self._cdn = config.cdn or CDN
        self._http = http

    def add_to(self, router: web.UrlDispatcher) -> None:
        """Add its route."""
        router.add_get(AVATAR, self.own)

    async def own(self, request: web.Request) -> web.Response:
        """Send the person's picture. Raises ProblemError 404 where there is none to be had."""
        person = signed_in(request)
        if not _HASH.fullmatch(person.avatar):
            raise ProblemError(404, "You have no picture.")
        address = f"{self._cdn}/avatars/{person.user_id}/{person.avatar}.png?size={SIDE}"
        data = await self._fetched(address)
        picture = await asyncio.to_thread(read_crop, data, SIDE)
        if picture is None:
            raise ProblemError(404, "Your picture can't be had right now.")
        body = await asyncio.to_thread(write_crop, picture)
        headers = {"Cache-Control": "private, max-age=86400"}
        return web.Response(body=body, content_type="image/webp", headers=headers)

    async def _fetched(self, address: str) -> bytes:
        """Return a file of the CDN; empty where it is not to be had, or too large."""
        data = bytearray()
        try:
            async with self._http.get(address, allow_redirects=False) as answer:
                if answer.status != 200:
                    return b""
                async for chunk in answer.content.iter_chunked(2**16):
                    data += chunk
                    if len(data) > _MOST_BYTES:
                        return b""
        except (aiohttp.ClientError, TimeoutError):
            return b""
        return bytes(data)
