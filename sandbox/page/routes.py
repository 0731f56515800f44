"""The chat page: its files, and the few addresses for which Discord has no route.

The page acts as one human at a time. What it does and reads (messages, reactions, typing, direct
messages, commands, buttons, forms) goes over the REST API under `/api/v10`, the same routes that
the bot calls, with that human's token in `Authorization`. Here is only what Discord doesn't have:

    GET /                        the page; GET /page/{path} its scripts and styles
    GET /sandbox/humans          -> {"users": [user]}   whom one may act as, each with its `token`
    GET /sandbox/events?token=   WebSocket: the world, then what happens (see `page.events`)
    GET /sandbox/samples         -> {"samples": [{"id", "title", "group", "filename", "url"}],
                                     "notes": {group: a line under its heading}}
    GET /sandbox/samples/{id}    -> the picture's bytes
    GET /sandbox/beside          -> {"url"}   the address of what runs beside it, or empty

Ids are strings of digits. Errors are `{"message", "code"}` with status 401 or 404. Requests whose
`Host` is no loopback name, or whose `Origin` is another site, are refused with 403 (see `server`).
"""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import TYPE_CHECKING

from aiohttp import WSCloseCode, WSMsgType, web

from sandbox.page.events import PageEvents
from sandbox.page.views import user_view, world_view
from sandbox.state.errors import ApiError
from sandbox.state.files import media_type

if TYPE_CHECKING:
    from sandbox.page.shelf import Shelf
    from sandbox.state.entities import Json
    from sandbox.state.state import State

_STATIC = Path(__file__).resolve().parent / "static"


class Page:
    """Serves the page, and keeps the open ones up to date."""

    def __init__(self, state: State, shelf: Shelf, beside: str = "") -> None:
        self._state = state
        self._beside = beside
        self._shelf = shelf
        self._open: set[web.WebSocketResponse] = set()

    def add_to(self, router: web.UrlDispatcher) -> None:
        """Serve these routes."""
        router.add_get("/", self.index)
        router.add_get("/page/{path:.+}", self.static)
        router.add_get("/sandbox/humans", self.humans)
        router.add_get("/sandbox/events", self.events)
        router.add_get("/sandbox/beside", self.beside)
        router.add_get("/sandbox/samples", self.samples)
        router.add_get("/sandbox/samples/{sample}", self.sample)

    async def leave(self, _: web.Application) -> None:
        """Close the open pages, so that a server that stops need not wait for them."""
        farewells = [page.close(code=WSCloseCode.GOING_AWAY) for page in self._open]
        await asyncio.gather(*farewells)

    # --- files ----------------------------------------------------------------------------------

    async def index(self, request: web.Request) -> web.StreamResponse:
        """`GET /`."""
        return _file("index.html")

    async def static(self, request: web.Request) -> web.StreamResponse:
        """`GET /page/{path}`: a file of the page's folder, never one outside it."""
        return _file(request.match_info["path"])

    async def beside(self, request: web.Request) -> web.Response:
        """`GET /sandbox/beside`."""
        return web.json_response({"url": self._beside})

    # --- who one is, and what happens -----------------------------------------------------------

    async def humans(self, request: web.Request) -> web.Response:
        """`GET /sandbox/humans`."""
        users = [
            user_view(user) | {"token": self._state.tokens.of(user)}
            for user in self._state.world.humans
        ]
        return web.json_response({"users": users})

    async def events(self, request: web.Request) -> web.StreamResponse:
        """`GET /sandbox/events`: everything that the token's user sees, until the page leaves."""
        viewer = self._state.tokens.user(request.query.get("token", ""))
        if viewer is None:
            return _refused(ApiError(401, 0, "401: Unauthorized"))
        # `timeout`: seconds that the page has to confirm a goodbye
        socket = web.WebSocketResponse(heartbeat=30, timeout=1.0)
        await socket.prepare(request)
        self._open.add(socket)
        outbox: asyncio.Queue[Json] = asyncio.Queue()

        events = PageEvents(self._state.world, viewer, outbox.put_nowait)
        outbox.put_nowait({"type": "hello", "world": world_view(self._state.world, viewer)})
        self._state.stream.listen(events.on_event)
        writer = asyncio.create_task(_write(socket, outbox))
        try:
            async for frame in socket:
                if frame.type is WSMsgType.ERROR:
                    break
        finally:
            self._state.stream.unlisten(events.on_event)
            self._open.discard(socket)
            writer.cancel()
        return socket

    # --- the shelf ------------------------------------------------------------------------------

    async def samples(self, request: web.Request) -> web.Response:
        """`GET /sandbox/samples`."""
        samples = [
            {
                "id": item.id,
                "title": item.title,
                "group": item.group,
                "filename": item.filename,
                "url": f"/sandbox/samples/{item.id}",
            }
            for item in await self._shelf.all()
        ]
        return web.json_response({"samples": samples, "notes": dict(self._shelf.notes)})

    async def sample(self, request: web.Request) -> web.StreamResponse:
        """`GET /sandbox/samples/{}`."""
        try:
            path = await self._shelf.path(request.match_info["sample"])
        except ApiError as error:
            return _refused(error)
        kind = media_type(path.name) or "application/octet-stream"
        headers = {
            "Content-Type": kind,
            "X-Content-Type-Options": "nosniff",
            "Cache-Control": "max-age=3600",
        }
        return web.FileResponse(path, headers=headers)


def _file(name: str) -> web.StreamResponse:
    path = (_STATIC / name).resolve()
    if not path.is_relative_to(_STATIC) or not path.is_file():
        raise web.HTTPNotFound(text="The page has no such file.")
    return web.FileResponse(path, headers={"Cache-Control": "no-store"})


def _refused(error: ApiError) -> web.Response:
    return web.json_response(error.body(), status=error.status)


async def _write(socket: web.WebSocketResponse, outbox: asyncio.Queue[Json]) -> None:
    while True:
        event = await outbox.get()
        try:
            await socket.send_str(json.dumps(event))
        except ConnectionError:
            return
