"""The account page: where somebody is signed in, and the keys of their programs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from aiohttp import web

from bot.wording import one_line
from web.answers import page
from web.asked import number_in
from web.problems import ProblemError
from web.signing_in.keys import MOST
from web.signing_in.person import KEYS, servers, session_of, signed_in

if TYPE_CHECKING:
    from web.site import Site

ACCOUNT = "/account"
_LABEL = 60


class Account:
    """The handlers of the account page."""

    def __init__(self, site: Site) -> None:
        self._site = site

    def add_to(self, router: web.UrlDispatcher) -> None:
        """Add its routes."""
        router.add_get(ACCOUNT, self.show)
        router.add_post(ACCOUNT + "/keys", self.make_key)
        router.add_post(ACCOUNT + "/keys/{id}/revoke", self.revoke_key)
        router.add_post(ACCOUNT + "/sessions/{id}/end", self.end_session)

    async def show(self, request: web.Request) -> web.Response:
        """Show the account."""
        return await self._shown(request)

    async def make_key(self, request: web.Request) -> web.Response:
        """Make a key, and show it, this once."""
        person = signed_in(request)
        label = one_line(str((await request.post()).get("label", ""))).strip()[:_LABEL]
        if not label:
            raise ProblemError(400, "Give the key a name, by which you know it again.")
        key = await request.app[KEYS].make(person.user_id, person.name, label)
        return await self._shown(request, key=key, status=201)

    async def revoke_key(self, request: web.Request) -> web.StreamResponse:
        """Revoke a key."""
        user_id = signed_in(request).user_id
        await self._site.storage.api_keys.revoke(user_id, number_in(request, "id"))
        raise web.HTTPSeeOther(ACCOUNT)

    async def end_session(self, request: web.Request) -> web.StreamResponse:
        """Sign out in one browser."""
        user_id = signed_in(request).user_id
        await self._site.storage.sessions.end(user_id, number_in(request, "id"))
        raise web.HTTPSeeOther(ACCOUNT)

    async def _shown(
        self, request: web.Request, *, key: str = "", status: int = 200
    ) -> web.Response:
        person, own = signed_in(request), session_of(request)
        storage = self._site.storage
        context: dict[str, Any] = {
            "servers": await servers(request),
            "sessions": await storage.sessions.of_user(person.user_id),
            "own": own.id if own else 0,
            "keys": await storage.api_keys.of_user(person.user_id),
            "most": MOST,
            "key": key,
        }
        shown = page("account.html", request, status=status, **context)
        shown.headers["Cache-Control"] = "no-store"
        return shown
