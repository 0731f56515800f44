"""How a REST request becomes a call and its result an answer: who asks, bodies, errors, the record.

The bot and the chat page's humans call the same routes, each with a token of its own: the bot's
stands behind the word "Bot", a human's alone. Behind "Bearer" stands one that a human let the
application have (OAuth2). Rate limits and injected faults meet the bot only.
"""

from __future__ import annotations

import json
import re
from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from aiohttp import BodyPartReader, web

from sandbox.rest.rate_limits import RateLimitedError, RateLimits
from sandbox.state import errors
from sandbox.state.errors import ApiError
from sandbox.state.files import Upload
from sandbox.state.permissions import Permission

if TYPE_CHECKING:
    from sandbox.state.entities import Channel, Json, Message, User
    from sandbox.state.state import State

BASE = "/api/v10"
RECORDED = 5_000
_FILE_FIELD = re.compile(r"files?\[(\d+)\]")
_NO_TOKEN = ("/interactions/", "/webhooks/")

READABLE = {
    ("GET", "/users/@me"): "identify",
    ("GET", "/users/@me/guilds"): "guilds",
    ("GET", "/users/@me/guilds/{guild_id}/member"): "guilds.members.read",
}
"""What an access token may read, and the scope that it needs."""

JSON_TYPE = {"Content-Type": "application/json"}
"""The exact header: with a charset behind it the client takes the answer for text."""


@dataclass(slots=True)
class Call:
    """A request that has been read: who asks, parameters of path and query, JSON body, files.

    `success` is the status of a good answer, which a handler may change.
    """

    request: web.Request
    user: User
    body: Any = None
    success: int = 200
    uploads: dict[int, Upload] = field(default_factory=dict)

    def id(self, name: str) -> int:
        """Return an id of the path; ApiError 50035 where it isn't a number."""
        try:
            return int(self.request.match_info[name])
        except ValueError:
            raise ApiError(400, 50035, f"Value {name} is not snowflake.") from None

    def text(self, name: str) -> str:
        """Return a parameter of the path."""
        return self.request.match_info[name]

    def query(self, name: str, default: str = "") -> str:
        """Return a parameter of the query."""
        return self.request.query.get(name, default)


@dataclass(frozen=True, slots=True)
class Exchange:
    """A REST request of the bot or of a human's page, and its answer; files are left out.

    `route` is the path below the API's base with its parameters' names, as in the API's
    description; `path` the same with their values.
    """

    method: str
    route: str
    path: str
    query: dict[str, str]
    body: Any
    status: int
    answer: Any
    multipart: bool
    user: User


Handler = Callable[[Call], Awaitable[Any]]
"""Answers a call with a JSON value, or with None for 204."""

Route = tuple[str, str, Handler]
"""A method, a path below the API's base, and what answers there."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a request comes to instead of its answer.

    The connection is cut, `before` or `after` the request has done what it does; it gets another
    `answer`, and has done nothing; or its answer is changed by `damage`.
    """

    cut: Literal["before", "after"] | None = None
    answer: Any = None
    damage: Callable[[Any], object] | None = None


Intercept = Callable[[str, str], Awaitable[Outcome | None]]
"""Called with method and path before each request of the bot; may wait, or raise an ApiError."""


