"""The gateway: sessions of the bot over WebSocket, with heartbeats, resuming and shards.

A session outlives its connection: what it misses is kept, and RESUME replays it. Frames are plain
text, which the client accepts whatever compression it asked for.
"""

from __future__ import annotations

import asyncio
import json
import secrets
from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from aiohttp import WSCloseCode, WSMsgType, web

from sandbox.gateway.dispatches import PRIVILEGED, Dispatch, Intent, dispatches
from sandbox.rest.payloads import member_json, own_user_json, server_create_json
from sandbox.state.events import Event, Stream
from sandbox.state.snowflakes import shard_of

if TYPE_CHECKING:
    from sandbox.state.interactions import Interactions
    from sandbox.state.world import Json, World

DISPATCH, HEARTBEAT, IDENTIFY, PRESENCE, VOICE, RESUME = 0, 1, 2, 3, 4, 6
RECONNECT, REQUEST_MEMBERS, INVALID_SESSION, HELLO, HEARTBEAT_ACK = 7, 8, 9, 10, 11

UNKNOWN_ERROR, UNKNOWN_OPCODE, DECODE_ERROR, NOT_AUTHENTICATED = 4000, 4001, 4002, 4003
AUTHENTICATION_FAILED, ALREADY_AUTHENTICATED, SESSION_TIMED_OUT = 4004, 4005, 4009
INVALID_SHARD, SHARDING_REQUIRED, INVALID_INTENTS, DISALLOWED_INTENTS = 4010, 4011, 4013, 4014

HEARTBEAT_INTERVAL = 41.25
"""Seconds between heartbeats, as Discord asks for."""

LATENCY = 0.1
"""Seconds until a heartbeat is acknowledged, as over a network. A client that lives in this process
notes the sending in another thread, and would take an answer at once for one to the beat before."""

REPLAYED = 2_000
"""Events that a session keeps for a resume; with more missed, it can't be resumed."""

CHUNK = 1_000
MAX_SERVERS_A_SHARD = 2_500


@dataclass(eq=False, slots=True)
class Session:
    """A gateway session of one shard of the bot; `socket` is None while it is away."""

    id: str
    intents: Intent
    shard: int
    shards: int
    sequence: int = 0
    sent: deque[tuple[int, str]] = field(default_factory=lambda: deque(maxlen=REPLAYED))
    connection: Connection | None = None

    def dispatch(self, name: str, data: Json) -> None:
        """Send an event, now or after a resume."""
        self.sequence += 1
        frame = json.dumps({"op": DISPATCH, "t": name, "s": self.sequence, "d": data})
        self.sent.append((self.sequence, frame))
        if self.connection is not None:
            self.connection.outbox.put_nowait(frame)


@dataclass(eq=False, slots=True)
class Connection:
    """One WebSocket of the bot with what is waiting to be sent on it."""

    socket: web.WebSocketResponse
    outbox: asyncio.Queue[str] = field(default_factory=asyncio.Queue)
    session: Session | None = None
    transport: asyncio.Transport | None = None

    def send(self, op: int, data: Any = None) -> None:
        """Send a frame that isn't an event."""
        self.outbox.put_nowait(json.dumps({"op": op, "d": data, "s": None, "t": None}))


