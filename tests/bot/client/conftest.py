"""The real client with stand-in models, run against the local Discord."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from bot.app import run_bot
from bot.client import MoedexBot
from bot.config import Config, load_config
from bot.inference import InferenceWorker
from sandbox import Sandbox
from tests.bot.fakes import FakeStages


@dataclass
class Running:
    """A bot that runs, and what it needs to be asked about."""

    bot: MoedexBot
    task: asyncio.Task[None]
    stages: FakeStages = field(default_factory=FakeStages)


def config_for(sandbox: Sandbox, folder: Path, **discord_settings: object) -> Config:
    settings = {**sandbox.discord_section, **discord_settings}
    url = f"sqlite+aiosqlite:///{folder}/moedex.db"
    return load_config(discord=settings, storage={"url": url}, inference={"threads": 1})


def fake_worker(config: Config) -> InferenceWorker:
    return InferenceWorker(FakeStages, config.inference)


@pytest.fixture
async def sandbox() -> AsyncIterator[Sandbox]:
    async with Sandbox() as sandbox:
        yield sandbox


@asynccontextmanager
async def running(
    config: Config, make_worker: Callable[[Config], InferenceWorker] = fake_worker
) -> AsyncIterator[Running]:
    ready: asyncio.Future[MoedexBot] = asyncio.get_running_loop().create_future()

    async def on_ready(bot: MoedexBot) -> None:
        ready.set_result(bot)

    task = asyncio.create_task(run_bot(config, on_ready=on_ready, make_worker=make_worker))
    try:
        await asyncio.wait([task, ready], return_when=asyncio.FIRST_COMPLETED, timeout=60)
        if task.done():
            task.result()
        yield Running(await ready, task)
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
