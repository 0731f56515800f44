"""The gateway: sessions of the bot over WebSocket, with heartbeats, resuming and shards.

A session outlives its connection: what it misses is kept, and RESUME replays it. Frames are plain
text, which the client accepts whatever compression it asked for.
"""

from __future__ import annotations

import asyncio
import json
import secrets
from typing import TYPE_CHECKING, Any

from aiohttp import WSCloseCode, WSMsgType, web

from sandbox.gateway import codes
from sandbox.gateway.dispatches import Dispatch, dispatches, ready_json
from sandbox.gateway.identify_limit import IdentifyLimit
from sandbox.gateway.members import send_members
from sandbox.gateway.sessions import Connection, Session
from sandbox.state.events import Event
from sandbox.state.intents import PRIVILEGED, Intent
from sandbox.state.payloads.places import server_create_json
from sandbox.state.snowflakes import shard_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from sandbox.state.entities import Json
    from sandbox.state.state import State

HEARTBEAT_INTERVAL = 41.25
"""Seconds between heartbeats, as Discord asks for."""

LATENCY = 0.1
"""Seconds until a heartbeat is acknowledged, as over a network. A client that lives in this process
notes the sending in another thread, and would take an answer at once for one to the beat before."""

MAX_SERVERS_A_SHARD = 2_500


