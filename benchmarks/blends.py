"""How the faces of the evaluation run would be embedded if its trunks were blended otherwise.

The networks are not built anew: what their trunks see is computed once, and projected by each
blend. Unlike those of a weights file these projections are not rounded to a byte.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

import numpy as np

from benchmarks.damage import greyed
from benchmarks.faces import changed
from models.embedding.embedder import EMBEDDING_FILE
from models.gallery.gallery import unit
from models.training.blend import EARLY_SHARE, TAPS, Seen, blend, seen_by, turned_directions
from models.training.networks import load_network
from models.training.pipeline import trunk_folder

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from numpy.typing import NDArray

    from benchmarks.faces import Faces
    from models.types import Pixels, Vectors

    Matrix = NDArray[np.float32]

WIDTH: Final = 768
"""Channels of an earlier block."""

TRUNKS: Final = (trunk_folder(1), trunk_folder(2))


@dataclass(frozen=True)
class Otherwise:
    """A blend: which trunks of the run, from 0; the earlier blocks' share, and what is of them."""

    trunks: tuple[int, ...] = (0, 1)
    share: float = EARLY_SHARE
    early: Callable[[Matrix], Matrix] = np.asarray


def _last_tap(early: Matrix) -> Matrix:
    """The columns of the last block of `TAPS` in each trunk, all blocks being as wide."""
    return early.reshape(len(early), -1, len(TAPS), WIDTH)[:, :, -1].reshape(len(early), -1)


OTHERWISE: Final = {
    "the trunks' own vectors without the blend": Otherwise(share=0.0),
    "with 0.4 of the earlier blocks": Otherwise(share=0.4),
    "with 0.8 of the earlier blocks": Otherwise(share=0.8),
    f"`{TAPS[-1]}` as the only earlier block": Otherwise(early=_last_tap),
    "averages without their square roots": Otherwise(early=np.square),
    "the first trunk alone": Otherwise(trunks=(0,)),
    "the second trunk alone": Otherwise(trunks=(1,)),
}


@dataclass(frozen=True)
class Blended:
    """Vectors with their mirrored copies as in `Faces`, and class directions by label."""

    vectors: Vectors
    greyed: Vectors
    directions: dict[str, NDArray[np.float32]]


def blended_otherwise(faces: Faces, run: Path) -> dict[str, Blended]:
    """The faces as each blend of `OTHERWISE` would embed them. `run`: their embedding's."""
    network, _ = load_network(run / EMBEDDING_FILE.name)
    grey = changed([faces.samples[index] for index in faces.split.known], greyed)
    train, labels = list(faces.split.train), faces.labels(faces.split.train)
    views = [
        seen_by(network, samples)
        for shown in (faces.samples, grey)
        for samples in (shown, changed(shown, _mirrored))
    ]
    result: dict[str, Blended] = {}
    for name, other in OTHERWISE.items():
        shown = [
            replace(seen, early=other.early(seen.early))
            for seen in (view.only(other.trunks) for view in views)
        ]
        learned = Seen(shown[0].early[train], tuple(own[train] for own in shown[0].own))
        found = blend(learned, labels, other.share)
        plain, mirror, grey_plain, grey_mirror = (found.vectors(seen) for seen in shown)
        result[name] = Blended(
            unit(plain + mirror),
            unit(grey_plain + grey_mirror),
            turned_directions([run / TRUNKS[trunk] for trunk in other.trunks], found),
        )
    return result


def _mirrored(pixels: Pixels) -> Pixels:
    return pixels[:, ::-1]
