"""The worker: a bounded queue on the event loop's side, threads on the other.

A picture's way has three steps. *Find* (decode, detect, crop) and *draw* run in a pool of threads;
between them *embed* gathers the faces of all pictures that are ready, and runs them as one batch
in a thread of its own. The event loop only hands things over. A job that was cancelled, or whose
time is up, is dropped at the next border between two steps: a running thread can't be stopped.
"""

from __future__ import annotations

import asyncio
import contextlib
import functools
import logging
import time
from collections import deque
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Self, TypeVar

from bot.inference.errors import JobCancelled, JobTimeout, QueueFull
from bot.inference.fair import FairQueue
from bot.inference.memory import give_back
from bot.inference.results import IdentifiedPicture, Job
from bot.inference.stages import load_stages

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from types import TracebackType

    import numpy as np
    from numpy.typing import NDArray

    from bot.config import Config, InferenceConfig
    from bot.inference.stages import DrawnCard, FoundFaces, Stages
    from models.types import Character, NamedFace, Vectors

log = logging.getLogger(__name__)


Result = TypeVar("Result")

_ASIDE_EVERY_S = 2.0

_AT_REST_S = 1.0
"""Without a picture for so long the worker gives back the memory that the last ones took."""


@dataclass(eq=False, slots=True)
class _Task:
    """A picture on its way. `done` is what the caller waits for; once it is done, all stops."""

    stages: Stages
    job: Job
    data: bytes
    name: str
    gallery: Any
    threshold: float | None
    upload_limit: int | None
    done: asyncio.Future[IdentifiedPicture]
    since: float
    seconds: dict[str, float] = field(default_factory=dict)
    found: FoundFaces | None = None
    named: tuple[NamedFace, ...] = ()
    card: DrawnCard | None = None

    @property
    def faces(self) -> int:
        """How many faces were found."""
        return len(self.found.faces) if self.found else 0

    def lap(self, stage: str) -> None:
        """Note the time since the last border as `stage`'s."""
        now = time.perf_counter()
        self.seconds[stage] = now - self.since
        self.since = now

    def answer(self) -> None:
        """Hand what was found to the caller, unless he heard of a failure or is gone."""
        found, card = self.found, self.card
        if self.done.done() or found is None:
            return
        self.done.set_result(
            IdentifiedPicture(
                name=self.name,
                width=found.width,
                height=found.height,
                faces=self.named,
                card=card.data if card else None,
                card_name=card.name if card else "",
                alt_text=card.alt_text if card else "",
                phash=found.phash,
                sha256=found.sha256,
                backbone=self.stages.backbone,
                seconds=self.seconds,
            )
        )


