"""Joins trained trunks to one embedding, blended with what their earlier blocks see.

The margin softmax bends a trunk's own vectors towards the characters that it tells apart: they say
who of these a face is, by their direction, and little of anybody else. The averages of earlier
blocks still hold what sets others apart: colours, strokes, patterns. They are projected to where
faces of one character lie close (`models.training.projections`). Every part is of unit length, so
that no face has more of one part than another.
"""

# Keras's annotations name one backend's tensors and too narrow arguments.
# pyright: reportArgumentType=false, reportAttributeAccessIssue=false

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from models.embedding.compact import LARGEST
from models.embedding.embedder import EMBEDDING_FILE, Blend, Structure
from models.embedding.trunk import prefix_of
from models.gallery.gallery import unit
from models.training.networks import (
    build_embedding_network,
    load_network,
    save_embedding,
    weighted_layers,
)
from models.training.projections import discriminant
from models.training.quiet_keras import keras
from models.training.trained import (
    CLASSES,
    TESTED_SIDE,
    TRAINED_FILE,
    embed_samples,
    save_directions,
    trained_directions,
)

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from models.training.dataset import Sample

    Matrix = NDArray[np.float32]

TAPS: Final = ("mixed3", "mixed4")
"""The earlier blocks whose averages are blended in, of each trunk."""

EARLY_SHARE: Final = 0.6
"""How much of two faces' likeness comes from the earlier blocks; docs/accuracy.md says why."""

AXES: Final = 192
"""Of the vectors, so many from the earlier blocks and at most as many from the trunks' own."""


@dataclass(frozen=True, eq=False)
class Seen:
    """What the trunks see of the same n faces.

    `early`: what is projected of the earlier blocks, (n, channels), trunk by trunk. `own`: each
    trunk's own vectors, (n, axes), of unit length.
    """

    early: Matrix
    own: tuple[Matrix, ...]

    def only(self, trunks: Sequence[int]) -> Seen:
        """What some of the trunks see of them."""
        early = np.split(self.early, len(self.own), axis=1)
        return Seen(
            np.concatenate([early[trunk] for trunk in trunks], axis=1),
            tuple(self.own[trunk] for trunk in trunks),
        )


@dataclass(frozen=True, eq=False)
class Projections:
    """How the earlier blocks are projected, and then all parts together onto the vectors.

    `early`: kernel and bias. `together`, (parts side by side, dimensions): a kernel without bias.
    """

    early: tuple[Matrix, Matrix]
    together: Matrix

    def vectors(self, seen: Seen) -> Matrix:
        """The vectors of faces, (n, dimensions) of unit length, as the network computes them."""
        kernel, bias = self.early
        early = unit(seen.early @ kernel + bias)
        return unit(np.concatenate([early, *seen.own], axis=1) @ self.together)

    def turned(self, own: Sequence[Matrix]) -> Matrix:
        """What the trunks' own vectors, (n, axes) each, are in the space of the blend, unit length.

        The earlier blocks say nothing of it.
        """
        before = self.early[0].shape[1]
        return unit(np.concatenate(own, axis=1) @ self.together[before:])


def blend(seen: Seen, labels: Sequence[str], share: float, axes: int = AXES) -> Projections:
    """Find the projections from labelled faces.

    `share`: of the earlier blocks, 0 to 1; the trunks count alike. Their own vectors are turned
    onto their principal axes, of which `axes` are kept.
    """
    early = discriminant(seen.early, labels, axes)
    together = np.concatenate(seen.own, axis=1).astype(np.float64)
    kept = np.linalg.eigh(together.T @ together)[1][:, -axes:].astype(np.float32)
    scale = np.float32(np.sqrt((1 - share) / len(seen.own)))
    own = np.pad(kept * scale, ((0, 0), (axes, 0)))
    kernel = np.concatenate([np.sqrt(share) * np.eye(axes, own.shape[1]), own])
    return Projections(early, kernel.astype(np.float32))


def blend_runs(
    samples: Sequence[Sample],
    runs: Sequence[Path],
    folder: Path,
    *,
    share: float = EARLY_SHARE,
    axes: int = AXES,
) -> Path:
    """Write the embedding of finished `runs`, a trunk each, and its class directions, to `folder`.

    `samples`: what the runs learned from. `share`, `axes`: see `blend`. Returns the weights file,
    `folder/embedding.safetensors`; `class_directions` reads the directions. Raises ValueError
    where the layers that trunks share are not the same in the runs.
    """
    trained = [load_network(run / TRAINED_FILE) for run in runs]
    own = trained[0][1].structure.axes
    dimensions = axes + min(axes, own * len(runs))
    cuts = tuple(cut for _, settings in trained for cut in settings.structure.cuts)
    structure = Structure(cuts, own, Blend(TAPS, axes, dimensions))
    network = build_embedding_network(TESTED_SIDE, structure)
    for number, (one, _) in enumerate(trained):
        _put_in(network, number, one)
    found = blend(seen_by(network, samples), [sample.label for sample in samples], share, axes)
    network.get_layer("early_projection").set_weights(found.early)
    network.get_layer("blend").set_weights([found.together, np.zeros(dimensions, np.float32)])
    path = folder / EMBEDDING_FILE.name
    save_embedding(network, path, structure, side=TESTED_SIDE, mirrored=True)
    save_directions(folder / CLASSES, turned_directions(runs, found))
    return path


def seen_by(network: keras.Model, samples: Sequence[Sample]) -> Seen:
    """What the trunks of a blended network see of `samples`."""
    early, *own = network.get_layer("together").input
    parts = [network.get_layer("early").output, *own]
    together = keras.layers.Concatenate()(parts)
    features = embed_samples(keras.Model(network.input, together), samples, TESTED_SIDE)
    ends = np.cumsum([part.shape[-1] for part in parts])[:-1]
    early, *own = np.split(features, ends, axis=1)
    return Seen(early, tuple(own))


def turned_directions(runs: Sequence[Path], found: Projections) -> dict[str, NDArray[np.float32]]:
    """The class directions of `runs` in the space of their blend, by label; unit length."""
    directions = [trained_directions(run) for run in runs]
    labels = list(directions[0])
    own = [np.stack([each[label] for label in labels]) for each in directions]
    return dict(zip(labels, found.turned(own), strict=True))


def _put_in(network: keras.Model, number: int, trained: keras.Model) -> None:
    """Give trunk `number` of a network the weights of a trained one."""
    names = {layer.name for layer in network.layers}
    for layer in weighted_layers(trained):
        weights, own = layer.get_weights(), prefix_of(number) + layer.name
        if own in names:
            network.get_layer(own).set_weights(weights)
        elif not _alike(weights[0], network.get_layer(layer.name).get_weights()[0]):
            raise ValueError(f"trunk {number + 1} has not the first trunk's {layer.name}")


def _alike(kernel: Matrix, other: Matrix) -> bool:
    """Tell whether two kernels are the same but for the rounding of weights files."""
    return np.abs(kernel - other).max() < np.abs(other).max() / LARGEST
