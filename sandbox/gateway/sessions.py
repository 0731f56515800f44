"""A gateway session, and the connection that it outlives so that it can resume."""

from __future__ import annotations

import asyncio
import json
from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

from sandbox.gateway.codes import DISPATCH

if TYPE_CHECKING:
    from collections.abc import Callable

    from aiohttp import web

    from sandbox.state.entities import Json
    from sandbox.state.intents import Intent

REPLAYED = 2_000
"""Events that a session keeps for a resume; with more missed, it can't be resumed."""


class Sender(Protocol):
    """What events pass on their way out."""

    damage: Callable[[str, Json], Json] | None
    """Given an event's name and data, returns the data to send in its place."""


@dataclass(eq=False, slots=True)
class Session:
    """A gateway session of one shard of the bot; `connection` is None while it is away.

    `sender` may damage what it sends.
    """

    id: str
    intents: Intent
    shard: int
    shards: int
    sender: Sender
    sequence: int = 0
    sent: deque[tuple[int, str]] = field(default_factory=lambda: deque(maxlen=REPLAYED))
    connection: Connection | None = None

    def dispatch(self, name: str, data: Json) -> None:
        """Send an event, now or after a resume."""
        self.sequence += 1
        if self.sender.damage is not None:
            data = self.sender.damage(name, data)
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

    async def write(self) -> None:
        """Write what is waiting to be sent, until the connection ends."""
        while True:
            frame = await self.outbox.get()
            try:
                await self.socket.send_str(frame)
            except ConnectionError:
                return
