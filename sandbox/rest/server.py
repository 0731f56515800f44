"""The local Discord itself: one HTTP server on loopback, and the handle that tests hold.

    async with Sandbox() as sandbox:
        # point the client at sandbox.api, sandbox.gateway, sandbox.cdn; log in with .bot_token
        await sandbox.wait_online()
        message = await sandbox.member("ann").post("fan-art", files=[("a.png", data)])
        answer = await sandbox.answer_to(message)

The world it starts with: the server "Moedex test server" with the channels general, fan-art, quiet
and age-restricted, and the thread "art talk" in fan-art; Ann, who owns it and so may do everything,
and Ben, a plain member. Nothing is kept after it stops.
"""

from __future__ import annotations

import secrets
from base64 import urlsafe_b64encode
from typing import TYPE_CHECKING, Self
from urllib.parse import urlsplit

from aiohttp import web
from aiohttp.typedefs import Handler

from sandbox.gateway.sessions import HEARTBEAT_INTERVAL, Gateway
from sandbox.rest.cdn import Cdn
from sandbox.rest.interactions import InteractionRoutes
from sandbox.rest.messages import MessageRoutes
from sandbox.rest.places import PlaceRoutes
from sandbox.rest.routing import BASE, Api, Exchange
from sandbox.state.actions import Actions
from sandbox.state.commands import Commands
from sandbox.state.events import Event, Kind, Predicate, Stream
from sandbox.state.interactions import ACKNOWLEDGE_SECONDS, Interaction, Interactions
from sandbox.state.world import (
    Message,
    World,
)
from sandbox.testing.driver import Member
from sandbox.testing.faults import Faults
from sandbox.testing.trouble import Trouble

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

HOST = "127.0.0.1"
LOOPBACK_NAMES = ("127.0.0.1", "localhost", "::1")
MAX_REQUEST = 200 * 2**20
"""Bytes of a whole request."""

WAIT = 10.0
"""Seconds that waiting for something takes at most, unless told otherwise."""


