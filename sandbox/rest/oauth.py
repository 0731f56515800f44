"""Discord's OAuth2: the page that asks a human for consent, and the token endpoints.

    GET  /oauth2/authorize         the page; here it lists the humans, as nobody signs in
    POST /oauth2/authorize         the human's answer (`user`, or none who cancels)
    POST /api/oauth2/token         a code or a refresh token for tokens
    POST /api/oauth2/token/revoke  a token is taken back

What a token reads goes over the API itself, with `Authorization: Bearer`.
"""

from __future__ import annotations

import secrets
from base64 import b64decode
from typing import TYPE_CHECKING

from aiohttp import web
from yarl import URL

from sandbox.rest.consent import consent_page
from sandbox.state.authorizations import SCOPES, Asked, GrantError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sandbox.state.state import State

AUTHORIZE = "/oauth2/authorize"
TOKEN = "/api/oauth2/token"  # noqa: S105 - an address


class OAuth:
    """Serves the OAuth2 of one sandbox."""

    def __init__(self, state: State) -> None:
        self._world = state.world
        self._granted = state.authorizations

    def add_to(self, router: web.UrlDispatcher) -> None:
        """Serve these routes."""
        router.add_get(AUTHORIZE, self.ask)
        router.add_post(AUTHORIZE, self.answer)
        router.add_post(TOKEN, self.token)
        router.add_post(TOKEN + "/revoke", self.revoke)

    # --- the human's side -----------------------------------------------------------------------

    async def ask(self, request: web.Request) -> web.Response:
        """`GET /oauth2/authorize`."""
        asked = self._asked(request)
        text = consent_page(self._world.bot.display_name, asked, self._world.humans)
        return web.Response(text=text, content_type="text/html")

    async def answer(self, request: web.Request) -> web.Response:
        """`POST /oauth2/authorize`: back to the application, with a code or a refusal."""
        asked = self._asked(request)
        chosen = str((await request.post()).get("user", ""))
        user = self._world.users.get(int(chosen)) if chosen.isdecimal() else None
        if user is None:
            said = {
                "error": "access_denied",
                "error_description": "The resource owner or authorization server denied the "
                "request",
            }
        else:
            said = {"code": self._granted.allow(user, asked)}
        if asked.state:
            said["state"] = asked.state
        raise web.HTTPFound(URL(asked.redirect).update_query(said))

    def _asked(self, request: web.Request) -> Asked:
        """Return what a request's address asks for.

        What is wrong with it is said here: an address that nobody registered is no place to send
        anybody to.
        """
        query = request.query
        scopes = frozenset(query.get("scope", "").split())
        if query.get("client_id") != str(self._world.bot.id):
            raise web.HTTPBadRequest(text="Unknown Application")
        if query.get("response_type") != "code":
            raise web.HTTPBadRequest(text="Unsupported response type")
        if query.get("redirect_uri") not in self._granted.redirects:
            raise web.HTTPBadRequest(text="Invalid OAuth2 redirect_uri")
        if not scopes or not scopes <= SCOPES:
            raise web.HTTPBadRequest(text="The requested scope is invalid, unknown, or malformed.")
        challenge = query.get("code_challenge", "")
        if challenge and query.get("code_challenge_method") != "S256":
            raise web.HTTPBadRequest(text="Unsupported code challenge method")
        return Asked(query["redirect_uri"], scopes, query.get("state", ""), challenge)

    # --- the application's side -----------------------------------------------------------------

    async def token(self, request: web.Request) -> web.Response:
        """`POST /api/oauth2/token`."""
        form = await request.post()
        try:
            self._check_client(request, form)
            match form.get("grant_type"):
                case "authorization_code":
                    given = self._granted.exchange(
                        str(form.get("code", "")),
                        str(form.get("redirect_uri", "")),
                        str(form.get("code_verifier", "")),
                    )
                case "refresh_token":
                    given = self._granted.renew(str(form.get("refresh_token", "")))
                case _:
                    raise GrantError("unsupported_grant_type")
        except GrantError as error:
            return _refused(error)
        return web.json_response(given)

    async def revoke(self, request: web.Request) -> web.Response:
        """`POST /api/oauth2/token/revoke`: of a token that is not there nothing is said."""
        form = await request.post()
        try:
            self._check_client(request, form)
        except GrantError as error:
            return _refused(error)
        self._granted.revoke(str(form.get("token", "")))
        return web.json_response({})

    def _check_client(self, request: web.Request, form: Mapping[str, object]) -> None:
        """Refuse who is not the application; it says who it is in the header or in the form."""
        client, secret = str(form.get("client_id", "")), str(form.get("client_secret", ""))
        header = request.headers.get("Authorization", "")
        if header.startswith("Basic "):
            said = b64decode(header.removeprefix("Basic ")).decode("utf-8", "replace")
            client, _, secret = said.partition(":")
        if client != str(self._world.bot.id) or not secrets.compare_digest(
            secret.encode(), self._granted.secret.encode()
        ):
            raise GrantError("invalid_client", status=401)


def _refused(error: GrantError) -> web.Response:
    body = {"error": error.error}
    if error.description:
        body["error_description"] = error.description
    return web.json_response(body, status=error.status)
