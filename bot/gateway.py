"""The gateway: no event that can't be read ends the bot, and no absence of the gateway does.

discord.py parses events unguarded, starts a shard by calling itself until that works, and lets all
shards wait while one connects anew. Here shards go their own ways, but that each waits for its turn
to begin a session.
"""

from __future__ import annotations

import asyncio
import json
import logging
import math
import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any, Protocol, TypeVar, cast

import aiohttp
import discord
import yarl
from discord.ext import commands
from discord.gateway import DiscordWebSocket, ReconnectWebSocket
from discord.shard import Shard

from bot.backoff import waits
from bot.errors import in_one_line
from bot.metrics import GATEWAY_CONNECTIONS, GATEWAY_DISCONNECTS, GATEWAY_LATENCY

log = logging.getLogger(__name__)

CONNECT_S = 60.0
"""Seconds that one try to connect may take."""
_FIRST_WAIT_S, _LONGEST_WAIT_S = 1.0, 60.0
_LONGEST_EXPONENT = 6  # of discord.py's own backoff: 64 s
_SAID_EVERY_S = 60.0
_WANTED = (ReconnectWebSocket, discord.ConnectionClosed, aiohttp.ClientError, OSError)
"""What discord.py raises on purpose while it reads a frame."""

T = TypeVar("T")


class Turns(Protocol):
    """When shards may identify; `bot.identify_turns` has the ones there are."""

    max_concurrency: int
    """How many shards may identify at once."""

    async def begin(self, shard_id: int) -> None:
        """Wait for a shard's turn to connect."""
        ...

    async def end(self, shard_id: int) -> None:
        """End it: the shard has identified, or failed to connect."""
        ...


class SteadyBot(commands.AutoShardedBot):
    """discord.py's sharded bot, which leaves out bad events and waits for an absent gateway."""

    turns: Turns
    """When its shards may identify; set before it connects."""

    def _get_state(self, **options: Any) -> Any:
        state = super()._get_state(**options)
        update = state._update_references

        def update_and_guard(ws: DiscordWebSocket) -> None:
            update(ws)
            _guard(ws)

        # discord.py calls this with every connection, before it reads the first frame of it.
        state._update_references = update_and_guard
        return state

    async def on_shard_connect(self, shard_id: int) -> None:
        """Count a session that was begun."""
        GATEWAY_CONNECTIONS.labels(shard_id, "begun").inc()
        latency = GATEWAY_LATENCY.labels(shard_id)
        latency.set_function(lambda: dict(self.latencies).get(shard_id, math.inf))

    async def on_shard_resumed(self, shard_id: int) -> None:
        """Count a session that was resumed."""
        GATEWAY_CONNECTIONS.labels(shard_id, "resumed").inc()

    async def on_shard_disconnect(self, shard_id: int) -> None:
        """Count a connection that ended."""
        GATEWAY_DISCONNECTS.labels(shard_id).inc()

    async def close(self) -> None:
        """End the connections, and tell no latency of them any more."""
        for shard_id in self.shards:
            GATEWAY_LATENCY.remove(shard_id)
        await super().close()

    async def before_identify_hook(self, shard_id: int | None, *, initial: bool = False) -> None:
        """Wait no more: the shard's turn came before it connected."""

    async def launch_shards(self) -> None:
        """Find the gateway and connect every shard in its turn, however long that takes.

        Without a count of shards there are as many as Discord recommends.
        """
        own = len(self.shard_ids or ()) or self.shard_count
        recommended, url, max_concurrency = await self.may_begin(own)
        self.turns.max_concurrency = max(1, max_concurrency)
        self.shard_count = self._connection.shard_count = self.shard_count or recommended
        shard_ids = self.shard_ids or range(self.shard_count)
        self._connection.shard_ids = shard_ids
        await asyncio.gather(*(self.launch_shard(yarl.URL(url), each) for each in shard_ids))

    async def may_begin(self, sessions: int | None) -> tuple[int, str, int]:
        """Wait until Discord lets the bot begin so many sessions; None: as many as it recommends.

        It resets the token of a bot that begins more in a day than it may. Returns the number of
        shards that it recommends, the gateway's address, and how many may identify at once.
        """
        while True:
            recommended, url, limits = await _until_there(
                self.http.get_bot_gateway, "Discord does not say where its gateway is"
            )
            needed, left = min(sessions or recommended, limits["total"]), limits["remaining"]
            if left >= needed:
                return recommended, url, limits["max_concurrency"]
            wait = max(1.0, limits["reset_after"] / 1000)
            log.warning(
                "Discord lets me begin only %d of %d sessions before %s UTC: I wait, as it would "
                "reset the token",
                left, needed, f"{datetime.now(UTC) + timedelta(seconds=wait):%H:%M}",
            )  # fmt: skip
            await asyncio.sleep(min(wait, _SAID_EVERY_S))

    async def launch_shard(
        self, gateway: yarl.URL, shard_id: int, *, initial: bool = False
    ) -> None:
        """Connect a shard, however long that takes."""

        async def connect() -> DiscordWebSocket:
            await self.turns.begin(shard_id)
            try:
                socket = DiscordWebSocket.from_client(self, gateway=gateway, shard_id=shard_id)
                return await asyncio.wait_for(socket, CONNECT_S)
            finally:
                await self.turns.end(shard_id)

        socket = await _until_there(connect, f"The gateway can't be reached for shard {shard_id}")
        own = cast("Any", self)  # what the library's own method does, but for its recursion
        shard = _IndependentShard(socket, self, own._AutoShardedClient__queue.put_nowait)
        shard._backoff._max = _LONGEST_EXPONENT
        own._AutoShardedClient__shards[shard_id] = shard
        shard.launch()


