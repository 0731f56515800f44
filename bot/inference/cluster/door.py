"""A cluster's door: HTTP in front of its deployments; see `bot.inference.cluster.wire`.

A replica, or a node, that is lost in mid-work costs a try: the request goes to another one. The
door asks nobody who they are, so its address is for a network of one's own.
"""

from __future__ import annotations

import asyncio
import logging
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Final

from aiohttp import web
from ray.exceptions import RayError, RayTaskError
from ray.serve.exceptions import (
    BackPressureError,
    DeploymentUnavailableError,
    ReplicaUnavailableError,
)

from bot.backoff import waits
from bot.inference.cluster.wire import MOST_CROPS, SETTINGS

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from ray.serve.handle import DeploymentHandle

    from bot.inference.cluster.deployments import Reply

log = logging.getLogger(__name__)

TRIES: Final = 5
"""Replicas that are asked for one request before the door gives up."""

_ENDING_S: Final = 20
"""Seconds that requests on their way have when the door is closed."""


class Door:
    """The door of two deployments. `largest`: bytes of a body, at most."""

    def __init__(
        self, finding: DeploymentHandle, embedding: DeploymentHandle, settings: str, largest: int
    ) -> None:
        self._finding = finding
        self._embedding = embedding
        self._settings = settings
        self._app = web.Application(client_max_size=largest)
        self._app.add_routes(
            [
                web.post("/find", self._find),
                web.post("/embed", self._embed),
                web.get("/healthz", self._health),
            ]
        )

    @asynccontextmanager
    async def open(self, host: str, port: int) -> AsyncIterator[int]:
        """Listen; the port that it is. Requests on their way are answered before it ends."""
        runner = web.AppRunner(self._app, access_log=None, shutdown_timeout=_ENDING_S)
        await runner.setup()
        try:
            await web.TCPSite(runner, host, port).start()
            yield runner.addresses[0][1]
        finally:
            await runner.cleanup()

    async def _find(self, request: web.Request) -> web.Response:
        self._check(request)
        name = request.query.get("name", "")
        return await self._ask(self._finding, await request.read(), name)

    async def _embed(self, request: web.Request) -> web.Response:
        self._check(request)
        return await self._ask(self._embedding, await request.read())

    async def _health(self, _request: web.Request) -> web.Response:
        settings = await self._finding.settings.remote()
        return web.json_response({"settings": settings})

    def _check(self, request: web.Request) -> None:
        if request.headers.get(SETTINGS) != self._settings:
            raise web.HTTPConflict(text="The cluster runs with other settings, or weights.")

    async def _ask(self, handle: DeploymentHandle, *arguments: object) -> web.Response:
        wait = waits(0.1, 2.0)
        for _ in range(TRIES):
            try:
                reply: Reply = await handle.work.remote(*arguments)
            except RayTaskError:
                log.exception("A replica failed")
                raise web.HTTPInternalServerError(text="A replica failed.") from None
            except (BackPressureError, DeploymentUnavailableError) as error:
                raise web.HTTPServiceUnavailable(text="The cluster is busy, or away.") from error
            except (RayError, ReplicaUnavailableError) as error:
                log.warning("A replica was lost in mid-work: %s", type(error).__name__)
                await asyncio.sleep(next(wait))
            else:
                status, body = reply
                return web.Response(status=status, body=body)
        raise web.HTTPServiceUnavailable(text="Replica after replica was lost.")


def largest_body(max_bytes: int, side: int) -> int:
    """Return the bytes of the largest body that a door takes: a picture, or crops."""
    return max(max_bytes, MOST_CROPS * side * side * 3) + 2**16
