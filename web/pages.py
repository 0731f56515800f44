"""The pages: recognise a picture, the characters, one character, the API, and its document."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from aiohttp import web

from bot.feedback.statistics import WEEKS
from web.answers import page
from web.api import swagger
from web.asked import number
from web.characters import search
from web.characters.drawings import Drawings
from web.characters.known import known
from web.document import document
from web.problems import ProblemError
from web.signing_in.person import person_of, seen, server_asked, servers

if TYPE_CHECKING:
    from web.site import Site


class Pages:
    """The handlers of the pages."""

    def __init__(self, site: Site) -> None:
        self._site = site
        self._drawings = Drawings(site)

    def add_to(self, router: web.UrlDispatcher) -> None:
        """Add the pages' routes."""
        router.add_get("/", self.recognise)
        router.add_get("/characters", self.characters)
        router.add_get("/characters/{id}", self.character)
        self._drawings.add_to(router)
        router.add_get("/api", self.api)
        router.add_get("/api/v1/openapi.json", self.openapi)
        router.add_get("/healthz", self.alive)
        router.add_get("/readyz", self.ready)

    async def recognise(self, request: web.Request) -> web.Response:
        """Show where a picture can be dropped."""
        named = await self._site.galleries.named(0)
        config = self._site.config
        return page(
            "recognise.html",
            request,
            known=len(named),
            recognise=config.web.recognise,
            servers=await self._servers(request),
            most_mb=round(config.pictures.max_bytes / 2**20),
        )

    async def _servers(self, request: web.Request) -> list[dict[str, Any]]:
        """Return the servers that somebody may have pictures named as in."""
        if person_of(request) is None:
            return []
        settings = self._site.storage.settings
        return [
            {
                "id": one.server_id,
                "name": one.server_name,
                "learns": (await settings.get(one.server_id)).learning,
            }
            for one in await servers(request)
        ]

    async def characters(self, request: web.Request) -> web.Response:
        """Show a part of the characters that fit a search; the script shows the others."""
        query, series = request.query.get("q", "")[:200], request.query.get("series", "")[:200]
        start = number(request.query, "start", 0, 10**9) // search.PAGE * search.PAGE
        found = await search.find(self._site, query, series, start=start)
        if start and not found.characters:  # there were more once
            start = max(0, found.total - 1) // search.PAGE * search.PAGE
            found = await search.find(self._site, query, series, start=start)
        return page(
            "characters.html",
            request,
            query=query,
            series=series,
            found=found,
            start=start,
            page=search.PAGE,
            earlier=_part(request, start - search.PAGE),
            later=_part(request, start + search.PAGE),
        )

    async def character(self, request: web.Request) -> web.Response:
        """Show what is known of a character."""
        server_id = await server_asked(request)
        character = await search.one(self._site, request.match_info["id"], server_id)
        if character is None:
            raise ProblemError(404, "There is no character of that id.")
        if character.id != request.match_info["id"]:  # it was merged into this one
            raise web.HTTPMovedPermanently(f"/characters/{character.id}{_server(server_id)}")
        others = await search.find(self._site, "", character.series, count=13, server_id=server_id)
        visible = partial(seen, request, server_id or 0)
        return page(
            "character.html",
            request,
            character=character,
            known=await known(self._site, character, server_id, visible),
            drawings=await self._drawings.of(request, character.id, server_id),
            weeks=WEEKS,
            server=_server(server_id),
            server_id=server_id,
            servers=await self._servers(request),
            named=character.id in others.named,
            others=[c for c in others.characters if c.id != character.id][:12]
            if character.series
            else [],
        )

    async def api(self, request: web.Request) -> web.Response:
        """Show how programs ask."""
        shown = page(
            "api.html",
            request,
            document=self._document(),
            origin=request.url.origin(),
            swagger=swagger.PREFIX,
            swagger_version=swagger.VERSION,
        )
        shown.headers["Content-Security-Policy"] = swagger.POLICY
        return shown

    async def openapi(self, _: web.Request) -> web.Response:
        """Give the OpenAPI document."""
        return web.json_response(self._document())

    def _document(self) -> dict[str, Any]:
        return document(labelling=bool(self._site.config.web.client_id))

    async def alive(self, _: web.Request) -> web.Response:
        """Say that the process answers."""
        return web.json_response({"status": "alive"})

    async def ready(self, _: web.Request) -> web.Response:
        """Say whether a picture that came now would be looked at soon."""
        waiting, most = self._site.worker.waiting, self._site.config.inference.queue
        status = 200 if waiting < most else 503
        return web.json_response({"waiting": waiting, "most": most}, status=status)


def _part(request: web.Request, start: int) -> str:
    """Return the address of the part of a list that begins with a number."""
    return str(request.rel_url.update_query(start=max(0, start)))


def _server(server_id: int | None) -> str:
    return f"?server={server_id}" if server_id else ""
