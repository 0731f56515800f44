"""What runs on the nodes of a cluster: Ray Serve deployments of the detector and the embedder.

A replica takes one processor and computes in one thread: several replicas then share a machine
without waiting for one another, and a picture costs no more than in the bot's own threads. The
networks are LiteRT's, which computes on processors: a GPU is not asked for, as its vectors would
not be the same to the bit.
"""

from __future__ import annotations

import asyncio
import time
from contextlib import contextmanager
from http import HTTPStatus
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, cast

import numpy as np
from ray import serve
from ray.serve.config import AutoscalingConfig

from bot.inference.cluster.wire import (
    WireError,
    pack_found,
    pack_picture_error,
    pack_vectors,
    unpack_crops,
)
from bot.inference.finding import Finding, Intake

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from bot.config import Config
    from models.types import Vectors

    Reply = tuple[int, bytes]
    """An HTTP status and a body; see `bot.inference.cluster.wire`."""

FIND: Final = "moedex-find"
EMBED: Final = "moedex-embed"
"""The names of the applications; each is one deployment."""

STUCK_S: Final = 60.0
"""A step that takes longer will not end: its replica is replaced."""

_QUEUED_EACH: Final = 2
"""Requests in a replica, or waiting for one, from which a further replica is started."""

_PROBE_S: Final = 5.0


class _Watched:
    """A replica that knows how long it has been at its step."""

    def __init__(self) -> None:
        self._since: dict[object, float] = {}

    @contextmanager
    def _at_work(self) -> Iterator[None]:
        step = object()
        self._since[step] = time.monotonic()
        try:
            yield
        finally:
            del self._since[step]

    def check_health(self) -> None:
        """Raise RuntimeError where a step will not end; Serve then replaces the replica."""
        if any(time.monotonic() - since > STUCK_S for since in self._since.values()):
            raise RuntimeError(f"a step has taken more than {STUCK_S:g} s")


class FindingReplica(_Watched):
    """Decodes pictures, finds faces and crops them."""

    def __init__(
        self, intake: Intake, detector: str, cascade: str, side: int, settings: str
    ) -> None:
        super().__init__()
        from bot.inference.threads import share_machine
        from models.detection.registry import load_detector
        from models.identify import FaceFinder

        share_machine()
        finder = FaceFinder(load_detector(detector, Path(cascade) if cascade else None), side)
        finder.warm_up()
        self._finding = Finding(finder, intake)
        self._settings = settings

    async def settings(self) -> str:
        """Return the fingerprint of what it was made with."""
        return self._settings

    async def work(self, data: bytes, name: str) -> Reply:
        """Take a picture in."""
        with self._at_work():
            return await asyncio.to_thread(self._reply, data, name)

    def _reply(self, data: bytes, name: str) -> Reply:
        from models.images.decoding import PictureError

        try:
            return HTTPStatus.OK, pack_found(self._finding.find(data, name))
        except PictureError as error:
            return HTTPStatus.UNPROCESSABLE_ENTITY, pack_picture_error(error)


class EmbeddingReplica(_Watched):
    """Embeds crops, those of several requests in one batch."""

    def __init__(self, faces: int, wait_s: float) -> None:
        super().__init__()
        from bot.inference.threads import share_machine
        from models.embedding.embedder import Embedder

        share_machine()
        self._embedder = Embedder.load()
        self._embedder.warm_up()
        batched = cast("Any", self._batched)
        batched.set_max_batch_size(faces)
        batched.set_batch_wait_timeout_s(wait_s)

    async def work(self, body: bytes) -> Reply:
        """Embed the crops of one request."""
        try:
            crops = await asyncio.to_thread(unpack_crops, body, self._embedder.side)
        except WireError as error:
            return HTTPStatus.BAD_REQUEST, str(error).encode()
        return HTTPStatus.OK, pack_vectors(await self._batched(crops))

    @serve.batch(batch_size_fn=lambda requests: sum(map(len, requests)))
    async def _batched(self, requests: list[NDArray[np.uint8]]) -> list[Vectors]:
        with self._at_work():
            return await asyncio.to_thread(self._embed, requests)

    def _embed(self, requests: Sequence[NDArray[np.uint8]]) -> list[Vectors]:
        vectors = self._embedder.embed(np.concatenate(requests))
        ends = np.cumsum([len(each) for each in requests])
        return np.split(vectors, ends[:-1])


def targets(
    config: Config, side: int, settings: str, least: int, most: int
) -> list[serve.RunTarget]:
    """Return the two applications, each of `least` to `most` replicas by the length of its queue.

    `side`: pixels of the embedder's crops. `settings`: their fingerprint.
    """
    # The configuration itself stays here: it has the bot's token.
    inference = config.inference
    finding = _deployed(FindingReplica, least, most, inference.queue).bind(
        Intake.of(config), inference.detector, inference.cascade, side, settings
    )
    embedding = _deployed(EmbeddingReplica, least, most, inference.queue).bind(
        inference.batch, inference.wait_ms / 1000
    )
    return [
        serve.RunTarget(finding, FIND, None),
        serve.RunTarget(embedding, EMBED, None),
    ]


def _deployed(replica: type, least: int, most: int, queue: int) -> serve.Deployment:
    options: dict[str, Any] = {
        "ray_actor_options": {"num_cpus": 1},
        "max_ongoing_requests": 2 * _QUEUED_EACH,
        "max_queued_requests": queue,
        "health_check_period_s": _PROBE_S,
        "autoscaling_config": AutoscalingConfig(
            min_replicas=least, max_replicas=most, target_ongoing_requests=_QUEUED_EACH
        ),
    }
    return serve.deployment(**options)(replica)
