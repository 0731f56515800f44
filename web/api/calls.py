"""The API: recognise a picture, and look who is known. `web.api.openapi` describes it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aiohttp import web

from web.addresses import PREFIX
from web.answers import answer
from web.api.corrections import Corrections
from web.api.schemas import Character, Characters, Identified
from web.api.uploads import looked_at
from web.api.why import WhyCalls
from web.asked import number
from web.characters import search
from web.guard import LIMITS
from web.limits import client_of
from web.problems import ProblemError
from web.signing_in.person import key_of, server_asked

if TYPE_CHECKING:
    from web.site import Site


class Api:
    """The handlers of the API."""

    def __init__(self, site: Site) -> None:
        self._site = site

    def add_to(self, router: web.UrlDispatcher) -> None:
        """Add the API's routes."""
        router.add_post(f"{PREFIX}/identify", self.identify)
        Corrections(self._site).add_to(router, PREFIX)
        WhyCalls(self._site).add_to(router, PREFIX)
        router.add_get(f"{PREFIX}/characters", self.characters)
        router.add_get(f"{PREFIX}/characters/{{id}}", self.character)

    async def identify(self, request: web.Request) -> web.Response:
        """Name the faces of an uploaded picture."""
        async with looked_at(request, self._site) as (picture, _):
            named = answer(Identified.of(picture))
        client = client_of(request, self._site.config.web)
        named.headers.update(await request.app[LIMITS].uploads_left(client, key_of(request)))
        return named

    async def characters(self, request: web.Request) -> web.Response:
        """List the characters that fit a name and a series."""
        query = request.query
        found = await search.find(
            self._site,
            query.get("q", "")[:200],
            query.get("series", "")[:200],
            start=number(query, "start", 0, 10**9),
            count=number(query, "count", search.PAGE, search.MOST),
            server_id=await server_asked(request),
        )
        listed = [Character.of(c, named=c.id in found.named) for c in found.characters]
        return answer(Characters(total=found.total, characters=listed))

    async def character(self, request: web.Request) -> web.Response:
        """Say what is known of one character."""
        server_id = await server_asked(request)
        character = await search.one(self._site, request.match_info["id"], server_id)
        if character is None:
            raise ProblemError(404, "There is no character of that id.")
        named = await self._site.galleries.named(server_id or 0)
        return answer(Character.of(character, named=character.id in named))
