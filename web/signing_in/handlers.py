"""Signing in and out: the way to Discord and back, and what every request passes.

An attempt to sign in has a `state` that is good once, for ten minutes, and in the browser alone
where it was begun: a signed cookie binds it.
"""

from __future__ import annotations

import hmac
import secrets
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

import aiohttp
from aiohttp import web
from aiohttp.typedefs import Handler
from yarl import URL

from bot.storage.records import NewSession
from web.addresses import API, PREFIX
from web.problems import ProblemError
from web.signing_in.account import Account
from web.signing_in.avatars import Avatars
from web.signing_in.keys import Keys
from web.signing_in.memberships import Memberships
from web.signing_in.oauth import DiscordOAuth
from web.signing_in.person import (
    KEYS,
    MEMBERSHIPS,
    SESSIONS,
    SIGN_IN,
    asks_with,
    belongs_to,
    session_of,
)
from web.signing_in.sessions import Sessions

if TYPE_CHECKING:
    from web.site import Site

SIGNED_IN: Final = "/signed-in"
"""Where Discord leads back to: the redirect that the developer portal is told."""
UNCHANGING: Final = frozenset({f"{PREFIX}/identify", f"{PREFIX}/why"})
"""What is asked by POST and changes nothing."""

_ATTEMPT: Final = "moedex_sign_in"
_ATTEMPT_S: Final = 600
_MOST: Final = 10_000
_NEW_COOKIE: Final = web.RequestKey("new_cookie", str)
_FORM_BYTES: Final = 2**16
_LOOPBACK: Final = frozenset({"localhost", "127.0.0.1", "::1"})
_NOT_BEGUN: Final = "This sign-in was not begun here, or took too long. Begin it again."
_STALE: Final = "That came from another site, or from a page that is too old: load it anew."


@dataclass(frozen=True, slots=True)
class _Attempt:
    verifier: str
    redirect: str
    leads_to: str
    until: float


class SigningIn:
    """The handlers of signing in and out."""

    def __init__(self, site: Site, oauth: DiscordOAuth) -> None:
        self._site = site
        self._oauth = oauth
        self._attempts: dict[str, _Attempt] = {}

    async def begin(self, request: web.Request) -> web.StreamResponse:
        """Lead somebody to Discord."""
        state, verifier = secrets.token_urlsafe(32), secrets.token_urlsafe(48)
        redirect = self._origin(request) + SIGNED_IN
        leads_to = inside(request.query.get("next", "/"))
        now = time.monotonic()
        self._attempts = {key: one for key, one in self._attempts.items() if one.until > now}
        while len(self._attempts) >= _MOST:
            del self._attempts[next(iter(self._attempts))]
        self._attempts[state] = _Attempt(verifier, redirect, leads_to, now + _ATTEMPT_S)
        found = _leads_to(self._oauth.address(state, verifier, redirect))
        found.set_cookie(
            _ATTEMPT, request.app[SESSIONS].signed(state), max_age=_ATTEMPT_S, path=SIGNED_IN,
            httponly=True, secure=request.app[SESSIONS].secure, samesite="Lax",
        )  # fmt: skip
        return found

    async def finish(self, request: web.Request) -> web.StreamResponse:
        """Take somebody who comes back from Discord, and sign them in."""
        state = request.query.get("state", "")
        begun = request.app[SESSIONS].unsigned(request.cookies.get(_ATTEMPT, ""))
        if not begun or not hmac.compare_digest(begun.encode(), state.encode()):
            raise ProblemError(400, _NOT_BEGUN)
        attempt = self._attempts.pop(state, None)
        if attempt is None or time.monotonic() > attempt.until:
            raise ProblemError(400, _NOT_BEGUN)
        if "error" in request.query:
            raise ProblemError(403, "You are not signed in: Discord was told not to.")
        ours = await request.app[MEMBERSHIPS].servers()
        profile = await self._oauth.read(
            request.query.get("code", ""), attempt.verifier, attempt.redirect, ours
        )
        await request.app[MEMBERSHIPS].signed_in(profile)
        # Whatever session the browser came with is left: a new one has a token of its own.
        before = session_of(request)
        if before is not None:
            await request.app[SESSIONS].end(before)
        servers = tuple(one.server_id for one in profile.servers)
        who = NewSession(profile.user_id, profile.name, profile.avatar, servers)
        _, cookie = await request.app[SESSIONS].begin(who)
        request[_NEW_COOKIE] = cookie
        found = _leads_to(attempt.leads_to)
        found.del_cookie(_ATTEMPT, path=SIGNED_IN)
        return found

    async def sign_out(self, request: web.Request) -> web.StreamResponse:
        """End this session."""
        session = session_of(request)
        if session is not None:
            await request.app[SESSIONS].end(session)
            request[_NEW_COOKIE] = ""
        raise web.HTTPSeeOther("/")

    async def sign_out_everywhere(self, request: web.Request) -> web.StreamResponse:
        """End every session of the person."""
        session = session_of(request)
        if session is not None:
            await self._site.storage.sessions.end_all(session.who.user_id)
            request[_NEW_COOKIE] = ""
        raise web.HTTPSeeOther("/")

    def _origin(self, request: web.Request) -> str:
        if public := self._site.config.web.public_url:
            return public
        if request.url.host not in _LOOPBACK:
            raise ProblemError(
                503, "Signing in works here once whoever runs this site sets [web] public_url."
            )
        return str(request.url.origin())


