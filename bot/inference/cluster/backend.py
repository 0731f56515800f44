"""The backend that asks clusters first, and has threads of its own for when none answers."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import numpy as np

from bot.inference.backend import Threads
from bot.inference.cluster.client import ClusterAway, ClusterClient
from bot.inference.cluster.settings import fingerprint
from bot.inference.errors import InferenceError
from bot.inference.finding import Intake

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from bot.config import Config
    from bot.inference.stages import FoundFaces, Stages
    from models.types import Vectors


class ClusterUnreachable(InferenceError):  # noqa: N818 - named as the other outcomes
    """No cluster answers, and this process does not work in its place."""

    def __init__(self) -> None:
        super().__init__(
            "I can't look at pictures right now: the machines that do it for me are away. "
            "Please try again in a few minutes."
        )


class Cluster(Threads):
    """Sends pictures and crops to clusters; naming and drawing stay in threads.

    Another backbone than the installed one, which a storage may still answer with, is run in
    threads.
    """

    def __init__(self, config: Config) -> None:
        super().__init__(config.inference)
        self.pictures = self.batches = config.inference.at_once
        self._config = config
        self._helps_out = config.inference.when_away == "threads"

    async def open(self, load: Callable[[], Stages]) -> Stages:
        """Start the threads and load the stages, whether a cluster is there or not."""
        stages = await super().open(load)
        inference, self._backbone = self._config.inference, stages.backbone
        settings = await asyncio.to_thread(fingerprint, self._config, stages.backbone)
        client = ClusterClient(
            inference.addresses, settings, Intake.of(self._config), inference.timeout_s
        )
        self._client = await client.__aenter__()
        return stages

    async def close(self) -> None:
        """End the connections and the threads."""
        await self._client.__aexit__(None, None, None)
        await super().close()

    async def find(self, stages: Stages, data: bytes, name: str) -> FoundFaces:
        """Take a picture in at a cluster, or here. Raises PictureError, ClusterUnreachable."""
        if stages.backbone == self._backbone:
            try:
                found = await self._client.find(data, name)
                if self._config.tagger.model:  # it asks for frames on the event loop
                    await self.in_picture_thread(dict, found.frames)
                return found
            except ClusterAway:
                self._help_out()
        return await super().find(stages, data, name)

    async def embed(self, stages: Stages, crops: Sequence[NDArray[np.uint8]]) -> list[Vectors]:
        """Embed at a cluster, or here. Raises ClusterUnreachable."""
        if stages.backbone == self._backbone:
            try:
                vectors = await self._client.embed(np.concatenate(crops))
                return np.split(vectors, np.cumsum([len(each) for each in crops])[:-1])
            except ClusterAway:
                self._help_out()
        return await super().embed(stages, crops)

    def _help_out(self) -> None:
        if not self._helps_out:
            raise ClusterUnreachable
