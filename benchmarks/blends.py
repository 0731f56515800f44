"""How the faces of the evaluation run would be embedded if its trunks were blended otherwise.

The networks are not built anew: what their projections see is computed once, and projected by each
blend. Unlike those of a weights file these projections are not rounded to a byte.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from benchmarks.damage import greyed
from benchmarks.faces import changed
from models.embedding import EMBEDDING_FILE
from models.naming import unit
from models.training.blend import (
    DIMENSIONS,
    EARLY_SHARE,
    Seen,
    averages_of,
    blend,
    turned_directions,
)
from models.training.networks import load_network
from models.training.pipeline import trunk_folder
from models.training.trained import TRAINED_FILE

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from benchmarks.faces import Faces
    from models.types import Pixels, Vectors

TRUNKS: Final = (trunk_folder(1), trunk_folder(2))

OTHERWISE: Final[dict[str, tuple[tuple[int, ...], float]]] = {
    "the trained projections without the blend": ((0, 1), 0.0),
    "with 0.2 of the earlier blocks": ((0, 1), 0.2),
    "the first trunk alone": ((0,), EARLY_SHARE),
    "the second trunk alone": ((1,), EARLY_SHARE),
}
"""What is blended: which trunks of the run, from 0, and with how much of the earlier blocks."""


@dataclass(frozen=True)
class Blended:
    """Vectors with their mirrored copies as in `Faces`, and class directions by label."""

    vectors: Vectors
    greyed: Vectors
    directions: dict[str, NDArray[np.float32]]


def blended_otherwise(faces: Faces, run: Path) -> dict[str, Blended]:
    """The faces as each blend of `OTHERWISE` would embed them. `run`: their embedding's."""
    network, _ = load_network(run / EMBEDDING_FILE.name)
    projections = [
        load_network(run / trunk / TRAINED_FILE)[0].get_layer("projection").get_weights()
        for trunk in TRUNKS
    ]
    grey = changed([faces.samples[index] for index in faces.split.known], greyed)
    views = [
        averages_of(network, samples)
        for shown in (faces.samples, grey)
        for samples in (shown, changed(shown, _mirrored))
    ]
    train = list(faces.split.train)
    result: dict[str, Blended] = {}
    for name, (trunks, share) in OTHERWISE.items():
        learned = [
            Seen(*(average[train] for average in views[0][trunk]), *projections[trunk])
            for trunk in trunks
        ]
        one = blend(learned, share, DIMENSIONS)
        plain, mirror, grey_plain, grey_mirror = (
            unit(
                np.concatenate([average for trunk in trunks for average in view[trunk]], axis=1)
                @ one.kernel
                + one.bias
            )
            for view in views
        )
        result[name] = Blended(
            unit(plain + mirror),
            unit(grey_plain + grey_mirror),
            turned_directions([run / TRUNKS[trunk] for trunk in trunks], one),
        )
    return result


def _mirrored(pixels: Pixels) -> Pixels:
    return pixels[:, ::-1]