class Gateway:
    """The gateway's server side: one for all shards of the one bot."""

    def __init__(
        self, world: World, interactions: Interactions, stream: Stream, token: str
    ) -> None:
        self._world = world
        self._interactions = interactions
        self._stream = stream
        self._token = token
        self._sessions: dict[str, Session] = {}
        self._connections: set[Connection] = set()
        self._open = asyncio.Event()
        self._open.set()
        self.url = ""
        self.shards = 1
        """How many shards `/gateway/bot` recommends."""
        self.heartbeat_interval = HEARTBEAT_INTERVAL
        self.acknowledge_heartbeats = True
        self.identifies = 0
        """How many IDENTIFYs were accepted."""
        self.resumes = 0
        """How many RESUMEs were accepted."""
        stream.listen(self._on_event)

    @property
    def online(self) -> bool:
        """Whether any shard of the bot is connected and identified."""
        return any(session.connection is not None for session in self._sessions.values())

    # --- faults ---------------------------------------------------------------------------------

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

    async def drop(self) -> None:
        """Cut every connection without a goodbye, as a lost network does."""
        for connection in tuple(self._connections):
            self._leave(connection)
            if connection.transport is not None:
                connection.transport.abort()
        await asyncio.sleep(0)

    async def close(self, code: int, reason: str = "") -> None:
        """Close every connection with a code; sessions stay for a resume."""
        for connection in tuple(self._connections):
            self._leave(connection)
            await connection.socket.close(code=code, message=reason.encode())

    def ask_reconnect(self) -> None:
        """Send op 7: the client reconnects and resumes."""
        for connection in self._connections:
            connection.send(RECONNECT)

    def invalidate(self, *, resumable: bool = False) -> None:
        """Send op 9: the client identifies anew, or resumes where `resumable`."""
        for connection in self._connections:
            if connection.session is not None and not resumable:
                self._sessions.pop(connection.session.id, None)
            connection.send(INVALID_SESSION, resumable)

    # --- the connection -------------------------------------------------------------------------

    async def handle(self, request: web.Request) -> web.WebSocketResponse:
        """Serve one WebSocket of the bot."""
        socket = web.WebSocketResponse(max_msg_size=2**20)
        await socket.prepare(request)
        transport = request.transport
        connection = Connection(socket, transport=transport)  # pyright: ignore[reportArgumentType]
        await self._open.wait()
        self._connections.add(connection)
        connection.send(HELLO, {"heartbeat_interval": int(self.heartbeat_interval * 1000)})
        writer = asyncio.create_task(self._write(connection))
        try:
            await self._read(connection)
        finally:
            writer.cancel()
            self._leave(connection)
        return socket

    async def _write(self, connection: Connection) -> None:
        while True:
            frame = await connection.outbox.get()
            try:
                await connection.socket.send_str(frame)
            except ConnectionError:
                return

    async def _read(self, connection: Connection) -> None:
        socket = connection.socket
        patience = self.heartbeat_interval * 1.5
        while True:
            try:
                message = await socket.receive(timeout=patience)
            except TimeoutError:
                await socket.close(code=SESSION_TIMED_OUT, message=b"Session timed out.")
                return
            if message.type is not WSMsgType.TEXT:
                if message.type is WSMsgType.CLOSE:
                    self._closed_by_client(connection, message.data)
                return
            try:
                frame = json.loads(message.data)
                op, data = frame["op"], frame.get("d")
            except (ValueError, KeyError, TypeError):
                await socket.close(code=DECODE_ERROR, message=b"Error while decoding payload.")
                return
            if code := self._receive(connection, op, data):
                await connection.socket.close(code=code, message=_REASONS[code])
                return

    def _closed_by_client(self, connection: Connection, code: int | None) -> None:
        """End the session too where the client said goodbye with 1000 or 1001."""
        if connection.session and code in (WSCloseCode.OK, WSCloseCode.GOING_AWAY):
            self._sessions.pop(connection.session.id, None)

    def _receive(self, connection: Connection, op: int, data: Any) -> int | None:
        """Act on a frame of the client; returns the code to close with, None to go on."""
        if op == HEARTBEAT:
            if self.acknowledge_heartbeats:
                loop = asyncio.get_running_loop()
                loop.call_later(LATENCY, connection.send, HEARTBEAT_ACK)
        elif op == IDENTIFY:
            return self._identify(connection, data)
        elif op == RESUME:
            return self._resume(connection, data)
        elif connection.session is None:
            return NOT_AUTHENTICATED
        elif op == REQUEST_MEMBERS:
            self._send_members(connection.session, data)
        elif op not in (PRESENCE, VOICE):
            return UNKNOWN_OPCODE
        return None

    def _identify(self, connection: Connection, data: Json) -> int | None:
        if connection.session is not None:
            return ALREADY_AUTHENTICATED
        if data.get("token") != self._token:
            return AUTHENTICATION_FAILED
        shard, shards = data.get("shard") or (0, 1)
        if not 0 <= shard < shards:
            return INVALID_SHARD
        mine = [
            server
            for server in self._world.servers.values()
            if shard_of(server.id, shards) == shard
        ]
        if len(mine) > MAX_SERVERS_A_SHARD:
            return SHARDING_REQUIRED
        intents = data.get("intents")
        if not isinstance(intents, int):
            return INVALID_INTENTS
        for name, intent in PRIVILEGED.items():
            if intents & intent and name not in self._world.granted_intents:
                return DISALLOWED_INTENTS
        session = Session(secrets.token_hex(16), Intent(intents), shard, shards)
        self._sessions[session.id] = session
        self.identifies += 1
        self._attach(connection, session)
        bot = self._world.bot
        session.dispatch(
            "READY",
            {
                "v": 10,
                "user": own_user_json(bot),
                "guilds": [{"id": str(server.id), "unavailable": True} for server in mine],
                "session_id": session.id,
                "resume_gateway_url": self.url,
                "shard": [shard, shards],
                "application": {
                    "id": str(bot.id),
                    "flags": application_flags(self._world.granted_intents),
                },
                "private_channels": [],
            },
        )
        if Intent.GUILDS in session.intents:
            everybody = bool(session.intents & Intent.MEMBERS)
            for server in mine:
                session.dispatch(
                    "GUILD_CREATE", server_create_json(self._world, server, all_members=everybody)
                )
        return None

    def _resume(self, connection: Connection, data: Json) -> int | None:
        if data.get("token") != self._token:
            return AUTHENTICATION_FAILED
        session = self._sessions.get(data.get("session_id", ""))
        seen = data.get("seq") or 0
        if session is None or (session.sent and session.sent[0][0] > seen + 1):
            connection.send(INVALID_SESSION, False)
            return None
        missed = [frame for sequence, frame in session.sent if sequence > seen]
        self.resumes += 1
        self._attach(connection, session)
        for frame in missed:
            connection.outbox.put_nowait(frame)
        session.dispatch("RESUMED", {"_trace": ["sandbox"]})
        return None

    def _attach(self, connection: Connection, session: Session) -> None:
        was_online = self.online
        connection.session = session
        session.connection = connection
        if not was_online:
            self._stream.emit(Event("bot_online", user=self._world.bot))

    def _leave(self, connection: Connection) -> None:
        self._connections.discard(connection)
        session = connection.session
        if session is not None and session.connection is connection:
            session.connection = None
            if not self.online:
                self._stream.emit(Event("bot_offline", user=self._world.bot))

    def _send_members(self, session: Session, data: Json) -> None:
        """Answer op 8: members whose name begins with `query`, or those of `user_ids`."""
        server = self._world.servers.get(int(data["guild_id"]))
        if server is None:
            return
        query = (data.get("query") or "").lower()
        wanted = data.get("user_ids")
        wanted = [wanted] if isinstance(wanted, (str, int)) else wanted
        members = list(server.members.values())
        missing: list[str] = []
        if wanted:
            ids = [int(user_id) for user_id in wanted]
            missing = [str(user_id) for user_id in ids if user_id not in server.members]
            members = [item for item in members if item.user.id in ids]
        elif not query and not data.get("limit") and Intent.MEMBERS not in session.intents:
            members = [server.members[self._world.bot.id]]
        else:
            members = [item for item in members if item.user.username.startswith(query)]
            members = members[: data.get("limit") or None]
        chunks = [members[at : at + CHUNK] for at in range(0, len(members), CHUNK)] or [[]]
        for index, chunk in enumerate(chunks):
            body: Json = {
                "guild_id": str(server.id),
                "members": [member_json(item) for item in chunk],
                "chunk_index": index,
                "chunk_count": len(chunks),
                "not_found": missing,
            }
            if data.get("nonce") is not None:
                body["nonce"] = data["nonce"]
            session.dispatch("GUILD_MEMBERS_CHUNK", body)

    # --- events ---------------------------------------------------------------------------------

    def _on_event(self, event: Event) -> None:
        # one translation serves all sessions with the same intents
        made: dict[Intent, list[Dispatch]] = {}
        for session in self._sessions.values():
            home = shard_of(event.server.id, session.shards) if event.server else 0
            if home != session.shard:
                continue
            if session.intents not in made:
                made[session.intents] = list(
                    dispatches(self._world, self._interactions, event, session.intents)
                )
            for dispatch in made[session.intents]:
                session.dispatch(dispatch.name, dispatch.data)


def application_flags(granted: set[str]) -> int:
    """Return the application's flags that say which privileged intents it has."""
    bits = {"presences": 1 << 13, "members": 1 << 15, "message_content": 1 << 19}
    return sum(bits[name] for name in granted)


_REASONS = {
    UNKNOWN_OPCODE: b"Unknown opcode.",
    NOT_AUTHENTICATED: b"Not authenticated.",
    AUTHENTICATION_FAILED: b"Authentication failed.",
    ALREADY_AUTHENTICATED: b"Already authenticated.",
    INVALID_SHARD: b"Invalid shard.",
    SHARDING_REQUIRED: b"Sharding required.",
    INVALID_INTENTS: b"Invalid intent(s).",
    DISALLOWED_INTENTS: b"Disallowed intent(s).",
}
