"""The page's shelf of sample pictures: drawn ones and those of the user's folder."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

from sandbox.samples.shelf import Sample, load_samples
from sandbox.state.errors import ApiError
from sandbox.state.files import Upload

if TYPE_CHECKING:
    from sandbox.rest.server import Sandbox


class Shelf:
    """The samples, read off the event loop when first asked for, or ahead of that."""

    def __init__(self, sandbox: Sandbox) -> None:
        self._sandbox = sandbox
        self._samples: dict[str, Sample] | None = None
        # One drawing at a time, in a thread of its own: what members post must not wait for them.
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="shelf")

    async def all(self) -> dict[str, Sample]:
        """Return every sample by its id; drawn and listed the first time."""
        if self._samples is None:
            loaded = await asyncio.to_thread(load_samples, self._sandbox.samples)
            self._samples = {sample.id: sample for sample in loaded}
        return self._samples

    async def draw_ahead(self) -> None:
        """Draw all drawings before somebody looks at them.

        They are handed to the thread one by one: what is asked for meanwhile waits for one of
        them, never for all.
        """
        for sample in (await self.all()).values():
            if sample.people is not None:
                await asyncio.get_running_loop().run_in_executor(self._thread, sample.read)

    async def _get(self, sample_id: str) -> Sample:
        shelf = await self.all()
        if sample_id not in shelf:
            raise ApiError(404, 0, "The shelf has no such picture.")
        return shelf[sample_id]

    async def upload(self, sample_id: str) -> Upload:
        """Return a sample as a file to post; ApiError 404 where there is none."""
        sample = await self._get(sample_id)
        loop = asyncio.get_running_loop()
        return Upload(sample.filename, await loop.run_in_executor(self._thread, sample.read))