class Sandbox(Trouble):
    """A local Discord with one bot.

    Args:
        port: Where to listen on loopback; 0 takes a free one.
        samples: A folder of pictures that join the page's shelf.
        bot_name: The bot's name.
        intents: Privileged intents that the "developer portal" grants: `message_content`,
            `members`, `presences`.
        realistic_limits: Have Discord's rate limits instead of none that is felt.
        acknowledge_seconds: How soon an interaction must be acknowledged.
        heartbeat_interval: Seconds between heartbeats that the gateway asks for.

    """

    def __init__(
        self,
        *,
        port: int = 0,
        samples: Path | None = None,
        bot_name: str = "Moedex",
        intents: Iterable[str] = ("message_content", "members"),
        realistic_limits: bool = False,
        acknowledge_seconds: float = ACKNOWLEDGE_SECONDS,
        heartbeat_interval: float = HEARTBEAT_INTERVAL,
    ) -> None:
        self._port = port
        self.samples = samples
        self.world = World(bot_name)
        self.stream = Stream()
        self.actions = Actions(self.world, self.stream)
        self.commands = Commands(self.world)
        self.interactions = Interactions(self.world, self.actions)
        self.interactions.acknowledge_seconds = acknowledge_seconds
        self.faults = Faults(realistic_limits=realistic_limits)
        self.bot_token = _make_token(self.world.bot.id)
        self._gateway = Gateway(self.world, self.interactions, self.stream, self.bot_token)
        self._gateway.heartbeat_interval = heartbeat_interval
        self._api = Api(
            self.world,
            self.actions,
            self.interactions,
            self.commands,
            self._gateway,
            self.faults,
            self.bot_token,
        )
        self._members: dict[tuple[int, str], Member] = {}
        self._runner: web.AppRunner | None = None
        self.grant_intents(*intents)
        owner = self.world.add_user("Ann")
        self.server = self.world.add_server("Moedex test server", owner)
        self._members[self.server.id, "ann"] = Member(self, owner, self.server)
        for name in ("general", "fan-art", "quiet", "age-restricted"):
            self.add_channel(name, nsfw=name == "age-restricted")
        self.world.add_channel("art talk", self.server, parent=self.channel("fan-art"))
        self.add_member("Ben")

    # --- running --------------------------------------------------------------------------------

    async def start(self) -> None:
        """Start listening on loopback; OSError where the port is taken."""
        from sandbox.page.api import PageApi

        app = web.Application(client_max_size=MAX_REQUEST, middlewares=[only_loopback])
        page = PageApi(self)
        self.shelf = page.shelf
        for routes in (
            MessageRoutes(self._api),
            InteractionRoutes(self._api),
            PlaceRoutes(self._api),
            Cdn(self.world),
            page,
        ):
            routes.add_to(app.router)
        app.on_shutdown.append(page.leave)
        app.router.add_get("/gateway", self._gateway.handle)
        app.router.add_get("/gateway/", self._gateway.handle)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=1.0)
        await self._runner.setup()
        site = web.TCPSite(self._runner, HOST, self._port)
        await site.start()
        self._port = self._runner.addresses[0][1]
        self.world.cdn = self.cdn
        self._gateway.url = self.gateway

    async def close(self) -> None:
        """Stop: connections are closed and everything is forgotten."""
        self.interactions.close()
        self._gateway.release()
        await self._gateway.close(1001, "The sandbox has stopped.")
        if self._runner is not None:
            await self._runner.cleanup()
            self._runner = None

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    @property
    def api(self) -> str:
        """The base of the REST API, for `discord.http.Route.BASE`."""
        return f"http://{HOST}:{self._port}{BASE}"

    @property
    def gateway(self) -> str:
        """The gateway's address, for `DiscordWebSocket.DEFAULT_GATEWAY`."""
        return f"ws://{HOST}:{self._port}/gateway"

    @property
    def cdn(self) -> str:
        """The base of the files' addresses, for `discord.asset.Asset.BASE`."""
        return f"http://{HOST}:{self._port}"

    @property
    def discord_section(self) -> dict[str, object]:
        """The section `[discord]` of a configuration whose bot connects to here."""
        return {
            "token": self.bot_token,
            "api": self.api,
            "gateway": self.gateway,
            "cdn": self.cdn,
        }

    @property
    def page_url(self) -> str:
        """The chat page's address."""
        return f"http://{HOST}:{self._port}/"

    # --- what it knows ---------------------------------------------------------------------------

    @property
    def online(self) -> bool:
        """Whether the bot is connected."""
        return self._gateway.online

    @property
    def exchanges(self) -> list[Exchange]:
        """The latest REST requests of the bot, with their answers."""
        return list(self._api.exchanges)

    # --- waiting --------------------------------------------------------------------------------

    async def wait_for(
        self,
        what: Kind | Predicate,
        where: Predicate | None = None,
        timeout: float = WAIT,  # noqa: ASYNC109 - part of what callers ask for
        after: int | None = None,
    ) -> Event:
        """Wait for an event, by its kind or by a function that says whether it is the one.

        Args:
            what: An event's kind (see `events.Kind`), or a predicate.
            where: A predicate that the event must meet too.
            timeout: Seconds to wait at most.
            after: Look at events from this number on (`stream.count` is the next one's number);
                None: since the last action of a member began.

        Raises:
            TimeoutError: It didn't happen; the message lists what did.

        """

        def fits(event: Event) -> bool:
            right = event.kind == what if isinstance(what, str) else what(event)
            return right and (where is None or where(event))

        try:
            return await self.stream.wait_for(fits, timeout, after)
        except TimeoutError:
            seen = self.stream.since(self.stream.mark if after is None else after)
            happened = ", ".join(event.kind for event in seen[-20:]) or "nothing"
            raise TimeoutError(f"{what} did not come in {timeout} s; seen: {happened}") from None

    async def wait_online(self, timeout: float = WAIT) -> None:  # noqa: ASYNC109 - as above
        """Wait until the bot is connected."""
        if not self.online:
            await self.wait_for("bot_online", timeout=timeout, after=0)

    async def answer_to(self, message: Message, timeout: float = WAIT) -> Message:  # noqa: ASYNC109
        """Return the bot's reply to a message; TimeoutError where none comes."""
        found = self.replies(message)
        if found:
            return found[0]
        event = await self.wait_for(
            "message_create",
            lambda event: event.by_bot and event.messages[0].referenced is message,
            timeout,
        )
        return event.messages[0]

    def replies(self, message: Message) -> list[Message]:
        """Return the bot's replies to a message so far."""
        return [
            item
            for item in message.channel.messages.values()
            if item.author is self.bot and item.referenced is message
        ]

    async def answer(self, interaction: Interaction, timeout: float = WAIT) -> Message:  # noqa: ASYNC109
        """Return the bot's answer to an interaction, once it is more than "thinking".

        Raises:
            TimeoutError: None came, or the bot let the interaction fail.

        """
        if not interaction.answers:
            await self.wait_for(
                lambda event: bool(interaction.answers) or interaction.failed, None, timeout
            )
        if not interaction.answers:
            raise TimeoutError("The application did not respond")
        return interaction.answers[0]

    async def modal(self, interaction: Interaction, timeout: float = WAIT) -> Interaction:  # noqa: ASYNC109
        """Wait until the bot has opened a form on an interaction; returns that interaction."""
        if interaction.modal is None:
            await self.wait_for("modal", lambda event: event.interaction is interaction, timeout)
        return interaction


@web.middleware
async def only_loopback(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Refuse requests that another site's page sends here through the browser."""
    origin = request.headers.get("Origin")
    if urlsplit(f"//{request.host}").hostname not in LOOPBACK_NAMES or (
        origin is not None and urlsplit(origin).netloc != request.host
    ):
        raise web.HTTPForbidden(text="This server answers its own page only.")
    return await handler(request)


def _make_token(bot_id: int) -> str:
    """Make a token of the shape of Discord's, which is good for this sandbox only."""
    name = urlsafe_b64encode(str(bot_id).encode()).decode().rstrip("=")
    return f"{name}.{secrets.token_urlsafe(4)}.{secrets.token_urlsafe(28)}"