class InferenceWorker:
    """Names the faces of pictures without ever holding up the event loop.

    `async with InferenceWorker(load, config)` runs `load` in a thread and starts the worker;
    leaving it cancels what is still waiting and ends the threads.
    """

    def __init__(self, load: Callable[[], Stages], config: InferenceConfig) -> None:
        self._load = load
        self._config = config
        self._waiting: FairQueue[_Task] = FairQueue()
        self._to_embed: deque[_Task] = deque()
        self._to_draw: deque[_Task] = deque()
        self._by_message: dict[int, set[_Task]] = {}
        self._finding = 0
        self._in_flight = 0
        # A decoded picture is big: only as many are held as keep the threads and a batch busy.
        self._most_in_flight = 2 * config.threads + 2
        self._changed = asyncio.Condition()
        self._loops: list[asyncio.Task[None]] = []
        self._closed = False

    @classmethod
    def from_config(cls, config: Config) -> Self:
        """Return a worker that runs the real models."""
        return cls(functools.partial(load_stages, config), config.inference)

    async def __aenter__(self) -> Self:
        threads = self._config.threads
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="moedex-picture")
        self._embedder = ThreadPoolExecutor(1, thread_name_prefix="moedex-embed")
        try:
            self._stages = await self._in_thread(self._embedder, self._load)
        except BaseException as error:
            # A load can't be stopped: who cancels it doesn't wait for its end.
            failed = isinstance(error, Exception)
            self._pool.shutdown(wait=failed)
            self._embedder.shutdown(wait=failed)
            raise
        pictures = [self._work_on_pictures() for _ in range(threads)]
        for loop in [*pictures, self._work_on_batches(), self._give_back_at_rest()]:
            self._loops.append(asyncio.create_task(loop))
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._closed = True
        for message_id in list(self._by_message):
            self.cancel(message_id)
        for loop in self._loops:
            loop.cancel()
        await asyncio.gather(*self._loops, return_exceptions=True)
        for pool in (self._pool, self._embedder):
            await asyncio.to_thread(pool.shutdown, wait=True, cancel_futures=True)

    @property
    def model_version(self) -> str:
        """The version of the loaded model."""
        return self._stages.model_version

    @property
    def characters(self) -> tuple[Character, ...]:
        """The characters that the loaded model knows."""
        return self._stages.characters

    @property
    def gallery(self) -> Any:
        """The shipped gallery, a `Gallery`; None where the stages have none."""
        return self._stages.gallery

    @property
    def backbone(self) -> str:
        """The hash of what makes vectors."""
        return self._stages.backbone

    @property
    def stages(self) -> Stages:
        """What pictures that are posted now are named by."""
        return self._stages

    def swap_stages(self, stages: Stages) -> None:
        """Name what is posted from now on by other stages.

        A picture that is on its way is finished with those that it was begun with.
        """
        self._stages = stages

    async def embed_aside(self, stages: Stages, crops: NDArray[np.uint8]) -> Vectors:
        """Embed crops, (n, side, side, 3), when nobody waits for an answer.

        A worker that is never idle makes room for it once in `_ASIDE_EVERY_S`: `crops` should be
        few, as what is posted meanwhile waits for them.
        """
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_ASIDE_EVERY_S), self._changed:
                await self._changed.wait_for(lambda: not self._in_flight and not len(self._waiting))
        (vectors,) = await self._in_thread(self._embedder, stages.embed, [crops])
        return vectors

    @property
    def waiting(self) -> int:
        """How many pictures wait for their turn."""
        return len(self._waiting)

    async def identify(
        self,
        data: bytes,
        name: str,
        *,
        job: Job,
        gallery: Any = None,
        threshold: float | None = None,
        upload_limit: int | None,
    ) -> IdentifiedPicture:
        """Name the faces in the picture file `data`, called `name` in messages.

        `gallery` holds a server's own characters beside the shipped ones; `threshold` is its own
        threshold, 0 to 1. `upload_limit` is the most bytes a card may have; None draws no card.

        Raises PictureError if the file can't be read, QueueFull at once if too many wait,
        JobTimeout, and JobCancelled if `cancel` was called for its message.
        """
        if self._closed:
            raise JobCancelled
        threshold = self._config.threshold if threshold is None else threshold
        done = asyncio.get_running_loop().create_future()
        task = _Task(
            self._stages, job, data, name, gallery, threshold, upload_limit, done,
            time.perf_counter(),
        )  # fmt: skip
        self._make_room(job.server_id)
        self._waiting.put(job.server_id, task)
        self._by_message.setdefault(job.message_id, set()).add(task)
        try:
            await self._wake()
            async with asyncio.timeout(self._config.timeout_s):
                return await done
        except TimeoutError:
            raise JobTimeout(name, self._config.timeout_s) from None
        finally:
            done.cancel()
            self._waiting.remove(job.server_id, task)
            tasks = self._by_message[job.message_id]
            tasks.discard(task)
            if not tasks:
                del self._by_message[job.message_id]

    def cancel(self, message_id: int) -> int:
        """Drop the pictures of a message; return how many were on their way."""
        open_tasks = [task for task in self._by_message.get(message_id, ()) if not task.done.done()]
        for task in open_tasks:
            task.done.set_exception(JobCancelled())
            self._waiting.remove(task.job.server_id, task)
        return len(open_tasks)

    def _make_room(self, server_id: int) -> None:
        if len(self._waiting) < self._config.queue:
            return
        last = self._waiting.last_of_longest(than=self._waiting.waiting(server_id))
        if last is None:
            raise QueueFull
        self._waiting.remove(last.job.server_id, last)
        last.done.set_exception(QueueFull())

    async def _work_on_pictures(self) -> None:
        while True:
            async with self._changed:
                await self._changed.wait_for(
                    lambda: (
                        self._to_draw or (self._waiting and self._in_flight < self._most_in_flight)
                    )
                )
                if self._to_draw:  # first what is nearly done: it frees memory and a person
                    step, task = self._draw, self._to_draw.popleft()
                else:
                    step, task = self._find, self._waiting.get()
                    self._in_flight += 1
                    self._finding += 1
            await step(task)
            await self._wake()

    async def _work_on_batches(self) -> None:
        while True:
            await self._gather_batch()
            batch: list[_Task] = []
            faces = 0
            while self._to_embed:
                first = self._to_embed[0]
                if batch and faces + first.faces > self._config.batch:
                    break  # a picture's faces stay together
                if batch and first.stages is not batch[0].stages:
                    break
                task = self._to_embed.popleft()
                if task.done.done():
                    self._in_flight -= 1
                    continue
                task.lap("gather")
                batch.append(task)
                faces += task.faces
            if batch:
                await self._embed(batch)
            await self._wake()

    async def _gather_batch(self) -> None:
        """Wait until there are faces, and for those still on their way a few milliseconds more."""
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

    async def _give_back_at_rest(self) -> None:
        while True:
            async with self._changed:
                await self._changed.wait_for(lambda: self._in_flight)
                await self._changed.wait_for(lambda: not self._in_flight)
            try:
                async with asyncio.timeout(_AT_REST_S), self._changed:
                    await self._changed.wait_for(lambda: self._in_flight)
            except TimeoutError:
                await self._in_thread(self._embedder, give_back)

    async def _find(self, task: _Task) -> None:
        going_on = False
        try:
            if not task.done.done():
                task.lap("wait")
                found = await self._run(task, task.stages.find, task.data, task.name)
                going_on = found is not None and self._found(task, found)
        finally:
            self._finding -= 1
            if not going_on:
                self._in_flight -= 1

    def _found(self, task: _Task, found: FoundFaces) -> bool:
        """Take what was found; false if the picture's way ends here."""
        task.data = b""
        task.found = found
        task.seconds |= found.seconds
        task.since = time.perf_counter()
        if found.faces:
            self._to_embed.append(task)
            return True
        task.answer()
        return False

    async def _embed(self, batch: list[_Task]) -> None:
        results = await self._in_thread(self._embedder, self._name_batch, batch)
        for task, result in zip(batch, results, strict=True):
            if task.done.done():
                self._in_flight -= 1
            elif isinstance(result, Exception):
                task.done.set_exception(result)
                self._in_flight -= 1
            else:
                task.named = result
                task.since = time.perf_counter()
                self._to_draw.append(task)

    def _name_batch(self, batch: Sequence[_Task]) -> list[tuple[NamedFace, ...] | Exception]:
        """Embed all, then name each picture with its server's gallery; runs in a thread."""
        start = time.perf_counter()
        try:
            vectors = batch[0].stages.embed([task.found.crops for task in batch if task.found])
        except Exception as error:  # whatever it is, the callers hear of it
            log.exception("A batch of %d pictures could not be embedded", len(batch))
            return [error for _ in batch]
        embedded = time.perf_counter() - start
        results: list[tuple[NamedFace, ...] | Exception] = []
        for task, rows in zip(batch, vectors, strict=True):
            task.seconds["embed"] = embedded
            results.append(self._name(task, rows))
        return results

    def _name(self, task: _Task, vectors: Vectors) -> tuple[NamedFace, ...] | Exception:
        start = time.perf_counter()
        assert task.found is not None  # noqa: S101 - only found pictures are in a batch
        try:
            named = task.stages.name(task.found, vectors, task.gallery, task.threshold)
        except Exception as error:  # one server's broken gallery must not fail the others
            return error
        task.seconds["name"] = time.perf_counter() - start
        return named

    async def _draw(self, task: _Task) -> None:
        try:
            if task.done.done():
                return
            if task.upload_limit is not None:
                task.card = await self._run(
                    task, task.stages.draw, task.found, task.named, task.upload_limit
                )
                task.lap("draw")
            task.answer()
        finally:
            self._in_flight -= 1

    async def _run(
        self, task: _Task, step: Callable[..., Result], *arguments: Any
    ) -> Result | None:
        """Run a step in a picture thread; None if it failed, and then the caller knows."""
        try:
            return await self._in_thread(self._pool, step, *arguments)
        except Exception as error:  # PictureError and bugs alike belong to the caller
            if not task.done.done():
                task.done.set_exception(error)
            return None

    async def _in_thread(
        self, pool: ThreadPoolExecutor, function: Callable[..., Result], *arguments: Any
    ) -> Result:
        return await asyncio.get_running_loop().run_in_executor(pool, function, *arguments)

    async def _wake(self) -> None:
        async with self._changed:
            self._changed.notify_all()