def add_signing_in(app: web.Application, site: Site) -> None:
    """Let people sign in on a site, where its configuration says with what."""
    config = site.config
    if not config.web.client_id:
        return
    app[SESSIONS] = Sessions(config.web, site.storage.sessions)
    app[KEYS] = Keys(site.storage.api_keys)
    app[MEMBERSHIPS] = Memberships(site.client, site.storage.settings)
    http = aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=15))
    handlers = SigningIn(site, DiscordOAuth(config, http))
    app.router.add_get(SIGN_IN, handlers.begin)
    app.router.add_get(SIGNED_IN, handlers.finish)
    app.router.add_post("/sign-out", handlers.sign_out)
    app.router.add_post("/sign-out-everywhere", handlers.sign_out_everywhere)
    Account(site).add_to(app.router)
    Avatars(config.discord, http).add_to(app.router)
    app.on_response_prepare.append(_set_cookie)

    async def running(_: web.Application) -> AsyncIterator[None]:
        await site.storage.sessions.end_old(datetime.now(UTC))
        yield
        await http.close()

    app.cleanup_ctx.append(running)


@web.middleware
async def recognised(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Find out whose request it is, and refuse what another site made their browser send."""
    sessions = request.app.get(SESSIONS)
    authorization = request.headers.get("Authorization")
    if sessions is not None and authorization and request.path.startswith(API):
        # No browser sends this by itself, so no other site can; and cookies count for nothing here.
        asks_with(request, await request.app[KEYS].read(authorization))
        return await handler(request)
    cookie = request.cookies.get(sessions.cookie) if sessions is not None else None
    if sessions is not None and cookie and not request.path.startswith("/static/"):
        found = await sessions.find(cookie)
        if found is None:
            request[_NEW_COOKIE] = ""
        else:
            session, changed = found
            belongs_to(request, session)
            if changed:
                request[_NEW_COOKIE] = changed
            if request.method not in ("GET", "HEAD", "OPTIONS"):
                await _check_own(request, sessions.csrf(session))
    return await handler(request)


async def _check_own(request: web.Request, csrf: str) -> None:
    if request.headers.get("Sec-Fetch-Site", "same-origin") != "same-origin":
        raise ProblemError(403, _STALE)
    if request.path in UNCHANGING:
        return
    sent = request.headers.get("X-CSRF-Token", "")
    if not sent and request.content_type == "application/x-www-form-urlencoded":
        if (request.content_length or _FORM_BYTES + 1) > _FORM_BYTES:
            raise ProblemError(413, "That is larger than I take.")
        sent = str((await request.post()).get("csrf", ""))
    if not hmac.compare_digest(sent.encode(), csrf.encode()):
        raise ProblemError(403, _STALE)


async def _set_cookie(request: web.Request, response: web.StreamResponse) -> None:
    """Set the session's cookie on whatever is answered, an error too."""
    if session_of(request) is not None:
        response.headers.setdefault("Cache-Control", "private, no-cache")
    if (cookie := request.get(_NEW_COOKIE)) is not None:
        request.app[SESSIONS].set(response.headers, cookie)
        response.headers["Cache-Control"] = "no-store"


def _leads_to(address: URL | str) -> web.Response:
    return web.Response(status=303, headers={"Location": str(address)})


def inside(address: str) -> str:
    """Return an address within the site: what leads anywhere else becomes the first page."""
    split = urlsplit(address)
    plain = address.isprintable() and "\\" not in address
    if not plain or split.scheme or split.netloc or not split.path.startswith("/"):
        return "/"
    return address if not address.startswith("//") else "/"
