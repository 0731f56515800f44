"""The pages for labelling: the servers, and one server's queue."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any, Final

from aiohttp import web

from bot.recognition.member_names import MemberNames
from web.answers import page
from web.asked import number_in
from web.label.collections_api import page_of_crops
from web.problems import ProblemError
from web.signing_in.person import member

if TYPE_CHECKING:
    from bot.labelling.labeller import Labeller
    from web.label.access import Access
    from web.site import Site

_PEOPLE: Final = 20
"""People, and pairs of them, that are shown."""
_FILLED_BY_SCRIPTS: Final = {
    "": "label_queue.html",
    "/clusters": "label_clusters.html",
    "/characters": "label_characters.html",
}
"""Pages of a server whose scripts ask for what they show."""


class LabelPages:
    """The handlers of the pages."""

    def __init__(self, site: Site, access: Access) -> None:
        self._services = site.services
        self._access = access
        self._names = MemberNames(site.client)
        self._most_bytes = site.config.pictures.max_bytes

    def add_to(self, router: web.UrlDispatcher) -> None:
        """Add the routes."""
        router.add_get("/label", self.servers)
        for at, template in _FILLED_BY_SCRIPTS.items():
            router.add_get(f"/label/{{server}}{at}", partial(self._filled_by_script, template))
        router.add_get("/label/{server}/crops", self.crops)
        router.add_get("/label/{server}/progress", self.progress)
        router.add_get("/label/{server}/batch", self.batch)
        router.add_get("/label/{server}/characters/{id}", self.character)

    async def servers(self, request: web.Request) -> web.Response:
        """Show the servers that one may label in; of a single one its queue."""
        servers = await self._access.servers(request)
        if len(servers) == 1:
            raise web.HTTPFound(f"/label/{servers[0][0]}")
        return page("label.html", request, servers=servers)

    async def crops(self, request: web.Request) -> web.Response:
        """Show all crops."""
        labeller = await self._labeller(request)
        # The first page comes along: the script need not ask for it.
        first = await page_of_crops(self._services, labeller)
        return await self._in_server(
            "label_crops.html",
            request,
            labeller,
            character=None,
            own=False,
            first=first.model_dump_json(),
        )

    async def character(self, request: web.Request) -> web.Response:
        """Show the faces of one character, to clean."""
        labeller = await self._labeller(request)
        roster = await self._services.galleries.roster(labeller.server_id)
        key = roster.resolve(request.match_info["id"])
        if key is None:
            raise ProblemError(404, "There is no character of that id here.")
        row = roster.changed.get(key)
        own = row is not None and row.own
        return await self._in_server(
            "label_crops.html",
            request,
            labeller,
            character=roster.characters[key],
            own=own,
            first="",
        )

    async def batch(self, request: web.Request) -> web.Response:
        """Show where a batch of pictures can be dropped."""
        labeller = await self._labeller(request)
        return await self._in_server(
            "label_batch.html", request, labeller, most_bytes=self._most_bytes
        )

    async def progress(self, request: web.Request) -> web.Response:
        """Show how far the labels are, how far labellers agree, and the exports."""
        labeller = await self._labeller(request)
        figures = self._services.label_figures
        agreement = await figures.agreement(labeller)
        shown = [user for user, _ in agreement.by[:_PEOPLE]]
        shown += [user for pair in agreement.pairs[:_PEOPLE] for user in (pair.first, pair.second)]
        names = await self._names.of(labeller.server_id, set(shown))
        return await self._in_server(
            "label_progress.html", request, labeller, progress=await figures.progress(labeller),
            agreement=agreement, names=names, people=_PEOPLE, manages=labeller.manages,
        )  # fmt: skip

    async def _filled_by_script(self, template: str, request: web.Request) -> web.Response:
        """Show a page of a server whose script asks for the rest."""
        return await self._in_server(template, request, await self._labeller(request))

    async def _labeller(self, request: web.Request) -> Labeller:
        return await self._access.labeller(request, number_in(request, "server"))

    async def _in_server(
        self, template: str, request: web.Request, labeller: Labeller, **context: Any
    ) -> web.Response:
        server_id = labeller.server_id
        membership = await member(request, server_id)
        learning = (await self._services.storage.settings.get(server_id)).learning
        return page(
            template, request, server=server_id, server_name=membership.server_name,
            learning=learning, **context,
        )  # fmt: skip
