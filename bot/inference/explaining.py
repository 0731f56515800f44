"""Why a face got its name: the margin over who comes next, and where in the crop it comes from."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from models.embedding.occlusion import covered, losses

if TYPE_CHECKING:
    from bot.inference.stages import Stages
    from bot.inference.worker import InferenceWorker
    from models.gallery.gallery import Gallery
    from models.types import NamedFace


@dataclass(frozen=True, slots=True)
class Explanation:
    """The scores of the best character and of the runner-up, and what covering the crop costs.

    `rival` is the id of the runner-up.

    `cells` are rows of a grid over the crop, from the top: how much of the margin between the two
    is lost where the crop is covered there. Below zero, it grows.
    """

    rival: str
    best: float
    runner_up: float
    cells: tuple[tuple[float, ...], ...]


async def explain(
    worker: InferenceWorker, face: NamedFace, gallery: Gallery | None
) -> Explanation | None:
    """Explain the name of a face among a gallery's characters, or the production model's.

    None where there is nobody to come second. One batch of covered copies is embedded, when nobody
    waits for an answer.
    """
    stages = worker.stages
    copies = await asyncio.to_thread(covered, face.crop)
    vectors = await worker.embed_aside(stages, list(copies))
    return await asyncio.to_thread(_explained, stages, face, vectors, gallery)


def _explained(
    stages: Stages, face: NamedFace, vectors: np.ndarray, gallery: Gallery | None
) -> Explanation | None:
    ids = [guess.character.id for guess in face.guesses]
    every = np.concatenate([face.vector[None], vectors])
    scores = stages.compare(every, gallery, ids)
    ranked = [place for place in range(len(ids)) if not np.isnan(scores[0, place])]
    if len(ranked) < 2:
        return None
    best = ranked[0]
    second = max(ranked[1:], key=lambda place: scores[0, place])
    margins = scores[:, best] - scores[:, second]
    cells = losses(float(margins[0]), margins[1:])
    return Explanation(
        ids[second],
        float(scores[0, best]),
        float(scores[0, second]),
        tuple(tuple(row) for row in cells),
    )
