"""Which picture is worked on next: a bounded queue before, and batches after it.

Nothing here computes: the worker asks for the next piece of work, and says when it is done.
"""

from __future__ import annotations

import asyncio
from collections import deque
from typing import TYPE_CHECKING

from bot.inference.errors import QueueFull
from bot.inference.fair import FairQueue

if TYPE_CHECKING:
    from collections.abc import Callable

    from bot.config import InferenceConfig
    from bot.inference.task import PictureTask

_EMPTY: FairQueue[PictureTask] = FairQueue()

PASSED_OVER = 8
"""Pictures that are begun before one that gives way, at most; then it is its turn all the same."""


class Schedule:
    """The pictures on their way, by the step that they wait for."""

    def __init__(self, config: InferenceConfig, pictures: int) -> None:
        """Take the configuration, and how many pictures are worked on at the same time."""
        self._config = config
        self._queued: FairQueue[PictureTask] = FairQueue()
        self._behind: FairQueue[PictureTask] = FairQueue()
        self._to_embed: deque[PictureTask] = deque()
        self._finding = 0
        self._in_flight = 0
        # A decoded picture is big: only as many are held as keep the threads and a batch busy.
        self._most_in_flight = 2 * pictures + 2
        # What gives way must not be in the way of what comes next: a thread stays free for that,
        # and no batch is full of it.
        self._giving_way = 0
        self._finding_giving_way = 0
        self._threads = pictures
        self._passed_over = 0
        self._changed = asyncio.Condition()

    @property
    def queued(self) -> int:
        """How many pictures wait for their turn."""
        return len(self._queued) + len(self._behind)

    def put(self, task: PictureTask) -> None:
        """Queue a picture. Where too many wait, one of the busiest server leaves.

        Raises QueueFull if that would be the picture's own server.
        """
        line, queue = task.job.server_id, self._queue_of(task)
        if self.queued >= self._config.queue:
            last = queue.last_of_longest(than=queue.waiting(line))
            if queue is self._queued and self._behind:
                last = self._behind.last_of_longest(than=-1)
            if last is None:
                raise QueueFull
            self.drop(last)
            last.done.set_exception(QueueFull())
        queue.put(line, task)

    def drop(self, task: PictureTask) -> None:
        """Take a picture out of the queue, if it is still there."""
        self._queue_of(task).remove(task.job.server_id, task)

    async def next_picture(self) -> PictureTask:
        """Wait for the next picture to find faces in."""
        async with self._changed:
            queue = await self._changed.wait_for(self._next_queue)
            task = queue.get()
            self._in_flight += 1
            self._finding += 1
            self._giving_way += task.job.gives_way
            self._finding_giving_way += task.job.gives_way
            passes_over = self._behind and not task.job.gives_way
            self._passed_over = self._passed_over + 1 if passes_over else 0
            return task

    def _next_queue(self) -> FairQueue[PictureTask]:
        """Return the queue whose turn it is; an empty one where nothing may be begun."""
        if self._in_flight >= self._most_in_flight:
            return _EMPTY
        others = self._queued or self._in_flight > self._giving_way
        room = (
            self._finding_giving_way < max(1, self._threads - 1)
            and self._giving_way < self._threads
        )
        if room and (not others or self._passed_over >= PASSED_OVER):
            return self._behind
        return self._queued

    def _queue_of(self, task: PictureTask) -> FairQueue[PictureTask]:
        return self._behind if task.job.gives_way else self._queued

    async def next_batch(self) -> list[PictureTask]:
        """Wait for faces to embed, and for those still on their way a few milliseconds more.

        The pictures of a batch have the same stages; the batch may turn out empty.
        """
        await self._faces_gathered()
        batch: list[PictureTask] = []
        faces = 0
        while self._to_embed:
            first = self._to_embed[0]
            if batch and faces + first.faces > self._config.batch:
                break  # a picture's faces stay together
            if batch and first.stages is not batch[0].stages:
                break
            task = self._to_embed.popleft()
            if task.done.done():
                self.finished(task)
                continue
            task.lap("gather")
            batch.append(task)
            faces += task.faces
        return batch

    def found(self, task: PictureTask, *, has_faces: bool) -> None:
        """Take a picture in whose faces were looked for; without any its way ends."""
        self._finding -= 1
        self._finding_giving_way -= task.job.gives_way
        if has_faces:
            self._to_embed.append(task)
        else:
            self.finished(task)

    def finished(self, task: PictureTask) -> None:
        """Note that a picture's way has ended, or goes on outside these steps."""
        self._in_flight -= 1
        self._giving_way -= task.job.gives_way

    async def wake(self) -> None:
        """Let all who wait look again."""
        async with self._changed:
            self._changed.notify_all()

    async def busy(self) -> None:
        """Wait until a picture is on its way."""
        await self._until(lambda: self._in_flight > 0)

    async def at_rest(self) -> None:
        """Wait until no picture is on its way."""
        await self._until(lambda: not self._in_flight)

    async def idle(self) -> None:
        """Wait until no picture is on its way and none waits."""
        await self._until(lambda: not self._in_flight and not self.queued)

    async def _until(self, what: Callable[[], bool]) -> None:
        async with self._changed:
            await self._changed.wait_for(what)

    async def _faces_gathered(self) -> None:
        async with self._changed:
            await self._changed.wait_for(lambda: self._to_embed)
            try:
                async with asyncio.timeout(self._config.wait_ms / 1000):
                    await self._changed.wait_for(
                        lambda: (
                            not self._finding
                            or sum(task.faces for task in self._to_embed) >= self._config.batch
                        )
                    )
            except TimeoutError:
                return
