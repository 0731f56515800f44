"""Embeds and names the faces of a batch of pictures: the middle step, in a thread of its own."""

from __future__ import annotations

import logging
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bot.inference.task import PictureTask
    from models.types import NamedFace, Vectors

log = logging.getLogger(__name__)


def name_batch(batch: Sequence[PictureTask]) -> list[tuple[NamedFace, ...] | Exception]:
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
        results.append(_name(task, rows))
    return results


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
