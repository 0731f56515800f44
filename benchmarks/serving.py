"""A sandbox here and the measured bot in its own process: what serving is measured with."""

from __future__ import annotations

import asyncio
import json
import os
import sys
import tempfile
from collections import defaultdict
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sandbox import Sandbox

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping

_START_S = 120.0


@dataclass
class Served:
    """A running sandbox with the measured bot in it, and what the bot has told so far."""

    sandbox: Sandbox
    process: asyncio.subprocess.Process
    told: dict[str, list[dict[str, Any]]] = field(default_factory=lambda: defaultdict(list))
    changed: asyncio.Event = field(default_factory=asyncio.Event)

    async def listen(self) -> None:
        """Take in what the bot tells, until it ends."""
        assert self.process.stdout is not None  # noqa: S101 - it was opened with a pipe
        async for line in self.process.stdout:
            measured = json.loads(line)
            self.told[measured.pop("kind")].append(measured)
            self.changed.set()

    async def next(self, kind: str) -> dict[str, Any]:
        """Wait for the next measurement of a kind; TimeoutError after two minutes."""
        before = len(self.told[kind])
        async with asyncio.timeout(_START_S):
            while len(self.told[kind]) == before:
                self.changed.clear()
                await self.changed.wait()
        return self.told[kind][before]

    def processor_s(self) -> float:
        """Seconds of all processors that the bot has computed since it started."""
        text = Path(f"/proc/{self.process.pid}/stat").read_text(encoding="utf-8")
        user, system = text.rpartition(")")[2].split()[11:13]
        return (int(user) + int(system)) / os.sysconf("SC_CLK_TCK")

    async def memory(self) -> dict[str, float]:
        """Ask the bot for its resident memory in MB: `now` and `peak`."""
        assert self.process.stdin is not None  # noqa: S101 - it was opened with a pipe
        told = asyncio.create_task(self.next("memory"))
        await asyncio.sleep(0)
        self.process.stdin.write(b"\n")
        return await told


@asynccontextmanager
async def served(
    queue: int = 256, checkout: Path | None = None, settings: Mapping[str, str] | None = None
) -> AsyncIterator[Served]:
    """Start a sandbox and the bot, with every channel watched and no cooldown that is felt.

    The bot is that of the working directory, or of another `checkout`; `settings` are further
    variables of its environment.
    """
    with tempfile.TemporaryDirectory(prefix="moedex-benchmark-") as folder:
        async with Sandbox() as sandbox:
            environment = {
                **os.environ,
                "MOEDEX_DISCORD__TOKEN": sandbox.bot_token,
                "MOEDEX_DISCORD__API": sandbox.api_url,
                "MOEDEX_DISCORD__GATEWAY": sandbox.gateway_url,
                "MOEDEX_DISCORD__CDN": sandbox.cdn_url,
                "MOEDEX_STORAGE__URL": f"sqlite+aiosqlite:///{Path(folder) / 'benchmark.db'}",
                "MOEDEX_INFERENCE__QUEUE": str(queue),
                "MOEDEX_INFERENCE__TIMEOUT_S": "300",
                "MOEDEX_COOLDOWNS__USER_TIMES": "100000",
                "MOEDEX_COOLDOWNS__SERVER_TIMES": "100000",
                **(settings or {}),
            }
            if checkout is not None:
                environment["PYTHONPATH"] = str(checkout)
            process = await asyncio.create_subprocess_exec(
                sys.executable,
                "-m",
                "benchmarks.measured_bot",
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                env=environment,
                cwd=checkout,
            )
            bot = Served(sandbox, process)
            listening = asyncio.create_task(bot.listen())
            try:
                await bot.next("ready")
                ann = sandbox.member("ann")
                interaction = await ann.slash("general", "watch on")
                await sandbox.answer(interaction)
                yield bot
            finally:
                process.terminate()
                await process.wait()
                await listening
