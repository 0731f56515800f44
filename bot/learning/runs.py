"""Training started by the bot: `moedex learn` in a process of its own, one at a time.

Answering goes on beside it, and the new version is found in the storage as any other change is.
What the process says of its steps is kept, so that whoever follows a run can show them.
"""

from __future__ import annotations

import asyncio
import json
import logging
import os
import sys
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from bot.config import Config

log = logging.getLogger(__name__)

COMMAND = (sys.executable, "-m", "bot", "learn", "--json")
WAITING = "waiting for another training to end"
LOADING = "loading the models"


class TrainingRun:
    """One training of a server's names, as far as it has come.

    `steps` are its steps so far in words, the last one under way. `outcome` is the last line that
    the process said (JSON: `version`, `promoted`, `summary` and `reasons`, or `nothing` and why),
    None until then and where it failed. `news` is set, and replaced, at every change.
    """

    def __init__(self, server_id: int) -> None:
        self.server_id = server_id
        self.started = datetime.now(UTC)
        self.steps: list[str] = []
        self.outcome: dict[str, Any] | None = None
        self.done = False
        self.news = asyncio.Event()

    def update(
        self, step: str | None = None, outcome: dict[str, Any] | None = None, *, done: bool = False
    ) -> None:
        """Take in a change, and wake who follows."""
        if step is not None:
            self.steps.append(step)
        self.outcome = outcome or self.outcome
        self.done = self.done or done
        before, self.news = self.news, asyncio.Event()
        before.set()


class TrainingRuns:
    """The trainings of all servers; at most one a server, and one at a time altogether."""

    def __init__(self, config: Config) -> None:
        # The same storage as this process has, whatever file or demo it was configured by.
        self._environment = {
            "MOEDEX_STORAGE__URL": config.storage.url,
            "MOEDEX_LEARNING__CROPS": config.learning.crops,
        }
        self._runs: dict[int, TrainingRun] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._one = asyncio.Lock()

    def running(self, server_id: int) -> TrainingRun | None:
        """Return the training of a server that is under way."""
        return self._runs.get(server_id)

    def start(self, server_id: int) -> TrainingRun:
        """Start training a server's names; one that is under way is returned as it is."""
        run = self._runs.get(server_id)
        if run is None:
            run = self._runs[server_id] = TrainingRun(server_id)
            task = asyncio.create_task(self._run(run), name=f"train {server_id}")
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        return run

    async def close(self) -> None:
        """End all trainings; a version is kept whole or not at all."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _run(self, run: TrainingRun) -> None:
        try:
            if self._one.locked():
                run.update(WAITING)
            async with self._one:
                run.update(LOADING)
                await self._train(run)
        except (OSError, ValueError) as error:
            log.warning("The training of server %d failed: %s", run.server_id, error)
        finally:
            del self._runs[run.server_id]
            run.update(done=True)

    async def _train(self, run: TrainingRun) -> None:
        process = await asyncio.create_subprocess_exec(
            *COMMAND,
            *("--server", str(run.server_id)),
            env={**os.environ, **self._environment},
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        assert process.stdout is not None and process.stderr is not None  # noqa: S101, PT018 - pipes
        errors = asyncio.create_task(process.stderr.read())
        try:
            async for line in process.stdout:
                said = json.loads(line)
                run.update(said.get("step"), None if "step" in said else said)
            code = await process.wait()
        except BaseException:
            process.terminate()
            await process.wait()
            await asyncio.gather(errors, return_exceptions=True)
            raise
        last = (await errors).decode(errors="replace").strip().splitlines()[-1:]
        log.info("The training of server %d ended with exit code %d", run.server_id, code)
        if code != 0:
            log.warning("The training of server %d failed: %s", run.server_id, *last or ["silent"])
