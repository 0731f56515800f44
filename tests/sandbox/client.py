"""The unmodified client, pointed at a sandbox, that remembers its events."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractContextManager, asynccontextmanager
from typing import Any

import aiohttp
import discord
from discord.ext import commands

from bot.config import DiscordConfig
from bot.connection import pointed_at as point_at
from sandbox import Sandbox

WAIT = 10.0


def pointed_at(sandbox: Sandbox) -> AbstractContextManager[None]:
    """Point the client's process-wide addresses at a sandbox, and back afterwards."""
    return point_at(DiscordConfig.model_validate(sandbox.discord_section))


def only_loopback() -> aiohttp.TraceConfig:
    """Return a trace that fails every request to another machine."""

    async def check(_: Any, __: Any, params: aiohttp.TraceRequestStartParams) -> None:
        assert params.url.host == "127.0.0.1", params.url

    trace = aiohttp.TraceConfig()
    trace.on_request_start.append(check)
    return trace


class Client(commands.Bot):
    """A bot that does nothing by itself and keeps every event it dispatched."""

    def __init__(self, intents: discord.Intents | None = None, **options: Any) -> None:
        if intents is None:
            intents = discord.Intents.default()
            intents.message_content = intents.members = True
        options.setdefault("guild_ready_timeout", 0.1)
        super().__init__(
            "!", intents=intents, http_trace=only_loopback(), help_command=None, **options
        )
        self.log: list[tuple[str, tuple[Any, ...]]] = []
        self._news = asyncio.Event()

    def dispatch(self, event_name: str, /, *args: Any, **kwargs: Any) -> None:
        """Keep an event, then go on as usual."""
        self.log.append((event_name, args))
        self._news.set()
        super().dispatch(event_name, *args, **kwargs)

    async def on_message(self, message: discord.Message, /) -> None:
        """Run no commands: tests call the client themselves."""

    def dispatched(self, event: str) -> list[Any]:
        """Return the first argument of every event of a name so far."""
        return [args[0] for name, args in self.log if name == event and args]

    async def seen(self, event: str, check: Callable[..., bool] = lambda *_: True) -> Any:
        """Wait for an event (whether it was or will be) and return its first argument."""
        async with asyncio.timeout(WAIT):
            while True:
                self._news.clear()
                for name, args in self.log:
                    if name == event and check(*args):
                        return args[0] if args else None
                await self._news.wait()

    def text(self, channel: Any) -> Any:
        """Return the client's own object of a sandbox's channel."""
        found = self.get_channel(channel.id)
        assert found is not None
        return found


class ShardedClient(Client, commands.AutoShardedBot):
    """The same, with as many shards as the gateway recommends."""


@asynccontextmanager
async def running(client: Client, sandbox: Sandbox) -> AsyncIterator[Client]:
    """Log a client in, wait until it is ready, and log it out at the end."""
    task = asyncio.create_task(client.start(sandbox.bot_token))
    ready = asyncio.create_task(client.seen("ready"))
    try:
        await asyncio.wait((task, ready), return_when=asyncio.FIRST_COMPLETED)
        if not ready.done():
            ready.cancel()
            await task
        yield client
        # parsers run unguarded: what the client can't read ends its task
        assert not task.done(), task.exception()
    finally:
        await client.close()
        await asyncio.gather(task, return_exceptions=True)
