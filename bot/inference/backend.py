"""Where a picture's pixels are worked on: in threads of this process, or first at a cluster.

The worker asks for each step here and awaits it; its schedule, limits and answers are the same.
"""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import numpy as np
    from numpy.typing import NDArray

    from bot.config import InferenceConfig
    from bot.inference.stages import FoundFaces, Stages
    from models.types import Vectors

Result = TypeVar("Result")


class Threads:
    """Works on pictures in threads: some that decode, find faces and draw, and one that embeds.

    `pictures` and `batches`: how many of each are worked on at the same time.
    """

    def __init__(self, config: InferenceConfig) -> None:
        self.pictures = config.threads
        self.batches = 1
        self._threads = config.threads

    async def open(self, load: Callable[[], Stages]) -> Stages:
        """Start the threads, and load the stages in one. Raises what `load` does."""
        self._pool = ThreadPoolExecutor(self._threads, thread_name_prefix="moedex-picture")
        self._embedder = ThreadPoolExecutor(1, thread_name_prefix="moedex-embed")
        try:
            return await self.in_embedding_thread(load)
        except BaseException as error:
            # A load can't be stopped: who cancels it doesn't wait for its end.
            failed = isinstance(error, Exception)
            self._pool.shutdown(wait=failed)
            self._embedder.shutdown(wait=failed)
            raise

    async def close(self) -> None:
        """End the threads, after what they are at."""
        for pool in (self._pool, self._embedder):
            await asyncio.to_thread(pool.shutdown, wait=True, cancel_futures=True)

    async def find(self, stages: Stages, data: bytes, name: str) -> FoundFaces:
        """Take a picture in, as `Stages.find`. Raises PictureError."""
        return await self.in_picture_thread(stages.find, data, name)

    async def embed(self, stages: Stages, crops: Sequence[NDArray[np.uint8]]) -> list[Vectors]:
        """Embed the crops of several pictures, as `Stages.embed`."""
        return await self.in_embedding_thread(stages.embed, crops)

    async def in_embedding_thread(self, function: Callable[..., Result], *arguments: Any) -> Result:
        """Run a function in the thread that embeds."""
        return await _in_thread(self._embedder, function, *arguments)

    async def in_picture_thread(self, function: Callable[..., Result], *arguments: Any) -> Result:
        """Run a function in one of the threads that pictures are worked on in."""
        return await _in_thread(self._pool, function, *arguments)


async def _in_thread(
    pool: ThreadPoolExecutor, function: Callable[..., Result], *arguments: Any
) -> Result:
    return await asyncio.get_running_loop().run_in_executor(pool, function, *arguments)
