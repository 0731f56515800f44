"""The API: recognise a picture, and look who is known. `web.openapi` describes it."""

from __future__ import annotations

import zlib
from typing import TYPE_CHECKING, Final

from aiohttp import web

from web import people
from web.guard import LIMITS
from web.limits import client_of
from web.person import signed_in
from web.problems import ProblemError
from web.schemas import Character, Characters, Identified
from web.uploads import read_upload

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pydantic import BaseModel

    from web.site import Site

PREFIX: Final = "/api/v1"


class Api:
    """The handlers of the API."""

    def __init__(self, site: Site) -> None:
        self._site = site

    def add_to(self, router: web.UrlDispatcher) -> None:
        """Add the API's routes."""
        router.add_post(f"{PREFIX}/identify", self.identify)
        router.add_get(f"{PREFIX}/characters", self.characters)
        router.add_get(f"{PREFIX}/characters/{{id}}", self.character)

    async def identify(self, request: web.Request) -> web.Response:
        """Name the faces of an uploaded picture."""
        config = self._site.config
        if config.web.recognise == "off":
            raise ProblemError(403, "Pictures are not recognised here.")
        if config.web.recognise == "signed in":
            signed_in(request)
        client = client_of(request, config.web)
        async with request.app[LIMITS].upload(client):
            name, data = await read_upload(request, config.pictures.max_bytes, config.web.upload_s)
            # Uploads of one address take turns with those of others, as servers do.
            turn = zlib.crc32(client.encode()) + 1
            picture = await self._site.identify(data, name, turn)
        return answer(Identified.of(picture))

    async def characters(self, request: web.Request) -> web.Response:
        """List the characters that fit a name and a series."""
        query = request.query
        found = await people.find(
            self._site,
            query.get("q", "")[:200],
            query.get("series", "")[:200],
            start=number(query, "start", 0, 10**9),
            count=number(query, "count", people.PAGE, people.MOST),
        )
        listed = [Character.of(c, named=c.id in found.named) for c in found.characters]
        return answer(Characters(total=found.total, characters=listed))

    async def character(self, request: web.Request) -> web.Response:
        """Say what is known of one character."""
        character = await people.one(self._site, request.match_info["id"])
        if character is None:
            raise ProblemError(404, "There is no character of that id.")
        named = await self._site.galleries.named(0)
        return answer(Character.of(character, named=character.id in named))


def answer(body: BaseModel) -> web.Response:
    """Return a model as JSON."""
    # What was not said of a guess (who else gave it) is left out, as the command line does.
    text = body.model_dump_json(exclude_unset=True)
    return web.Response(text=text, content_type="application/json")


def number(query: Mapping[str, str], name: str, default: int, most: int) -> int:
    """Return a whole number of a query, 0 to `most`. Raises ProblemError where it is none."""
    text = query.get(name, str(default))
    if not (text.isascii() and text.isdecimal() and len(text) < 10 and int(text) <= most):
        raise ProblemError(400, f"“{name}” must be a number from 0 to {most}.")
    return int(text)
