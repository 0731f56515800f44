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

from sandbox import errors
from sandbox.actions import Actions
from sandbox.cdn import Cdn
from sandbox.commands import Commands
from sandbox.dispatches import PRIVILEGED
from sandbox.driver import Member
from sandbox.events import Event, Kind, Predicate, Stream
from sandbox.faults import Fault, Faults, RateLimitedError
from sandbox.gateway import HEARTBEAT_INTERVAL, Gateway
from sandbox.interactions import ACKNOWLEDGE_SECONDS, Interaction, Interactions
from sandbox.permissions import MODERATOR, Permission, permission_named
from sandbox.rest import BASE, Api, Exchange
from sandbox.routes_interactions import InteractionRoutes
from sandbox.routes_messages import MessageRoutes
from sandbox.routes_places import PlaceRoutes
from sandbox.world import (
    Channel,
    ChannelType,
    Message,
    Overwrite,
    Role,
    Server,
    ServerMember,
    User,
    World,
)

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

HOST = "127.0.0.1"
LOOPBACK_NAMES = ("127.0.0.1", "localhost", "::1")
MAX_REQUEST = 200 * 2**20
"""Bytes of a whole request."""

WAIT = 10.0
"""Seconds that waiting for something takes at most, unless told otherwise."""


class Sandbox:
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
        from sandbox.page_api import PageApi

        app = web.Application(client_max_size=MAX_REQUEST, middlewares=[only_loopback])
        for routes in (
            MessageRoutes(self._api),
            InteractionRoutes(self._api),
            PlaceRoutes(self._api),
            Cdn(self.world),
            PageApi(self),
        ):
            routes.add_to(app.router)
        app.router.add_get("/gateway", self._gateway.handle)
        app.router.add_get("/gateway/", self._gateway.handle)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=1.0)
        await self._runner.setup()
        site = web.TCPSite(self._runner, HOST, self._port)
        await site.start()
        self._port = self._runner.addresses[0][1]
        self.actions.cdn = self.cdn
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
    def page_url(self) -> str:
        """The chat page's address."""
        return f"http://{HOST}:{self._port}/"

    # --- the world ------------------------------------------------------------------------------

    @property
    def bot(self) -> User:
        """The bot's user."""
        return self.world.bot

    @property
    def online(self) -> bool:
        """Whether the bot is connected."""
        return self._gateway.online

    @property
    def exchanges(self) -> list[Exchange]:
        """The latest REST requests of the bot, with their answers."""
        return list(self._api.exchanges)

    def member(self, name: str, server: Server | None = None) -> Member:
        """Return the member with a name (in any case); KeyError where there is none."""
        return self._members[(server or self.server).id, name.lower()]

    def members(self) -> list[Member]:
        """Return every human member of every server."""
        return list(self._members.values())

    def channel(self, name: str, server: Server | None = None) -> Channel:
        """Return a server's channel or thread by its name; KeyError where there is none."""
        name = name.removeprefix("#")
        for channel in (server or self.server).channels.values():
            if channel.name == name or (name == "nsfw" and channel.nsfw):
                return channel
        raise KeyError(name)

    def messages(self, channel: Channel | str) -> list[Message]:
        """Return a channel's messages, oldest first, ephemeral ones included."""
        where = self.channel(channel) if isinstance(channel, str) else channel
        return list(where.messages.values())

    def add_member(
        self, name: str, server: Server | None = None, *, moderator: bool = False
    ) -> Member:
        """Let somebody join a server; a moderator has Manage Server and the like."""
        server = server or self.server
        user = self.world.add_user(name)
        joined = ServerMember(user)
        if moderator:
            roles = [item for item in server.roles.values() if item.name == "Moderator"]
            role = roles[0] if roles else self.add_role("Moderator", MODERATOR, server)
            joined.role_ids.append(role.id)
        server.members[user.id] = joined
        self.stream.emit(Event("member_join", server, user=user))
        member = self._members[server.id, name.lower()] = Member(self, user, server)
        return member

    def join(self, member: Member, server: Server) -> Member:
        """Let a member of one server join another, as the same user."""
        server.members[member.id] = ServerMember(member.user)
        self.stream.emit(Event("member_join", server, user=member.user))
        joined = Member(self, member.user, server)
        self._members[server.id, member.user.display_name.lower()] = joined
        return joined

    def leave(self, member: Member) -> None:
        """Let a member leave its server."""
        del member.server.members[member.id]
        self._members.pop((member.server.id, member.user.display_name.lower()), None)
        self.stream.emit(Event("member_leave", member.server, user=member.user))

    def add_server(self, name: str, channels: Iterable[str] = ("general",)) -> Server:
        """Make another server with the bot in it, owned by Ann."""
        owner = self.member("ann").user
        server = self.world.add_server(name, owner)
        self._members[server.id, "ann"] = Member(self, owner, server)
        for channel in channels:
            self.world.add_channel(channel, server)
        self.stream.emit(Event("server_join", server, user=self.bot))
        return server

    def remove_server(self, server: Server) -> None:
        """Throw the bot out of a server; the server is gone."""
        self.stream.emit(Event("server_leave", server, user=self.bot))
        self.world.servers.pop(server.id, None)
        for channel_id in server.channels:
            self.world.channels.pop(channel_id, None)

    def set_upload_limit(self, limit: int, server: Server | None = None) -> None:
        """Set how many bytes a file may have in a server."""
        (server or self.server).upload_limit = limit
        self.stream.emit(Event("server_update", server or self.server))

    def add_channel(
        self, name: str, server: Server | None = None, *, nsfw: bool = False
    ) -> Channel:
        """Make a text channel."""
        channel = self.world.add_channel(name, server or self.server, nsfw=nsfw)
        self.stream.emit(Event("channel_create", channel.server, channel))
        return channel

    def delete_channel(self, channel: Channel | str) -> None:
        """Delete a channel with all that is in it."""
        where = self.channel(channel) if isinstance(channel, str) else channel
        self.actions.delete_channel(where, self.member("ann").user)

    def mark_nsfw(self, channel: Channel | str, *, nsfw: bool = True) -> None:
        """Mark a channel as age-restricted, or not."""
        where = self.channel(channel) if isinstance(channel, str) else channel
        where.nsfw = nsfw
        self.stream.emit(Event("channel_update", where.server, where))

    def add_role(
        self,
        name: str,
        permissions: Permission = Permission(0),  # noqa: B008 - flags don't change
        server: Server | None = None,
    ) -> Role:
        """Make a role."""
        server = server or self.server
        role = self.world.add_role(server, name, permissions)
        self.stream.emit(Event("role_create", server, role=role))
        return role

    def give_role(self, member: Member, role: Role, *, take: bool = False) -> None:
        """Give a member a role, or take it."""
        ids = member.server.members[member.id].role_ids
        if take and role.id in ids:
            ids.remove(role.id)
        elif not take and role.id not in ids:
            ids.append(role.id)
        self.stream.emit(Event("member_update", member.server, user=member.user))

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

    # --- trouble --------------------------------------------------------------------------------

    def grant_intents(self, *names: str) -> None:
        """Grant exactly these privileged intents; it counts from the next IDENTIFY on."""
        unknown = set(names) - set(PRIVILEGED)
        if unknown:
            raise ValueError(f"no privileged intent {unknown.pop()!r}: {', '.join(PRIVILEGED)}")
        self.world.granted_intents = set(names)

    async def drop_gateway(self, *, resume: bool = True, hold: bool = False) -> None:
        """Cut the bot's connections as a lost network does.

        Args:
            resume: Whether the sessions can be resumed afterwards.
            hold: Let nobody in until `release_gateway`, so that something can be missed.

        """
        if hold:
            self._gateway.hold()
        await self._gateway.drop()
        if not resume:
            self._gateway.forget_sessions()

    def release_gateway(self) -> None:
        """Let the bot connect again."""
        self._gateway.release()

    async def close_gateway(self, code: int) -> None:
        """Close the bot's connections with a code, such as 4000 (resume) or 4014 (don't)."""
        await self._gateway.close(code)

    def ask_reconnect(self) -> None:
        """Ask the bot to reconnect and resume (op 7)."""
        self._gateway.ask_reconnect()

    def invalidate_session(self, *, resumable: bool = False) -> None:
        """Tell the bot that its session is invalid (op 9)."""
        self._gateway.invalidate(resumable=resumable)

    def ignore_heartbeats(self, *, ignore: bool = True) -> None:
        """Acknowledge no heartbeat any more: the bot should take the connection for dead."""
        self._gateway.acknowledge_heartbeats = not ignore

    def recommend_shards(self, count: int) -> None:
        """Set how many shards `/gateway/bot` recommends."""
        self._gateway.shards = count

    @property
    def identifies(self) -> int:
        """How often the bot has identified."""
        return self._gateway.identifies

    @property
    def resumes(self) -> int:
        """How often the bot has resumed."""
        return self._gateway.resumes

    def rate_limit(
        self,
        route: str = "*",
        *,
        times: int | None = 1,
        retry_after: float = 0.2,
        is_global: bool = False,
    ) -> Fault:
        """Answer the next requests that fit a route with 429 (see `Fault.route`)."""
        error = RateLimitedError(retry_after, is_global=is_global)
        return self.faults.add(Fault(route, times, error=error))

    def fail(
        self,
        route: str,
        status: int,
        code: int = 0,
        message: str = "Internal Server Error",
        *,
        times: int | None = 1,
    ) -> Fault:
        """Answer the next requests that fit a route with an error."""
        return self.faults.add(Fault(route, times, error=errors.ApiError(status, code, message)))

    def refuse_edits(self, *, times: int | None = None) -> Fault:
        """Refuse further edits of messages, as Discord does with old ones (30046)."""
        return self.fail(
            "PATCH /channels/*/messages/*",
            429,
            30046,
            "Maximum number of edits to messages older than 1 hour reached. Try again later",
            times=times,
        )

    def slow_down(self, route: str, seconds: float, *, times: int | None = None) -> Fault:
        """Let requests that fit a route take longer."""
        return self.faults.add(Fault(route, times, delay=seconds))

    def refuse(self, *permissions: str, channel: Channel | str | None = None) -> None:
        """Take permissions from the bot, in one channel or in every one of the first server."""
        self._set_permissions(permissions, channel, refused=True)

    def allow(self, *permissions: str, channel: Channel | str | None = None) -> None:
        """Give the bot permissions back that `refuse` took."""
        self._set_permissions(permissions, channel, refused=False)

    def _set_permissions(
        self, names: Iterable[str], channel: Channel | str | None, *, refused: bool
    ) -> None:
        bits = Permission(0)
        for name in names:
            bits |= permission_named(name)
        if channel is None:
            every = self.server.channels.values()
            where = [item for item in every if item.type is ChannelType.TEXT]
        else:
            where = [self.channel(channel) if isinstance(channel, str) else channel]
        for item in where:
            rule = item.overwrites.setdefault(self.bot.id, Overwrite(self.bot.id, member=True))
            rule.deny = rule.deny | bits if refused else rule.deny & ~bits
            self.stream.emit(Event("channel_update", item.server, item))


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
