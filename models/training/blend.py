"""Joins trained trunks to one embedding, mixed with what an earlier block of each sees.

The margin softmax bends a projection towards the characters that it tells apart; the averages of
an earlier block still hold what sets others apart: colours, strokes, patterns. All parts, trained
and whitened, of every trunk are put side by side and turned onto their principal axes: one matrix
again.
"""

# Keras's annotations name one backend's tensors and too narrow arguments.
# pyright: reportArgumentType=false, reportAttributeAccessIssue=false

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from models.compact import LARGEST
from models.embedding import EMBEDDING_FILE, Structure
from models.naming import unit
from models.training.networks import (
    build_embedding_network,
    load_network,
    save_embedding,
    weighted_layers,
)
from models.training.quiet_keras import keras
from models.training.trained import (
    CLASSES,
    TESTED_SIDE,
    TRAINED_FILE,
    embed_samples,
    save_directions,
    trained_directions,
)
from models.training.whitening import whitening
from models.trunk import prefix_of

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from models.training.dataset import Sample

    Matrix = NDArray[np.float32]

EARLY: Final = "mixed4"
"""The earlier block whose averages are blended in, of each trunk."""

EARLY_SHARE: Final = 0.3
"""How much of two faces' likeness comes from the earlier blocks; docs/accuracy.md says why."""

AXES: Final = 512
"""Principal axes of an earlier block's averages that are whitened."""

DIMENSIONS: Final = 384
"""Of the vectors that are used."""


@dataclass(frozen=True, eq=False)
class Seen:
    """What a trunk sees of the same n faces, and its projection.

    `early`, `last`: averages of its earlier and its last block, (n, channels). The trained
    vectors are `last @ kernel + bias`, (n, axes).
    """

    early: Matrix
    last: Matrix
    kernel: Matrix
    bias: Matrix


@dataclass(frozen=True, eq=False)
class Blend:
    """A projection (channels, dimensions) with its bias, and what turns class directions to it.

    `turns`, (axes, dimensions) a trunk: the sum of `directions @ turn` over the trunks are the
    trained directions in the new space.
    """

    kernel: Matrix
    bias: Matrix
    turns: list[Matrix]


def blend(trunks: Sequence[Seen], share: float, dimensions: int) -> Blend:
    """Blend the trained projections of `trunks` with their whitened earlier blocks.

    The result projects all averages side by side, trunk by trunk, `early` first. `share`: of the
    earlier blocks, 0 to 1; the trunks count alike.
    """
    matrices: list[Matrix] = []
    biases: list[Matrix] = []
    given: list[Matrix] = []
    for trunk in trunks:
        for features, part, (matrix, bias) in (
            (trunk.early, share, whitening(trunk.early, AXES, floor=1.0)),
            (trunk.last, 1 - share, (trunk.kernel, trunk.bias)),
        ):
            length = np.linalg.norm(features @ matrix + bias, axis=1).mean()
            scale = np.float32(np.sqrt(part / len(trunks)) / length)
            matrices.append(matrix * scale)
            biases.append(bias * scale)
            given.append(features @ matrices[-1] + biases[-1])
    together = np.concatenate(given, axis=1).astype(np.float64)
    axes = np.linalg.eigh(together.T @ together)[1][:, -dimensions:].astype(np.float32)
    turns = np.split(axes, np.cumsum([one.shape[1] for one in given])[:-1])
    kernel = np.concatenate([matrix @ turn for matrix, turn in zip(matrices, turns, strict=True)])
    return Blend(kernel, np.concatenate(biases) @ axes, turns[1::2])


def blend_runs(
    samples: Sequence[Sample],
    runs: Sequence[Path],
    folder: Path,
    *,
    share: float = EARLY_SHARE,
    dimensions: int = DIMENSIONS,
) -> Path:
    """Write the embedding of finished `runs`, a trunk each, and its class directions, to `folder`.

    `samples`: what the runs learned from. `share`: see `blend`. Returns the weights file,
    `folder/embedding.safetensors`; `class_directions` reads the directions. Raises ValueError
    where the layers that trunks share are not the same in the runs.
    """
    trained = [load_network(run / TRAINED_FILE) for run in runs]
    cuts = tuple(cut for _, settings in trained for cut in settings.structure.cuts)
    structure = Structure(cuts, dimensions, (EARLY,))
    network = build_embedding_network(TESTED_SIDE, structure)
    for number, (one, _) in enumerate(trained):
        _put_in(network, number, one)
    trunks = [
        Seen(*averages, *one.get_layer("projection").get_weights())
        for averages, (one, _) in zip(averages_of(network, samples), trained, strict=True)
    ]
    blended = blend(trunks, share, dimensions)
    network.get_layer("projection").set_weights([blended.kernel, blended.bias])
    path = folder / EMBEDDING_FILE.name
    save_embedding(network, path, structure, side=TESTED_SIDE, mirrored=True)
    save_directions(folder / CLASSES, turned_directions(runs, blended))
    return path


def averages_of(network: keras.Model, samples: Sequence[Sample]) -> list[tuple[Matrix, Matrix]]:
    """What a blended network's projection sees of `samples`: see `Seen`, (early, last) a trunk."""
    pooled = network.get_layer("pooled")
    features = embed_samples(keras.Model(network.input, pooled.output), samples, TESTED_SIDE)
    widths = [average.shape[-1] for average in pooled.input]
    parts = np.split(features, np.cumsum(widths)[:-1], axis=1)
    return list(zip(parts[::2], parts[1::2], strict=True))


def turned_directions(runs: Sequence[Path], blended: Blend) -> dict[str, NDArray[np.float32]]:
    """The class directions of `runs` in the space of their blend, by label; unit length."""
    directions = [trained_directions(run) for run in runs]
    labels = list(directions[0])
    together = sum(
        (
            np.stack([own[label] for label in labels]) @ turn
            for own, turn in zip(directions, blended.turns, strict=True)
        ),
        np.float32(0),
    )
    return dict(zip(labels, unit(together), strict=True))


def _put_in(network: keras.Model, number: int, trained: keras.Model) -> None:
    """Give trunk `number` of a network the weights of a trained one."""
    names = {layer.name for layer in network.layers}
    for layer in weighted_layers(trained):
        weights, own = layer.get_weights(), prefix_of(number) + layer.name
        if layer.name == "projection":
            continue
        if own in names:
            network.get_layer(own).set_weights(weights)
        elif not _alike(weights[0], network.get_layer(layer.name).get_weights()[0]):
            raise ValueError(f"trunk {number + 1} has not the first trunk's {layer.name}")


def _alike(kernel: Matrix, other: Matrix) -> bool:
    """Tell whether two kernels are the same but for the rounding of weights files."""
    return np.abs(kernel - other).max() < np.abs(other).max() / LARGEST
