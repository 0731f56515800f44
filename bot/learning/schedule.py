"""Which servers are due for a training, and what a training that ends leaves to note."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from bot.learning.runs import TrainingRuns

if TYPE_CHECKING:
    from collections.abc import Iterable

    from bot.config import Config
    from bot.learning.runs import TrainingRun
    from bot.storage import Storage

_TRAINED = "trained:"


class TrainingSchedule:
    """The trainings of all servers, on request and when they are due."""

    def __init__(self, config: Config, storage: Storage) -> None:
        self._hours = config.learning.train_hours
        self._storage = storage
        self._runs = TrainingRuns(config)
        self._ending: set[asyncio.Task[None]] = set()

    def running(self, server_id: int) -> TrainingRun | None:
        """Return the training of a server that is under way."""
        return self._runs.running(server_id)

    async def start(self, server_id: int) -> TrainingRun:
        """Start training a server's names; one that is under way is returned as it is."""
        run = self._runs.running(server_id)
        if run is not None:
            return run
        await self._storage.state.set(f"{_TRAINED}{server_id}", datetime.now(UTC).isoformat())
        run = self._runs.start(server_id)
        ending = asyncio.create_task(self._ended(run), name=f"refitted {server_id}")
        self._ending.add(ending)
        ending.add_done_callback(self._ending.discard)
        return run

    async def start_due(self, server_ids: Iterable[int]) -> None:
        """Train those servers that have new labels, or whose version had to be erased."""
        now, refit = datetime.now(UTC), await self._storage.versions.to_refit()
        for server_id in server_ids:
            if self.running(server_id) is None and await self._is_due(server_id, now, refit):
                await self.start(server_id)

    async def close(self) -> None:
        """End all trainings."""
        for task in self._ending:
            task.cancel()
        await asyncio.gather(self._runs.close(), *self._ending, return_exceptions=True)

    async def _ended(self, run: TrainingRun) -> None:
        while not run.done:
            await run.news.wait()
        # One that was cut off, by the end of the bot as well, is begun again.
        if run.outcome is not None:
            await self._storage.versions.refitted(run.server_id, run.started)

    async def _is_due(self, server_id: int, now: datetime, refit: set[int]) -> bool:
        if self._hours == 0 or not (await self._storage.settings.get(server_id)).learning:
            return False
        if server_id in refit:
            return True
        key = f"{_TRAINED}{server_id}"
        last = await self._storage.state.get(key)
        if last is None:
            # Counted from the first look: a start is no reason to train.
            await self._storage.state.set(key, now.isoformat())
            return False
        since = datetime.fromisoformat(last)
        if now - since < timedelta(hours=self._hours):
            return False
        return await self._storage.audit_log.changed_since(server_id, since)
