"""The real bot in a process of its own, telling what it measured: for the benchmarks of serving.

Run by `benchmarks.serving` with the configuration in the environment. It prints a line of JSON when
it is ready, one for each picture (the seconds of its stages), one for each time the event loop was
late, and its memory whenever a line comes in on standard input.
"""

from __future__ import annotations

import asyncio
import json
import resource
import sys
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bot import logs
from bot.app import run_bot
from bot.cli.run import settle
from bot.client import MoedexBot
from bot.config import load_config
from bot.inference import InferenceWorker

if TYPE_CHECKING:
    from bot.inference import Drawing, IdentifiedPicture

TICK_S = 0.005
"""How often the event loop is asked whether it is on time."""

LATE_S = 0.01
"""Lateness below this is not told: it is the system's own timer."""


def tell(kind: str, **figures: object) -> None:
    """Print one measurement."""
    sys.stdout.write(json.dumps({"kind": kind, **figures}) + "\n")
    sys.stdout.flush()


def memory_mb() -> tuple[float, float]:
    """Resident memory of this process now and at its peak, in MB (10^6 bytes)."""
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    return pages * resource.getpagesize() / 1e6, peak / 1e6


def tell_memory_on_request() -> None:
    """Answer each line on standard input with the memory in use."""
    for _ in sys.stdin:
        now, peak = memory_mb()
        tell("memory", now=now, peak=peak)


async def watch_loop() -> None:
    """Tell how late the event loop wakes a sleeper, and what its thread computed meanwhile."""
    while True:
        due, worked = time.perf_counter() + TICK_S, time.thread_time()
        await asyncio.sleep(TICK_S)
        late = time.perf_counter() - due
        if late > LATE_S:
            tell("late", seconds=late, own=time.thread_time() - worked)


async def main() -> None:
    """Run the bot until it is ended."""
    identify = InferenceWorker.identify

    async def measured(self: InferenceWorker, *args: Any, **kwargs: Any) -> IdentifiedPicture:
        picture = await identify(self, *args, **kwargs)
        tell("picture", faces=len(picture.faces), seconds=picture.seconds)
        return picture

    draw = InferenceWorker.draw

    async def drawn(self: InferenceWorker, *args: Any, **kwargs: Any) -> Drawing:
        start = time.perf_counter()
        drawing = await draw(self, *args, **kwargs)
        tell("drawing", seconds=time.perf_counter() - start)
        return drawing

    InferenceWorker.identify = measured  # type: ignore[method-assign]
    InferenceWorker.draw = drawn  # type: ignore[method-assign]
    watching: list[asyncio.Task[None]] = []

    async def on_ready(bot: MoedexBot) -> None:
        await settle(bot)
        watching.append(asyncio.create_task(watch_loop()))
        threading.Thread(target=tell_memory_on_request, daemon=True).start()
        tell("ready", user=str(bot.user))

    await run_bot(load_config(None), on_ready=on_ready)


if __name__ == "__main__":
    logs.set_up("WARNING")
    asyncio.run(main())
