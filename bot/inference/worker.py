"""The worker: a bounded schedule on the event loop's side, a backend on the other.

A picture's way has two steps. *Find* (decode, detect, crop) runs in a pool of threads; then *embed*
gathers the faces of all pictures that are ready, and runs them as one batch in a thread of its own.
Either step may run at a cluster instead (`bot.inference.backend`). The event loop only hands things
over. A job that was cancelled, or whose time is up, is dropped at the border between the steps: a
running thread can't be stopped. Where a tagger is configured, unknown faces make a third step
(`second_opinion`). What an answer shows is drawn once all its pictures are named, in the pool of
threads too.
"""

from __future__ import annotations

import asyncio
import contextlib
import functools
import logging
import time
from typing import TYPE_CHECKING, Self

import numpy as np

from bot.inference.backend import Threads
from bot.inference.counting import counted
from bot.inference.errors import InferenceError, JobCancelled, JobTimeout
from bot.inference.loading import backend_of, load_second_opinion, load_stages
from bot.inference.memory import give_back
from bot.inference.naming import name_batch
from bot.inference.schedule import Schedule
from bot.inference.second_opinion import TaggerStep
from bot.inference.task import PictureTask
from models.gallery.policy import NamingPolicy

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from types import TracebackType

    from bot.config import Config, InferenceConfig
    from bot.inference.results import Drawing, FacePictures, IdentifiedPicture, Job
    from bot.inference.settled import SettledFaces
    from bot.inference.stages import FoundFaces, Stages
    from models.gallery.gallery import Gallery
    from models.tagger.second_opinion import SecondOpinion
    from models.types import NamedFace, Pixels, Vectors

log = logging.getLogger(__name__)

_ASIDE_EVERY_S = 2.0

_AT_REST_S = 1.0
"""Without a picture for so long the worker gives back the memory that the last ones took."""


