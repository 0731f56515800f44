"""The calls that take labels elsewhere: zips, sent while they are made, and packs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, cast

from aiohttp import web

from bot.labelling.export import MANAGERS_ONLY
from web.asked import number_in
from web.label.api import PREFIX
from web.problems import ProblemError

if TYPE_CHECKING:
    from bot.labelling.export import Form
    from bot.services import Services
    from web.label.access import Access

FORMS: Final = ("imagefolder", "csv", "coco")


class Takeaway:
    """The handlers of exports."""

    def __init__(self, services: Services, access: Access) -> None:
        self._services = services
        self._access = access

    def add_to(self, router: web.UrlDispatcher) -> None:
        """Add the routes."""
        router.add_get(f"{PREFIX}/export/pack", self.pack)
        router.add_get(f"{PREFIX}/export/{{form:{'|'.join(FORMS)}}}", self.zipped)

    async def zipped(self, request: web.Request) -> web.StreamResponse:
        """Send crops and labels as a zip, while it is made."""
        labeller = await self._access.labeller(request, number_in(request, "server"))
        form = cast("Form", request.match_info["form"])
        if not labeller.manages:
            raise ProblemError(403, MANAGERS_ONLY)
        pieces = await self._services.exports.zipped(labeller, form)
        response = web.StreamResponse(headers=_as_file(f"labels-{form}.zip"))
        response.content_type = "application/zip"
        await response.prepare(request)
        async for piece in pieces:
            await response.write(piece)
        await response.write_eof()
        return response

    async def pack(self, request: web.Request) -> web.Response:
        """Send a pack."""
        labeller = await self._access.labeller(request, number_in(request, "server"))
        if not labeller.manages:
            raise ProblemError(403, MANAGERS_ONLY)
        data = await self._services.exports.pack(labeller)
        headers = _as_file("labels.moedex-pack")
        return web.Response(body=data, content_type="application/octet-stream", headers=headers)


def _as_file(name: str) -> dict[str, str]:
    return {"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-store"}
