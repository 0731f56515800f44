"""How the held-out model would embed faces if its features were fused otherwise.

The backbones' features are computed once, and projected by each fusion. Unlike those of a weights
file these projections are not quantised.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

import numpy as np

from benchmarks.damage import greyed
from benchmarks.faces import changed
from models.embedding.embedder import EMBEDDING_FILE, closer
from models.gallery.gallery import unit
from models.training.augmentation import framed
from models.training.export import load_embedding
from models.training.fusion import (
    INTERMEDIATE_SHARE,
    TAPS,
    Features,
    features_of,
    fit_projections,
    fused_class_weights,
)
from models.training.pipeline import backbone_folder
from models.training.trained import USED_SIDE

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from numpy.typing import NDArray

    from benchmarks.faces import Faces
    from models.types import Pixels, Vectors

    Matrix = NDArray[np.float32]

WIDTH: Final = 768
"""Channels of a block that intermediate features are taken from."""

BACKBONES: Final = (backbone_folder(1), backbone_folder(2))


@dataclass(frozen=True)
class Otherwise:
    """A fusion: of which backbones, from 0; the share and a change of the intermediate features."""

    backbones: tuple[int, ...] = (0, 1)
    share: float = INTERMEDIATE_SHARE
    intermediate: Callable[[Matrix], Matrix] = np.asarray


def _last_tap(intermediate: Matrix) -> Matrix:
    """The columns of the last block of `TAPS` in each backbone, all blocks being as wide."""
    count = len(intermediate)
    return intermediate.reshape(count, -1, len(TAPS), WIDTH)[:, :, -1].reshape(count, -1)


OTHERWISE: Final = {
    "late features alone": Otherwise(share=0.0),
    "with 0.4 of the intermediate features": Otherwise(share=0.4),
    "with 0.8 of the intermediate features": Otherwise(share=0.8),
    f"`{TAPS[-1]}` as the only intermediate block": Otherwise(intermediate=_last_tap),
    "averages without their square roots": Otherwise(intermediate=np.square),
    "the first backbone alone": Otherwise(backbones=(0,)),
    "the second backbone alone": Otherwise(backbones=(1,)),
}


@dataclass(frozen=True)
class Fused:
    """Vectors with their closer copies as in `Faces`, and class weights by label."""

    vectors: Vectors
    greyed: Vectors
    class_weights: dict[str, NDArray[np.float32]]


def fused_otherwise(faces: Faces, run: Path) -> dict[str, Fused]:
    """The faces as each fusion of `OTHERWISE` would embed them. `run`: their embedding's."""
    network, _ = load_embedding(run / EMBEDDING_FILE.name)
    grey = changed([faces.samples[index] for index in faces.split.known], greyed)
    train, labels = list(faces.split.train), faces.labels(faces.split.train)
    passes = [
        features_of(network, samples)
        for shown in (faces.samples, grey)
        for samples in (shown, changed(shown, _closer))
    ]
    result: dict[str, Fused] = {}
    for name, other in OTHERWISE.items():
        shown = [
            replace(features, intermediate=other.intermediate(features.intermediate))
            for features in (each.subset(other.backbones) for each in passes)
        ]
        late = tuple(own[train] for own in shown[0].late)
        fitted = fit_projections(Features(shown[0].intermediate[train], late), labels, other.share)
        plain, close, grey_plain, grey_close = (fitted.vectors(each) for each in shown)
        result[name] = Fused(
            unit(plain + close),
            unit(grey_plain + grey_close),
            fused_class_weights([run / BACKBONES[each] for each in other.backbones], fitted),
        )
    return result


def _closer(pixels: Pixels) -> Pixels:
    return closer(framed(pixels, USED_SIDE))