class Gateway:
    """The gateway's server side: one for all shards of the one bot."""

    def __init__(
        self,
        state: State,
        heartbeat_interval: float = HEARTBEAT_INTERVAL,
        identify_seconds: float = 0.0,
    ) -> None:
        self._world = state.world
        self._stream = state.stream
        self._tokens = state.tokens
        self._sessions: dict[str, Session] = {}
        self._connections: set[Connection] = set()
        self._open = asyncio.Event()
        self._open.set()
        self.away = False
        """Whether every connection is refused, as by a gateway that is down."""
        self.damage: Callable[[str, Json], Json] | None = None
        """Given an event's name and data, returns the data to send in its place."""
        self.heartbeat_interval = heartbeat_interval
        self.acknowledge_heartbeats = True
        self.tries = 0
        """How often somebody tried to connect."""
        self.identify_limit = IdentifyLimit(state.world, identify_seconds)
        self.identified: list[int] = []
        """The shards whose IDENTIFY was accepted, in order."""
        self.resumed: list[int] = []
        """The shards whose RESUME was accepted, in order."""
        self._stream.listen(self._on_event)

    # --- what goes wrong ------------------------------------------------------------------------

    def hold(self) -> None:
        """Let nobody in: new connections wait before HELLO until `release`."""
        self._open.clear()

    def release(self) -> None:
        """Let those in who wait."""
        self._open.set()

    def forget_sessions(self) -> None:
        """Forget every session that is away, so that it can't be resumed."""
        self._sessions = {
            key: item for key, item in self._sessions.items() if item.connection is not None
        }

    async def drop(self, shard: int | None = None) -> None:
        """Cut every connection, or a shard's, without a goodbye, as a lost network does."""
        for connection in self._of(shard):
            self._leave(connection)
            if connection.transport is not None:
                connection.transport.abort()
        await asyncio.sleep(0)

    async def close(self, code: int, reason: str = "", *, shard: int | None = None) -> None:
        """Close every connection, or a shard's, with a code; sessions stay for a resume."""
        for connection in self._of(shard):
            self._leave(connection)
            await connection.socket.close(code=code, message=reason.encode())

    def ask_reconnect(self) -> None:
        """Send op 7: the client reconnects and resumes."""
        for connection in self._connections:
            connection.send(codes.RECONNECT)

    def invalidate(self, *, resumable: bool = False) -> None:
        """Send op 9: the client identifies anew, or resumes where `resumable`."""
        for connection in self._connections:
            if connection.session is not None and not resumable:
                self._sessions.pop(connection.session.id, None)
            connection.send(codes.INVALID_SESSION, resumable)

    def send_event(self, name: str, data: Any) -> None:
        """Send an event as it is to every session."""
        for session in self._sessions.values():
            session.dispatch(name, data)

    def sent(self, name: str) -> list[Json]:
        """Return the data of the latest events of a name that were sent, oldest first."""
        frames = (json.loads(text) for each in self._sessions.values() for _, text in each.sent)
        return [frame["d"] for frame in frames if frame["t"] == name]

    # --- the connection -------------------------------------------------------------------------

    def add_to(self, router: web.UrlDispatcher) -> None:
        """Serve the gateway's address."""
        router.add_get("/gateway", self.handle)
        router.add_get("/gateway/", self.handle)

    async def handle(self, request: web.Request) -> web.WebSocketResponse:
        """Serve one WebSocket of the bot."""
        self.tries += 1
        if self.away:
            raise web.HTTPServiceUnavailable
        socket = web.WebSocketResponse(max_msg_size=2**20)
        await socket.prepare(request)
        transport = request.transport
        connection = Connection(socket, transport=transport)  # pyright: ignore[reportArgumentType]
        await self._open.wait()
        self._connections.add(connection)
        connection.send(codes.HELLO, {"heartbeat_interval": int(self.heartbeat_interval * 1000)})
        writer = asyncio.create_task(connection.write())
        try:
            await self._read(connection)
        finally:
            writer.cancel()
            self._leave(connection)
        return socket

    async def _read(self, connection: Connection) -> None:
        socket = connection.socket
        patience = self.heartbeat_interval * 1.5
        while True:
            try:
                message = await socket.receive(timeout=patience)
            except TimeoutError:
                await socket.close(code=codes.SESSION_TIMED_OUT, message=b"Session timed out.")
                return
            if message.type is not WSMsgType.TEXT:
                if message.type is WSMsgType.CLOSE:
                    self._closed_by_client(connection, message.data)
                return
            try:
                frame = json.loads(message.data)
                op, data = frame["op"], frame.get("d")
            except (ValueError, KeyError, TypeError):
                await socket.close(
                    code=codes.DECODE_ERROR, message=b"Error while decoding payload."
                )
                return
            if code := self._receive(connection, op, data):
                await connection.socket.close(code=code, message=codes.REASONS[code])
                return

    def _closed_by_client(self, connection: Connection, code: int | None) -> None:
        """End the session too where the client closed with 1000 or 1001."""
        if connection.session and code in (WSCloseCode.OK, WSCloseCode.GOING_AWAY):
            self._sessions.pop(connection.session.id, None)

    def _receive(self, connection: Connection, op: int, data: Any) -> int | None:
        """Act on a frame of the client; returns the code to close with, None to go on."""
        if op == codes.HEARTBEAT:
            if self.acknowledge_heartbeats:
                loop = asyncio.get_running_loop()
                loop.call_later(LATENCY, connection.send, codes.HEARTBEAT_ACK)
        elif op == codes.IDENTIFY:
            return self._identify(connection, data)
        elif op == codes.RESUME:
            return self._resume(connection, data)
        elif connection.session is None:
            return codes.NOT_AUTHENTICATED
        elif op == codes.REQUEST_MEMBERS:
            send_members(self._world, connection.session, data)
        elif op not in (codes.PRESENCE, codes.VOICE):
            return codes.UNKNOWN_OPCODE
        return None

    def _identify(self, connection: Connection, data: Json) -> int | None:
        if connection.session is not None:
            return codes.ALREADY_AUTHENTICATED
        if self._tokens.user(data.get("token", "")) is not self._world.bot:
            return codes.AUTHENTICATION_FAILED
        shard, shards = data.get("shard") or (0, 1)
        if not 0 <= shard < shards:
            return codes.INVALID_SHARD
        mine = [
            server
            for server in self._world.servers.values()
            if shard_of(server.id, shards) == shard
        ]
        if len(mine) > MAX_SERVERS_A_SHARD:
            return codes.SHARDING_REQUIRED
        intents = data.get("intents")
        if not isinstance(intents, int):
            return codes.INVALID_INTENTS
        for name, intent in PRIVILEGED.items():
            if intents & intent and name not in self._world.granted_intents:
                return codes.DISALLOWED_INTENTS
        if not self._world.session_starts.begin():
            return codes.AUTHENTICATION_FAILED  # Discord resets the token
        if not self.identify_limit.allows(shard):
            connection.send(codes.INVALID_SESSION, False)
            return None
        session = Session(secrets.token_hex(16), Intent(intents), shard, shards, self)
        self._sessions[session.id] = session
        self.identified.append(shard)
        self._attach(connection, session)
        session.dispatch("READY", ready_json(self._world, session, mine))
        if Intent.GUILDS in session.intents:
            everybody = bool(session.intents & Intent.MEMBERS)
            for server in mine:
                session.dispatch(
                    "GUILD_CREATE", server_create_json(self._world, server, all_members=everybody)
                )
        return None

    def _resume(self, connection: Connection, data: Json) -> int | None:
        if self._tokens.user(data.get("token", "")) is not self._world.bot:
            return codes.AUTHENTICATION_FAILED
        session = self._sessions.get(data.get("session_id", ""))
        seen = data.get("seq") or 0
        if session is None or (session.sent and session.sent[0][0] > seen + 1):
            connection.send(codes.INVALID_SESSION, False)
            return None
        missed = [frame for sequence, frame in session.sent if sequence > seen]
        self.resumed.append(session.shard)
        self._attach(connection, session)
        for frame in missed:
            connection.outbox.put_nowait(frame)
        session.dispatch("RESUMED", {"_trace": ["sandbox"]})
        return None

    def _attach(self, connection: Connection, session: Session) -> None:
        connection.session = session
        session.connection = connection
        if not self._world.bot_online:
            self._world.bot_online = True
            self._stream.emit(Event("bot_online", user=self._world.bot))

    def _leave(self, connection: Connection) -> None:
        self._connections.discard(connection)
        session = connection.session
        if session is not None and session.connection is connection:
            session.connection = None
            if not any(item.connection is not None for item in self._sessions.values()):
                self._world.bot_online = False
                self._stream.emit(Event("bot_offline", user=self._world.bot))

    def _of(self, shard: int | None) -> list[Connection]:
        """Return the connections of a shard; all of them for None."""
        return [
            each
            for each in self._connections
            if shard is None or (each.session is not None and each.session.shard == shard)
        ]

    # --- events ---------------------------------------------------------------------------------

    def _on_event(self, event: Event) -> None:
        # one translation serves all sessions with the same intents
        made: dict[Intent, list[Dispatch]] = {}
        for session in self._sessions.values():
            home = shard_of(event.server.id, session.shards) if event.server else 0
            if home != session.shard:
                continue
            if session.intents not in made:
                made[session.intents] = list(dispatches(self._world, event, session.intents))
            for dispatch in made[session.intents]:
                session.dispatch(dispatch.name, dispatch.data)
