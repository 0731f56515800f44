"""The bot as a test runs it: connected when the test goes on, ended when it leaves."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

from bot.app import run_bot
from bot.client import MoedexBot
from bot.config import Config
from bot.inference import InferenceWorker


async def _nothing(_bot: MoedexBot) -> None:
    pass


@asynccontextmanager
async def running_bot(
    config: Config,
    make_worker: Callable[[Config], InferenceWorker],
    first: Callable[[MoedexBot], Awaitable[None]] = _nothing,
) -> AsyncIterator[MoedexBot]:
    """Run the bot; `first` is called when it is connected, before the test sees it."""
    ready: asyncio.Future[MoedexBot] = asyncio.get_running_loop().create_future()

    async def on_ready(bot: MoedexBot) -> None:
        await first(bot)
        ready.set_result(bot)

    running = asyncio.create_task(run_bot(config, on_ready=on_ready, make_worker=make_worker))
    await asyncio.wait({running, ready}, return_when=asyncio.FIRST_COMPLETED)
    if running.done():
        running.result()
    try:
        yield ready.result()
    finally:
        running.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await running
