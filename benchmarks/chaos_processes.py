"""The bots' processes under `benchmarks.chaos`: started, troubled, killed and started again."""

from __future__ import annotations

import asyncio
import json
import signal
import sys
import time


class BotProcess:
    """A bot's process: started, troubled, killed and started again."""

    def __init__(self, environment: dict[str, str]) -> None:
        self._environment = environment
        self._process: asyncio.subprocess.Process | None = None
        self._listening: asyncio.Task[None] | None = None
        self._ready = asyncio.Event()
        self.late: list[dict[str, float]] = []
        self.memory: list[list[tuple[float, float]]] = []
        """Of each life, its moments in seconds and the MB in use."""
        self.starts = 0

    async def start(self) -> None:
        """Start it, and wait until it is connected."""
        self._ready.clear()
        self.memory.append([])
        self._process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "benchmarks.chaos_bot",
            stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, env=self._environment,
        )  # fmt: skip
        self._listening = asyncio.create_task(self._listen(self._process))
        self.starts += 1
        async with asyncio.timeout(300):
            await self._ready.wait()

    async def trouble(self, word: str, seconds: float = 0) -> None:
        """Let something go wrong inside it; see `benchmarks.chaos_bot`."""
        assert self._process is not None  # noqa: S101 - it was started
        assert self._process.stdin is not None  # noqa: S101 - it was opened with a pipe
        self._process.stdin.write(f"{word} {seconds}\n".encode())

    async def end(self, sign: signal.Signals = signal.SIGTERM) -> int:
        """End it, and return its exit code."""
        assert self._process is not None  # noqa: S101 - it was started
        self._process.send_signal(sign)
        code = await self._process.wait()
        if self._listening is not None:
            await self._listening
        return code

    async def close(self) -> None:
        """Kill it where it still runs: a run that fails leaves nobody behind."""
        if self._process is not None and self._process.returncode is None:
            await self.end(signal.SIGKILL)

    async def _listen(self, process: asyncio.subprocess.Process) -> None:
        assert process.stdout is not None  # noqa: S101 - it was opened with a pipe
        async for line in process.stdout:
            told = json.loads(line)
            match told["kind"]:
                case "ready":
                    self._ready.set()
                case "late":
                    self.late.append(told)
                case "memory":
                    self.memory[-1].append((time.monotonic(), told["now"]))