class Api:
    """Serves routes of the API, and records what was asked and answered.

    Args:
        state: What the routes read and change.
        limits: The bot's rate limits.
        intercept: Where faults are injected.

    """

    def __init__(self, state: State, limits: RateLimits, intercept: Intercept) -> None:
        self.state = state
        self._limits = limits
        self._intercept = intercept
        self.exchanges: deque[Exchange] = deque(maxlen=RECORDED)

    def channel(self, call: Call) -> Channel:
        """Return the path's channel, where the caller may see it."""
        channel = self.state.world.channel(call.id("channel_id"))
        self.state.world.demand(call.user, channel, Permission.VIEW_CHANNEL)
        return channel

    def message(self, call: Call) -> Message:
        """Return the path's message, where the caller may see it."""
        channel = self.channel(call)
        return self.state.world.message(channel, call.id("message_id"), call.user)

    def add(self, router: web.UrlDispatcher, route: Route) -> None:
        """Serve a route of the API."""
        method, path, handler = route

        async def serve(request: web.Request) -> web.Response:
            return await self._serve(request, path, handler)

        router.add_route(method, BASE + path, serve)

    async def _serve(self, request: web.Request, route: str, handler: Handler) -> web.Response:
        path = request.path.removeprefix(BASE)
        headers: dict[str, str] = {}
        call = Call(request, self.state.world.bot)
        outcome: Outcome | None = None
        try:
            call.user = self._caller(request, path)
            if call.user is self.state.world.bot:
                outcome = await self._intercept(request.method, path)
                info = request.match_info
                major = info.get("channel_id") or info.get("token") or info.get("guild_id") or ""
                headers = self._limits.take(request.method, route, major)
            await read_body(call)
            if outcome is None or outcome.cut == "after" or outcome.damage:
                result = await handler(call)
            else:
                result = outcome.answer
            if outcome is not None and outcome.damage is not None:
                outcome.damage(result)
            status = 204 if result is None else call.success
        except ApiError as error:
            status, result = error.status, error.body()
            if isinstance(error, RateLimitedError):
                headers |= error.headers()
        if outcome is not None and outcome.cut is not None:
            cut(request)
        if outcome is None or outcome.cut == "after":  # else it is no answer of Discord's
            self._record(call, route, path, status, result)
        if status == 204:
            return web.Response(status=204, headers=headers)
        return web.Response(
            status=status, body=json.dumps(result).encode(), headers=headers | JSON_TYPE
        )

    def _caller(self, request: web.Request, path: str) -> User:
        """Return whose token a request carries; ApiError 401 where that is nobody's."""
        bot = self.state.world.bot
        if path.startswith(_NO_TOKEN):
            return bot
        header = request.headers.get("Authorization", "")
        if header.startswith("Bearer "):
            return self._reader(request, header.removeprefix("Bearer "))
        user = self.state.tokens.user(header.removeprefix("Bot "))
        if user is None or header.startswith("Bot ") != (user is bot):
            raise ApiError(401, 0, "401: Unauthorized")
        return user

    def _reader(self, request: web.Request, token: str) -> User:
        """Return whom an access token reads; ApiError 401 where it doesn't reach so far."""
        found = self.state.authorizations.reader(token)
        resource = request.match_info.route.resource
        route = resource.canonical.removeprefix(BASE) if resource is not None else ""
        if found is None or READABLE.get((request.method, route)) not in found[1]:
            raise ApiError(401, 0, "401: Unauthorized")
        return found[0]

    def _record(self, call: Call, route: str, path: str, status: int, answer: Any) -> None:
        request = call.request
        self.exchanges.append(
            Exchange(
                request.method,
                route,
                path,
                dict(request.query),
                call.body,
                status,
                answer,
                request.content_type.startswith("multipart/"),
                call.user,
            )
        )


class Routes(ABC):
    """A group of the API's routes; a subclass lists them."""

    def __init__(self, api: Api) -> None:
        self._api = api
        self._state = api.state
        self._world = api.state.world
        self._bot = api.state.world.bot

    @abstractmethod
    def routes(self) -> Iterable[Route]:
        """Return every route of the group."""

    def add_to(self, router: web.UrlDispatcher) -> None:
        """Serve these routes."""
        for route in self.routes():
            self._api.add(router, route)


def cut(request: web.Request) -> None:
    """Cut the connection of a request, as a network does that breaks."""
    if request.transport is not None:
        request.transport.abort()


async def read_body(call: Call) -> None:
    """Read a request's JSON or multipart body into a call.

    Raises:
        ApiError: 50109, the body isn't JSON.

    """
    request = call.request
    text: str | bytes = b""
    if request.content_type.startswith("multipart/"):
        async for part in await request.multipart():
            if not isinstance(part, BodyPartReader):
                continue  # nested multiparts are no part of the protocol
            if part.name == "payload_json":
                text = await part.read()
            elif match := _FILE_FIELD.fullmatch(part.name or ""):
                data = bytes(await part.read())
                call.uploads[int(match[1])] = Upload(part.filename or "unknown", data)
    else:
        text = await request.read()
    if text:
        try:
            call.body = json.loads(text)
        except ValueError:
            raise ApiError(400, 50109, "The request body contains invalid JSON.") from None


def body_of(call: Call) -> Json:
    """Return a call's body as an object; ApiError 50035 where it is something else."""
    body = call.body if call.body is not None else {}
    if not isinstance(body, dict):
        raise ApiError(400, 50035, "Invalid Form Body")
    return body


def for_bots_only(call: Call) -> None:
    """Refuse a human's call of a bots' route: ApiError 20002."""
    if not call.user.bot:
        raise errors.only_bots()


def for_users_only(call: Call) -> None:
    """Refuse a bot's call of a human's route: ApiError 20001."""
    if call.user.bot:
        raise errors.no_bots()