class _IndependentShard(Shard):
    """A shard that connects anew in a task of its own; in discord.py all others wait for it."""

    _connecting: asyncio.Task[None] | None = None

    async def reidentify(self, exc: ReconnectWebSocket) -> None:
        """Begin to resume the session, or to identify anew in the shard's turn."""
        self._begin(partial(super().reidentify, exc), in_turn=not exc.resume)

    async def reconnect(self) -> None:
        """Begin to connect and identify anew in the shard's turn."""
        self._begin(super().reconnect, in_turn=True)

    async def close(self) -> None:
        """End the connection, or the making of one."""
        if self._connecting is not None:
            self._connecting.cancel()
            await asyncio.gather(self._connecting, return_exceptions=True)
        await super().close()

    async def _handle_disconnect(self, e: Exception) -> None:
        await self._turns.end(self.id)  # others need not wait for this one's next try
        await super()._handle_disconnect(e)

    @property
    def _turns(self) -> Turns:
        return cast("SteadyBot", self._client).turns

    def _begin(self, connect: Callable[[], Awaitable[None]], *, in_turn: bool) -> None:
        async def connecting() -> None:
            if in_turn:
                await cast("SteadyBot", self._client).may_begin(1)
                await self._turns.begin(self.id)
            try:
                await connect()
            finally:
                await self._turns.end(self.id)

        self._connecting = asyncio.create_task(connecting(), name=f"connect shard {self.id}")


async def _until_there(what: Callable[[], Awaitable[T]], failed: str) -> T:
    """Try until it works, with a line a minute that begins with `failed`."""
    said = -_SAID_EVERY_S
    for wait in waits(_FIRST_WAIT_S, _LONGEST_WAIT_S):
        try:
            return await what()
        except Exception as error:  # refusals, cut connections, answers without what they need
            if time.monotonic() - said >= _SAID_EVERY_S:
                said = time.monotonic()
                log.warning("%s (%s); trying on", failed, in_one_line(error))
        await asyncio.sleep(wait)
    raise AssertionError("the waits have no end")


def _guard(socket: DiscordWebSocket) -> None:
    """Leave out what a connection sends and nobody can read; end it where that is its READY."""
    receive, latest = socket.received_message, ""

    def note(text: Any, /) -> None:
        nonlocal latest
        latest = text

    async def receive_guarded(message: Any, /) -> None:
        try:
            await receive(message)
        except _WANTED:
            raise
        except Exception as error:  # whatever the parser of an event stumbled over
            name, why = _name_of(latest), in_one_line(error)
            if name is not None and name != "READY":
                log.warning("The event %s could not be read, and is left out (%s)", name, why)
                return
            await socket.close(code=4000)
            # The library connects anew, with its backoff, after an OSError.
            raise ConnectionError(f"{name or 'a frame'} could not be read ({why})") from None

    socket.log_receive = note  # called with the text of each frame
    socket.received_message = receive_guarded


def _name_of(text: str) -> str | None:
    """Return the name of an event; None for a frame that is none, or can't be read at all."""
    try:
        return json.loads(text).get("t")
    except (ValueError, AttributeError):
        return None
