"""The page's shelf of sample pictures: drawn ones and those of a folder of one's own."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from sandbox.samples.shelf import Sample, load_samples
from sandbox.state.errors import ApiError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path


class Shelf:
    """The samples; `folder` is listed off the event loop when they are first asked for.

    `notes` are lines under the headings of groups, by the group's name.
    """

    def __init__(self, folder: Path | None, notes: Mapping[str, str]) -> None:
        self._folder = folder
        self.notes = notes
        self._samples: list[Sample] | None = None

    async def all(self) -> list[Sample]:
        """Return every sample."""
        if self._samples is None:
            self._samples = await asyncio.to_thread(load_samples, self._folder)
        return self._samples

    async def path(self, sample_id: str) -> Path:
        """Return a sample's file; ApiError 404 where there is none."""
        for sample in await self.all():
            if sample.id == sample_id:
                return sample.path
        raise ApiError(404, 0, "The shelf has no such picture.")
