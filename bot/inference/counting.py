"""Counts and times what the worker does, for `bot.metrics`."""

from __future__ import annotations

import asyncio
import functools
import time
from typing import TYPE_CHECKING, Any, ParamSpec

from bot.inference.errors import JobCancelled, JobTimeout, QueueFull
from bot.metrics import FACES, PICTURE_SECONDS, PICTURES, STAGE_SECONDS
from models.images.decoding import PictureError

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

    from bot.inference.results import IdentifiedPicture

P = ParamSpec("P")

_OUTCOMES = {
    PictureError: "unreadable",
    QueueFull: "refused",
    JobTimeout: "late",
    JobCancelled: "cancelled",
    asyncio.CancelledError: "cancelled",
}


def counted(
    identify: Callable[P, Coroutine[Any, Any, IdentifiedPicture]],
) -> Callable[P, Coroutine[Any, Any, IdentifiedPicture]]:
    """Return a worker's `identify` that counts what came of each picture."""

    @functools.wraps(identify)
    async def counting(*args: P.args, **kwargs: P.kwargs) -> IdentifiedPicture:
        since = time.perf_counter()
        try:
            picture = await identify(*args, **kwargs)
        except BaseException as error:
            outcome = next(
                (w for kind, w in _OUTCOMES.items() if isinstance(error, kind)), "failed"
            )
            PICTURES.labels(outcome).inc()
            raise
        PICTURES.labels("answered").inc()
        PICTURE_SECONDS.observe(time.perf_counter() - since)
        for stage, seconds in picture.seconds.items():
            STAGE_SECONDS.labels(stage).observe(seconds)
        for face in picture.faces:
            FACES.labels(face.tier.value).inc()
        return picture

    return counting