class InferenceWorker:
    """Names the faces of pictures without ever holding up the event loop.

    `async with InferenceWorker(load, config)` runs `load` in a thread and starts the worker;
    leaving it cancels what is still waiting and ends the threads.
    """

    def __init__(
        self,
        load: Callable[[], Stages],
        config: InferenceConfig,
        load_tagger: Callable[[], SecondOpinion] | None = None,
        backend: Threads | None = None,
    ) -> None:
        self._load = load
        self._backend = backend or Threads(config)
        self._tagger = TaggerStep(load_tagger, config.timeout_s) if load_tagger else None
        self._asking: set[asyncio.Task[None]] = set()
        self._config = config
        self._schedule = Schedule(config, self._backend.pictures)
        self._by_message: dict[int, set[PictureTask]] = {}
        self._loops: list[asyncio.Task[None]] = []
        self._closed = False

    @classmethod
    def from_config(cls, config: Config) -> Self:
        """Return a worker that runs the real models, and the tagger where one is configured."""
        tagger = functools.partial(load_second_opinion, config) if config.tagger.model else None
        load = functools.partial(load_stages, config)
        return cls(load, config.inference, tagger, backend_of(config))

    async def __aenter__(self) -> Self:
        self._stages = await self._backend.open(self._load)
        if self._tagger is not None:
            try:
                await self._tagger.open()
            except BaseException as error:
                # A load can't be stopped: who cancels it doesn't wait for its end.
                await self._backend.close()
                if isinstance(error, Exception):
                    await self._tagger.close()
                raise
        pictures = [self._work_on_pictures() for _ in range(self._backend.pictures)]
        batches = [self._work_on_batches() for _ in range(self._backend.batches)]
        for loop in [*pictures, *batches, self._give_back_at_rest()]:
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
        for asking in self._asking:
            asking.cancel()
        await asyncio.gather(*self._asking, return_exceptions=True)
        await self._backend.close()
        if self._tagger is not None:
            await self._tagger.close()

    @property
    def stages(self) -> Stages:
        """What pictures that are posted now are named by."""
        return self._stages

    def swap_stages(self, stages: Stages) -> None:
        """Name what is posted from now on by other stages.

        A picture that is on its way is finished with those that it was begun with.
        """
        self._stages = stages

    async def embed_aside(self, stages: Stages, crops: Sequence[Pixels]) -> Vectors:
        """Embed crops, (side, side, 3) uint8 RGB each, when nobody waits for an answer.

        A worker that is never idle makes room for it once in `_ASIDE_EVERY_S`: `crops` should be
        few, as what is posted meanwhile waits for them.
        """
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_ASIDE_EVERY_S):
                await self._schedule.idle()
        (vectors,) = await self._backend.embed(stages, [np.stack(crops)])
        return vectors

    @property
    def waiting(self) -> int:
        """How many pictures wait for their turn."""
        return self._schedule.queued

    @counted
    async def identify(
        self,
        data: bytes,
        name: str,
        *,
        job: Job,
        gallery: Gallery | None = None,
        policy: NamingPolicy | None = None,
        settled: SettledFaces | None = None,
    ) -> IdentifiedPicture:
        """Name the faces in the picture file `data`, called `name` in messages.

        `gallery` holds a server's own characters beside the model's; `policy` is its own; None
        takes `NamingPolicy()`. `settled` are the faces that its server has settled names for.

        Raises PictureError if the file can't be read, QueueFull at once if too many wait,
        JobTimeout, and JobCancelled if `cancel` was called for its message.
        """
        if self._closed:
            raise JobCancelled
        done = asyncio.get_running_loop().create_future()
        policy = policy or NamingPolicy()
        task = PictureTask(self._stages, job, data, name, gallery, policy, settled, done)
        self._schedule.put(task)
        self._by_message.setdefault(job.message_id, set()).add(task)
        try:
            await self._schedule.wake()
            async with asyncio.timeout(self._config.timeout_s):
                return await done
        except TimeoutError:
            raise JobTimeout(name, self._config.timeout_s) from None
        finally:
            done.cancel()
            self._schedule.drop(task)
            tasks = self._by_message[job.message_id]
            tasks.discard(task)
            if not tasks:
                del self._by_message[job.message_id]

    async def draw(
        self,
        pictures: Sequence[tuple[IdentifiedPicture, bool]],
        *,
        shown: FacePictures,
        max_bytes: int,
    ) -> Drawing:
        """Draw what an answer shows of its pictures, each given with whether it is hidden.

        `shown` says which faces have a picture of their own. No file has more than `max_bytes`.
        Raises ValueError: not even the smallest fits.
        """
        return await self._backend.in_picture_thread(self._stages.draw, pictures, shown, max_bytes)

    def cancel(self, message_id: int) -> int:
        """Drop the pictures of a message; return how many were on their way."""
        open_tasks = [task for task in self._by_message.get(message_id, ()) if not task.done.done()]
        for task in open_tasks:
            task.done.set_exception(JobCancelled())
            self._schedule.drop(task)
        return len(open_tasks)

    async def _work_on_pictures(self) -> None:
        while True:
            await self._find(await self._schedule.next_picture())
            await self._schedule.wake()

    async def _work_on_batches(self) -> None:
        while True:
            batch = await self._schedule.next_batch()
            if batch:
                await self._embed(batch)
            await self._schedule.wake()

    async def _give_back_at_rest(self) -> None:
        while True:
            await self._schedule.busy()
            await self._schedule.at_rest()
            try:
                async with asyncio.timeout(_AT_REST_S):
                    await self._schedule.busy()
            except TimeoutError:
                await self._backend.in_embedding_thread(give_back)

    async def _find(self, task: PictureTask) -> None:
        has_faces = False
        try:
            if not task.done.done():
                task.lap("wait")
                found = await self._backend.find(task.stages, task.data, task.name)
                has_faces = _take_in(task, found)
        except Exception as error:  # PictureError and bugs alike belong to the caller
            if not task.done.done():
                task.done.set_exception(error)
        finally:
            self._schedule.found(task, has_faces=has_faces)

    async def _embed(self, batch: list[PictureTask]) -> None:
        results = await self._named(batch)
        for task, result in zip(batch, results, strict=True):
            if task.done.done():
                self._schedule.finished(task)
            elif isinstance(result, Exception):
                task.done.set_exception(result)
                self._schedule.finished(task)
            else:
                task.named = result
                task.since = time.perf_counter()
                if self._tagger is not None and self._tagger.wants(task):
                    asking = asyncio.create_task(self._ask_tagger(self._tagger, task))
                    self._asking.add(asking)
                    asking.add_done_callback(self._asking.discard)
                else:
                    task.answer()
                self._schedule.finished(task)

    async def _ask_tagger(self, tagger: TaggerStep, task: PictureTask) -> None:
        await tagger.ask(task)
        task.answer()

    async def _named(self, batch: list[PictureTask]) -> list[tuple[NamedFace, ...] | Exception]:
        """Embed a batch, then name each of its pictures; a failure belongs to its picture."""
        start = time.perf_counter()
        crops = [task.found.crops for task in batch if task.found]
        try:
            vectors = await self._backend.embed(batch[0].stages, crops)
        except InferenceError as error:
            return [error for _ in batch]
        except Exception as error:  # whatever it is, the callers hear of it
            log.exception("A batch of %d pictures could not be embedded", len(batch))
            return [error for _ in batch]
        for task in batch:
            task.seconds["embed"] = time.perf_counter() - start
        return await self._backend.in_embedding_thread(name_batch, batch, vectors)


def _take_in(task: PictureTask, found: FoundFaces) -> bool:
    """Take what was found; false if the picture's way ends here."""
    task.data = b""
    task.found = found
    task.seconds |= found.seconds
    task.since = time.perf_counter()
    if not found.faces:
        task.answer()
    return bool(found.faces)
