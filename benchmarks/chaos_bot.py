"""The real bot in a process of its own, in which things go wrong when `benchmarks.chaos` says so.

A line on standard input is a word and seconds: `raise` (the next picture's thread raises), `stick`
(the next picture is not done in time), `disk` (no crop can be written for so long), `clock` (the
clock goes back by so much). On standard output come lines of JSON, as `benchmarks.measured_bot`
has them.
"""

from __future__ import annotations

import asyncio
import errno
import sys
import threading
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import time_machine

from benchmarks.measured_bot import memory_mb, tell, watch_loop
from bot import logs
from bot.app import run_bot
from bot.cli.run import settle
from bot.config import load_config
from bot.inference.real import RealStages

if TYPE_CHECKING:
    from bot.client import MoedexBot
    from bot.inference.stages import FoundFaces

MEMORY_EVERY_S = 5.0


class Trouble:
    """What goes wrong next; read by the threads of the worker and of the storage."""

    def __init__(self) -> None:
        self.raises = 0
        self.sticks: list[float] = []
        self.disk_full_until = 0.0

    def listen(self) -> None:
        """Obey the lines on standard input."""
        for line in sys.stdin:
            word, seconds = line.split()
            if word == "raise":
                self.raises += 1
            elif word == "stick":
                self.sticks.append(float(seconds))
            elif word == "disk":
                self.disk_full_until = time.monotonic() + float(seconds)
            elif word == "clock":
                then = datetime.now(UTC) - timedelta(seconds=float(seconds))
                time_machine.travel(then, tick=True).start()

    def install(self) -> None:
        """Stand in the way of pictures and crops."""
        find, write = RealStages.find, Path.write_bytes

        def troubled_find(stages: RealStages, data: bytes, name: str) -> FoundFaces:
            if self.raises:
                self.raises -= 1
                raise RuntimeError("a fault was injected")
            if self.sticks:
                time.sleep(self.sticks.pop())
            return find(stages, data, name)

        def troubled_write(path: Path, data: bytes) -> int:
            if path.suffix == ".webp" and time.monotonic() < self.disk_full_until:
                raise OSError(errno.ENOSPC, "No space left on device", str(path))
            return write(path, data)

        RealStages.find = troubled_find  # type: ignore[method-assign]
        Path.write_bytes = troubled_write  # type: ignore[method-assign,assignment]


async def tell_memory() -> None:
    """Tell the memory in use every few seconds."""
    while True:
        await asyncio.sleep(MEMORY_EVERY_S)
        tell("memory", now=memory_mb()[0])


async def main() -> None:
    """Run the bot until it is ended."""
    trouble = Trouble()
    trouble.install()
    threading.Thread(target=trouble.listen, daemon=True).start()
    watching: list[asyncio.Task[None]] = []

    async def on_ready(bot: MoedexBot) -> None:
        await settle(bot)
        watching.extend(map(asyncio.create_task, (watch_loop(), tell_memory())))
        tell("ready", user=str(bot.user))

    await run_bot(load_config(None), on_ready=on_ready)


if __name__ == "__main__":
    logs.set_up("WARNING")
    asyncio.run(main())
