"""The local Discord itself: its parts, built once and served by one HTTP server on loopback.

    async with Sandbox() as sandbox:
        # point the client at sandbox.api_url, .gateway_url, .cdn_url; log in with .bot_token
        await sandbox.wait_online()
        message = await sandbox.member("ann").post("fan-art", files=[("a.png", data)])
        answer = await sandbox.answer_to(message)

Nothing is kept after it stops.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Self
from urllib.parse import urlsplit

from aiohttp import web
from aiohttp.typedefs import Handler

from sandbox.gateway.gateway import HEARTBEAT_INTERVAL, Gateway
from sandbox.gateway.identify_limit import IDENTIFY_S
from sandbox.page.routes import Page
from sandbox.page.shelf import Shelf
from sandbox.rest.api import BASE, Api, Exchange
from sandbox.rest.cdn import Cdn
from sandbox.rest.interactions import InteractionRoutes
from sandbox.rest.messages import MessageRoutes
from sandbox.rest.oauth import OAuth
from sandbox.rest.places import PlaceRoutes
from sandbox.rest.rate_limits import RateLimits
from sandbox.state.interactions import ACKNOWLEDGE_SECONDS
from sandbox.state.state import State
from sandbox.testing.fault_injection import FaultInjection
from sandbox.testing.places import Places
from sandbox.testing.waiting import Waiting

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

HOST = "127.0.0.1"
LOOPBACK_NAMES = ("127.0.0.1", "localhost", "::1")
MAX_REQUEST = 200 * 2**20
"""Bytes of a whole request."""


class Sandbox:
    """A local Discord with one bot.

    Args:
        port: Where to listen on loopback; 0 takes a free one.
        samples: A folder of pictures that join the page's shelf.
        beside: The address of what runs beside it, linked in the page's head.
        shelf_notes: Lines under the shelf's headings, by the group's name.
        bot_name: The bot's name.
        intents: Privileged intents that the "developer portal" grants: `message_content`,
            `members`, `presences`.
        realistic_limits: Have Discord's rate limits, that of new sessions included, instead of
            none that is felt.
        acknowledge_seconds: How soon an interaction must be acknowledged.
        heartbeat_interval: Seconds between heartbeats that the gateway asks for.
        least_wait: Seconds that waiting for an event has at least, on a machine that may be busy.

    Attributes:
        state: The world and what changes it.
        gateway: The bot's connections.
        places: Makes and changes servers, channels, members and roles; it names what is there at
            the start.
        fault_injection: Makes requests, connections and permissions of the bot fail.
        waiting: Waits for events, replies and answers.
        server: The server that everything is in, where no other is named.
        bot: The bot's user.

    """

    def __init__(
        self,
        *,
        port: int = 0,
        samples: Path | None = None,
        beside: str = "",
        shelf_notes: Mapping[str, str] | None = None,
        bot_name: str = "Moedex",
        intents: Iterable[str] = ("message_content", "members"),
        realistic_limits: bool = False,
        acknowledge_seconds: float = ACKNOWLEDGE_SECONDS,
        heartbeat_interval: float = HEARTBEAT_INTERVAL,
        least_wait: float = 0.0,
    ) -> None:
        self.state = State(bot_name)
        self.state.interactions.acknowledge_seconds = acknowledge_seconds
        self.gateway = Gateway(
            self.state, heartbeat_interval, IDENTIFY_S if realistic_limits else 0.0
        )
        self.places = Places(self.state)
        self.fault_injection = FaultInjection(self.state, self.gateway, self.places)
        self.fault_injection.grant_intents(*intents)
        self.waiting = Waiting(self.state, least_wait)
        self._api = Api(
            self.state, RateLimits(realistic=realistic_limits), self.fault_injection.intercept
        )
        self._page = Page(self.state, Shelf(samples, shelf_notes or {}), beside)
        self._port = port
        self._runner: web.AppRunner | None = None
        self.server = self.places.server
        self.bot = self.state.world.bot
        self.bot_token = self.state.tokens.of(self.bot)
        # What tests use most often can be called on the sandbox itself.
        self.member = self.places.member
        self.channel = self.places.channel
        self.messages = self.places.messages
        self.wait_for = self.waiting.wait_for
        self.wait_online = self.waiting.wait_online
        self.answer_to = self.waiting.answer_to
        self.replies = self.waiting.replies
        self.answer = self.waiting.answer
        self.modal = self.waiting.modal

    # --- running --------------------------------------------------------------------------------

    async def start(self) -> None:
        """Start listening on loopback; OSError where the port is taken."""
        app = web.Application(client_max_size=MAX_REQUEST, middlewares=[only_loopback])
        for routes in (
            MessageRoutes(self._api),
            InteractionRoutes(self._api),
            PlaceRoutes(self._api),
            Cdn(self.state.world, self.fault_injection.broken_download),
            OAuth(self.state),
            self.gateway,
            self._page,
        ):
            routes.add_to(app.router)
        app.on_shutdown.append(self._page.leave)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=1.0)
        await self._runner.setup()
        site = web.TCPSite(self._runner, HOST, self._port)
        await site.start()
        self._port = self._runner.addresses[0][1]
        self.state.world.cdn = self.cdn_url
        self.state.world.gateway = self.gateway_url

    async def close(self) -> None:
        """Stop: connections are closed and everything is forgotten."""
        self.state.interactions.close()
        self.gateway.release()
        await self.gateway.close(1001, "The sandbox has stopped.")
        if self._runner is not None:
            await self._runner.cleanup()
            self._runner = None

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    # --- where it is, and what was asked of it --------------------------------------------------

    @property
    def api_url(self) -> str:
        """The base of the REST API, for `discord.http.Route.BASE`."""
        return f"http://{HOST}:{self._port}{BASE}"

    @property
    def gateway_url(self) -> str:
        """The gateway's address, for `DiscordWebSocket.DEFAULT_GATEWAY`."""
        return f"ws://{HOST}:{self._port}/gateway"

    @property
    def cdn_url(self) -> str:
        """The base of the files' addresses, for `discord.asset.Asset.BASE`."""
        return f"http://{HOST}:{self._port}"

    @property
    def page_url(self) -> str:
        """The chat page's address."""
        return f"http://{HOST}:{self._port}/"

    @property
    def discord_section(self) -> dict[str, object]:
        """The section `[discord]` of a configuration whose bot connects to here."""
        return {
            "token": self.bot_token,
            "api": self.api_url,
            "gateway": self.gateway_url,
            "cdn": self.cdn_url,
        }

    def application(self, *redirects: str) -> dict[str, str]:
        """Register where OAuth2 may lead back to; return the application's id and secret.

        They are named as the section `[web]` of a configuration names them.
        """
        self.state.authorizations.redirects.update(redirects)
        return {
            "client_id": str(self.bot.id),
            "client_secret": self.state.authorizations.secret,
        }

    @property
    def exchanges(self) -> list[Exchange]:
        """The latest REST requests, the bot's and the page's, with their answers."""
        return list(self._api.exchanges)


@web.middleware
async def only_loopback(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Refuse requests that another site's page sends here through the browser."""
    origin = request.headers.get("Origin")
    if urlsplit(f"//{request.host}").hostname not in LOOPBACK_NAMES or (
        origin is not None and urlsplit(origin).netloc != request.host
    ):
        raise web.HTTPForbidden(text="This server answers its own page only.")
    return await handler(request)
