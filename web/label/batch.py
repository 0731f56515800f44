"""A batch of pictures to be labelled: each is a call of its own, so that a batch goes on anywhere.

What was sent is kept, whatever becomes of the page; the same pictures chosen again are known by
their hashes and not sent twice.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Final

from aiohttp import web
from pydantic import BaseModel, Field, StringConstraints

from bot.recognition.uploads import Uploader
from web.answers import answer
from web.api.uploads import read_upload, shown_name
from web.asked import body_of, number_in
from web.guard import LIMITS
from web.label.api import PREFIX
from web.label.schemas import Request

if TYPE_CHECKING:
    from web.label.access import Access
    from web.site import Site

HASHES: Final = 200
"""Pictures that one call may ask about."""


class KnownAsked(Request):
    """Pictures that a page is about to send, by the SHA-256 of their files, in hexadecimal."""

    hashes: list[Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]] = Field(
        max_length=HASHES
    )


class Known(BaseModel):
    """Those that the server has from the same person already."""

    known: list[str]


class Kept(BaseModel):
    """A picture that is kept now, and how many faces it shows."""

    faces: int


class Batch:
    """The handlers."""

    def __init__(self, site: Site, access: Access) -> None:
        self._site = site
        self._access = access

    def add_to(self, router: web.UrlDispatcher) -> None:
        """Add the routes."""
        router.add_post(f"{PREFIX}/batch/known", self.known)
        router.add_post(f"{PREFIX}/batch/pictures", self.picture)

    async def known(self, request: web.Request) -> web.Response:
        """Say which pictures need not be sent."""
        labeller = await self._access.labeller(request, number_in(request, "server"))
        asked = await body_of(request, KnownAsked)
        who = Uploader(labeller.server_id, labeller.user_id, decides=True)
        known = await self._site.services.uploads.known(who, asked.hashes)
        return answer(Known(known=sorted(known)))

    async def picture(self, request: web.Request) -> web.Response:
        """Take a picture in: judged by its bytes, its faces cut out, and itself forgotten."""
        labeller = await self._access.labeller(request, number_in(request, "server"))
        config, uploads = self._site.config, self._site.services.uploads
        who = Uploader(labeller.server_id, labeller.user_id, decides=True)
        await uploads.check(who)
        async with request.app[LIMITS].batch(who.user_id):
            _, data = await read_upload(request, config.pictures.max_bytes, config.web.upload_s)
            name = shown_name(request.query.get("name", ""))
            picture = await self._site.identify(data, name, who.user_id, who.server_id)
        kept = await uploads.keep(who, picture)
        return answer(Kept(faces=len(kept.faces)))
