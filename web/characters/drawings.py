"""Drawings that a server was taught a character by, for those who may see them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from aiohttp import web

from web.asked import number_in
from web.crops import send_crop
from web.guard import CROPS
from web.problems import ProblemError
from web.signing_in.person import member, sees_taught

if TYPE_CHECKING:
    from bot.storage.records import Exemplar
    from web.site import Site

SHOWN: Final = 60
"""Drawings that a page shows, at most."""


class Drawings:
    """Finds drawings, and is the handler that sends one."""

    def __init__(self, site: Site) -> None:
        self._site = site

    def add_to(self, router: web.UrlDispatcher) -> None:
        """Add its route."""
        router.add_get("/drawings/{server}/{drawing}", self.one, name=CROPS[3])

    async def of(self, request: web.Request, character_id: str, server_id: int | None) -> list[str]:
        """Return the addresses of a character's drawings that may be shown, the newest first.

        There are none outside every server (None).
        """
        if server_id is None:
            return []
        roster = await self._site.roster(server_id)
        taught = [
            each
            for each in await self._site.storage.exemplars.in_use(server_id)
            if each.crop and roster.resolve(each.character_id) == character_id
        ]
        places = {_channel(each) for each in taught}
        seen = {each for each in places if await sees_taught(request, server_id, each)}
        shown = [each for each in reversed(taught) if _channel(each) in seen]
        return [f"/drawings/{server_id}/{each.id}" for each in shown[:SHOWN]]

    async def one(self, request: web.Request) -> web.Response:
        """Send a drawing. What was erased, or may not be seen, is not there."""
        server = await member(request, number_in(request, "server"))
        number = number_in(request, "drawing")
        taught = await self._site.storage.exemplars.in_use(server.server_id)
        drawing = next((each for each in taught if each.id == number), None)
        if (
            drawing is None
            or not drawing.crop
            or not await sees_taught(request, server.server_id, _channel(drawing))
        ):
            raise ProblemError(404, "There is nothing here.")
        return await send_crop(request, self._site.services.crops, drawing.crop, small=True)


def _channel(drawing: Exemplar) -> int | None:
    return drawing.posted[0] if drawing.posted else None
