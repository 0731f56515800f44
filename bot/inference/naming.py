"""Names the faces of a batch of pictures: the last step, in the thread that embeds."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bot.inference.task import PictureTask
    from models.types import NamedFace, Vectors


def name_batch(
    batch: Sequence[PictureTask], vectors: Sequence[Vectors]
) -> list[tuple[NamedFace, ...] | Exception]:
    """Name each picture by its faces' vectors and its server's gallery; runs in a thread."""
    return [_name(task, rows) for task, rows in zip(batch, vectors, strict=True)]


def _name(task: PictureTask, vectors: Vectors) -> tuple[NamedFace, ...] | Exception:
    start = time.perf_counter()
    assert task.found is not None  # noqa: S101 - only found pictures are in a batch
    try:
        named = task.stages.name(task.found, vectors, task.gallery, task.policy)
    except Exception as error:  # one server's broken gallery must not fail the others
        return error
    if task.settled is not None:
        named = task.settled.apply(task.found, named)
    task.seconds["name"] = time.perf_counter() - start
    return named
