"""`/stats`: a server's numbers and versions, for its members; `/health`: the process."""

from __future__ import annotations

import asyncio
import ipaddress
import platform
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING

from aiohttp import web

from bot import metrics
from bot.feedback import statistics
from bot.learning.versions import promote, roll_back
from web.answers import page
from web.asked import is_number, number_in
from web.problems import ProblemError
from web.signing_in import person
from web.stats import process, server

if TYPE_CHECKING:
    from web.site import Site

NOT_HERE = "Only who sits at this machine sees that here, as nobody can sign in."
MANAGERS_ONLY = "Only moderators (Manage Server) may change which version answers."
TRAIN = "run `/train` in chat"
_LISTED = 20


class StatsPages:
    """The handlers of the pages."""

    def __init__(self, site: Site) -> None:
        self._site = site

    def add_to(self, router: web.UrlDispatcher) -> None:
        """Add the routes; a server's only where people can sign in."""
        router.add_get("/health", self.health)
        if self._site.config.web.client_id:
            router.add_get("/stats", self.servers)
            router.add_get("/stats/{server}", self.of_server)
            router.add_post("/stats/{server}/promote", self.promote)
            router.add_post("/stats/{server}/rollback", self.roll_back)

    async def servers(self, request: web.Request) -> web.Response:
        """Show the servers that one shares with the bot; of a single one its numbers."""
        found = await person.servers(request)
        if len(found) == 1:
            raise web.HTTPFound(f"/stats/{found[0].server_id}")
        return page("stats.html", request, servers=found)

    async def of_server(self, request: web.Request) -> web.Response:
        """Show a server's numbers to a member, and who is confused where they may read."""
        server_id = number_in(request, "server")
        member = await person.member(request, server_id)
        services = self._site.services
        visible = partial(person.seen, request, server_id)
        roster = await services.galleries.roster(server_id)
        counted = await statistics.of_server(
            services.storage.statistics, server_id, roster, datetime.now(UTC), visible
        )
        versions = await services.storage.versions.list(server_id) if member.manages else []
        return page(
            "stats_server.html",
            request,
            member=member,
            shown=await asyncio.to_thread(server.shown, counted, roster),
            weeks=statistics.WEEKS,
            fewest=statistics.FEWEST_SETTLED,
            versions=list(reversed(versions[-_LISTED:])),
            backbone=services.galleries.backbone,
        )

    async def promote(self, request: web.Request) -> web.Response:
        """Let a kept version answer, as `/model promote` does."""
        server_id = await self._managed(request)
        number = str((await request.post()).get("version", ""))
        if not is_number(number):
            raise ProblemError(400, "That is no version's number.")
        services = self._site.services
        backbone = services.galleries.backbone
        await promote(services.storage.versions, server_id, int(number), backbone, train=TRAIN)
        raise web.HTTPSeeOther(f"/stats/{server_id}#versions")

    async def roll_back(self, request: web.Request) -> web.Response:
        """Go back to the version that answered before, as `/model rollback` does."""
        server_id = await self._managed(request)
        await roll_back(self._site.services.storage.versions, server_id)
        raise web.HTTPSeeOther(f"/stats/{server_id}#versions")

    async def health(self, request: web.Request) -> web.Response:
        """Show how the process does: its queue, how long stages take, what came of pictures."""
        self._check_may_see_health(request)
        site = self._site
        stages = site.worker.stages
        return page(
            "health.html",
            request,
            waiting=site.worker.waiting,
            most=site.config.inference.queue,
            stages=process.stages(),
            requests=process.requests(),
            pictures=process.counts(metrics.PICTURES, "outcome"),
            faces=process.counts(metrics.FACES, "tier"),
            connections=process.counts(metrics.GATEWAY_CONNECTIONS, "kind"),
            disconnects=process.counts(metrics.GATEWAY_DISCONNECTS, "shard"),
            latencies=process.counts(metrics.GATEWAY_LATENCY, "shard"),
            labels=await site.storage.statistics.labels_by_state(),
            versions=await site.storage.statistics.versions_by_state(),
            model=stages.model_version,
            backbone=stages.backbone[:12],
            named=len(await site.galleries.named(0)),
            python=platform.python_version(),
        )

    async def _managed(self, request: web.Request) -> int:
        member = await person.member(request, number_in(request, "server"))
        if not member.manages:
            raise ProblemError(403, MANAGERS_ONLY)
        return member.server_id

    def _check_may_see_health(self, request: web.Request) -> None:
        """Let people see it who are signed in; where nobody can be, who sits at the machine."""
        if self._site.config.web.client_id:
            person.signed_in(request)
        elif "X-Forwarded-For" in request.headers or not _is_here(request.remote or ""):
            raise ProblemError(403, NOT_HERE)


def _is_here(address: str) -> bool:
    try:
        return ipaddress.ip_address(address).is_loopback
    except ValueError:
        return False
